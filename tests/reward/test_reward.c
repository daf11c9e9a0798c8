/* The reward model: PyTorch's numbers, equal bits, training, resuming. */
#include "reward/reward.h"

#include "reward/evaluation.h"
#include "reward/preference_loss.h"
#include "tests/golden_model.h"
#include "tests/job.h"
#include "tests/reward/marked.h"
#include "tests/trainer.h"

static Error err;

/* Pairs of random answers to random prompts; the chosen one holds more of the token GOOD. */
enum { PAIRS = 24, GOOD = 5, ROOM = PAIRS * 2 * 16 };
static int token[ROOM], start[2 * PAIRS + 1];
static double target[PAIRS], weight[PAIRS];

static Pairs make_pairs(int V)
{
    int mark[2 * PAIRS];
    for (int s = 0; s < 2 * PAIRS; s++) mark[s] = s % 2 == 0 ? GOOD : -1;
    marked_texts(token, start, mark, 2 * PAIRS, 6, V);
    for (int i = 0; i < PAIRS; i++) {
        target[i] = i % 5 == 4 ? 0.5 : 1;
        weight[i] = i % 3 == 2 ? 2 : 1;
    }
    return (Pairs){PAIRS, token, start, target, weight, NULL};
}

static RewardConfig settings(void)
{
    RewardConfig c;
    Config all = {0};
    config_bind(&all, &REWARD_TABLE, &c);
    c.epochs = 1, c.batch_size = 5, c.max_tokens = 64, c.learning_rate = 1e-2;
    return c;
}

static Job job_with(const ModelConfig *config, const RewardData *data, const RewardConfig *c)
{
    const PolicyOptions o = reward_options(c, 4);
    Job j = job_open(config, &o);
    j.trainer = reward_trainer(reward_training_new(j.policy, data, c, 9));
    return j;
}

static Job job_with_held_out(const ModelConfig *config, const Pairs *pairs, const Pairs *held_out,
                             const RewardConfig *c)
{
    static char best[512];
    snprintf(best, sizeof best, "%s", scratch_path("best"));
    RewardData data = {.train = *pairs, .best_folder = c->keep_best ? best : NULL};
    if (held_out) data.held_out = *held_out;
    return job_with(config, &data, c);
}

static Job job_new(const ModelConfig *config, const Pairs *pairs, const RewardConfig *c)
{
    return job_with_held_out(config, pairs, NULL, c);
}

static void job_free(Job *j)
{
    reward_training_free(j->trainer.self);
    job_close(j);
}

/* ---- PyTorch ----------------------------------------------------------------------------------------- */

enum { GOLDEN_PAIRS = 3 };

typedef struct {
    int token[128], start[2 * GOLDEN_PAIRS + 1], n;
    double chosen[GOLDEN_PAIRS], rejected[GOLDEN_PAIRS], margin[GOLDEN_PAIRS];
} GoldenPairs;

static GoldenPairs golden_pairs(const cJSON *golden)
{
    GoldenPairs g = {.n = GOLDEN_PAIRS};
    double ids[64];
    for (int i = 0; i < 2 * GOLDEN_PAIRS; i++) {
        const cJSON *side = golden_at(golden, i % 2 ? "rejected_ids" : "chosen_ids");
        const int n = golden_flatten(ids, 64, cJSON_GetArrayItem(side, i / 2));
        for (int t = 0; t < n; t++) g.token[g.start[i] + t] = (int)ids[t];
        g.start[i + 1] = g.start[i] + n;
    }
    golden_array(g.chosen, GOLDEN_PAIRS, golden, "chosen_rewards");
    golden_array(g.rejected, GOLDEN_PAIRS, golden, "rejected_rewards");
    golden_array(g.margin, GOLDEN_PAIRS, golden, "margins");
    return g;
}

static void scores_match_pytorch(void **state)
{
    (void)state;
    cJSON *golden = golden_read("reward_gpt2.json");
    const GoldenPairs g = golden_pairs(golden);
    double score[2 * GOLDEN_PAIRS];
    Model *m = golden_open("gpt2-tiny-reward");
    Policy *p = policy_open(m, &(PolicyOptions){.heads = 1, .max_tokens = 64});
    reward_score(score, p, g.token, g.start, 2 * GOLDEN_PAIRS);
    for (int i = 0; i < GOLDEN_PAIRS; i++) {
        assert_near(score[2 * i], g.chosen[i], 2e-5 * fmax(1, fabs(g.chosen[i])));
        assert_near(score[2 * i + 1], g.rejected[i], 2e-5 * fmax(1, fabs(g.rejected[i])));
    }
    policy_close(p);
    model_free(m);
    cJSON_Delete(golden);
}

/* -log sigmoid(chosen - rejected - margin), the mean over pairs. */
static void loss_and_gradient_match_pytorch(void **state)
{
    (void)state;
    cJSON *golden = golden_read("reward_gpt2.json");
    const GoldenPairs g = golden_pairs(golden);
    const int N = g.start[2 * GOLDEN_PAIRS];
    unsigned char want[128] = {0};
    double value[128], dvalue[128] = {0}, c[3], r[3], dc[3], dr[3];
    for (int i = 0; i < 2 * GOLDEN_PAIRS; i++) want[g.start[i + 1] - 1] = WANT_VALUE;
    Model *m = golden_open("gpt2-tiny-reward");
    Policy *p = policy_open(m, &(PolicyOptions){.train = true, .heads = 1, .max_tokens = N});
    const TokenBatch b = {2 * GOLDEN_PAIRS, N, g.token, g.start, want, 1};
    policy_evaluate(p, &b, &(TokenTerms){.value = value});
    for (int i = 0; i < GOLDEN_PAIRS; i++) {
        c[i] = value[g.start[2 * i + 1] - 1];
        r[i] = value[g.start[2 * i + 2] - 1];
    }
    const ScoredPairs scored = {GOLDEN_PAIRS, c, r, NULL, NULL, g.margin};
    PreferenceGradient grad = {dc, dr, 0};
    assert_near(preference_loss(&grad, &scored, &(PreferenceModel){0}),
                golden_number(golden, "loss"), 1e-5);
    for (int i = 0; i < GOLDEN_PAIRS; i++) {
        dvalue[g.start[2 * i + 1] - 1] = dc[i];
        dvalue[g.start[2 * i + 2] - 1] = dr[i];
    }
    policy_accumulate(p, &b, &(TokenTerms){.value = dvalue});
    Safetensors *s = golden_tensors("reward_gpt2.safetensors");
    GoldenError e = {0};
    golden_compare_model(&e, s, m, false, 1e-5);
    golden_compare(&e, s, "score.weight", p->head.g, 1, m->config.C, false);
    assert_near(sqrt(e.size), golden_number(golden, "grad_global_norm"), 1e-6 * sqrt(e.size));
    assert_near(sqrt(e.difference / e.size), 0, 1e-5);
    safetensors_close(s);
    policy_close(p);
    model_free(m);
    cJSON_Delete(golden);
}

/* ---- scoring ------------------------------------------------------------------------------------------ */

static void a_score_does_not_depend_on_its_batch(void **state)
{
    (void)state;
    static const int LENGTH[] = {131, 1, 16, 70, 150};
    static const ModelConfig *const config[] = {&WIDE_GPT2, &WIDE_LLAMA};
    for (int k = 0; k < 2; k++) {
        double all[5], one, reversed[5];
        AskedBatch s = asked_random(LENGTH, 5, config[k]->V, 1);
        AskedBatch back = asked_pick(&s, (int[]){4, 3, 2, 1, 0}, 5);
        Model *m = model_new(config[k], 3);
        Policy *large = policy_open(m, &(PolicyOptions){.heads = 1, .seed = 1, .max_tokens = 1000});
        Policy *small = policy_open(m, &(PolicyOptions){.heads = 1, .seed = 1, .max_tokens = 150});
        reward_score(all, large, s.token, s.start, 5);
        reward_score(reversed, small, back.token, back.start, 5);
        for (int i = 0; i < 5; i++) {
            AskedBatch alone = asked_pick(&s, &i, 1);
            reward_score(&one, small, alone.token, alone.start, 1);
            assert_memory_equal(&one, all + i, sizeof one);
            assert_memory_equal(&one, reversed + 4 - i, sizeof one);
            asked_free(&alone);
        }
        policy_close(large), policy_close(small);
        model_free(m);
        asked_free(&s), asked_free(&back);
    }
}

/* ---- training ------------------------------------------------------------------------------------------ */

static double loss_by_hand(Policy *p, const Pairs *pairs)
{
    double score[2 * PAIRS], loss = 0, total = 0;
    for (int s = 0; s < 2 * pairs->n; s++) {
        const int n = pairs->start[s + 1] - pairs->start[s];
        reward_score(score + s, p, pairs->token + pairs->start[s], (int[]){0, n}, 1);
    }
    for (int i = 0; i < pairs->n; i++) {
        const double delta = score[2 * i] - score[2 * i + 1], t = pairs->target[i];
        loss += pairs->weight[i] * (t * log1p(exp(-delta)) + (1 - t) * log1p(exp(delta)));
        total += pairs->weight[i];
    }
    return loss / total;
}

static void the_loss_is_the_weighted_mean_over_pairs(void **state)
{
    (void)state;
    const Pairs pairs = make_pairs(TINY_GPT2.V);
    RewardConfig c = settings();
    c.batch_size = PAIRS;
    Job j = job_new(&TINY_GPT2, &pairs, &c);
    const double expected = loss_by_hand(j.policy, &pairs);
    assert_near(reward_evaluate(j.policy, &pairs, NULL, NULL).loss, expected, 1e-12);
    assert_near(job_step(&j, 0), expected, 1e-8);
    job_free(&j);
}

static void the_gradient_does_not_depend_on_micro_batches(void **state)
{
    (void)state;
    static const ModelConfig *const config[] = {&TINY_GPT2, &TINY_LLAMA};
    for (int k = 0; k < 2; k++) {
        const Pairs pairs = make_pairs(config[k]->V);
        RewardConfig c = settings();
        c.batch_size = PAIRS, c.max_grad_norm = 0, c.max_tokens = 1000, c.normalize = false;
        c.epochs = 2; /* so that the first step is not the last */
        Job whole = job_new(config[k], &pairs, &c);
        const double loss = job_step(&whole, 0);
        for (int room = 16; room < 200; room += 61) {
            c.max_tokens = room;
            Job cut = job_new(config[k], &pairs, &c);
            assert_near(job_step(&cut, 0), loss, 1e-8);
            assert_same_gradient(&whole, &cut);
            job_free(&cut);
        }
        job_free(&whole);
    }
}

static void training_learns_what_is_preferred(void **state)
{
    (void)state;
    static const ModelConfig *const config[] = {&TINY_GPT2, &TINY_LLAMA};
    for (int k = 0; k < 2; k++) {
        const Pairs pairs = make_pairs(config[k]->V);
        RewardConfig c = settings();
        c.epochs = 20;
        Job j = job_new(config[k], &pairs, &c);
        const double before = reward_evaluate(j.policy, &pairs, NULL, NULL).loss;
        job_train(&j);
        const RewardEvaluation e = reward_evaluate(j.policy, &pairs, NULL, NULL);
        assert_true(e.accuracy > 0.85); /* ties, a fifth, count half: 0.9 at best */
        assert_true(e.loss < before);
        assert_true(e.margin > 0.5);
        job_free(&j);
    }
}

static void normalizing_gives_training_scores_mean_0_and_deviation_1(void **state)
{
    (void)state;
    const Pairs pairs = make_pairs(TINY_GPT2.V);
    const RewardConfig c = settings();
    Job j = job_new(&TINY_GPT2, &pairs, &c);
    job_train(&j);
    double score[2 * PAIRS], sum = 0, squares = 0;
    reward_score(score, j.policy, token, start, 2 * PAIRS);
    for (int i = 0; i < 2 * PAIRS; i++) sum += score[i], squares += score[i] * score[i];
    assert_near(sum / (2 * PAIRS), 0, 1e-5);
    assert_near(squares / (2 * PAIRS), 1, 0.03); /* whichever of n and n - 1 */
    job_free(&j);
}

static void an_evaluation_says_what_the_scores_say(void **state)
{
    (void)state;
    const Pairs pairs = make_pairs(TINY_GPT2.V);
    const RewardConfig c = settings();
    Job j = job_new(&TINY_GPT2, &pairs, &c);
    double chosen[PAIRS], rejected[PAIRS], score[2 * PAIRS], margin = 0, right = 0, longer = 0;
    const RewardEvaluation e = reward_evaluate(j.policy, &pairs, chosen, rejected);
    reward_score(score, j.policy, token, start, 2 * PAIRS);
    for (int i = 0; i < PAIRS; i++) {
        const int by = start[2 * i + 1] - start[2 * i] - (start[2 * i + 2] - start[2 * i + 1]);
        assert_memory_equal(chosen + i, score + 2 * i, sizeof *score);
        assert_memory_equal(rejected + i, score + 2 * i + 1, sizeof *score);
        margin += (chosen[i] - rejected[i]) / PAIRS;
        /* a tie counts half, whatever is said of it */
        right += target[i] == 0.5 ? 0.5 : chosen[i] > rejected[i];
        longer += target[i] == 0.5 || by == 0 ? 0.5 : by > 0;
    }
    assert_int_equal(e.n, PAIRS);
    assert_near(e.margin, margin, 1e-12);
    assert_near(e.accuracy, right / PAIRS, 1e-12);
    assert_near(e.longer_wins, longer / PAIRS, 1e-12);
    job_free(&j);
}

/* One pair judged four times, each time turned round from the time before, and then another pair: the
 * labels that contradict each other are half right whatever the scores say. */
static void labels_of_one_pair_are_one_pair_to_an_evaluation(void **state)
{
    (void)state;
    const Pairs all = make_pairs(TINY_GPT2.V);
    const int order[] = {0, 1, 1, 0, 0, 1, 1, 0, 2, 3};
    const double always[] = {1, 1, 1, 1, 1}, same[] = {1, 1, 1, 1, 1};
    unsigned char want[ROOM] = {0};
    const AskedBatch whole = {.B = 2 * PAIRS, .token = token, .start = start, .want = want};
    AskedBatch labels = asked_pick(&whole, order, 10);
    const Pairs pairs = {5, labels.token, labels.start, always, same, NULL};
    const RewardConfig c = settings();
    Job j = job_new(&TINY_GPT2, &all, &c);
    double chosen[5], rejected[5];
    const RewardEvaluation e = reward_evaluate(j.policy, &pairs, chosen, rejected);
    assert_int_equal(e.labels, 5);
    assert_int_equal(e.n, 2);
    assert_near(e.accuracy, (0.5 + (chosen[4] > rejected[4])) / 2, 1e-15);
    job_free(&j);
    asked_free(&labels);
}

static void a_loss_that_is_not_a_number_stops_the_run(void **state)
{
    (void)state;
    const Pairs pairs = make_pairs(TINY_GPT2.V);
    const RewardConfig c = settings();
    Job j = job_new(&TINY_GPT2, &pairs, &c);
    const real bad = INFINITY;
    buffer_write(j.model->parameters.w + j.model->final_norm.at, &bad, 1);
    job_refuses(&j, "try a lower learning_rate");
    job_free(&j);
}

/* ---- resuming ------------------------------------------------------------------------------------------- */

static void train(const ModelConfig *config, const char *name, bool resume, int stop_after)
{
    const Pairs pairs = make_pairs(config->V);
    RewardConfig c = settings();
    c.epochs = 1.2; /* into the second epoch: 6 steps */
    Job j = job_new(config, &pairs, &c);
    assert_int_equal(j.trainer.total, 6);
    trainer_run(j.trainer, name, 2, resume, stop_after);
    job_free(&j);
}

static void assert_same_runs(const char *a, const char *b)
{
    assert_same_hash(a, b, 6, "model.safetensors");
    assert_same_hash(a, b, 6, "optimizer.safetensors");
    assert_same_metrics(a, b);
}

static void stopped_and_resumed_gives_the_same_bits(void **state)
{
    (void)state;
    static const ModelConfig *const config[] = {&TINY_GPT2, &TINY_LLAMA};
    for (int k = 0; k < 2; k++) {
        train(config[k], "whole", false, 0);
        for (int stop = 1; stop < 6; stop += 2) {
            train(config[k], "stopped", false, stop);
            train(config[k], "stopped", true, 0);
            assert_same_runs("whole", "stopped");
        }
    }
}

static void a_damaged_checkpoint_is_passed_over_without_losing_a_bit(void **state)
{
    (void)state;
    train(&TINY_GPT2, "whole", false, 0);
    train(&TINY_GPT2, "damaged", false, 5);
    trainer_damage("damaged", 5, "optimizer.safetensors");
    train(&TINY_GPT2, "damaged", true, 0);
    assert_same_runs("whole", "damaged");
}

/* Held-out labels that contradict everything learned.
 * What was learned of them is in the record; the scores that are left are all equal. */
static void shrinking_silences_a_model_that_is_worse_than_chance(void **state)
{
    (void)state;
    const Pairs pairs = make_pairs(TINY_GPT2.V);
    double other[PAIRS], score[2 * PAIRS];
    char last[512];
    Pairs turned = pairs;
    for (int i = 0; i < PAIRS; i++) other[i] = 1 - pairs.target[i];
    turned.target = other;
    RewardConfig c = settings();
    c.epochs = 20;
    Job heard = job_new(&TINY_GPT2, &pairs, &c);
    c.shrink = true;
    Job j = job_with_held_out(&TINY_GPT2, &pairs, &turned, &c);
    const int64_t total = j.trainer.total;
    for (int64_t i = 0; i < total; i++) job_step(&heard, i), job_record(last, &j, i);
    reward_score(score, j.policy, pairs.token, pairs.start, 2 * PAIRS);
    for (int i = 0; i < 2 * PAIRS; i++) assert_near(score[i], 0, 0);

    const RewardEvaluation before = reward_evaluate(heard.policy, &turned, NULL, NULL),
                           after = reward_evaluate(j.policy, &turned, NULL, NULL);
    char wanted[128];
    snprintf(wanted, sizeof wanted, ",\"shrinkage\":0,\"held_out_accuracy\":%.9g", before.accuracy);
    assert_non_null(strstr(last, wanted));
    assert_true(before.accuracy < 0.3 && !before.all_equal);
    assert_near(after.accuracy, 0.5, 0);
    assert_true(after.all_equal);
    job_free(&heard);
    job_free(&j);
}

/* ---- ties, held-out pairs along the way, samples ------------------------------------------------------ */

/* nu starts at 2 s / (1 - s), s the share of ties, 4 of 24 with one more pair to divide by; its one step is the
 * slope at that place. */
static void nu_is_learned_beside_the_weights(void **state)
{
    (void)state;
    const Pairs pairs = make_pairs(TINY_GPT2.V);
    double score[2 * PAIRS], chosen[PAIRS], rejected[PAIRS];
    RewardConfig c = settings();
    c.batch_size = PAIRS, c.ties = TIES_DAVIDSON, c.label_noise = 0;
    Job j = job_new(&TINY_GPT2, &pairs, &c);
    reward_score(score, j.policy, token, start, 2 * PAIRS);
    for (int i = 0; i < PAIRS; i++) chosen[i] = score[2 * i], rejected[i] = score[2 * i + 1];
    const double share = 4.0 / (PAIRS + 1), nu = 2 * share / (1 - share);
    PreferenceGradient grad = {0};
    const ScoredPairs scored = {PAIRS, chosen, rejected, target, weight, NULL};
    const double loss = preference_loss(&grad, &scored, &(PreferenceModel){.tie_nu = nu});
    char last[512];
    assert_near(job_record(last, &j, 0), loss, 1e-6);
    const char *said = strstr(last, "\"tie_nu\":");
    assert_non_null(said);
    assert_near(strtod(said + strlen("\"tie_nu\":"), NULL), nu * exp(-grad.log_nu), 1e-6);
    job_free(&j);
}

static void margins_enter_the_loss(void **state)
{
    (void)state;
    Pairs pairs = make_pairs(TINY_GPT2.V);
    double margin[PAIRS], chosen[PAIRS], rejected[PAIRS];
    for (int i = 0; i < PAIRS; i++) margin[i] = 0.1 * i;
    pairs.margin = margin;
    RewardConfig c = settings();
    c.batch_size = PAIRS;
    Job j = job_new(&TINY_GPT2, &pairs, &c);
    reward_evaluate(j.policy, &pairs, chosen, rejected);
    const ScoredPairs scored = {PAIRS, chosen, rejected, target, weight, margin};
    assert_near(job_step(&j, 0), preference_loss(NULL, &scored, &(PreferenceModel){0}), 1e-8);
    job_free(&j);
}

/* Held-out labels that contradict everything learned: each step makes them worse, so the state of the first
 * measurement is the best. */
static void the_best_state_on_held_out_pairs_is_what_is_left(void **state)
{
    (void)state;
    const Pairs pairs = make_pairs(TINY_GPT2.V);
    double other[PAIRS], score[2 * PAIRS], early[2 * PAIRS];
    char last[512];
    Pairs turned = pairs;
    for (int i = 0; i < PAIRS; i++) other[i] = 1 - pairs.target[i];
    turned.target = other;
    RewardConfig c = settings();
    c.epochs = 4, c.normalize = false, c.valid_every = 2, c.keep_best = true;
    Job j = job_with_held_out(&TINY_GPT2, &pairs, &turned, &c);
    const int64_t total = j.trainer.total;
    assert_int_equal(total, 20);
    for (int64_t i = 0; i < total; i++) {
        job_record(last, &j, i);
        assert_true((strstr(last, "\"eval_loss\":") != NULL) == (i % 2 == 1));
        if (i == 1) reward_score(early, j.policy, token, start, 2 * PAIRS);
    }
    assert_non_null(strstr(last, "\"best_step\":2"));
    reward_score(score, j.policy, token, start, 2 * PAIRS);
    assert_memory_equal(score, early, sizeof score);
    job_free(&j);
}

static void the_best_state_changes_nothing_where_it_is_the_last(void **state)
{
    (void)state;
    const Pairs pairs = make_pairs(TINY_GPT2.V);
    double score[2 * PAIRS], plain[2 * PAIRS];
    RewardConfig c = settings();
    Job a = job_new(&TINY_GPT2, &pairs, &c);
    c.keep_best = true;
    Job b = job_with_held_out(&TINY_GPT2, &pairs, &pairs, &c);
    char last[512];
    for (int64_t i = 0; i < 5; i++) job_step(&a, i), job_record(last, &b, i);
    assert_non_null(strstr(last, "\"best_step\":5"));
    reward_score(plain, a.policy, token, start, 2 * PAIRS);
    reward_score(score, b.policy, token, start, 2 * PAIRS);
    assert_memory_equal(score, plain, sizeof score);
    job_free(&a), job_free(&b);
}

/* The first three sequences stand for answers of the model it starts from. */
static void samples_are_what_is_normalized_on(void **state)
{
    (void)state;
    const Pairs pairs = make_pairs(TINY_GPT2.V);
    const RewardConfig c = settings();
    const RewardData data = {.train = pairs, .samples = {3, token, start}};
    Job j = job_with(&TINY_GPT2, &data, &c);
    for (int64_t i = 0; i < 5; i++) job_step(&j, i);
    double score[3];
    reward_score(score, j.policy, token, start, 3);
    const double mean = (score[0] + score[1] + score[2]) / 3;
    double squares = 0;
    for (int i = 0; i < 3; i++) squares += (score[i] - mean) * (score[i] - mean);
    assert_near(mean, 0, 1e-5);
    assert_near(squares / 3, 1, 1e-4);
    job_free(&j);
}

/* Against held-out labels that agree, or contradict: then the first state measured is the best. */
static void train_with_state(const char *name, bool agree, bool resume, int stop_after)
{
    const Pairs pairs = make_pairs(TINY_GPT2.V);
    double other[PAIRS];
    Pairs held_out = pairs;
    for (int i = 0; i < PAIRS; i++) other[i] = agree ? pairs.target[i] : 1 - pairs.target[i];
    held_out.target = other;
    RewardConfig c = settings();
    c.epochs = 1.2, c.ties = TIES_DAVIDSON, c.valid_every = 2, c.keep_best = true;
    Job j = job_with_held_out(&TINY_GPT2, &pairs, &held_out, &c);
    trainer_run(j.trainer, name, 2, resume, stop_after);
    job_free(&j);
}

static int best_step_of(const char *run)
{
    char path[64];
    snprintf(path, sizeof path, "%s/metrics.jsonl", run);
    char *record = scratch_read(scratch_path(path));
    const char *said = strstr(record, "\"best_step\":");
    assert_non_null(said);
    const int step = atoi(said + strlen("\"best_step\":"));
    free(record);
    return step;
}

static void nu_and_the_best_state_are_resumed_to_the_bit(void **state)
{
    (void)state;
    train_with_state("whole", true, false, 0);
    for (int stop = 1; stop < 6; stop += 2) {
        train_with_state("stopped", true, false, stop);
        train_with_state("stopped", true, true, 0);
        assert_same_runs("whole", "stopped");
        assert_same_hash("whole", "stopped", 6, "reward.json");
    }
}

/* The folder says that it is of a step to come: what is measured from there on decides. */
static void a_best_state_of_another_step_is_not_taken(void **state)
{
    (void)state;
    train_with_state("whole", false, false, 0);
    assert_int_equal(best_step_of("whole"), 2);
    train_with_state("other", false, false, 3);
    assert_worked(file_write(scratch_path("best/best.json"), "{\"step\": 5}", 11, &err), &err);
    train_with_state("other", false, true, 0);
    assert_int_equal(best_step_of("other"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_match_pytorch),
        cmocka_unit_test(loss_and_gradient_match_pytorch),
        cmocka_unit_test(a_score_does_not_depend_on_its_batch),
        cmocka_unit_test(the_loss_is_the_weighted_mean_over_pairs),
        cmocka_unit_test(the_gradient_does_not_depend_on_micro_batches),
        cmocka_unit_test(training_learns_what_is_preferred),
        cmocka_unit_test(normalizing_gives_training_scores_mean_0_and_deviation_1),
        cmocka_unit_test(shrinking_silences_a_model_that_is_worse_than_chance),
        cmocka_unit_test(an_evaluation_says_what_the_scores_say),
        cmocka_unit_test(labels_of_one_pair_are_one_pair_to_an_evaluation),
        cmocka_unit_test(a_loss_that_is_not_a_number_stops_the_run),
        cmocka_unit_test(stopped_and_resumed_gives_the_same_bits),
        cmocka_unit_test(a_damaged_checkpoint_is_passed_over_without_losing_a_bit),
        cmocka_unit_test(nu_is_learned_beside_the_weights),
        cmocka_unit_test(margins_enter_the_loss),
        cmocka_unit_test(the_best_state_on_held_out_pairs_is_what_is_left),
        cmocka_unit_test(the_best_state_changes_nothing_where_it_is_the_last),
        cmocka_unit_test(samples_are_what_is_normalized_on),
        cmocka_unit_test(nu_and_the_best_state_are_resumed_to_the_bit),
        cmocka_unit_test(a_best_state_of_another_step_is_not_taken),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
