#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/project.h"

/* Files are made beside their place and renamed, so it is the folder that has to take them. */
static int check_writable(const char *path, const char *folder, Error *err)
{
    if (access(folder, W_OK) == 0) return 0;
    error_set(err, "%s: the folder %s may not be written: %s", path, folder, strerror(errno));
    return error_hint(err, "give the path of a file in a folder that you may write");
}

/* Where `path` lies with all links of its folder followed, whether it is there or not; the caller frees. */
static int full_path(char **out, const char *path, Error *err)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *folder =
        slash ? mem_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : mem_strdup(".");
    char *full = realpath(folder, NULL);
    int rc = -1;
    if (!*name) error_set(err, "'%s' is no name for a file", path);
    else if (!full) error_set(err, "%s: no folder %s", path, folder);
    else rc = check_writable(path, full, err);
    if (rc == 0) *out = mem_format("%s/%s", full[1] ? full : "", name);
    free(full);
    free(folder);
    return rc;
}

/* The files that SQLite keeps beside a database are the project's even while they are not there. */
static bool is_of_project(const Context *ctx, const char *full)
{
    static const char *const OWN[] = {"rlhf.db",         "rlhf.db-wal",  "rlhf.db-shm",
                                      "rlhf.db-journal", "project.json", "runs"};
    const size_t n = strlen(ctx->project);
    if (n == 0 || strncmp(full, ctx->project, n) != 0 || full[n] != '/') return false;
    for (size_t i = 0; i < sizeof OWN / sizeof *OWN; i++)
        if (strcmp(full + n + 1, OWN[i]) == 0) return true;
    return strncmp(full + n, "/runs/", 6) == 0;
}

static bool begins_with_mark(const char *path, const char *mark)
{
    char begin[OUTPUT_MARK_WITHIN + 1];
    FILE *f = fopen(path, "re");
    if (!f) return false;
    begin[fread(begin, 1, OUTPUT_MARK_WITHIN, f)] = 0;
    fclose(f);
    return strstr(begin, mark) != NULL;
}

int output_check(const Context *ctx, const char *path, const char *mark, bool force, Error *err)
{
    char *full = NULL;
    struct stat s;
    if (full_path(&full, path, err) != 0) return -1;
    char *target = realpath(path, NULL);
    const bool own = is_of_project(ctx, full) || (target && is_of_project(ctx, target));
    const bool there = stat(full, &s) == 0;
    free(full);
    free(target);
    if (own) return error_set(err, "%s belongs to the project; choose another name", path);
    if (!there) return 0;
    if (S_ISDIR(s.st_mode)) return error_set(err, "%s is a folder; choose another name", path);
    if (!S_ISREG(s.st_mode))
        return error_set(err, "%s is no ordinary file; choose another name", path);
    if (force || (mark && begins_with_mark(path, mark))) return 0;
    if (mark)
        return error_set(err, "%s exists and is not what this command writes; choose another name",
                         path);
    return error_set(err, "%s exists; choose another name or add --force", path);
}

static bool is_of_a_model(const char *name)
{
    static const char *const WRITTEN[] = {"config.json",
                                          "model.safetensors",
                                          "adapter_config.json",
                                          "adapter_model.safetensors",
                                          "base.sha256",
                                          "tokenizer.json",
                                          "vocab.json",
                                          "merges.txt",
                                          "chat_template.jinja",
                                          "tokenizer_config.json",
                                          "generation_config.json"};
    for (size_t i = 0; i < sizeof WRITTEN / sizeof *WRITTEN; i++)
        if (strcmp(name, WRITTEN[i]) == 0) return true;
    return false;
}

/* What is in a folder that is there. */
static int check_contents(const char *path, bool force, Error *err)
{
    char **names = NULL, inside[FILE_PATH_MAX];
    int n = 0, rc = 0;
    if (folder_list(&names, &n, path, err) != 0) return -1;
    if (n > 0 && !force) {
        error_set(err, "%s is there already", path);
        rc = error_hint(err, "choose another folder, or add --force to replace the model in it");
    } else if (n > 0 && !project_model_inside(inside, path)) {
        rc = error_set(err, "%s holds no model to replace; choose another folder", path);
    }
    for (int i = 0; i < n && rc == 0; i++)
        if (!is_of_a_model(names[i]))
            rc = error_set(err, "%s holds %s, which would be lost; choose another folder", path,
                           names[i]);
    folder_list_free(names, n);
    return rc;
}

int output_check_folder(const Context *ctx, const char *path, bool force, Error *err)
{
    Error ignored;
    char *full = realpath(path, NULL);
    if (!full && full_path(&full, path, &ignored) != 0) full = NULL;
    const bool own = full && (is_of_project(ctx, full) || strcmp(full, ctx->project) == 0);
    free(full);
    if (own) return error_set(err, "%s belongs to the project; choose another folder", path);
    if (!file_exists(path)) return 0;
    if (!file_is_folder(path)) return error_set(err, "%s is no folder; choose another name", path);
    return check_contents(path, force, err);
}

int output_silence(void)
{
    fflush(stdout);
    const int kept = dup(STDOUT_FILENO), nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nothing, STDOUT_FILENO);
    close(nothing);
    return kept;
}

void output_restore(int kept)
{
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
}
