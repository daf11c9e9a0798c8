#include "compare/report_ranking.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "compare/forest_plot.h"
#include "compare/html.h"

void report_rank_points(Text *out, const ReportRank *r)
{
    if (!isfinite(r->elo)) text_add(out, "-");
    else if (r->low == r->high) text_add(out, "0");
    else text_format(out, "%+.0f [%+.0f, %+.0f]", r->elo, r->low, r->high);
}

static bool is_fitted(const ReportRanking *r)
{
    return r->n > 0 && isfinite(r->row[0].elo);
}

void report_ranking_note(Text *out, const ReportRanking *r)
{
    if (is_fitted(r))
        text_format(out,
                    "Points above %s by Bradley and Terry: 100 points win 64 times in 100. The "
                    "interval of each is against that model alone.",
                    r->reference);
    else
        text_format(out,
                    "No strengths: some of the models never lose to others, so that no number of "
                    "points above %s is too high.",
                    r->reference);
}

static void add_plot(Text *out, const ReportRanking *r)
{
    ForestRow *row = mem_calloc((size_t)r->n, sizeof *row);
    char **number = mem_calloc((size_t)r->n, sizeof *number);
    Text note = {0};
    report_ranking_note(&note, r);
    for (int i = 0; i < r->n; i++) {
        const ReportRank *m = &r->row[i];
        Text points = {0};
        report_rank_points(&points, m);
        number[i] = text_take(&points);
        row[i] = (ForestRow){m->name, number[i], m->elo, m->low, m->high};
    }
    forest_plot(out, &(ForestPlot){"Strength", note.bytes, "points of Elo", row, r->n});
    for (int i = 0; i < r->n; i++) free(number[i]);
    free(number);
    free(row);
    text_free(&note);
}

static void add_cell(Text *out, const char *format, double x)
{
    char cell[32];
    snprintf(cell, sizeof cell, format, x);
    html_element(out, "td", NULL, isfinite(x) ? cell : "\u2013");
}

static void begin_table(Text *out)
{
    text_add(out, "<div class=\"wide\"><table class=\"ranks\">\n<tr><th></th><th></th>");
}

static void begin_row(Text *out, const ReportRanking *r, int i)
{
    text_format(out, "<tr><td>%d</td>", i + 1);
    html_element(out, "td", "name", r->row[i].name);
}

static void end_table(Text *out)
{
    text_add(out, "</table></div>\n");
}

static void add_answers(Text *out, const ReportRanking *r)
{
    begin_table(out);
    text_add(out, "<th>KL</th><th>finished</th><th>distinct</th><th>words</th></tr>\n");
    for (int i = 0; i < r->n; i++) {
        const ReportRank *m = &r->row[i];
        begin_row(out, r, i);
        add_cell(out, "%.1f", m->kl);
        add_cell(out, "%.0f%%", 100 * m->finished);
        add_cell(out, "%.0f%%", 100 * m->distinct);
        add_cell(out, "%.1f", m->words);
        text_add(out, "</tr>\n");
    }
    end_table(out);
}

/* The columns are numbered as the rows are. */
static void add_wins(Text *out, const ReportRanking *r)
{
    begin_table(out);
    for (int i = 0; i < r->n; i++) text_format(out, "<th>beats %d</th>", i + 1);
    text_add(out, "</tr>\n");
    for (int i = 0; i < r->n; i++) {
        begin_row(out, r, i);
        for (int k = 0; k < r->n; k++) add_cell(out, "%.2f", r->row[i].wins_over[k]);
        text_add(out, "</tr>\n");
    }
    end_table(out);
}

void report_ranking(Text *out, const ReportRanking *r)
{
    html_section(out, "Several models", r->lead);
    if (r->caution) html_element(out, "p", "caution", r->caution);
    text_add(out, "<div class=\"forest\">\n");
    if (is_fitted(r)) {
        add_plot(out, r);
    } else {
        Text note = {0};
        report_ranking_note(&note, r);
        html_element(out, "p", "note", note.bytes);
        text_free(&note);
    }
    text_add(out, "<div>\n");
    add_wins(out, r);
    add_answers(out, r);
    text_add(out, "</div></div>\n");
    html_section_end(out);
}
