/* rlhf bench ppo: iterations of PPO, by phases. */
#include <stdio.h>
#include <stdlib.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/median.h"
#include "base/mem.h"
#include "cli/bench.h"
#include "cli/commands.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "policy/model_settings.h"
#include "ppo/ppo.h"

typedef struct {
    BenchShape shape;
    int prompt, iterations;
} PpoBenchOptions;

static const Option OPTIONS[] = {
    BENCH_SHAPE_OPTIONS(PpoBenchOptions, shape),
    {"prompt-tokens", OPTION_INT, offsetof(PpoBenchOptions, prompt), 1, 1 << 20, "N",
     "of each prompt (16)"},
    {"measured", OPTION_INT, offsetof(PpoBenchOptions, iterations), 1, 1000, "N",
     "iterations, after one that is not measured (3)"},
    {0},
};

/* As cmd_ppo.c has them: policy and value model are trained, all of them, or adapters over one frozen base, which the
 * reward model is an adapter of, too. */
typedef struct {
    const PpoConfig *settings;
    const LoraConfig *lora;
    Model *model, *reward, *policy_copy, *value_copy;
    Adapter *policy_adapter, *value_adapter, *reward_adapter;
    int *token, *start;
    Room *room; /* of all: never two hold a pass */
    PpoInputs in;
    Ppo *ppo;
} Job;

static Model *copy_of(const Model *m)
{
    Model *copy = model_like(&m->config);
    model_copy(copy, m);
    return copy;
}

static void open_trained(Job *j)
{
    PolicyOptions policy = ppo_policy_options(j->settings), value = ppo_value_options(j->settings);
    const bool shared = j->settings->value == VALUE_SHARED;
    const AdapterConfig adapter = adapter_config(j->lora);
    policy.room = value.room = j->room;
    if (j->lora->rank > 0) {
        j->policy_adapter = policy.adapter = adapter_new(j->model, &adapter, 1);
        if (!shared) j->value_adapter = value.adapter = adapter_new(j->model, &adapter, 2);
    } else {
        j->policy_copy = copy_of(j->model);
        if (!shared) j->value_copy = copy_of(j->reward);
    }
    j->in.policy = policy_open(j->policy_copy ? j->policy_copy : j->model, &policy);
    j->in.value = j->in.policy;
    if (!shared) j->in.value = policy_open(j->value_copy ? j->value_copy : j->model, &value);
}

static void job_open(Job *j, const ModelConfig *c, int prompt, uint64_t seed)
{
    const int B = j->settings->batch_size;
    j->model = model_new(c, seed);
    if (j->lora->rank == 0) j->reward = model_new(c, seed + 1);
    j->token = bench_tokens(B * prompt, c->V);
    j->start = mem_calloc((size_t)B + 1, sizeof *j->start);
    for (int b = 0; b <= B; b++) j->start[b] = b * prompt;
    j->room = room_new();
    const PolicyOptions frozen = {.max_tokens = SCORING_TOKENS, .room = j->room, .seed = seed};
    PolicyOptions scores = frozen;
    scores.heads = 1;
    if (!j->reward) {
        const AdapterConfig adapter = adapter_config(j->lora);
        scores.adapter = j->reward_adapter = adapter_new(j->model, &adapter, 3);
    }
    j->in = (PpoInputs){.reference = policy_open(j->model, &frozen),
                        .reward = policy_open(j->reward ? j->reward : j->model, &scores),
                        .prompts = {B, j->token, j->start},
                        .seed = seed};
    open_trained(j);
}

static void job_close(Job *j)
{
    ppo_free(j->ppo);
    if (j->in.value != j->in.policy) policy_close(j->in.value);
    policy_close(j->in.policy);
    policy_close(j->in.reference);
    policy_close(j->in.reward);
    room_free(j->room);
    adapter_free(j->policy_adapter);
    adapter_free(j->value_adapter);
    adapter_free(j->reward_adapter);
    Model *const all[] = {j->policy_copy, j->value_copy, j->model, j->reward};
    for (int i = 0; i < 4; i++) model_free(all[i]);
    free(j->token);
    free(j->start);
}

/* Medians of the iterations. */
typedef struct {
    double total, sampling, scoring, updating;
} Phases;

static int iterate(Phases *out, Job *j, int iterations, Error *err)
{
    double *x = mem_calloc(4 * (size_t)iterations, sizeof *x), *phase[4];
    Trainer t = ppo_trainer(j->ppo);
    Text members = {0}, note = {0};
    int rc = 0;
    for (int k = 0; k < 4; k++) phase[k] = x + k * iterations;
    for (int i = -1; i < iterations && rc == 0; i++) {
        const double began = log_clock();
        rc = t.step(t.self, i + 1, &members, &note, err);
        if (rc == 0 && interrupt_pending()) rc = error_stopped(err, "stopped");
        if (i < 0) continue;
        const PpoMetrics *m = ppo_metrics(j->ppo);
        phase[0][i] = log_clock() - began;
        phase[1][i] = m->sampling, phase[2][i] = m->scoring, phase[3][i] = m->updating;
    }
    if (rc == 0)
        *out = (Phases){median(phase[0], (size_t)iterations), median(phase[1], (size_t)iterations),
                        median(phase[2], (size_t)iterations), median(phase[3], (size_t)iterations)};
    text_free(&members);
    text_free(&note);
    free(x);
    return rc;
}

/* When the models are gone: the machine's limits take memory to measure. */
static void report(const Context *ctx, const ModelConfig *c, const PpoConfig *s, const Phases *p,
                   size_t planned, const PpoBenchOptions *o)
{
    const BenchLimits limits = bench_limits();
    const double tokens = (double)s->batch_size * (o->prompt + s->max_new_tokens);
    if (!ctx->json) {
        printf("%.4g s an iteration (median of %d): sampling %.4g, scoring %.4g, updating %.4g\n"
               "%d answers of %d tokens after prompts of %d, %d epochs, minibatches of %d; %s\n"
               "%s tokens/s; %s of memory planned\n",
               p->total, o->iterations, p->sampling, p->scoring, p->updating, s->batch_size,
               s->max_new_tokens, o->prompt, s->epochs, s->minibatch_size, bench_shape_name(c),
               text_thousands((long long)(tokens / p->total)), text_size((double)planned));
        bench_print_limits(ctx, &limits);
        return;
    }
    Text t = {0};
    const double value[] = {tokens / p->total, p->total,    p->sampling,
                            p->scoring,        p->updating, 1e-6 * (double)planned};
    static const char *const NAME[] = {"tokens_per_second", "seconds",  "sampling",
                                       "scoring",           "updating", "planned_mb"};
    for (int i = 0; i < 6; i++) {
        text_format(&t, "%s\"%s\":", i ? "," : "{", NAME[i]);
        json_put_number(&t, value[i]);
    }
    text_add(&t, ",");
    bench_put_limits(&t, ctx, &limits);
    printf("%s}\n", t.bytes);
    text_free(&t);
}

/* As job_open does; *planned: bytes. */
static int check_memory(size_t *planned, const ModelConfig *c, const PpoConfig *s,
                        const LoraConfig *lora, int longest, Error *err)
{
    const AdapterConfig config = adapter_config(lora);
    Model *outline = model_outline(c);
    Adapter *adapter = lora->rank > 0 ? adapter_outline(outline, &config) : NULL;
    const PolicyOptions frozen = {.max_tokens = SCORING_TOKENS};
    const int B = s->batch_size;
    PpoModels m = {.policy = {&m.policy, c, ppo_policy_options(s)},
                   .reference = {&m.reference, c, frozen},
                   .value = {&m.value, c, ppo_value_options(s)},
                   .reward = {&m.reward, c, frozen},
                   .longest = longest,
                   .together = s->generate_batch < B ? s->generate_batch : B};
    m.reward.options.heads = 1;
    m.policy.options.adapter = m.value.options.adapter = m.reward.options.adapter = adapter;
    if (adapter) m.policy.base = m.value.base = m.reward.base = m.reference.base;
    if (s->value == VALUE_SHARED) m.value.base = NULL;
    const PpoMemory memory = ppo_memory(&m, s);
    MemoryPlan plan = {0};
    memory_plan_add_ppo(&plan, &memory);
    *planned = ppo_memory_total(&memory);
    adapter_free(adapter);
    model_free(outline);
    return memory_plan_check(&plan, "adapters take less: --set lora.rank=16", err);
}

/* Held-out answers are no part of an iteration. */
static int read_settings(Context *ctx, const BenchShape *from, ModelConfig *c, PpoConfig *s,
                         LoraConfig *lora, Error *err)
{
    Config all = {0};
    config_bind(&all, &PPO_TABLE, s);
    config_bind(&all, &LORA_TABLE, lora);
    if (context_preset(&all, ctx->command, err) != 0 || bench_shape(c, from, ctx, &all, err) != 0)
        return -1;
    s->show_every = s->eval_every = 0;
    return ppo_check_settings(s, err);
}

static int bench(Context *ctx, int argc, char **argv, Error *err)
{
    PpoBenchOptions o = {.prompt = 16, .iterations = 3};
    PpoConfig settings;
    LoraConfig lora;
    Words words;
    ModelConfig c;
    size_t planned;
    if (options_parse(ctx, OPTIONS, &o, &words, 0, 0, argc, argv, err) != 0 ||
        read_settings(ctx, &o.shape, &c, &settings, &lora, err) != 0)
        return -1;
    const int longest = o.prompt + settings.max_new_tokens;
    if (longest > c.max_T)
        return error_usage(err, "%d and %d tokens: the model's context has %d", o.prompt,
                           settings.max_new_tokens, c.max_T);
    if (check_memory(&planned, &c, &settings, &lora, longest, err) != 0) return -1;
    bench_say_load();
    Job j = {.settings = &settings, .lora = &lora};
    Phases phases = {0};
    job_open(&j, &c, o.prompt, ctx->seed);
    int rc = ppo_check(&settings, &j.in, err);
    if (rc == 0) {
        j.ppo = ppo_new(&j.in, &settings);
        rc = iterate(&phases, &j, o.iterations, err);
    }
    job_close(&j);
    if (rc == 0) report(ctx, &c, &settings, &phases, planned, &o);
    return rc;
}

static const ConfigTable *const SECTIONS[] = {&MODEL_TABLE, &PPO_TABLE, &LORA_TABLE, NULL};
/* The iteration that other programs were measured on: 64 answers of 48 tokens, 4 epochs. */
static const char PRESET[] =
    "{\"ppo\":{\"batch_size\":64,\"minibatch_size\":8,\"max_new_tokens\":48,"
    "\"missing_stop_penalty\":0}}";
const Command bench_ppo = {
    .name = "ppo",
    .summary = "iterations of PPO, by phases",
    .usage =
        "[--shape SHAPE|--model MODEL] [--prompt-tokens N] [--measured N] [--SETTING VALUE]...",
    .details = "64 answers of 48 tokens, 4 epochs in minibatches of 8, unless settings say "
               "otherwise.  With "
               "lora.rank\n"
               "policy, value and reward model are adapters over the reference's weights.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .preset = PRESET,
    .project = PROJECT_OPTIONAL,
    .run = bench,
};
