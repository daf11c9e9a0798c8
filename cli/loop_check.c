#include <string.h>

#include "base/text.h"
#include "cli/base_change.h"
#include "cli/loaded.h"
#include "cli/loop.h"
#include "cli/preferences.h"
#include "cli/project.h"
#include "cli/prompts.h"

static const Split SPLITS[2] = {SPLIT_TRAIN, SPLIT_VALID};
static const int NEEDED[2] = {PREFERENCES_TRAIN_MIN, PREFERENCES_HELD_OUT_MIN};

static int check_prompts(const Loop *l, LoopOutlook *o, Store *store, Error *err)
{
    const char *source = l->settings.source;
    for (int i = 0; i < 2; i++) {
        const StorePromptFilter filter = {.split = SPLITS[i], .source = source[0] ? source : NULL};
        if (store_count_prompts(store, &filter, &o->prompts[i], err) != 0) return -1;
        if (o->prompts[i] > 0) continue;
        error_set(err, "no prompts of the %s split%s%s, %s", split_name(SPLITS[i]),
                  source[0] ? " from " : "", source,
                  i == 0 ? "which a round asks" : "which win rates are measured on");
        return error_hint(err, "bring some in: rlhf import FILE --split %s", split_name(SPLITS[i]));
    }
    loop_share(o->asked, o->prompts, l->settings.pairs);
    return 0;
}

/* A rule labels a pair once, people as often as their campaign asks for. */
static int count_a_pair(const Loop *l, int64_t *labels, Store *store, Error *err)
{
    StoreCampaign c = {0};
    *labels = 1;
    if (l->rule) return 0;
    if (store_get_campaign(store, NULL, &c, err) != 0) return -1;
    *labels = c.overlap;
    store_campaign_free(&c);
    return 0;
}

static int look_ahead(const Loop *l, LoopOutlook *o, Store *store, Error *err)
{
    StoreStatus there = {0};
    int64_t each, to_label;
    if (count_a_pair(l, &each, store, err) != 0) return -1;
    if (loop_count_labels(l, &o->fresh, &to_label, err) != 0) return -1;
    if (store_status(store, &there, err) != 0) return -1;
    for (int i = 0; i < 2; i++) {
        const int64_t coming = each * (there.undecided[SPLITS[i]] + o->asked[i]);
        o->usable[i] = there.preferences[SPLITS[i]] + coming;
        o->fresh += coming;
    }
    store_status_free(&there);
    return 0;
}

/* Fewer labels than reward training takes, or than the round would wait for. */
static int check_labels(const Loop *l, const LoopOutlook *o, Error *err)
{
    for (int i = 0; i < 2; i++) {
        if (o->usable[i] >= NEEDED[i]) continue;
        error_set(err, "round %d would have %s of the %s split; a reward model needs %d",
                  loop_state_over(&l->state) + 1, text_count((long long)o->usable[i], "label"),
                  split_name(SPLITS[i]), NEEDED[i]);
        if (o->asked[i] < o->prompts[i]) return error_hint(err, "ask for more: --pairs N");
        return error_hint(err, "bring in more prompts: rlhf import FILE --split %s",
                          split_name(SPLITS[i]));
    }
    if (l->rule || o->fresh >= l->settings.when) return 0;
    error_set(err, "round %d would wait for %d labels, and its pairs bring %lld",
              loop_state_over(&l->state) + 1, l->settings.when, (long long)o->fresh);
    return error_hint(err, "wait for fewer: --when N, or ask more prompts: --pairs N");
}

int loop_look_ahead(const Loop *l, LoopOutlook *out, Error *err)
{
    Store *store = NULL;
    *out = (LoopOutlook){0};
    if (open_store(&store, l->ctx, err) != 0) return -1;
    int rc = store_check_open(store, err);
    if (rc == 0) rc = check_prompts(l, out, store, err);
    if (rc == 0) rc = look_ahead(l, out, store, err);
    store_close(store);
    return rc;
}

/* The longest answer must fit after some prompt of each split. */
static int check_room(const Loop *l, Error *err)
{
    const char *source = l->settings.source;
    Loaded base = {0};
    Store *store = NULL;
    int rc = loaded_outline_language(&base, l->ctx, NULL, "base", NULL, err);
    if (rc == 0) rc = open_store(&store, l->ctx, err);
    for (int i = 0; i < 2 && rc == 0; i++) {
        const StorePromptFilter filter = {
            .split = SPLITS[i], .source = source[0] ? source : NULL, .limit = 1};
        PromptTokens fit = {0};
        rc = prompts_read(&fit, store, &filter, &base, l->ppo.max_new_tokens, err);
        if (rc == 0 && fit.n == 0)
            rc = prompts_too_long(fit.left_out, &base, l->ppo.max_new_tokens, err);
        prompts_free(&fit);
    }
    store_close(store);
    loaded_close(&base);
    return rc;
}

/* The rounds go on from `aligned`, whose reward model is trained from the base. */
static int check_base(const Loop *l, const char *folder, Error *err)
{
    const char *other = base_change_find(l->ctx, folder);
    if (!other || strcmp(other, "aligned") != 0) return 0;
    error_set(err, "aligned has another tokenizer than the base: it does not come from it");
    return base_change_hint(l->ctx, err);
}

static int check_round(const Loop *l, Error *err)
{
    char folder[FILE_PATH_MAX];
    LoopOutlook o;
    if (project_model(l->ctx, folder, NULL, "base", err) != 0) return -1;
    if (check_base(l, folder, err) != 0) return -1;
    if (loop_look_ahead(l, &o, err) != 0 || check_labels(l, &o, err) != 0) return -1;
    return check_room(l, err);
}

int loop_check(const Loop *l, Error *err)
{
    const LoopState *s = &l->state;
    const int over = loop_state_over(s);
    const LoopRound *open = over < s->n ? &s->round[over] : NULL;
    if (l->rule && l->wait)
        return error_usage(err, "--wait is for people, and the rule %s labels", l->rule->name);
    if (l->restart && !(open && ((open->step == LOOP_REWARD && open->reward[0]) ||
                                 (open->step == LOOP_PPO && open->ppo[0]))))
        return error_usage(err, "--restart: no training run was left");
    if (over >= l->settings.rounds || (open && open->step != LOOP_SAMPLE)) return 0;
    return check_round(l, err);
}
