/* A model read from a golden checkpoint against what PyTorch said of it in float64: logits,
 * log-probabilities, entropies, loss and gradients.  Compiled for the program's arithmetic (float) and
 * for the plain one in double. */
#ifndef TESTS_GOLDEN_MODEL_H
#define TESTS_GOLDEN_MODEL_H

#include "tests/golden.h"

#include <string.h>

#include "policy/policy_private.h"
#include "policy/safetensors.h"

#define GOLDEN_PATH RLHF_SOURCE_DIR "/tests/golden/"
enum { GOLDEN_TOKENS = 1024 };

typedef struct {
    double logp;     /* |error| <= logp * max(1, |x|) */
    double loss;     /* absolute */
    double gradient; /* relative L2 over all weights; of one tensor ten times as much */
} GoldenTolerance;

/* Rows of equal length T, every token after the first asked for. */
typedef struct {
    int B, T, N;
    int token[GOLDEN_TOKENS], start[64];
    unsigned char want[GOLDEN_TOKENS];
    double logp[GOLDEN_TOKENS], entropy[GOLDEN_TOKENS];
} GoldenBatch;

static inline TokenBatch golden_tokens(const GoldenBatch *b)
{
    return (TokenBatch){b->B, b->N, b->token, b->start, b->want, 1};
}

static inline Model *golden_open(const char *name)
{
    char path[4096];
    Error err;
    Model *m = NULL;
    snprintf(path, sizeof path, GOLDEN_PATH "%s", name);
    if (model_open(&m, path, &err) != 0) fail_msg("%s", err.message);
    return m;
}

static inline void golden_rows(GoldenBatch *b, const cJSON *golden)
{
    double ids[GOLDEN_TOKENS];
    memset(b, 0, sizeof *b);
    b->B = cJSON_GetArraySize(golden_at(golden, "input_ids"));
    b->N = golden_array(ids, GOLDEN_TOKENS, golden, "input_ids");
    b->T = b->N / b->B;
    for (int i = 0; i < b->N; i++) {
        b->token[i] = (int)ids[i];
        b->want[i] = i % b->T ? WANT_LOGP | WANT_ENTROPY : 0;
    }
    for (int r = 0; r <= b->B; r++) b->start[r] = r * b->T;
}

static inline void golden_evaluate(Policy *p, GoldenBatch *b)
{
    const TokenBatch batch = golden_tokens(b);
    policy_evaluate(p, &batch, &(TokenTerms){b->logp, b->entropy, NULL});
}

static inline void golden_check_logp(const GoldenBatch *b, const cJSON *golden, double tolerance)
{
    double logp[GOLDEN_TOKENS], entropy[GOLDEN_TOKENS];
    golden_array(logp, GOLDEN_TOKENS, golden, "token_logprobs");
    golden_array(entropy, GOLDEN_TOKENS, golden, "entropy");
    for (int r = 0; r < b->B; r++)
        for (int t = 1; t < b->T; t++) {
            const double x = logp[r * (b->T - 1) + t - 1], h = entropy[r * b->T + t - 1];
            assert_near(b->logp[r * b->T + t], x, tolerance * fmax(1, fabs(x)));
            assert_near(b->entropy[r * b->T + t], h, tolerance * fmax(1, fabs(h)));
        }
}

static inline Safetensors *golden_tensors(const char *name)
{
    char path[4096];
    Error err;
    Safetensors *s = NULL;
    snprintf(path, sizeof path, GOLDEN_PATH "%s", name);
    if (safetensors_open(&s, path, &err) != 0) fail_msg("%s", err.message);
    return s;
}

static inline double *golden_tensor(const Safetensors *s, const char *name, int64_t *n)
{
    Error err;
    const int at = safetensors_find(s, name);
    if (at < 0) fail_msg("golden file has no %s", name);
    *n = safetensors_entry(s, at)->count;
    double *x = malloc((size_t)*n * sizeof *x);
    if (safetensors_read_double(s, at, x, &err) != 0) fail_msg("%s", err.message);
    return x;
}

/* Of the batch just evaluated. */
static inline void golden_check_logits(Policy *p, const GoldenBatch *b, const Safetensors *s,
                                       double tolerance)
{
    int64_t n;
    const int V = p->model->config.V;
    double *expected = golden_tensor(s, "logits", &n);
    assert_int_equal(n, b->N * V);
    real *logits = buffer_new((size_t)n), *host = malloc((size_t)n * sizeof *host);
    linear_forward(logits, activations_hidden(p->acts), p->model->head.weight, NULL, b->N);
    buffer_read(host, logits, (size_t)n);
    for (int64_t i = 0; i < n; i++)
        assert_near((double)host[i], expected[i], tolerance * fmax(1, fabs(expected[i])));
    buffer_free(logits);
    free(host);
    free(expected);
}

/* Mean over the labels that are not -100, and its gradient. */
static inline double golden_loss(Policy *p, const GoldenBatch *b, const cJSON *golden)
{
    double labels[GOLDEN_TOKENS], dlogp[GOLDEN_TOKENS] = {0}, loss = 0;
    int counted = 0;
    golden_array(labels, GOLDEN_TOKENS, golden, "labels");
    for (int i = 0; i < b->N; i++) counted += b->want[i] && labels[i] >= 0;
    for (int i = 0; i < b->N; i++) {
        if (!b->want[i] || labels[i] < 0) continue;
        loss -= b->logp[i] / counted;
        dlogp[i] = -1.0 / counted;
    }
    const TokenBatch batch = golden_tokens(b);
    policy_accumulate(p, &batch, &(TokenTerms){.logp = dlogp});
    return loss;
}

typedef struct {
    double difference, size; /* sums of squares */
} GoldenError;

/* n gradients against a tensor of the file, which may lack the prefix up to the first dot. */
static inline void golden_compare(GoldenError *e, const Safetensors *s, const char *name,
                                  const real *g, int rows, int cols, bool transposed)
{
    char full[160];
    snprintf(full, sizeof full, "grad.%s", name);
    if (safetensors_find(s, full) < 0 && strchr(name, '.'))
        snprintf(full, sizeof full, "grad.%s", strchr(name, '.') + 1);
    int64_t n;
    double *expected = golden_tensor(s, full, &n);
    assert_int_equal(n, (int64_t)rows * cols);
    real *host = malloc((size_t)n * sizeof *host);
    buffer_read(host, g, (size_t)n);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) {
            const double x = expected[transposed ? c * rows + r : r * cols + c];
            const double d = (double)host[r * cols + c] - x;
            e->difference += d * d;
            e->size += x * x;
        }
    free(host);
    free(expected);
}

/* The error of each tensor may be 10 times `tolerance`, of one whose gradient is 0 but for rounding anything
 * as small; that of all together is the caller's to check. */
static inline void golden_compare_model(GoldenError *e, const Safetensors *s, const Model *m,
                                        bool lm_head, double tolerance)
{
    for (int i = 0; i < m->n_tensors; i++) {
        const Tensor *t = &m->tensor[i];
        GoldenError one = {0};
        if (!lm_head && strcmp(t->name, "lm_head.weight") == 0) continue;
        golden_compare(&one, s, t->name, m->parameters.g + t->at, t->rows, t->cols, t->transposed);
        e->difference += one.difference, e->size += one.size;
        if (!(sqrt(one.difference) <= 10 * tolerance * sqrt(one.size) + 1e-12))
            fail_msg("gradient of %s: %g of %g", t->name, sqrt(one.difference), sqrt(one.size));
    }
}

/* The whole of tests/golden/NAME; logits and gradients when its golden.safetensors is there. */
static inline void golden_check_model(const char *name, bool tensors, const GoldenTolerance *t)
{
    char file[256];
    static GoldenBatch b;
    snprintf(file, sizeof file, "%s/golden.json", name);
    cJSON *golden = golden_read(file);
    golden_rows(&b, golden);
    Model *m = golden_open(name);
    Policy *p = policy_open(m, &(PolicyOptions){.train = true, .max_tokens = b.N});

    golden_evaluate(p, &b);
    golden_check_logp(&b, golden, t->logp);
    if (tensors) {
        snprintf(file, sizeof file, "%s/golden.safetensors", name);
        Safetensors *s = golden_tensors(file);
        golden_check_logits(p, &b, s, t->logp);
        assert_near(golden_loss(p, &b, golden), golden_number(golden, "loss"), t->loss);
        GoldenError e = {0};
        golden_compare_model(&e, s, m, true, t->gradient);
        assert_near(sqrt(e.size), golden_number(golden, "grad_global_norm"), 1e-9 * sqrt(e.size));
        assert_near(sqrt(e.difference / e.size), 0, t->gradient);
        safetensors_close(s);
    } else {
        assert_near(golden_loss(p, &b, golden), golden_number(golden, "loss"), t->loss);
        assert_near(policy_step(p, 0, 0), golden_number(golden, "grad_global_norm"),
                    t->gradient * golden_number(golden, "grad_global_norm"));
    }
    policy_close(p);
    model_free(m);
    cJSON_Delete(golden);
}

/* The same rows as a padded batch gives them, here without the padding. */
static inline void golden_check_unpadded(const char *name, double tolerance)
{
    char file[256];
    static GoldenBatch b;
    double mask[GOLDEN_TOKENS], ids[GOLDEN_TOKENS], logp[GOLDEN_TOKENS];
    snprintf(file, sizeof file, "%s/golden.json", name);
    cJSON *golden = golden_read(file);
    const cJSON *padded = golden_at(golden, "left_padded");
    const int rows = cJSON_GetArraySize(golden_at(padded, "input_ids"));
    const int T = golden_array(ids, GOLDEN_TOKENS, padded, "input_ids") / rows;
    golden_array(mask, GOLDEN_TOKENS, padded, "attention_mask");
    golden_array(logp, GOLDEN_TOKENS, padded, "token_logprobs");
    memset(&b, 0, sizeof b);
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < T; i++) {
            if (mask[r * T + i] == 0) continue;
            b.token[b.N] = (int)ids[r * T + i];
            b.want[b.N] = b.N > b.start[r] ? WANT_LOGP : 0;
            b.N++;
        }
        b.start[++b.B] = b.N;
    }
    Model *m = golden_open(name);
    Policy *p = policy_open(m, &(PolicyOptions){.max_tokens = b.N});
    golden_evaluate(p, &b);
    for (int r = 0; r < rows; r++) {
        const int n = b.start[r + 1] - b.start[r];
        for (int i = 1; i < n; i++) {
            const double x = logp[r * (T - 1) + T - n + i - 1];
            assert_near(b.logp[b.start[r] + i], x, tolerance * fmax(1, fabs(x)));
        }
    }
    policy_close(p);
    model_free(m);
    cJSON_Delete(golden);
}

#endif
