#include "cli/policy_samples.h"

#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "cli/memory_plan.h"
#include "cli/prompts.h"

enum { TOGETHER = 64 };

static int show(void *context, int finished)
{
    progress_update(context, finished, "%s", "");
    return interrupt_pending();
}

/* Answer i is to prompt i, or once more to the first after the last. */
static void ask(Sequences *asked, uint64_t *key, const PromptTokens *from, int n)
{
    const int *start = from->tokens.start;
    for (int i = 0; i < n; i++) {
        const int k = i % from->n;
        sequences_add(asked, from->tokens.token + start[k], start[k + 1] - start[k]);
        sequences_end(asked);
        key[i] = rng_item(RNG_FOR_SCALE, (uint64_t)i);
    }
}

static void join(Sequences *out, const Sequences *asked, const Responses *r)
{
    for (int i = 0; i < r->n; i++) {
        sequences_add(out, asked->token + asked->start[i], asked->start[i + 1] - asked->start[i]);
        sequences_add(out, r->token + r->start[i], r->start[i + 1] - r->start[i]);
        sequences_end(out);
    }
}

static int draw(Sequences *out, const Context *ctx, Loaded *l, const PromptTokens *from, int n,
                int max_new_tokens, Error *err)
{
    Sequences asked = {0};
    Responses r = {0};
    Progress bar;
    uint64_t *key = mem_calloc((size_t)n, sizeof *key);
    SamplingConfig config = {.temperature = 1,
                             .top_p = 1,
                             .max_new_tokens = max_new_tokens,
                             .n_stop = from->n_stop,
                             .seed = ctx->seed,
                             .batch = TOGETHER,
                             .on_progress = show,
                             .context = &bar};
    memcpy(config.stop, from->stop, sizeof config.stop);
    ask(&asked, key, from, n);
    loaded_policy(l);
    progress_begin(&bar, "answers to normalize on", n, "answer");
    const int rc =
        policy_generate(l->policy, &(Prompts){n, asked.token, asked.start, key}, &config, &r, err);
    progress_end(&bar);
    if (rc == 0) join(out, &asked, &r);
    policy_close(l->policy);
    l->policy = NULL;
    responses_free(&r);
    sequences_free(&asked);
    free(key);
    return rc;
}

int policy_samples_draw(Sequences *out, const Context *ctx, Store *store, Loaded *l, int n,
                        int max_new_tokens, Error *err)
{
    const StorePromptFilter filter = {.split = SPLIT_TRAIN, .limit = n};
    PromptTokens prompts = {0};
    int rc = -1;
    if (loaded_heads(l) > 0)
        return error_set(err, "%s is a reward model: it scores, and is not there to answer",
                         l->name);
    if (prompts_read(&prompts, store, &filter, l, max_new_tokens, err) != 0) return -1;
    if (prompts.n == 0)
        rc = prompts.left_out > 0 ? prompts_too_long(prompts.left_out, l, max_new_tokens, err)
                                  : error_set(err, "no training prompts to normalize on");
    else if (memory_plan_decoding(l, n < TOGETHER ? n : TOGETHER,
                                  sequences_longest(&prompts.tokens) + max_new_tokens, err) == 0)
        rc = draw(out, ctx, l, &prompts, n, max_new_tokens, err);
    prompts_free(&prompts);
    return rc;
}
