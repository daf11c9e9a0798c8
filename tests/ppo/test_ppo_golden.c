/* PPO's loss and gradient are PyTorch's. */
/* whole, since the gradient is looked at between private steps */
#include "ppo/ppo.c"
#include "ppo/ppo_update.c"

#include "tests/golden_model.h"
#include "tests/ppo/jobs.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_and_gradient_match_pytorch),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
