#include "cli/model_facts.h"

#include <stdio.h>
#include <string.h>

#include "cli/loaded.h"
#include "cli/project.h"
#include "policy/safetensors.h"

static int count_bytes(ModelFacts *f, Error *err)
{
    Safetensors *file = NULL;
    if (safetensors_open_folder(&file, f->model_folder, err) != 0) return -1;
    for (int i = 0; i < safetensors_count(file); i++) {
        const SafetensorsEntry *e = safetensors_entry(file, i);
        f->bytes[dtype_named(e->dtype)] += e->end - e->begin;
    }
    safetensors_close(file);
    return 0;
}

static void open_tokenizer(ModelFacts *f)
{
    Loaded l = {.model = f->outline, .adapter = f->adapter};
    snprintf(l.folder, sizeof l.folder, "%s", f->folder);
    snprintf(l.model_folder, sizeof l.model_folder, "%s", f->model_folder);
    if (loaded_open_tokenizer(&l, &f->no_tokenizer) == 0) {
        f->tokenizer = l.tokenizer;
        return;
    }
    tokenizer_free(l.tokenizer);
}

int model_facts_read(ModelFacts *out, const Context *ctx, const char *name, Error *err)
{
    ModelFacts f = {0};
    ModelConfig config;
    snprintf(f.name, sizeof f.name, "%s", name);
    if (project_model(ctx, f.folder, "model", name, err) != 0 ||
        loaded_base_folder(f.model_folder, ctx, f.folder, err) != 0 ||
        model_config_read(&config, f.model_folder, err) != 0 || count_bytes(&f, err) != 0)
        return -1;
    f.outline = model_outline(&config);
    if (adapter_in(f.folder) && adapter_open(&f.adapter, f.outline, f.folder, err) != 0) {
        model_facts_free(&f);
        return -1;
    }
    f.heads = f.adapter && f.adapter->score ? f.adapter->n_labels : config.n_labels;
    parameter_count(&f.weights, &config, f.heads);
    open_tokenizer(&f);
    *out = f;
    return 0;
}

void model_facts_free(ModelFacts *f)
{
    tokenizer_free(f->tokenizer);
    adapter_free(f->adapter);
    model_free(f->outline);
    *f = (ModelFacts){0};
}
