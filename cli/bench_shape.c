/* Shapes of models that rlhf bench knows, and how much work they are. */
#include <stdio.h>
#include <string.h>

#include "cli/bench.h"
#include "cli/loaded.h"
#include "cli/options.h"
#include "policy/model_settings.h"
#include "policy/parameter_count.h"

/* From the config.json that each was published with. */
static const struct {
    const char *name;
    ModelConfig config;
} PUBLISHED[] = {
    {"gpt2",
     {.family = FAMILY_GPT2,
      .n_layer = 12,
      .NH = 12,
      .NKV = 12,
      .HD = 64,
      .C = 768,
      .F = 3072,
      .V = 50257,
      .max_T = 1024,
      .norm_eps = 1e-5,
      .learned_positions = true,
      .attention_bias = true,
      .out_bias = true,
      .mlp_bias = true,
      .tied = true}},
    {"smollm2-135m",
     {.family = FAMILY_LLAMA,
      .n_layer = 30,
      .NH = 9,
      .NKV = 3,
      .HD = 64,
      .C = 576,
      .F = 1536,
      .V = 49152,
      .max_T = 8192,
      .rms_norm = true,
      .norm_eps = 1e-5,
      .rope_theta = 100000,
      .gated_mlp = true,
      .tied = true}},
    {"qwen2.5-0.5b",
     {.family = FAMILY_QWEN2,
      .n_layer = 24,
      .NH = 14,
      .NKV = 2,
      .HD = 64,
      .C = 896,
      .F = 4864,
      .V = 151936,
      .max_T = 32768,
      .rms_norm = true,
      .norm_eps = 1e-6,
      .rope_theta = 1000000,
      .gated_mlp = true,
      .attention_bias = true,
      .tied = true}},
    {"llama-3.2-1b",
     {.family = FAMILY_LLAMA,
      .n_layer = 16,
      .NH = 32,
      .NKV = 8,
      .HD = 64,
      .C = 2048,
      .F = 8192,
      .V = 128256,
      .max_T = 131072,
      .rms_norm = true,
      .norm_eps = 1e-5,
      .rope_theta = 500000,
      .gated_mlp = true,
      .tied = true}},
};
enum { PUBLISHED_N = sizeof PUBLISHED / sizeof *PUBLISHED };

static int published_shape(ModelConfig *out, const char *name, Error *err)
{
    const char *names[PUBLISHED_N];
    for (int i = 0; i < PUBLISHED_N; i++) {
        names[i] = PUBLISHED[i].name;
        if (strcmp(name, names[i]) != 0) continue;
        *out = PUBLISHED[i].config;
        out->bos = out->eos = -1;
        out->init_std = 0.02;
        return 0;
    }
    const char *near = text_nearest(name, names, PUBLISHED_N);
    return error_usage(err, "no shape '%.60s'; %s%s", name,
                       near ? "did you mean: "
                            : "there are gpt2, smollm2-135m, qwen2.5-0.5b and "
                              "llama-3.2-1b",
                       near ? near : "");
}

static int shape_of_model(ModelConfig *out, const char *name, Context *ctx, Error *err)
{
    Loaded l = {0};
    const int rc = loaded_outline(&l, ctx, "shape of", name, NULL, err);
    if (rc == 0) *out = l.model->config;
    loaded_close(&l);
    out->n_labels = 0, out->type = DTYPE_F32; /* what is drawn */
    return rc;
}

int bench_shape(ModelConfig *out, const BenchShape *from, Context *ctx, Config *others, Error *err)
{
    if (from->shape && from->model)
        return error_usage(err, "--shape and --model both name a shape; give one");
    ModelSettings settings;
    Config none = {0}, *all = others ? others : &none;
    config_bind(all, &MODEL_TABLE, &settings);
    if (context_settings(ctx, all, NULL, err) != 0) return -1;
    if (from->model) {
        if (shape_of_model(out, from->model, ctx, err) != 0) return -1;
    } else if (from->shape) {
        if (published_shape(out, from->shape, err) != 0) return -1;
        out->compute = (Compute)settings.compute;
    } else if (model_settings_config(out, &settings, settings.vocabulary, -1, err) != 0) {
        return -1;
    }
    bench_count_in(out->compute);
    return 0;
}

const char *bench_shape_name(const ModelConfig *c)
{
    static char name[4][128];
    static int next;
    ParameterCount count;
    parameter_count(&count, c, 0);
    char *at = name[next++ % 4];
    snprintf(at, sizeof *name, "%s of width %d, vocabulary of %s, %.1f M weights",
             text_count(c->n_layer, "layer"), c->C, text_thousands(c->V),
             1e-6 * (double)count.total);
    return at;
}

double bench_block_work(const ModelConfig *c)
{
    const double query = (double)c->NH * c->HD, key = (double)c->NKV * c->HD;
    const double attention = c->C * (query + 2 * key) + query * c->C;
    return c->n_layer * (attention + (c->gated_mlp ? 3.0 : 2.0) * c->C * c->F);
}

double bench_head_work(const ModelConfig *c)
{
    return (double)c->C * c->V;
}

/* A product with the keys and one with the values, of each token with those up to it. */
double bench_attention_work(const ModelConfig *c, int T)
{
    return (double)c->n_layer * c->NH * c->HD * (double)T * (T + 1);
}
