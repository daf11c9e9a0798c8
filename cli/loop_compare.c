#include <math.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "cli/comparison.h"
#include "cli/loop.h"
#include "cli/project.h"

enum { BATCH = 64 };

static ComparisonOptions options_of(const Loop *l)
{
    return (ComparisonOptions){.split = SPLIT_VALID,
                               .source = l->settings.source[0] ? l->settings.source : NULL,
                               .n = l->settings.held_out,
                               .max_new_tokens = l->ppo.max_new_tokens,
                               .batch = BATCH,
                               .temperature = 1,
                               .seed = l->state.seed,
                               .rule = l->rule};
}

/* The base beats itself half the time, whoever judges. */
static const LoopRate OF_BASE = {.n = 0, .rate = 0.5, .low = 0.5, .high = 0.5};

/* How often the model in `folder` beats the base, by the rule or by this round's reward model. */
static int measure(Loop *l, const LoopRound *r, LoopRate *out, const char *folder, Error *err)
{
    const ComparisonOptions o = options_of(l);
    Loaded base = {0}, model = {0}, reward = {0};
    Comparison c = {0};
    Store *store = NULL;
    int rc = -1;
    if (open_store(&store, l->ctx, err) != 0) goto done;
    if (loaded_outline_language(&base, l->ctx, NULL, "base", NULL, err) != 0 ||
        loaded_outline_language(&model, l->ctx, NULL, folder, &base, err) != 0)
        goto done;
    if (!l->rule && loaded_outline(&reward, l->ctx, NULL, r->reward, &base, err) != 0) goto done;
    if (loaded_read(&base, err) != 0 || loaded_read(&model, err) != 0) goto done;
    if (strcmp(base.hash, model.hash) == 0) {
        *out = OF_BASE;
        rc = 0;
        goto done;
    }
    rc = comparison_run(&c, store, &base, &model, l->rule ? NULL : &reward, &o, err);
    if (rc == 0) {
        const WinRate *w = l->rule ? &c.by_rule : &c.by_reward;
        *out = (LoopRate){.n = w->n, .rate = w->rate, .low = w->low, .high = w->high};
    }

done:
    comparison_free(&c);
    loaded_close(&model);
    loaded_close(&reward);
    loaded_close(&base);
    store_close(store);
    return rc;
}

/* Settled in the state before anything moves: taken up again, a candidate is never measured against itself. */
static int decide(Loop *l, LoopRound *r, Error *err)
{
    char aligned[FILE_PATH_MAX], folder[FILE_PATH_MAX];
    LoopRate rate, standing = OF_BASE;
    if (project_model_path(l->ctx, aligned, "aligned", err) != 0) return -1;
    if (project_path(l->ctx, folder, r->candidate, err) != 0 ||
        measure(l, r, &rate, folder, err) != 0)
        return -1;
    if (aligned[0] && (project_path(l->ctx, folder, aligned, err) != 0 ||
                       measure(l, r, &standing, folder, err) != 0))
        return -1;
    r->rate = rate, r->standing = standing;
    loop_state_set(&r->judge, l->rule ? l->rule->name : "reward");
    r->outcome = rate.rate >= standing.rate ? LOOP_MOVED : LOOP_HELD;
    loop_state_set(&r->aligned, r->outcome == LOOP_MOVED ? r->candidate : aligned);
    return loop_save(l, err);
}

int loop_compare(Loop *l, LoopRound *r, Error *err)
{
    char folder[FILE_PATH_MAX], aligned[FILE_PATH_MAX];
    if (r->outcome == LOOP_HALTED) {
        if (project_model_path(l->ctx, aligned, "aligned", err) != 0) return -1;
        loop_state_set(&r->aligned, aligned);
        log_line("round %d: %s; aligned stays", l->state.n,
                 r->ppo[0] ? "PPO halted and made no policy"
                           : "the reward model's scores are all 0, so PPO was left out");
        return 0;
    }
    if (r->outcome == LOOP_OPEN) {
        const int rc = decide(l, r, err);
        if (rc != 0) return interrupt_pending() ? 0 : -1;
    }
    if (r->outcome == LOOP_MOVED) {
        if (project_path(l->ctx, folder, r->candidate, err) != 0) return -1;
        if (project_set_model(l->ctx, "aligned", folder, err) != 0) return -1;
    }
    log_line("round %d: beats the base on %.3f of %d held-out prompts, before it %.3f: aligned %s",
             l->state.n, r->rate.rate, r->rate.n, r->standing.rate,
             r->outcome == LOOP_MOVED ? "moves forward" : "stays");
    return 0;
}
