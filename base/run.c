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

enum { SETTINGS_LIMIT = 1 << 20 };
static const char METRICS[] = "metrics.jsonl", ANSWERS[] = "answers.jsonl";

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

/* A value for a message: a hash is known by its first letters. */
static void put_value(Text *t, const cJSON *value)
{
    enum { SHOWN = 24 };
    char *json = value ? cJSON_PrintUnformatted(value) : NULL;
    if (json) text_format(t, "%.*s%s", SHOWN, json, strlen(json) > SHOWN ? "..." : "");
    else text_add(t, "not there");
    cJSON_free(json);
}

/* The first setting in which the objects differ: "ppo.kl_coef was 0.05 and is 0.1 now"; `path` stands
 * before its name.  False when there is none. */
static bool put_difference(Text *out, const cJSON *old, const cJSON *new, const char *path)
{
    if (cJSON_Compare(old, new, true)) return false;
    if (!cJSON_IsObject(old) || !cJSON_IsObject(new)) {
        text_format(out, "%s was ", *path ? path : "all");
        put_value(out, old);
        text_add(out, " and is ");
        put_value(out, new);
        text_add(out, " now");
        return true;
    }
    const cJSON *const both[] = {old, new};
    for (int i = 0; i < 2; i++)
        for (const cJSON *member = both[i]->child; member; member = member->next) {
            char inner[128];
            snprintf(inner, sizeof inner, "%.80s%s%.40s", path, *path ? "." : "", member->string);
            if (put_difference(out, cJSON_GetObjectItemCaseSensitive(old, member->string),
                               cJSON_GetObjectItemCaseSensitive(new, member->string),
                               strcmp(inner, "settings") == 0 ? "" : inner))
                return true;
        }
    return false;
}

static int refuse_settings(const char *path, const char *old, const char *new, Error *err)
{
    Text difference = {0};
    cJSON *was = NULL, *is = NULL;
    Error none;
    if (json_parse(&was, old, strlen(old), &none) != 0 ||
        json_parse(&is, new, strlen(new), &none) != 0 || !put_difference(&difference, was, is, ""))
        text_add(&difference, "the file does not hold what this command would write");
    error_set(err, "%s: a resumed run keeps its settings and inputs; %s", path, difference.bytes);
    cJSON_Delete(was);
    cJSON_Delete(is);
    text_free(&difference);
    return error_hint(
        err, "give them as at the start (settings may be left out); for a new run leave out "
             "--resume");
}

int run_read_settings(char **out, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    size_t n;
    if (path_join(path, dir, "settings.json", err) != 0) return -1;
    return file_read(out, &n, path, SETTINGS_LIMIT, err);
}

static int settle_settings(const Run *r, const char *settings, bool resume, Error *err)
{
    char path[FILE_PATH_MAX], *old = NULL;
    if (path_join(path, r->dir, "settings.json", err) != 0) return -1;
    if (!resume) {
        if (file_exists(path))
            return error_set(
                err, "%s: this run exists; go on with --resume, or choose another name", r->dir);
        return file_write(path, settings, strlen(settings), err);
    }
    if (run_read_settings(&old, r->dir, err) != 0) return -1;
    const int rc = strcmp(old, settings) == 0 ? 0 : refuse_settings(path, old, settings, err);
    free(old);
    return rc;
}

static int open_record(FILE **out, const Run *r, const char *name, Error *err)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, r->dir, name, err) != 0) return -1;
    *out = fopen(path, "ae");
    return *out ? 0 : error_set(err, "%s: %s", path, strerror(errno));
}

int run_keep_answers(Run *r, Error *err)
{
    return r->answers ? 0 : open_record(&r->answers, r, ANSWERS, err);
}

static int open_records(Run *r, bool resume, Error *err)
{
    char path[FILE_PATH_MAX];
    if (open_record(&r->metrics, r, METRICS, err) != 0) return -1;
    if (path_join(path, r->dir, ANSWERS, err) != 0) return -1;
    return resume && file_exists(path) ? run_keep_answers(r, err) : 0;
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
    if (open_records(r, resume, err) != 0) goto done;
    *out = r;
    rc = 0;

done:
    if (rc != 0) run_close(r);
    return rc;
}

static int append(const Run *r, FILE *record, const char *name, int64_t step, const char *members,
                  Error *err)
{
    fprintf(record, "{\"step\":%lld%s%s}\n", (long long)step, *members ? "," : "", members);
    if (fflush(record) != 0 || ferror(record))
        return error_set(err, "%s/%s: %s", r->dir, name, strerror(errno));
    return 0;
}

int run_record(Run *r, int64_t step, const char *members, Error *err)
{
    return append(r, r->metrics, METRICS, step, members, err);
}

int run_record_answer(Run *r, int64_t step, const char *members, Error *err)
{
    return append(r, r->answers, ANSWERS, step, members, err);
}

static int sync_record(const Run *r, FILE *record, const char *name, Error *err)
{
    char path[FILE_PATH_MAX];
    if (!record) return 0;
    if (path_join(path, r->dir, name, err) != 0) return -1;
    if (fflush(record) != 0) return error_set(err, "%s: %s", path, strerror(errno));
    return file_sync(fileno(record), path, err);
}

int run_sync(Run *r, Error *err)
{
    if (sync_record(r, r->metrics, METRICS, err) != 0) return -1;
    return sync_record(r, r->answers, ANSWERS, err);
}

/* Copy lines up to and with `step`; one cut short by a crash ends them too.  *dropped: bytes after them. */
static int copy_lines(FileWriter *w, FILE *from, int64_t step, bool *dropped, Error *err)
{
    char *line = NULL;
    size_t room = 0;
    int rc = 0;
    ssize_t n;
    *dropped = false;
    while (rc == 0 && (n = getline(&line, &room, from)) > 0) {
        long long at;
        *dropped = line[n - 1] != '\n' || sscanf(line, "{\"step\":%lld", &at) != 1 || at > step;
        if (*dropped) break;
        rc = file_put(w, line, (size_t)n, err);
    }
    free(line);
    return rc;
}

static int cut_back(const Run *r, FILE **record, const char *name, int64_t step, Error *err)
{
    char path[FILE_PATH_MAX];
    FileWriter w;
    bool dropped;
    if (!*record) return 0;
    if (path_join(path, r->dir, name, err) != 0) return -1;
    fflush(*record);
    FILE *from = fopen(path, "re");
    if (!from) return error_set(err, "%s: %s", path, strerror(errno));
    int rc = file_begin(&w, path, err);
    if (rc == 0) {
        rc = copy_lines(&w, from, step, &dropped, err);
        if (rc != 0 || !dropped) file_abandon(&w);
        else {
            fclose(*record);
            *record = NULL;
            rc = file_commit(&w, err);
            if (rc == 0) rc = open_record(record, r, name, err);
        }
    }
    fclose(from);
    return rc;
}

int run_cut_back(Run *r, int64_t step, Error *err)
{
    if (cut_back(r, &r->metrics, METRICS, step, err) != 0) return -1;
    return cut_back(r, &r->answers, ANSWERS, step, err);
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
    if (r->answers) fclose(r->answers);
    if (r->lock >= 0) close(r->lock);
    free(r);
}
