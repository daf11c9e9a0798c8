#include "cli/run_record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

/* runs/NAME/checkpoints/step-000040/model is the deepest a model lies. */
enum { LEVELS_UP = 3, FILE_LIMIT = 1 << 28 };

static bool has_metrics(const char *folder)
{
    char path[FILE_PATH_MAX];
    Error ignored;
    return path_join(path, folder, "metrics.jsonl", &ignored) == 0 && file_exists(path);
}

static void find_run(RunRecord *r, const char *model_folder)
{
    char *full = realpath(model_folder, NULL);
    r->step = -1;
    for (int level = 0; full && level <= LEVELS_UP; level++) {
        char *slash = strrchr(full, '/');
        if (!slash || slash == full) break;
        if (has_metrics(full)) {
            snprintf(r->folder, sizeof r->folder, "%s", full);
            snprintf(r->name, sizeof r->name, "%.127s", slash + 1);
            break;
        }
        if (strncmp(slash, "/step-", 6) == 0) r->step = strtoll(slash + 6, NULL, 10);
        *slash = 0;
    }
    free(full);
    if (!r->name[0]) r->step = -1;
}

static int read_settings(RunRecord *r, Error *err)
{
    char path[FILE_PATH_MAX];
    cJSON *whole = NULL;
    if (path_join(path, r->folder, "settings.json", err) != 0) return -1;
    if (json_read(&whole, path, FILE_LIMIT, false, err) != 0) return -1;
    if (!cJSON_IsObject(whole)) {
        cJSON_Delete(whole);
        return error_set(err, "%s: expected an object", path);
    }
    const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(whole, "inputs");
    snprintf(r->start, sizeof r->start, "%s", json_text(inputs, "model", ""));
    r->settings = cJSON_DetachItemFromObjectCaseSensitive(whole, "settings");
    cJSON_Delete(whole);
    return 0;
}

static int read_row(RunRecord *r, int *room, const char *line, size_t n, Error *err)
{
    cJSON *row = NULL;
    if (json_parse_row(&row, line, n, err) != 0) return -1;
    if (!cJSON_IsObject(row)) {
        cJSON_Delete(row);
        return error_set(err, "not a JSON object");
    }
    if (r->n == *room)
        r->row = mem_realloc(r->row, (size_t)(*room = 2 * *room + 64), sizeof *r->row);
    r->row[r->n++] = row;
    return 0;
}

static int read_metrics(RunRecord *r, Error *err)
{
    char path[FILE_PATH_MAX], *bytes = NULL;
    size_t n = 0;
    int room = 0, line_number = 0, rc = 0;
    if (path_join(path, r->folder, "metrics.jsonl", err) != 0) return -1;
    if (file_read(&bytes, &n, path, FILE_LIMIT, err) != 0) return -1;
    for (size_t at = 0, length; at < n && rc == 0; at += length + 1) {
        const char *end = memchr(bytes + at, '\n', n - at);
        length = end ? (size_t)(end - bytes) - at : n - at;
        line_number++;
        if (length > 0) rc = read_row(r, &room, bytes + at, length, err);
        if (rc != 0) error_wrap(err, "%s: line %d", path, line_number);
    }
    free(bytes);
    return rc;
}

int run_record_read(RunRecord *out, const char *model_folder, Error *err)
{
    RunRecord r = {0};
    find_run(&r, model_folder);
    if (r.name[0] && (read_settings(&r, err) != 0 || read_metrics(&r, err) != 0)) {
        run_record_free(&r);
        return -1;
    }
    *out = r;
    return 0;
}

void run_record_free(RunRecord *r)
{
    for (int i = 0; i < r->n; i++) cJSON_Delete(r->row[i]);
    free(r->row);
    cJSON_Delete(r->settings);
    *r = (RunRecord){0};
}

int run_record_column(double *x, double *y, const RunRecord *r, const char *name)
{
    int n = 0;
    for (int i = 0; i < r->n; i++) {
        x[n] = json_number(r->row[i], "step", i);
        y[n] = json_number(r->row[i], name, NAN);
        n += isfinite(y[n]);
    }
    return n;
}

int run_record_shrinkage(Shrinkage *out, const char *model_folder, Error *err)
{
    RunRecord r = {0};
    if (run_record_read(&r, model_folder, err) != 0) return -1;
    const cJSON *last = r.n > 0 ? r.row[r.n - 1] : NULL;
    *out =
        (Shrinkage){json_number(last, "shrinkage", 1), json_number(last, "held_out_accuracy", NAN)};
    run_record_free(&r);
    return 0;
}
