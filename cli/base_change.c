#include "cli/base_change.h"

#include <stdlib.h>
#include <string.h>

#include "cli/loaded.h"

enum { TOKENIZER_MAX = 1 << 28 };

/* Where the tokenizer of the model in `folder` lies. */
static bool find_tokenizer(char out[FILE_PATH_MAX], const Context *ctx, const char *folder)
{
    Loaded l;
    Error ignored;
    if (loaded_outline_folder(&l, ctx, folder, NULL, &ignored) != 0) return false;
    snprintf(out, FILE_PATH_MAX, "%s", loaded_tokenizer_folder(&l));
    loaded_close(&l);
    return true;
}

/* A checkpoint has a copy of what it began with, so that nothing has to be parsed. */
static bool same_file(const char *a, const char *b)
{
    char path[2][FILE_PATH_MAX], *bytes[2] = {NULL, NULL};
    size_t n[2] = {0, 0};
    Error ignored;
    bool same = path_join(path[0], a, "tokenizer.json", &ignored) == 0 &&
                path_join(path[1], b, "tokenizer.json", &ignored) == 0;
    for (int i = 0; i < 2; i++)
        same = same && file_read(&bytes[i], &n[i], path[i], TOKENIZER_MAX, &ignored) == 0;
    same = same && n[0] == n[1] && memcmp(bytes[0], bytes[1], n[0]) == 0;
    free(bytes[0]);
    free(bytes[1]);
    return same;
}

/* True also where one of them cannot be read. */
static bool same_tokenizer(const Context *ctx, const char *a, const char *b)
{
    char folder[2][FILE_PATH_MAX];
    Tokenizer *t[2] = {NULL, NULL};
    Error ignored;
    if (!find_tokenizer(folder[0], ctx, a) || !find_tokenizer(folder[1], ctx, b)) return true;
    if (same_file(folder[0], folder[1])) return true;
    const bool both = tokenizer_open(&t[0], folder[0], &ignored) == 0 &&
                      tokenizer_open(&t[1], folder[1], &ignored) == 0;
    const bool same = !both || strcmp(tokenizer_sha256(t[0]), tokenizer_sha256(t[1])) == 0;
    tokenizer_free(t[0]);
    tokenizer_free(t[1]);
    return same;
}

const char *base_change_find(const Context *ctx, const char *folder)
{
    static const char *const MADE[] = {"aligned", "reward"};
    for (int i = 0; i < 2; i++) {
        char other[FILE_PATH_MAX];
        Error none;
        if (project_has_model(ctx, MADE[i]) &&
            project_model(ctx, other, NULL, MADE[i], &none) == 0 &&
            !same_tokenizer(ctx, folder, other))
            return MADE[i];
    }
    return NULL;
}

static bool is_base(const Context *ctx, const char *name, const char *words)
{
    char folder[FILE_PATH_MAX], inside[RUN_NAME_MAX + 8], kind[RUN_KIND_MAX];
    Error none;
    snprintf(inside, sizeof inside, "runs/%s", name);
    if (project_path(ctx, folder, inside, &none) != 0) return false;
    project_run_kind(kind, folder);
    if (strcmp(kind, "pretrain") != 0 && strcmp(kind, "sft") != 0) return false;
    return project_model(ctx, folder, NULL, name, &none) == 0 && same_tokenizer(ctx, folder, words);
}

bool base_change_back(char run[RUN_NAME_MAX], const Context *ctx, const char *model)
{
    char **names = NULL, words[FILE_PATH_MAX];
    int n = 0;
    Error none;
    run[0] = 0;
    if (project_model(ctx, words, NULL, model, &none) != 0 ||
        project_list_runs(ctx, &names, &n, &none) != 0)
        return false;
    for (int i = n - 1; i >= 0 && !run[0]; i--)
        if (strlen(names[i]) < RUN_NAME_MAX && is_base(ctx, names[i], words))
            snprintf(run, RUN_NAME_MAX, "%s", names[i]);
    folder_list_free(names, n);
    return run[0] != 0;
}

int base_change_hint(const Context *ctx, Error *err)
{
    char base[FILE_PATH_MAX], run[RUN_NAME_MAX];
    Error none;
    if (!ctx->project[0] || project_model(ctx, base, NULL, "base", &none) != 0) return -1;
    const char *other = base_change_find(ctx, base);
    if (!other || err->hint[0]) return -1;
    if (base_change_back(run, ctx, other))
        return error_hint(err,
                          "the project's base was changed since %s was made; back to it: rlhf "
                          "init --base %s",
                          other, run);
    return error_hint(err,
                      "the project's base was changed since %s was made; name the model it came "
                      "from: rlhf init --base MODEL",
                      other);
}
