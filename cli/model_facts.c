#include "cli/model_facts.h"

#include <stdio.h>
#include <string.h>

#include "cli/project.h"
#include "policy/safetensors.h"

static int count_bytes(ModelFacts *f, Error *err)
{
    Safetensors *file = NULL;
    if (safetensors_open_folder(&file, f->model.model_folder, err) != 0) return -1;
    for (int i = 0; i < safetensors_count(file); i++) {
        const SafetensorsEntry *e = safetensors_entry(file, i);
        f->bytes[dtype_named(e->dtype)] += e->end - e->begin;
    }
    safetensors_close(file);
    return 0;
}

int model_facts_read(ModelFacts *out, const Context *ctx, const char *name, Error *err)
{
    char folder[FILE_PATH_MAX];
    ModelFacts f = {0};
    if (project_model(ctx, folder, "model", name, err) != 0 ||
        loaded_outline_folder(&f.model, ctx, folder, NULL, err) != 0)
        return -1;
    if (count_bytes(&f, err) != 0) {
        model_facts_free(&f);
        return -1;
    }
    snprintf(f.model.name, sizeof f.model.name, "%s", name);
    f.heads = loaded_heads(&f.model);
    parameter_count(&f.weights, &f.model.model->config, f.heads);
    loaded_try_tokenizer(&f.model, &f.no_tokenizer);
    *out = f;
    return 0;
}

void model_facts_free(ModelFacts *f)
{
    loaded_close(&f->model);
    *f = (ModelFacts){0};
}
