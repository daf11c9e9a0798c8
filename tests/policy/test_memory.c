/* What a plan says, against what the process then holds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "policy/generate.h"
#include "policy/memory.h"
#include "tests/models.h"
#include "tests/sanitized.h"

/* Some 15 million weights in a shape of Qwen2.5's proportions: large beside what the process holds anyway. */
static const ModelConfig LARGE = {.family = FAMILY_QWEN2,
                                  .n_layer = 4,
                                  .NH = 8,
                                  .NKV = 2,
                                  .HD = 48,
                                  .C = 384,
                                  .F = 2048,
                                  .V = 12000,
                                  .max_T = 32768,
                                  .rms_norm = true,
                                  .norm_eps = 1e-6,
                                  .rope_theta = 1000000,
                                  .gated_mlp = true,
                                  .attention_bias = true,
                                  .tied = true,
                                  .bos = -1,
                                  .eos = 1,
                                  .init_std = 0.02};
enum { TOKENS = 512 };

/* In a process of its own, so that what one leaves to the allocator is not there for the next. */
static void in_a_process(bool (*fits)(void))
{
    int status;
    if (SANITIZED) skip();
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(fits() ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static bool within_a_tenth(size_t plan, size_t held, const char *what)
{
    const double x = (double)held, said = (double)plan;
    fprintf(stderr, "%s: %.1f MB held, %.1f MB planned\n", what, x / 1e6, said / 1e6);
    return fabs(x - said) <= 0.1 * said;
}

static AskedBatch batch(void)
{
    const int length[] = {TOKENS / 2, TOKENS / 2};
    return asked_random(length, 2, LARGE.V, 1);
}

static void train_once(Policy *p)
{
    AskedBatch s = batch();
    double *g = mem_calloc((size_t)s.N, sizeof *g);
    const TokenBatch b = asked_batch(&s, 1);
    asked_evaluate(p, &s, 1);
    policy_accumulate(p, &b, &(TokenTerms){.logp = g, .value = g});
    policy_step(p, 1e-4, 1);
    free(g);
    asked_free(&s);
}

static bool training_fits_so(const AdapterConfig *lora, Compute compute, bool recompute,
                             const char *what)
{
    ModelConfig config = LARGE;
    const size_t before = mem_held();
    PolicyOptions o = {.train = true, .heads = 1, .max_tokens = TOKENS, .beta2 = 0.9, .eps = 1e-8};
    o.recompute = recompute;
    const ModelUse use = {
        .predicts = true, .trained = true, .predictions_trained = true, .changed = !lora};
    config.compute = compute;
    Model *m = model_new(&config, 1);
    o.adapter = lora ? adapter_new(m, lora, 1) : NULL;
    const size_t plan = model_memory(&config, &use) + policy_memory(&config, &o);
    Policy *p = policy_open(m, &o);
    train_once(p);
    return within_a_tenth(plan, mem_held() - before, what);
}

static bool training_fits(const AdapterConfig *lora, Compute compute, const char *what)
{
    return training_fits_so(lora, compute, false, what);
}

static bool all_weights(void)
{
    return training_fits(NULL, COMPUTE_F32, "all weights");
}

static bool all_weights_in_bfloat16(void)
{
    return training_fits(NULL, COMPUTE_BF16, "all weights, products in bfloat16");
}

static bool an_adapter(void)
{
    return training_fits(&(AdapterConfig){.rank = 16, .alpha = 32, .targets = TARGETS_ALL},
                         COMPUTE_F32, "an adapter");
}

static bool all_weights_with_activations_made_again(void)
{
    return training_fits_so(NULL, COMPUTE_F32, true, "all weights, activations made again");
}

static void training_all_weights_takes_what_was_planned(void **state)
{
    (void)state;
    in_a_process(all_weights);
    in_a_process(all_weights_in_bfloat16);
    in_a_process(all_weights_with_activations_made_again);
}

static void training_an_adapter_takes_what_was_planned(void **state)
{
    (void)state;
    in_a_process(an_adapter);
}

/* The packed forms are what the weights take beyond themselves. */
static bool released(void)
{
    const ModelUse use = {.predicts = true};
    Model *m = model_new(&LARGE, 1);
    Policy *p = policy_open(m, &(PolicyOptions){.max_tokens = TOKENS, .heads = 1});
    AskedBatch s = batch();
    asked_evaluate(p, &s, 1);
    const size_t before = mem_held();
    policy_release_packed(p);
    const size_t packed = model_memory(&LARGE, &use) - model_memory(&LARGE, NULL);
    return within_a_tenth(packed, before - mem_held(), "packed and released");
}

static void what_is_released_is_free_again(void **state)
{
    (void)state;
    in_a_process(released);
}

static size_t held_while_decoding;
static void look(void *context, int prompt, int token, double logp)
{
    (void)context, (void)prompt, (void)token, (void)logp;
    held_while_decoding = mem_held();
}

/* To numbers that bfloat16 holds: the upper half of a float. */
static void round_to_bfloat16(Model *m)
{
    for (size_t i = 0; i < m->parameters.n; i++) {
        float x = (float)m->parameters.w[i];
        uint32_t bits;
        memcpy(&bits, &x, sizeof bits);
        bits &= 0xffff0000;
        memcpy(&x, &bits, sizeof x);
        m->parameters.w[i] = x;
    }
}

static bool decoding_of(Dtype type)
{
    enum { BATCH = 64, PROMPT = 40, NEW = 8 };
    int token[BATCH * PROMPT], start[BATCH + 1] = {0};
    uint64_t key[BATCH];
    for (int i = 0; i < BATCH * PROMPT; i++) token[i] = 2 + i % 1000;
    for (int i = 0; i < BATCH; i++) start[i + 1] = (i + 1) * PROMPT, key[i] = (uint64_t)i;
    const size_t before = mem_held();
    ModelConfig config = LARGE;
    config.type = type;
    Model *m = model_new(&config, 1);
    if (type == DTYPE_BF16) round_to_bfloat16(m);
    Policy *p = policy_open(m, &(PolicyOptions){.max_tokens = TOKENS});
    Responses r = {0};
    Error err;
    const SamplingConfig s = {.temperature = 1,
                              .max_new_tokens = NEW,
                              .top_p = 1,
                              .seed = 1,
                              .batch = BATCH,
                              .on_token = look};
    if (policy_generate(p, &(Prompts){BATCH, token, start, key}, &s, &r, &err) != 0) return false;
    const size_t plan = model_memory(&config, &(ModelUse){.predicts = true}) +
                        decoding_memory(&LARGE, 0, BATCH, PROMPT + NEW);
    return within_a_tenth(plan, held_while_decoding - before, "decoding");
}

static bool decoding(void)
{
    return decoding_of(DTYPE_F32);
}

static bool decoding_bfloat16(void)
{
    return decoding_of(DTYPE_BF16);
}

static void decoding_takes_what_was_planned(void **state)
{
    (void)state;
    in_a_process(decoding);
}

static void decoding_with_bfloat16_weights_takes_what_was_planned(void **state)
{
    (void)state;
    in_a_process(decoding_bfloat16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_an_adapter_takes_what_was_planned),
        cmocka_unit_test(training_all_weights_takes_what_was_planned),
        cmocka_unit_test(what_is_released_is_free_again),
        cmocka_unit_test(decoding_takes_what_was_planned),
        cmocka_unit_test(decoding_with_bfloat16_weights_takes_what_was_planned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
