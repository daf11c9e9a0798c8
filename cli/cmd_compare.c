/* rlhf compare: base against aligned on the test prompts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/base_change.h"
#include "cli/commands.h"
#include "cli/comparison.h"
#include "cli/comparison_pager.h"
#include "cli/comparison_people.h"
#include "cli/comparison_print.h"
#include "cli/comparison_record.h"
#include "cli/comparison_report.h"
#include "cli/comparison_show.h"
#include "cli/corpus.h"
#include "cli/options.h"
#include "cli/reward_report.h"
#include "cli/output.h"
#include "cli/project.h"
#include "cli/next_line.h"
#include "cli/prompts.h"
#include "cli/ranking.h"
#include "cli/wrap.h"
#include "compare/html.h"

typedef struct {
    const char *reward, *reward_class, *rule, *source, *corpus, *report, *show, *by;
    int n, best_of, max_new_tokens, batch;
    double temperature;
} CompareOptions;

static const Option OPTIONS[] = {
    {"by", OPTION_TEXT, offsetof(CompareOptions, by), 0, 0, "WHOM",
     "people: pairs to label, blind, then the result so far; else rule or reward"},
    {"rule", OPTION_TEXT, offsetof(CompareOptions, rule), 0, 0, "NAME",
     "judge by this rule (default: by the reward model)"},
    {"reward", OPTION_TEXT, offsetof(CompareOptions, reward), 0, 0, "MODEL",
     "the reward model (reward, when there is one)"},
    {"reward-class", OPTION_TEXT, offsetof(CompareOptions, reward_class), 0, 0, "CLASS",
     "of a classifier: the class whose log-odds are the score"},
    {"n", OPTION_INT, offsetof(CompareOptions, n), 1, 1000000, "N",
     "test prompts at the most (300)"},
    SOURCE_OPTION(offsetof(CompareOptions, source)),
    {"best-of", OPTION_INT, offsetof(CompareOptions, best_of), 0, 2048, "N",
     "baseline: the best of N base answers by the reward model (16); 0: none"},
    {"max-new-tokens", OPTION_INT, offsetof(CompareOptions, max_new_tokens), 1, 1 << 20, "N",
     "longest answer (128, or half of a shorter context)"},
    TEMPERATURE_OPTION(offsetof(CompareOptions, temperature)),
    BATCH_OPTION(offsetof(CompareOptions, batch)),
    {"corpus", OPTION_TEXT, offsetof(CompareOptions, corpus), 0, 0, "FILE",
     "text that verbatim answers are looked for in"},
    {"show", OPTION_TEXT, offsetof(CompareOptions, show), 0, 0, "WHICH",
     "examples: worst, best, random or first, :N for how many (worst:10), or N; one by one on a "
     "terminal (3)"},
    {"report", OPTION_TEXT, offsetof(CompareOptions, report), 0, 0, "FILE",
     "write a self-contained HTML page; an earlier one is replaced"},
    {0},
};

typedef struct {
    Context *ctx;
    CompareOptions options;
    ComparisonOptions settings;
    Show show;
    Store *store;
    Loaded base, aligned, reward;
    bool has_reward;
    Corpus corpus;
    Comparison result;
} Compare;

/* --by says whom; --rule alone is a rule, nothing is the reward model. */
static int choose_judge(Compare *c, bool several, Error *err)
{
    const CompareOptions *o = &c->options;
    const char *by = o->by ? o->by : o->rule ? "rule" : "reward";
    c->settings.people = strcmp(by, "people") == 0;
    if (several && (c->settings.people || o->report))
        return error_usage(err, "three models and more: without --by people and --report");
    if (c->settings.people && (o->rule || o->reward || o->report))
        return error_usage(err, "--by people: without --rule, --reward and --report");
    if (strcmp(by, "rule") == 0 && !o->rule)
        return error_usage(err, "--by rule: by which? --rule NAME");
    if (strcmp(by, "reward") == 0 && o->rule)
        return error_usage(err, "--by reward: without --rule");
    if (c->settings.people || strcmp(by, "rule") == 0 || strcmp(by, "reward") == 0) return 0;
    if (rule_find(by)) return error_usage(err, "--by %s: that is a rule; --rule %s", by, by);
    return error_usage(err, "--by %s: one of people, rule, reward", by);
}

static int prepare(Compare *c, const Words *words, Error *err)
{
    const CompareOptions *o = &c->options;
    const char *base = words->n > 0 ? words->word[0] : "base",
               *aligned = words->n > 1 ? words->word[1] : "aligned";
    c->settings = (ComparisonOptions){.source = o->source,
                                      .n = o->n,
                                      .max_new_tokens = o->max_new_tokens,
                                      .batch = o->batch,
                                      .temperature = o->temperature,
                                      .seed = c->ctx->seed,
                                      .best_of = o->best_of};
    if (comparison_show_parse(&c->show, o->show ? o->show : "3", err) != 0) return -1;
    if (o->report && output_check(c->ctx, o->report, HTML_GENERATOR, false, err) != 0) return -1;
    if (choose_judge(c, words->n > 2, err) != 0) return -1;
    if (o->rule && rule_choose(&c->settings.rule, o->rule, err) != 0) return -1;
    if (words->n < 2 && !project_has_model(c->ctx, "aligned"))
        return error_set(err, "no aligned model yet; make one with: rlhf ppo");
    if (open_store(&c->store, c->ctx, err) != 0) return -1;
    if (loaded_outline_language(&c->base, c->ctx, "base", base, NULL, err) != 0) return -1;
    if (o->max_new_tokens == 0) c->settings.max_new_tokens = prompts_answer_length(&c->base);
    if (words->n <= 2 &&
        loaded_outline_language(&c->aligned, c->ctx, "aligned", aligned, &c->base, err) != 0)
        return -1;
    if (words->n <= 2 && !loaded_same_tokenizer(&c->base, &c->aligned)) {
        error_set(err, "%s has another tokenizer than %s: it does not come from this base",
                  c->aligned.name, c->base.name);
        return words->n == 0 ? base_change_hint(c->ctx, err) : -1;
    }
    if (!c->settings.people && (o->reward || project_has_model(c->ctx, "reward"))) {
        if (loaded_outline(&c->reward, c->ctx, "reward model", o->reward ? o->reward : "reward",
                           &c->base, err) != 0)
            return -1;
        if (reward_choose(&c->reward, o->reward_class, err) != 0) return -1;
        c->has_reward = true;
    }
    if (!c->has_reward) c->settings.best_of = 0;
    if (o->corpus) {
        if (corpus_read(&c->corpus, &o->corpus, 1, err) != 0) return -1;
        c->settings.corpus = (const char *const *)c->corpus.text,
        c->settings.n_corpus = c->corpus.n;
    }
    return 0;
}

static void print_examples(const Compare *c)
{
    const Comparison *r = &c->result;
    int *item = mem_calloc((size_t)r->n + 1, sizeof *item);
    comparison_show_order(item, r, c->show.order, c->settings.seed);
    for (int k = 0; k < c->show.n && k < r->n; k++) {
        if (c->show.order != SHOW_FIRST) comparison_print_place(r, item[k], k + 1);
        comparison_print_example(r, item[k], c->settings.rule);
    }
    free(item);
}

/* Asked for on a terminal, the examples are looked through there. */
static bool page_examples(const Compare *c)
{
    const ComparisonPages pages = {.result = &c->result,
                                   .options = &c->settings,
                                   .order = c->show.order,
                                   .base = c->base.name,
                                   .aligned = c->aligned.name};
    return c->options.show && c->show.n > 0 && comparison_page(&pages);
}

static void print(const Compare *c)
{
    const Comparison *r = &c->result;
    char title[512];
    if (!page_examples(c)) print_examples(c);
    if (r->n_traits) comparison_print_traits(r, c->settings.best_of);
    snprintf(title, sizeof title, "%s against %s on %s, temperature %g", c->aligned.name,
             c->base.name, text_count(r->n, "test prompt"), c->options.temperature);
    comparison_print_wins(r, &c->settings, title);
    comparison_print_details(r);
    comparison_print_verdict(r);
    wrap_print(0, "  %s%s\n", verdict_meaning(r->verdict),
               c->settings.rule ? ""
                                : "  Its judge is the model that one of the two was trained to "
                                  "please; for evidence ask people: rlhf compare --by people");
}

static int finish(Compare *c, Error *err)
{
    Text json = {0};
    int rc = comparison_remember(&json, c->store, c->ctx, &c->result, &c->settings,
                                 &(ComparedModels){.base = &c->base,
                                                   .aligned = &c->aligned,
                                                   .reward = c->has_reward ? &c->reward : NULL},
                                 err);
    if (rc == 0 && c->options.report)
        rc = comparison_report(&(ComparisonReport){.ctx = c->ctx,
                                                   .main = &c->result,
                                                   .options = &c->settings,
                                                   .base = &c->base,
                                                   .aligned = &c->aligned,
                                                   .reward = c->has_reward ? &c->reward : NULL},
                               c->options.report, err);
    if (rc == 0 && c->options.report) log_line("report: %s", c->options.report);
    if (rc == 0 && c->ctx->json) puts(json.bytes);
    else if (rc == 0) print(c);
    text_free(&json);
    const bool own = project_is_model(c->ctx, c->base.folder, "base") &&
                     project_is_model(c->ctx, c->aligned.folder, "aligned");
    return rc == 0 && own ? next_line_print(c->ctx, c->store, err) : rc;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    Compare c = {.ctx = ctx, .options = {.n = 300, .best_of = 16, .batch = 64, .temperature = 1}};
    Words words;
    if (options_parse(ctx, OPTIONS, &c.options, &words, 0, WORDS_MAX, argc, argv, err) != 0)
        return -1;
    int rc = prepare(&c, &words, err);
    if (rc == 0 && words.n > 2) {
        c.settings.best_of = 0;
        rc = ranking_run(ctx, c.store, &c.base, c.has_reward ? &c.reward : NULL, words.word,
                         words.n, &c.settings, err);
        goto done;
    }
    if (rc == 0 && c.settings.people) {
        rc = comparison_by_people(ctx, c.store, &c.base, &c.aligned, &c.settings, err);
        goto done;
    }
    if (rc == 0)
        rc = comparison_run(&c.result, c.store, &c.base, &c.aligned,
                            c.has_reward ? &c.reward : NULL, &c.settings, err);
    if (rc == 0) {
        rc = finish(&c, err);
        comparison_free(&c.result);
    }

done:
    loaded_close(&c.base);
    loaded_close(&c.aligned);
    loaded_close(&c.reward);
    corpus_free(&c.corpus);
    store_close(c.store);
    return rc;
}

const Command cmd_compare = {
    .name = "compare",
    .heading = "watch",
    .summary = "base against aligned on the test prompts",
    .usage =
        "[BASE] [ALIGNED] [--rule NAME | --by people] [--best-of N] [--show WHICH] [--report FILE]",
    .details =
        "One answer of each model to every test prompt, and the best of N base answers as "
        "baseline.  Every answer is\n"
        "stored with its seed.  Three models and more are ranked.\n"
        "--show on a terminal: n and p go to the next and the previous prompt, w, b, r, f order "
        "them, q goes on.",
    .options = OPTIONS,
    .project = PROJECT_NEEDED,
    .run = run,
};
