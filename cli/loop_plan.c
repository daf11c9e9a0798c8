/* rlhf loop --dry-run. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/job_memory.h"
#include "cli/loop.h"
#include "cli/memory_plan.h"
#include "cli/ppo_work.h"
#include "cli/project.h"
#include "cli/training_time.h"

/* Of the next round: later ones have more labels and prompts that other models answer. */
typedef struct {
    LoopOutlook outlook;
    int64_t reward_steps;
    TimeEstimate reward, ppo;
    size_t memory; /* of its largest step */
} Plan;

static int64_t reward_steps(const Loop *l, const LoopOutlook *o)
{
    const RewardConfig *c = &l->reward;
    return (int64_t)ceil(c->epochs * (double)o->usable[0] / c->batch_size);
}

/* PPO holds the most, and so stands for all steps where it fits. */
static int plan_memory(Plan *plan, const Loop *l, const Loaded *base, Error *err)
{
    Adapter *trained = loaded_planned_adapter(base, &l->lora);
    const JobModel of = {.model = base->model, .adapter = base->adapter, .trained = trained};
    MemoryPlan memory = {.tell = true};
    Job largest = JOB_SAMPLE;
    if (job_memory(JOB_REWARD, &of) > job_memory(largest, &of)) largest = JOB_REWARD;
    if (job_memory(JOB_PPO, &of) > job_memory(largest, &of)) largest = JOB_PPO;
    plan->memory = job_memory(largest, &of);
    memory_plan_add(&memory, job_name(largest), plan->memory);
    adapter_free(trained);
    return memory_plan_check(&memory, "with adapters training takes less: --set lora.rank=16", err);
}

static int plan_time(Plan *plan, const Loop *l, const Loaded *base, Store *store, Error *err)
{
    const char *source = l->settings.source[0] ? l->settings.source : NULL;
    const StorePromptFilter filter = {.split = SPLIT_TRAIN, .source = source};
    const bool lora = l->lora.rank > 0 || base->adapter;
    PromptTokens prompts = {0};
    if (prompts_read(&prompts, store, &filter, base, l->ppo.max_new_tokens, err) != 0) return -1;
    if (prompts.n == 0) return prompts_too_long(prompts.left_out, base, l->ppo.max_new_tokens, err);
    const StepWork ppo = ppo_work(&l->ppo, &prompts, store, lora);
    const StepWork reward =
        trained_work(2.0 * l->reward.batch_size, ppo.length, l->reward.max_tokens, false, lora);
    plan->ppo =
        training_time_reckon(base->model, &ppo, l->ppo.iterations, store, "ppo", l->ctx->threads);
    plan->reward = training_time_reckon(base->model, &reward, plan->reward_steps, store, "reward",
                                        l->ctx->threads);
    prompts_free(&prompts);
    return 0;
}

/* ---- on the screen --------------------------------------------------------------------------------- */

static void print_labels(const Loop *l, const LoopOutlook *o)
{
    if (l->rule) printf("  label    by the rule %s", l->rule->name);
    else
        printf("  label    people, who are waited for: %s; there could be %s",
               text_count(l->settings.when, "new label"), text_thousands(o->fresh));
    if (l->settings.errors > 0)
        printf(", %.3g%% turned round on purpose", 100 * l->settings.errors);
    putchar('\n');
}

static void print_time(const TimeEstimate *e)
{
    char duration[32];
    if (e->seconds > 0) printf("; about %s, %s", log_duration(duration, e->seconds), e->basis);
    putchar('\n');
}

static void print_steps(const Loop *l, const Plan *p)
{
    const LoopOutlook *o = &p->outlook;
    const int64_t held_out =
        l->settings.held_out < o->prompts[1] ? l->settings.held_out : o->prompts[1];
    printf(
        "  sample   two answers to each of %s train and %s valid prompts, of at most %d tokens\n",
        text_thousands(o->asked[0]), text_thousands(o->asked[1]), l->ppo.max_new_tokens);
    print_labels(l, o);
    printf("  reward   %s, from at most %s", text_count(p->reward_steps, "step"),
           text_count(o->usable[0], "label"));
    print_time(&p->reward);
    printf("  ppo      %s of %s, from %s", text_count(l->ppo.iterations, "iteration"),
           text_count(l->ppo.batch_size, "answer"),
           l->settings.start == 0 ? "aligned" : "the base");
    print_time(&p->ppo);
    printf(
        "  compare  with the base on %s, by the %s%s; aligned moves when its rate does not fall\n",
        text_count(held_out, "valid prompt"), l->rule ? "rule " : "round's reward model",
        l->rule ? l->rule->name : "");
}

static void bind(Config *c, LoopConfig *loop, RewardConfig *reward, PpoConfig *ppo,
                 LoraConfig *lora)
{
    config_bind(c, &LOOP_TABLE, loop);
    config_bind(c, &REWARD_TABLE, reward);
    config_bind(c, &PPO_TABLE, ppo);
    config_bind(c, &LORA_TABLE, lora);
}

static void print_settings(const Loop *l)
{
    const Config *c = &l->config;
    Config plain = {0};
    Text value = {0}, fallback = {0};
    bind(&plain, &(LoopConfig){0}, &(RewardConfig){0}, &(PpoConfig){0}, &(LoraConfig){0});
    printf("settings that are not defaults:\n");
    for (int s = 0; s < c->n; s++)
        for (int i = 0; i < c->table[s]->n; i++) {
            text_clear(&value), text_clear(&fallback);
            text_add(&value, ""), text_add(&fallback, "");
            config_value(&value, c, s, i);
            config_value(&fallback, &plain, s, i);
            if (strcmp(value.bytes, fallback.bytes) == 0) continue;
            printf("  %s.%s=%s (%s)\n", c->table[s]->name, c->table[s]->fields[i].name, value.bytes,
                   c->origin[s][i] == CONFIG_FROM_PRESET ? "loop/settings.json"
                                                         : config_origin_name(c->origin[s][i]));
        }
    text_free(&value);
    text_free(&fallback);
}

static void print(const Loop *l, const Plan *p)
{
    const LoopState *s = &l->state;
    const int over = loop_state_over(s), rounds = l->settings.rounds;
    if (over < s->n) printf("round %d goes on with %s; ", s->n, LOOP_STEP[s->round[s->n - 1].step]);
    printf("%s to come, %d to %d; the next one in full:\n", text_count(rounds - over, "round"),
           over + 1, rounds);
    print_steps(l, p);
    print_settings(l);
    printf("nothing was changed\n");
}

static void print_json(const Loop *l, const Plan *p)
{
    const LoopOutlook *o = &p->outlook;
    const LoopState *s = &l->state;
    const int over = loop_state_over(s);
    Text settings = {0};
    config_json(&l->config, &settings);
    cJSON *tree = cJSON_Parse(settings.bytes);
    char *line = cJSON_PrintUnformatted(tree);
    printf("{\"dry_run\":true,\"from\":%d,\"to\":%d,\"step\":\"%s\",\"asked\":{\"train\":%lld,"
           "\"valid\":"
           "%lld},\"labels\":{\"train\":%lld,\"valid\":%lld},\"reward\":{\"steps\":%lld,"
           "\"seconds\":%.3f},"
           "\"ppo\":{\"iterations\":%d,\"seconds\":%.3f},\"memory\":%zu,\"settings\":%s}\n",
           over + 1, l->settings.rounds,
           LOOP_STEP[over < s->n ? s->round[s->n - 1].step : LOOP_SAMPLE], (long long)o->asked[0],
           (long long)o->asked[1], (long long)o->usable[0], (long long)o->usable[1],
           (long long)p->reward_steps, p->reward.seconds, l->ppo.iterations, p->ppo.seconds,
           p->memory, line);
    cJSON_free(line);
    cJSON_Delete(tree);
    text_free(&settings);
}

int loop_plan(const Loop *l, Error *err)
{
    Plan plan = {0};
    Store *store = NULL;
    Loaded base = {0};
    int rc = -1;
    if (loop_state_over(&l->state) >= l->settings.rounds) {
        error_set(err, "all %d rounds are over", l->settings.rounds);
        return error_hint(err, "more of them: rlhf loop --rounds N");
    }
    if (loop_look_ahead(l, &plan.outlook, err) != 0) return -1;
    plan.reward_steps = reward_steps(l, &plan.outlook);
    if (loaded_outline_language(&base, l->ctx, "base", "base", NULL, err) != 0) return -1;
    if (plan_memory(&plan, l, &base, err) != 0) goto done;
    if (open_store_to_read(&store, l->ctx, err) != 0) goto done;
    if (plan_time(&plan, l, &base, store, err) != 0) goto done;
    if (l->ctx->json) print_json(l, &plan);
    else print(l, &plan);
    rc = 0;

done:
    loaded_close(&base);
    store_close(store);
    return rc;
}
