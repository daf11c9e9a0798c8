/* Settings of PPO that are not the default. */
/* whole, since its checks stand between private steps that a test has to come in between */
#include "ppo/ppo.c"
#include "ppo/ppo_update.c"

#include "tests/ppo/jobs.h"

static Error err;

/* Responses of 2 and 4 tokens: 6 in a minibatch of 2.  A weight times 1 / 6 is the share of a token in the mean. */
static void a_token_s_share_is_that_of_its_average(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.minibatch_size = 2, c.max_new_tokens = 8;
    assert_near(token_weight(&c, 6, 2), 1, 0);
    c.loss_average = LOSS_SEQUENCE_SUM; /* 1 / 2 */
    assert_near(token_weight(&c, 6, 2) / 6, 0.5, 1e-15);
    c.loss_average = LOSS_SEQUENCE_MEAN; /* 1 / (2 * 2) and 1 / (2 * 4) */
    assert_near(token_weight(&c, 6, 2) / 6, 0.25, 1e-15);
    assert_near(token_weight(&c, 6, 4) / 6, 0.125, 1e-15);
    c.loss_average = LOSS_LENGTH; /* 1 / (2 * 8) */
    assert_near(token_weight(&c, 6, 4) / 6, 0.0625, 1e-15);
}

/* One minibatch of the rollout: what its tokens get back. */
static void gradient_of(Job *j, PpoConfig *c, Sums *sums)
{
    int episode[8];
    for (int i = 0; i < 8; i++) episode[i] = i;
    j->ppo->config = *c;
    const Rollout *r = &j->ppo->rollout;
    const SequenceItems items = {r->token, r->start, 1, episode, c->minibatch_size};
    assert_int_equal(micro_fill(j->ppo, &items, 0, r->n_response), c->minibatch_size);
    assert_worked(policy_gradient(j->ppo, r->n_response, true, sums, &err), &err);
    policy_discard(j->in.policy);
}

static void losses_are_averaged_as_asked(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.minibatch_size = c.batch_size, c.max_tokens = 1000;
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    assert_worked(roll_out(j->ppo, 0, &err), &err);
    const Rollout *r = &j->ppo->rollout;
    const Micro *m = &j->ppo->micro;
    c.loss_average = LOSS_SEQUENCE_MEAN;
    Sums sums = {0};
    gradient_of(j, &c, &sums);
    for (int b = 0; b < r->B; b++)
        for (int i = r->response[b]; i < r->start[b + 1]; i++) /* every ratio is 1: -A / (B n) */
            assert_near(m->dlogp[i],
                        -r->advantage[i] / (r->B * (double)(r->start[b + 1] - r->response[b])),
                        1e-15);
    job_free(j);
}

static void entropy_and_kl_enter_the_gradient(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.minibatch_size = c.batch_size, c.max_tokens = 1000;
    c.entropy_coef = 0.3, c.kl_loss_coef = 0.7, c.kl_loss = KL_LOSS_K2;
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    assert_worked(roll_out(j->ppo, 0, &err), &err);
    Rollout *r = &j->ppo->rollout;
    for (int i = 0; i < r->N; i++) r->ref_logp[i] = r->logp[i] - 0.5; /* d = 1/2 everywhere */
    Sums sums = {0};
    gradient_of(j, &c, &sums);
    const double n = r->n_response;
    for (int i = 0; i < r->N; i++) {
        if (!r->want[i]) continue;
        assert_near(j->ppo->micro.dentropy[i], -0.3 / n, 1e-15);
        assert_near(j->ppo->micro.dlogp[i], (-r->advantage[i] + 0.7 * 0.5) / n, 1e-12);
    }
    job_free(j);
}

static void a_step_beyond_the_ratio_guard_is_left_out(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.ratio_guard = 0.5; /* the mean ratio is near 1: beyond it, always */
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    char before[2][65], after[2][65];
    for (int i = 0; i < 2; i++) model_hash(before[i], j->model[3 * i]);
    assert_worked(job_step(j, 0, &err), &err);
    assert_near(ppo_metrics(j->ppo)->skipped, 4, 0); /* 2 epochs of 2 minibatches */
    for (int i = 0; i < 2; i++) model_hash(after[i], j->model[3 * i]);
    assert_string_equal(before[0], after[0]);
    assert_string_not_equal(before[1], after[1]);
    job_free(j);
    c.ratio_guard = 2;
    j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    assert_worked(job_step(j, 0, &err), &err);
    assert_near(ppo_metrics(j->ppo)->skipped, 0, 0);
    job_free(j);
}

/* 4 tokens whose new logp is 0.1 below the old ones on average: beyond 0.05, not beyond 0.2. */
static void passes_end_when_the_policy_has_moved(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    const PpoPolicySums before = {.n = 4, .log_ratio = 1}, now = {.n = 8, .log_ratio = 0.6};
    assert_false(has_moved(j->ppo, &now, &before));
    j->ppo->config.epoch_kl = 0.05;
    assert_true(has_moved(j->ppo, &now, &before));
    j->ppo->config.epoch_kl = 0.2;
    assert_false(has_moved(j->ppo, &now, &before));
    job_free(j);
}

/* The coefficient follows nats of a token: kl / length, target .5, 8 episodes, horizon 50. */
static void the_target_may_count_nats_of_a_token(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.kl_target = 0.5, c.kl_horizon = 50, c.kl_per = KL_PER_TOKEN;
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    for (int i = 0; i < 3; i++) {
        const double coef = j->ppo->kl.coef;
        assert_worked(job_step(j, i, &err), &err);
        const PpoMetrics *m = ppo_metrics(j->ppo);
        const double error = m->kl / m->response_length / 0.5 - 1;
        assert_near(j->ppo->kl.coef, coef * (1 + fmax(-0.2, fmin(error, 0.2)) * 8 / 50), 1e-15);
    }
    job_free(j);
}

static void scores_are_scaled_as_asked(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.missing_stop_penalty = 0, c.score_center = true;
    double first = 0;
    for (int how = SCALE_BATCH; how <= SCALE_FIRST; how++) {
        c.score_scale = how;
        Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
        for (int k = 0; k < 2; k++) {
            assert_worked(roll_out(j->ppo, k, &err), &err);
            const Rollout *r = &j->ppo->rollout;
            ScoreMoments of = {0}, scaled = {0};
            score_moments_add(&of, r->raw_score, r->B);
            score_moments_add(&scaled, r->score, r->B);
            if (k == 0) first = score_moments_deviation(&of);
            if (how == SCALE_BATCH || k == 0)
                assert_near(score_moments_deviation(&scaled), 1, 1e-9);
            if (how == SCALE_BATCH || k == 0) assert_near(scaled.mean, 0, 1e-9);
            if (how == SCALE_FIRST)
                assert_near(score_moments_deviation(&scaled), score_moments_deviation(&of) / first,
                            1e-9);
            assert_near(j->ppo->scores.n,
                        how == SCALE_BATCH   ? 0
                        : how == SCALE_FIRST ? 8
                                             : 8 + 8 * k,
                        0);
        }
        job_free(j);
    }
}

static void bounds_halt_the_run_and_say_which(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    Ppo *p = j->ppo;
    p->metrics = (PpoMetrics){.kl = 12, .ratio_max = 7, .finished = 0.5, .distinct = 0.25};
    check_bounds(p);
    assert_null(advice(p).halt);
    p->config.stop_kl = 12, p->config.stop_ratio = 7;
    p->config.stop_finished = 0.5, p->config.stop_distinct = 0.25;
    check_bounds(p); /* at a bound is not beyond it */
    assert_null(advice(p).halt);
    p->config.stop_distinct = 0.3;
    check_bounds(p);
    assert_string_equal(advice(p).halt,
                        "the share of different answers is 0.25, beyond ppo.stop_distinct 0.3");
    p->config.stop_finished = 0.6;
    check_bounds(p);
    assert_non_null(
        strstr(advice(p).halt, "finished answers is 0.5, beyond ppo.stop_finished 0.6"));
    p->config.stop_ratio = 6;
    check_bounds(p);
    assert_non_null(strstr(advice(p).halt, "largest ratio is 7, beyond ppo.stop_ratio 6"));
    p->config.stop_kl = 11;
    check_bounds(p);
    assert_non_null(strstr(advice(p).halt, "KL is 12, beyond ppo.stop_kl 11"));
    job_free(j);
}

/* What lm-human-preferences, the N+ details, TRL, OpenRLHF, verl, trlX, DeepSpeed-Chat and LLaMA-Factory give
 * different values. */
static void every_knob_that_others_differ_by_is_a_setting_with_its_source(void **state)
{
    (void)state;
    static const char *const KNOB[] = {"batch_size",
                                       "iterations",
                                       "epochs",
                                       "minibatch_size",
                                       "learning_rate",
                                       "schedule",
                                       "warmup",
                                       "final_rate",
                                       "kl_coef",
                                       "kl_target",
                                       "kl_horizon",
                                       "kl_per",
                                       "kl_estimator",
                                       "kl_clip",
                                       "kl_loss_coef",
                                       "gamma",
                                       "lambda",
                                       "clip_range",
                                       "clip_range_value",
                                       "value_coef",
                                       "value",
                                       "value_head",
                                       "whiten_rewards",
                                       "value_learning_rate",
                                       "whiten_over",
                                       "whiten_advantages",
                                       "whiten_unbiased",
                                       "critic_warmup",
                                       "temperature",
                                       "max_grad_norm",
                                       "weight_decay",
                                       "missing_stop_penalty",
                                       "missing_stop",
                                       "overlong_buffer",
                                       "overlong_penalty",
                                       "score_scale",
                                       "score_center",
                                       "score_clip",
                                       "loss_average",
                                       "dual_clip",
                                       "entropy_coef",
                                       "ratio_guard",
                                       "epoch_kl",
                                       "adam",
                                       "beta1",
                                       "beta2",
                                       "eps"};
    for (size_t k = 0; k < sizeof KNOB / sizeof *KNOB; k++) {
        int at = 0;
        while (at < PPO_TABLE.n && strcmp(PPO_TABLE.fields[at].name, KNOB[k]) != 0) at++;
        if (at == PPO_TABLE.n) fail_msg("ppo.%s is no setting", KNOB[k]);
        if (!PPO_TABLE.fields[at].source[0]) fail_msg("ppo.%s has no source", KNOB[k]);
    }
}

/* Responses of 2 and 6 tokens, of at most 7; the last 4 cost 2: 3 of 4 of that for the longer one, off its score
 * before the clip. */
static void a_long_response_scores_less(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.missing_stop_penalty = 0, c.overlong_buffer = 4, c.overlong_penalty = 2, c.score_clip = 5;
    int start[] = {0, 3, 10}, response[] = {1, 4};
    bool finished[] = {true, true};
    double raw[] = {1, 9}, score[2];
    Rollout r = {.B = 2,
                 .start = start,
                 .response = response,
                 .finished = finished,
                 .raw_score = raw,
                 .score = score};
    rollout_scale_scores(&r, &c, &(ScoreMoments){0});
    assert_near(score[0], 1, 0);
    assert_near(score[1], 5, 0); /* 9 - 1.5, cut at 5 */
    raw[1] = 3;
    rollout_scale_scores(&r, &c, &(ScoreMoments){0});
    assert_near(score[1], 1.5, 0);
    c.overlong_buffer = 8;
    assert_int_equal(ppo_check_settings(&c, &err), -1);
    assert_says(&err, "ppo.overlong_buffer 8 is more than the 7 ppo.max_new_tokens");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_s_share_is_that_of_its_average),
        cmocka_unit_test(losses_are_averaged_as_asked),
        cmocka_unit_test(entropy_and_kl_enter_the_gradient),
        cmocka_unit_test(a_step_beyond_the_ratio_guard_is_left_out),
        cmocka_unit_test(passes_end_when_the_policy_has_moved),
        cmocka_unit_test(the_target_may_count_nats_of_a_token),
        cmocka_unit_test(scores_are_scaled_as_asked),
        cmocka_unit_test(every_knob_that_others_differ_by_is_a_setting_with_its_source),
        cmocka_unit_test(a_long_response_scores_less),
        cmocka_unit_test(bounds_halt_the_run_and_say_which),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
