/* rlhf demo: the whole loop in a fresh folder, each command as one would type it. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/comparison.h"
#include "cli/comparison_print.h"
#include "cli/comparison_report.h"
#include "cli/corpus.h"
#include "cli/demo.h"
#include "cli/options.h"
#include "cli/preferences.h"
#include "cli/project.h"
#include "labeling/shown.h"
#include "policy/model_settings.h"
#include "policy/supervised.h"
#include "ppo/ppo.h"

typedef struct {
    const char *taste, *dir;
    bool placebo, again;
    int conversations, prompts, pairs, n;
} DemoOptions;

static const Option OPTIONS[] = {
    {"taste", OPTION_TEXT, offsetof(DemoOptions, taste), 0, 0, "NAME",
     "what the customer likes: kind, brief or salesman (kind)"},
    {"placebo", OPTION_SWITCH, offsetof(DemoOptions, placebo), 0, 0, NULL,
     "labels by coin toss: must lead nowhere"},
    {"dir", OPTION_TEXT, offsetof(DemoOptions, dir), 0, 0, "DIR", "a folder to make (rlhf-demo)"},
    {"again", OPTION_SWITCH, offsetof(DemoOptions, again), 0, 0, NULL,
     "remove the demo that is there and start again"},
    {"conversations", OPTION_INT, offsetof(DemoOptions, conversations), 40, 1000000, "N",
     "the base learns from (12000)"},
    {"prompts", OPTION_INT, offsetof(DemoOptions, prompts), 100, 90000, "N",
     "generated; one in ten is a test prompt (6000)"},
    {"pairs", OPTION_INT, offsetof(DemoOptions, pairs), 60, 100000, "N",
     "labeled, one in five held out (2500)"},
    {"n", OPTION_INT, offsetof(DemoOptions, n), 10, 10000, "N",
     "prompts compared on, and as many unseen ones (400)"},
    {0},
};
static const ConfigTable *const SECTIONS[] = {&MODEL_TABLE, &PRETRAIN_TABLE, &REWARD_TABLE,
                                              &PPO_TABLE, NULL};

/* 5% of the labels are turned round on purpose. */
#define ERROR_RATE "0.05"

enum { BEST_OF = 16, STAGES = 6 };
static const char *const STAGE[STAGES] = {"corpus", "pretrain", "sample", "label", "reward", "ppo"};

typedef struct {
    Context *ctx;
    DemoOptions options;
    Context inner; /* of the commands that the demo runs */
    char dir[FILE_PATH_MAX];
    const Rule *rule;
    DemoStory story;
    TrainingObserver observer;
    double seconds[STAGES + 1];
    RewardEvaluation reward;
    double ceiling;
    Comparison compare, unseen;
    int stdout_kept; /* with --json all but the summary is silent */
} Demo;

/* ---- running commands ----------------------------------------------------------------------------- */

enum { ARGUMENTS = 24 };

/* Print a command as one would type it, then do it. */
static int command(Demo *d, const char *line, Error *err)
{
    char *copy = mem_strdup(line), *word[ARGUMENTS], *argv[ARGUMENTS];
    int n = 0, argc = 0, rc = 0;
    for (char *w = strtok(copy, " "); w && n < ARGUMENTS; w = strtok(NULL, " ")) word[n++] = w;
    for (int i = 0; i < n && rc >= 0; i++) {
        rc = options_global(&d->inner, n, word, &i, err);
        if (rc == 0) argv[argc++] = word[i];
    }
    if (rc < 0) goto done;
    const Command *c = command_find(argv[0]);
    d->inner.command = c;
    snprintf(d->inner.called, sizeof d->inner.called, "%s", argv[0]);
    printf("\n$ rlhf %s\n", line);
    fflush(stdout);
    rc = c->run(&d->inner, argc - 1, argv + 1, err);
    if (rc == 0 && interrupt_pending()) rc = error_set(err, "stopped; what is done is kept");

done:
    if (rc != 0) error_wrap(err, "rlhf %s", argv[0]);
    for (int i = 0; i < d->inner.n_flag; i++) free(d->inner.flag[i]);
    d->inner.n_flag = 0;
    free(copy);
    fflush(stdout);
    return rc;
}

static int command_format(Demo *d, Error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int command_format(Demo *d, Error *err, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return command(d, line, err);
}

static void heading(int number, const char *text)
{
    printf("\n%d  %s\n", number, text);
}

/* ---- the settings --------------------------------------------------------------------------------- */

/* demo.json holds what --set and --config changed; without them it stays as it was written, comments and
 * all. */
static int settle_settings(Demo *d, Error *err)
{
    ModelSettings model;
    SupervisedConfig pretrain;
    RewardConfig reward;
    PpoConfig ppo;
    Config c = {0};
    Text json = {0};
    if (d->ctx->n_set == 0 && d->ctx->n_flag == 0 && !d->ctx->config_file) return 0;
    config_bind(&c, &MODEL_TABLE, &model);
    config_bind(&c, &PRETRAIN_TABLE, &pretrain);
    config_bind(&c, &REWARD_TABLE, &reward);
    config_bind(&c, &PPO_TABLE, &ppo);
    if (context_settings(d->ctx, &c, "demo.json", err) != 0) return -1;
    config_json(&c, &json);
    const int rc = file_write("demo.json", json.bytes, json.n, err);
    text_free(&json);
    d->inner.n_set = 0;
    d->inner.config_file = NULL;
    return rc;
}

/* ---- the stages ----------------------------------------------------------------------------------- */

static void introduce(const Demo *d)
{
    printf("rlhf demo: a small model learns what people like.      about 3 minutes on 2 cores, "
           "nothing is downloaded\n\n"
           "The base reads %s conversations at a repair counter.  Half of the answers there are "
           "useless: rude, selling,\n"
           "rambling, about something else.  The customer (a rule, printed below) picks the better "
           "of two answers, %s times,\n"
           "wrong 1 time in 20.  Nobody tells the model the rule.\n"
           "  taste: %s   others: --taste kind, --taste brief, --taste salesman; --placebo tosses "
           "coins instead\n",
           text_thousands(d->options.conversations), text_thousands(d->options.pairs),
           d->rule->name);
}

static int make_corpus(Demo *d, Error *err)
{
    const DemoSizes sizes = {d->options.conversations, d->options.prompts, d->options.n};
    heading(1, "The world: a corpus that this program makes up");
    if (demo_write_data(&sizes, d->ctx->seed, err) != 0 || settle_settings(d, err) != 0) return -1;
    demo_show_corpus(&sizes, d->ctx->seed);
    if (command(d, "import prompts.jsonl --source requests", err) != 0) return -1;
    return command(d, "import unseen.jsonl --source unseen --split test", err);
}

static int pretrain(Demo *d, Error *err)
{
    heading(2, "The base: reads the corpus, token by token.  One prompt, answered as it learns:");
    printf("\n  %s\n", d->story.prompt);
    return command(d, "pretrain corpus.jsonl --config demo.json", err);
}

static int show_pair(Demo *d, Error *err)
{
    Store *store = NULL;
    StorePairList list = {0};
    if (open_store(&store, &d->inner, err) != 0) return -1;
    const int rc = store_get_pair(store, 1, &list, err);
    if (rc == 0 && list.n > 0)
        printf("\n  %s\n\n    A:%s\n    B:%s\n", list.row[0].prompt, list.row[0].a, list.row[0].b);
    store_pairs_free(&list);
    store_close(store);
    return rc;
}

static int sample(Demo *d, Error *err)
{
    const int held_out = d->options.pairs / 5;
    heading(3, "Paired answers: the base answers each request twice");
    if (command_format(d, err,
                       "sample --split train --source requests --limit %d --max-new-tokens 96",
                       d->options.pairs - held_out) != 0)
        return -1;
    if (command_format(d, err,
                       "sample --split valid --source requests --limit %d --max-new-tokens 96",
                       held_out) != 0)
        return -1;
    return show_pair(d, err);
}

static int label(Demo *d, Error *err)
{
    heading(4, d->options.placebo ? "Labels by coin toss: a placebo" : "The customer chooses");
    if (d->options.placebo) return command_format(d, err, "judge --rule %s --coin", d->rule->name);
    return command_format(d, err, "judge --rule %s --error-rate " ERROR_RATE, d->rule->name);
}

static int train_reward(Demo *d, Error *err)
{
    heading(5, "The reward model: learns to predict the choices");
    return command(d, "reward --config demo.json", err);
}

static int align(Demo *d, Error *err)
{
    heading(6, "PPO: the policy learns to be preferred, and pays for every nat it moves away from "
               "the base");
    printf("\n  %s\n", d->story.prompt);
    return command(d, "ppo --config demo.json", err);
}

/* ---- what the labels allow ------------------------------------------------------------------------ */

/* The accuracy of somebody who knows the rule by heart, on the held-out labels: the errors made on purpose
 * and the ties are out of anybody's reach. */
static double ceiling(const StorePreferenceList *list, const Rule *rule)
{
    double right = 0;
    for (size_t i = 0; i < list->n; i++) {
        const StorePreference *p = &list->row[i];
        const double margin =
            rule->score(p->prompt, p->chosen) - rule->score(p->prompt, p->rejected);
        right += p->tie || margin == 0 ? 0.5 : margin > 0;
    }
    return list->n > 0 ? right / (double)list->n : 0;
}

static int evaluate_reward(Demo *d, Loaded *reward, Store *store, Error *err)
{
    const StorePreferenceFilter filter = {.split = SPLIT_VALID};
    StorePreferenceList list = {0};
    PreferenceSet set = {0};
    int rc = store_list_preferences(store, &filter, &list, err);
    if (rc == 0)
        rc = preferences_read(&set, store, &filter, reward->tokenizer, reward->model->config.max_T,
                              err);
    if (rc == 0) {
        const Pairs pairs = preferences_pairs(&set);
        loaded_policy(reward);
        d->reward = reward_evaluate(reward->policy, &pairs, NULL, NULL);
        d->ceiling = ceiling(&list, d->rule);
        printf("\n  reward model: accuracy %.3f on %d held-out labels; the longer answer wins "
               "%.3f; who knows the rule by heart "
               "reaches %.3f\n",
               d->reward.accuracy, d->reward.n, d->reward.longer_wins, d->ceiling);
    }
    preferences_free(&set);
    store_preferences_free(&list);
    return rc;
}

/* ---- the comparison ------------------------------------------------------------------------------- */

static void show_likes(const Comparison *c)
{
    int best = 0, worst = 0;
    for (int i = 1; i < c->n; i++) {
        if (c->base.score[i] > c->base.score[best]) best = i;
        if (c->base.score[i] < c->base.score[worst]) worst = i;
    }
    printf("\n  of the base's answers the reward model likes best  (%+.1f):%s\n  and least "
           "(%+.1f):%s\n",
           c->base.score[best], c->base.text[best], c->base.score[worst], c->base.text[worst]);
}

static int compare(Demo *d, Store *store, Loaded *base, Loaded *aligned, Loaded *reward, Error *err)
{
    Corpus corpus = {0};
    const char *path = "corpus.jsonl";
    enum { SHOWN = 3 };
    if (corpus_read(&corpus, &path, 1, err) != 0) return -1;
    /* an answer is verbatim when it is the whole answer of some conversation */
    const char **answers = mem_calloc((size_t)corpus.n, sizeof *answers);
    for (int i = 0; i < corpus.n; i++) {
        const char *at = strstr(corpus.text[i], "\nA:");
        answers[i] = at ? at + 3 : corpus.text[i];
    }
    ComparisonOptions o = {.source = "requests",
                           .n = d->options.n,
                           .best_of = BEST_OF,
                           .max_new_tokens = 96,
                           .batch = 64,
                           .temperature = 1,
                           .seed = d->ctx->seed,
                           .rule = d->rule,
                           .corpus = answers,
                           .n_corpus = corpus.n};
    int rc = comparison_run(&d->compare, store, base, aligned, reward, &o, err);
    o.source = "unseen";
    if (rc == 0) rc = comparison_run(&d->unseen, store, base, aligned, reward, &o, err);
    if (rc == 0) {
        show_likes(&d->compare);
        for (int i = 0; i < SHOWN; i++) comparison_print_example(&d->compare, i, d->rule);
        comparison_print_traits(&d->compare, BEST_OF);
        comparison_print_wins(&d->compare, &o, "on requests like those it learned from");
        comparison_print_wins(&d->unseen, &o,
                              "on pairs of thing and trouble that no conversation contained");
        comparison_print_verdict(&d->compare);
    }
    free(answers);
    corpus_free(&corpus);
    return rc;
}

static int write_report(Demo *d, Loaded *base, Loaded *aligned, Loaded *reward, Error *err)
{
    const ComparisonOptions o = {
        .best_of = BEST_OF, .temperature = 1, .rule = d->rule, .seed = d->ctx->seed};
    ReportStory story[2] = {
        {"The base learns to answer", d->story.prompt, d->story.moment[0], d->story.n_moments[0]},
        {"PPO learns what the customer likes", d->story.prompt, d->story.moment[1],
         d->story.n_moments[1]}};
    const ComparisonReport r = {
        .ctx = &d->inner,
        .main = &d->compare,
        .unseen = &d->unseen,
        .options = &o,
        .base = base,
        .aligned = aligned,
        .reward = reward,
        .title = d->options.placebo ? "The repair counter: a placebo" : "The repair counter",
        .lead = d->options.placebo
                    ? "The same run with coin tosses for labels: it must lead nowhere."
                    : "A small model learned from choices what the customer likes.",
        .error_rate = 0.05,
        .coin = d->options.placebo,
        .stories = story,
        .n_stories = 2,
        .reward_accuracy = d->reward.accuracy,
        .reward_ceiling = d->ceiling,
        .reward_longer = d->reward.longer_wins};
    return comparison_report(&r, "report.html", err);
}

static int compare_stage(Demo *d, Error *err)
{
    Store *store = NULL;
    Loaded base = {0}, aligned = {0}, reward = {0};
    const double began = log_clock();
    int rc = -1;
    heading(7, "Base against aligned, on requests that no training saw");
    printf("\n$ rlhf compare base aligned --rule %s --source requests --n %d --corpus corpus.jsonl "
           "--report report.html\n",
           d->rule->name, d->options.n);
    if (open_store(&store, &d->inner, err) != 0) goto done;
    if (loaded_open(&base, &d->inner, NULL, "base", err) != 0) goto done;
    if (loaded_open(&aligned, &d->inner, NULL, "aligned", err) != 0) goto done;
    if (loaded_open(&reward, &d->inner, NULL, "reward", err) != 0) goto done;
    if (evaluate_reward(d, &reward, store, err) != 0) goto done;
    if (compare(d, store, &base, &aligned, &reward, err) != 0) goto done;
    if (write_report(d, &base, &aligned, &reward, err) != 0) goto done;
    d->seconds[STAGES] = log_clock() - began;
    rc = 0;

done:
    loaded_close(&base);
    loaded_close(&aligned);
    loaded_close(&reward);
    store_close(store);
    return rc;
}

/* ---- summary.json --------------------------------------------------------------------------------- */

static void put_comparison(Text *t, const Comparison *c)
{
    text_format(
        t,
        "{\"win_rate\":%.6g,\"ci\":[%.6g,%.6g],\"kl\":%.6g,\"finished\":%.6g,\"distinct\":%.6g,"
        "\"verbatim\":%.6g,"
        "\"length_ratio\":%.6g,\"all_right_base\":%.6g,\"all_right_aligned\":%.6g,\"traits\":",
        c->by_rule.rate, c->by_rule.low, c->by_rule.high, c->kl, c->finished, c->distinct,
        c->verbatim, c->length_ratio, (double)c->base_all_right / c->n,
        (double)c->all_right / c->n);
    comparison_traits_json(t, c);
    text_add(t, "}");
}

static void put_best_of(Text *t, const Comparison *c)
{
    text_format(t, "{\"win_rate\":%.6g,\"ci\":[%.6g,%.6g],\"against_base\":%.6g}",
                c->against_best.rate, c->against_best.low, c->against_best.high,
                c->best_against_base.rate);
}

static char *summary(const Demo *d)
{
    Text t = {0};
    text_format(&t, "{\"seed\":%llu,\"taste\":\"%s\",", (unsigned long long)d->ctx->seed,
                d->options.placebo ? "placebo" : d->rule->name);
    text_format(&t,
                "\"reward\":{\"accuracy\":%.6g,\"n\":%d,\"longer_wins\":%.6g,\"ceiling\":%.6g},"
                "\"compare\":",
                d->reward.accuracy, d->reward.n, d->reward.longer_wins, d->ceiling);
    put_comparison(&t, &d->compare);
    text_add(&t, ",\"unseen\":");
    put_comparison(&t, &d->unseen);
    text_add(&t, ",\"best_of_16\":");
    put_best_of(&t, &d->compare);
    text_add(&t, ",\"seconds\":{");
    double total = 0;
    for (int i = 0; i <= STAGES; i++) {
        text_format(&t, "\"%s\":%.2f,", i < STAGES ? STAGE[i] : "compare", d->seconds[i]);
        total += d->seconds[i];
    }
    text_format(&t, "\"total\":%.2f}}", total);
    return text_take(&t);
}

/* ---- the folder ----------------------------------------------------------------------------------- */

static int make_folder(Demo *d, Error *err)
{
    if (file_exists(d->dir)) {
        if (!d->options.again)
            return error_set(
                err, "%s exists; look at %s/report.html, start again with --again, or choose --dir",
                d->dir, d->dir);
        if (!file_is_folder(d->dir)) return error_set(err, "%s is not a folder", d->dir);
        char marker[FILE_PATH_MAX];
        if (path_join(marker, d->dir, "demo.json", err) != 0) return -1;
        if (!file_exists(marker))
            return error_set(err, "%s is no demo; nothing was removed", d->dir);
        if (folder_remove(d->dir, err) != 0) return -1;
    }
    if (folder_make(d->dir, err) != 0) return -1;
    if (chdir(d->dir) != 0) return error_set(err, "%s: %s", d->dir, strerror(errno));
    d->inner = *d->ctx;
    d->inner.json = false;
    d->inner.n_flag = 0;
    d->inner.observer = &d->observer;
    return 0;
}

static int run_stages(Demo *d, Error *err)
{
    static int (*const RUN[STAGES])(Demo *, Error *) = {make_corpus, pretrain,     sample,
                                                        label,       train_reward, align};
    introduce(d);
    if (command(d, "init", err) != 0) return -1;
    if (!getcwd(d->inner.project, sizeof d->inner.project))
        return error_set(err, "%s: %s", d->dir, strerror(errno));
    for (int i = 0; i < STAGES; i++) {
        const double began = log_clock();
        if (RUN[i](d, err) != 0) return -1;
        d->seconds[i] = log_clock() - began;
    }
    return compare_stage(d, err);
}

static void silence_stdout(Demo *d)
{
    fflush(stdout);
    d->stdout_kept = dup(STDOUT_FILENO);
    const int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nothing, STDOUT_FILENO);
    close(nothing);
}

static void restore_stdout(Demo *d)
{
    fflush(stdout);
    dup2(d->stdout_kept, STDOUT_FILENO);
    close(d->stdout_kept);
}

static void close_with(const Demo *d, const char *json)
{
    double total = 0;
    for (int i = 0; i <= STAGES; i++) total += d->seconds[i];
    if (d->ctx->json) {
        puts(json);
        return;
    }
    printf("\n8  Done in %.0f seconds.  In %s: report.html, summary.json, rlhf.db with every "
           "answer and label.\n"
           "   Go on there:  rlhf status    rlhf label    rlhf generate --prompt \"%s\"\n"
           "   The same base with another customer:  rlhf demo --taste salesman --dir seller\n",
           total, d->dir, "Q: my kettle wobbles . what helps ?\\nA:");
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    Demo d = {.ctx = ctx,
              .options = {.taste = "kind",
                          .dir = "rlhf-demo",
                          .conversations = 12000,
                          .prompts = 6000,
                          .pairs = 2500,
                          .n = 400}};
    Words words;
    char *json = NULL;
    if (options_parse(ctx, OPTIONS, &d.options, &words, 0, 0, argc, argv, err) != 0) return -1;
    d.rule = rule_find(d.options.taste);
    if (!d.rule || !d.rule->traits)
        return error_usage(err, "--taste: '%.40s' is none of kind, brief, salesman",
                           d.options.taste);
    snprintf(d.dir, sizeof d.dir, "%s", d.options.dir);
    d.observer = (TrainingObserver){demo_story_step, &d.story};
    demo_story_begin(&d.story, d.rule, ctx->seed);
    if (ctx->json) silence_stdout(&d);
    int rc = make_folder(&d, err);
    if (rc == 0) rc = run_stages(&d, err);
    if (rc == 0) {
        json = summary(&d);
        rc = file_write("summary.json", json, strlen(json), err);
    }
    if (ctx->json) restore_stdout(&d);
    if (rc == 0) close_with(&d, json);
    free(json);
    demo_story_free(&d.story);
    comparison_free(&d.compare);
    comparison_free(&d.unseen);
    return rc;
}

const Command cmd_demo = {
    .name = "demo",
    .heading = "other",
    .summary = "watch the whole loop once, nothing to download",
    .usage = "[--taste kind|brief|salesman] [--placebo] [--dir DIR]",
    .details = "A corpus, a base model, paired answers, labels by a printed rule, a reward model, "
               "PPO, and the comparison with\n"
               "an HTML report, in a fresh folder.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .project = PROJECT_IGNORED,
    .run = run,
};
