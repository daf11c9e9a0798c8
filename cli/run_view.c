#include "cli/run_view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/log.h"
#include "base/median.h"
#include "base/mem.h"
#include "base/run.h"
#include "base/run_lock.h"

/* What is shown of a record, in this order; phases stand on a line of their own. */
static const struct {
    const char *metric, *name;
    int decimals;
    bool phase, on_line;
} SHOWN[RUN_VIEW_SERIES] = {
    {"loss", "loss", 3, false, true},
    {"eval_loss", "held out", 3, false, true},
    {"accuracy", "accuracy", 2, false, true},
    {"objective/scores", "reward", 2, false, true},
    {"objective/kl", "KL", 2, false, true},
    {"objective/response_length", "length", 1, false, false},
    {"objective/finished", "finished", 2, false, true},
    {"objective/distinct", "distinct", 2, false, true},
    {"eval/win_rate", "win rate", 2, false, true},
    {"loss/policy_avg", "policy loss", 4, false, false},
    {"loss/value_avg", "value loss", 4, false, false},
    {"grad_norm", "gradient", 3, false, false},
    {"time/sampling", "sampling", 1, true, false},
    {"time/scoring", "scoring", 1, true, false},
    {"time/updating", "updating", 1, true, false},
    {"time/evaluating", "evaluating", 1, true, false},
    {"seconds", NULL, 1, false, false},
};
enum { NAME_COLUMNS = 13, VALUE_COLUMNS = 10, RECENT = 9 };

/* ---- reading -------------------------------------------------------------------------------------- */

/* The newest that works, or NULL. */
static const char *working(char *const *names, int n, const char *runs)
{
    for (int i = n - 1; i >= 0; i--) {
        char folder[FILE_PATH_MAX];
        Error ignored;
        if (path_join(folder, runs, names[i], &ignored) == 0 && run_lock_is_held(folder, NULL))
            return names[i];
    }
    return NULL;
}

int run_view_open(RunView *v, const Context *ctx, const char *name, Error *err)
{
    char runs[FILE_PATH_MAX], **names = NULL;
    int n = 0;
    *v = (RunView){.step = -1, .total = -1};
    if (project_path(ctx, runs, "runs", err) != 0) return -1;
    if (project_list_runs(ctx, &names, &n, err) != 0) return -1;
    const int rc =
        project_run(ctx, v->name, v->folder, name ? name : working(names, n, runs), NULL, err);
    folder_list_free(names, n);
    if (rc != 0) return -1;
    project_run_kind(v->kind, v->folder);
    run_view_refresh(v);
    return 0;
}

static void add(Series *s, double x)
{
    if (s->n == s->room)
        s->x = mem_realloc(s->x, (size_t)(s->room = 2 * s->room + 64), sizeof *s->x);
    s->x[s->n++] = x;
}

static void take_line(RunView *v, const char *line, size_t n)
{
    cJSON *row = NULL;
    Error ignored;
    if (json_parse_row(&row, line, n, &ignored) == 0 && cJSON_IsObject(row)) {
        v->step = (int64_t)json_number(row, "step", (double)v->step);
        for (int i = 0; i < RUN_VIEW_SERIES && SHOWN[i].metric; i++) {
            const double x = json_number(row, SHOWN[i].metric, NAN);
            if (isfinite(x)) add(&v->series[i], x);
        }
        /* a change of settings has no numbers to show */
        if (!cJSON_GetObjectItemCaseSensitive(row, "event")) {
            text_clear(&v->last);
            text_append(&v->last, line, n);
        }
    }
    cJSON_Delete(row);
}

/* A resume puts another file in its place. */
static void begin_again(RunView *v, const struct stat *s)
{
    for (int i = 0; i < RUN_VIEW_SERIES; i++) v->series[i].n = 0;
    text_clear(&v->last);
    v->read = 0, v->inode = s->st_ino, v->step = -1;
}

static int read_record(RunView *v)
{
    char path[FILE_PATH_MAX], *line = NULL;
    struct stat s;
    size_t room = 0;
    ssize_t n;
    Error ignored;
    int news = 0;
    if (path_join(path, v->folder, "metrics.jsonl", &ignored) != 0) return 0;
    FILE *f = fopen(path, "re");
    if (!f) return 0;
    if (fstat(fileno(f), &s) == 0 && (s.st_ino != v->inode || s.st_size < v->read))
        begin_again(v, &s);
    if (fseeko(f, v->read, SEEK_SET) == 0)
        while ((n = getline(&line, &room, f)) > 0 && line[n - 1] == '\n') {
            take_line(v, line, (size_t)n - 1);
            v->read += n, news = 1;
        }
    free(line);
    fclose(f);
    return news;
}

/* "  after 30: the lamp is broken . A: | please bring it here .  (1.02)" */
static void put_sample(Text *out, const cJSON *row)
{
    const size_t from = out->n;
    text_format(out, "  after %.0f: %s |%s", json_number(row, "step", 0),
                json_text(row, "prompt", ""), json_text(row, "response", ""));
    for (size_t i = from; i < out->n; i++)
        if ((unsigned char)out->bytes[i] < ' ' || out->bytes[i] == 0x7f) out->bytes[i] = ' ';
    text_format(out, "  (%.2f)\n", json_number(row, "score", 0));
}

/* Those of the last step; a file of them is short. */
static void read_samples(RunView *v)
{
    char path[FILE_PATH_MAX], *line = NULL;
    size_t room = 0;
    ssize_t n;
    double step = -1;
    Error ignored;
    if (path_join(path, v->folder, "samples.jsonl", &ignored) != 0) return;
    FILE *f = fopen(path, "re");
    if (!f) return;
    while ((n = getline(&line, &room, f)) > 0 && line[n - 1] == '\n') {
        cJSON *row = NULL;
        if (json_parse_row(&row, line, (size_t)n - 1, &ignored) == 0) {
            if (json_number(row, "step", 0) != step) text_clear(&v->samples);
            step = json_number(row, "step", 0);
            put_sample(&v->samples, row);
        }
        cJSON_Delete(row);
    }
    free(line);
    fclose(f);
}

static void read_total(RunView *v)
{
    char path[FILE_PATH_MAX];
    cJSON *state = NULL;
    Error ignored;
    if (path_join(path, v->folder, "state.json", &ignored) == 0 &&
        json_read(&state, path, 1 << 16, false, &ignored) == 0)
        v->total = (int64_t)json_number(state, "total", -1);
    cJSON_Delete(state);
}

int run_view_refresh(RunView *v)
{
    int64_t said;
    project_run_state(v->state, &said, v->folder);
    read_total(v);
    const int news = read_record(v);
    if (news) read_samples(v);
    if (v->step < 0) v->step = said;
    return news;
}

void run_view_close(RunView *v)
{
    for (int i = 0; i < RUN_VIEW_SERIES; i++) free(v->series[i].x);
    text_free(&v->last);
    text_free(&v->samples);
    *v = (RunView){0};
}

/* ---- numbers -------------------------------------------------------------------------------------- */

/* Of its last steps; below 0: none. */
static double seconds_each(const RunView *v)
{
    double recent[RECENT];
    size_t n = 0;
    for (int i = 0; i < RUN_VIEW_SERIES && SHOWN[i].metric; i++) {
        if (strcmp(SHOWN[i].metric, "seconds") != 0) continue;
        const Series *s = &v->series[i];
        for (int k = s->n > RECENT ? s->n - RECENT : 0; k < s->n; k++) recent[n++] = s->x[k];
    }
    return n ? median(recent, n) : -1;
}

/* By the median of its last steps; below 0: not known. */
static double seconds_left(const RunView *v)
{
    const double each = seconds_each(v);
    if (each < 0 || v->total < 0 || v->step < 0 || strcmp(v->state, "running") != 0) return -1;
    return v->step < v->total ? each * (double)(v->total - v->step) : 0;
}

/* The mean of those of x (n) that fall on place i of `width`. */
static double mean_at(const double *x, int n, int i, int width)
{
    const int from = (int)((int64_t)i * n / width), to = (int)((int64_t)(i + 1) * n / width);
    double sum = 0;
    for (int k = from; k < to; k++) sum += x[k];
    return sum / (to - from);
}

void sparkline_between(Text *out, const double *x, int n, int width, double low, double high,
                       bool unicode)
{
    static const char *const BLOCKS[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const SIGNS[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
    enum { LEVELS = 8 };
    if (width > n) width = n;
    for (int i = 0; i < width; i++) {
        const double share = high > low ? (mean_at(x, n, i, width) - low) / (high - low) : 0.5;
        const int level = (int)(share * (LEVELS - 1) + 0.5);
        text_add(out, unicode ? BLOCKS[level] : SIGNS[level]);
    }
}

void sparkline(Text *out, const double *x, int n, int width, bool unicode)
{
    if (width > n) width = n;
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < width; i++) {
        const double y = mean_at(x, n, i, width);
        low = fmin(low, y), high = fmax(high, y);
    }
    sparkline_between(out, x, n, width, low, high, unicode);
}

/* ---- showing -------------------------------------------------------------------------------------- */

static const char *unit(const RunView *v)
{
    return strcmp(v->kind, "ppo") == 0 ? "iteration" : "step";
}

static void put_place(Text *out, const RunView *v)
{
    char left[32];
    const double each = seconds_each(v), rest = seconds_left(v);
    text_format(out, "%s   %s", v->name, v->state);
    if (v->step >= 0) text_format(out, "   %s %s", unit(v), text_thousands(v->step));
    if (v->step >= 0 && v->total > 0)
        text_format(out, "/%s  %d%%", text_thousands(v->total), (int)(100 * v->step / v->total));
    if (each >= 0) text_format(out, each < 10 ? "   %.2f s each" : "   %.1f s each", each);
    if (rest >= 0) text_format(out, "   %s left", log_duration(left, rest));
}

static void put_series(Text *out, const RunView *v, int i, int columns, bool unicode)
{
    const Series *s = &v->series[i];
    char value[32];
    snprintf(value, sizeof value, "%.*f", SHOWN[i].decimals, s->x[s->n - 1]);
    text_format(out, "  %-*s%*s  ", NAME_COLUMNS, SHOWN[i].name, VALUE_COLUMNS, value);
    const int room = columns - NAME_COLUMNS - VALUE_COLUMNS - 5;
    if (s->n > 1 && room > 0) sparkline(out, s->x, s->n, room < 60 ? room : 60, unicode);
    text_add(out, "\n");
}

/* "sampling 12.1 s  scoring 3.0 s": of the last step. */
static void put_phases(Text *out, const RunView *v)
{
    bool any = false;
    for (int i = 0; i < RUN_VIEW_SERIES && SHOWN[i].metric; i++) {
        const Series *s = &v->series[i];
        if (!SHOWN[i].phase || s->n == 0) continue;
        text_format(out, any ? "   %s %.*f s" : "  %s %.*f s", SHOWN[i].name, SHOWN[i].decimals,
                    s->x[s->n - 1]);
        any = true;
    }
    if (any) text_add(out, "\n");
}

void run_view_put(Text *out, const RunView *v, int columns, bool unicode)
{
    put_place(out, v);
    text_add(out, "\n");
    for (int i = 0; i < RUN_VIEW_SERIES && SHOWN[i].metric; i++)
        if (SHOWN[i].name && !SHOWN[i].phase && v->series[i].n > 0)
            put_series(out, v, i, columns, unicode);
    put_phases(out, v);
    if (v->samples.n > 0) text_append(out, v->samples.bytes, v->samples.n);
}

void run_view_put_line(Text *out, const RunView *v)
{
    put_place(out, v);
    for (int i = 0; i < RUN_VIEW_SERIES && SHOWN[i].metric; i++) {
        const Series *s = &v->series[i];
        if (SHOWN[i].on_line && s->n > 0)
            text_format(out, "   %s %.*f", SHOWN[i].name, SHOWN[i].decimals, s->x[s->n - 1]);
    }
    text_add(out, "\n");
}

void run_view_put_json(Text *out, const RunView *v)
{
    const double left = seconds_left(v);
    text_add(out, "{\"run\":");
    json_put_text(out, v->name, strlen(v->name));
    text_format(out, ",\"state\":\"%s\"", v->state);
    if (v->step >= 0) text_format(out, ",\"step\":%lld", (long long)v->step);
    if (v->total >= 0) text_format(out, ",\"total\":%lld", (long long)v->total);
    if (left >= 0) text_format(out, ",\"seconds_left\":%.1f", left);
    if (v->last.n > 0) text_format(out, ",\"last\":%s", v->last.bytes);
    text_add(out, "}\n");
}
