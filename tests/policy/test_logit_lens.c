/* What layers would say: the last against the model itself and against PyTorch, a small one by hand. */
#include "policy/logit_lens.h"
#include "policy/logits.h"
#include "tests/golden_model.h"
#include "tests/models.h"

static const ModelConfig *const CONFIG[] = {&WIDE_GPT2, &WIDE_LLAMA, &TIED_LLAMA, &WIDE_QWEN3,
                                            &WIDE_MISTRAL};
enum { CONFIGS = sizeof CONFIG / sizeof *CONFIG, T = 71, V = 1030 };

static void the_last_level_says_what_the_model_says_to_the_bit(void **state)
{
    (void)state;
    static RankedToken said[V], expected[V];
    const int length[] = {T};
    for (int k = 0; k < CONFIGS; k++) {
        Model *m = model_new(CONFIG[k], 7);
        AskedBatch s = asked_random(length, 1, V, 3);
        asked_want(&s, false);
        Policy *p = policy_open(m, &(PolicyOptions){.max_tokens = T});
        asked_evaluate(p, &s, 1);
        LayerTrace *t = layer_trace_new(m, NULL, TRACE_RESIDUAL, s.token, T);
        for (int at = 0; at < T; at += 35) {
            logit_lens(said, m, t, t->n_layer, at, V);
            policy_likeliest(expected, p, at, V);
            for (int v = 0; v < V; v++) {
                assert_int_equal(said[v].token, expected[v].token);
                assert_memory_equal(&said[v].value, &expected[v].value, sizeof(double));
            }
        }
        layer_trace_free(t);
        policy_close(p);
        asked_free(&s);
        model_free(m);
    }
}

/* log softmax of PyTorch's logits in float64. */
static void check_row(const RankedToken *said, int n, const double *logits)
{
    double sum = 0;
    for (int v = 0; v < n; v++) sum += exp(logits[v]);
    for (int k = 0; k < n; k++) assert_near(said[k].value, logits[said[k].token] - log(sum), 1e-4);
}

static void the_last_level_of_golden_models_is_as_pytorch_has_it(void **state)
{
    (void)state;
    static const char *const NAME[] = {"gpt2-tiny", "llama-tiny-gqa", "qwen3-tiny"};
    static RankedToken said[V];
    for (int k = 0; k < 3; k++) {
        char path[256];
        GoldenBatch b;
        int64_t n;
        snprintf(path, sizeof path, "%s/golden.json", NAME[k]);
        cJSON *golden = golden_read(path);
        golden_rows(&b, golden);
        snprintf(path, sizeof path, "%s/golden.safetensors", NAME[k]);
        Safetensors *tensors = golden_tensors(path);
        double *logits = golden_tensor(tensors, "logits", &n);
        Model *m = golden_open(NAME[k]);
        LayerTrace *t = layer_trace_new(m, NULL, TRACE_RESIDUAL, b.token, b.T);
        for (int at = 0; at < b.T; at++) {
            logit_lens(said, m, t, t->n_layer, at, m->config.V);
            check_row(said, m->config.V, logits + at * m->config.V);
        }
        layer_trace_free(t);
        model_free(m);
        free(logits);
        safetensors_close(tensors);
        cJSON_Delete(golden);
    }
}

/* Two wide, tied, three tokens (3,4), (4,-3), (0,1); blocks are all 0 and pass the stream on, so each level says
 * the same.  RMSNorm divides (3,4) by sqrt(25/2): logits 25, 0 and 4 times sqrt(2)/5. */
static void blocks_that_do_nothing_leave_what_the_embedding_says(void **state)
{
    (void)state;
    const ModelConfig c = {.family = FAMILY_LLAMA,
                           .n_layer = 2,
                           .NH = 1,
                           .NKV = 1,
                           .HD = 2,
                           .C = 2,
                           .F = 1,
                           .V = 3,
                           .max_T = 4,
                           .rms_norm = true,
                           .rope_theta = 10000,
                           .gated_mlp = true,
                           .tied = true,
                           .bos = -1,
                           .eos = 1};
    const real rows[] = {3, 4, 4, -3, 0, 1}, one[] = {1, 1};
    const double unit = sqrt(2) / 5, sum = exp(25 * unit) + exp(0) + exp(4 * unit);
    Model *m = model_like(&c);
    buffer_write(m->parameters.w, rows, 6);
    buffer_write(m->parameters.w + m->final_norm.at, one, 2);
    model_changed(m);
    const int token[] = {2, 0};
    LayerTrace *t = layer_trace_new(m, NULL, TRACE_RESIDUAL, token, 2);
    for (int level = 0; level <= 2; level++) {
        RankedToken said[2];
        logit_lens(said, m, t, level, 1, 2);
        assert_int_equal(said[0].token, 0);
        assert_int_equal(said[1].token, 2);
        assert_near(said[0].value, 25 * unit - log(sum), 1e-6);
        assert_near(said[1].value, 4 * unit - log(sum), 1e-6);
    }
    layer_trace_free(t);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_level_says_what_the_model_says_to_the_bit),
        cmocka_unit_test(the_last_level_of_golden_models_is_as_pytorch_has_it),
        cmocka_unit_test(blocks_that_do_nothing_leave_what_the_embedding_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
