/* Adapters: what they change and what they leave alone. */
#include "policy/adapter.h"

#include "policy/generate.h"
#include "tests/policy/adapters.h"
#include "tests/scratch.h"

static Error err;

static void an_outline_has_the_layout_and_no_weights(void **state)
{
    (void)state;
    for (int i = 0; i < CONFIGS; i++) {
        Model *m = model_like(CONFIG[i]), *bare = model_outline(CONFIG[i]);
        Adapter *a = adapter_new(m, &ALL, 1), *outline = adapter_outline(bare, &ALL);
        assert_int_equal(outline->parameters.n, a->parameters.n);
        assert_int_equal(outline->low, a->low);
        assert_int_equal(outline->n_updates, a->n_updates);
        assert_null(outline->parameters.w);
        assert_null(bare->parameters.w);
        adapter_free(outline);
        adapter_free(a);
        model_free(bare);
        model_free(m);
    }
}

static bool equal_answers(const AskedBatch *a, const AskedBatch *b)
{
    const size_t n = (size_t)a->N * sizeof(double);
    return memcmp(a->logp, b->logp, n) == 0 && memcmp(a->value, b->value, n) == 0;
}

/* ---- what they change ---------------------------------------------------------------------------- */

static void a_new_adapter_changes_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < CONFIGS; i++) {
        Model *m = model_new(CONFIG[i], 11);
        Adapter *a = adapter_new(m, &ALL, 3);
        AskedBatch without = asked_through(m, NULL), through = asked_through(m, a);
        assert_true(equal_answers(&without, &through));
        asked_free(&without), asked_free(&through);
        adapter_free(a);
        model_free(m);
    }
}

static void one_model_is_seen_with_and_without_an_adapter(void **state)
{
    (void)state;
    Model *m = model_new(&WIDE_LLAMA, 11);
    Adapter *a = moved_adapter(m, &ALL);
    AskedBatch before = asked_through(m, NULL), through = asked_through(m, a);
    AskedBatch after = asked_through(m, NULL);
    assert_false(equal_answers(&before, &through));
    assert_true(equal_answers(&before, &after));
    asked_free(&before), asked_free(&through), asked_free(&after);
    adapter_free(a);
    model_free(m);
}

/* The tensors of two rows of a weight, by hand: W + 6/3 B A. */
static void merging_adds_alpha_over_rank_times_b_a(void **state)
{
    (void)state;
    Model *m = model_new(&TINY_LLAMA, 11);
    Adapter *a = moved_adapter(m, &ALL);
    for (int k = 0; k < a->n_updates; k++) {
        const Update *u = &a->update[k];
        const size_t IN = (size_t)u->tensor->cols, o = 1, i = 2;
        const size_t at = u->tensor->at + o * IN + i;
        real before, after, A[3], B[3];
        for (size_t r = 0; r < 3; r++) {
            buffer_read(&A[r], a->parameters.w + u->a_at + r * IN + i, 1);
            buffer_read(&B[r], a->parameters.w + u->b_at + o * 3 + r, 1);
        }
        Model *merged = model_new(&TINY_LLAMA, 11);
        adapter_merge(merged, a);
        buffer_read(&before, m->parameters.w + at, 1);
        buffer_read(&after, merged->parameters.w + at, 1);
        assert_float_equal(after, before + 2 * (A[0] * B[0] + A[1] * B[1] + A[2] * B[2]), 1e-6);
        model_free(merged);
    }
    adapter_free(a);
    model_free(m);
}

static void merged_and_unmerged_agree_within_rounding(void **state)
{
    (void)state;
    for (int i = 0; i < CONFIGS; i++) {
        Model *m = model_new(CONFIG[i], 11);
        Adapter *a = moved_adapter(m, &ALL);
        AskedBatch through = asked_through(m, a);
        adapter_merge(m, a);
        AskedBatch merged = asked_through(m, NULL);
        for (int t = 0; t < merged.N; t++) {
            assert_float_equal(merged.logp[t], through.logp[t], 1e-4);
            assert_float_equal(merged.value[t], through.value[t], 1e-4);
        }
        asked_free(&through), asked_free(&merged);
        adapter_free(a);
        model_free(m);
    }
}

static void targets_are_what_the_settings_name(void **state)
{
    (void)state;
    AdapterConfig attention = ALL;
    attention.targets = TARGETS_ATTENTION;
    Model *llama = model_new(&WIDE_LLAMA, 1), *gpt2 = model_new(&WIDE_GPT2, 1);
    const struct {
        const Model *m;
        const AdapterConfig *c;
        int per_block;
    } wanted[] = {{llama, &ALL, 7}, {llama, &attention, 4}, {gpt2, &ALL, 4}, {gpt2, &attention, 2}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        Adapter *a = adapter_new(wanted[i].m, wanted[i].c, 1);
        assert_int_equal(a->n_updates, 2 * wanted[i].per_block);
        assert_int_equal(a->low, 3 * wanted[i].per_block);
        adapter_free(a);
    }
    model_free(llama);
    model_free(gpt2);
}

/* ---- one set of bits ------------------------------------------------------------------------------ */

static Responses sampled(Policy *p, const Prompts *in)
{
    Responses r = {0};
    const SamplingConfig s = {
        .temperature = 0.7, .max_new_tokens = 40, .top_p = 1, .seed = 1, .batch = 3};
    if (policy_generate(p, in, &s, &r, &err) != 0) fail_msg("%s", err.message);
    return r;
}

static void sampling_and_scoring_agree_on_every_bit(void **state)
{
    (void)state;
    const int tokens[] = {3, 14, 15, 9, 26, 5, 3, 14, 15}, starts[] = {0, 4, 6, 9};
    const uint64_t keys[] = {1, 2, 3};
    const Prompts in = {3, tokens, starts, keys};
    kernels_parallel_min(0);
    for (int threads = 1; threads <= 3; threads++) {
        kernels_threads(threads);
        Model *m = model_new(&WIDE_QWEN3, 11);
        Adapter *a = moved_adapter(m, &ALL);
        Policy *p = open_through(m, a, false);
        Responses r = sampled(p, &in);
        for (int i = 0; i < 3; i++) {
            const int prompt = starts[i + 1] - starts[i], n = r.start[i + 1] - r.start[i];
            AskedBatch one = asked_random((int[]){prompt + n}, 1, m->config.V, 0);
            memcpy(one.token, tokens + starts[i], (size_t)prompt * sizeof(int));
            memcpy(one.token + prompt, r.token + r.start[i], (size_t)n * sizeof(int));
            asked_evaluate(p, &one, 0.7);
            assert_memory_equal(one.logp + prompt, r.logp + r.start[i], (size_t)n * sizeof(double));
            asked_free(&one);
        }
        responses_free(&r);
        policy_close(p);
        adapter_free(a);
        model_free(m);
    }
    kernels_threads(1);
}

/* ---- training ------------------------------------------------------------------------------------ */

static void training_an_adapter_leaves_its_base_alone(void **state)
{
    (void)state;
    char before[65], after[65], adapter_before[65], adapter_after[65];
    Model *m = model_new(&WIDE_LLAMA, 11);
    Adapter *a = adapter_new(m, &ALL, 3);
    Policy *p = open_through(m, a, true);
    model_hash(before, m), adapter_hash(adapter_before, a);
    step(p, m);
    model_hash(after, m), adapter_hash(adapter_after, a);
    assert_string_equal(before, after);
    assert_string_not_equal(adapter_before, adapter_after);
    assert_null(m->parameters.g); /* no memory for gradients that nobody wants */
    policy_close(p);
    adapter_free(a);
    model_free(m);
}

static void threads_change_no_bit_of_training(void **state)
{
    (void)state;
    char hash[2][65];
    kernels_parallel_min(0);
    for (int i = 0; i < 2; i++) {
        kernels_threads(i == 0 ? 1 : 3);
        Model *m = model_new(&WIDE_GPT2, 11);
        Adapter *a = adapter_new(m, &ALL, 3);
        Policy *p = open_through(m, a, true);
        step(p, m), step(p, m);
        adapter_hash(hash[i], a);
        policy_close(p);
        adapter_free(a);
        model_free(m);
    }
    kernels_threads(1);
    assert_string_equal(hash[0], hash[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_adapter_changes_nothing),
        cmocka_unit_test(an_outline_has_the_layout_and_no_weights),
        cmocka_unit_test(one_model_is_seen_with_and_without_an_adapter),
        cmocka_unit_test(merging_adds_alpha_over_rank_times_b_a),
        cmocka_unit_test(merged_and_unmerged_agree_within_rounding),
        cmocka_unit_test(targets_are_what_the_settings_name),
        cmocka_unit_test(sampling_and_scoring_agree_on_every_bit),
        cmocka_unit_test(training_an_adapter_leaves_its_base_alone),
        cmocka_unit_test(threads_change_no_bit_of_training),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
