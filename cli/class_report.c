#include "cli/class_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/evaluation.h"
#include "cli/memory_plan.h"
#include "cli/project.h"
#include "compare/win_rate.h"
#include "labeling/layout.h"
#include "labeling/visible.h"

int classifier_open(Loaded *l, ClassNames *names, const Context *ctx, const char *name, Error *err)
{
    char run[RUN_NAME_MAX], folder[FILE_PATH_MAX];
    if (!*name) {
        if (!*ctx->project)
            return error_usage(err, "which classifier? --model MODEL, or inside a project its "
                                    "newest run of classify");
        if (project_run(ctx, run, folder, NULL, "classify", err) != 0)
            return error_hint(err, "train one with: rlhf classify --data FILE");
        name = run;
    }
    if (loaded_outline(l, ctx, "classifier", name, NULL, err) != 0) return -1;
    if (class_names_read(names, l->folder, loaded_heads(l), err) != 0 ||
        memory_plan_scoring(l, SCORING_TOKENS, err) != 0 || loaded_read(l, err) != 0) {
        loaded_close(l);
        return -1;
    }
    loaded_policy(l);
    return 0;
}

ClassReport class_report_make(Policy *p, const ClassNames *names, const LabeledSet *texts)
{
    const size_t K = (size_t)names->n;
    const LabeledTexts labeled = labeled_texts(texts);
    ClassReport r = {.n = texts->n, .confusion = mem_calloc(K * K, sizeof *r.confusion)};
    Progress bar;
    progress_begin(&bar, "held-out texts", 0, "");
    progress_pulse("classifying");
    r.scores = classifier_evaluate(r.confusion, p, names->n, &labeled);
    progress_end(&bar);
    return r;
}

void class_report_free(ClassReport *r)
{
    free(r->confusion);
    *r = (ClassReport){0};
}

void class_report_json(Text *t, const ClassReport *r, const ClassNames *names, const Context *ctx,
                       const char *folder)
{
    const ClassScores *s = &r->scores;
    const int K = names->n;
    double low, high;
    wilson_interval(&low, &high, s->accuracy * r->n, r->n);
    text_add(t, "{");
    evaluation_put_model(t, ctx, folder);
    text_format(t,
                ",\"accuracy\":%.6g,\"n\":%d,\"ci\":[%.6g,%.6g],\"loss\":%.6g,\"ece\":%.6g,"
                "\"commonest\":%.6g,\"classes\":[",
                s->accuracy, r->n, low, high, s->loss, s->calibration_error, s->commonest);
    for (int k = 0; k < K; k++) {
        if (k) text_add(t, ",");
        json_put_text(t, names->name[k], strlen(names->name[k]));
    }
    text_add(t, "],\"confusion\":[");
    for (int i = 0; i < K * K; i++)
        text_format(t, "%s%ld%s",
                    i % K ? ","
                    : i   ? ",["
                          : "[",
                    r->confusion[i], i % K == K - 1 ? "]" : "");
    text_add(t, "]}");
}

enum { NAME_COLUMNS = 16, SCREEN_COLUMNS = 80, COUNT_COLUMNS = 8 };

/* Of a class's counts: as many as its name wants, where the screen has them. */
static int count_columns(int classes)
{
    const int room = (SCREEN_COLUMNS - 2 - NAME_COLUMNS) / classes - 2;
    return room > NAME_COLUMNS ? NAME_COLUMNS : room > COUNT_COLUMNS ? room : COUNT_COLUMNS;
}

/* A name in so many columns, to the left or the right. */
static void print_name(const char *name, int columns, bool right)
{
    Text safe = {0};
    visible_append(&safe, name, strlen(name));
    const size_t n = layout_fit(safe.bytes, safe.n, columns);
    int width = 0;
    for (size_t at = 0; at < n;) {
        int here;
        at += layout_cluster(&here, safe.bytes + at, n - at);
        width += here;
    }
    printf(right ? "%*s%.*s" : "%*s%.*s", right ? columns - width : 0, "", (int)n, safe.bytes);
    if (!right) printf("%*s", columns - width, "");
    text_free(&safe);
}

static void print_confusion(const ClassReport *r, const ClassNames *names)
{
    const int K = names->n, columns = count_columns(K);
    printf("  %-*s  said\n  %-*s", NAME_COLUMNS, "", NAME_COLUMNS, "");
    for (int k = 0; k < K; k++) {
        printf("  ");
        print_name(names->name[k], columns, true);
    }
    printf("\n");
    for (int i = 0; i < K; i++) {
        printf("  ");
        print_name(names->name[i], NAME_COLUMNS, false);
        for (int k = 0; k < K; k++) printf("  %*ld", columns, r->confusion[i * K + k]);
        printf("\n");
    }
}

void class_report_print(const char *name, const ClassReport *r, const ClassNames *names,
                        const char *what)
{
    enum { SHOWN = 8 }; /* classes side by side */
    const ClassScores *s = &r->scores;
    double low, high;
    wilson_interval(&low, &high, s->accuracy * r->n, r->n);
    printf("%s: right on %.0f of %s: %.2f [%.2f, %.2f]; always the commonest class %.2f\n", name,
           s->accuracy * r->n, text_count(r->n, what), s->accuracy, low, high, s->commonest);
    printf("calibration error %.2f", s->calibration_error);
    if (low <= s->commonest && s->accuracy < 1)
        printf("; it cannot be told from saying the commonest class always: more texts");
    printf("\n");
    if (names->n <= SHOWN) print_confusion(r, names);
    else printf("the confusion of %d classes: rlhf classify eval --json\n", names->n);
}
