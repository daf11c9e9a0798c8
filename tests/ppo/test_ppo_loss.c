#include "ppo/ppo_loss.h"

#include "tests/golden.h"

enum { ROOM = 32, VOCABULARY = 7, LOGITS = 128 };

static void policy_loss_matches_published_vector(void **state)
{
    (void)state;
    const double logp[] = {-1.1, -.4, -2.5, -.9}, old_logp[] = {-1, -.9, -2, -.95};
    const double advantage[] = {1, .5, -1, -.2}, want[] = {-.226209, 0, 0, .052564};
    double dlogp[4];
    PpoPolicySums s = {0};
    ppo_policy_loss(dlogp, &s, logp, old_logp, advantage, 4, 4, (RatioClip){.range = 0.2});
    assert_near(s.loss / 4, -.123646, 1e-6);
    assert_near(s.clipped / 4, .5, 1e-12);
    assert_near(s.approx_kl / 4, .064062, 1e-6);
    assert_near(s.ratio / 4, (.904837 + 1.648721 + .606531 + 1.051271) / 4, 1e-6);
    assert_near(s.ratio_max, 1.648721, 1e-6);
    for (int i = 0; i < 4; i++) assert_near(dlogp[i], want[i], 1e-6);
}

static void value_loss_matches_published_vector(void **state)
{
    (void)state;
    const double value[] = {.9, .1, .35, -.5}, old_value[] = {.5, .4, .3, .2};
    const double ret[] = {1.2, .5, .3, .1}, want[] = {0, -.1, .0125, -.15};
    double dvalue[4];
    PpoValueSums s = {0};
    ppo_value_loss(dvalue, &s, value, old_value, ret, 4, 4, 0.2, 1);
    assert_near(s.loss / 4, .0965625, 1e-12);
    assert_near(s.clipped / 4, .25, 1e-12);
    for (int i = 0; i < 4; i++) assert_near(dvalue[i], want[i], 1e-12);
}

/* The tokens of ppo.json under its mask, laid end to end as a packed batch has them. */
typedef struct {
    int n, at[ROOM]; /* at: index in the padded arrays */
    double logp[ROOM], old_logp[ROOM], advantage[ROOM], value[ROOM], old_value[ROOM], ret[ROOM];
} Tokens;

static void pack(double *out, const Tokens *t, const cJSON *golden, const char *name)
{
    double padded[ROOM];
    golden_array(padded, ROOM, golden, name);
    for (int i = 0; i < t->n; i++) out[i] = padded[t->at[i]];
}

static Tokens golden_tokens(const cJSON *golden)
{
    Tokens t = {0};
    double mask[ROOM];
    const int all = golden_array(mask, ROOM, golden, "mask");
    for (int i = 0; i < all; i++)
        if (mask[i] > 0) t.at[t.n++] = i;
    pack(t.logp, &t, golden, "new_logprobs");
    pack(t.old_logp, &t, golden, "old_logprobs");
    pack(t.advantage, &t, golden, "advantages");
    pack(t.value, &t, golden, "values");
    pack(t.old_value, &t, golden, "old_values");
    pack(t.ret, &t, golden, "returns");
    return t;
}

static void losses_match_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/ppo.json");
    const Tokens t = golden_tokens(golden);
    double dlogp[ROOM], dvalue[ROOM], want[ROOM];
    PpoPolicySums p = {0};
    PpoValueSums v = {0};
    ppo_policy_loss(dlogp, &p, t.logp, t.old_logp, t.advantage, t.n, t.n,
                    (RatioClip){.range = golden_number(golden, "cliprange")});
    ppo_value_loss(dvalue, &v, t.value, t.old_value, t.ret, t.n, t.n,
                   golden_number(golden, "cliprange_value"), golden_number(golden, "vf_coef"));
    assert_near(p.loss / t.n, golden_number(golden, "pg_loss"), 1e-12);
    assert_near(p.clipped / t.n, golden_number(golden, "pg_clipfrac"), 1e-12);
    assert_near(p.approx_kl / t.n, golden_number(golden, "approxkl"), 1e-12);
    assert_near(v.loss / t.n, golden_number(golden, "vf_loss"), 1e-12);
    assert_near(v.clipped / t.n, golden_number(golden, "vf_clipfrac"), 1e-12);
    golden_array(want, ROOM, golden, "grad_values");
    for (int i = 0; i < t.n; i++) assert_near(dvalue[i], want[t.at[i]], 1e-12);
    cJSON_Delete(golden);
}

/* The golden gradient by the logits also holds that of -0.01 entropy, taken off here:
 *   d logp / d z_k = [k = action] - p_k,    d entropy / d z_k = -p_k (log p_k + entropy). */
static void policy_gradient_reaches_the_golden_logits(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/ppo.json");
    const Tokens t = golden_tokens(golden);
    double logits[LOGITS], want[LOGITS], action[ROOM], dlogp[ROOM];
    golden_array(logits, LOGITS, golden, "logits");
    golden_array(want, LOGITS, golden, "grad_logits");
    golden_array(action, ROOM, golden, "actions");
    PpoPolicySums p = {0};
    ppo_policy_loss(dlogp, &p, t.logp, t.old_logp, t.advantage, t.n, t.n,
                    (RatioClip){.range = 0.2});

    const double entropy_coef = golden_number(golden, "ent_coef");
    for (int i = 0; i < t.n; i++) {
        const double *z = logits + t.at[i] * VOCABULARY, *dz = want + t.at[i] * VOCABULARY;
        double sum = 0, entropy = 0, logp[VOCABULARY];
        for (int k = 0; k < VOCABULARY; k++) sum += exp(z[k]);
        for (int k = 0; k < VOCABULARY; k++) {
            logp[k] = z[k] - log(sum);
            entropy -= exp(logp[k]) * logp[k];
        }
        for (int k = 0; k < VOCABULARY; k++) {
            const double p_k = exp(logp[k]), taken = k == (int)action[t.at[i]];
            const double dentropy = -p_k * (logp[k] + entropy);
            assert_near(dlogp[i] * (taken - p_k) - entropy_coef * dentropy / t.n, dz[k], 1e-12);
        }
    }
    cJSON_Delete(golden);
}

/* Cut 10 tokens into 3, 1 and 6: the same gradients, the same sums. */
static void micro_batches_add_up_to_the_minibatch(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/ppo.json");
    const Tokens t = golden_tokens(golden);
    const int cut[] = {0, 3, 4, t.n};
    double dlogp[ROOM], dvalue[ROOM], dlogp_cut[ROOM], dvalue_cut[ROOM];
    PpoPolicySums p = {0}, p_cut = {0};
    PpoValueSums v = {0}, v_cut = {0};
    ppo_policy_loss(dlogp, &p, t.logp, t.old_logp, t.advantage, t.n, t.n,
                    (RatioClip){.range = 0.2});
    ppo_value_loss(dvalue, &v, t.value, t.old_value, t.ret, t.n, t.n, 0.2, 0.1);
    for (int m = 0; m < 3; m++) {
        const int a = cut[m], n = cut[m + 1] - a;
        ppo_policy_loss(dlogp_cut + a, &p_cut, t.logp + a, t.old_logp + a, t.advantage + a, n, t.n,
                        (RatioClip){.range = 0.2});
        ppo_value_loss(dvalue_cut + a, &v_cut, t.value + a, t.old_value + a, t.ret + a, n, t.n, 0.2,
                       0.1);
    }
    assert_memory_equal(dlogp_cut, dlogp, (size_t)t.n * sizeof *dlogp);
    assert_memory_equal(dvalue_cut, dvalue, (size_t)t.n * sizeof *dvalue);
    assert_near(p_cut.loss, p.loss, 0);
    assert_near(v_cut.loss, v.loss, 0);
    assert_int_equal(p_cut.n, p.n);
    cJSON_Delete(golden);
}

static double total_loss(const Tokens *t, int total)
{
    double unused[ROOM];
    PpoPolicySums p = {0};
    PpoValueSums v = {0};
    ppo_policy_loss(unused, &p, t->logp, t->old_logp, t->advantage, t->n, total,
                    (RatioClip){.range = 0.2});
    ppo_value_loss(unused, &v, t->value, t->old_value, t->ret, t->n, total, 0.2, 0.1);
    return (p.loss + 0.1 * v.loss) / total;
}

static void gradients_match_finite_differences(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/ppo.json");
    Tokens t = golden_tokens(golden);
    const int total = t.n + 5; /* this batch is a part of a larger one */
    const double h = 1e-6;
    double dlogp[ROOM], dvalue[ROOM];
    PpoPolicySums p = {0};
    PpoValueSums v = {0};
    ppo_policy_loss(dlogp, &p, t.logp, t.old_logp, t.advantage, t.n, total,
                    (RatioClip){.range = 0.2});
    ppo_value_loss(dvalue, &v, t.value, t.old_value, t.ret, t.n, total, 0.2, 0.1);
    for (int i = 0; i < 2 * t.n; i++) {
        double *x = i < t.n ? &t.logp[i] : &t.value[i - t.n], kept = *x;
        *x = kept + h;
        const double up = total_loss(&t, total);
        *x = kept - h;
        const double down = total_loss(&t, total);
        *x = kept;
        assert_near(i < t.n ? dlogp[i] : dvalue[i - t.n], (up - down) / (2 * h), 1e-8);
    }
    cJSON_Delete(golden);
}

static void equal_logp_gives_a_ratio_of_exactly_one(void **state)
{
    (void)state;
    const double logp[] = {-0.1, -7.3}, advantage[] = {1, -2};
    double dlogp[2];
    PpoPolicySums s = {0};
    ppo_policy_loss(dlogp, &s, logp, logp, advantage, 2, 2, (RatioClip){.range = 0.2});
    assert_true(s.ratio == 2 && s.ratio_squared == 2 && s.ratio_max == 1 && s.approx_kl == 0);
}

static void nan_is_passed_on_not_clipped_away(void **state)
{
    (void)state;
    const double nan = NAN, zero = 0, one = 1;
    double d;
    PpoPolicySums p = {0};
    PpoValueSums v = {0};
    ppo_policy_loss(&d, &p, &nan, &zero, &one, 1, 1, (RatioClip){.range = 0.2});
    assert_true(isnan(p.loss));
    ppo_value_loss(&d, &v, &nan, &zero, &one, 1, 1, 0.2, 1);
    assert_true(isnan(v.loss));
}

static void infinite_clip_range_is_plain_squared_error(void **state)
{
    (void)state;
    const double value = 5, old_value = 0, ret = 2;
    double dvalue;
    PpoValueSums s = {0};
    ppo_value_loss(&dvalue, &s, &value, &old_value, &ret, 1, 1, INFINITY, 1);
    assert_near(s.loss, 4.5, 0);
    assert_near(dvalue, 3, 0);
}

/* Returns 1 and 3 (variance 1), errors 0.5 and 0.5: 1 - 0.25 / 1. */
static void explained_variance_matches_hand_computation(void **state)
{
    (void)state;
    const double value[] = {1.5, 2.5}, ret[] = {1, 3};
    double dvalue[2];
    PpoValueSums s = {0};
    ppo_value_loss(dvalue, &s, value, value, ret, 2, 2, 0.2, 1);
    assert_near(ppo_explained_variance(&s), 0.75, 1e-12);
}

/* Ratio 5 and advantage -1: the loss of 5 is cut to 3 and its gradient gone; a good token is not touched. */
static void a_bad_token_weighs_no_more_than_the_dual_clip(void **state)
{
    (void)state;
    const double logp[] = {1.6094379124341003, 0}, old_logp[] = {0, 0}, advantage[] = {-1, 1};
    double dlogp[2];
    PpoPolicySums s = {0};
    ppo_policy_loss(dlogp, &s, logp, old_logp, advantage, 2, 2, (RatioClip){0.2, 3});
    assert_near(s.loss, 3 - 1, 1e-12);
    assert_near(dlogp[0], 0, 0);
    assert_near(dlogp[1], -0.5, 1e-12);
    assert_near(s.clipped, 1, 0);
    PpoPolicySums without = {0};
    ppo_policy_loss(dlogp, &without, logp, old_logp, advantage, 2, 2, (RatioClip){.range = 0.2});
    assert_near(without.loss, 5 - 1, 1e-12);
    assert_near(dlogp[0], 2.5, 1e-12); /* -A ratio / total */
}

/* d = log 2: 1 - e^-d = 1/2; k2's derivative is d itself; over 4 tokens at a coefficient of 0.1. */
static void the_kl_in_the_loss_has_the_derivative_of_its_estimate(void **state)
{
    (void)state;
    const double logp = 0, ref_logp = -0.6931471805599453;
    double d = 1;
    ppo_kl_loss_gradient(&d, &logp, &ref_logp, 1, 4, 0.1, false);
    assert_near(d, 1 + 0.1 * 0.5 / 4, 1e-15);
    d = 0;
    ppo_kl_loss_gradient(&d, &logp, &ref_logp, 1, 4, 0.1, true);
    assert_near(d, 0.1 * 0.6931471805599453 / 4, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy_loss_matches_published_vector),
        cmocka_unit_test(value_loss_matches_published_vector),
        cmocka_unit_test(losses_match_golden),
        cmocka_unit_test(policy_gradient_reaches_the_golden_logits),
        cmocka_unit_test(micro_batches_add_up_to_the_minibatch),
        cmocka_unit_test(gradients_match_finite_differences),
        cmocka_unit_test(equal_logp_gives_a_ratio_of_exactly_one),
        cmocka_unit_test(nan_is_passed_on_not_clipped_away),
        cmocka_unit_test(infinite_clip_range_is_plain_squared_error),
        cmocka_unit_test(explained_variance_matches_hand_computation),
        cmocka_unit_test(a_bad_token_weighs_no_more_than_the_dual_clip),
        cmocka_unit_test(the_kl_in_the_loss_has_the_derivative_of_its_estimate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
