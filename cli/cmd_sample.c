/* rlhf sample: stores paired answers for labeling, with all that is needed to make them again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/loaded.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/prompts.h"

typedef struct {
    const char *model, *split, *source, *prompt, *campaign;
    int limit, max_new_tokens, batch;
    double temperature;
} SampleOptions;

static const Option OPTIONS[] = {
    {"model", OPTION_TEXT, offsetof(SampleOptions, model), 0, 0, "MODEL", "who answers (base)"},
    {"split", OPTION_TEXT, offsetof(SampleOptions, split), 0, 0, "SPLIT",
     "train or valid prompts only (both)"},
    SOURCE_OPTION(offsetof(SampleOptions, source)),
    {"campaign", OPTION_TEXT, offsetof(SampleOptions, campaign), 0, 0, "NAME",
     "whose pairs they are (default)"},
    {"limit", OPTION_INT, offsetof(SampleOptions, limit), 1, 1e9, "N",
     "at most so many prompts, shared between train and valid as those to answer are"},
    {"max-new-tokens", OPTION_INT, offsetof(SampleOptions, max_new_tokens), 1, 1 << 20, "N",
     "longest answer (128)"},
    TEMPERATURE_OPTION(offsetof(SampleOptions, temperature)),
    BATCH_OPTION(offsetof(SampleOptions, batch)),
    {"prompt", OPTION_TEXT, offsetof(SampleOptions, prompt), 0, 0, "TEXT", NULL},
    {0},
};

/* Answers are committed in pages of so many prompts: Ctrl-C keeps them, and labeling can begin. */
enum { PAGE = 256, ANSWERS = 2 };

typedef struct {
    Context *ctx;
    SampleOptions options;
    Store *store;
    Loaded model;
    int64_t model_id;
    char *sampling; /* JSON of the settings; of the split in hand */
    Progress bar;
    int64_t asked, pairs, equal, unfinished, tokens, left_out;
    int64_t answered; /* when there is nothing to ask: prompts that this model has answered */
} Sampling;

static int stop_early(void *context, int finished)
{
    Sampling *s = context;
    progress_update(&s->bar, s->asked + finished / ANSWERS, "%s", text_count(s->tokens, "token"));
    return interrupt_pending();
}

static void fill_rows(Sampling *s, StoreResponse *row, char **text, const Responses *r,
                      const StorePrompt *const *prompt)
{
    for (int i = 0; i < r->n; i++) {
        const int from = r->start[i], n = r->start[i + 1] - from;
        double sum = 0;
        for (int k = 0; k < n; k++) sum += r->logp[from + k];
        text[i] = response_text(s->model.tokenizer, r->token + from, n);
        row[i] = (StoreResponse){.prompt_id = prompt[i / ANSWERS]->id,
                                 .model_id = s->model_id,
                                 .text = text[i],
                                 .tokens = r->token + from,
                                 .n_tokens = n,
                                 .sum_logprob = sum,
                                 .finish = r->finish[i] == FINISH_STOP ? "stop" : "length",
                                 .seed = s->ctx->seed,
                                 .sample_no = i % ANSWERS,
                                 .sampling_json = s->sampling};
        s->unfinished += r->finish[i] != FINISH_STOP;
        s->tokens += n;
    }
}

static int store_page(Sampling *s, const Responses *r, const StorePrompt *const *prompt, Error *err)
{
    StoreResponse *row = mem_calloc((size_t)r->n, sizeof *row);
    StoreComparison *pair = mem_calloc((size_t)r->n / ANSWERS + 1, sizeof *pair);
    char **text = mem_calloc((size_t)r->n, sizeof *text);
    StoreAdded added = {0};
    const size_t pairs = (size_t)r->n / ANSWERS;

    fill_rows(s, row, text, r, prompt);
    int rc = store_add_responses(s->store, row, (size_t)r->n, NULL, err);
    for (size_t i = 0; i < pairs; i++)
        pair[i] = (StoreComparison){.prompt_id = row[2 * i].prompt_id,
                                    .a_id = row[2 * i].id,
                                    .b_id = row[2 * i + 1].id,
                                    .origin = "random"};
    if (rc == 0) rc = store_add_comparisons(s->store, pair, pairs, &added, err);
    s->pairs += added.added;
    s->equal += added.refused;
    for (int i = 0; i < r->n; i++) free(text[i]);
    free(text);
    free(row);
    free(pair);
    return rc;
}

/* Two answers to each of prompts [at, at + n).  The random numbers of an answer follow from the prompt's
 * id. */
static int sample_page(Sampling *s, const PromptTokens *from, int at, int n, Error *err)
{
    Sequences prompts = {0};
    Responses r = {0};
    uint64_t *key = mem_calloc((size_t)n * ANSWERS, sizeof *key);
    SamplingConfig config = {.temperature = s->options.temperature,
                             .top_p = 1,
                             .max_new_tokens = s->options.max_new_tokens,
                             .n_stop = from->n_stop,
                             .seed = s->ctx->seed,
                             .batch = s->options.batch,
                             .on_progress = stop_early,
                             .context = s};
    memcpy(config.stop, from->stop, sizeof config.stop);
    for (int i = 0; i < n * ANSWERS; i++) {
        const int k = at + i / ANSWERS, *start = from->tokens.start;
        sequences_add(&prompts, from->tokens.token + start[k], start[k + 1] - start[k]);
        sequences_end(&prompts);
        key[i] = rng_item(RNG_FOR_LABELING,
                          (uint64_t)from->row[k]->id * ANSWERS + (uint64_t)(i % ANSWERS));
    }
    int rc =
        policy_generate(s->model.policy, &(Prompts){n * ANSWERS, prompts.token, prompts.start, key},
                        &config, &r, err);
    if (rc == 0) rc = store_page(s, &r, from->row + at, err);
    responses_free(&r);
    sequences_free(&prompts);
    free(key);
    return rc;
}

/* Prompts that this model has not answered, of train and valid: test prompts are for compare alone. */
static StorePromptFilter to_answer(const Sampling *s, Split split)
{
    return (StorePromptFilter){.split = split,
                               .source = s->options.source,
                               .answered = ANSWERED_NO,
                               .model_id = s->model_id};
}

static int sample_split(Sampling *s, Split split, int64_t limit, Error *err)
{
    PromptTokens prompts = {0};
    StorePromptFilter filter = to_answer(s, split);
    filter.limit = limit;
    if (prompts_read(&prompts, s->store, &filter, &s->model, s->options.max_new_tokens, err) != 0)
        return -1;
    s->left_out += prompts.left_out;
    free(s->sampling);
    s->sampling =
        prompts_sampling_json(&prompts, s->options.temperature, s->options.max_new_tokens, NULL);
    const int answers = ANSWERS * prompts.n, batch = s->options.batch;
    int rc = prompts.n == 0
                 ? 0
                 : memory_plan_decoding(
                       &s->model, answers < batch ? answers : batch,
                       sequences_longest(&prompts.tokens) + s->options.max_new_tokens, err);
    for (int at = 0; at < prompts.n && rc == 0 && !interrupt_pending(); at += PAGE) {
        const int n = prompts.n - at < PAGE ? prompts.n - at : PAGE;
        rc = sample_page(s, &prompts, at, n, err);
        if (rc != 0 && interrupt_pending()) rc = 0;
        else s->asked += n;
        progress_update(&s->bar, s->asked, "%s", text_count(s->tokens, "token"));
    }
    prompts_free(&prompts);
    return rc;
}

/* How many prompts of each split to ask: a limit is shared as those without answers are, so that the labels
 * of a limited sample can be held out too. */
static int share_limit(int64_t *share, const Sampling *s, Split wanted, Error *err)
{
    const int64_t limit = s->options.limit;
    int64_t total = 0;
    for (Split split = SPLIT_TRAIN; split <= SPLIT_VALID; split++) {
        const StorePromptFilter filter = to_answer(s, split);
        share[split] = 0;
        if (wanted != SPLIT_ANY && wanted != split) continue;
        if (store_count_prompts(s->store, &filter, &share[split], err) != 0) return -1;
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
        if (store_count_prompts(s->store, &filter, &n, err) != 0) return -1;
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

static int sample(Sampling *s, Split wanted, Error *err)
{
    int64_t share[SPLIT_N];
    if (share_limit(share, s, wanted, err) != 0) return -1;
    const int64_t all = share[SPLIT_TRAIN] + share[SPLIT_VALID];
    if (all == 0 && check_prompts(s, wanted, err) != 0) return -1;
    progress_begin(&s->bar, "sample", all, "prompt");
    int rc = 0;
    for (Split split = SPLIT_TRAIN; split <= SPLIT_VALID && rc == 0; split++)
        if (share[split] > 0) rc = sample_split(s, split, share[split], err);
    progress_end(&s->bar);
    if (rc == 0 && s->asked == 0 && s->left_out > 0 && !interrupt_pending())
        return prompts_too_long(s->left_out, &s->model, s->options.max_new_tokens, err);
    prompts_log(s->left_out, &s->model, s->options.max_new_tokens);
    return rc;
}

static void report_answered(const Sampling *s)
{
    const SampleOptions *o = &s->options;
    printf("nothing to sample: %s has answered all %s", s->model.name, text_thousands(s->answered));
    if (o->split) printf(" %s", o->split);
    printf(" prompts");
    if (o->source) printf(" of source %s", o->source);
    printf(" already\nfor more pairs: rlhf import FILE, then sample");
    if (o->split) printf("; or without --split");
    if (o->source) printf("; or without --source");
    printf("; or another --model\n");
}

static void report(const Sampling *s, double seconds)
{
    if (s->ctx->json) {
        printf(
            "{\"prompts\":%lld,\"pairs\":%lld,\"equal\":%lld,\"unfinished\":%lld,\"left_out\":%lld,"
            "\"tokens\":%lld,\"seconds\":%.3f}\n",
            (long long)s->asked, (long long)s->pairs, (long long)s->equal, (long long)s->unfinished,
            (long long)s->left_out, (long long)s->tokens, seconds);
        return;
    }
    if (s->answered > 0) {
        report_answered(s);
        return;
    }
    printf("%s stored for %s", text_count(s->pairs, "pair"), text_count(s->asked, "prompt"));
    if (s->equal) printf("; %s with two equal answers left out", text_thousands(s->equal));
    if (s->unfinished)
        printf("; %s cut at %s", text_count(s->unfinished, "answer"),
               text_count(s->options.max_new_tokens, "token"));
    printf("; %s, %s a second\n", text_count(s->tokens, "token"),
           text_thousands((long long)((double)s->tokens / (seconds + 1e-9))));
}

/* A lower bound, before any weights are read: how long the prompts are is known once the model is known by its
 * weights, which may have answered some. */
static int check_memory(const Sampling *s, Error *err)
{
    MemoryPlan plan = {.untold = true};
    memory_plan_add_weights(&plan, &s->model, &(ModelUse){.predicts = true});
    memory_plan_add_sampling(&plan, &s->model, ANSWERS, s->options.max_new_tokens);
    return memory_plan_check(&plan, "a smaller --max-new-tokens takes less", err);
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    Sampling s = {.ctx = ctx,
                  .options = {.model = "base",
                              .max_new_tokens = 128,
                              .temperature = 1,
                              .batch = 64,
                              .campaign = STORE_CAMPAIGN}};
    Words words;
    Split wanted;
    const double began = log_clock();
    int rc = -1;
    if (options_parse(ctx, OPTIONS, &s.options, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (s.options.prompt)
        return error_usage(
            err, "sample stores pairs for labeling; to see text: rlhf generate --prompt \"%.60s\"",
            s.options.prompt);
    if (read_split(&wanted, &s.options, err) != 0) return -1;
    if (open_store(&s.store, ctx, err) != 0) goto done;
    if (store_use_campaign(s.store, s.options.campaign, err) != 0) goto done;
    if (store_check_open(s.store, err) != 0) goto done;
    if (loaded_outline_language(&s.model, ctx, "policy", s.options.model, NULL, err) != 0)
        goto done;
    if (check_memory(&s, err) != 0 || loaded_read(&s.model, err) != 0) goto done;
    if (loaded_record(&s.model, s.store, &s.model_id, err) != 0) goto done;
    loaded_policy(&s.model);
    rc = sample(&s, wanted, err);
    if (rc == 0) report(&s, log_clock() - began);

done:
    free(s.sampling);
    loaded_close(&s.model);
    store_close(s.store);
    return rc;
}

const Command cmd_sample = {
    .name = "sample",
    .heading = "people",
    .summary = "store paired answers for labeling",
    .usage = "[--model MODEL] [--limit N] [--split train|valid] [--campaign NAME]",
    .details = "Two answers to every train and valid prompt that the model has not answered yet, "
               "with their tokens, seed\n"
               "and settings.  Pairs are stored as they come: labeling can begin, Ctrl-C keeps "
               "what is there, and the same\n"
               "command goes on.  Two equal answers make no pair.",
    .options = OPTIONS,
    .project = PROJECT_NEEDED,
    .run = run,
};
