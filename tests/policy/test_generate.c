/* Decoding: what is sampled, when it ends, what is refused.  Equal bits are test_bits.c's. */
#include "policy/generate.h"

#include "tests/golden_model.h"
#include "tests/looks.h"
#include "tests/models.h"

static Error err;

/* A tiny model that lives as long as the program's tests. */
static Policy *policy;

static int open_policy(void **state)
{
    (void)state;
    policy = policy_open(model_new(&TINY_LLAMA, 2), &(PolicyOptions){.max_tokens = 64});
    return 0;
}

static int close_policy(void **state)
{
    (void)state;
    Model *m = policy_model(policy);
    policy_close(policy);
    model_free(m);
    return 0;
}

/* The same prompt for every one of n answers, keyed 0..n-1. */
enum { ANSWERS = 4000 };
static const int WORDS[] = {3, 14, 15, 9};
static int token[ANSWERS * 4], start[ANSWERS + 1];
static uint64_t key[ANSWERS];

static Prompts same_prompt(int n)
{
    for (int i = 0; i < n; i++) {
        memcpy(token + 4 * i, WORDS, sizeof WORDS);
        start[i + 1] = 4 * (i + 1);
        key[i] = (uint64_t)i;
    }
    return (Prompts){n, token, start, key};
}

static SamplingConfig plain_sampling(int max_new_tokens)
{
    return (SamplingConfig){
        .temperature = 1, .max_new_tokens = max_new_tokens, .top_p = 1, .seed = 1, .batch = 64};
}

static Responses generate(const Prompts *in, const SamplingConfig *s)
{
    Responses out = {0};
    if (policy_generate(policy, in, s, &out, &err) != 0) fail_msg("%s", err.message);
    return out;
}

/* p (V) after WORDS at a temperature, from the log-probabilities of every possible next token. */
static void next_probabilities(double *p, double temperature)
{
    const int V = TINY_LLAMA.V;
    AskedBatch s = asked_new(V, 5 * V);
    for (int v = 0; v < V; v++) {
        memcpy(s.token + 5 * v, WORDS, sizeof WORDS);
        s.token[5 * v + 4] = v;
        s.want[5 * v + 4] = WANT_LOGP;
        s.start[v + 1] = 5 * (v + 1);
    }
    asked_evaluate(policy, &s, temperature);
    for (int v = 0; v < V; v++) p[v] = exp(s.logp[5 * v + 4]);
    asked_free(&s);
}

/* Frequencies of the first token over many keys against p: each within 4.5 deviations. */
static void assert_drawn_from(const double *p, const SamplingConfig *s)
{
    const int V = TINY_LLAMA.V;
    int count[64] = {0};
    const Prompts in = same_prompt(ANSWERS);
    Responses r = generate(&in, s);
    for (int i = 0; i < ANSWERS; i++) count[r.token[r.start[i]]]++;
    for (int v = 0; v < V; v++) {
        const double expected = ANSWERS * p[v], deviation = sqrt(ANSWERS * p[v] * (1 - p[v]));
        if (p[v] == 0) assert_int_equal(count[v], 0);
        else assert_near(count[v], expected, 4.5 * deviation + 1);
    }
    responses_free(&r);
}

static void tokens_are_drawn_from_the_softmax_at_the_temperature(void **state)
{
    (void)state;
    double p[64], total = 0;
    for (int k = 0; k < 2; k++) {
        SamplingConfig s = plain_sampling(1);
        s.temperature = k ? 0.5 : 1.7;
        next_probabilities(p, s.temperature);
        total = 0;
        for (int v = 0; v < TINY_LLAMA.V; v++) total += p[v];
        assert_near(total, 1, 1e-5);
        assert_drawn_from(p, &s);
    }
}

/* p of the tokens that remain, made to sum to 1. */
static void keep(double *p, const bool *kept)
{
    double total = 0;
    for (int v = 0; v < TINY_LLAMA.V; v++) total += kept[v] ? p[v] : 0;
    for (int v = 0; v < TINY_LLAMA.V; v++) p[v] = kept[v] ? p[v] / total : 0;
}

static void top_k_draws_from_the_k_likeliest(void **state)
{
    (void)state;
    double p[64];
    bool kept[64] = {false};
    next_probabilities(p, 1);
    for (int v = 0; v < TINY_LLAMA.V; v++) {
        int above = 0;
        for (int u = 0; u < TINY_LLAMA.V; u++) above += p[u] > p[v];
        kept[v] = above < 3;
    }
    keep(p, kept);
    SamplingConfig s = plain_sampling(1);
    s.top_k = 3;
    assert_drawn_from(p, &s);
}

static void top_p_draws_from_the_fewest_that_reach_it(void **state)
{
    (void)state;
    double p[64];
    bool kept[64] = {false};
    next_probabilities(p, 1);
    for (double mass = 0; mass < 0.6;) {
        int best = -1;
        for (int v = 0; v < TINY_LLAMA.V; v++)
            if (!kept[v] && (best < 0 || p[v] > p[best])) best = v;
        kept[best] = true;
        mass += p[best];
    }
    keep(p, kept);
    SamplingConfig s = plain_sampling(1);
    s.top_p = 0.6;
    assert_drawn_from(p, &s);
}

/* ---- the floor -------------------------------------------------------------------------------------- */

static void floor_keeps(const double *logit, const double *p, double temperature, int top_k,
                        double top_p)
{
    const double floor = truncation_floor(logit, 10, temperature, top_k, top_p);
    for (int v = 0; v < 10; v++) assert_int_equal(logit[v] >= floor, p[v] > 0);
}

/* transformers' filters on two rows of ten logits. */
static void the_floor_keeps_what_transformers_keeps(void **state)
{
    (void)state;
    double logit[20], p[20];
    cJSON *golden = golden_read("rl/sampling.json");
    golden_array(logit, 20, golden, "logits");
    for (int row = 0; row < 20; row += 10) {
        golden_array(p, 20, golden, "top_k_3");
        floor_keeps(logit + row, p + row, 1, 3, 1);
        golden_array(p, 20, golden, "top_p_0_8");
        floor_keeps(logit + row, p + row, 1, 0, 0.8);
        golden_array(p, 20, golden_at(golden, "temperature_then_top_k_then_top_p"), "probs");
        floor_keeps(logit + row, p + row, 0.7, 5, 0.9);
    }
    cJSON_Delete(golden);
}

static void the_floor_at_its_ends(void **state)
{
    (void)state;
    const double logit[] = {1, 3, 2, 3};
    assert_true(truncation_floor(logit, 4, 1, 0, 1) == -INFINITY);
    assert_true(truncation_floor(logit, 4, 1, 4, 1) == -INFINITY);
    assert_true(truncation_floor(logit, 4, 1, 9, 1) == -INFINITY);
    assert_true(truncation_floor(logit, 4, 1, 1, 1) == 3); /* the tie stays */
    assert_true(truncation_floor(logit, 4, 1, 3, 1) == 2);
    assert_true(truncation_floor(logit, 4, 1, 0, 1e-9) == 3);
    assert_true(truncation_floor(logit, 4, 1, 1, 0.999999) == 3);
}

/* ---- greedy, stop, length ---------------------------------------------------------------------------- */

/* PyTorch's greedy continuation of a prompt. */
static void greedy_matches(const char *name)
{
    char file[256];
    double prompt[64], expected[64];
    int tokens[64];
    snprintf(file, sizeof file, "%s/golden.json", name);
    cJSON *golden = golden_read(file);
    const int n = golden_array(prompt, 64, golden_at(golden, "greedy"), "prompt");
    const int produced = golden_array(expected, 64, golden_at(golden, "greedy"), "new_tokens");
    for (int i = 0; i < n; i++) tokens[i] = (int)prompt[i];
    Model *m = golden_open(name);
    Policy *p = policy_open(m, &(PolicyOptions){.max_tokens = 64});
    const Prompts in = {1, tokens, (int[]){0, n}, (uint64_t[]){0}};
    SamplingConfig s = plain_sampling(produced);
    s.greedy = true;
    Responses r = {0};
    assert_int_equal(policy_generate(p, &in, &s, &r, &err), 0);
    assert_int_equal(r.start[1], produced);
    for (int i = 0; i < produced; i++) assert_int_equal(r.token[i], (int)expected[i]);
    assert_int_equal(r.finish[0], FINISH_LENGTH);
    responses_free(&r);
    policy_close(p);
    model_free(m);
    cJSON_Delete(golden);
}

static void greedy_decoding_matches_pytorch(void **state)
{
    (void)state;
    greedy_matches("gpt2-tiny");
    greedy_matches("gpt2-tiny-ref");
    greedy_matches("llama-tiny-gqa");
    greedy_matches("llama-tiny-gqa-sharded");
}

static void a_response_ends_with_its_stop_token_or_at_its_length(void **state)
{
    (void)state;
    const Prompts in = same_prompt(200);
    SamplingConfig s = plain_sampling(9);
    Responses free_run = generate(&in, &s);
    s.stop[0] = 7, s.stop[1] = 4, s.n_stop = 2;
    Responses r = generate(&in, &s);
    int stopped = 0;
    for (int i = 0; i < r.n; i++) {
        const int n = r.start[i + 1] - r.start[i], *t = r.token + r.start[i];
        for (int k = 0; k + 1 < n; k++) assert_true(t[k] != 7 && t[k] != 4);
        assert_int_equal(r.finish[i], t[n - 1] == 7 || t[n - 1] == 4 ? FINISH_STOP : FINISH_LENGTH);
        if (r.finish[i] == FINISH_LENGTH) assert_int_equal(n, 9);
        /* up to there it is the response that would have gone on */
        assert_memory_equal(t, free_run.token + free_run.start[i], (size_t)n * sizeof *t);
        stopped += r.finish[i] == FINISH_STOP;
    }
    assert_in_range(stopped, 1, 199);
    responses_free(&r);
    responses_free(&free_run);
}

static void a_response_ends_where_the_context_does(void **state)
{
    (void)state;
    AskedBatch s = asked_random((int[]){31, 20, 1}, 3, TINY_LLAMA.V, 3);
    const Prompts in = {3, s.token, s.start, (uint64_t[]){0, 1, 2}};
    const SamplingConfig how = plain_sampling(1000);
    Responses r = generate(&in, &how);
    assert_int_equal(r.start[1], 1); /* the context is 32 */
    assert_int_equal(r.start[2] - r.start[1], 12);
    assert_int_equal(r.start[3] - r.start[2], 31);
    assert_int_equal(r.finish[2], FINISH_LENGTH);
    responses_free(&r);
    asked_free(&s);
}

static void the_key_and_the_seed_decide_and_nothing_else(void **state)
{
    (void)state;
    Prompts in = same_prompt(3);
    SamplingConfig s = plain_sampling(12);
    Responses a = generate(&in, &s);
    key[0] = 2, key[2] = 0;
    Responses b = generate(&in, &s);
    const size_t n = 12 * sizeof *a.token;
    assert_memory_equal(a.token, b.token + 24, n);
    assert_memory_equal(a.token + 24, b.token, n);
    assert_memory_not_equal(a.token, b.token, n);
    s.seed = 2;
    Responses c = generate(&in, &s);
    assert_memory_not_equal(b.token, c.token, n);
    responses_free(&a), responses_free(&b), responses_free(&c);
}

/* Six prompts, two of a kind, of 4 and 3 tokens, and what each gets alone. */
static void a_prompt_that_is_known_already_changes_no_response(void **state)
{
    (void)state;
    const int tokens[] = {3, 14, 15, 9, 3, 14, 15, 3, 14, 15, 9, 7, 1, 2, 3, 14, 15, 7, 1, 2};
    const int starts[] = {0, 4, 7, 11, 14, 17, 20};
    const uint64_t keys[] = {5, 6, 7, 8, 9, 10};
    for (int batch = 1; batch <= 3; batch++) {
        SamplingConfig s = plain_sampling(9);
        s.batch = batch;
        Responses all = generate(&(Prompts){6, tokens, starts, keys}, &s);
        for (int i = 0; i < 6; i++) {
            const int one[] = {0, starts[i + 1] - starts[i]};
            Responses alone = generate(&(Prompts){1, tokens + starts[i], one, keys + i}, &s);
            assert_memory_equal(alone.token, all.token + all.start[i], 9 * sizeof(int));
            assert_memory_equal(alone.logp, all.logp + all.start[i], 9 * sizeof(double));
            responses_free(&alone);
        }
        responses_free(&all);
    }
}

/* Of three equal prompts of 4 tokens, one after the other, the first takes 4 rows to begin with and the
 * others 1; every one of the 6 tokens of an answer but the last takes one more. */
static void a_prompt_that_is_known_already_is_not_computed_again(void **state)
{
    (void)state;
    const Prompts in = same_prompt(3);
    SamplingConfig s = plain_sampling(6);
    s.batch = 1;
    Responses r = generate(&in, &s);
    assert_int_equal(r.n_rows, 4 + 1 + 1 + 3 * 5);
    responses_free(&r);
}

/* ---- streaming ---------------------------------------------------------------------------------------- */

typedef struct {
    int token[8][16], n[8];
    double logp[8][16];
    int calls, stop_after;
} Stream;

static void collect(void *context, int prompt, int t, double logp)
{
    Stream *s = context;
    s->token[prompt][s->n[prompt]] = t;
    s->logp[prompt][s->n[prompt]++] = logp;
}

static int progress(void *context, int finished)
{
    Stream *s = context;
    s->calls++;
    return s->stop_after > 0 && finished >= s->stop_after;
}

static void tokens_are_streamed_as_they_come(void **state)
{
    (void)state;
    Stream seen = {0};
    const Prompts in = same_prompt(7);
    SamplingConfig s = plain_sampling(10);
    s.batch = 3, s.stop[0] = 5, s.n_stop = 1;
    s.on_token = collect, s.on_progress = progress, s.context = &seen;
    Responses r = generate(&in, &s);
    assert_true(seen.calls > 0);
    for (int i = 0; i < 7; i++) {
        const int n = r.start[i + 1] - r.start[i];
        assert_int_equal(seen.n[i], n);
        assert_memory_equal(seen.token[i], r.token + r.start[i], (size_t)n * sizeof *r.token);
        assert_memory_equal(seen.logp[i], r.logp + r.start[i], (size_t)n * sizeof *r.logp);
    }
    responses_free(&r);
}

static void each_token_looks_at_the_bar(void **state)
{
    (void)state;
    const Prompts in = same_prompt(3);
    const SamplingConfig s = plain_sampling(5); /* three responses side by side */
    looks_begin();
    Responses r = generate(&in, &s);
    assert_int_equal(looks_end(), 5);
    responses_free(&r);
}

static void decoding_can_be_stopped(void **state)
{
    (void)state;
    Stream seen = {.stop_after = 2};
    const Prompts in = same_prompt(8);
    SamplingConfig s = plain_sampling(5);
    s.batch = 2, s.on_progress = progress, s.context = &seen;
    Responses r = {0};
    assert_int_equal(policy_generate(policy, &in, &s, &r, &err), -1);
    assert_string_equal(err.message, "stopped after 2 of 8 responses");
    assert_null(r.token);
}

/* ---- what is refused ------------------------------------------------------------------------------------ */

static void refused(const int *tokens, const int *starts, int n, const char *message)
{
    static const uint64_t KEYS[4];
    const Prompts in = {n, tokens, starts, KEYS};
    const SamplingConfig s = plain_sampling(4);
    Responses r = {0};
    assert_int_equal(policy_generate(policy, &in, &s, &r, &err), -1);
    assert_string_equal(err.message, message);
    assert_null(r.token);
}

static void prompts_that_cannot_be_answered_are_named(void **state)
{
    (void)state;
    static const int ZEROS[64], WRONG[] = {3, 23, -1};
    refused(ZEROS, (int[]){0, 3, 3}, 2, "prompt 2 is empty");
    refused(ZEROS, (int[]){0, 32}, 1,
            "prompt 1 has 32 tokens; the context of 32 leaves no room to answer");
    refused(WRONG, (int[]){0, 1, 2}, 2, "prompt 2: token 23 is outside the vocabulary of 23");
    refused(WRONG, (int[]){0, 1, 1}, 2, "prompt 2 is empty");
    refused(WRONG + 2, (int[]){0, 1}, 1, "prompt 1: token -1 is outside the vocabulary of 23");
}

/* A cache of ANSWERS * 2^20 tokens * 2 * 64 layers * 2 heads * 6 wide * 4 bytes: 26 TB. */
static void what_does_not_fit_into_memory_is_refused(void **state)
{
    (void)state;
    ModelConfig c = TINY_LLAMA;
    c.max_T = 1 << 20, c.n_layer = 64;
    Policy *p = policy_open(model_new(&c, 2), &(PolicyOptions){.max_tokens = 64});
    const Prompts all = same_prompt(ANSWERS);
    SamplingConfig s = plain_sampling(1 << 20);
    Responses r = {0};
    s.batch = ANSWERS;
    assert_int_equal(policy_generate(p, &all, &s, &r, &err), -1);
    assert_non_null(strstr(err.message, "4000 responses of 1048576 tokens at a time take "));
    assert_string_equal(err.hint, "a smaller --batch or --max-new-tokens takes less");
    assert_null(r.token);
    Model *m = policy_model(p);
    policy_close(p);
    model_free(m);
}

typedef struct {
    int n, first[3], length[3];
    double logp[3];
    Finish finish[3];
} Finished;

static void take_response(void *context, int prompt, const int *id, const double *logp, int n,
                          Finish finish)
{
    Finished *f = context;
    f->n++;
    f->first[prompt] = id[0];
    f->length[prompt] = n;
    f->logp[prompt] = logp[n - 1];
    f->finish[prompt] = finish;
}

static void each_response_comes_when_it_is_done(void **state)
{
    (void)state;
    const Prompts in = same_prompt(3);
    Finished f = {0};
    SamplingConfig s = plain_sampling(6);
    s.stop[0] = 7, s.n_stop = 1, s.on_response = take_response, s.context = &f;
    Responses r = generate(&in, &s);
    assert_int_equal(f.n, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(f.first[i], r.token[r.start[i]]);
        assert_int_equal(f.length[i], r.start[i + 1] - r.start[i]);
        assert_true(f.logp[i] == r.logp[r.start[i + 1] - 1]);
        assert_int_equal(f.finish[i], r.finish[i]);
    }
    responses_free(&r);
}

static void no_prompts_give_no_responses(void **state)
{
    (void)state;
    const Prompts in = {0, NULL, (int[]){0}, NULL};
    const SamplingConfig s = plain_sampling(4);
    Responses r = generate(&in, &s);
    assert_int_equal(r.n, 0);
    assert_int_equal(r.start[0], 0);
    responses_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_drawn_from_the_softmax_at_the_temperature),
        cmocka_unit_test(top_k_draws_from_the_k_likeliest),
        cmocka_unit_test(top_p_draws_from_the_fewest_that_reach_it),
        cmocka_unit_test(the_floor_keeps_what_transformers_keeps),
        cmocka_unit_test(the_floor_at_its_ends),
        cmocka_unit_test(greedy_decoding_matches_pytorch),
        cmocka_unit_test(a_response_ends_with_its_stop_token_or_at_its_length),
        cmocka_unit_test(a_response_ends_where_the_context_does),
        cmocka_unit_test(the_key_and_the_seed_decide_and_nothing_else),
        cmocka_unit_test(a_prompt_that_is_known_already_changes_no_response),
        cmocka_unit_test(a_prompt_that_is_known_already_is_not_computed_again),
        cmocka_unit_test(tokens_are_streamed_as_they_come),
        cmocka_unit_test(each_response_comes_when_it_is_done),
        cmocka_unit_test(each_token_looks_at_the_bar),
        cmocka_unit_test(decoding_can_be_stopped),
        cmocka_unit_test(prompts_that_cannot_be_answered_are_named),
        cmocka_unit_test(what_does_not_fit_into_memory_is_refused),
        cmocka_unit_test(no_prompts_give_no_responses),
    };
    return cmocka_run_group_tests(tests, open_policy, close_policy);
}
