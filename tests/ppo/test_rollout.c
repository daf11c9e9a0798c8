/* Rollouts: whole episodes, numbers at the right tokens, equal bits with the waist. */
#include "tests/ppo/jobs.h"

#include "ppo/gae.h"

enum { B = 20 };

static Job *new_job(void)
{
    const PpoConfig c = job_settings();
    return job_new(&TINY_GPT2, &TINY_LLAMA, &c);
}

static void an_episode_is_its_prompt_and_then_its_response(void **state)
{
    (void)state;
    Job *j = new_job();
    Rollout r = job_rollout(j, B, 0.1);
    int counted = 0, ended = 0;
    for (int b = 0; b < B; b++) {
        const int p = b % JOB_PROMPTS, np = j->start[p + 1] - j->start[p], at = r.start[b];
        assert_memory_equal(r.token + at, j->token + j->start[p], (size_t)np * sizeof(int));
        assert_int_equal(r.response[b], at + np);
        const int nr = r.start[b + 1] - r.response[b];
        assert_in_range(nr, 1, j->config.max_new_tokens);
        assert_int_equal(r.finished[b], r.token[r.start[b + 1] - 1] == JOB_STOP);
        for (int i = at; i < r.start[b + 1]; i++) {
            assert_int_equal(r.want[i] != 0, i >= r.response[b]);
            if (!r.want[i])
                assert_true(r.logp[i] == 0 && r.ref_logp[i] == 0 && r.value[i] == 0 &&
                            r.reward[i] == 0 && r.advantage[i] == 0 && r.ret[i] == 0);
        }
        counted += nr;
        ended += r.finished[b];
    }
    assert_int_equal(r.n_response, counted);
    assert_int_equal(r.start[B], r.N);
    assert_in_range(ended, 1, B - 1); /* both ends are seen here */
    rollout_free(&r);
    job_free(j);
}

/* The same episode evaluated alone. */
static void its_numbers_are_the_waist_s_to_the_bit(void **state)
{
    (void)state;
    Job *j = new_job();
    Rollout r = job_rollout(j, B, 0.1);
    assert_true(rollout_largest_log_ratio(&r) == 0); /* the reference is the policy still */
    for (int b = 0; b < B; b++) {
        const int at = r.start[b], n = r.start[b + 1] - at, first = r.response[b] - at;
        const size_t bytes = (size_t)(n - first) * sizeof(double);
        AskedBatch s = asked_random(&n, 1, 2, 0), v = asked_random(&n, 1, 2, 0);
        memcpy(s.token, r.token + at, (size_t)n * sizeof(int));
        memcpy(v.token, r.token + at, (size_t)n * sizeof(int));
        asked_want(&s, false);
        memset(v.want, WANT_VALUE, (size_t)n);
        asked_evaluate(j->in.policy, &s, j->config.temperature);
        assert_memory_equal(s.logp + first, r.logp + r.response[b], bytes);
        asked_evaluate(j->in.reference, &s, j->config.temperature);
        assert_memory_equal(s.logp + first, r.ref_logp + r.response[b], bytes);
        asked_evaluate(j->in.value, &v, 1);
        assert_memory_equal(v.value + first - 1, r.value + r.response[b],
                            bytes); /* V of the state before */
        double score;
        reward_score(&score, j->in.reward, r.token + at, (int[]){0, n}, 1);
        assert_memory_equal(&score, r.raw_score + b, sizeof score);
        asked_free(&s), asked_free(&v);
    }
    rollout_free(&r);
    job_free(j);
}

static void an_episode_depends_on_its_prompt_and_key_alone(void **state)
{
    (void)state;
    Error err;
    Job *j = new_job();
    Rollout all = job_rollout(j, B, 0.1), some = {0};
    const int prompt[] = {7, 1};
    const uint64_t key[] = {7, 13}; /* episode 13 has prompt 1 */
    j->config.generate_batch = 1;
    assert_worked(rollout_sample(&some, &j->in, &j->config, prompt, key, 2, &err), &err);
    for (int i = 0; i < 2; i++) {
        const int b = (int)key[i], n = all.start[b + 1] - all.start[b];
        assert_int_equal(some.start[i + 1] - some.start[i], n);
        assert_memory_equal(some.token + some.start[i], all.token + all.start[b],
                            (size_t)n * sizeof(int));
        assert_memory_equal(some.logp + some.start[i], all.logp + all.start[b],
                            (size_t)n * sizeof(double));
    }
    rollout_free(&all), rollout_free(&some);
    job_free(j);
}

/* reward[t] = -kl_coef (logp - ref_logp), the score on the last token; without a stop token it loses the
 * penalty, and it is cut at score_clip. */
static void rewards_are_the_penalty_and_then_the_score(void **state)
{
    (void)state;
    const double KL_COEF = 0.3;
    PpoConfig c = job_settings();
    c.missing_stop_penalty = 0.5, c.score_clip = 0.8;
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    nudge(j->model[1], j->model[1]->final_norm.at, 1 << 20); /* a reference that differs */
    Rollout r = job_rollout(j, B, KL_COEF);
    assert_true(rollout_largest_log_ratio(&r) > 0);
    int cut = 0;
    for (int b = 0; b < B; b++) {
        const int last = r.start[b + 1] - 1;
        const double raw = r.raw_score[b] - (r.finished[b] ? 0 : 0.5);
        const double score = raw > 0.8 ? 0.8 : raw < -0.8 ? -0.8 : raw;
        cut += score != raw;
        assert_near(r.score[b], score, 1e-15);
        for (int i = r.response[b]; i <= last; i++)
            assert_near(r.reward[i],
                        -KL_COEF * (r.logp[i] - r.ref_logp[i]) + (i == last ? score : 0), 1e-15);
    }
    assert_in_range(cut, 1, B - 1);
    rollout_free(&r);
    job_free(j);
}

static void advantages_are_gae_s_whitened_over_all_response_tokens(void **state)
{
    (void)state;
    Job *j = new_job();
    Rollout r = job_rollout(j, B, 0.1);
    double sum = 0, squares = 0, advantage[16], ret[16], mean = 0, gain = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int b = 0; b < B; b++) {
            const int at = r.response[b], T = r.start[b + 1] - at;
            gae(advantage, ret, r.reward + at, r.value + at, T, j->config.gamma, j->config.lambda);
            for (int t = 0; t < T; t++) {
                if (pass == 0) sum += advantage[t], squares += advantage[t] * advantage[t];
                else assert_near(r.advantage[at + t], (advantage[t] - mean) * gain, 1e-6);
                assert_near(r.ret[at + t], ret[t], 1e-15);
            }
            if (pass == 0 && b == B - 1) {
                mean = sum / r.n_response;
                gain = 1 / sqrt(squares / r.n_response - mean * mean);
            }
        }
    rollout_free(&r);
    job_free(j);
}

/* Mean and mean square of the response tokens of some episodes. */
static void moments(double *mean, double *square, const double *x, const Rollout *r,
                    const int *episode, int n)
{
    int count = 0;
    *mean = *square = 0;
    for (int k = 0; k < n; k++)
        for (int i = r->response[episode[k]]; i < r->start[episode[k] + 1]; i++, count++)
            *mean += x[i], *square += x[i] * x[i];
    *mean /= count, *square /= count;
}

static void what_is_whitened_together_may_be_a_minibatch(void **state)
{
    (void)state;
    Job *j = new_job();
    Rollout r = job_rollout(j, B, 0.1);
    const int some[] = {3, 11, 5};
    double mean, square;
    rollout_advantages_of(&r, &j->config, 0.1, some, 3);
    moments(&mean, &square, r.advantage, &r, some, 3);
    assert_near(mean, 0, 1e-12);
    assert_near(square, 1, 1e-6);
    rollout_free(&r);
    job_free(j);
}

static void advantages_may_stay_as_they_are(void **state)
{
    (void)state;
    Job *j = new_job();
    j->config.whiten_advantages = false;
    Rollout r = job_rollout(j, B, 0.1);
    for (int i = 0; i < r.N; i++) /* ret is advantage + value, before any whitening */
        assert_near(r.advantage[i], r.ret[i] - r.value[i], 1e-12);
    rollout_free(&r);
    job_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_episode_is_its_prompt_and_then_its_response),
        cmocka_unit_test(its_numbers_are_the_waist_s_to_the_bit),
        cmocka_unit_test(an_episode_depends_on_its_prompt_and_key_alone),
        cmocka_unit_test(rewards_are_the_penalty_and_then_the_score),
        cmocka_unit_test(advantages_are_gae_s_whitened_over_all_response_tokens),
        cmocka_unit_test(what_is_whitened_together_may_be_a_minibatch),
        cmocka_unit_test(advantages_may_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
