/* rlhf export: what the project holds, as JSON lines. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/project.h"
#include "store/store.h"

typedef struct {
    const char *split, *out, *form;
    bool force;
} ExportChoices;

/* clang-format off */
#define EXPORT_OPTIONS                                                           \
    {"split", OPTION_TEXT, offsetof(ExportChoices, split), 0, 0, "SPLIT",        \
     "train, valid or test alone"},                                              \
    {"out", OPTION_TEXT, offsetof(ExportChoices, out), 0, 0, "FILE",             \
     "write there, complete or not at all (standard output)"},                   \
    {"force", OPTION_SWITCH, offsetof(ExportChoices, force), 0, 0, NULL,         \
     "replace the FILE of --out if it is there"}
/* clang-format on */
static const Option OPTIONS[] = {EXPORT_OPTIONS, {0}};
static const Option OPTIONS_OF_PREFERENCES[] = {
    EXPORT_OPTIONS,
    {"form", OPTION_TEXT, offsetof(ExportChoices, form), 0, 0, "FORM",
     "explicit, or hh: HH-RLHF's whole dialogues, {\"chosen\", \"rejected\"} (explicit)"},
    {0},
};

static int read_form(ExportForm *out, const char *form, Error *err)
{
    if (strcmp(form, "hh") == 0) *out = EXPORT_HH;
    else if (strcmp(form, "explicit") == 0) *out = EXPORT_EXPLICIT;
    else return error_usage(err, "--form: '%.80s' is no form; explicit or hh", form);
    return 0;
}

static int write_file(Store *store, DataKind kind, ExportForm form, Split split, const char *path,
                      int64_t *rows, Error *err)
{
    FileWriter file;
    if (file_begin(&file, path, err) != 0) return -1;
    if (store_export(store, kind, form, split, file.stream, rows, err) == 0)
        return file_commit(&file, err);
    file_abandon(&file);
    return -1;
}

static void report(const Context *ctx, const char *path, int64_t rows)
{
    if (!ctx->json) {
        log_line("%s: %s", path, text_count(rows, "row"));
        return;
    }
    Text t = {0};
    json_put_text(&t, path, strlen(path));
    printf("{\"file\":%s,\"rows\":%" PRId64 "}\n", t.bytes, rows);
    text_free(&t);
}

/* The second word says what. */
static int export(Context *ctx, int argc, char **argv, Error *err)
{
    ExportChoices choices = {0};
    DataKind kind = DATA_AUTO;
    ExportForm form = EXPORT_EXPLICIT;
    Split split = SPLIT_ANY;
    Store *store = NULL;
    char path[FILE_PATH_MAX];
    int64_t rows = 0;
    int rc = -1;
    if (options_parse(ctx, ctx->command->options, &choices, NULL, 0, 0, argc, argv, err) != 0)
        return -1;
    if (data_kind_parse(&kind, ctx->command->name, err) != 0) return -1;
    if (choices.split && split_parse(&split, choices.split, err) != 0) return -1;
    if (choices.form && read_form(&form, choices.form, err) != 0) return -1;
    if (choices.out && output_check(ctx, choices.out, NULL, choices.force, err) != 0) return -1;
    if (project_path(ctx, path, "rlhf.db", err) != 0 || store_open_to_read(&store, path, err) != 0)
        return -1;
    if (choices.out) rc = write_file(store, kind, form, split, choices.out, &rows, err);
    else rc = store_export(store, kind, form, split, stdout, &rows, err);
    if (rc == 0 && choices.out) report(ctx, choices.out, rows);
    store_close(store);
    return rc;
}

#define EXPORT_OF(what, says)                                                             \
    {                                                                                     \
        .name = what, .summary = says, .usage = "[--split SPLIT] [--out FILE [--force]]", \
        .options = OPTIONS, .project = PROJECT_NEEDED, .filter = true, .run = export      \
    }

static const Command PROMPTS = EXPORT_OF("prompts", "{\"prompt\"} a line");
static const Command DEMONSTRATIONS =
    EXPORT_OF("demonstrations", "{\"prompt\", \"completion\"} a line");
static const Command PREFERENCES = {
    .name = "preferences",
    .summary = "{\"prompt\", \"chosen\", \"rejected\"} a line; ties are left out",
    .usage = "[--form explicit|hh] [--split SPLIT] [--out FILE]",
    .details =
        "--form hh: {\"chosen\", \"rejected\"} a line, each the prompt and the answer as one text, "
        "as in\nHH-RLHF.  What reads it finds the prompt again when that ends with "
        "\"\\n\\nAssistant:\".",
    .options = OPTIONS_OF_PREFERENCES,
    .project = PROJECT_NEEDED,
    .filter = true,
    .run = export,
};
static const Command LABELS =
    EXPORT_OF("labels", "every decision with who, when, what was shown, and what it replaced");
static const Command RESPONSES = EXPORT_OF(
    "responses", "every answer with its prompt, model, seed and settings: to be made again");
static const Command JUDGEMENTS =
    EXPORT_OF("judgements", "{\"prompt\", \"completion\", \"label\"} a line: thumbs up and down");
static const Command CLASSES = EXPORT_OF("classes", "{\"text\", \"label\"} a line");
static const Command *const SECONDS[] = {
    &PROMPTS,    &DEMONSTRATIONS, &PREFERENCES,  &LABELS,      &RESPONSES,
    &JUDGEMENTS, &CLASSES,        &export_model, &export_gguf, NULL};

const Command cmd_export = {
    .name = "export",
    .heading = "data",
    .summary =
        "write prompts, preferences, labels, answers, judgements or classes as JSON lines; a model",
    .usage = "prompts|demonstrations|preferences|labels|responses|judgements|classes "
             "[--split SPLIT] [--out FILE [--force]]\nmodel MODEL DIR [--merged]\n"
             "gguf MODEL FILE [--type f32|f16|bf16|q8_0] [--force]",
    .details = "The first three are in the form that TRL and rlhf import read; preferences also in "
               "HH-RLHF's:\nrlhf export preferences --form hh.",
    .seconds = SECONDS,
    .project = PROJECT_NEEDED,
};
