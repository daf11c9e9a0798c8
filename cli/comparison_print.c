#include "cli/comparison_print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/marked_text.h"
#include "cli/wrap.h"
#include "labeling/shown.h"
#include "labeling/visible.h"
#include "labeling/word_diff.h"

enum { INDENT = 13 };

/* Text on one line, control characters made visible. */
static char *visible_line(const char *text, size_t n)
{
    Text safe = {0};
    text_add(&safe, "");
    visible_append(&safe, text, n);
    for (char *c = safe.bytes; *c; c++)
        if (*c == '\n') *c = ' ';
    return text_take(&safe);
}

/* An answer, and at which of its bytes the other one differs; NULL: it is compared with none. */
typedef struct {
    char *text;
    unsigned char *only;
} Shown;

static Shown shown_line(const Answers *a, int i)
{
    size_t n;
    const char *answer = shown_answer(a->text[i], &n);
    return (Shown){.text = visible_line(answer, n)};
}

static void compare_shown(Shown *a, Shown *b)
{
    const size_t n = strlen(a->text), m = strlen(b->text);
    a->only = mem_calloc(n + 1, 1);
    b->only = mem_calloc(m + 1, 1);
    word_diff(a->only, a->text, n, b->only, b->text, m);
}

static void shown_free(Shown *s)
{
    free(s->text);
    free(s->only);
}

static void print_name(const char *name)
{
    printf("  %-*s", INDENT - 2, name);
}

static void print_answer(const char *name, const Shown *shown, const Answers *a,
                         const double *points, int i, const char *prompt, const Rule *rule)
{
    Text after = {0}, why = {0};
    text_add(&after, a->finished[i] ? "" : " ...");
    if (points) {
        rule_explain(&why, rule, prompt, a->text[i]);
        text_format(&after, "  [%g: %s]", points[i], why.n ? why.bytes : "nothing");
    }
    print_name(name);
    marked_text_print(INDENT, shown->text, shown->only, after.bytes);
    text_free(&after);
    text_free(&why);
}

void comparison_print_example(const Comparison *c, int i, const Rule *rule)
{
    size_t n;
    const char *prompt = shown_prompt(comparison_prompt(c, i), &n);
    char *asked = visible_line(prompt, n);
    Shown base = shown_line(&c->base, i), aligned = shown_line(&c->aligned, i), best = {0};
    if (marked_text_shown()) compare_shown(&base, &aligned);
    putchar('\n');
    print_name("prompt");
    marked_text_print(INDENT, asked, NULL, "");
    print_answer("base", &base, &c->base, c->base_points, i, c->prompt[i], rule);
    if (c->best.n) {
        best = shown_line(&c->best, i);
        print_answer("best of n", &best, &c->best, c->best_points, i, c->prompt[i], rule);
    }
    print_answer("aligned", &aligned, &c->aligned, c->aligned_points, i, c->prompt[i], rule);
    shown_free(&base), shown_free(&aligned), shown_free(&best);
    free(asked);
}

void comparison_print_place(const Comparison *c, int i, int place)
{
    printf("\n  %d of %d: prompt %lld, base %.3g, aligned %.3g (%+.3g)", place, c->n,
           (long long)c->prompt_id[i], comparison_points(c, &c->base)[i],
           comparison_points(c, &c->aligned)[i], comparison_gain(c, i));
}

static double percent(int count, int n)
{
    return 100.0 * count / n;
}

/* best < 0: there is no best of n. */
static void print_trait(const char *sign, const TraitCount *t, int best)
{
    const TraitChange change = trait_change(t);
    printf("  %s %-24s%9.0f%%", sign, t->name, percent(t->base, t->n_base));
    if (best >= 0) printf("%11.0f%%", percent(best, t->n_base));
    else printf("%12s", "");
    printf("%9.0f%%%s\n", percent(t->aligned, t->n_aligned),
           change.better  ? "  better"
           : change.worse ? "  worse"
                          : "");
}

void comparison_print_traits(const Comparison *c, int best_of)
{
    char head[32];
    snprintf(head, sizeof head, "best of %d", best_of);
    printf("\n  share of answers with%*s%10s%12s%10s  against the base\n", 6, "", "base",
           c->best.n ? head : "", "aligned");
    for (int i = 0; i < c->n_traits; i++) {
        const ComparisonTrait *t = &c->trait[i];
        const TraitCount count = {t->name, t->wanted, t->base, c->n, t->aligned, c->n};
        print_trait(t->wanted ? "+" : "-", &count, c->best.n ? t->best : -1);
    }
    const TraitCount all = {"all right", true, c->base_all_right, c->n, c->all_right, c->n};
    print_trait(" ", &all, c->best.n ? c->best_all_right : -1);
}

static void print_win(const char *what, const WinRate *w)
{
    printf("  %-46s %.2f [%.2f, %.2f]\n", what, w->rate, w->low, w->high);
}

static void print_win_by_reward(const char *what, const WinRate *w, Contest contest)
{
    print_win(what, w);
    printf("      %s\n", comparison_caution(w, contest));
}

/* The rule judges when there is one. */
static void print_best(const Comparison *c, int best_of)
{
    char aligned[96], best[96];
    const char *by = c->aligned_points ? "" : ", by the reward model";
    snprintf(aligned, sizeof aligned, "aligned beats best of %d%s", best_of, by);
    snprintf(best, sizeof best, "best of %d beats base%s", best_of, by);
    if (c->aligned_points) {
        print_win(aligned, &c->against_best);
        print_win(best, &c->best_against_base);
    } else {
        print_win_by_reward(aligned, &c->against_best, CONTEST_ALIGNED_BEST);
        print_win_by_reward(best, &c->best_against_base, CONTEST_BEST_BASE);
    }
}

void comparison_print_wins(const Comparison *c, const ComparisonOptions *o, const char *title)
{
    char line[96], kl[48];
    printf("\n  %s\n", title);
    snprintf(line, sizeof line, "aligned beats base, by the rule %s", o->rule ? o->rule->name : "");
    if (c->aligned_points) print_win(line, &c->by_rule);
    if (c->scored)
        print_win_by_reward("aligned beats base, by the reward model", &c->by_reward,
                            CONTEST_ALIGNED_BASE);
    if (c->best.n) print_best(c, o->best_of);
    Text t = {0};
    text_format(&t, "  KL %s nats an answer", comparison_kl_text(kl, c->kl, c->kl_error));
    if (c->best.n) text_format(&t, " (%s)", comparison_best_text(line, c, o->best_of));
    text_format(&t, "; finished %.0f%% (base %.0f%%), distinct %.0f%% (%.0f%%)", 100 * c->finished,
                100 * c->base_finished, 100 * c->distinct, 100 * c->base_distinct);
    if (isfinite(c->verbatim))
        text_format(&t, ", verbatim %.1f%% (%.1f%%)", 100 * c->verbatim, 100 * c->base_verbatim);
    text_format(&t,
                "\n  words an answer %.1f (base %.1f); the base's log-probability per token: of "
                "aligned answers %.2f, of its own %.2f\n",
                c->words, c->base_words, c->base_logp_of_aligned, c->base_logp_own);
    wrap_text(2, t.bytes);
    text_free(&t);
}

/* Of the two, the judge that decides; ties say nothing about which of them is the better one. */
static void add_sign_test(Text *t, const Comparison *c)
{
    text_add(t, "  ");
    win_rate_put_counts(t, c->aligned_points ? &c->by_rule : &c->by_reward);
}

/* Answers may differ as wholes and still be made of the same few phrases. */
static void add_distinct_runs(Text *t, const Comparison *c)
{
    const char *before = ";";
    for (int k = 0; k < COMPARISON_RUNS; k++) {
        if (isnan(c->distinct_runs[k]) || isnan(c->base_distinct_runs[k])) continue;
        text_format(t, "%s distinct-%d %.2f (base %.2f)", before, k + 1, c->distinct_runs[k],
                    c->base_distinct_runs[k]);
        before = ",";
    }
}

void comparison_print_details(const Comparison *c)
{
    Text t = {0};
    add_sign_test(&t, c);
    add_distinct_runs(&t, c);
    text_add(&t, "\n");
    wrap_text(2, t.bytes);
    text_free(&t);
}

void comparison_print_verdict(const Comparison *c)
{
    printf("\n  verdict: %s", verdict_name(c->verdict));
    if (c->reasons.n) printf(" (%s)", c->reasons.bytes);
    if (!c->aligned_points) printf(", by the reward model");
    putchar('\n');
}
