/* rlhf bench generate: answers sampled many at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/bench.h"
#include "cli/commands.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "policy/dtype.h"
#include "policy/generate.h"
#include "policy/model_settings.h"

enum { BATCHES_MAX = 16, BATCH_LIMIT = 4096 };
typedef struct {
    BenchShape shape;
    const char *batch, *type;
    int prompt, new_tokens;
    double seconds;
} GenerateOptions;

static const Option OPTIONS[] = {
    BENCH_SHAPE_OPTIONS(GenerateOptions, shape),
    {"batch", OPTION_TEXT, offsetof(GenerateOptions, batch), 0, 0, "N,N,...",
     "answers decoded together (1,8,32,64)"},
    {"type", OPTION_TEXT, offsetof(GenerateOptions, type), 0, 0, "TYPE",
     "of the weights: f32, or bf16 as most are published (f32)"},
    {"prompt-tokens", OPTION_INT, offsetof(GenerateOptions, prompt), 1, 1 << 20, "N",
     "of each prompt, no two alike (32)"},
    {"new-tokens", OPTION_INT, offsetof(GenerateOptions, new_tokens), 1, 1 << 20, "N",
     "of each answer (64)"},
    {"seconds", OPTION_DOUBLE, offsetof(GenerateOptions, seconds), 0.001, 3600, "S",
     "for each batch, three times at least (2)"},
    {0},
};

typedef struct {
    Policy *policy;
    Prompts prompts;
    SamplingConfig sampling;
} Decoding;

/* Without a stop token every answer is as long as it may be. */
static void decode(void *context)
{
    Decoding *d = context;
    Responses r = {0};
    Error err;
    if (policy_generate(d->policy, &d->prompts, &d->sampling, &r, &err) != 0) abort();
    responses_free(&r);
}

/* What the longest context and the largest batch take was planned before. */
static int measure(BenchTime *out, Policy *p, int batch, const GenerateOptions *o, Error *err)
{
    const int V = policy_config(p)->V, P = o->prompt;
    int *token = bench_tokens(batch * P, V), *start = mem_calloc((size_t)batch + 1, sizeof *start);
    uint64_t *key = mem_calloc((size_t)batch, sizeof *key);
    for (int b = 0; b <= batch; b++) start[b] = b * P;
    for (int b = 0; b < batch; b++) key[b] = (uint64_t)b;
    Decoding d = {
        .policy = p,
        .prompts = {batch, token, start, key},
        .sampling = {
            .temperature = 1, .max_new_tokens = o->new_tokens, .top_p = 1, .batch = batch}};
    const int rc = bench_time(out, decode, &d, o->seconds, err);
    free(token);
    free(start);
    free(key);
    return rc;
}

static void print_header(const ModelConfig *c, const GenerateOptions *o)
{
    printf("%d tokens after prompts of %d: %s\n"
           "batch  tokens/s  one answer's tokens/s  share of the limit  weights read\n",
           o->new_tokens, o->prompt, bench_shape_name(c));
}

/* Every prompt token but the last and every new one goes through the blocks; the head sees each that is drawn. */
static double work_of(const ModelConfig *c, int batch, const GenerateOptions *o)
{
    const int T = o->prompt + o->new_tokens - 1;
    return batch * (T * bench_block_work(c) + o->new_tokens * bench_head_work(c) +
                    bench_attention_work(c, T));
}

static bool is_bfloat16(const GenerateOptions *o)
{
    return strcmp(o->type, "bf16") == 0;
}

/* Each step of decoding reads every weight once, whatever the batch, in the form that products want it. */
static double read_rate(const ModelConfig *c, const GenerateOptions *o, const BenchTime *t)
{
    const bool half = is_bfloat16(o) || c->compute == COMPUTE_BF16;
    const size_t weight = half ? dtype_size(DTYPE_BF16) : sizeof(real);
    return (bench_block_work(c) + bench_head_work(c)) * (double)weight * o->new_tokens / t->seconds;
}

static void print_line(const ModelConfig *c, int batch, const GenerateOptions *o,
                       const BenchTime *t)
{
    const double rate = (double)batch * o->new_tokens / t->seconds;
    printf("%5d  %8.0f  %21.1f  %17.0f%%  %7.1f GB/s\n", batch, rate, rate / batch,
           100 * work_of(c, batch, o) / t->capacity, 1e-9 * read_rate(c, o, t));
    fflush(stdout);
}

static void put_object(Text *out, const ModelConfig *c, int batch, const GenerateOptions *o,
                       const BenchTime *t)
{
    text_format(out, "%s{\"batch\":%d,\"tokens_per_second\":", out->n ? "," : "", batch);
    json_put_number(out, (double)batch * o->new_tokens / t->seconds);
    text_add(out, ",\"seconds\":");
    json_put_number(out, t->seconds);
    text_add(out, ",\"share_of_limit\":");
    json_put_number(out, work_of(c, batch, o) / t->capacity);
    text_add(out, ",\"weights_read_gbps\":");
    json_put_number(out, 1e-9 * read_rate(c, o, t));
    text_add(out, "}");
}

static void finish(const Context *ctx, const Text *json)
{
    const BenchLimits limits = bench_limits();
    Text t = {0};
    bench_put_limits(&t, ctx, &limits);
    if (ctx->json) printf("{%s,\"batches\":[%s]}\n", t.bytes, json->bytes);
    else bench_print_limits(ctx, &limits);
    text_free(&t);
}

static Model *draw_model(const ModelConfig *c, uint64_t seed, bool bfloat16)
{
    Model *m = model_new(c, seed);
    for (size_t i = 0; bfloat16 && i < m->parameters.n; i++) {
        uint16_t half;
        dtype_write(&half, 0, m->parameters.w[i], DTYPE_BF16);
        dtype_read_floats(m->parameters.w + i, &half, 1, DTYPE_BF16);
    }
    return m;
}

static int measure_all(Context *ctx, const ModelConfig *c, const GenerateOptions *o,
                       const int *batch, int n, Error *err)
{
    bench_say_load();
    Model *m = draw_model(c, ctx->seed, is_bfloat16(o));
    Policy *p = policy_open(m, &(PolicyOptions){.max_tokens = SCORING_TOKENS});
    Text json = {0};
    int rc = 0;
    if (!ctx->json) print_header(c, o);
    for (int i = 0; i < n && rc == 0; i++) {
        BenchTime time;
        rc = measure(&time, p, batch[i], o, err);
        if (rc == 0 && ctx->json) put_object(&json, c, batch[i], o, &time);
        else if (rc == 0) print_line(c, batch[i], o, &time);
    }
    if (rc == 0) finish(ctx, &json);
    text_free(&json);
    policy_close(p);
    model_free(m);
    return rc;
}

static int check_memory(const ModelConfig *c, const int *batch, int n, int longest, Error *err)
{
    int most = 0;
    for (int i = 0; i < n; i++) most = batch[i] > most ? batch[i] : most;
    MemoryPlan plan = {.untold = true};
    memory_plan_add(&plan, "weights", model_memory(c, &(ModelUse){.predicts = true}));
    memory_plan_add(&plan, "sampling", decoding_memory(c, 0, most, longest));
    return memory_plan_check(&plan, "a smaller --batch takes less", err);
}

static int bench(Context *ctx, int argc, char **argv, Error *err)
{
    GenerateOptions o = {
        .batch = "1,8,32,64", .type = "f32", .prompt = 32, .new_tokens = 64, .seconds = 2};
    Words words;
    ModelConfig c;
    int batch[BATCHES_MAX], n;
    if (options_parse(ctx, OPTIONS, &o, &words, 0, 0, argc, argv, err) != 0 ||
        bench_numbers(batch, &n, BATCHES_MAX, "batch", o.batch, BATCH_LIMIT, err) != 0 ||
        bench_shape(&c, &o.shape, ctx, NULL, err) != 0)
        return -1;
    if (strcmp(o.type, "f32") != 0 && !is_bfloat16(&o))
        return error_usage(err, "--type %.20s: f32 or bf16", o.type);
    c.type = is_bfloat16(&o) ? DTYPE_BF16 : DTYPE_F32;
    if (o.prompt + o.new_tokens > c.max_T)
        return error_usage(err, "%d and %d tokens: the model's context has %d", o.prompt,
                           o.new_tokens, c.max_T);
    if (check_memory(&c, batch, n, o.prompt + o.new_tokens, err) != 0) return -1;
    return measure_all(ctx, &c, &o, batch, n, err);
}

static const ConfigTable *const SECTIONS[] = {&MODEL_TABLE, NULL};
const Command bench_generate = {
    .name = "generate",
    .summary = "answers sampled many at a time",
    .usage = "[--shape SHAPE|--model MODEL] [--batch N,N,...] [--prompt-tokens N] [--new-tokens N] "
             "[--type TYPE]",
    .details = "Prompts are read, and tokens drawn from the whole distribution with their "
               "log-probabilities, as PPO "
               "does it.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .project = PROJECT_OPTIONAL,
    .run = bench,
};
