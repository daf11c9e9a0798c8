/* The PPO loop: PyTorch's gradient, its own checks, learning, resuming. */
/* whole, since its checks stand between private steps that a test has to come in between */
#include "ppo/ppo.c"
#include "ppo/ppo_update.c"

#include "tests/golden_model.h"
#include "tests/ppo/jobs.h"

static Error err;

/* ---- PyTorch ------------------------------------------------------------------------------------------ */

enum { ROWS = 3, WIDTH = 9 };

/* A model that predicts tokens and values over one trunk, as the golden case has it. */
static Policy *golden_policy(Model **model)
{
    Safetensors *s = golden_tensors("gpt2-tiny-value/model.safetensors");
    int64_t n;
    *model = golden_open("gpt2-tiny-value");
    Policy *p = policy_open(*model, &(PolicyOptions){.train = true, .heads = 1, .max_tokens = 64});
    double *w = golden_tensor(s, "v_head.summary.weight", &n);
    real *head = mem_calloc(p->head.n, sizeof *head);
    for (int64_t i = 0; i < n; i++) head[i] = (real)w[i];
    free(w);
    w = golden_tensor(s, "v_head.summary.bias", &n);
    head[p->head_bias] = (real)w[0];
    buffer_write(p->head.w, head, p->head.n);
    weight_changed(p->head_weight);
    free(w);
    free(head);
    safetensors_close(s);
    return p;
}

typedef struct {
    int token[64], start[ROWS + 1], N, n;
    unsigned char want[64], policy_at[64], value_at[64];
    double old_logp[64], old_value[64], advantage[64], ret[64]; /* (n) packed */
    double new_logp[64], new_value[64], entropy[64];
} GoldenPpo;

/* Entry t of row b is about predicting token t + 1, given the state after token t. */
static GoldenPpo golden_ppo(const cJSON *golden)
{
    GoldenPpo g = {0};
    double mask[ROWS * WIDTH], x[ROWS * WIDTH], ids[64];
    static const char *const NAME[] = {"old_logprobs", "old_values", "advantages", "returns",
                                       "new_logprobs", "new_values", "entropy"};
    double *const into[] = {g.old_logp, g.old_value, g.advantage, g.ret,
                            g.new_logp, g.new_value, g.entropy};
    golden_array(mask, ROWS * WIDTH, golden, "mask");
    for (int b = 0; b < ROWS; b++) {
        const int length =
            golden_flatten(ids, 64, cJSON_GetArrayItem(golden_at(golden, "rows"), b));
        for (int t = 0; t < length; t++) {
            g.token[g.N + t] = (int)ids[t];
            if (t + 1 == length || mask[b * WIDTH + t] == 0) continue;
            g.policy_at[g.N + t + 1] = WANT_LOGP | WANT_ENTROPY;
            g.value_at[g.N + t] = WANT_VALUE;
        }
        g.N += length;
        g.start[b + 1] = g.N;
    }
    for (int i = 0; i < g.N; i++) g.want[i] = g.policy_at[i] | g.value_at[i];
    for (int k = 0; k < 7; k++) {
        golden_array(x, ROWS * WIDTH, golden, NAME[k]);
        g.n = 0;
        for (int i = 0; i < ROWS * WIDTH; i++)
            if (mask[i]) into[k][g.n++] = x[i];
    }
    return g;
}

static void assert_all_near(const double *x, const double *expected, int n)
{
    for (int i = 0; i < n; i++) assert_near(x[i], expected[i], 2e-5 * fmax(1, fabs(expected[i])));
}

static void loss_and_gradient_match_pytorch(void **state)
{
    (void)state;
    cJSON *golden = golden_read("ppo_gpt2.json");
    const cJSON *hyper = golden_at(golden, "hyper");
    const GoldenPpo g = golden_ppo(golden);
    const double vf_coef = golden_number(hyper, "vf_coef"),
                 ent_coef = golden_number(hyper, "ent_coef");
    double logp[64], entropy[64], value[64], x[64], d[64], dlogp[64], dentropy[64] = {0},
                                                                      dvalue[64];
    PpoPolicySums policy = {0};
    PpoValueSums values = {0};
    Model *m;
    Policy *p = golden_policy(&m);
    const TokenBatch b = {ROWS, g.N, g.token, g.start, g.want, 1};
    policy_evaluate(p, &b, &(TokenTerms){logp, entropy, value});

    pack(x, entropy, g.policy_at, g.N);
    assert_all_near(x, g.entropy, g.n);
    pack(x, logp, g.policy_at, g.N);
    assert_all_near(x, g.new_logp, g.n);
    ppo_policy_loss(d, &policy, x, g.old_logp, g.advantage, g.n, g.n,
                    (RatioClip){.range = golden_number(hyper, "cliprange")});
    unpack(dlogp, d, g.policy_at, g.N);
    pack(x, value, g.value_at, g.N);
    assert_all_near(x, g.new_value, g.n);
    ppo_value_loss(d, &values, x, g.old_value, g.ret, g.n, g.n,
                   golden_number(hyper, "cliprange_value"), vf_coef);
    unpack(dvalue, d, g.value_at, g.N);
    for (int i = 0; i < g.N; i++)
        if (g.policy_at[i]) dentropy[i] = -ent_coef / g.n;

    assert_near(policy.loss / g.n, golden_number(golden, "pg_loss"), 1e-5);
    assert_near(values.loss / g.n, golden_number(golden, "vf_loss"), 1e-5);
    assert_near(policy.clipped / g.n, golden_number(golden, "pg_clipfrac"), 1e-12);
    assert_near(values.clipped / g.n, golden_number(golden, "vf_clipfrac"), 1e-12);
    assert_near(policy.approx_kl / g.n, golden_number(golden, "approx_kl_k2"), 1e-6);
    policy_accumulate(p, &b, &(TokenTerms){dlogp, dentropy, dvalue});
    Safetensors *s = golden_tensors("ppo_gpt2.safetensors");
    GoldenError e = {0};
    golden_compare_model(&e, s, m, true, 1e-5);
    golden_compare(&e, s, "v_head.summary.weight", p->head.g, 1, m->config.C, false);
    golden_compare(&e, s, "v_head.summary.bias", p->head.g + p->head_bias, 1, 1, false);
    assert_near(sqrt(e.size), golden_number(golden, "grad_global_norm"), 1e-6 * sqrt(e.size));
    assert_near(sqrt(e.difference / e.size), 0, 1e-5);
    safetensors_close(s);
    policy_close(p);
    model_free(m);
    cJSON_Delete(golden);
}

/* ---- settings ------------------------------------------------------------------------------------------- */

static void refused(Job *j, const char *words)
{
    assert_int_equal(ppo_check(&j->config, &j->in, &err), -1);
    assert_says(&err, words);
}

static void what_does_not_fit_is_refused_before_it_starts(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    assert_worked(ppo_check(&j->config, &j->in, &err), &err);
    j->config.minibatch_size = 3;
    refused(j, "ppo.minibatch_size 3 does not divide ppo.batch_size 8");
    j->config.minibatch_size = 4, j->config.max_new_tokens = 28;
    refused(j,
            "prompt 5 has 5 tokens; with ppo.max_new_tokens 28 that is beyond the context of 32");
    j->config.max_new_tokens = 7, j->in.prompts.n = 0;
    refused(j, "no prompts to train on");
    j->in.prompts.n = JOB_PROMPTS, j->start[1] = 0;
    refused(j, "prompt 1 is empty");
    j->start[1] = 1;
    Policy *reference = j->in.reference;
    j->in.reference = j->in.reward;
    refused(j, "the reference is of another architecture than the policy");
    j->in.reference = reference;
    job_free(j);
}

static void a_reward_model_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    ModelConfig other = TINY_GPT2, shorter = TINY_GPT2;
    other.V = 24, shorter.max_T = 11;
    Job *j = job_new(&TINY_GPT2, &other, &c);
    refused(j,
            "the reward model knows 24 tokens and the policy 23: they have different tokenizers");
    job_free(j);
    j = job_new(&TINY_GPT2, &shorter, &c);
    refused(j, "beyond the context of 11");
    job_free(j);
}

/* ---- the arithmetic watches itself ------------------------------------------------------------------------ */

static void undisturbed_the_first_kl_and_every_first_ratio_are_exact(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    assert_worked(job_step(j, 0, &err), &err);
    assert_true(ppo_metrics(j->ppo)->kl == 0);
    assert_true(ppo_metrics(j->ppo)->kl_k3 == 0);
    for (int i = 1; i < 4; i++) assert_worked(job_step(j, i, &err), &err);
    assert_true(ppo_metrics(j->ppo)->kl != 0);
    job_free(j);
}

static void with_one_step_a_rollout_every_ratio_is_one(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.epochs = 1, c.minibatch_size = c.batch_size;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    for (int i = 0; i < 3; i++) {
        assert_worked(job_step(j, i, &err), &err);
        const PpoMetrics *m = ppo_metrics(j->ppo);
        assert_true(m->ratio == 1 && m->ratio_var == 0 && m->ratio_max == 1 && m->approxkl == 0);
        assert_near(m->policy_loss, 0, 1e-9); /* minus the mean of whitened advantages */
    }
    job_free(j);
}

/* Values are read in the same states and to the same bits as when the rollout was scored. */
static void before_its_step_the_critic_errs_as_in_the_rollout(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.epochs = 1, c.minibatch_size = c.batch_size;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    for (int i = 0; i < 3; i++) {
        assert_worked(job_step(j, i, &err), &err);
        const Rollout *r = &j->ppo->rollout;
        double squares = 0;
        for (int t = 0; t < r->N; t++)
            squares += (r->value[t] - r->ret[t]) * (r->value[t] - r->ret[t]);
        assert_near(ppo_metrics(j->ppo)->value_error, squares / r->n_response, 1e-12);
        assert_true(ppo_metrics(j->ppo)->value_clipfrac == 0);
    }
    job_free(j);
}

static void a_reference_one_ulp_off_stops_the_run(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    nudge(j->model[1], j->model[1]->final_norm.at + 3, 1);
    assert_int_equal(job_step(j, 0, &err), -1);
    assert_says(&err, "policy and reference differ by ");
    assert_says(&err, "nats at a token before the first update");
    assert_int_equal(policy_steps(j->in.policy), 0);
    job_free(j);
}

static void a_second_round_may_begin_away_from_the_reference(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    nudge(j->model[1], j->model[1]->final_norm.at + 3, 1);
    j->ppo->in.aligned_before = true;
    assert_worked(job_step(j, 0, &err), &err);
    assert_true(ppo_metrics(j->ppo)->kl != 0);
    job_free(j);
}

static void a_model_that_is_not_a_number_stops_the_run(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    poison(j->model[1], j->model[1]->final_norm.at + 3);
    assert_int_equal(job_step(j, 0, &err), -1);
    assert_says(&err, "a log-probability of the policy or the reference is not a number");
    job_free(j);
}

static void a_policy_that_changes_between_sampling_and_learning_stops_the_run(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    Sums sums = {0};
    const Rates rate = rates_at(&c, 0);
    assert_worked(roll_out(j->ppo, 0, &err), &err);
    nudge(j->model[0], j->model[0]->final_norm.at + 3, 1);
    assert_int_equal(ppo_update(j->ppo, 0, true, &rate, &sums, &err), -1);
    assert_says(&err, "a response token has log-probability ");
    assert_says(&err, "every ratio must be exactly 1; the arithmetic or the weights changed");
    assert_int_equal(policy_steps(j->in.policy), 0);
    job_free(j);
}

static void a_score_that_is_not_a_number_stops_the_run(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    const real bad = NAN;
    buffer_write(j->in.reward->head.w, &bad, 1);
    weight_changed(j->in.reward->head_weight);
    char before[65], after[65];
    model_hash(before, j->model[0]);
    assert_int_equal(job_step(j, 0, &err), -1);
    model_hash(after, j->model[0]);
    assert_string_equal(before, after);
    job_free(j);
}

/* A return beyond what a float holds: the loss, a double, is finite, the value model's gradient is not. */
static void a_value_gradient_that_is_not_finite_changes_neither_model(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    Sums sums = {0};
    const Rates rate = rates_at(&c, 0);
    char before[65], after[65];
    assert_worked(roll_out(j->ppo, 0, &err), &err);
    for (int t = 0; t < j->ppo->rollout.N; t++) j->ppo->rollout.ret[t] = 1e60;
    model_hash(before, j->model[0]);
    assert_int_equal(ppo_update(j->ppo, 0, true, &rate, &sums, &err), -1);
    assert_says(&err, "the norm of the value model's gradient is ");
    assert_int_equal(policy_steps(j->in.policy), 0);
    assert_int_equal(policy_steps(j->in.value), 0);
    model_hash(after, j->model[0]);
    assert_string_equal(before, after);
    job_free(j);
}

/* ---- learning --------------------------------------------------------------------------------------------- */

/* One step of each model: the first moments are the gradients times (1 - beta1). */
static void the_gradient_does_not_depend_on_micro_batches(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.epochs = 1, c.minibatch_size = c.batch_size, c.max_grad_norm = 0, c.max_tokens = 1000;
    Job *whole = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    assert_worked(job_step(whole, 0, &err), &err);
    for (int room = 16; room < 80; room += 23) {
        c.max_tokens = room;
        Job *cut = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
        assert_worked(job_step(cut, 0, &err), &err);
        for (int i = 0; i < 4; i += 3) { /* policy, value */
            const Parameters *a = &cut->model[i]->parameters, *b = &whole->model[i]->parameters;
            assert_true(relative_error(a->m, b->m, b->n) <= 1e-6);
        }
        const Parameters *a = &cut->in.value->head, *b = &whole->in.value->head;
        assert_true(relative_error(a->m, b->m, b->n) <= 1e-6);
        job_free(cut);
    }
    job_free(whole);
}

static void training_raises_the_score(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.iterations = 30, c.batch_size = 32, c.minibatch_size = 16, c.max_tokens = 500,
    c.kl_coef = 0.02;
    c.learning_rate = 5e-3, c.generate_batch = 32, c.missing_stop_penalty = 0;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    double first = 0, last = 0;
    for (int i = 0; i < c.iterations; i++) {
        assert_worked(job_step(j, i, &err), &err);
        if (i < 5) first += ppo_metrics(j->ppo)->scores / 5;
        if (i >= c.iterations - 5) last += ppo_metrics(j->ppo)->scores / 5;
    }
    assert_true(last > first + 0.5);
    assert_true(ppo_metrics(j->ppo)->kl > 0);
    job_free(j);
}

static void while_the_critic_warms_up_the_policy_stands_still(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.critic_warmup = 2;
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    char before[2][65], after[2][65];
    for (int i = 0; i < 2; i++) model_hash(before[i], j->model[3 * i]);
    for (int i = 0; i < 2; i++) {
        assert_worked(job_step(j, i, &err), &err);
        assert_true(ppo_metrics(j->ppo)->kl == 0);
        assert_true(ppo_metrics(j->ppo)->lr == 0);
    }
    for (int i = 0; i < 2; i++) model_hash(after[i], j->model[3 * i]);
    assert_string_equal(before[0], after[0]);
    assert_string_not_equal(before[1], after[1]);
    assert_worked(job_step(j, 2, &err), &err);
    model_hash(after[0], j->model[0]);
    assert_string_not_equal(before[0], after[0]);
    job_free(j);
}

static void a_rate_of_zero_leaves_the_policy_and_trains_the_critic(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.learning_rate = 0, c.value_learning_rate = 1e-3;
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    char before[2][65], after[2][65];
    for (int i = 0; i < 2; i++) model_hash(before[i], j->model[3 * i]);
    assert_worked(job_step(j, 0, &err), &err);
    assert_worked(job_step(j, 1, &err), &err);
    for (int i = 0; i < 2; i++) model_hash(after[i], j->model[3 * i]);
    assert_string_equal(before[0], after[0]);
    assert_string_not_equal(before[1], after[1]);
    assert_true(isfinite(ppo_metrics(j->ppo)->value_loss));
    job_free(j);
}

/* ---- resuming ----------------------------------------------------------------------------------------------- */

static void train(const char *name, bool resume, int stop_after)
{
    PpoConfig c = job_settings();
    c.iterations = 5, c.kl_target = 0.5, c.kl_horizon = 50, c.critic_warmup = 1, c.warmup = 0.4;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    trainer_run(ppo_trainer(j->ppo), name, 2, resume, stop_after);
    job_free(j);
}

static void assert_same_runs(const char *a, const char *b)
{
    static const char *const FILES_OF[] = {"model.safetensors", "optimizer.safetensors",
                                           "value/model.safetensors", "value/optimizer.safetensors",
                                           "ppo.json"};
    for (int i = 0; i < 5; i++) assert_same_hash(a, b, 5, FILES_OF[i]);
    assert_same_metrics(a, b);
}

static void stopped_and_resumed_gives_the_same_bits(void **state)
{
    (void)state;
    train("whole", false, 0);
    for (int stop = 1; stop < 5; stop++) {
        train("stopped", false, stop);
        train("stopped", true, 0);
        assert_same_runs("whole", "stopped");
    }
    /* the coefficient did move, so keeping it mattered */
    char *text = scratch_read(scratch_path("whole/checkpoints/step-000005/ppo.json"));
    double coef = 0;
    assert_int_equal(sscanf(text, "{\"kl_coef\": %lf", &coef), 1);
    assert_true(coef > 0 && coef != job_settings().kl_coef);
    free(text);
}

static void a_damaged_checkpoint_is_passed_over_without_losing_a_bit(void **state)
{
    (void)state;
    static const char *const FILES_OF[] = {"model.safetensors", "value/optimizer.safetensors",
                                           "ppo.json"};
    train("whole", false, 0);
    for (int i = 0; i < 3; i++) {
        train("damaged", false, 3);
        trainer_damage("damaged", 3, FILES_OF[i]);
        train("damaged", true, 0);
        assert_same_runs("whole", "damaged");
    }
}

/* ---- knobs ------------------------------------------------------------------------------------------------ */

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

/* ---- one trunk -------------------------------------------------------------------------------------------- */

static PpoConfig shared_settings(void)
{
    PpoConfig c = job_settings();
    c.value = VALUE_SHARED, c.value_coef = 0.5;
    return c;
}

/* The gradient of both is the sum of each one's own, through one trunk. */
static void a_shared_trunk_gets_the_gradients_of_both(void **state)
{
    (void)state;
    PpoConfig c = shared_settings();
    c.epochs = 1, c.minibatch_size = c.batch_size, c.max_tokens = 1000;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    Ppo *p = j->ppo;
    int episode[8];
    assert_worked(roll_out(p, 0, &err), &err);
    const Rollout *r = &p->rollout;
    for (int i = 0; i < r->B; i++) episode[i] = i;
    const SequenceItems items = {r->token, r->start, 1, episode, r->B};
    const Parameters *w = &j->model[0]->parameters;
    real *both = mem_calloc(w->n, sizeof *both), *sum = mem_calloc(w->n, sizeof *sum);
    Sums sums = {0};
    micro_fill(p, &items, 0, r->n_response);
    assert_worked(shared_gradient(p, r->n_response, true, &sums, &err), &err);
    buffer_read(both, w->g, w->n);
    policy_discard(j->in.policy);
    assert_worked(policy_gradient(p, r->n_response, true, &sums, &err), &err);
    value_gradient(p, r->n_response, &sums);
    buffer_read(sum, w->g, w->n);
    assert_true(relative_error(both, sum, w->n) <= 1e-6);
    free(both);
    free(sum);
    job_free(j);
}

static void a_shared_value_starts_at_zero_and_learns(void **state)
{
    (void)state;
    const PpoConfig c = shared_settings();
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    assert_worked(ppo_check(&j->config, &j->in, &err), &err);
    assert_worked(job_step(j, 0, &err), &err);
    const Rollout *r = &j->ppo->rollout;
    for (int i = 0; i < r->N; i++) assert_true(r->value[i] == 0);
    assert_true(ppo_metrics(j->ppo)->kl == 0);
    assert_worked(job_step(j, 1, &err), &err);
    double squares = 0;
    for (int i = 0; i < r->N; i++) squares += r->value[i] * r->value[i];
    assert_true(squares > 0);
    job_free(j);
}

static void what_a_shared_trunk_cannot_have_is_refused(void **state)
{
    (void)state;
    PpoConfig c = shared_settings();
    c.critic_warmup = 1;
    assert_int_equal(ppo_check_settings(&c, &err), -1);
    assert_says(&err, "ppo.value shared has one trunk and one optimizer");
    c = job_settings();
    c.score_center = true;
    assert_int_equal(ppo_check_settings(&c, &err), -1);
    assert_says(&err, "ppo.score_center goes with a ppo.score_scale");
}

static void train_shared(const char *name, bool resume, int stop_after)
{
    PpoConfig c = shared_settings();
    c.iterations = 4, c.score_scale = SCALE_RUNNING;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    trainer_run(ppo_trainer(j->ppo), name, 2, resume, stop_after);
    job_free(j);
}

/* The head is no part of the model: what is saved predicts tokens, as the policy did. */
static void a_shared_run_resumes_to_the_bit_and_saves_a_language_model(void **state)
{
    (void)state;
    static const char *const FILES_OF[] = {"model.safetensors", "optimizer.safetensors",
                                           "heads.safetensors", "ppo.json"};
    Model *m = NULL;
    train_shared("one", false, 0);
    train_shared("two", false, 3);
    train_shared("two", true, 0);
    for (int i = 0; i < 4; i++) assert_same_hash("one", "two", 4, FILES_OF[i]);
    assert_same_metrics("one", "two");
    assert_false(file_exists(scratch_path("one/checkpoints/step-000004/value")));
    assert_worked(model_open(&m, scratch_path("one/checkpoints/step-000004"), &err), &err);
    assert_int_equal(m->config.n_labels, 0);
    model_free(m);
}

/* ---- the best of the run ------------------------------------------------------------------------------------ */

static void the_checkpoint_that_wins_most_without_breaking_is_the_best(void **state)
{
    (void)state;
    const HeldOutResult looks[] = {{.win_rate = 0.9, .broken = true},
                                   {.win_rate = 0.4},
                                   {.win_rate = 0.6},
                                   {.win_rate = 0.6},
                                   {.win_rate = 0.8, .broken = true}};
    const int64_t best[] = {-1, 2, 3, 3, 3};
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    double rate;
    for (int i = 0; i < 5; i++) {
        note_best(j->ppo, i + 1, &looks[i]);
        assert_int_equal(ppo_best(j->ppo, &rate), best[i]);
        assert_int_equal(advice(j->ppo).best, best[i]);
    }
    assert_near(rate, 0.6, 0);
    job_free(j);
}

/* After iterations 2 and 4 of 5, and after the last. */
static void held_out_prompts_are_asked_every_so_often_and_at_the_end(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.eval_every = 2, c.iterations = 5;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    Trainer t = ppo_trainer(j->ppo);
    for (int i = 0; i < 5; i++) {
        Text members = {0}, note = {0};
        assert_worked(t.step(t.self, i, &members, &note, &err), &err);
        assert_int_equal(strstr(members.bytes, "\"eval/win_rate\":") != NULL, i % 2 == 1 || i == 4);
        text_free(&members), text_free(&note);
    }
    job_free(j);
}

static void a_resumed_run_goes_on_with_a_coefficient_that_was_changed(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.kl_target = 0.5, c.kl_horizon = 50;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    const char *dir = scratch_folder("numbers", true);
    j->ppo->kl.coef = 0.031;
    assert_worked(save_numbers(j->ppo, dir, &err), &err);
    assert_worked(load_numbers(j->ppo, dir, &err), &err);
    assert_near(j->ppo->kl.coef, 0.031, 0);
    j->ppo->config.kl_coef = 0.2;
    assert_worked(load_numbers(j->ppo, dir, &err), &err);
    assert_near(j->ppo->kl.coef, 0.2, 0);
    job_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_and_gradient_match_pytorch),
        cmocka_unit_test(what_does_not_fit_is_refused_before_it_starts),
        cmocka_unit_test(a_reward_model_that_does_not_fit_is_refused),
        cmocka_unit_test(undisturbed_the_first_kl_and_every_first_ratio_are_exact),
        cmocka_unit_test(with_one_step_a_rollout_every_ratio_is_one),
        cmocka_unit_test(before_its_step_the_critic_errs_as_in_the_rollout),
        cmocka_unit_test(a_reference_one_ulp_off_stops_the_run),
        cmocka_unit_test(a_second_round_may_begin_away_from_the_reference),
        cmocka_unit_test(a_model_that_is_not_a_number_stops_the_run),
        cmocka_unit_test(a_policy_that_changes_between_sampling_and_learning_stops_the_run),
        cmocka_unit_test(a_score_that_is_not_a_number_stops_the_run),
        cmocka_unit_test(a_value_gradient_that_is_not_finite_changes_neither_model),
        cmocka_unit_test(the_gradient_does_not_depend_on_micro_batches),
        cmocka_unit_test(training_raises_the_score),
        cmocka_unit_test(while_the_critic_warms_up_the_policy_stands_still),
        cmocka_unit_test(a_rate_of_zero_leaves_the_policy_and_trains_the_critic),
        cmocka_unit_test(stopped_and_resumed_gives_the_same_bits),
        cmocka_unit_test(a_damaged_checkpoint_is_passed_over_without_losing_a_bit),
        cmocka_unit_test(a_token_s_share_is_that_of_its_average),
        cmocka_unit_test(losses_are_averaged_as_asked),
        cmocka_unit_test(entropy_and_kl_enter_the_gradient),
        cmocka_unit_test(a_step_beyond_the_ratio_guard_is_left_out),
        cmocka_unit_test(passes_end_when_the_policy_has_moved),
        cmocka_unit_test(the_target_may_count_nats_of_a_token),
        cmocka_unit_test(scores_are_scaled_as_asked),
        cmocka_unit_test(bounds_halt_the_run_and_say_which),
        cmocka_unit_test(a_shared_trunk_gets_the_gradients_of_both),
        cmocka_unit_test(a_shared_value_starts_at_zero_and_learns),
        cmocka_unit_test(what_a_shared_trunk_cannot_have_is_refused),
        cmocka_unit_test(a_shared_run_resumes_to_the_bit_and_saves_a_language_model),
        cmocka_unit_test(the_checkpoint_that_wins_most_without_breaking_is_the_best),
        cmocka_unit_test(held_out_prompts_are_asked_every_so_often_and_at_the_end),
        cmocka_unit_test(a_resumed_run_goes_on_with_a_coefficient_that_was_changed),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
