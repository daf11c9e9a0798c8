/* One engine, one set of bits: a token's log-probability is the same double however it was come by.
 * Every comparison of results is memcmp, against one sequence at a time on one thread of the plainest
 * fast implementation. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy/generate.h"
#include "tests/long.h"
#include "tests/models.h"
#include "tests/sanitized.h"

static const char *const IMPLEMENTATION[] = {"plain", "avx2", "avx512", "amx"};
enum { IMPLEMENTATIONS = sizeof IMPLEMENTATION / sizeof *IMPLEMENTATION, THREADS = 4 };
static const int LENGTH[] = {131, 1, 16, 70, 2, 33};
enum { B = sizeof LENGTH / sizeof *LENGTH };
static const double TEMPERATURE = 0.7;
static const ModelConfig *const CONFIG[] = {&WIDE_GPT2,  &WIDE_LLAMA,   &TIED_LLAMA,
                                            &WIDE_QWEN3, &WIDE_MISTRAL, &WIDE_LLAMA_BF16};
enum { CONFIGS = sizeof CONFIG / sizeof *CONFIG };

/* What people run here: plain where the machine has no vectors that the program knows. */
static bool is_fastest(int implementation)
{
    return strcmp(IMPLEMENTATION[implementation], kernels_available(0)) == 0;
}

/* All thread counts on the one people run; the others, far slower, on some.  All at length. */
static bool affordable(int implementation, int threads)
{
    if (at_length(false, true)) return true;
    if (SANITIZED) return threads == 2 && (implementation > 0 || is_fastest(0));
    if (is_fastest(implementation)) return true;
    return implementation == 0 ? threads == 3 : threads % 2 == 0;
}

/* Fails when the implementation cannot run here; the caller skips it. */
static int set_up(int implementation, int threads)
{
    if (kernels_use(IMPLEMENTATION[implementation]) != 0) return -1;
    kernels_threads(threads);
    kernels_parallel_min(0);
    return 0;
}

/* What the others are compared with, on one thread. */
static int set_up_first(void)
{
    return SANITIZED && set_up(2, 1) == 0 ? 0 : set_up(0, 1);
}

static Policy *new_policy(Model *m, int max_tokens, bool train)
{
    return policy_open(m, &(PolicyOptions){.train = train,
                                           .heads = 1,
                                           .seed = 5,
                                           .max_tokens = max_tokens,
                                           .beta1 = 0.9,
                                           .beta2 = 0.99,
                                           .eps = 1e-8,
                                           .weight_decay = 0.1});
}

static void assert_bits(const AskedBatch *got, const AskedBatch *all, const int *order,
                        const char *how)
{
    for (int b = 0; b < got->B; b++) {
        const int from = all->start[order[b]], at = got->start[b];
        const size_t n = (size_t)(got->start[b + 1] - at) * sizeof(double);
        if (memcmp(got->logp + at, all->logp + from, n) == 0 &&
            memcmp(got->entropy + at, all->entropy + from, n) == 0 &&
            memcmp(got->value + at, all->value + from, n) == 0)
            continue;
        fail_msg("%s: sequence %d of length %d differs on %s", how, order[b], LENGTH[order[b]],
                 kernels_name());
    }
}

static void check_batch(Model *m, const AskedBatch *all, const int *order, int n, int max_tokens,
                        const char *how)
{
    AskedBatch s = asked_pick(all, order, n);
    Policy *p = new_policy(m, max_tokens, false);
    asked_evaluate(p, &s, TEMPERATURE);
    assert_bits(&s, all, order, how);
    policy_close(p);
    asked_free(&s);
}

/* Fills the answers of `all`, one sequence at a time. */
static void evaluate_alone(const ModelConfig *config, AskedBatch *all)
{
    Model *m = model_new(config, 11);
    Policy *p = new_policy(m, config->max_T, false);
    for (int b = 0; b < all->B; b++) {
        const int at = all->start[b];
        AskedBatch one = asked_pick(all, &b, 1);
        asked_evaluate(p, &one, TEMPERATURE);
        memcpy(all->logp + at, one.logp, (size_t)one.N * sizeof(double));
        memcpy(all->entropy + at, one.entropy, (size_t)one.N * sizeof(double));
        memcpy(all->value + at, one.value, (size_t)one.N * sizeof(double));
        asked_free(&one);
    }
    policy_close(p);
    model_free(m);
}

static void scores_do_not_depend_on_batch_threads_or_instruction_set(void **state)
{
    (void)state;
    static const int IN_ORDER[] = {0, 1, 2, 3, 4, 5}, MIXED[] = {5, 3, 0, 4, 1, 2},
                     SOME[] = {4, 3, 4, 1};
    for (int c = 0; c < CONFIGS; c++) {
        AskedBatch all = asked_random(LENGTH, B, CONFIG[c]->V, 1);
        assert_int_equal(set_up_first(), 0);
        evaluate_alone(CONFIG[c], &all);
        for (int i = 0; i < IMPLEMENTATIONS; i++) {
            for (int threads = 1; threads <= THREADS; threads++) {
                if (!affordable(i, threads) || set_up(i, threads) != 0) continue;
                Model *m = model_new(CONFIG[c], 11);
                /* threads and cuts are paired off, so that the slow ones stay affordable */
                if (threads % 2) check_batch(m, &all, IN_ORDER, B, 1000, "all in one micro-batch");
                else check_batch(m, &all, MIXED, B, 151, "another order, cut small");
                if (threads == 4) check_batch(m, &all, MIXED, B, 200, "another order, cut large");
                if (threads == 2) check_batch(m, &all, SOME, 4, 400, "one of them twice");
                model_free(m);
            }
        }
        asked_free(&all);
    }
}

/* ---- decoding ------------------------------------------------------------------------------------- */

static const int PROMPT[] = {1, 60, 7, 122, 15, 3}; /* over the blocks' ends while decoding */
enum { PROMPTS = sizeof PROMPT / sizeof *PROMPT };

static Responses generate(Policy *p, const AskedBatch *prompts, const int *order, int n, int batch,
                          bool greedy)
{
    uint64_t key[PROMPTS];
    Error err;
    Responses out = {0};
    AskedBatch s = asked_pick(prompts, order, n);
    for (int i = 0; i < n; i++) key[i] = (uint64_t)order[i];
    const Prompts in = {n, s.token, s.start, key};
    const SamplingConfig how = {.temperature = TEMPERATURE,
                                .max_new_tokens = 12,
                                .top_p = 1,
                                .stop = {1},
                                .n_stop = 1,
                                .seed = 3,
                                .batch = batch,
                                .greedy = greedy};
    if (policy_generate(p, &in, &how, &out, &err) != 0) fail_msg("%s", err.message);
    asked_free(&s);
    return out;
}

static void assert_same_responses(const Responses *got, const Responses *all, const int *order,
                                  const char *how)
{
    for (int i = 0; i < got->n; i++) {
        const int a = got->start[i], b = all->start[order[i]];
        const size_t n = (size_t)(got->start[i + 1] - a);
        if (n != (size_t)(all->start[order[i] + 1] - b) ||
            memcmp(got->token + a, all->token + b, n * sizeof *got->token) != 0)
            fail_msg("%s: response %d has other tokens on %s", how, order[i], kernels_name());
        if (memcmp(got->logp + a, all->logp + b, n * sizeof *got->logp) != 0)
            fail_msg("%s: response %d has other log-probabilities on %s", how, order[i],
                     kernels_name());
        assert_int_equal(got->finish[i], all->finish[order[i]]);
    }
}

/* The same tokens read back all at once. */
static void assert_scored_the_same(Policy *p, const AskedBatch *prompts, const Responses *r)
{
    AskedBatch s = asked_new(r->n, prompts->N + r->start[r->n]);
    for (int i = 0; i < r->n; i++) {
        const int np = PROMPT[i], nr = r->start[i + 1] - r->start[i], at = s.start[i];
        memcpy(s.token + at, prompts->token + prompts->start[i], (size_t)np * sizeof *s.token);
        memcpy(s.token + at + np, r->token + r->start[i], (size_t)nr * sizeof *s.token);
        for (int t = np; t < np + nr; t++) s.want[at + t] = WANT_LOGP;
        s.start[i + 1] = at + np + nr;
    }
    asked_evaluate(p, &s, TEMPERATURE);
    for (int i = 0; i < r->n; i++) {
        const int nr = r->start[i + 1] - r->start[i];
        if (memcmp(s.logp + s.start[i] + PROMPT[i], r->logp + r->start[i],
                   (size_t)nr * sizeof(double)) != 0)
            fail_msg("response %d is scored otherwise than it was sampled on %s", i,
                     kernels_name());
    }
    asked_free(&s);
}

static void check_decoding(int c, int implementation, int threads, const AskedBatch *prompts,
                           Responses *expected)
{
    static const int ORDER[] = {0, 1, 2, 3, 4, 5}, MIXED[] = {3, 5, 0, 4, 1, 2}, SOME[] = {5, 0};
    Model *m = model_new(CONFIG[c], 11);
    Policy *p = new_policy(m, 1000, false);
    if (!expected->n) *expected = generate(p, prompts, ORDER, PROMPTS, 1, false);
    static const int BATCH[] = {64, 3, 1, 2};
    Responses r = generate(p, prompts, MIXED, PROMPTS, BATCH[threads - 1], false);
    assert_same_responses(&r, expected, MIXED, "another order and batch");
    responses_free(&r);
    if (threads == 2) {
        r = generate(p, prompts, SOME, 2, 64, false);
        assert_same_responses(&r, expected, SOME, "two of them");
        responses_free(&r);
    }
    if (implementation == 0 || threads == 4) assert_scored_the_same(p, prompts, expected);
    policy_close(p);
    model_free(m);
}

static void sampled_log_probabilities_are_scored_ones(void **state)
{
    (void)state;
    for (int c = 0; c < CONFIGS; c++) {
        AskedBatch prompts = asked_random(PROMPT, PROMPTS, CONFIG[c]->V, 2);
        Responses expected = {0};
        assert_int_equal(set_up_first(), 0);
        check_decoding(c, 0, 1, &prompts, &expected);
        for (int i = 0; i < IMPLEMENTATIONS; i++)
            for (int threads = 1; threads <= THREADS; threads++)
                if (affordable(i, threads) && set_up(i, threads) == 0)
                    check_decoding(c, i, threads, &prompts, &expected);
        responses_free(&expected);
        asked_free(&prompts);
    }
}

static void greedy_answers_to_one_prompt_are_equal(void **state)
{
    (void)state;
    static const int FIVE[] = {2, 2, 2, 2, 2}, BATCH[] = {1, 3, 64};
    for (int c = 0; c < CONFIGS; c++) {
        AskedBatch prompts = asked_random(PROMPT, PROMPTS, CONFIG[c]->V, 2);
        for (int i = 0; i < IMPLEMENTATIONS; i++) {
            if ((SANITIZED && !affordable(i, 2)) || set_up(i, 2) != 0) continue;
            Model *m = model_new(CONFIG[c], 11);
            Policy *p = new_policy(m, 200, false);
            Responses one = generate(p, &prompts, FIVE, 1, 1, true);
            static const int SAME[] = {0, 0, 0, 0, 0};
            for (int k = 0; k < 3; k++) {
                Responses five = generate(p, &prompts, FIVE, 5, BATCH[k], true);
                assert_same_responses(&five, &one, SAME, "greedy");
                responses_free(&five);
            }
            responses_free(&one);
            policy_close(p);
            model_free(m);
        }
        asked_free(&prompts);
    }
}

/* ---- training ------------------------------------------------------------------------------------- */

/* Weights after two steps on everything the waist can ask for. */
static real *weights_after_two_steps(const ModelConfig *config, size_t *n)
{
    static const int LENGTHS[] = {70, 9, 33};
    AskedBatch s = asked_random(LENGTHS, 3, config->V, 4);
    Model *m = model_new(config, 11);
    Policy *p = new_policy(m, s.N, true);
    double *grad = mem_calloc((size_t)s.N, sizeof *grad);
    for (int i = 0; i < s.N; i++) grad[i] = rng_normal(1, RNG_TEST, 1, (uint64_t)i) / s.N;
    for (int step = 0; step < 2; step++) {
        const TokenBatch b = asked_batch(&s, TEMPERATURE);
        asked_evaluate(p, &s, TEMPERATURE);
        policy_accumulate(p, &b, &(TokenTerms){grad, grad, grad});
        assert_true(isfinite(policy_step(p, 1e-3, 0.5)));
    }
    *n = m->parameters.n;
    real *w = host_of(m->parameters.w, *n);
    free(grad);
    policy_close(p);
    model_free(m);
    asked_free(&s);
    return w;
}

static void training_does_not_depend_on_threads_or_instruction_set(void **state)
{
    (void)state;
    for (int c = 0; c < CONFIGS; c++) {
        size_t n;
        assert_int_equal(set_up_first(), 0);
        real *expected = weights_after_two_steps(CONFIG[c], &n);
        for (int i = 0; i < IMPLEMENTATIONS; i++) {
            for (int threads = 1; threads <= THREADS; threads++) {
                if (!affordable(i, threads) || set_up(i, threads) != 0) continue;
                real *got = weights_after_two_steps(CONFIG[c], &n);
                if (memcmp(got, expected, n * sizeof *got) != 0)
                    fail_msg("other weights on %s with %d threads", kernels_name(), threads);
                free(got);
            }
        }
        free(expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_do_not_depend_on_batch_threads_or_instruction_set),
        cmocka_unit_test(sampled_log_probabilities_are_scored_ones),
        cmocka_unit_test(greedy_answers_to_one_prompt_are_equal),
        cmocka_unit_test(training_does_not_depend_on_threads_or_instruction_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
