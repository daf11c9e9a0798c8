#include "cli/comparison_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "cli/ancestry.h"
#include "labeling/shown.h"

void *page_keep(Page *p, void *item)
{
    if (p->n_kept == p->room_kept)
        p->kept =
            mem_realloc(p->kept, (size_t)(p->room_kept = 2 * p->room_kept + 64), sizeof *p->kept);
    return p->kept[p->n_kept++] = item;
}

const char *page_day(Page *p, int64_t us)
{
    char day[32];
    const time_t seconds = (time_t)(us / 1000000);
    struct tm local;
    strftime(day, sizeof day, "%Y-%m-%d", localtime_r(&seconds, &local));
    return KEEP(p, "%s", day);
}

/* ---- curves --------------------------------------------------------------------------------------- */

/* One metric as a curve of plot number data.n_plots. */
static void add_curve(Page *p, SvgPlot *plot, const RunRecord *record, const char *metric,
                      const char *name)
{
    SvgCurve *curve = p->curve[p->data.n_plots];
    double *x = page_keep(p, mem_calloc((size_t)record->n + 1, sizeof *x));
    double *y = page_keep(p, mem_calloc((size_t)record->n + 1, sizeof *y));
    const int n = run_record_column(x, y, record, metric);
    if (n > 0) curve[plot->n_curves++] = (SvgCurve){name, x, y, n};
}

static void end_plot(Page *p, SvgPlot plot)
{
    plot.curves = p->curve[p->data.n_plots];
    if (plot.n_curves > 0) p->plot[p->data.n_plots++] = plot;
}

static double setting(const RunRecord *r, const char *section, const char *name)
{
    return json_number(cJSON_GetObjectItemCaseSensitive(r->settings, section), name, NAN);
}

/* The curves of PPO, one plot each. */
static const struct {
    const char *title, *note, *metric, *name;
    double y_max;
} PPO_PLOTS[] = {
    {"Score", "Mean score by the reward model it is trained on", "objective/scores", "score", 0},
    {"KL to the base", "Nats per answer", "objective/kl", "KL", 1},
    {"Length", "Tokens per answer", "objective/response_length", "tokens", 1},
    {"Entropy", "Of an answer, nats: mean of -log p", "objective/entropy", "entropy", .1},
    {"Value model", "Share of the returns' variance that it explains", "val/explained_variance",
     "explained", 1},
    {"KL coefficient", "Reward lost per nat", "objective/kl_coef", "coefficient", .01},
};

void page_add_plots(Page *p)
{
    const double target = setting(&p->aligned, "ppo", "kl_target");
    for (size_t i = 0; i < sizeof PPO_PLOTS / sizeof *PPO_PLOTS; i++) {
        SvgPlot plot = {.title = PPO_PLOTS[i].title,
                        .note = PPO_PLOTS[i].note,
                        .x_label = "iteration",
                        .y_max = PPO_PLOTS[i].y_max};
        if (target > 0 && strcmp(PPO_PLOTS[i].metric, "objective/kl") == 0)
            plot.mark_name = KEEP(p, "target %g", target), plot.mark = target,
            plot.y_max = 1.25 * target;
        add_curve(p, &plot, &p->aligned, PPO_PLOTS[i].metric, PPO_PLOTS[i].name);
        end_plot(p, plot);
    }
    SvgPlot reward = {.title = "Reward model",
                      .note = "Share of each training batch ranked as labeled",
                      .x_label = "step",
                      .y_min = .5,
                      .y_max = 1};
    add_curve(p, &reward, &p->reward, "accuracy", "accuracy");
    end_plot(p, reward);
    SvgPlot base = {.title = "Base model", .note = "Loss per token, nats", .x_label = "step"};
    add_curve(p, &base, &p->base, "loss", "training");
    add_curve(p, &base, &p->base, "eval_loss", "held out");
    end_plot(p, base);
}

/* ---- the frontier --------------------------------------------------------------------------------- */

static double mean(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    return n ? sum / n : NAN;
}

static SvgCurve best_of_curve(Page *p)
{
    const Comparison *c = p->c;
    double *x = page_keep(p, mem_calloc((size_t)c->n_frontier + 1, sizeof *x));
    double *y = page_keep(p, mem_calloc((size_t)c->n_frontier + 1, sizeof *y));
    for (int i = 0; i < c->n_frontier; i++) {
        x[i] = c->best_chosen > 0 ? best_of_n_kl(c->frontier[i].n) : 0;
        y[i] = c->frontier[i].score;
    }
    return (SvgCurve){KEEP(p, "best of 1 to %d", p->r->options->best_of), x, y, c->n_frontier};
}

/* The KL of iteration i was measured before its update, as was its score. */
static SvgCurve training_curve(Page *p)
{
    double *x = page_keep(p, mem_calloc((size_t)p->aligned.n + 1, sizeof *x));
    double *y = page_keep(p, mem_calloc((size_t)p->aligned.n + 1, sizeof *y));
    double *step = page_keep(p, mem_calloc((size_t)p->aligned.n + 1, sizeof *step));
    const int of_kl = run_record_column(step, x, &p->aligned, "objective/kl");
    const int of_score = run_record_column(step, y, &p->aligned, "objective/scores");
    return (SvgCurve){"PPO while it trained", x, y, of_kl == of_score ? of_kl : 0};
}

void page_add_frontier(Page *p)
{
    const Comparison *c = p->c;
    SvgPlot plot = {.title = "Score against KL",
                    .note =
                        "By the reward model, which both were made to please; less KL for the same "
                        "score is better",
                    .x_label = "nats per answer"};
    SvgCurve *curve = p->curve[p->data.n_plots];
    if (!p->r->reward || c->n_frontier == 0) return;
    const SvgCurve training = training_curve(p);
    double *x = page_keep(p, mem_calloc(1, sizeof *x)), *y = page_keep(p, mem_calloc(1, sizeof *y));
    *x = c->kl, *y = mean(c->aligned.score, c->n);
    curve[plot.n_curves++] = (SvgCurve){"aligned, on the test prompts", x, y, 1};
    curve[plot.n_curves++] = best_of_curve(p);
    if (training.n > 0) curve[plot.n_curves++] = training;
    end_plot(p, plot);
}

/* Of the prompts, what a reader is shown. */
void page_add_stories(Page *p)
{
    const int n = p->r->n_stories;
    ReportStory *story = page_keep(p, mem_calloc((size_t)n + 1, sizeof *story));
    for (int i = 0; i < n; i++) {
        size_t length;
        const char *prompt = shown_prompt(p->r->stories[i].prompt, &length);
        story[i] = p->r->stories[i];
        story[i].prompt = KEEP(p, "%.*s", (int)length, prompt);
    }
    p->data.stories = story, p->data.n_stories = n;
}

/* ---- where it comes from -------------------------------------------------------------------------- */

static void add_link(Page *p, const char *step, const char *detail, const char *hash)
{
    if (p->data.n_lineage < PAGE_LINKS)
        p->link[p->data.n_lineage++] = (ReportLink){step, detail, hash};
}

/* "run ppo-1, step 40", or the folder. */
static const char *origin(Page *p, const RunRecord *record, const Loaded *l)
{
    if (!record->name[0]) return l->folder;
    if (record->step < 0) return KEEP(p, "run %s", record->name);
    return KEEP(p, "run %s, step %s", record->name, text_thousands(record->step));
}

/* Labels that training may read but that were given, or changed, since the reward model's began. */
static int count_newer(int64_t *out, Page *p, Error *err)
{
    StoreRunList runs = {0};
    int64_t started_us = 0;
    *out = 0;
    if (!p->reward.name[0]) return 0;
    if (store_list_runs(p->store, "reward", &runs, err) != 0) return -1;
    for (size_t i = 0; i < runs.n; i++)
        if (strcmp(runs.row[i].name, p->reward.name) == 0) started_us = runs.row[i].started_us;
    store_runs_free(&runs);
    return started_us > 0 ? store_count_preferences_since(p->store, started_us, out, err) : 0;
}

/* Who gave how many labels that training may read: none of those that evaluate. */
static int add_labels(Page *p, Error *err)
{
    const ComparisonReport *r = p->r;
    StoreStatus status = {0};
    Text t = {0};
    int64_t newer;
    if (count_newer(&newer, p, err) != 0) return -1;
    if (store_status(p->store, &status, err) != 0) return -1;
    for (size_t i = 0; i < status.n_annotators; i++)
        if (status.annotator[i].preferences > 0)
            text_format(&t, "%s%s by %s", t.n ? ", " : "",
                        text_thousands(status.annotator[i].preferences),
                        status.annotator[i].handle);
    if (r->coin) text_add(&t, "; every one a coin toss");
    else if (r->error_rate > 0)
        text_format(&t, "; %g%% turned round on purpose", 100 * r->error_rate);
    if (t.n && newer > 0)
        text_format(&t, "; %s newer than the reward model, which was not trained on %s",
                    text_thousands(newer), newer == 1 ? "it" : "them");
    if (t.n) add_link(p, "labels", page_keep(p, text_take(&t)), NULL);
    text_free(&t);
    store_status_free(&status);
    return 0;
}

/* The models between the base and the aligned one, of earlier rounds. */
static int add_ancestors(Page *p, Error *err)
{
    enum { SHOWN = PAGE_LINKS - 5 }; /* base, labels, reward and aligned model, and a gap */
    const ComparisonReport *r = p->r;
    Ancestor *list = page_keep(p, mem_calloc(SHOWN, sizeof *list));
    bool complete;
    int n;
    if (!r->ctx || !r->ctx->project[0]) return 0;
    if (ancestry_find(list, &n, SHOWN, &complete, r->ctx, p->aligned.start, r->base, err) != 0)
        return -1;
    if (!complete) add_link(p, "started from", "a model that is in no run any more", NULL);
    for (int i = 0; i < n; i++)
        add_link(p, "started from",
                 KEEP(p, "run %s, step %s", list[i].name, text_thousands(list[i].step)),
                 list[i].hash);
    return 0;
}

static const char *reward_detail(Page *p)
{
    const ComparisonReport *r = p->r;
    const char *from = origin(p, &p->reward, r->reward);
    if (r->reward_accuracy <= 0) return from;
    const char *right =
        KEEP(p, "%s; right on %.1f%% of held-out pairs", from, 100 * r->reward_accuracy);
    if (r->reward_ceiling <= 0) return right;
    return KEEP(
        p, "%s (the answer of more tokens on %.1f%%; whoever knows the rule by heart on %.1f%%)",
        right, 100 * r->reward_longer, 100 * r->reward_ceiling);
}

int page_add_lineage(Page *p, Error *err)
{
    const ComparisonReport *r = p->r;
    add_link(p, "base model", origin(p, &p->base, r->base), r->base->hash);
    if (p->store && add_labels(p, err) != 0) return -1;
    if (add_ancestors(p, err) != 0) return -1;
    if (r->reward) add_link(p, "reward model", reward_detail(p), r->reward->hash);
    add_link(p, "aligned model", origin(p, &p->aligned, r->aligned), r->aligned->hash);
    return 0;
}

static void add_settings_of(Page *p, ReportFact *fact, int *n, int room, const RunRecord *record)
{
    const cJSON *section, *value;
    cJSON_ArrayForEach(section, record->settings) cJSON_ArrayForEach(value, section)
    {
        if (*n == room) return;
        char *text = page_keep(p, cJSON_PrintUnformatted(value));
        fact[(*n)++] =
            (ReportFact){KEEP(p, "%s.%s", section->string, value->string),
                         cJSON_IsString(value) ? value->valuestring : text, record->name};
    }
}

void page_add_settings(Page *p)
{
    enum { ROOM = 256 };
    const ComparisonOptions *o = p->r->options;
    ReportFact *fact = page_keep(p, mem_calloc(ROOM, sizeof *fact));
    int n = 0;
    fact[n++] = (ReportFact){"compare.temperature", KEEP(p, "%g", o->temperature), NULL};
    if (o->max_new_tokens > 0)
        fact[n++] = (ReportFact){"compare.max_new_tokens", KEEP(p, "%d", o->max_new_tokens), NULL};
    fact[n++] = (ReportFact){"compare.best_of", KEEP(p, "%d", o->best_of), NULL};
    add_settings_of(p, fact, &n, ROOM, &p->base);
    add_settings_of(p, fact, &n, ROOM, &p->reward);
    add_settings_of(p, fact, &n, ROOM, &p->aligned);
    p->data.settings = fact, p->data.n_settings = n;
}
