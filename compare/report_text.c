#include "compare/report_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "compare/report_ranking.h"
#include "compare/trait.h"

enum { CURVE_ROWS = 5, AXIS = 10, CURVE_COLUMNS_MAX = 72, TRACK = 40, NAME_WIDTH = 24 };

static const char *const EIGHTH[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

/* On one line, and nothing that a terminal would obey. */
static void add_line(Text *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        const bool c1 = c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0;
        if (*c < 0x20 || *c == 0x7F || c1) text_add(out, " ");
        else text_append(out, (const char *)c, 1);
        c += c1;
    }
}

static void add_title(Text *out, const char *title)
{
    text_add(out, "\n");
    add_line(out, title);
    text_add(out, "\n");
}

static void add_named(Text *out, const char *name, const char *text)
{
    text_format(out, "  %-*s", NAME_WIDTH, name);
    add_line(out, text);
    text_add(out, "\n");
}

/* ---- curves ---- */

typedef struct {
    double low, high; /* of y */
    double left, right;
} Span;

static bool find_span(Span *s, const SvgCurve *c)
{
    *s = (Span){INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (int i = 0; i < c->n; i++) {
        if (!isfinite(c->x[i]) || !isfinite(c->y[i])) continue;
        s->low = fmin(s->low, c->y[i]), s->high = fmax(s->high, c->y[i]);
        s->left = fmin(s->left, c->x[i]), s->right = fmax(s->right, c->x[i]);
    }
    return s->low <= s->high;
}

/* The columns between two that have points; the first and the last have some. */
static void draw_lines(double *mean, int columns)
{
    int from = 0;
    for (int k = 1; k < columns; k++) {
        if (isnan(mean[k])) continue;
        for (int between = from + 1; between < k; between++)
            mean[between] = mean[from] + (mean[k] - mean[from]) * (between - from) / (k - from);
        from = k;
    }
}

/* mean (columns): of the points in each column. */
static void fill_columns(double *mean, int columns, const SvgCurve *c, const Span *s)
{
    int *count = mem_calloc((size_t)columns, sizeof *count);
    for (int k = 0; k < columns; k++) mean[k] = 0;
    for (int i = 0; i < c->n; i++) {
        if (!isfinite(c->x[i]) || !isfinite(c->y[i])) continue;
        const double place = s->right > s->left ? (c->x[i] - s->left) / (s->right - s->left) : 0;
        const int k = (int)lround(place * (columns - 1));
        mean[k] += c->y[i], count[k]++;
    }
    for (int k = 0; k < columns; k++) mean[k] = count[k] ? mean[k] / count[k] : NAN;
    free(count);
    draw_lines(mean, columns);
}

/* Eighths of the whole height, at least one, so that the lowest point is seen. */
static int eighths(double y, const Span *s, int rows)
{
    if (!isfinite(y)) return 0;
    const double share = s->high > s->low ? (y - s->low) / (s->high - s->low) : 0.5;
    return 1 + (int)lround(share * (8 * rows - 1));
}

void report_text_curve(Text *out, const SvgCurve *curve, int columns, int rows)
{
    Span s;
    if (!find_span(&s, curve)) {
        text_add(out, "  nothing was measured\n");
        return;
    }
    double *mean = mem_calloc((size_t)columns, sizeof *mean);
    fill_columns(mean, columns, curve, &s);
    for (int row = rows - 1; row >= 0; row--) {
        if (row == rows - 1) text_format(out, "%*.3g ", AXIS - 1, s.high);
        else if (row == 0) text_format(out, "%*.3g ", AXIS - 1, s.low);
        else text_format(out, "%*s", AXIS, "");
        Text line = {0};
        size_t end = 0;
        for (int k = 0; k < columns; k++) {
            const int above = eighths(mean[k], &s, rows) - 8 * row;
            text_add(&line, EIGHTH[above < 0 ? 0 : above > 8 ? 8 : above]);
            if (above > 0) end = line.n;
        }
        text_append(out, line.bytes, end);
        text_add(out, "\n");
        text_free(&line);
    }
    text_format(out, "%*s%-*.4g", AXIS, "", columns / 2, s.left);
    text_format(out, "%*.4g\n", columns - columns / 2, s.right);
    free(mean);
}

static void add_plots(Text *out, const ReportData *d, int columns)
{
    int width = columns - AXIS - 2;
    if (width > CURVE_COLUMNS_MAX) width = CURVE_COLUMNS_MAX;
    if (width < 10) width = 10;
    for (int i = 0; i < d->n_plots; i++) {
        const SvgPlot *p = &d->plots[i];
        for (int k = 0; k < p->n_curves; k++) {
            text_add(out, "\n");
            add_line(out, p->title);
            if (p->curves[k].n == 1) {
                text_format(out, ": %s: %.3g at %.3g\n", p->curves[k].name, p->curves[k].y[0],
                            p->curves[k].x[0]);
                continue;
            }
            text_format(out, ": %s, by %s", p->curves[k].name, p->x_label ? p->x_label : "step");
            if (p->mark_name) text_format(out, "; %s", p->mark_name);
            text_add(out, "\n");
            report_text_curve(out, &p->curves[k], width, CURVE_ROWS);
        }
    }
}

/* ---- shares ---- */

/* A line from 0 to 100%: the interval as a bar, the share on it, even odds where nothing else stands. */
static void add_track(Text *out, const WinRate *w)
{
    const int at = (int)lround(w->rate * (TRACK - 1)), low = (int)lround(w->low * (TRACK - 1)),
              high = (int)lround(w->high * (TRACK - 1));
    for (int k = 0; k < TRACK; k++)
        text_add(out, k == at ? "●" : k >= low && k <= high ? "━" : k == TRACK / 2 ? "┊" : "·");
}

static void add_wins(Text *out, const ReportData *d)
{
    if (d->n_wins == 0) return;
    add_title(out, "Who wins (0% to 100%, with 95% intervals)");
    for (int i = 0; i < d->n_wins; i++) {
        const ReportWin *w = &d->wins[i];
        text_add(out, "  ");
        add_line(out, w->name);
        text_add(out, ", ");
        add_line(out, w->judge);
        text_add(out, "\n  ");
        add_track(out, &w->wins);
        text_format(out, " %.1f%% [%.1f, %.1f]\n", 100 * w->wins.rate, 100 * w->wins.low,
                    100 * w->wins.high);
        if (w->caution) text_format(out, "  %s\n", w->caution);
        text_add(out, "  ");
        win_rate_put_counts(out, &w->wins);
        text_add(out, "\n");
    }
}

/* ---- people, and several models ---- */

static void add_people(Text *out, const ReportPeople *p)
{
    if (!p) return;
    add_title(out, "What people say (blind; no training reads these labels)");
    text_add(out, "  ");
    add_line(out, p->name);
    text_add(out, ", ");
    add_line(out, p->judge);
    text_add(out, "\n  ");
    if (p->wins.n > 0) {
        add_track(out, &p->wins);
        text_format(out, " %.1f%% [%.1f, %.1f]\n", 100 * p->wins.rate, 100 * p->wins.low,
                    100 * p->wins.high);
    } else text_add(out, "nobody has labeled yet\n");
    for (int i = 0; i < p->n_facts; i++) add_named(out, p->facts[i].name, p->facts[i].value);
    for (int i = 0; i < p->n_cautions; i++) text_format(out, "  %s\n", p->cautions[i]);
}

/* A line from the lowest to the highest interval's end, 0 where it lies. */
static void add_strength(Text *out, const ReportRank *r, double low, double high)
{
    const double step = high > low ? (TRACK - 1) / (high - low) : 0;
    const int at = (int)lround((r->elo - low) * step), left = (int)lround((r->low - low) * step),
              right = (int)lround((r->high - low) * step), zero = (int)lround(-low * step);
    for (int k = 0; k < TRACK; k++)
        text_add(out, k == at                   ? r->low == r->high ? "○" : "●"
                      : k >= left && k <= right ? "━"
                      : k == zero               ? "┊"
                                                : "·");
}

static void add_ranking(Text *out, const ReportRanking *r)
{
    double low = 0, high = 0;
    if (!r) return;
    add_title(out, "Several models");
    text_add(out, "  ");
    add_line(out, r->lead);
    text_add(out, "\n");
    if (r->caution) text_format(out, "  %s\n", r->caution);
    for (int i = 0; i < r->n; i++)
        low = fmin(low, r->row[i].low), high = fmax(high, r->row[i].high);
    for (int i = 0; i < r->n; i++) {
        const ReportRank *m = &r->row[i];
        text_format(out, "  %d ", i + 1);
        add_line(out, m->name);
        text_add(out, "\n");
        if (isfinite(m->elo)) {
            text_add(out, "    ");
            add_strength(out, m, low, high);
            text_add(out, " ");
            report_rank_points(out, m);
            text_add(out, "\n");
        }
        text_add(out, "    wins over");
        for (int k = 0; k < r->n; k++)
            if (k != i) text_format(out, " %d: %.2f,", k + 1, m->wins_over[k]);
        text_format(out, " KL %.1f, finished %.0f%%, distinct %.0f%%, words %.1f\n", m->kl,
                    100 * m->finished, 100 * m->distinct, m->words);
    }
    text_add(out, "  ");
    report_ranking_note(out, r);
    text_add(out, "\n");
}

static void add_percent(Text *out, int count, int n)
{
    if (count >= 0 && n > 0) text_format(out, "%8.0f%%", 100. * count / n);
    else text_format(out, "%9s", "");
}

static void add_traits(Text *out, const ReportData *d)
{
    if (d->n_traits == 0) return;
    add_title(out, "Before and after");
    text_format(out, "  %-*s%9s%6s %2d%9s\n", NAME_WIDTH, "share of answers with", "base", "best",
                d->best_of, "aligned");
    for (int i = 0; i < d->n_traits; i++) {
        const ReportTrait *t = &d->traits[i];
        const TraitCount count = {t->name, t->wanted, t->base, t->n_base, t->aligned, t->n_aligned};
        text_format(out, "  %s %-*s", t->wanted ? "+" : "-", NAME_WIDTH - 2, t->name);
        add_percent(out, t->base, t->n_base);
        add_percent(out, t->best, t->n_best);
        add_percent(out, t->aligned, t->n_aligned);
        if (t->base >= 0 && t->aligned >= 0) {
            const TraitChange change = trait_change(&count);
            text_add(out, change.better ? "  better" : change.worse ? "  worse" : "");
        }
        text_add(out, "\n");
    }
}

static void add_measures(Text *out, const ReportData *d)
{
    enum { MEASURE_WIDTH = 46, VALUE_WIDTH = 10 };
    if (d->n_measures == 0) return;
    add_title(out, "What the answers are like");
    text_format(out, "  %-*s%*s%*s\n", MEASURE_WIDTH, "", VALUE_WIDTH, "base", VALUE_WIDTH,
                "aligned");
    for (int i = 0; i < d->n_measures; i++) {
        const ReportMeasure *m = &d->measures[i];
        text_format(out, "  %-*s%*s%*s\n", MEASURE_WIDTH, m->name, VALUE_WIDTH, m->base,
                    VALUE_WIDTH, m->aligned);
    }
}

/* ---- words ---- */

static void add_answer(Text *out, const char *name, const ReportAnswer *a)
{
    if (a->text == NULL) return;
    text_format(out, "  %-10s", name);
    if (isfinite(a->score)) text_format(out, "[%.3g] ", a->score);
    add_line(out, *a->text == ' ' ? a->text + 1 : a->text);
    text_add(out, "\n");
}

static void add_examples(Text *out, const ReportData *d)
{
    if (d->n_examples == 0) return;
    add_title(out, "The same prompt, three answers");
    if (d->examples_lead) text_format(out, "%s\n", d->examples_lead);
    for (int i = 0; i < d->n_examples; i++) {
        const ReportExample *e = &d->examples[i];
        text_format(out, "\n  %-10s", "prompt");
        add_line(out, e->prompt);
        text_add(out, "\n");
        add_answer(out, "base", &e->base);
        add_answer(out, "best of n", &e->best);
        add_answer(out, "aligned", &e->aligned);
    }
}

static void add_lineage(Text *out, const ReportData *d)
{
    if (d->n_lineage == 0) return;
    add_title(out, "Where it comes from");
    for (int i = 0; i < d->n_lineage; i++) {
        const ReportLink *l = &d->lineage[i];
        add_named(out, l->step, l->detail ? l->detail : "");
        if (l->hash) add_named(out, "", l->hash);
    }
}

void report_text(Text *out, const ReportData *d, int columns)
{
    add_line(out, d->title);
    text_add(out, "\n");
    if (d->lead) {
        add_line(out, d->lead);
        text_add(out, "\n");
    }
    if (d->verdict_reasons)
        text_format(out, "verdict: %s (%s)\n", verdict_name(d->verdict), d->verdict_reasons);
    if (d->verdict_reasons && d->verdict_meaning) text_format(out, "%s\n", d->verdict_meaning);
    text_add(out, "\n");
    for (int i = 0; i < d->n_summary; i++) {
        const ReportFact *f = &d->summary[i];
        text_format(out, "  %-*s%s%s%s%s\n", NAME_WIDTH, f->name, f->value, f->note ? "  (" : "",
                    f->note ? f->note : "", f->note ? ")" : "");
    }
    add_traits(out, d);
    add_wins(out, d);
    add_people(out, d->people);
    add_ranking(out, d->ranking);
    add_measures(out, d);
    add_examples(out, d);
    add_plots(out, d, columns);
    add_lineage(out, d);
}
