#include "base/checkpoint.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

static const char MANIFEST[] = "manifest.json";
enum { MANIFEST_LIMIT = 1 << 24 };

/* Add the files of dir/prefix to the manifest, folders within folders. */
static int list_files(Text *out, const char *dir, const char *prefix, Error *err)
{
    char path[FILE_PATH_MAX], name[FILE_PATH_MAX], hash[SHA256_HEX];
    char **names = NULL;
    int n = 0, rc = -1;

    if (path_join(path, dir, *prefix ? prefix : ".", err) != 0) return -1;
    if (folder_list(&names, &n, path, err) != 0) return -1;
    for (int i = 0; i < n; i++) {
        if (snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "/" : "", names[i]) >=
                (int)sizeof name ||
            path_join(path, dir, name, err) != 0)
            goto done;
        if (file_is_folder(path)) {
            if (list_files(out, dir, name, err) != 0) goto done;
            continue;
        }
        if (sha256_file(hash, path, err) != 0) goto done;
        text_add(out, out->n > 0 && out->bytes[out->n - 1] == '}' ? ",\n" : "");
        text_add(out, "  {\"name\": ");
        json_put_text(out, name, strlen(name));
        text_format(out, ", \"size\": %lld, \"sha256\": \"%s\"}", (long long)file_size(path), hash);
    }
    rc = 0;

done:
    folder_list_free(names, n);
    return rc;
}

static int write_manifest(const char *dir, int64_t step, Error *err)
{
    char path[FILE_PATH_MAX];
    Text t = {0};
    text_format(&t, "{\"format\": 1, \"step\": %lld, \"files\": [\n", (long long)step);
    int rc = list_files(&t, dir, "", err);
    text_add(&t, "\n]}\n");
    if (rc == 0) rc = path_join(path, dir, MANIFEST, err);
    if (rc == 0) rc = file_write(path, t.bytes, t.n, err);
    text_free(&t);
    return rc;
}

int checkpoint_path(char *dir, const char *run_dir, int64_t step, Error *err)
{
    char name[64];
    snprintf(name, sizeof name, "checkpoints/step-%06lld", (long long)step);
    return path_join(dir, run_dir, name, err);
}

/* The step of a folder's name, or -1; *leftover: it is what a process that was killed was writing. */
static long long step_of(const char *name, bool *leftover)
{
    long long step;
    int end = 0;
    *leftover = false;
    if (sscanf(name, "step-%lld%n", &step, &end) != 1 || step < 0) return -1;
    if (name[end] == 0) return step;
    *leftover = strncmp(name + end, ".tmp-", 5) == 0;
    return -1;
}

/* Names are padded to six digits only, so the order is that of the numbers. */
static int by_step(const void *a, const void *b)
{
    bool leftover;
    const long long x = step_of(*(char *const *)a, &leftover),
                    y = step_of(*(char *const *)b, &leftover);
    return (x > y) - (x < y);
}

/* Names of the checkpoints, oldest first. */
static int list_checkpoints(char ***names, int *n, const char *run_dir, Error *err)
{
    char path[FILE_PATH_MAX];
    bool leftover;
    if (path_join(path, run_dir, "checkpoints", err) != 0) return -1;
    if (folder_list(names, n, path, err) != 0) return -1;
    int kept = 0;
    for (int i = 0; i < *n; i++) {
        if (step_of((*names)[i], &leftover) >= 0) (*names)[kept++] = (*names)[i];
        else free((*names)[i]);
    }
    *n = kept;
    if (kept > 1) qsort(*names, (size_t)kept, sizeof **names, by_step);
    return 0;
}

int checkpoint_steps(int64_t **steps, int *n, const char *run_dir, Error *err)
{
    char path[FILE_PATH_MAX], **names = NULL;
    bool leftover;
    *steps = NULL;
    *n = 0;
    if (path_join(path, run_dir, "checkpoints", err) != 0) return -1;
    if (!file_is_folder(path)) return 0;
    if (list_checkpoints(&names, n, run_dir, err) != 0) return -1;
    *steps = mem_calloc((size_t)*n + 1, sizeof **steps);
    for (int i = 0; i < *n; i++) (*steps)[i] = step_of(names[i], &leftover);
    folder_list_free(names, *n);
    return 0;
}

static int remove_named(const char *run_dir, const char *name, Error *err)
{
    char path[FILE_PATH_MAX];
    snprintf(path, sizeof path, "%.3800s/checkpoints/%.200s", run_dir, name);
    return folder_remove(path, err);
}

static int remove_older(const char *run_dir, int keep, int64_t saved, int64_t spare, Error *err)
{
    char **names = NULL;
    int n = 0, rc = 0;
    bool leftover;
    if (list_checkpoints(&names, &n, run_dir, err) != 0) return -1;
    for (int i = 0; i < n - keep && rc == 0; i++) {
        const long long step = step_of(names[i], &leftover);
        if (step != saved && step != spare) rc = remove_named(run_dir, names[i], err);
    }
    folder_list_free(names, n);
    return rc;
}

/* One process works on a run at a time, so what is half-written here nobody will finish. */
static int remove_leftovers(const char *run_dir, Error *err)
{
    char path[FILE_PATH_MAX];
    char **names = NULL;
    int n = 0, rc = 0;
    if (path_join(path, run_dir, "checkpoints", err) != 0) return -1;
    if (!file_is_folder(path)) return 0;
    if (folder_list(&names, &n, path, err) != 0) return -1;
    for (int i = 0; i < n && rc == 0; i++) {
        bool leftover;
        step_of(names[i], &leftover);
        if (leftover) rc = remove_named(run_dir, names[i], err);
    }
    folder_list_free(names, n);
    return rc;
}

int checkpoint_save(const char *run_dir, int64_t step, int keep, int64_t spare,
                    int (*write)(void *context, const char *dir, Error *err), void *context,
                    Error *err)
{
    char path[FILE_PATH_MAX], temporary[FILE_PATH_MAX];
    if (checkpoint_path(path, run_dir, step, err) != 0) return -1;
    if (remove_leftovers(run_dir, err) != 0) return -1;
    if (folder_begin(temporary, path, err) != 0) return -1;
    if (write(context, temporary, err) != 0 || write_manifest(temporary, step, err) != 0 ||
        folder_commit(temporary, path, err) != 0) {
        Error ignored;
        folder_remove(temporary, &ignored);
        return error_wrap(err, "checkpoint of step %lld", (long long)step);
    }
    return remove_older(run_dir, keep, step, spare, err);
}

static int verify_file(const char *dir, const cJSON *entry, Error *err)
{
    char path[FILE_PATH_MAX], hash[SHA256_HEX];
    const char *name = json_text(entry, "name", "");
    if (!*name || *name == '/' || strstr(name, ".."))
        return error_set(err, "%s: a bad file name", MANIFEST);
    if (path_join(path, dir, name, err) != 0) return -1;
    if ((double)file_size(path) != json_number(entry, "size", -1))
        return error_set(err, "%s has another size than its manifest says", path);
    if (sha256_file(hash, path, err) != 0) return -1;
    if (strcmp(hash, json_text(entry, "sha256", "")) != 0)
        return error_set(err, "%s has another content than its manifest says", path);
    return 0;
}

int checkpoint_verify(const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    cJSON *manifest = NULL;
    int rc = 0;
    if (path_join(path, dir, MANIFEST, err) != 0) return -1;
    if (json_read(&manifest, path, MANIFEST_LIMIT, false, err) != 0) return -1;
    const cJSON *files = cJSON_GetObjectItemCaseSensitive(manifest, "files"), *entry;
    if (!cJSON_IsArray(files)) rc = error_set(err, "%s: no list of files", path);
    else if (!files->child) rc = error_set(err, "%s: lists no file", path);
    cJSON_ArrayForEach(entry, files) if (rc == 0) rc = verify_file(dir, entry, err);
    cJSON_Delete(manifest);
    return rc;
}

static int set_aside(const char *run_dir, const char *name, Error *err)
{
    char from[FILE_PATH_MAX], to[FILE_PATH_MAX];
    snprintf(from, sizeof from, "%.3800s/checkpoints/%.200s", run_dir, name);
    snprintf(to, sizeof to, "%.3800s/checkpoints/%.200s.damaged", run_dir, name);
    if (folder_remove(to, err) != 0) return -1;
    if (rename(from, to) != 0) return error_set(err, "cannot rename %s: %s", from, strerror(errno));
    log_line("%s is set aside as %s.damaged", from, name);
    return 0;
}

int checkpoint_set_aside(const char *run_dir, int64_t step, Error *err)
{
    char path[FILE_PATH_MAX], **names = NULL;
    int n = 0, rc = 0;
    bool leftover;
    if (path_join(path, run_dir, "checkpoints", err) != 0) return -1;
    if (!file_is_folder(path)) return 0;
    if (list_checkpoints(&names, &n, run_dir, err) != 0) return -1;
    for (int i = 0; i < n && rc == 0; i++)
        if (step_of(names[i], &leftover) > step) rc = set_aside(run_dir, names[i], err);
    folder_list_free(names, n);
    return rc == 0 ? file_sync_folder(path, err) : -1;
}

int64_t checkpoint_last_step(const char *run_dir)
{
    char **names = NULL;
    int n = 0;
    bool leftover;
    Error ignored;
    if (list_checkpoints(&names, &n, run_dir, &ignored) != 0) return -1;
    const int64_t step = n > 0 ? step_of(names[n - 1], &leftover) : -1;
    folder_list_free(names, n);
    return step;
}

int checkpoint_newest(char *dir, int64_t *step, const char *run_dir, Error *err)
{
    char **names = NULL;
    int n = 0, rc = -1;
    if (list_checkpoints(&names, &n, run_dir, err) != 0) return -1;
    error_set(err, "%s: no checkpoint there yet", run_dir);
    for (int i = n - 1; i >= 0 && rc != 0; i--) {
        snprintf(dir, FILE_PATH_MAX, "%.3800s/checkpoints/%.200s", run_dir, names[i]);
        rc = checkpoint_verify(dir, err);
        bool leftover;
        *step = step_of(names[i], &leftover);
        if (rc != 0 && i > 0) log_line("%s; falling back to %s", err->message, names[i - 1]);
    }
    folder_list_free(names, n);
    return rc;
}
