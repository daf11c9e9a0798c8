/* rlhf bench train: steps of supervised training. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/bench.h"
#include "cli/commands.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "policy/model_settings.h"
#include "policy/policy.h"

typedef struct {
    BenchShape shape;
    int sequences, length;
    double seconds;
    bool recompute;
} TrainOptions;

static const Option OPTIONS[] = {
    BENCH_SHAPE_OPTIONS(TrainOptions, shape),
    {"sequences", OPTION_INT, offsetof(TrainOptions, sequences), 1, 4096, "B", "of a step (8)"},
    {"length", OPTION_INT, offsetof(TrainOptions, length), 2, 1 << 20, "T",
     "tokens of a sequence (128)"},
    {"seconds", OPTION_DOUBLE, offsetof(TrainOptions, seconds), 0.001, 3600, "S",
     "at least three steps, and more until this is over (5)"},
    {"recompute", OPTION_SWITCH, offsetof(TrainOptions, recompute), 0, 0, NULL,
     "make activations again in the backward: less memory, more time"},
    {0},
};

typedef struct {
    Policy *policy;
    TokenBatch batch;
    double *logp, *gradient; /* (N) */
} Step;

static void train_step(void *context)
{
    Step *s = context;
    policy_evaluate(s->policy, &s->batch, &(TokenTerms){.logp = s->logp});
    policy_accumulate(s->policy, &s->batch, &(TokenTerms){.logp = s->gradient});
    policy_step(s->policy, 1e-6, 1);
}

static void step_open(Step *s, Model *m, const PolicyOptions *options, int B, int T)
{
    const int N = B * T;
    int *start = mem_calloc((size_t)B + 1, sizeof *start);
    unsigned char *want = mem_calloc((size_t)N, 1);
    s->logp = mem_calloc((size_t)N, sizeof *s->logp);
    s->gradient = mem_calloc((size_t)N, sizeof *s->gradient);
    for (int i = 0; i < N; i++) {
        want[i] = i % T ? WANT_LOGP : 0;
        s->gradient[i] = i % T ? -1.0 / (N - B) : 0;
    }
    for (int b = 0; b <= B; b++) start[b] = b * T;
    s->batch = (TokenBatch){B, N, bench_tokens(N, m->config.V), start, want, 1};
    s->policy = policy_open(m, options);
}

static void step_close(Step *s)
{
    policy_close(s->policy);
    free((int *)s->batch.token);
    free((int *)s->batch.start);
    free((unsigned char *)s->batch.want);
    free(s->logp);
    free(s->gradient);
}

/* Two passes back for one forward; attention makes its weights again on the way back. */
static double work_of(const ModelConfig *c, int B, int T)
{
    const double matrices = bench_block_work(c) + bench_head_work(c) * (T - 1) / T;
    return B * (3 * T * matrices + 3.5 * bench_attention_work(c, T));
}

static int check_memory(const ModelConfig *c, const PolicyOptions *options, Error *err)
{
    const ModelUse use = {.predicts = true, .trained = true, .predictions_trained = true};
    MemoryPlan plan = {.untold = true};
    memory_plan_add(&plan, "weights", model_memory(c, &use));
    memory_plan_add(&plan, "training", policy_memory(c, options));
    return memory_plan_check(&plan, "fewer --sequences take less", err);
}

static void report(const Context *ctx, const TrainOptions *o, const ModelConfig *c,
                   const BenchTime *time)
{
    const BenchLimits limits = bench_limits();
    const int N = o->sequences * o->length;
    const double work = work_of(c, o->sequences, o->length), rate = N / time->seconds;
    if (!ctx->json) {
        printf("%s tokens/s: a step of %d x %d tokens takes %.4g s (median of %d)\n"
               "%.1f GFLOP/s, %.0f%% of the limit meanwhile; %s\n",
               text_thousands((long long)rate), o->sequences, o->length, time->seconds, time->calls,
               2e-9 * work / time->seconds, 100 * work / time->capacity, bench_shape_name(c));
        bench_print_limits(ctx, &limits);
        return;
    }
    Text t = {0};
    text_add(&t, "{\"tokens_per_second\":");
    json_put_number(&t, rate);
    text_add(&t, ",\"seconds\":");
    json_put_number(&t, time->seconds);
    text_format(&t, ",\"steps\":%d,\"gflops\":", time->calls);
    json_put_number(&t, 2e-9 * work / time->seconds);
    text_add(&t, ",\"share_of_limit\":");
    json_put_number(&t, work / time->capacity);
    text_add(&t, ",");
    bench_put_limits(&t, ctx, &limits);
    printf("%s}\n", t.bytes);
    text_free(&t);
}

static int bench(Context *ctx, int argc, char **argv, Error *err)
{
    TrainOptions o = {.sequences = 8, .length = 128, .seconds = 5};
    Words words;
    ModelConfig c;
    if (options_parse(ctx, OPTIONS, &o, &words, 0, 0, argc, argv, err) != 0 ||
        bench_shape(&c, &o.shape, ctx, NULL, err) != 0)
        return -1;
    if (o.length > c.max_T)
        return error_usage(err, "--length %d: the model's context has %d tokens", o.length,
                           c.max_T);
    const PolicyOptions options = {.train = true,
                                   .recompute = o.recompute,
                                   .max_tokens = o.sequences * o.length,
                                   .beta1 = 0.9,
                                   .beta2 = 0.999,
                                   .eps = 1e-8};
    if (check_memory(&c, &options, err) != 0) return -1;
    bench_say_load();
    Model *m = model_new(&c, ctx->seed);
    Step s;
    BenchTime time;
    step_open(&s, m, &options, o.sequences, o.length);
    const int rc = bench_time(&time, train_step, &s, o.seconds, err);
    if (rc == 0) report(ctx, &o, &c, &time);
    step_close(&s);
    model_free(m);
    return rc;
}

static const ConfigTable *const SECTIONS[] = {&MODEL_TABLE, NULL};
const Command bench_train = {
    .name = "train",
    .summary = "steps of supervised training",
    .usage = "[--shape SHAPE|--model MODEL] [--sequences B] [--length T]",
    .details = "Forward, backward and AdamW over B sequences of T tokens, one micro-batch.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .project = PROJECT_OPTIONAL,
    .run = bench,
};
