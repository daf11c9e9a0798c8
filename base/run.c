#include "base/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

enum { SETTINGS_LIMIT = 1 << 20, METRICS_LIMIT = 1 << 30 };

static int take_lock(Run *r, Error *err)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, r->dir, "lock", err) != 0) return -1;
    r->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (r->lock < 0) return error_set(err, "%s: %s", path, strerror(errno));
    if (flock(r->lock, LOCK_EX | LOCK_NB) != 0)
        return error_set(err, "%s: another process is working on this run", r->dir);
    return 0;
}

/* The line of `b` in which it leaves `a`, for a message. */
static void first_difference(char out[128], const char *a, const char *b)
{
    size_t at = 0;
    while (b[at] && a[at] == b[at]) at++;
    while (at > 0 && (b[at] == 0 || b[at] == '\n')) at--;
    while (at > 0 && b[at - 1] != '\n') at--;
    const size_t n = strcspn(b + at, "\n");
    snprintf(out, 128, "%.*s", (int)(n < 120 ? n : 120), b + at);
    text_trim(out);
}

static int settle_settings(const Run *r, const char *settings, bool resume, Error *err)
{
    char path[FILE_PATH_MAX], difference[128];
    char *old = NULL;
    size_t n;
    if (path_join(path, r->dir, "settings.json", err) != 0) return -1;
    if (!resume) {
        if (file_exists(path))
            return error_set(
                err, "%s: this run exists; go on with --resume, or choose another name", r->dir);
        return file_write(path, settings, strlen(settings), err);
    }
    if (file_read(&old, &n, path, SETTINGS_LIMIT, err) != 0) return -1;
    int rc = 0;
    if (strcmp(old, settings) != 0) {
        first_difference(difference, settings, old);
        rc = error_set(err,
                       "%s: a resumed run keeps its settings and inputs; it was started with %s",
                       path, difference);
    }
    free(old);
    return rc;
}

int run_open(Run **out, const char *dir, const char *settings, bool resume, Error *err)
{
    char path[FILE_PATH_MAX];
    Run *r = mem_calloc(1, sizeof *r);
    int rc = -1;
    r->lock = -1;
    snprintf(r->dir, sizeof r->dir, "%s", dir);

    /* a mistyped name leaves no folder behind */
    if (path_join(path, dir, "settings.json", err) != 0) goto done;
    if (resume && !file_exists(path)) {
        error_set(err, "%s: no run to resume there", dir);
        goto done;
    }
    if (path_join(path, dir, "checkpoints", err) != 0) goto done;
    if (folder_make(path, err) != 0) goto done;
    if (take_lock(r, err) != 0) goto done;
    if (settle_settings(r, settings, resume, err) != 0) goto done;
    if (path_join(path, dir, "metrics.jsonl", err) != 0) goto done;
    r->metrics = fopen(path, "ae");
    if (!r->metrics) {
        error_set(err, "%s: %s", path, strerror(errno));
        goto done;
    }
    *out = r;
    rc = 0;

done:
    if (rc != 0) run_close(r);
    return rc;
}

int run_record(Run *r, int64_t step, const char *members, Error *err)
{
    fprintf(r->metrics, "{\"step\":%lld%s%s}\n", (long long)step, *members ? "," : "", members);
    if (fflush(r->metrics) != 0 || ferror(r->metrics))
        return error_set(err, "%s/metrics.jsonl: %s", r->dir, strerror(errno));
    return 0;
}

int run_sync(Run *r, Error *err)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, r->dir, "metrics.jsonl", err) != 0) return -1;
    if (fflush(r->metrics) != 0) return error_set(err, "%s: %s", path, strerror(errno));
    return file_sync(fileno(r->metrics), path, err);
}

/* Bytes of the record up to and with `step`.  A line cut short by a crash ends it too. */
static size_t record_length(const char *text, int64_t step)
{
    const char *line = text;
    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        long long at;
        if (sscanf(line, "{\"step\":%lld", &at) != 1 || at > step) break;
    }
    return (size_t)(line - text);
}

int run_cut_back(Run *r, int64_t step, Error *err)
{
    char path[FILE_PATH_MAX];
    char *text = NULL;
    size_t n;
    if (path_join(path, r->dir, "metrics.jsonl", err) != 0) return -1;
    if (file_read(&text, &n, path, METRICS_LIMIT, err) != 0) return -1;
    const size_t keep = record_length(text, step);
    int rc = 0;
    if (keep < n) {
        fclose(r->metrics);
        r->metrics = NULL;
        rc = file_write(path, text, keep, err);
        r->metrics = fopen(path, "ae");
        if (rc == 0 && !r->metrics) rc = error_set(err, "%s: %s", path, strerror(errno));
    }
    free(text);
    return rc;
}

int run_set_state(Run *r, const char *state, int64_t step, Error *err)
{
    char path[FILE_PATH_MAX], text[128];
    const int n = snprintf(text, sizeof text, "{\"state\": \"%s\", \"step\": %lld}\n", state,
                           (long long)step);
    if (path_join(path, r->dir, "state.json", err) != 0) return -1;
    return file_write(path, text, (size_t)n, err);
}

void run_close(Run *r)
{
    if (!r) return;
    if (r->metrics) fclose(r->metrics);
    if (r->lock >= 0) close(r->lock);
    free(r);
}
