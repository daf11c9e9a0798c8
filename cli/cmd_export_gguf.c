/* rlhf export gguf: a model as one file for llama.cpp. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/export_gguf.h"
#include "cli/loaded.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/project.h"
#include "policy/gguf_model.h"

typedef struct {
    const char *type;
    bool force;
} ExportChoices;

static const Option OPTIONS[] = {
    {"type", OPTION_TEXT, offsetof(ExportChoices, type), 0, 0, "TYPE",
     "f32, f16, bf16, or q8_0: 8 bits and a scale to every 32 numbers (f16)"},
    {"force", OPTION_SWITCH, offsetof(ExportChoices, force), 0, 0, NULL,
     "replace FILE if it is there"},
    {0},
};

/* As a language model, an adapter's updates in its weights. */
static int open_merged(Loaded *l, const Context *ctx, const char *name, Error *err)
{
    char folder[FILE_PATH_MAX];
    if (project_model(ctx, folder, "model", name, err) != 0) return -1;
    if (loaded_outline_folder(l, ctx, folder, NULL, err) != 0) return -1;
    if (loaded_heads(l) > 0)
        return error_set(err,
                         "%s is a reward model, and llama.cpp has no such head: a language "
                         "model is exported",
                         name);
    if (gguf_model_check(l->model, loaded_tokenizer_folder(l), err) != 0) return -1;
    if (memory_plan_weights(l, err) != 0 || loaded_read_unnamed(l, err) != 0) return -1;
    if (l->adapter) adapter_merge(l->model, l->adapter);
    return 0;
}

/* What the file calls the model: the last part of a path. */
static const char *short_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash && slash[1] ? slash + 1 : name;
}

static void report(const Context *ctx, const char *path, const char *type)
{
    if (!ctx->json) {
        printf("%s: %s, for llama.cpp\n", path, type);
        return;
    }
    Text t = {0};
    text_add(&t, "{\"file\":");
    json_put_text(&t, path, strlen(path));
    text_format(&t, ",\"type\":\"%s\",\"bytes\":%lld}", type, (long long)file_size(path));
    puts(t.bytes);
    text_free(&t);
}

int export_gguf_file(const Context *ctx, const char *name, const char *path, const char *type_name,
                     bool force, Error *err)
{
    Loaded l = {0};
    GgufType type;
    int rc = -1;
    if (gguf_type_named(&type, type_name, err) != 0) return error_wrap(err, "type");
    if (output_check(ctx, path, NULL, force, err) != 0) return -1;
    if (open_merged(&l, ctx, name, err) == 0)
        rc = gguf_model_write(l.model, loaded_tokenizer_folder(&l), short_name(name), type, path,
                              err);
    if (rc == 0) report(ctx, path, type_name);
    loaded_close(&l);
    return rc;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    ExportChoices choices = {.type = "f16"};
    Words words;
    if (options_parse(ctx, OPTIONS, &choices, &words, 2, 2, argc, argv, err) != 0) return -1;
    return export_gguf_file(ctx, words.word[0], words.word[1], choices.type, choices.force, err);
}

const Command export_gguf = {
    .name = "gguf",
    .summary = "a model as one file that llama.cpp reads, its tokenizer inside",
    .usage = "MODEL FILE [--type f32|f16|bf16|q8_0] [--force]",
    .details =
        "MODEL is base, aligned, a run (RUN, RUN@STEP), a folder or what was pulled: org/name; an "
        "adapter is\nmerged into its base.  Matrices are written as TYPE, norms and biases as f32; "
        "rows that q8_0 cannot cut\ninto blocks of 32 as f16.",
    .options = OPTIONS,
    .project = PROJECT_OPTIONAL,
    .run = run,
};
