/* rlhf export model: a model as a folder of its own, for other programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/class_names.h"
#include "cli/commands.h"
#include "cli/export_gguf.h"
#include "cli/loaded.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/project.h"

typedef struct {
    const char *gguf;
    bool merged, force;
} ExportChoices;

static const Option OPTIONS[] = {
    {"merged", OPTION_SWITCH, offsetof(ExportChoices, merged), 0, 0, NULL,
     "an adapter's updates added to its base's weights: a whole model"},
    {"gguf", OPTION_TEXT, offsetof(ExportChoices, gguf), 0, 0, "TYPE",
     "one file for llama.cpp instead, as export gguf writes it: f32, f16, bf16 or q8_0"},
    {"force", OPTION_SWITCH, offsetof(ExportChoices, force), 0, 0, NULL,
     "replace the model in DIR, if that is all there is"},
    {0},
};

static int write_adapter(const Loaded *l, const char *folder, Error *err)
{
    const Adapter *a = l->adapter;
    return adapter_save(a, l->model, folder, a->score.n_labels, a->score.weight, a->score.bias,
                        err);
}

static int write_model(const Loaded *l, const char *folder, Error *err)
{
    const ScoreHead score = adapter_score(l->adapter, l->model);
    return model_save(l->model, folder, score.n, score.weight, score.bias, err);
}

/* Where the model names its classes. */
static int write_classes(const Loaded *l, const char *folder, Error *err)
{
    ClassNames names = {0};
    Error unnamed;
    if (class_names_read(&names, l->folder, loaded_heads(l), &unnamed) != 0) return 0;
    const int rc = class_names_write(&names, folder, err);
    class_names_free(&names);
    return rc;
}

/* Complete or not at all. */
static int write_folder(const Loaded *l, const char *folder, bool adapter, Error *err)
{
    char temporary[FILE_PATH_MAX];
    Error ignored;
    if (folder_begin(temporary, folder, err) != 0) return -1;
    model_set_companions(l->model, loaded_tokenizer_folder(l));
    int rc = adapter ? write_adapter(l, temporary, err) : write_model(l, temporary, err);
    if (rc == 0 && loaded_heads(l) > 1) rc = write_classes(l, temporary, err);
    if (rc == 0) rc = folder_commit(temporary, folder, err);
    if (rc != 0) folder_remove(temporary, &ignored);
    return rc;
}

static void report(const Context *ctx, const Loaded *l, const char *folder, bool adapter)
{
    if (!ctx->json) {
        printf("%s: %s\n", folder,
               adapter ? "an adapter, as PEFT has them"
                       : "a whole model, as transformers has them");
        return;
    }
    Text t = {0};
    text_add(&t, "{\"folder\":");
    json_put_text(&t, folder, strlen(folder));
    text_format(&t, ",\"adapter\":%s,\"heads\":%d}", adapter ? "true" : "false", loaded_heads(l));
    puts(t.bytes);
    text_free(&t);
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    ExportChoices choices = {0};
    Words words;
    Loaded l = {0};
    int rc = -1;
    if (options_parse(ctx, OPTIONS, &choices, &words, 2, 2, argc, argv, err) != 0) return -1;
    const char *folder = words.word[1];
    if (choices.gguf)
        return export_gguf_file(ctx, words.word[0], folder, choices.gguf, choices.force, err);
    if (output_check_folder(ctx, folder, choices.force, err) != 0) return -1;
    if (loaded_outline(&l, ctx, "model", words.word[0], NULL, err) != 0) return -1;
    if (folder_same(folder, l.folder) || folder_same(folder, l.model_folder)) {
        error_set(err, "%s is the model itself, or its base; choose another folder", folder);
        goto done;
    }
    if (choices.merged && !l.adapter) {
        error_set(err, "%s is no adapter: there is nothing to merge", words.word[0]);
        goto done;
    }
    if (memory_plan_weights(&l, err) != 0 || loaded_read(&l, err) != 0) goto done;
    if (choices.merged) adapter_merge(l.model, l.adapter);
    const bool adapter = l.adapter && !choices.merged;
    rc = write_folder(&l, folder, adapter, err);
    if (rc == 0) report(ctx, &l, folder, adapter);

done:
    loaded_close(&l);
    return rc;
}

const Command export_model = {
    .name = "model",
    .summary = "a model as a folder that transformers, PEFT and vLLM load",
    .usage = "MODEL DIR [--merged] [--force]\nMODEL FILE --gguf TYPE [--force]",
    .details =
        "MODEL is base, reward, aligned, a run (RUN, RUN@STEP), a folder or what was pulled: "
        "org/name.  An adapter\nstays one: PEFT's files, which name the base by where it lies "
        "here; "
        "--merged writes a whole model.",
    .options = OPTIONS,
    .project = PROJECT_OPTIONAL,
    .run = run,
};
