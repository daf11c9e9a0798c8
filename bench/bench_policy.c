/* Tokens per second of a whole model, by default the demo's:  bench_policy [threads [layers width mlp]]
 *
 * Each figure is the best of several rounds: sampling 256 answers 64 at a time, scoring 256 sequences of
 * 55 tokens, and a training step on 16 of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "kernels/kernels.h"
#include "policy/generate.h"
#include "policy/policy.h"

enum { LENGTH = 55, SEQUENCES = 256, STEP_SEQUENCES = 16, PROMPT = 20, ROUNDS = 8 };

typedef struct {
    Policy *policy;
    int token[SEQUENCES * LENGTH], start[SEQUENCES + 1], prompt_start[SEQUENCES + 1];
    unsigned char want[SEQUENCES * LENGTH];
    uint64_t key[SEQUENCES];
    double logp[SEQUENCES * LENGTH], dlogp[SEQUENCES * LENGTH];
} Bench;

/* Every one of these returns the tokens it has worked on. */
static int sample(Bench *b)
{
    const SamplingConfig s = {.temperature = 1,
                              .max_new_tokens = 2 * (LENGTH - PROMPT),
                              .top_p = 1,
                              .stop = {1, 2, 3, 4},
                              .n_stop = 4,
                              .batch = 64};
    Responses r = {0};
    Error err;
    if (policy_generate(b->policy, &(Prompts){SEQUENCES, b->token, b->prompt_start, b->key}, &s, &r,
                        &err) != 0)
        abort();
    const int n = r.start[r.n];
    responses_free(&r);
    return n;
}

static TokenBatch first_sequences(const Bench *b, int n)
{
    return (TokenBatch){.B = n,
                        .N = n * LENGTH,
                        .token = b->token,
                        .start = b->start,
                        .want = b->want,
                        .temperature = 1};
}

static int score(Bench *b)
{
    const TokenBatch all = first_sequences(b, SEQUENCES);
    policy_evaluate(b->policy, &all, &(TokenTerms){.logp = b->logp});
    return all.N;
}

static int train(Bench *b)
{
    const TokenBatch some = first_sequences(b, STEP_SEQUENCES);
    policy_evaluate(b->policy, &some, &(TokenTerms){.logp = b->logp});
    policy_accumulate(b->policy, &some, &(TokenTerms){.logp = b->dlogp});
    policy_step(b->policy, 1e-9, 1);
    return some.N;
}

static void report(const char *name, int (*work)(Bench *), Bench *b)
{
    double best = INFINITY;
    int n = work(b);
    for (int i = 0; i < ROUNDS; i++) {
        const double began = log_clock();
        n = work(b);
        const double seconds = log_clock() - began;
        if (seconds < best) best = seconds;
    }
    printf("  %s %.0f", name, n / best);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const int threads = argc > 1 ? atoi(argv[1]) : 0, layers = argc > 2 ? atoi(argv[2]) : 4;
    const int C = argc > 3 ? atoi(argv[3]) : 128, F = argc > 4 ? atoi(argv[4]) : 352;
    const ModelConfig c = {.family = FAMILY_LLAMA,
                           .n_layer = layers,
                           .NH = C / 32,
                           .NKV = C / 32,
                           .HD = 32,
                           .C = C,
                           .F = F,
                           .V = 1024,
                           .max_T = 192,
                           .rms_norm = true,
                           .norm_eps = 1e-5,
                           .rope_theta = 10000,
                           .gated_mlp = true,
                           .tied = true,
                           .bos = -1,
                           .eos = -1,
                           .init_std = 0.02};
    kernels_wait_gently(argv);
    kernels_threads(threads);
    Model *model = model_new(&c, 1);
    const PolicyOptions o = {
        .train = true, .max_tokens = 2048, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    Bench *b = calloc(1, sizeof *b);
    if (!b) return 1;
    b->policy = policy_open(model, &o);
    for (int s = 0; s < SEQUENCES; s++) {
        b->start[s + 1] = (s + 1) * LENGTH, b->prompt_start[s + 1] = (s + 1) * PROMPT;
        b->key[s] = (uint64_t)s;
    }
    for (int i = 0; i < SEQUENCES * LENGTH; i++) {
        b->token[i] = 5 + i * 7919 % 1000;
        b->want[i] = i % LENGTH ? WANT_LOGP : 0;
        b->dlogp[i] = -1e-3;
    }
    printf("%s, %d threads, tokens/s:", kernels_name(), threads);
    report("sampling", sample, b);
    report("scoring", score, b);
    report("training", train, b);
    printf("\n");
    policy_close(b->policy);
    model_free(model);
    free(b);
    return 0;
}
