/* rlhf annotators: the people of a project, and what they have done. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/json.h"
#include "base/log.h"
#include "base/median.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/annotator.h"
#include "cli/commands.h"
#include "cli/loaded.h"
#include "cli/options.h"

typedef struct {
    const char *from, *to;
    bool csv, days;
} WorkOptions;

static const Option OPTIONS[] = {
    {"from", OPTION_TEXT, offsetof(WorkOptions, from), 0, 0, "DATE",
     "decisions of that day and later (2026-11-01)"},
    {"to", OPTION_TEXT, offsetof(WorkOptions, to), 0, 0, "DATE", "of that day and earlier"},
    {"days", OPTION_SWITCH, offsetof(WorkOptions, days), 0, 0, NULL, "a row for each day"},
    {"csv", OPTION_SWITCH, offsetof(WorkOptions, csv), 0, 0, NULL,
     "comma-separated, a row for each person and day"},
    {0},
};

/* ---- days ------------------------------------------------------------------------------------------ */

enum { DAY_MAX = 11, YEAR_0 = 1900 };

/* Midnight by this machine's clock, `more` days after a date. */
static int64_t midnight_us(int year, int month, int day, int more)
{
    struct tm t = {
        .tm_year = year - YEAR_0, .tm_mon = month - 1, .tm_mday = day + more, .tm_isdst = -1};
    return (int64_t)mktime(&t) * 1000000;
}

static int parse_day(int64_t *us, const char *option, const char *date, int more, Error *err)
{
    int year = 0, month = 0, day = 0, end = 0;
    struct tm t = {0};
    if (!date) return 0;
    if (sscanf(date, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 && !date[end]) {
        t = (struct tm){
            .tm_year = year - YEAR_0, .tm_mon = month - 1, .tm_mday = day, .tm_isdst = -1};
        /* mktime takes the 31st of June for the 1st of July */
        if (mktime(&t) != -1 && t.tm_mon == month - 1 && t.tm_mday == day) {
            *us = midnight_us(year, month, day, more);
            return 0;
        }
    }
    return error_usage(err, "--%s: '%.40s' is no date like 2026-11-01", option, date);
}

static void day_of(char out[DAY_MAX], int64_t us)
{
    const time_t seconds = (time_t)(us / 1000000);
    struct tm t = {0};
    localtime_r(&seconds, &t);
    strftime(out, DAY_MAX, "%Y-%m-%d", &t);
}

/* ---- sums ------------------------------------------------------------------------------------------ */

/* One row of what is printed: of a person, or of a person and a day. */
typedef struct {
    const char *annotator;
    char day[DAY_MAX]; /* "" for all of them */
    bool disabled;
    int64_t labels, skips, active_ms;
    double *seconds; /* (n) of those that stand and came with a time */
    size_t n;
    double agreement;
    int64_t compared;
} Sum;
typedef struct {
    Sum *row;
    size_t n;
} Sums;

static Sum *add_row(Sums *sums, const char *annotator, const char *day)
{
    sums->row = mem_realloc(sums->row, sums->n + 1, sizeof *sums->row);
    Sum *s = &sums->row[sums->n++];
    *s = (Sum){.annotator = annotator};
    memcpy(s->day, day, strlen(day) + 1);
    return s;
}

/* Time counts whatever became of the decision; all else is of those that stand. */
static void add_work(Sum *s, const StoreWork *w)
{
    s->active_ms += w->active_ms;
    if (!w->stands) return;
    s->skips += w->skip;
    s->labels += !w->skip;
    s->agreement += w->agreement;
    s->compared += w->compared;
    if (w->active_ms == 0) return;
    s->seconds = mem_realloc(s->seconds, s->n + 1, sizeof *s->seconds);
    s->seconds[s->n++] = (double)w->active_ms / 1e3;
}

/* The rows of work stand by person and time.  Without days everybody has a row. */
static void sum_up(Sums *sums, const StoreWorkList *work, const StorePersonList *people, bool days)
{
    size_t at = 0;
    for (size_t i = 0; i < people->n; i++) {
        const StorePerson *p = &people->row[i];
        Sum *s = days ? NULL : add_row(sums, p->handle, "");
        if (s) s->disabled = p->disabled;
        for (; at < work->n && strcmp(work->row[at].annotator, p->handle) == 0; at++) {
            char day[DAY_MAX] = "";
            if (days) day_of(day, work->row[at].submitted_us);
            if (!s || strcmp(s->day, day) != 0) s = add_row(sums, p->handle, day);
            add_work(s, &work->row[at]);
        }
    }
}

static void free_sums(Sums *sums)
{
    for (size_t i = 0; i < sums->n; i++) free(sums->row[i].seconds);
    free(sums->row);
}

/* ---- printing -------------------------------------------------------------------------------------- */

/* RFC 4180: a field with a comma or a quote stands in quotes. */
static void csv_text(const char *text)
{
    if (!strpbrk(text, ",\"")) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (const char *p = text; *p; p++) printf("%s%c", *p == '"' ? "\"" : "", *p);
    putchar('"');
}

static void print_csv(Sums *sums)
{
    printf("annotator,day,labels,skips,active_hours,median_seconds,agreement,compared\n");
    for (size_t i = 0; i < sums->n; i++) {
        Sum *s = &sums->row[i];
        csv_text(s->annotator);
        printf(",%s,%lld,%lld,%.3f,", s->day, (long long)s->labels, (long long)s->skips,
               (double)s->active_ms / 3.6e6);
        if (s->n > 0) printf("%.1f", median(s->seconds, s->n));
        putchar(',');
        if (s->compared) printf("%.3f", s->agreement / (double)s->compared);
        printf(",%lld\n", (long long)s->compared);
    }
}

static void print_json(Sums *sums)
{
    Text t = {0};
    text_add(&t, "{\"annotators\":[");
    for (size_t i = 0; i < sums->n; i++) {
        Sum *s = &sums->row[i];
        text_format(&t, "%s{\"annotator\":", i ? "," : "");
        json_put_text(&t, s->annotator, strlen(s->annotator));
        if (s->day[0]) text_format(&t, ",\"day\":\"%s\"", s->day);
        else text_format(&t, ",\"disabled\":%s", s->disabled ? "true" : "false");
        text_format(&t, ",\"labels\":%lld,\"skips\":%lld,\"active_hours\":%.4f,\"median_seconds\":",
                    (long long)s->labels, (long long)s->skips, (double)s->active_ms / 3.6e6);
        if (s->n > 0) text_format(&t, "%.3f", median(s->seconds, s->n));
        else text_add(&t, "null");
        text_add(&t, ",\"agreement\":");
        if (s->compared) text_format(&t, "%.4f", s->agreement / (double)s->compared);
        else text_add(&t, "null");
        text_format(&t, ",\"compared\":%lld}", (long long)s->compared);
    }
    printf("%s]}\n", t.bytes);
    text_free(&t);
}

static void print_table(Sums *sums, bool days)
{
    if (sums->n == 0) {
        printf(days ? "no decisions in that time\n"
                    : "nobody yet; whoever labels is added, or: rlhf annotators add "
                      "NAME\n");
        return;
    }
    int width = (int)strlen("annotator");
    for (size_t i = 0; i < sums->n; i++) {
        const int w = text_width(sums->row[i].annotator, strlen(sums->row[i].annotator));
        if (w > width) width = w;
    }
    printf("%-*s  %s%7s %6s %8s %7s  agreement\n", width, "annotator", days ? "day         " : "",
           "labels", "skips", "hours", "median");
    for (size_t i = 0; i < sums->n; i++) {
        Sum *s = &sums->row[i];
        const int pad = width - text_width(s->annotator, strlen(s->annotator));
        printf("%s%*s  ", s->annotator, pad, "");
        if (days) printf("%s  ", s->day);
        printf("%7s %6s ", text_thousands(s->labels), text_thousands(s->skips));
        if (s->active_ms > 0) printf("%8.2f ", (double)s->active_ms / 3.6e6);
        else printf("%8s ", "-");
        if (s->n > 0) printf("%5.0f s  ", median(s->seconds, s->n));
        else printf("%7s  ", "-");
        if (s->compared)
            printf("%.2f (n=%s)", s->agreement / (double)s->compared, text_thousands(s->compared));
        else printf("-");
        printf("%s\n", s->disabled ? "  disabled" : "");
    }
}

/* ---- the command ----------------------------------------------------------------------------------- */

static int report(const Context *ctx, const WorkOptions *o, Store *store, int64_t from, int64_t to,
                  Error *err)
{
    StorePersonList people = {0};
    StoreWorkList work = {0};
    Sums sums = {0};
    const bool days = o->days || o->csv;
    int rc = store_list_people(store, &people, err);
    if (rc == 0) rc = store_list_work(store, from, to, &work, err);
    if (rc == 0) {
        sum_up(&sums, &work, &people, days);
        if (ctx->json) print_json(&sums);
        else if (o->csv) print_csv(&sums);
        else print_table(&sums, days);
    }
    free_sums(&sums);
    store_work_free(&work);
    store_people_free(&people);
    return rc;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    WorkOptions o = {0};
    Store *store = NULL;
    int64_t from = 0, to = 0;
    if (options_parse(ctx, OPTIONS, &o, NULL, 0, 0, argc, argv, err) != 0) return -1;
    if (parse_day(&from, "from", o.from, 0, err) != 0) return -1;
    if (parse_day(&to, "to", o.to, 1, err) != 0) return -1;
    if (o.from && o.to && to <= from)
        return error_usage(err, "--to %s is before --from %s", o.to, o.from);
    if (open_store_to_read(&store, ctx, err) != 0) return -1;
    const int rc = report(ctx, &o, store, from, to, err);
    store_close(store);
    return rc;
}

/* The person of that name, or NULL. */
static const StorePerson *find(const StorePersonList *people, const char *name)
{
    for (size_t i = 0; i < people->n; i++)
        if (strcasecmp(people->row[i].handle, name) == 0) return &people->row[i];
    return NULL;
}

static int hint_enable(const char *handle, Error *err)
{
    Text word = {0};
    text_add_word(&word, handle);
    error_hint(err, "rlhf annotators enable %s", word.bytes);
    text_free(&word);
    return -1;
}

static int add(Store *store, const StorePersonList *people, const char *name, Error *err)
{
    const StorePerson *there = find(people, name);
    int64_t id = 0;
    if (there) {
        error_set(err, "%s is there already%s", there->handle, there->disabled ? ", disabled" : "");
        return there->disabled ? hint_enable(there->handle, err) : -1;
    }
    if (store_add_annotator(store, name, ANNOTATOR_HUMAN, &id, err) != 0) return -1;
    Text word = {0};
    text_add_word(&word, name);
    log_line("added %s; to begin: rlhf label --as %s", name, word.bytes);
    text_free(&word);
    return 0;
}

static int set_disabled(Store *store, const StorePersonList *people, const char *name,
                        bool disabled, Error *err)
{
    const StorePerson *there = find(people, name);
    if (!there) {
        error_set(err, "there is no annotator '%.60s'", name);
        return error_hint(err, "who is there: rlhf annotators");
    }
    if (store_disable_person(store, there->id, disabled, err) != 0) return -1;
    log_line(disabled ? "%s labels no more; what was labeled stays" : "%s may label again",
             there->handle);
    return 0;
}

/* add, disable and enable take a name each; which of them it is says the command. */
static int run_change(Context *ctx, int argc, char **argv, Error *err)
{
    Words words = {0};
    Store *store = NULL;
    StorePersonList people = {0};
    const char *what = ctx->command->name;
    int rc = -1;
    if (options_parse(ctx, NULL, NULL, &words, 1, 1, argc, argv, err) != 0) return -1;
    if (annotator_check_name(words.word[0], err) != 0) return -1;
    if (open_store(&store, ctx, err) != 0) return -1;
    if (store_list_people(store, &people, err) != 0) goto done;
    if (strcmp(what, "add") == 0) rc = add(store, &people, words.word[0], err);
    else rc = set_disabled(store, &people, words.word[0], strcmp(what, "disable") == 0, err);

done:
    store_people_free(&people);
    store_close(store);
    return rc;
}

static const Command annotators_add = {
    .name = "add",
    .summary = "let one more person label",
    .usage = "NAME",
    .project = PROJECT_NEEDED,
    .run = run_change,
};
static const Command annotators_disable = {
    .name = "disable",
    .summary = "let somebody label no more; the labels stay",
    .usage = "NAME",
    .project = PROJECT_NEEDED,
    .run = run_change,
};
static const Command annotators_enable = {
    .name = "enable",
    .summary = "let somebody label again",
    .usage = "NAME",
    .project = PROJECT_NEEDED,
    .run = run_change,
};
static const Command annotators_list = {
    .name = "list",
    .summary = "the same as rlhf annotators alone",
    .usage = "[--from DATE] [--to DATE] [--days] [--csv]",
    .options = OPTIONS,
    .project = PROJECT_NEEDED,
    .run = run,
};
static const Command *const SECONDS[] = {&annotators_add, &annotators_list, &annotators_disable,
                                         &annotators_enable, NULL};

const Command cmd_annotators = {
    .name = "annotators",
    .heading = "people",
    .summary = "who labels here, and what they have done",
    .usage = "[--from DATE] [--to DATE] [--days] [--csv]",
    .details =
        "labels, skips: decisions that stand.  hours: active time of all decisions, those "
        "taken back too; a pause\n"
        "of more than a minute counts as one.  median: seconds per decision that stands and "
        "came with a time,\n"
        "- where none did.  agreement: with other people's labels of the same pairs: 1 the same "
        "side, 0.5 when one\n"
        "of the two is a tie, 0 the other side.\n"
        "Practice is in the hours alone.  Days are those of this machine's clock.\n",
    .options = OPTIONS,
    .seconds = SECONDS,
    .project = PROJECT_NEEDED,
    .run = run,
};
