/* rlhf init: make a project, or tell one what its base model is. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/loaded.h"
#include "cli/options.h"
#include "cli/project.h"
#include "cli/sharing.h"
#include "store/store.h"

typedef struct {
    const char *base, *shared;
} InitOptions;

static const Option OPTIONS[] = {
    {"base", OPTION_TEXT, offsetof(InitOptions, base), 0, 0, "MODEL",
     "the base model: its folder, org/name that was pulled; of a project that is there, a run"},
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
    if (folder_make(folder, err) != 0 || folder_make(runs, err) != 0) return -1;
    if (!file_exists(record) && file_write(record, RECORD, strlen(RECORD), err) != 0) return -1;
    return store_create(database, seed, err);
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
    const bool here = strcmp(folder, ".") == 0;
    if (made && command_find("import"))
        printf("next: %s%s%srlhf import FILE    prompts or comparisons, one JSON object a line\n",
               here ? "" : "cd ", here ? "" : folder, here ? "" : "; ");
}

static void say_shared(const Context *ctx)
{
    Text t = {0};
    sharing_report(&t, ctx->project);
    if (!ctx->json) printf("%s\n", t.bytes);
    text_free(&t);
}

/* What answers is a language model.  One that cannot be read is taken: whoever uses it will say why. */
static int check_base(const Context *ctx, const char *folder, const char *name, Error *err)
{
    Loaded l;
    Error ignored;
    if (loaded_outline_folder(&l, ctx, folder, NULL, &ignored) != 0) return 0;
    const int heads = loaded_heads(&l);
    loaded_close(&l);
    if (heads == 0) return 0;
    return error_set(err, "--base %s: a reward model: it scores, and is not there to answer", name);
}

static int init(Context *ctx, int argc, char **argv, Error *err)
{
    InitOptions options = {0};
    Words words;
    if (options_parse(ctx, OPTIONS, &options, &words, 0, 1, argc, argv, err) != 0) return -1;
    const char *folder = words.n ? words.word[0] : ".";
    char base[FILE_PATH_MAX], database[FILE_PATH_MAX];
    if (path_join(database, folder, "rlhf.db", err) != 0) return -1;

    const bool there = file_exists(database);
    if (there && project_find(ctx, folder, true, err) != 0) return -1;
    /* Looked at first, so that a mistyped name leaves no half-told project behind. */
    if (options.base && project_model(ctx, base, NULL, options.base, err) != 0)
        return error_wrap(err, "--base");
    if (options.base && check_base(ctx, base, options.base, err) != 0) return -1;
    if (there && !options.base && !options.shared) {
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
    if (options.base) {
        if (project_set_model(ctx, "base", base, err) != 0) return -1;
        if (!ctx->json) printf("base = %s\n", options.base);
    }
    report(ctx, folder, !there);
    return 0;
}

const Command cmd_init = {
    .name = "init",
    .heading = "data",
    .summary = "make a project: a folder that remembers prompts, answers, labels and runs",
    .usage = "[DIR] [--base MODEL] [--shared[=GROUP]]",
    .details = "Makes rlhf.db, project.json and runs/ in DIR, or here.  In a project that is there "
               "already,\n"
               "--base only names its base model, and --shared only gives rights: the folder hands "
               "what is made in it\n"
               "to the group (setgid), whose users may write rlhf.db and runs/.\n",
    .options = OPTIONS,
    .project = PROJECT_IGNORED,
    .run = init,
};
