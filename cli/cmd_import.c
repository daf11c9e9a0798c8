/* rlhf import: prompts, demonstrations, preferences, judgements and texts with classes from files, standard input
 * and https addresses. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/http.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/class_names.h"
#include "cli/commands.h"
#include "cli/import_reader.h"
#include "cli/import_report.h"
#include "cli/options.h"
#include "cli/project.h"
#include "cli/rejects.h"
#include "store/store.h"

typedef struct {
    const char *kind, *layout, *names, *source, *split, *rejects, *sha256, *model, *template;
    const char *system, *reasons;
    bool lines, strict, chat, as_is;
} ImportChoices;

static const Option OPTIONS[] = {
    {"kind", OPTION_TEXT, offsetof(ImportChoices, kind), 0, 0, "KIND",
     "take less than a row holds: prompts, demonstrations, preferences, judgements, classes "
     "(auto)"},
    {"lines", OPTION_SWITCH, offsetof(ImportChoices, lines), 0, 0, NULL,
     "the files are text, not JSON: each line that is not blank is a prompt, as it stands"},
    {"layout", OPTION_TEXT, offsetof(ImportChoices, layout), 0, 0, "NAME",
     "what the rows are, when they are not to be recognised by their members"},
    {"names", OPTION_TEXT, offsetof(ImportChoices, names), 0, 0, "FILE",
     "names of classes whose labels are whole numbers, one a line, the first that of 0"},
    {"chat", OPTION_SWITCH, offsetof(ImportChoices, chat), 0, 0, NULL,
     "a prompt that is a text becomes the turn of a user in the chat template, as in a "
     "conversation"},
    {"system", OPTION_TEXT, offsetof(ImportChoices, system), 0, 0, "TEXT",
     "with --chat: the system prompt before it"},
    {"as-is", OPTION_SWITCH, offsetof(ImportChoices, as_is), 0, 0, NULL,
     "prompts are meant as they are written, whatever chat template the model has"},
    {"template", OPTION_TEXT, offsetof(ImportChoices, template), 0, 0, "NAME",
     "chat template that conversations are written in (the model's; without one, plain)"},
    {"model", OPTION_TEXT, offsetof(ImportChoices, model), 0, 0, "MODEL",
     "whose chat template and tokens those are (base, if there is one)"},
    {"source", OPTION_TEXT, offsetof(ImportChoices, source), 0, 0, "NAME",
     "remember the rows under this name (the file's)"},
    {"split", OPTION_TEXT, offsetof(ImportChoices, split), 0, 0, "SPLIT",
     "put all prompts into train, valid or test (about 80, 10 and 10% by a keyed hash)"},
    {"rejects", OPTION_TEXT, offsetof(ImportChoices, rejects), 0, 0, "FILE",
     "write the refused lines there, of all files or not at all"},
    {"reasons", OPTION_TEXT, offsetof(ImportChoices, reasons), 0, 0, "FILE",
     "write there which lines were refused and why, likewise"},
    {"strict", OPTION_SWITCH, offsetof(ImportChoices, strict), 0, 0, NULL,
     "take nothing of a file with a bad row"},
    {"sha256", OPTION_TEXT, offsetof(ImportChoices, sha256), 0, 0, "HEX",
     "refuse a download with another hash"},
    {0},
};

/* ---- addresses ------------------------------------------------------------------------------------- */

static bool is_address(const char *word)
{
    return strncmp(word, "https://", 8) == 0 || strncmp(word, "http://", 7) == 0;
}

/* cache/HASH/NAME: the address decides the folder, its last part the name. */
static int cache_path(char out[FILE_PATH_MAX], const Context *ctx, const char *url, Error *err)
{
    char relative[512];
    const size_t n = strcspn(url, "?#");
    size_t from = n;
    while (from > 0 && url[from - 1] != '/') from--;
    snprintf(relative, sizeof relative, "cache/%016" PRIx64,
             keyed_hash(url, strlen(url), "download"));
    char folder[FILE_PATH_MAX];
    if (project_path(ctx, folder, relative, err) != 0 || folder_make(folder, err) != 0) return -1;
    snprintf(relative, sizeof relative, "%.*s", (int)(n - from < 200 ? n - from : 200), url + from);
    return path_join(out, folder, relative[0] && relative[0] != '.' ? relative : "data.jsonl", err);
}

static void show_progress(void *context, int64_t bytes, int64_t total)
{
    Progress *bar = context;
    bar->total = total;
    progress_update(bar, bytes, "%s", "");
}

static bool has_hash(const char *path, const char *sha256)
{
    char hash[SHA256_HEX];
    Error ignored;
    return sha256_file(hash, path, &ignored) == 0 && strcasecmp(hash, sha256) == 0;
}

static int download(char path[FILE_PATH_MAX], const Context *ctx, const char *url,
                    const char *sha256, Error *err)
{
    if (cache_path(path, ctx, url, err) != 0) return -1;
    if (file_exists(path)) {
        if (!sha256 || has_hash(path, sha256)) {
            log_line("already downloaded: %s", path);
            return 0;
        }
        if (ctx->offline)
            return error_set(err,
                             "%s: %s has another SHA-256, and --offline forbids to download it "
                             "again",
                             url, path);
        log_line("%s has another SHA-256; downloading it again", path);
    } else if (ctx->offline) {
        error_set(err, "%s: not downloaded yet, and --offline forbids it", url);
        return error_hint(err, "leave out --offline, or download it elsewhere and import the file");
    }
    Progress bar;
    HttpResult result = {0};
    const HttpOptions options = {.sha256 = sha256, .on_progress = show_progress, .context = &bar};
    progress_begin(&bar, "download", 0, "byte");
    const int rc = http_download(url, path, &options, &result, err);
    progress_end(&bar);
    if (rc == 0)
        log_line("downloaded %s, sha256 %s", text_count(result.bytes, "byte"), result.sha256);
    return rc;
}

/* ---- the files -------------------------------------------------------------------------------------- */

static void say_stopped(const char *word, const ImportResult *r)
{
    char at[64] = "";
    if (r->lines) snprintf(at, sizeof at, " after %s %" PRId64, r->unit, r->lines);
    log_line("stopped in %s%s; the same command goes on: rows that are there already are not taken "
             "twice",
             strcmp(word, "-") == 0 ? "standard input" : word, at);
}

/* 1: a signal has ended it.  *as_is counts the rows whose prompts --chat would have made turns. */
static int import_one(const Context *ctx, Store *store, const char *word,
                      const ImportChoices *choices, ImportOptions *options, Text *json,
                      int64_t *as_is, Error *err)
{
    char path[FILE_PATH_MAX];
    ImportResult result = {0};
    snprintf(path, sizeof path, "%s", word);
    if (is_address(word) && download(path, ctx, word, choices->sha256, err) != 0) return -1;

    Progress bar;
    options->on_progress = show_progress;
    options->context = &bar;
    progress_begin(&bar, "import", 0, "byte");
    const int rc = store_import(store, path, options, &result, err);
    progress_end(&bar);
    if (rc != 0) return -1;
    if (ctx->json) import_report_json(json, &result, word);
    else {
        import_report_print(&result, word, choices->split != NULL);
        import_report_samples(&result);
    }
    const bool stopped = result.stopped;
    if (!ctx->json) fflush(stdout); /* the list comes before the log that speaks of it */
    *as_is += result.as_is;
    if (stopped && !ctx->observer) say_stopped(word, &result);
    else if (!stopped && result.refused && !options->rejects && !options->reasons)
        log_line("all refused lines: --rejects FILE writes them out, --reasons FILE why");
    store_import_free(&result);
    return stopped;
}

/* A model with a chat template was trained on turns of it, and may write on where a bare text should be answered. */
static void say_as_is(ImportReader *reader, int64_t rows)
{
    const char *template = rows > 0 ? import_reader_template(reader) : NULL;
    if (template)
        log_line("%s taken as written, not in the chat template %s; to make each a turn of it: "
                 "--chat; if that is meant: --as-is",
                 text_count(rows, "prompt"), template);
}

static int import_all(const Context *ctx, Store *store, const Words *words,
                      const ImportChoices *choices, ImportOptions *options, Error *err)
{
    Text json = {0};
    int64_t as_is = 0;
    int rc = 0;
    for (int i = 0; i < words->n && rc == 0; i++)
        rc = import_one(ctx, store, words->word[i], choices, options, &json, &as_is, err);
    if (rc >= 0 && ctx->json && json.bytes) printf("{\"files\":[%s]}\n", json.bytes);
    text_free(&json);
    if (rc == 0 && !choices->as_is) say_as_is(options->reader, as_is);
    return rc < 0 ? -1 : 0;
}

/* ---- the command ----------------------------------------------------------------------------------- */

static int check_kept(const ImportChoices *c, const Words *words, Error *err)
{
    if (c->rejects && c->reasons && strcmp(c->rejects, c->reasons) == 0)
        return error_usage(err, "--rejects and --reasons are two files");
    const char *const out[][2] = {{"rejects", c->rejects}, {"reasons", c->reasons}};
    for (int i = 0; i < 2; i++)
        if (out[i][1] &&
            rejects_check(out[i][0], out[i][1], "imported", words->word, words->n, err) != 0)
            return -1;
    return 0;
}

static int read_choices(ImportOptions *options, const ImportChoices *c, const Words *words,
                        Error *err)
{
    options->source = c->source;
    options->strict = c->strict;
    options->lines = c->lines;
    options->layout = c->layout;
    options->chat = c->chat;
    options->system = c->system;
    if (c->system && !c->chat) return error_usage(err, "--system goes with --chat");
    if (c->as_is && c->chat) return error_usage(err, "--chat or --as-is, one of the two");
    if (c->layout && store_layout_check(c->layout, err) != 0) return -1;
    if (c->kind && data_kind_parse(&options->kind, c->kind, err) != 0) return -1;
    if (options->kind == DATA_LABELS || options->kind == DATA_RESPONSES)
        return error_usage(err, "--kind %s: %s are not imported; preferences are", c->kind,
                           c->kind);
    if (c->lines && (c->layout || (c->kind && options->kind != DATA_PROMPTS)))
        return error_usage(err, "--lines takes prompts alone: %s goes with JSON",
                           c->layout ? "--layout" : "another --kind");
    if (c->split && split_parse(&options->split, c->split, err) != 0) return -1;
    if (c->sha256 && (words->n != 1 || !is_address(words->word[0])))
        return error_usage(err, "--sha256 wants one https:// address");
    if (c->sha256 && strspn(c->sha256, "0123456789abcdefABCDEF") != strlen(c->sha256))
        return error_usage(err, "--sha256: '%.80s' is no hash in hex digits", c->sha256);
    if (c->sha256 && strlen(c->sha256) != SHA256_HEX - 1)
        return error_usage(err, "--sha256: %zu digits, a hash has %d", strlen(c->sha256),
                           SHA256_HEX - 1);
    return check_kept(c, words, err);
}

/* What is refused is kept where that was asked for. */
static int import_keeping(const Context *ctx, Store *store, const Words *words,
                          const ImportChoices *c, ImportOptions *options, Error *err)
{
    FileWriter rejects, reasons;
    if (c->rejects && file_begin(&rejects, c->rejects, err) != 0) return -1;
    if (c->reasons && file_begin(&reasons, c->reasons, err) != 0) {
        if (c->rejects) file_abandon(&rejects);
        return -1;
    }
    options->rejects = c->rejects ? &rejects : NULL;
    options->reasons = c->reasons ? &reasons : NULL;
    int rc = import_all(ctx, store, words, c, options, err);
    if (c->reasons) rc = rejects_end(&reasons, rc, err);
    if (c->rejects) rc = rejects_end(&rejects, rc, err);
    return rc;
}

static int import(Context *ctx, int argc, char **argv, Error *err)
{
    ImportChoices choices = {0};
    ImportReader reader = {.ctx = ctx};
    ClassNames names = {0};
    ImportOptions options = {
        .render = import_reader_render, .decode = import_reader_decode, .reader = &reader};
    Words words;
    Store *store = NULL;
    char path[FILE_PATH_MAX];
    int rc = -1;
    if (options_parse(ctx, OPTIONS, &choices, &words, 1, WORDS_MAX, argc, argv, err) != 0)
        return -1;
    if (read_choices(&options, &choices, &words, err) != 0) return -1;
    if (choices.names && class_names_read_lines(&names, choices.names, err) != 0) return -1;
    options.class_name = names.name;
    options.n_classes = names.n;
    if (project_path(ctx, path, "rlhf.db", err) != 0 || store_open(&store, path, err) != 0)
        goto done;
    reader.model = choices.model;
    reader.template = choices.template;
    reader.chat_prompts = choices.chat;
    rc = import_keeping(ctx, store, &words, &choices, &options, err);

done:
    import_reader_close(&reader);
    class_names_free(&names);
    store_close(store);
    return rc;
}

const Command cmd_import = {
    .name = "import",
    .heading = "data",
    .summary = "take prompts, demonstrations, preferences and classes into the project",
    .usage = "FILE|-|https://... [--lines] [--kind KIND] [--split SPLIT] [--chat "
             "[--system TEXT]] [--strict]",
    .details =
        "Rows are JSON objects, one a line, over several lines or all in one array, plain or gzip, "
        "recognised by\ntheir members; the first three are shown as they were understood.  Of a "
        "text "
        "file --lines takes each line\nas a prompt.  LAYOUTS, for --layout:\n"
        "  prompt         {prompt}\n"
        "  demonstration  {prompt, completion} or {prompt, response}\n"
        "  preference     {prompt, chosen, rejected}\n"
        "  implicit       {chosen, rejected}, which begin with the prompt\n"
        "  hh             the same, HH-RLHF's dialogues: cut after the last \"\\n\\nAssistant:\" "
        "of "
        "both\n"
        "  unpaired       {prompt, completion, label}: judgements\n"
        "  messages       {messages}: every answer of the assistant is a demonstration\n"
        "  sharegpt       {conversations}, also with chosen and rejected; alpaca: {instruction, "
        "...}\n"
        "  class          {text, label}: a text and its class, for rlhf classify\n"
        "  lm-human-preferences, summarize-from-feedback, ultrafeedback, shp, webgpt, arena: as "
        "published\n"
        "Texts may be lists of messages: a conversation becomes text in the chat template of the "
        "base, or of\n--template; with --chat so does a prompt that is a text, as the turn of a "
        "user.  A bad row is refused with\nits line and the reason, the others are taken; a row "
        "that is there already is not taken twice.  Downloads\nstay in the project's cache and go "
        "on where they stopped.\n"
        "Prompts that differ in case, punctuation and numbers alone stay together in one split, so "
        "the shares\nare about 80, 10 and 10% of many different prompts only.",
    .options = OPTIONS,
    .project = PROJECT_NEEDED,
    .run = import,
};
