#include "cli/comparison_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "cli/comparison_page.h"
#include "compare/report_text.h"

/* ---- large numbers -------------------------------------------------------------------------------- */

static void add_fact(Page *p, const char *name, const char *value, const char *note)
{
    if (p->data.n_summary < PAGE_FACTS)
        p->fact[p->data.n_summary++] = (ReportFact){name, value, note};
}

static void add_win_fact(Page *p, const char *name, const WinRate *w)
{
    add_fact(p, name, KEEP(p, "%.1f%%", 100 * w->rate),
             KEEP(p, "[%.1f, %.1f], n = %d%s", 100 * w->low, 100 * w->high, w->n,
                  p->c->aligned_points ? "" : "; by the reward model, not evidence"));
}

static const WinRate *win_of(const Comparison *c)
{
    return c->aligned_points ? &c->by_rule : &c->by_reward;
}

/* "2.3 nats", and below it its interval and what best-of-n costs. */
static void add_kl(Page *p)
{
    const Comparison *c = p->c;
    char kl[48], best[96];
    const char *error = strchr(comparison_kl_text(kl, c->kl, c->kl_error), ' ');
    const char *note = KEEP(p, "per answer%s%s", error ? "," : "", error ? error : "");
    if (c->best.n)
        note = KEEP(p, "%s; %s", note, comparison_best_text(best, c, p->r->options->best_of));
    add_fact(p, "KL to the base", KEEP(p, "%.*s nats", (int)strcspn(kl, " "), kl), note);
}

static void add_summary(Page *p)
{
    const ComparisonReport *r = p->r;
    const Comparison *c = p->c;
    add_win_fact(p, "wins against the base", win_of(c));
    if (c->best.n)
        add_win_fact(p, KEEP(p, "wins against best of %d", r->options->best_of), &c->against_best);
    if (r->unseen) add_win_fact(p, "wins on unseen pairs", win_of(r->unseen));
    if (c->n_traits)
        add_fact(p, "answers all right",
                 KEEP(p, "%.0f%% \u2192 %.0f%%", 100. * c->base_all_right / c->n,
                      100. * c->all_right / c->n),
                 "every needed trait, no fault");
    add_kl(p);
}

/* ---- traits and wins ------------------------------------------------------------------------------ */

static void add_traits(Page *p)
{
    const Comparison *c = p->c;
    const int n = c->n, n_best = c->best.n;
    if (c->n_traits == 0) return;
    for (int i = 0; i < c->n_traits; i++) {
        const ComparisonTrait *t = &c->trait[i];
        p->trait[i] = (ReportTrait){t->name, t->wanted,  t->base, n, n_best ? t->best : -1,
                                    n_best,  t->aligned, n};
    }
    p->trait[c->n_traits] = (ReportTrait){
        "all right",  true, c->base_all_right, n, n_best ? c->best_all_right : -1, n_best,
        c->all_right, n};
    p->data.n_traits = c->n_traits + 1;
}

static void add_win(Page *p, const char *name, const char *judge, const WinRate *wins,
                    const char *caution)
{
    if (p->data.n_wins < PAGE_WINS && wins->n > 0)
        p->win[p->data.n_wins++] = (ReportWin){name, judge, *wins, caution};
}

static const char *caution(const WinRate *wins, bool rule, Contest contest)
{
    return rule ? NULL : comparison_caution(wins, contest);
}

static void add_wins(Page *p)
{
    const ComparisonReport *r = p->r;
    const Comparison *c = p->c;
    const bool rule = c->aligned_points != NULL;
    const char *by = KEEP(p, "by %s, %s", p->judge, text_count(c->n, "test prompt"));
    add_win(p, "aligned against base", by, win_of(c),
            caution(win_of(c), rule, CONTEST_ALIGNED_BASE));
    if (c->best.n) {
        add_win(p, KEEP(p, "aligned against best of %d", r->options->best_of), by, &c->against_best,
                caution(&c->against_best, rule, CONTEST_ALIGNED_BEST));
        add_win(p, KEEP(p, "best of %d against base", r->options->best_of), by,
                &c->best_against_base, caution(&c->best_against_base, rule, CONTEST_BEST_BASE));
    }
    if (r->unseen)
        add_win(p, "aligned against base, unseen pairs",
                KEEP(p, "by %s, %s about pairs that no text the base read has", p->judge,
                     text_count(r->unseen->n, "prompt")),
                win_of(r->unseen), caution(win_of(r->unseen), rule, CONTEST_ALIGNED_BASE));
    if (rule && r->reward)
        add_win(p, "aligned against base",
                KEEP(p, "by the reward model, %s", text_count(c->n, "test prompt")), &c->by_reward,
                caution(&c->by_reward, false, CONTEST_ALIGNED_BASE));
}

/* ---- what the answers are like -------------------------------------------------------------------- */

static const char *share(Page *p, double x)
{
    return KEEP(p, "%.*f%%", x > 0 && x < 0.1 ? 1 : 0, 100 * x);
}

/* What is not known of one of them is left out. */
static void add_measure(Page *p, const char *name, double base, double aligned, bool is_share)
{
    if (!isfinite(base) || !isfinite(aligned)) return;
    p->measure[p->data.n_measures++] =
        (ReportMeasure){name, is_share ? share(p, base) : KEEP(p, "%.3g", base),
                        is_share ? share(p, aligned) : KEEP(p, "%.3g", aligned)};
}

static void add_measures(Page *p)
{
    const Comparison *c = p->c;
    add_measure(p, "end by themselves", c->base_finished, c->finished, true);
    add_measure(p, "are different answers", c->base_distinct, c->distinct, true);
    add_measure(p, "stand in the corpus as a whole", c->base_verbatim, c->verbatim, true);
    add_measure(p, "different words of all (distinct-1)", c->base_distinct_runs[0],
                c->distinct_runs[0], false);
    add_measure(p, "different pairs of words (distinct-2)", c->base_distinct_runs[1],
                c->distinct_runs[1], false);
    add_measure(p, "words an answer", c->base_words, c->words, false);
    add_measure(p, "the base's log-probability per token", c->base_logp_own,
                c->base_logp_of_aligned, false);
}

/* ---- the page ------------------------------------------------------------------------------------- */

static const char *rule_note(Page *p)
{
    if (p->r->coin)
        return "The labels of this run are coin tosses all the same: nothing can be learned from "
               "them.";
    if (p->r->error_rate <= 0) return NULL;
    return KEEP(p, "%g%% of the labels were turned round on purpose.", 100 * p->r->error_rate);
}

static void begin_page(Page *p, const ComparisonReport *r)
{
    const Rule *rule = r->options->rule;
    const Comparison *c = r->main;
    p->r = r, p->c = c;
    p->judge = rule ? KEEP(p, "the rule %s", rule->name) : "the reward model";
    p->data = (ReportData){
        .title = r->title ? r->title : KEEP(p, "%s against %s", r->aligned->name, r->base->name),
        .lead = r->lead ? r->lead
                        : KEEP(p, "Both answered %s, which no training saw, at temperature %g.",
                               text_count(c->n, "test prompt"), r->options->temperature),
        .verdict = c->verdict,
        .verdict_reasons = KEEP(p, "%s%s", c->reasons.n ? c->reasons.bytes : "",
                                rule ? "" : ", by the reward model"),
        .verdict_meaning =
            KEEP(p, "%s%s", verdict_meaning(c->verdict),
                 rule ? "" : "  Its judge is the model that one of the two was trained to please."),
        .rule_text = rule ? rule->text : NULL,
        .rule_lead = "This rule judges the answers. No model was shown it.",
        .rule_note = rule_note(p),
        .summary = p->fact,
        .traits = p->trait,
        .wins = p->win,
        .measures = p->measure,
        .examples = p->example,
        .plots = p->plot,
        .lineage = p->link,
        .best_of = r->options->best_of,
        .seed = r->options->seed,
        .version = RLHF_VERSION,
        .date = page_day(p, (int64_t)time(NULL) * 1000000)};
}

static int fill_page(Page *p, const ComparisonReport *r, Error *err)
{
    begin_page(p, r);
    if (r->ctx && r->ctx->project[0] && open_store_to_read(&p->store, r->ctx, err) != 0) return -1;
    if (run_record_read(&p->base, r->base->folder, err) != 0) return -1;
    if (run_record_read(&p->aligned, r->aligned->folder, err) != 0) return -1;
    if (r->reward && run_record_read(&p->reward, r->reward->folder, err) != 0) return -1;
    add_summary(p);
    add_traits(p);
    add_wins(p);
    if (p->store && (page_add_people(p, err) != 0 || page_add_ranking(p, err) != 0)) return -1;
    add_measures(p);
    page_add_examples(p);
    page_add_prompts(p);
    page_add_frontier(p);
    page_add_plots(p);
    page_add_stories(p);
    page_add_settings(p);
    return page_add_lineage(p, err);
}

static void free_page(Page *p)
{
    run_record_free(&p->base);
    run_record_free(&p->aligned);
    run_record_free(&p->reward);
    store_close(p->store);
    for (int i = 0; i < p->n_kept; i++) free(p->kept[i]);
    free(p->kept);
    free(p);
}

int comparison_report(const ComparisonReport *r, const char *path, Error *err)
{
    Page *p = mem_calloc(1, sizeof *p);
    int rc = fill_page(p, r, err);
    if (rc == 0) rc = report_write(&p->data, path, err);
    free_page(p);
    return rc;
}

int comparison_report_text(Text *out, const ComparisonReport *r, int columns, Error *err)
{
    Page *p = mem_calloc(1, sizeof *p);
    const int rc = fill_page(p, r, err);
    if (rc == 0) report_text(out, &p->data, columns);
    free_page(p);
    return rc;
}
