/* The waist: gradients, steps, heads, saving.  Equal bits are test_bits.c's. */
#include "tests/golden_model.h"
#include "tests/looks.h"
#include "tests/models.h"
#include "tests/scratch.h"

static Error err;
static const double TEMPERATURE = 0.8;

static const PolicyOptions TRAINED = {.train = true,
                                      .heads = 1,
                                      .seed = 5,
                                      .max_tokens = 512,
                                      .beta1 = 0.9,
                                      .beta2 = 0.99,
                                      .eps = 1e-8,
                                      .weight_decay = 0.1};

typedef struct {
    Model *model;
    Policy *policy;
} Trained;

static Trained trained_new(const ModelConfig *config, const PolicyOptions *options)
{
    Model *m = model_new(config, 7);
    return (Trained){m, policy_open(m, options)};
}

static void trained_free(Trained *t)
{
    policy_close(t->policy);
    model_free(t->model);
}

static const int LENGTH[] = {12, 3, 1, 20, 7, 2};
enum { B = 6 };

/* Fixed random gradients, `scale` large, for everything asked of s. */
static double *some_gradient(const AskedBatch *s, double scale)
{
    double *g = mem_calloc((size_t)s->N, sizeof *g);
    for (int i = 0; i < s->N; i++) g[i] = scale * rng_normal(1, RNG_TEST, 1, (uint64_t)i);
    return g;
}

/* Evaluate and accumulate sequences first..last of s.  An untied model with a head is trained by its
 * values alone. */
static void accumulate(Policy *p, const AskedBatch *s, int first, int last, const double *g)
{
    int order[B];
    for (int b = first; b < last; b++) order[b - first] = b;
    AskedBatch part = asked_pick(s, order, last - first);
    double *here = (double *)g + s->start[first];
    const TokenBatch b = asked_batch(&part, TEMPERATURE);
    asked_evaluate(p, &part, TEMPERATURE);
    const bool values_only = !policy_config(p)->tied && p->options.heads > 0;
    policy_accumulate(p, &b,
                      &(TokenTerms){values_only ? NULL : here, values_only ? NULL : here, here});
    asked_free(&part);
}

/* One step on the whole of s. */
static double train_step(Policy *p, const AskedBatch *s, double scale, double rate, double max_norm)
{
    double *g = some_gradient(s, scale);
    accumulate(p, s, 0, s->B, g);
    const double norm = policy_step(p, rate, max_norm);
    free(g);
    return norm;
}

static void the_gradient_does_not_depend_on_micro_batches(void **state)
{
    (void)state;
    const ModelConfig *const config[] = {&TINY_GPT2, &TINY_LLAMA, &WIDE_LLAMA_BF16};
    for (int c = 0; c < 3; c++) {
        Trained whole = trained_new(config[c], &TRAINED), cut = trained_new(config[c], &TRAINED);
        AskedBatch s = asked_random(LENGTH, B, config[c]->V, 1);
        double *g = some_gradient(&s, 1);
        accumulate(whole.policy, &s, 0, B, g);
        accumulate(cut.policy, &s, 0, 1, g);
        accumulate(cut.policy, &s, 1, 4, g);
        accumulate(cut.policy, &s, 4, B, g);
        const Parameters *a = &cut.model->parameters, *b = &whole.model->parameters;
        assert_true(relative_error(a->g, b->g, b->n) <= 1e-6);
        assert_true(
            relative_error(cut.policy->head.g, whole.policy->head.g, whole.policy->head.n) <= 1e-6);
        free(g);
        asked_free(&s);
        trained_free(&whole), trained_free(&cut);
    }
}

static void a_sequence_longer_than_a_micro_batch_is_one_by_itself(void **state)
{
    (void)state;
    PolicyOptions small = TRAINED;
    small.max_tokens = 3;
    Trained whole = trained_new(&TINY_GPT2, &TRAINED), cut = trained_new(&TINY_GPT2, &small);
    AskedBatch a = asked_random(LENGTH, B, TINY_GPT2.V, 1),
               b = asked_random(LENGTH, B, TINY_GPT2.V, 1);
    asked_evaluate(whole.policy, &a, TEMPERATURE);
    asked_evaluate(cut.policy, &b, TEMPERATURE);
    assert_memory_equal(a.logp, b.logp, (size_t)a.N * sizeof *a.logp);
    assert_memory_equal(a.value, b.value, (size_t)a.N * sizeof *a.value);
    asked_free(&a), asked_free(&b);
    trained_free(&whole), trained_free(&cut);
}

/* So long, and no longer, a terminal shows nothing new: 12 + 3 + 1, 20 and 7 + 2 tokens. */
static void each_micro_batch_looks_at_the_bar_forward_and_backward(void **state)
{
    (void)state;
    PolicyOptions o = TRAINED;
    o.max_tokens = 20;
    Trained t = trained_new(&TINY_GPT2, &o);
    AskedBatch s = asked_random(LENGTH, B, TINY_GPT2.V, 1);
    double *g = some_gradient(&s, 1);
    looks_begin();
    asked_evaluate(t.policy, &s, TEMPERATURE);
    assert_int_equal(looks_end(), 3);
    looks_begin();
    accumulate(t.policy, &s, 3, 4, g);
    assert_int_equal(looks_end(), 2);
    free(g);
    asked_free(&s);
    trained_free(&t);
}

static void what_is_not_asked_is_zero(void **state)
{
    (void)state;
    Trained t = trained_new(&TINY_GPT2, &TRAINED);
    AskedBatch s = asked_random((int[]){6, 6}, 2, TINY_GPT2.V, 1);
    memset(s.want, 0, (size_t)s.N);
    s.want[3] = WANT_LOGP, s.want[7] = WANT_VALUE;
    asked_evaluate(t.policy, &s, 1);
    for (int i = 0; i < s.N; i++) {
        assert_int_equal(s.logp[i] != 0, i == 3);
        assert_int_equal(s.value[i] != 0, i == 7);
        assert_true(s.entropy[i] == 0);
    }
    asked_free(&s);
    trained_free(&t);
}

/* ---- steps ------------------------------------------------------------------------------------------ */

/* After the first step of Adam the first moment is (1 - beta1) times the clipped gradient. */
static double moment_norm(const Trained *t)
{
    return sqrt(buffer_sum_squares(t->model->parameters.m, t->model->parameters.n) +
                buffer_sum_squares(t->policy->head.m, t->policy->head.n)) /
           0.1;
}

static void long_gradients_are_shortened_and_short_ones_are_not(void **state)
{
    (void)state;
    AskedBatch s = asked_random(LENGTH, B, TINY_LLAMA.V, 1);
    static const double LIMIT[] = {0, 1e-3, 1e6};
    for (int i = 0; i < 3; i++) {
        Trained t = trained_new(&TINY_LLAMA, &TRAINED);
        const double norm = train_step(t.policy, &s, 1, 1e-3, LIMIT[i]);
        const double expected = i == 1 ? LIMIT[1] : norm;
        assert_true(norm > 1e-2); /* returned as it was */
        assert_near(moment_norm(&t), expected, 1e-5 * expected);
        trained_free(&t);
    }
    asked_free(&s);
}

static void a_gradient_that_is_not_finite_changes_nothing(void **state)
{
    (void)state;
    static const double BAD[] = {NAN, INFINITY, 1e30};
    AskedBatch s = asked_random(LENGTH, B, TINY_GPT2.V, 1);
    for (int i = 0; i < 3; i++) {
        Trained t = trained_new(&TINY_GPT2, &TRAINED);
        train_step(t.policy, &s, 1, 1e-3, 1);
        const size_t n = t.model->parameters.n;
        real *w = host_of(t.model->parameters.w, n), *m = host_of(t.model->parameters.m, n);
        double *g = some_gradient(&s, 1);
        g[1] *= BAD[i], g[4] *= BAD[i] * (i == 2 ? 1e10 : 1);
        accumulate(t.policy, &s, 0, B, g);
        assert_false(isfinite(policy_step(t.policy, 1e-3, 1)));
        real *w_after = host_of(t.model->parameters.w, n),
             *m_after = host_of(t.model->parameters.m, n);
        assert_memory_equal(w, w_after, n * sizeof *w);
        assert_memory_equal(m, m_after, n * sizeof *m);
        assert_int_equal(policy_steps(t.policy), 1);
        /* and the next one is none the worse for it */
        assert_true(isfinite(train_step(t.policy, &s, 1, 1e-3, 1)));
        free(w), free(m), free(w_after), free(m_after), free(g);
        trained_free(&t);
    }
    asked_free(&s);
}

static void a_discarded_gradient_is_gone(void **state)
{
    (void)state;
    AskedBatch s = asked_random(LENGTH, B, TINY_GPT2.V, 1);
    Trained a = trained_new(&TINY_GPT2, &TRAINED), b = trained_new(&TINY_GPT2, &TRAINED);
    double *g = some_gradient(&s, 3);
    accumulate(a.policy, &s, 0, 3, g);
    policy_discard(a.policy);
    train_step(a.policy, &s, 1, 1e-3, 1);
    train_step(b.policy, &s, 1, 1e-3, 1);
    char x[65], y[65];
    model_hash(x, a.model), model_hash(y, b.model);
    assert_string_equal(x, y);
    free(g);
    trained_free(&a), trained_free(&b);
    asked_free(&s);
}

/* With learning rate r and no gradient, decay multiplies matrices by 1 - r * weight_decay and leaves
 * norms and biases.  Loshchilov & Hutter 2019, algorithm 2 */
static void decay_shrinks_matrices_alone(void **state)
{
    (void)state;
    Trained t = trained_new(&TINY_GPT2, &TRAINED);
    const size_t n = t.model->parameters.n;
    real *before = host_of(t.model->parameters.w, n);
    AskedBatch s = asked_random(LENGTH, 1, TINY_GPT2.V, 1);
    train_step(t.policy, &s, 0, 0.5, 0);
    real *after = host_of(t.model->parameters.w, n);
    for (int i = 0; i < t.model->n_tensors; i++) {
        const Tensor *x = &t.model->tensor[i];
        for (size_t k = x->at; k < x->at + (size_t)(x->rows * x->cols); k++)
            assert_near((double)after[k], (double)before[k] * (x->vector ? 1 : 0.95), 1e-7);
    }
    free(before), free(after);
    asked_free(&s);
    trained_free(&t);
}

static void training_lowers_the_loss(void **state)
{
    (void)state;
    const ModelConfig *const config[] = {&TINY_GPT2, &TINY_LLAMA};
    for (int c = 0; c < 2; c++) {
        Trained t = trained_new(config[c], &TRAINED);
        AskedBatch s = asked_random(LENGTH, B, config[c]->V, 1);
        double g[64], first = 0, last = 0;
        for (int i = 0; i < s.N; i++) g[i] = s.want[i] & WANT_LOGP ? -1.0 / s.N : 0;
        for (int step = 0; step < 60; step++) {
            const TokenBatch b = asked_batch(&s, 1);
            asked_evaluate(t.policy, &s, 1);
            last = 0;
            for (int i = 0; i < s.N; i++) last -= s.logp[i] / s.N;
            if (step == 0) first = last;
            policy_accumulate(t.policy, &b, &(TokenTerms){.logp = g});
            policy_step(t.policy, 1e-2, 1);
        }
        assert_true(last < 0.2 * first);
        asked_free(&s);
        trained_free(&t);
    }
}

/* ---- heads ------------------------------------------------------------------------------------------- */

static double one_value(Policy *p)
{
    static const int TOKEN[] = {3, 1, 4}, START[] = {0, 3};
    static const unsigned char WANT[] = {0, 0, WANT_VALUE};
    double value[3];
    policy_evaluate(p, &(TokenBatch){1, 3, TOKEN, START, WANT, 1}, &(TokenTerms){.value = value});
    return value[2];
}

/* Ziegler et al. 2019: N(0, 1/sqrt(C + 1)), bias 0. */
static void new_heads_have_the_published_spread(void **state)
{
    (void)state;
    double squares = 0;
    enum { SEEDS = 100 };
    for (int seed = 0; seed < SEEDS; seed++) {
        PolicyOptions o = {.heads = 1, .seed = (uint64_t)seed, .max_tokens = 4};
        Trained t = trained_new(&TINY_GPT2, &o);
        squares += buffer_sum_squares(t.policy->head.w, t.policy->head.n);
        trained_free(&t);
    }
    const double n = SEEDS * TINY_GPT2.C;
    assert_near(squares / n, 1.0 / (TINY_GPT2.C + 1), 4.5 * sqrt(2 / n) / (TINY_GPT2.C + 1));
}

static void a_zero_head_says_zero(void **state)
{
    (void)state;
    PolicyOptions o = {.heads = 1, .zero_head = true, .max_tokens = 4};
    Trained t = trained_new(&TINY_GPT2, &o);
    assert_true(one_value(t.policy) == 0);
    trained_free(&t);
}

static void scaling_the_head_scales_its_answers(void **state)
{
    (void)state;
    Trained t = trained_new(&TINY_GPT2, &TRAINED);
    const double before = one_value(t.policy);
    policy_scale_head(t.policy, 2.5, -0.75);
    assert_near(one_value(t.policy), 2.5 * before - 0.75, 1e-5);
    policy_scale_head(t.policy, 1, 0.75);
    assert_near(one_value(t.policy), 2.5 * before, 1e-5);
    trained_free(&t);
}

static void a_head_is_saved_as_score_and_read_back(void **state)
{
    (void)state;
    const ModelConfig *const config[] = {&TINY_GPT2, &TINY_LLAMA};
    for (int c = 0; c < 2; c++) {
        Trained t = trained_new(config[c], &TRAINED);
        policy_scale_head(t.policy, 1.5, 0.25); /* a bias that is not 0 */
        const char *dir = scratch_folder("head", true);
        assert_worked(policy_save(t.policy, dir, &err), &err);

        Safetensors *s = NULL;
        assert_worked(safetensors_open_folder(&s, dir, &err), &err);
        const int at = safetensors_find(s, "score.weight");
        assert_true(at >= 0);
        assert_int_equal(safetensors_entry(s, at)->shape[0], 1);
        assert_int_equal(safetensors_entry(s, at)->shape[1], config[c]->C);
        assert_true(safetensors_find(s, "lm_head.weight") < 0);
        safetensors_close(s);
        char *json = scratch_read(scratch_path("head/config.json"));
        assert_non_null(
            strstr(json, c ? "LlamaForSequenceClassification" : "GPT2ForSequenceClassification"));
        free(json);

        Model *m = NULL;
        assert_worked(model_open(&m, dir, &err), &err);
        Policy *p = policy_open(m, &(PolicyOptions){.heads = 1, .seed = 99, .max_tokens = 32});
        const double a = one_value(t.policy), b = one_value(p);
        assert_memory_equal(&a, &b, sizeof a);
        policy_close(p);
        model_free(m);
        trained_free(&t);
    }
}

/* ---- saving and resuming -------------------------------------------------------------------------------- */

static void resumed_training_goes_on_to_the_same_bits(void **state)
{
    (void)state;
    const ModelConfig *const config[] = {&TINY_GPT2, &TINY_LLAMA};
    for (int c = 0; c < 2; c++) {
        AskedBatch s = asked_random(LENGTH, B, config[c]->V, 1);
        Trained a = trained_new(config[c], &TRAINED), b = trained_new(config[c], &TRAINED);
        for (int i = 0; i < 3; i++) train_step(a.policy, &s, 1 + i, 1e-3, 1);
        const char *dir = scratch_folder("state", true);
        assert_worked(policy_save_state(a.policy, dir, &err), &err);
        train_step(b.policy, &s, 9, 1e-2, 0); /* what stands there before is forgotten */
        assert_worked(policy_load_state(b.policy, dir, &err), &err);
        assert_int_equal(policy_steps(b.policy), 3);
        for (int i = 0; i < 3; i++) {
            train_step(a.policy, &s, 1 + i, 1e-3, 1);
            train_step(b.policy, &s, 1 + i, 1e-3, 1);
        }
        char x[SHA256_HEX], y[SHA256_HEX];
        const char *one = scratch_folder("one", true), *two = scratch_folder("two", true);
        assert_worked(policy_save_state(a.policy, one, &err), &err);
        assert_worked(policy_save_state(b.policy, two, &err), &err);
        assert_worked(sha256_file(x, scratch_path("one/model.safetensors"), &err), &err);
        assert_worked(sha256_file(y, scratch_path("two/model.safetensors"), &err), &err);
        assert_string_equal(x, y);
        assert_worked(sha256_file(x, scratch_path("one/optimizer.safetensors"), &err), &err);
        assert_worked(sha256_file(y, scratch_path("two/optimizer.safetensors"), &err), &err);
        assert_string_equal(x, y);
        trained_free(&a), trained_free(&b);
        asked_free(&s);
    }
}

static int64_t step_saved_and_loaded(int64_t step)
{
    Trained a = trained_new(&TINY_GPT2, &TRAINED), b = trained_new(&TINY_GPT2, &TRAINED);
    const char *dir = scratch_folder("step", true);
    a.policy->step = step;
    assert_worked(policy_save_state(a.policy, dir, &err), &err);
    assert_worked(policy_load_state(b.policy, dir, &err), &err);
    const int64_t loaded = policy_steps(b.policy);
    trained_free(&a), trained_free(&b);
    return loaded;
}

/* A float holds every whole number up to 2^24 and not the next. */
static void the_step_is_kept_beyond_what_a_float_holds(void **state)
{
    (void)state;
    static const int64_t STEP[] = {0, 1, 1 << 24, (1 << 24) + 1, (1 << 25) + 3, 1000000000007};
    for (size_t i = 0; i < sizeof STEP / sizeof *STEP; i++)
        assert_int_equal(step_saved_and_loaded(STEP[i]), STEP[i]);
}

/* Which checkpoints of earlier versions have. */
static void the_step_is_one_number_as_long_as_a_float_holds_it(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX];
    Safetensors *file = NULL;
    step_saved_and_loaded((1 << 24) - 1);
    assert_worked(path_join(path, scratch_path("step"), "optimizer.safetensors", &err), &err);
    assert_worked(safetensors_open(&file, path, &err), &err);
    float step = 0;
    assert_int_equal(safetensors_entry(file, safetensors_find(file, "step"))->count, 1);
    assert_worked(safetensors_read(file, safetensors_find(file, "step"), &step, &err), &err);
    assert_true(step == (1 << 24) - 1);
    safetensors_close(file);
}

static void a_state_of_another_model_is_refused(void **state)
{
    (void)state;
    Trained t = trained_new(&TINY_GPT2, &TRAINED), other = trained_new(&TINY_LLAMA, &TRAINED);
    PolicyOptions headless = TRAINED;
    headless.heads = 0;
    Trained none = trained_new(&TINY_GPT2, &headless);
    const char *dir = scratch_folder("refused", true);
    assert_worked(policy_save_state(t.policy, dir, &err), &err);
    assert_int_equal(policy_load_state(other.policy, dir, &err), -1);
    assert_says(&err, "refused");
    assert_says(&err, "another");
    assert_worked(policy_save_state(none.policy, scratch_folder("none", true), &err), &err);
    assert_int_equal(policy_load_state(t.policy, scratch_path("none"), &err), -1);
    assert_says(&err, "0 heads where 1 are needed");
    assert_int_equal(policy_load_state(t.policy, scratch_path("absent"), &err), -1);
    assert_says(&err, "absent");
    trained_free(&t), trained_free(&other), trained_free(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gradient_does_not_depend_on_micro_batches),
        cmocka_unit_test(a_sequence_longer_than_a_micro_batch_is_one_by_itself),
        cmocka_unit_test(each_micro_batch_looks_at_the_bar_forward_and_backward),
        cmocka_unit_test(what_is_not_asked_is_zero),
        cmocka_unit_test(long_gradients_are_shortened_and_short_ones_are_not),
        cmocka_unit_test(a_gradient_that_is_not_finite_changes_nothing),
        cmocka_unit_test(a_discarded_gradient_is_gone),
        cmocka_unit_test(decay_shrinks_matrices_alone),
        cmocka_unit_test(training_lowers_the_loss),
        cmocka_unit_test(new_heads_have_the_published_spread),
        cmocka_unit_test(a_zero_head_says_zero),
        cmocka_unit_test(scaling_the_head_scales_its_answers),
        cmocka_unit_test(a_head_is_saved_as_score_and_read_back),
        cmocka_unit_test(resumed_training_goes_on_to_the_same_bits),
        cmocka_unit_test(the_step_is_kept_beyond_what_a_float_holds),
        cmocka_unit_test(the_step_is_one_number_as_long_as_a_float_holds_it),
        cmocka_unit_test(a_state_of_another_model_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
