/* rlhf init: make a project, or tell one what its models are. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/import_reader.h"
#include "cli/loaded.h"
#include "cli/next_line.h"
#include "cli/options.h"
#include "cli/project.h"
#include "cli/sharing.h"
#include "store/store.h"

enum { N_NAMED = 3 };
static const char *const NAMED[N_NAMED] = {"base", "reward", "aligned"};

typedef struct {
    const char *model[N_NAMED]; /* as NAMED */
    const char *shared;
} InitOptions;

static const Option OPTIONS[] = {
    {"base", OPTION_TEXT, offsetof(InitOptions, model[0]), 0, 0, "MODEL",
     "the base model: its folder, org/name that was pulled; of a project that is there, a run"},
    {"reward", OPTION_TEXT, offsetof(InitOptions, model[1]), 0, 0, "MODEL",
     "the reward model: likewise, as the way back to an earlier one"},
    {"aligned", OPTION_TEXT, offsetof(InitOptions, model[2]), 0, 0, "MODEL",
     "the aligned model: likewise"},
    {"shared", OPTION_MAYBE, offsetof(InitOptions, shared), 0, 0, "GROUP",
     "let the users of a group write it too (that of the folder); of a project that is there, as "
     "well"},
    {0},
};

/* The database comes last: a folder with rlhf.db is a project, so it must have all the rest by then. */
static int make(const char *folder, uint64_t seed, Error *err)
{
    static const char RECORD[] = "{\n\t\"models\":\t{},\n\t\"settings\":\t{}\n}\n";
    char runs[FILE_PATH_MAX], record[FILE_PATH_MAX], database[FILE_PATH_MAX];
    if (path_join(runs, folder, "runs", err) != 0) return -1;
    if (path_join(record, folder, "project.json", err) != 0) return -1;
    if (path_join(database, folder, "rlhf.db", err) != 0) return -1;
    if (folder_make(folder, err) != 0) return -1;
    if (access(folder, W_OK) != 0)
        return error_set(err, "the folder %s cannot be written: %s", folder, strerror(errno));
    if (folder_make(runs, err) != 0) return -1;
    if (!file_exists(record) && file_write(record, RECORD, strlen(RECORD), err) != 0) return -1;
    return store_create(database, seed, err);
}

/* What every walk needs: prompts, a model that answers them, and somebody who chooses. */
static void say_next(const Context *ctx, const char *folder)
{
    const bool here = strcmp(folder, ".") == 0;
    Text command = {0}, line = {0};
    if (!here) {
        text_add(&command, "cd ");
        text_add_word(&command, folder);
        text_add(&command, "; ");
    }
    text_add(&command, "rlhf import FILE");
    next_line_format(&line, command.bytes,
                     "prompts or comparisons, one JSON object a line; to type prompts here: "
                     "rlhf write");
    printf("next: %s\n", line.bytes);
    text_free(&command);
    text_free(&line);
    printf("then: %srlhf sample, rlhf label\n",
           project_has_model(ctx, "base") ? ""
                                          : "rlhf pretrain FILE... (or rlhf init --base MODEL), ");
}

/* `folder` as given. */
static void report(const Context *ctx, const char *folder, bool made)
{
    if (ctx->json) {
        Text t = {0};
        json_put_text(&t, ctx->project, strlen(ctx->project));
        printf("{\"project\":%s,\"made\":%s}\n", t.bytes, made ? "true" : "false");
        text_free(&t);
        return;
    }
    if (made) printf("made a project in %s\n", ctx->project);
    if (made) say_next(ctx, folder);
}

static void say_shared(const Context *ctx)
{
    Text t = {0};
    sharing_report(&t, ctx->project);
    if (!ctx->json) printf("%s\n", t.bytes);
    text_free(&t);
}

/* What answers is a language model, and what scores has a head.  One that cannot be read is taken: whoever uses it
 * will say why. */
static int check_model(const Context *ctx, const char *folder, const char *role, const char *name,
                       Error *err)
{
    Loaded l;
    Error ignored;
    if (loaded_outline_folder(&l, ctx, folder, NULL, &ignored) != 0) return 0;
    const int heads = loaded_heads(&l);
    loaded_close(&l);
    const bool scores = strcmp(role, "reward") == 0;
    if (scores == (heads > 0)) return 0;
    return error_set(err, "--%s %s: a %s", role, name,
                     scores ? "language model: it answers, and does not score"
                            : "reward model: it scores, and is not there to answer");
}

/* Looked at first, so that a mistyped name leaves no half-told project behind.  The folders of what was given. */
static int find_models(char folder[N_NAMED][FILE_PATH_MAX], const Context *ctx,
                       const InitOptions *o, Error *err)
{
    for (int i = 0; i < N_NAMED; i++) {
        if (!o->model[i]) continue;
        if (project_model(ctx, folder[i], NULL, o->model[i], err) != 0)
            return error_wrap(err, "--%s", NAMED[i]);
        if (check_model(ctx, folder[i], NAMED[i], o->model[i], err) != 0) return -1;
    }
    return 0;
}

/* Of a run its step is said, which RUN alone leaves open. */
static int name_models(const Context *ctx, const InitOptions *o,
                       char folder[N_NAMED][FILE_PATH_MAX], Error *err)
{
    for (int i = 0; i < N_NAMED; i++) {
        char name[FILE_PATH_MAX], run[RUN_NAME_MAX];
        if (!o->model[i]) continue;
        if (project_set_model(ctx, NAMED[i], folder[i], err) != 0) return -1;
        project_name_model(ctx, name, run, folder[i]);
        if (!ctx->json) printf("%s = %s\n", NAMED[i], run[0] ? name : o->model[i]);
    }
    return 0;
}

/* Prompts may have come in before the base whose chat template they could be in. */
static int say_plain(const Context *ctx, Error *err)
{
    Store *store = NULL;
    if (open_store(&store, ctx, err) != 0) return -1;
    const int rc = import_reader_say_plain(ctx, store, NULL, err);
    store_close(store);
    return rc;
}

static int init(Context *ctx, int argc, char **argv, Error *err)
{
    InitOptions options = {0};
    Words words;
    if (options_parse(ctx, OPTIONS, &options, &words, 0, 1, argc, argv, err) != 0) return -1;
    const char *folder = words.n ? words.word[0] : ".";
    char models[N_NAMED][FILE_PATH_MAX], database[FILE_PATH_MAX];
    if (path_join(database, folder, "rlhf.db", err) != 0) return -1;

    const bool there = file_exists(database);
    const bool names = options.model[0] || options.model[1] || options.model[2];
    if (there && project_find(ctx, folder, true, err) != 0) return -1;
    if (find_models(models, ctx, &options, err) != 0) return -1;
    if (there && !names && !options.shared) {
        error_set(err, "%s is a project already", folder);
        return error_hint(err, "what is in it: rlhf status%s%s", words.n ? " --project " : "",
                          words.n ? folder : "");
    }
    if (!there && make(folder, ctx->seed, err) != 0) return -1;
    if (project_find(ctx, folder, true, err) != 0) return -1;
    if (options.shared) {
        if (sharing_make(ctx->project, options.shared, err) != 0) return -1;
        say_shared(ctx);
    }
    if (name_models(ctx, &options, models, err) != 0) return -1;
    report(ctx, folder, !there);
    return there && options.model[0] ? say_plain(ctx, err) : 0;
}

const Command cmd_init = {
    .name = "init",
    .heading = "data",
    .summary = "make a project: a folder that remembers prompts, answers, labels and runs",
    .usage = "[DIR] [--base MODEL] [--reward MODEL] [--aligned MODEL] [--shared[=GROUP]]",
    .details =
        "Makes rlhf.db, project.json and runs/ in DIR, or here.  In a project that is there "
        "already,\n"
        "--base, --reward and --aligned only name its models, and --shared only gives rights: "
        "the folder hands\n"
        "what is made in it to the group (setgid), whose users may write rlhf.db and "
        "runs/.\n",
    .options = OPTIONS,
    .project = PROJECT_IGNORED,
    .run = init,
};
