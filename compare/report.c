#include "compare/report.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "compare/html.h"
#include "compare/report_answers.h"
#include "compare/report_people.h"
#include "compare/report_ranking.h"
#include "compare/report_wins.h"
#include "compare/track.h"
#include "compare/trait.h"
#include "compare/win_rate.h"

/* ---- top ---- */

static void add_top(Text *out, const ReportData *d)
{
    text_add(out, "<header>\n");
    html_element(out, "h1", NULL, d->title);
    if (d->lead) html_element(out, "p", "lead", d->lead);
    text_add(out, "</header>\n");
    if (d->verdict_reasons) {
        static const char *const CLASS[] = {[VERDICT_BETTER] = "better",
                                            [VERDICT_NO_DIFFERENCE] = "open",
                                            [VERDICT_CANNOT_TELL] = "open",
                                            [VERDICT_BROKEN] = "broken",
                                            [VERDICT_WORSE] = "worse"};
        text_format(out, "<div class=\"verdict %s\">", CLASS[d->verdict]);
        html_element(out, "b", NULL, verdict_name(d->verdict));
        html_element(out, "span", NULL, d->verdict_reasons);
        if (d->verdict_meaning) html_element(out, "p", NULL, d->verdict_meaning);
        text_add(out, "</div>\n");
    }
    if (d->n_summary == 0) return;
    text_add(out, "<div class=\"summary\">\n");
    for (int i = 0; i < d->n_summary; i++) {
        text_add(out, "<div>");
        html_element(out, "span", "name", d->summary[i].name);
        html_element(out, "span", "value", d->summary[i].value);
        if (d->summary[i].note) html_element(out, "span", "note", d->summary[i].note);
        text_add(out, "</div>\n");
    }
    text_add(out, "</div>\n");
}

static void add_rule(Text *out, const ReportData *d)
{
    if (d->rule_text == NULL) return;
    html_section(out, "What was asked for", d->rule_lead);
    html_element(out, "div", "rule", d->rule_text);
    if (d->rule_note) html_element(out, "p", "note", d->rule_note);
    html_section_end(out);
}

/* ---- traits ---- */

/* A share with its interval, as a bar and a dot; nothing when it is not known. */
static void add_share(Text *out, const char *class_name, int count, int n)
{
    if (count < 0 || n == 0) return;
    double low, high;
    wilson_interval(&low, &high, count, n);
    Text title = {0};
    text_format(&title, "%s: %d of %d, %.1f%% [%.1f%%, %.1f%%]", class_name, count, n,
                100. * count / n, 100 * low, 100 * high);
    track_bar(out, class_name, low, high);
    track_dot(out, class_name, (double)count / n, title.bytes);
    text_free(&title);
}

static void add_percent(Text *out, const char *class_name, int count, int n)
{
    text_format(out, "<span class=\"%s\">", class_name);
    if (count >= 0 && n > 0) text_format(out, "%.0f%%", 100. * count / n);
    else text_add(out, "&ndash;");
    text_add(out, "</span>");
}

/* In points, with a true minus sign. */
static void add_change(Text *out, const TraitChange *c)
{
    const long points = lround(100 * c->difference);
    text_format(out, "<span class=\"%s\" title=\"95%% interval [%+.1f, %+.1f] points\">",
                c->better  ? "up"
                : c->worse ? "down"
                           : "same",
                100 * c->low, 100 * c->high);
    text_format(out, "%s%ld</span>", points < 0 ? "&minus;" : points > 0 ? "+" : "", labs(points));
}

static void add_trait(Text *out, const ReportTrait *t)
{
    const TraitCount count = {t->name, t->wanted, t->base, t->n_base, t->aligned, t->n_aligned};
    const bool known = t->base >= 0 && t->aligned >= 0 && t->n_base > 0 && t->n_aligned > 0;
    text_add(out, "<div class=\"row\">");
    html_element(out, "div", "name", t->name);
    track_begin(out);
    TraitChange c = {0};
    if (known) {
        c = trait_change(&count);
        track_bar(out, "way", fmin(c.base, c.aligned), fmax(c.base, c.aligned));
    }
    add_share(out, "base", t->base, t->n_base);
    if (t->best >= 0 && t->n_best > 0) track_dot(out, "best", (double)t->best / t->n_best, "best");
    add_share(out, "aligned", t->aligned, t->n_aligned);
    track_end(out);
    text_add(out, "<div class=\"cells\">");
    add_percent(out, "base", t->base, t->n_base);
    add_percent(out, "best", t->best, t->n_best);
    add_percent(out, "aligned", t->aligned, t->n_aligned);
    if (known) add_change(out, &c);
    text_add(out, "</div></div>\n");
}

static void add_trait_group(Text *out, const ReportData *d, bool wanted)
{
    int n = 0;
    for (int i = 0; i < d->n_traits; i++) n += d->traits[i].wanted == wanted;
    if (n == 0) return;
    text_format(out, "<div class=\"row head\"><b>%s</b>", wanted ? "Wanted" : "Faults");
    track_scale(out);
    text_format(out,
                "<div class=\"cells\"><span>base</span><span>best of %d</span><span>aligned</span>"
                "<span>change</span></div></div>\n",
                d->best_of);
    for (int i = 0; i < d->n_traits; i++)
        if (d->traits[i].wanted == wanted) add_trait(out, &d->traits[i]);
}

static void add_key(Text *out, const ReportData *d)
{
    text_format(out,
                "<div class=\"key\"><span><i class=\"base\"></i>base</span>"
                "<span><i class=\"best\"></i>best of %d, picked by the reward model</span>"
                "<span><i class=\"aligned\"></i>aligned</span></div>\n",
                d->best_of);
}

static void add_traits(Text *out, const ReportData *d)
{
    if (d->n_traits == 0) return;
    html_section(
        out, "Before and after",
        "How many of the answers have each trait, with 95% intervals. A change is coloured where "
        "it is beyond its interval.");
    add_key(out, d);
    text_add(out, "<div class=\"rows\">\n");
    add_trait_group(out, d, true);
    add_trait_group(out, d, false);
    text_add(out, "</div>\n");
    html_section_end(out);
}

/* ---- wins ---- */

static void add_wins(Text *out, const ReportData *d)
{
    if (d->n_wins == 0) return;
    html_section(
        out, "Who wins",
        "The share of test prompts on which the aligned answer is the better one; a tie counts "
        "half. The line at 50% is even odds; the bars are 95% intervals.");
    text_add(out, "<div class=\"rows\">\n");
    report_win_head(out);
    for (int i = 0; i < d->n_wins; i++) report_win_row(out, &d->wins[i]);
    text_add(out, "</div>\n");
    html_section_end(out);
}

/* ---- examples ---- */

static bool has_one_decimal(double x)
{
    return fabs(10 * x - nearbyint(10 * x)) < 1e-6;
}

static void add_answer(Text *out, const char *class_name, const char *name, const ReportAnswer *a)
{
    if (a->text == NULL) return;
    text_format(out, "<div class=\"answer %s\"><header>", class_name);
    html_element(out, "span", NULL, name);
    if (isfinite(a->score))
        text_format(out, "<span class=\"score\">%.*f</span>", has_one_decimal(a->score) ? 1 : 2,
                    a->score);
    text_add(out, "</header>");
    html_element(out, "p", NULL, *a->text == ' ' ? a->text + 1 : a->text);
    if (a->reasons) html_element(out, "p", "why", a->reasons);
    text_add(out, "</div>\n");
}

static void add_examples(Text *out, const ReportData *d)
{
    if (d->n_examples == 0) return;
    char best[64];
    snprintf(best, sizeof best, "best of %d", d->best_of);
    html_section(out, "The same prompt, three answers", d->examples_lead);
    for (int i = 0; i < d->n_examples; i++) {
        const ReportExample *e = &d->examples[i];
        text_add(out, "<article class=\"example\">");
        html_element(out, "p", "prompt", e->prompt);
        text_add(out, "<div class=\"answers\">\n");
        add_answer(out, "base", "base", &e->base);
        add_answer(out, "best", best, &e->best);
        add_answer(out, "aligned", "aligned", &e->aligned);
        text_add(out, "</div></article>\n");
    }
    report_prompts(out, d);
    html_section_end(out);
}

/* ---- training ---- */

static void add_plots(Text *out, const ReportData *d)
{
    if (d->n_plots == 0) return;
    html_section(out, "How it learned", NULL);
    text_add(out, "<div class=\"plots\">\n");
    for (int i = 0; i < d->n_plots; i++) svg_plot(out, &d->plots[i]);
    text_add(out, "</div>\n");
    html_section_end(out);
}

static void add_stories(Text *out, const ReportData *d)
{
    for (int i = 0; i < d->n_stories; i++) {
        const ReportStory *s = &d->stories[i];
        html_section(out, s->title, NULL);
        html_element(out, "p", "prompt", s->prompt);
        text_add(out, "<div class=\"story\">\n");
        for (int k = 0; k < s->n; k++) {
            const char *text = s->moments[k].text;
            text_format(out, "<div class=\"moment\"><span class=\"step\">step %s</span>",
                        text_thousands(s->moments[k].step));
            html_element(out, "p", NULL, *text == ' ' ? text + 1 : text);
            text_add(out, "</div>\n");
        }
        text_add(out, "</div>\n");
        html_section_end(out);
    }
}

/* ---- origin ---- */

static void add_lineage(Text *out, const ReportData *d)
{
    if (d->n_lineage == 0) return;
    html_section(out, "Where it comes from",
                 "From the base to the aligned model; the codes are SHA-256.");
    text_add(out, "<ol class=\"chain\">\n");
    for (int i = 0; i < d->n_lineage; i++) {
        const ReportLink *link = &d->lineage[i];
        text_add(out, "<li>");
        html_element(out, "b", NULL, link->step);
        if (link->detail) html_element(out, "span", "detail", link->detail);
        if (link->hash) html_element(out, "code", NULL, link->hash);
        text_add(out, "</li>\n");
    }
    text_add(out, "</ol>\n");
    html_section_end(out);
}

static void add_settings(Text *out, const ReportData *d)
{
    if (d->n_settings == 0) return;
    text_add(out, "<details><summary>All settings</summary>\n<table>\n");
    for (int i = 0; i < d->n_settings; i++) {
        text_add(out, "<tr>");
        html_element(out, "td", NULL, d->settings[i].name);
        html_element(out, "td", NULL, d->settings[i].value);
        html_element(out, "td", "note", d->settings[i].note);
        text_add(out, "</tr>\n");
    }
    text_add(out, "</table>\n</details>\n");
}

static void add_footer(Text *out, const ReportData *d)
{
    text_format(out, "<footer>seed %llu", (unsigned long long)d->seed);
    if (d->version) {
        text_add(out, " &middot; rlhf ");
        html_text(out, d->version);
    }
    if (d->date) {
        text_add(out, " &middot; ");
        html_text(out, d->date);
    }
    text_add(out, "</footer>\n");
}

void report_html(Text *out, const ReportData *d)
{
    html_begin(out, d->title);
    add_top(out, d);
    add_rule(out, d);
    add_traits(out, d);
    add_wins(out, d);
    if (d->people) report_people(out, d->people);
    if (d->ranking) report_ranking(out, d->ranking);
    report_measures(out, d);
    add_examples(out, d);
    add_plots(out, d);
    add_stories(out, d);
    add_lineage(out, d);
    add_settings(out, d);
    add_footer(out, d);
    html_end(out);
}

int report_write(const ReportData *d, const char *path, Error *err)
{
    Text page = {0};
    report_html(&page, d);
    const int rc = file_write(path, page.bytes, page.n, err);
    text_free(&page);
    return rc;
}
