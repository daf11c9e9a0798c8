#include "policy/adapter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"

enum {
    LINEARS = 4,
    ALIGN = 16
}; /* of a block; weights that every matrix begins at a multiple of */

#define ENTRY(...) CONFIG_ENTRY_OF(LoraConfig, __VA_ARGS__)
static const ConfigField FIELDS[] = {LORA_CONFIG(ENTRY)};
const ConfigTable LORA_TABLE = {"lora", FIELDS, sizeof FIELDS / sizeof *FIELDS, sizeof(LoraConfig)};

AdapterConfig adapter_config(const LoraConfig *s)
{
    return (AdapterConfig){.rank = s->rank,
                           .alpha = s->alpha,
                           .targets = s->targets == 1 ? TARGETS_ATTENTION : TARGETS_ALL};
}

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static const Linear *linear_of(const Model *m, int i)
{
    const Block *b = &m->block[i / LINEARS];
    const Linear *const of[] = {&b->qkv, &b->out, &b->up, &b->down};
    return of[i % LINEARS];
}

static const struct {
    const char *name;
    unsigned kind;
} TARGET[] = {{".q_proj.weight", TARGET_QUERY},    {".k_proj.weight", TARGET_KEY},
              {".v_proj.weight", TARGET_VALUE},    {".o_proj.weight", TARGET_OUT},
              {".gate_proj.weight", TARGET_GATE},  {".up_proj.weight", TARGET_UP},
              {".down_proj.weight", TARGET_DOWN},  {".attn.c_attn.weight", TARGET_QKV},
              {".attn.c_proj.weight", TARGET_OUT}, {".mlp.c_fc.weight", TARGET_UP},
              {".mlp.c_proj.weight", TARGET_DOWN}};
enum { TARGETS = sizeof TARGET / sizeof *TARGET };

static int target_index(const Tensor *t)
{
    for (int i = 0; i < TARGETS; i++)
        if (text_ends(t->name, TARGET[i].name)) return i;
    return -1;
}

unsigned adapter_target(const Tensor *t)
{
    const int i = target_index(t);
    return i < 0 ? 0 : TARGET[i].kind;
}

const char *adapter_target_name(const Tensor *t)
{
    const int i = target_index(t);
    return i < 0 ? NULL : TARGET[i].name + 1;
}

/* ---- layout -------------------------------------------------------------------------------------- */

static bool is_part(const Tensor *t, const Linear *of)
{
    return !t->vector && t->at >= of->at && t->at < of->at + (size_t)of->OUT * (size_t)of->IN;
}

/* Every tensor that the settings name gets its place; no memory for weights yet.  Returns how many
 * weights there are. */
static size_t lay_out(Adapter *a, const Model *m)
{
    const int n = LINEARS * m->config.n_layer, R = a->config.rank;
    size_t at = 0;
    int low = 0, t = 0; /* tensors of the blocks come in the order of the linears */
    a->first = mem_calloc((size_t)n + 1, sizeof *a->first);
    for (int i = 0; i < n; i++) {
        const Linear *of = linear_of(m, i);
        if (i % LINEARS == 0) low = 0;
        while (!is_part(&m->tensor[t], of)) t++;
        for (; t < m->n_tensors && is_part(&m->tensor[t], of); t++) {
            const Tensor *tensor = &m->tensor[t];
            if (!(a->config.targets & adapter_target(tensor))) continue;
            a->update = mem_realloc(a->update, (size_t)a->n_updates + 1, sizeof *a->update);
            Update *u = &a->update[a->n_updates++];
            *u = (Update){.tensor = tensor, .low_at = low, .a_at = at};
            u->at = (int)((tensor->at - of->at) / (size_t)of->IN);
            u->b_at = aligned(at + (size_t)R * (size_t)of->IN);
            at = aligned(u->b_at + (size_t)tensor->rows * (size_t)R);
            low += R;
        }
        a->first[i + 1] = a->n_updates;
        if (low > a->low) a->low = low;
    }
    return at;
}

/* A uniform as transformers' linear layers begin, variance 1/(3 IN); B zero.    He et al. 2015 */
static void draw(Adapter *a, uint64_t seed)
{
    enum { ITEM = 1 << 21 }; /* beyond the tensors of any model */
    for (int i = 0; i < a->n_updates; i++) {
        const Update *u = &a->update[i];
        const size_t n = (size_t)a->config.rank * (size_t)u->tensor->cols;
        const double bound = 1 / sqrt((double)u->tensor->cols);
        real *values = mem_calloc(n, sizeof *values);
        for (size_t k = 0; k < n; k++)
            values[k] =
                (real)(bound * (2 * rng_uniform(seed, RNG_INIT, ITEM + (uint64_t)i, k) - 1));
        buffer_write(a->parameters.w + u->a_at, values, n);
        free(values);
    }
}

Adapter *adapter_outline(const Model *m, const AdapterConfig *c)
{
    Adapter *a = mem_calloc(1, sizeof *a);
    a->config = *c;
    a->scale = c->alpha / (c->rank_stabilized ? sqrt(c->rank) : c->rank);
    a->parameters.n = a->parameters.n_decay = lay_out(a, m);
    return a;
}

Adapter *adapter_new(const Model *m, const AdapterConfig *c, uint64_t seed)
{
    Adapter *a = adapter_outline(m, c);
    parameters_new(&a->parameters, a->parameters.n, a->parameters.n_decay);
    for (int i = 0; i < a->n_updates; i++) {
        Update *u = &a->update[i];
        u->a = weight_new(a->parameters.w + u->a_at, c->rank, u->tensor->cols, COMPUTE_F32);
        u->b = weight_new(a->parameters.w + u->b_at, u->tensor->rows, c->rank, COMPUTE_F32);
    }
    if (m->companions && !realpath(m->companions, a->base)) *a->base = '\0';
    draw(a, seed);
    return a;
}

void adapter_free(Adapter *a)
{
    if (!a) return;
    for (int i = 0; i < a->n_updates; i++) weight_free(a->update[i].a), weight_free(a->update[i].b);
    parameters_free(&a->parameters);
    free(a->update), free(a->first), score_head_free(&a->score);
    free(a);
}

ScoreHead adapter_score(const Adapter *a, const Model *m)
{
    if (a && a->score.n_labels)
        return (ScoreHead){a->score.n_labels, a->score.weight, a->score.bias};
    return (ScoreHead){m->config.n_labels, m->score.weight, m->score.bias};
}

const Update *adapter_updates(const Adapter *a, const Linear *of, int *n)
{
    const int from = a->first[of->index];
    *n = a->first[of->index + 1] - from;
    return a->update + from;
}

void adapter_changed(Adapter *a)
{
    for (int i = 0; i < a->n_updates; i++)
        weight_changed(a->update[i].a), weight_changed(a->update[i].b);
}

void adapter_pack(Adapter *a, bool backward)
{
    for (int i = 0; i < a->n_updates; i++)
        weight_pack(a->update[i].a, backward), weight_pack(a->update[i].b, backward);
}

void adapter_hash(char out[65], const Adapter *a)
{
    parameters_hash(out, &a->parameters);
}

/* w (rows, IN) += scale * b a, each sum in double. */
static void merge_update(real *w, const real *a, const real *b, double scale, int rows, int R,
                         int IN)
{
    for (size_t o = 0; o < (size_t)rows; o++)
        for (size_t i = 0; i < (size_t)IN; i++) {
            double sum = 0;
            for (size_t r = 0; r < (size_t)R; r++)
                sum += (double)b[o * (size_t)R + r] * (double)a[r * (size_t)IN + i];
            w[o * (size_t)IN + i] = (real)((double)w[o * (size_t)IN + i] + scale * sum);
        }
}

void adapter_merge(Model *m, const Adapter *a)
{
    const int R = a->config.rank;
    for (int k = 0; k < a->n_updates; k++) {
        const Update *u = &a->update[k];
        const int rows = u->tensor->rows, IN = u->tensor->cols;
        const size_t n = (size_t)rows * (size_t)IN;
        const size_t n_a = (size_t)R * (size_t)IN, n_b = (size_t)rows * (size_t)R;
        real *host = mem_calloc(n + n_a + n_b, sizeof *host);
        buffer_read(host, m->parameters.w + u->tensor->at, n);
        buffer_read(host + n, a->parameters.w + u->a_at, n_a);
        buffer_read(host + n + n_a, a->parameters.w + u->b_at, n_b);
        merge_update(host, host + n, host + n + n_a, a->scale, rows, R, IN);
        buffer_write(m->parameters.w + u->tensor->at, host, n);
        free(host);
    }
    model_changed(m);
}
