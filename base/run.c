#include "base/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/run_lock.h"
#include "base/tensorboard.h"
#include "base/text.h"

enum { SETTINGS_LIMIT = 1 << 20 };
static const char METRICS[] = "metrics.jsonl", ANSWERS[] = "answers.jsonl",
                  SAMPLES[] = "samples.jsonl", EVENTS[] = "events.out.tfevents.rlhf";

/* ---- settings ------------------------------------------------------------------------------------- */

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

bool run_difference(Text *out, const char *old, const char *new)
{
    cJSON *was = NULL, *is = NULL;
    Error none;
    const bool found = json_parse(&was, old, strlen(old), &none) == 0 &&
                       json_parse(&is, new, strlen(new), &none) == 0 &&
                       put_difference(out, was, is, "");
    cJSON_Delete(was);
    cJSON_Delete(is);
    return found;
}

static int refuse_settings(const char *path, const char *old, const char *new, Error *err)
{
    Text difference = {0};
    if (!run_difference(&difference, old, new))
        text_add(&difference, "the file does not hold what this command would write");
    error_set(err, "%s: a resumed run keeps its settings and inputs; %s", path, difference.bytes);
    text_free(&difference);
    return error_hint(
        err,
        "give them as at the start (settings may be left out; those marked live may change); for "
        "a new run leave out --resume");
}

int run_read_settings(char **out, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    size_t n;
    if (path_join(path, dir, "settings.json", err) != 0) return -1;
    return file_read(out, &n, path, SETTINGS_LIMIT, err);
}

int run_change_settings(Run *r, const char *settings, Error *err)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, r->dir, "settings.json", err) != 0) return -1;
    return file_write(path, settings, strlen(settings), err);
}

int run_check_new(const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, dir, "settings.json", err) != 0) return -1;
    if (!file_exists(path)) return 0;
    return error_set(err, "%s: this run exists; go on with --resume, or choose another name", dir);
}

static int settle_settings(const Run *r, const char *settings, bool resume, Error *err)
{
    char path[FILE_PATH_MAX], *old = NULL;
    if (path_join(path, r->dir, "settings.json", err) != 0) return -1;
    if (!resume) {
        if (run_check_new(r->dir, err) != 0) return -1;
        return file_write(path, settings, strlen(settings), err);
    }
    if (run_read_settings(&old, r->dir, err) != 0) return -1;
    const int rc = strcmp(old, settings) == 0 ? 0 : refuse_settings(path, old, settings, err);
    free(old);
    return rc;
}

/* ---- records -------------------------------------------------------------------------------------- */

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

int run_keep_samples(Run *r, Error *err)
{
    return r->samples ? 0 : open_record(&r->samples, r, SAMPLES, err);
}

/* Those of a resumed run that it was started with. */
static int reopen(FILE **out, const Run *r, const char *name, Error *err)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, r->dir, name, err) != 0) return -1;
    return file_exists(path) ? open_record(out, r, name, err) : 0;
}

/* A line of the record as TensorBoard has it. */
static void put_event(Text *out, const char *line, size_t n)
{
    cJSON *record = NULL;
    Error ignored;
    if (json_parse_row(&record, line, n, &ignored) == 0) tensorboard_scalars(out, record);
    cJSON_Delete(record);
}

/* The whole record; that of a run of a million steps is some hundred megabytes, so line by line. */
static int copy_events(FileWriter *w, FILE *from, Error *err)
{
    char *line = NULL;
    size_t room = 0;
    int rc = 0;
    ssize_t n;
    Text t = {0};
    tensorboard_begin(&t, 0);
    rc = file_put(w, t.bytes, t.n, err);
    while (rc == 0 && (n = getline(&line, &room, from)) > 0) {
        text_clear(&t);
        put_event(&t, line, (size_t)n);
        if (t.n > 0) rc = file_put(w, t.bytes, t.n, err);
    }
    free(line);
    text_free(&t);
    return rc;
}

static int make_events(Run *r, Error *err)
{
    char path[FILE_PATH_MAX], metrics[FILE_PATH_MAX];
    FileWriter w;
    if (path_join(path, r->dir, EVENTS, err) != 0) return -1;
    if (path_join(metrics, r->dir, METRICS, err) != 0) return -1;
    if (r->events) fclose(r->events);
    r->events = NULL;
    fflush(r->metrics);
    FILE *from = fopen(metrics, "re");
    if (!from) return error_set(err, "%s: %s", metrics, strerror(errno));
    int rc = file_begin(&w, path, err);
    if (rc == 0) {
        rc = copy_events(&w, from, err);
        if (rc == 0) rc = file_commit(&w, err);
        else file_abandon(&w);
    }
    fclose(from);
    return rc == 0 ? open_record(&r->events, r, EVENTS, err) : -1;
}

static int open_records(Run *r, bool resume, Error *err)
{
    if (open_record(&r->metrics, r, METRICS, err) != 0) return -1;
    if (!resume) return make_events(r, err);
    if (reopen(&r->answers, r, ANSWERS, err) != 0) return -1;
    if (reopen(&r->samples, r, SAMPLES, err) != 0) return -1;
    return reopen(&r->events, r, EVENTS, err);
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
    if (run_lock_take(&r->lock, dir, err) != 0) goto done;
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

/* What TensorBoard sees is no record: a full disk shows in the record itself. */
static void append_event(Run *r, int64_t step, const char *members)
{
    Text line = {0}, event = {0};
    text_format(&line, "{\"step\":%lld%s%s}", (long long)step, *members ? "," : "", members);
    put_event(&event, line.bytes, line.n);
    if (event.n > 0 && fwrite(event.bytes, event.n, 1, r->events) == 1) fflush(r->events);
    text_free(&line);
    text_free(&event);
}

int run_record(Run *r, int64_t step, const char *members, Error *err)
{
    if (append(r, r->metrics, METRICS, step, members, err) != 0) return -1;
    if (r->events) append_event(r, step, members);
    return 0;
}

int run_record_sample(Run *r, int64_t step, const char *members, Error *err)
{
    return append(r, r->samples, SAMPLES, step, members, err);
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
    if (sync_record(r, r->answers, ANSWERS, err) != 0) return -1;
    return sync_record(r, r->samples, SAMPLES, err);
}

/* Copy lines up to and with `step`; one cut short by a crash ends them too.  An event from later, such as a change of
 * settings, holds for what is done again and is kept, at `step`.  *dropped: the copy is not the whole. */
static int copy_lines(FileWriter *w, FILE *from, int64_t step, bool *dropped, Error *err)
{
    static const char EVENT[] = ",\"event\":";
    char *line = NULL, begin[64];
    size_t room = 0;
    int rc = 0;
    ssize_t n;
    *dropped = false;
    while (rc == 0 && (n = getline(&line, &room, from)) > 0) {
        long long at;
        int end = 0;
        const bool whole = line[n - 1] == '\n' && sscanf(line, "{\"step\":%lld%n", &at, &end) == 1;
        *dropped |= !whole || at > step;
        if (!whole) break;
        if (at <= step) rc = file_put(w, line, (size_t)n, err);
        else if (strncmp(line + end, EVENT, sizeof EVENT - 1) == 0) {
            const int length = snprintf(begin, sizeof begin, "{\"step\":%lld", (long long)step);
            rc = file_put(w, begin, (size_t)length, err);
            if (rc == 0) rc = file_put(w, line + end, (size_t)(n - end), err);
        }
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
    if (cut_back(r, &r->answers, ANSWERS, step, err) != 0) return -1;
    if (cut_back(r, &r->samples, SAMPLES, step, err) != 0) return -1;
    return make_events(r, err);
}

int run_set_state(Run *r, const char *state, int64_t step, int64_t total, Error *err)
{
    char path[FILE_PATH_MAX], text[128];
    const int n =
        snprintf(text, sizeof text, "{\"state\": \"%s\", \"total\": %lld, \"step\": %lld}\n", state,
                 (long long)total, (long long)step);
    if (path_join(path, r->dir, "state.json", err) != 0) return -1;
    return file_write(path, text, (size_t)n, err);
}

void run_close(Run *r)
{
    if (!r) return;
    if (r->metrics) fclose(r->metrics);
    if (r->answers) fclose(r->answers);
    if (r->samples) fclose(r->samples);
    if (r->events) fclose(r->events);
    if (r->lock >= 0) close(r->lock);
    free(r);
}
