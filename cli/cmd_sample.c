/* rlhf sample: stores paired answers for labeling, with all that is needed to make them again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/answering.h"
#include "cli/commands.h"
#include "cli/import_reader.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/prompts.h"

typedef struct {
    Words models;
    const char *split, *source, *prompt, *campaign;
    int answers, pairs, limit, max_new_tokens, batch;
    double temperature;
} SampleOptions;

/* Of nine answers all pairs are asked, of more a choice: labels of one prompt's pairs repeat each other. */
enum { PAIRS = 36 };

static const Option OPTIONS[] = {
    {"model", OPTION_WORDS, offsetof(SampleOptions, models), 0, 0, "MODEL",
     "who answers (base); given again: several in turn, paired with each other"},
    {"answers", OPTION_INT, offsetof(SampleOptions, answers), 2, PAIRING_ANSWERS, "K",
     "to each prompt, of all models together (2, or one of each)"},
    {"pairs", OPTION_INT, offsetof(SampleOptions, pairs), 1, PAIRING_MAX, "N",
     "at most so many of each prompt, drawn by the seed (36: all of nine answers)"},
    {"split", OPTION_TEXT, offsetof(SampleOptions, split), 0, 0, "SPLIT",
     "train or valid prompts only (both)"},
    SOURCE_OPTION(offsetof(SampleOptions, source)),
    {"campaign", OPTION_TEXT, offsetof(SampleOptions, campaign), 0, 0, "NAME",
     "whose pairs they are (default)"},
    {"limit", OPTION_INT, offsetof(SampleOptions, limit), 1, 1e9, "N",
     "at most so many prompts, shared between train and valid as those to answer are"},
    {"max-new-tokens", OPTION_INT, offsetof(SampleOptions, max_new_tokens), 1, 1 << 20, "N",
     "longest answer (128, or half of a shorter context)"},
    TEMPERATURE_OPTION(offsetof(SampleOptions, temperature)),
    BATCH_OPTION(offsetof(SampleOptions, batch)),
    {"prompt", OPTION_TEXT, offsetof(SampleOptions, prompt), 0, 0, "TEXT", NULL},
    {0},
};

typedef struct {
    Context *ctx;
    SampleOptions options;
    Loaded model[ANSWERING_MODELS];
    Answering to;
    int64_t answered; /* when there is nothing to ask: prompts that have their answers */
} Sampling;

/* How many prompts of each split to ask: a limit is shared as those without answers are, so that the labels
 * of a limited sample can be held out too. */
static int share_limit(int64_t *share, const Sampling *s, Split wanted, Error *err)
{
    const int64_t limit = s->options.limit;
    int64_t total = 0;
    for (Split split = SPLIT_TRAIN; split <= SPLIT_VALID; split++) {
        const StorePromptFilter filter = answering_filter(&s->to, split, s->options.source);
        share[split] = 0;
        if (wanted != SPLIT_ANY && wanted != split) continue;
        if (store_count_prompts(s->to.store, &filter, &share[split], err) != 0) return -1;
        total += share[split];
    }
    if (limit == 0 || limit >= total) return 0;
    share[SPLIT_VALID] = (limit * share[SPLIT_VALID] + total / 2) / total;
    share[SPLIT_TRAIN] = limit - share[SPLIT_VALID];
    return 0;
}

/* With nothing to ask: whether there are prompts at all, answered ones. */
static int check_prompts(Sampling *s, Split wanted, Error *err)
{
    for (Split split = SPLIT_TRAIN; split <= SPLIT_VALID; split++) {
        const StorePromptFilter filter = {.split = split, .source = s->options.source};
        int64_t n = 0;
        if (wanted != SPLIT_ANY && wanted != split) continue;
        if (store_count_prompts(s->to.store, &filter, &n, err) != 0) return -1;
        s->answered += n;
    }
    if (s->answered > 0) return 0;
    if (s->options.source)
        return error_set(err, "no %s prompts of source %s",
                         wanted == SPLIT_ANY ? "train or valid" : split_name(wanted),
                         s->options.source);
    return error_set(err, "no prompts yet; bring some in with: rlhf import FILE");
}

static int read_split(Split *wanted, const SampleOptions *o, Error *err)
{
    *wanted = SPLIT_ANY;
    if (o->split && split_parse(wanted, o->split, err) != 0) return -1;
    if (*wanted != SPLIT_TEST) return 0;
    return error_set(err, "test prompts are for compare alone; sample train or valid ones");
}

/* The long prompt of the second split is refused before the first one is answered. */
static int answer(Sampling *s, const int64_t *share, Error *err)
{
    Asked *asked[SPLIT_N] = {0};
    int rc = 0;
    for (Split split = SPLIT_TRAIN; split <= SPLIT_VALID && rc == 0; split++) {
        if (share[split] == 0) continue;
        rc = answering_ask(&asked[split], &s->to, split, s->options.source, share[split], err);
        if (rc == 0) rc = answering_check_memory(&s->to, asked[split], err);
    }
    for (Split split = SPLIT_TRAIN; split <= SPLIT_VALID && rc == 0; split++)
        if (asked[split]) rc = answering_go(&s->to, asked[split], err);
    for (int i = 0; i < SPLIT_N; i++) asked_free(asked[i]);
    return rc;
}

/* Before the first answer that the model gives here. */
static int say_plain(const Sampling *s, Error *err)
{
    const StorePromptFilter filter = {.answered = ANSWERED_YES, .model_id = s->to.model_id[0]};
    int64_t answered = 0;
    if (store_count_prompts(s->to.store, &filter, &answered, err) != 0) return -1;
    if (answered > 0) return 0;
    return import_reader_say_plain(s->ctx, s->to.store, s->options.models.word[0], err);
}

static int sample(Sampling *s, Split wanted, Error *err)
{
    const Loaded *narrowest = answering_narrowest(&s->to);
    int64_t share[SPLIT_N];
    if (share_limit(share, s, wanted, err) != 0) return -1;
    const int64_t all = share[SPLIT_TRAIN] + share[SPLIT_VALID];
    if (all == 0 && check_prompts(s, wanted, err) != 0) return -1;
    if (all > 0 && say_plain(s, err) != 0) return -1;
    progress_begin(&s->to.bar, "sample", all, "prompt");
    const int rc = answer(s, share, err);
    progress_end(&s->to.bar);
    if (rc == 0 && s->to.prompts == 0 && s->to.left_out > 0 && !interrupt_pending())
        return prompts_too_long(s->to.left_out, narrowest, s->to.max_new_tokens, err);
    prompts_log(s->to.left_out, narrowest, s->to.max_new_tokens);
    return rc;
}

static void print_names(const Answering *a)
{
    for (int m = 0; m < a->n_models; m++)
        printf("%s%s", m == 0 ? "" : m + 1 == a->n_models ? " and " : ", ", a->model[m].name);
}

static void report_answered(const Sampling *s)
{
    const SampleOptions *o = &s->options;
    printf("nothing to sample: ");
    print_names(&s->to);
    printf(s->to.n_models > 1 ? " have answered all %s" : " has answered all %s",
           text_thousands(s->answered));
    if (o->split) printf(" %s", o->split);
    printf(" prompts");
    if (o->source) printf(" of source %s", o->source);
    printf(s->to.n_models > 1 ? " together already" : " already");
    if (o->campaign && strcmp(o->campaign, STORE_CAMPAIGN) != 0)
        printf(", for whichever campaign it was");
    printf("\nfor more pairs: rlhf import FILE, then sample");
    if (o->split) printf("; or without --split");
    if (o->source) printf("; or without --source");
    printf("; or another --model");
    printf(s->to.answers < PAIRING_ANSWERS ? ", or more --answers\n" : "\n");
}

static void report(const Sampling *s, double seconds)
{
    const Answering *a = &s->to;
    if (s->ctx->json) {
        printf(
            "{\"prompts\":%lld,\"pairs\":%lld,\"equal\":%lld,\"unfinished\":%lld,\"left_out\":%lld,"
            "\"tokens\":%lld,\"seconds\":%.3f}\n",
            (long long)a->prompts, (long long)a->stored_pairs, (long long)a->equal,
            (long long)a->unfinished, (long long)a->left_out, (long long)a->tokens, seconds);
        return;
    }
    if (s->answered > 0) {
        report_answered(s);
        return;
    }
    printf("%s stored for %s", text_count(a->stored_pairs, "pair"),
           text_count(a->prompts, "prompt"));
    if (a->equal) printf("; %s of equal texts left out", text_count(a->equal, "pair"));
    if (a->unfinished)
        printf("; %s cut at %s", text_count(a->unfinished, "answer"),
               text_count(a->max_new_tokens, "token"));
    printf("; %s, %s a second\n", text_count(a->tokens, "token"),
           text_thousands((long long)((double)a->tokens / (seconds + 1e-9))));
}

/* A lower bound, before any weights are read: how long the prompts are is known once the models are known by
 * their weights, which may have answered some. */
static int check_memory(const Sampling *s, Error *err)
{
    MemoryPlan plan = {.untold = true};
    for (int m = 0; m < s->to.n_models; m++) {
        memory_plan_add_weights(&plan, &s->model[m], &(ModelUse){.predicts = true});
        memory_plan_add_sampling(&plan, &s->model[m], m == 0 ? 2 : 1, s->to.max_new_tokens);
    }
    return memory_plan_check(&plan, "a smaller --max-new-tokens takes less", err);
}

/* Weights that are the first model's are read once. */
static int open_models(Sampling *s, Error *err)
{
    const Words *name = &s->options.models;
    Answering *a = &s->to;
    for (int m = 0; m < a->n_models; m++)
        if (loaded_outline_language(&s->model[m], s->ctx, "policy", name->word[m],
                                    m ? s->model : NULL, err) != 0)
            return -1;
    if (a->max_new_tokens == 0) a->max_new_tokens = prompts_answer_length(answering_narrowest(a));
    if (check_memory(s, err) != 0) return -1;
    for (int m = 0; m < a->n_models; m++)
        if (loaded_read(&s->model[m], err) != 0) return -1;
    if (answering_begin(a, err) != 0) return -1;
    for (int m = 0; m < a->n_models; m++) loaded_policy(&s->model[m]);
    return 0;
}

static int check_options(Sampling *s, Error *err)
{
    SampleOptions *o = &s->options;
    if (o->prompt)
        return error_usage(
            err, "sample stores pairs for labeling; to see text: rlhf generate --prompt \"%.60s\"",
            o->prompt);
    if (o->models.n == 0) o->models = (Words){.word = {"base"}, .n = 1};
    if (o->models.n > ANSWERING_MODELS)
        return error_usage(err, "at most %d models answer together", ANSWERING_MODELS);
    if (o->answers == 0) o->answers = o->models.n > 2 ? o->models.n : 2;
    if (o->answers < o->models.n)
        return error_usage(err, "--answers %d: %d models give at least one each", o->answers,
                           o->models.n);
    s->to = (Answering){.model = s->model,
                        .n_models = o->models.n,
                        .answers = o->answers,
                        .pairs = o->pairs,
                        .max_new_tokens = o->max_new_tokens,
                        .batch = o->batch,
                        .temperature = o->temperature,
                        .seed = s->ctx->seed};
    return 0;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    Sampling s = {
        .ctx = ctx,
        .options = {.pairs = PAIRS, .temperature = 1, .batch = 64, .campaign = STORE_CAMPAIGN}};
    Words words;
    Split wanted;
    const double began = log_clock();
    int rc = -1;
    if (options_parse(ctx, OPTIONS, &s.options, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (check_options(&s, err) != 0 || read_split(&wanted, &s.options, err) != 0) return -1;
    if (open_store(&s.to.store, ctx, err) != 0) goto done;
    if (store_use_campaign(s.to.store, s.options.campaign, err) != 0) goto done;
    if (store_check_open(s.to.store, err) != 0) goto done;
    if (open_models(&s, err) != 0) goto done;
    rc = sample(&s, wanted, err);
    if (rc == 0) report(&s, log_clock() - began);

done:
    for (int m = s.to.n_models - 1; m >= 0; m--) loaded_close(&s.model[m]);
    store_close(s.to.store);
    answering_free(&s.to);
    return rc;
}

const Command cmd_sample = {
    .name = "sample",
    .heading = "people",
    .summary = "store paired answers for labeling",
    .usage = "[--model MODEL]... [--answers K] [--limit N] [--split train|valid] [--campaign NAME]",
    .details =
        "K answers to every train and valid prompt that the model has not answered so often, with "
        "their tokens, seed\n"
        "and settings, and every two of them to compare.  Of several models, which take turns, "
        "an answer is compared with\n"
        "those of the others, and nobody who labels is told whose it is.  Equal texts make no "
        "pair.\n"
        "Pairs are stored as they come: labeling can begin with the first one, Ctrl-C keeps what "
        "is there, and the same\n"
        "command goes on.",
    .options = OPTIONS,
    .project = PROJECT_NEEDED,
    .run = run,
};
