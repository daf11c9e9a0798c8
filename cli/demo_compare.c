#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/comparison.h"
#include "cli/comparison_print.h"
#include "cli/comparison_record.h"
#include "cli/comparison_report.h"
#include "cli/corpus.h"
#include "cli/demo.h"

typedef struct {
    Store *store;
    Loaded base, aligned, reward;
    Corpus corpus;
    const char **answers; /* (corpus.n) of its conversations */
    Comparison main, unseen;
} Compared;

static int open_all(Compared *c, Demo *d, Error *err)
{
    const char *path = "corpus.jsonl";
    if (open_store(&c->store, &d->inner, err) != 0) return -1;
    if (loaded_open(&c->base, &d->inner, NULL, "base", NULL, err) != 0) return -1;
    if (loaded_open(&c->aligned, &d->inner, NULL, "aligned", &c->base, err) != 0) return -1;
    if (loaded_open(&c->reward, &d->inner, NULL, "reward", &c->base, err) != 0) return -1;
    if (corpus_read(&c->corpus, &path, 1, err) != 0) return -1;
    /* an answer is verbatim when it is the whole answer of some conversation */
    c->answers = mem_calloc((size_t)c->corpus.n, sizeof *c->answers);
    for (int i = 0; i < c->corpus.n; i++) {
        const char *at = strstr(c->corpus.text[i], "\nA:");
        c->answers[i] = at ? at + 3 : c->corpus.text[i];
    }
    return 0;
}

static void close_all(Compared *c)
{
    comparison_free(&c->main);
    comparison_free(&c->unseen);
    free(c->answers);
    corpus_free(&c->corpus);
    loaded_close(&c->aligned);
    loaded_close(&c->reward);
    loaded_close(&c->base);
    store_close(c->store);
}

static ComparisonOptions options_of(const Compared *c, const Demo *d)
{
    return (ComparisonOptions){.source = "requests",
                               .n = d->state.sizes.n,
                               .best_of = DEMO_BEST_OF,
                               .max_new_tokens = DEMO_NEW_TOKENS,
                               .batch = 64,
                               .temperature = 1,
                               .seed = d->state.seed,
                               .rule = d->rule,
                               .corpus = c->answers,
                               .n_corpus = c->corpus.n};
}

/* The baseline is drawn for the first set alone: it takes sixteen of every eighteen answers. */
static int compare(Compared *c, const Demo *d, Error *err)
{
    enum { SHOWN = 3 };
    const ComparisonOptions o = options_of(c, d);
    ComparisonOptions unseen = o;
    unseen.source = "unseen", unseen.best_of = 0;
    if (comparison_run(&c->main, c->store, &c->base, &c->aligned, &c->reward, &o, err) != 0)
        return -1;
    if (comparison_run(&c->unseen, c->store, &c->base, &c->aligned, &c->reward, &unseen, err) != 0)
        return -1;
    for (int i = 0; i < SHOWN && i < c->main.n; i++) comparison_print_example(&c->main, i, d->rule);
    comparison_print_traits(&c->main, DEMO_BEST_OF);
    comparison_print_wins(&c->main, &o, "on requests like those it learned from");
    comparison_print_verdict(&c->main);
    comparison_print_wins(&c->unseen, &unseen,
                          "on pairs of thing and trouble that no conversation contained");
    return 0;
}

static const char *lead_of(const DemoState *s)
{
    if (s->placebo) return "The same run with coin tosses for labels: it must lead nowhere.";
    if (s->reward.silent)
        return "The scores of the reward model say nothing: what it learned from the choices may "
               "be "
               "chance.  So nothing should have moved.";
    return "A small model learned from choices what the customer likes.";
}

static int write_report(Compared *c, Demo *d, Error *err)
{
    const ComparisonOptions o = options_of(c, d);
    const DemoState *s = &d->state;
    ReportStory story[DEMO_STORIES] = {
        {"The base learns to answer", d->story.prompt, s->moment[0], s->n_moments[0]},
        {s->reward.silent ? "PPO has nothing to follow" : "PPO learns what the customer likes",
         d->story.prompt, s->moment[1], s->n_moments[1]}};
    const ComparisonReport r = {.ctx = &d->inner,
                                .main = &c->main,
                                .unseen = &c->unseen,
                                .options = &o,
                                .base = &c->base,
                                .aligned = &c->aligned,
                                .reward = &c->reward,
                                .title = s->placebo ? "The repair counter: a placebo"
                                                    : "The repair counter",
                                .lead = lead_of(s),
                                .error_rate = strtod(DEMO_ERROR_RATE, NULL),
                                .coin = s->placebo,
                                .stories = story,
                                .n_stories = DEMO_STORIES,
                                .reward_accuracy = s->reward.accuracy,
                                .reward_ceiling = s->reward.ceiling,
                                .reward_longer = s->reward.longer_wins};
    return comparison_report(&r, "report.html", err);
}

/* ---- summary.json --------------------------------------------------------------------------------- */

static void put_comparison(Text *t, const Comparison *c)
{
    text_format(t, "{\"win_rate\":%.6g,\"ci\":[%.6g,%.6g],\"kl\":", c->by_rule.rate, c->by_rule.low,
                c->by_rule.high);
    json_put_number(t, c->kl);
    comparison_answers_json(t, c);
    text_format(t, ",\"all_right_base\":%.6g,\"all_right_aligned\":%.6g,\"traits\":",
                (double)c->base_all_right / c->n, (double)c->all_right / c->n);
    comparison_traits_json(t, c);
    text_add(t, "}");
}

static void put_best_of(Text *t, const Comparison *c)
{
    text_format(t, "{\"win_rate\":%.6g,\"ci\":[%.6g,%.6g],\"against_base\":%.6g}",
                c->against_best.rate, c->against_best.low, c->against_best.high,
                c->best_against_base.rate);
}

static char *summary(const Compared *c, const DemoState *s)
{
    Text t = {0};
    double total = 0;
    text_format(&t, "{\"seed\":%llu,\"taste\":\"%s\",", (unsigned long long)s->seed,
                s->placebo ? "placebo" : s->taste);
    text_format(&t,
                "\"reward\":{\"accuracy\":%.6g,\"n\":%d,\"longer_wins\":%.6g,\"ceiling\":%.6g},"
                "\"compare\":",
                s->reward.accuracy, s->reward.n, s->reward.longer_wins, s->reward.ceiling);
    put_comparison(&t, &c->main);
    text_add(&t, ",\"unseen\":");
    put_comparison(&t, &c->unseen);
    text_add(&t, ",\"best_of_16\":");
    put_best_of(&t, &c->main);
    text_add(&t, ",\"seconds\":{");
    for (int i = 0; i < DEMO_STAGES; i++) {
        text_format(&t, "\"%s\":%.2f,", DEMO_STAGE[i], s->seconds[i]);
        total += s->seconds[i];
    }
    text_format(&t, "\"total\":%.2f}}\n", total);
    return text_take(&t);
}

/* As the command does that the demo prints. */
static int remember(const Compared *c, const Demo *d, Error *err)
{
    Text json = {0};
    const ComparisonOptions o = options_of(c, d);
    const int rc = comparison_remember(
        &json, c->store, &d->inner, &c->main, &o,
        &(ComparedModels){.base = &c->base, .aligned = &c->aligned, .reward = &c->reward}, err);
    text_free(&json);
    return rc;
}

int demo_compare(Demo *d, double began, char **out, Error *err)
{
    Compared c = {0};
    char *text = NULL;
    int rc = -1;
    demo_heading(7, "Base against aligned, on requests that no training saw");
    char *line = mem_format("compare base aligned --rule %s --source requests --n %d "
                            "--max-new-tokens %d --corpus corpus.jsonl --report report.html",
                            d->rule->name, d->state.sizes.n, DEMO_NEW_TOKENS);
    demo_show_command(line);
    free(line);
    if (open_all(&c, d, err) != 0) goto done;
    if (compare(&c, d, err) != 0) goto done;
    if (remember(&c, d, err) != 0) goto done;
    if (write_report(&c, d, err) != 0) goto done;
    d->state.kl_error = c.main.kl_error;
    d->state.seconds[DEMO_COMPARE] += log_clock() - began;
    text = summary(&c, &d->state);
    if (file_write("summary.json", text, strlen(text), err) != 0) goto done;
    *out = text;
    text = NULL;
    rc = 0;

done:
    free(text);
    close_all(&c);
    return rc;
}
