/* Policies in files: the model with its heads, and the optimizer's state. */
#include <assert.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "policy/policy_private.h"
#include "policy/safetensors_buffer.h"

static float *host_copy(const real *buffer, size_t n)
{
    real *values = mem_calloc(n, sizeof *values);
    float *out = mem_calloc(n, sizeof *out);
    buffer_read(values, buffer, n);
    for (size_t i = 0; i < n; i++) out[i] = (float)values[i];
    free(values);
    return out;
}

int policy_save(const Policy *p, const char *dir, Error *err)
{
    const int K = p->options.beside ? 0 : p->options.heads;
    const Adapter *a = p->options.adapter;
    float *head = K > 0 ? host_copy(p->head.w, p->head.n) : NULL;
    const float *bias = K > 0 ? head + p->head_bias : NULL;
    const int rc = a ? adapter_save(a, p->model, dir, K, head, bias, err)
                     : model_save(p->model, dir, K, head, bias, err);
    free(head);
    return rc;
}

enum { MOMENTS = 4, STEP_EXACT = 1 << 24 }; /* a float holds every whole number up to it */
static const char *const MOMENT_NAME[MOMENTS] = {"head.m", "head.v", "model.m", "model.v"};

static const Parameters *moment_owner(const Policy *p, int i)
{
    return i < 2 ? &p->head : policy_parameters(p);
}

static real *moment(const Policy *p, int i)
{
    const Parameters *of = moment_owner(p, i);
    return i % 2 == 0 ? of->m : of->v;
}

static int save_optimizer(const Policy *p, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    SafetensorsTensor tensor[MOMENTS + 1];
    const real *from[MOMENTS];
    int n = 0;
    const int64_t low = p->step % STEP_EXACT;
    const float step[] = {(float)low, (float)(p->step - low)}; /* both exactly */
    assert(p->step / STEP_EXACT < STEP_EXACT);
    for (int i = 0; i < MOMENTS; i++) {
        if (!(from[i] = moment(p, i))) continue;
        tensor[n++] = (SafetensorsTensor){.name = MOMENT_NAME[i],
                                          .n_dims = 1,
                                          .shape = {(int64_t)moment_owner(p, i)->n},
                                          .read = safetensors_from_buffer,
                                          .context = &from[i]};
    }
    tensor[n++] = (SafetensorsTensor){
        .name = "step", .n_dims = 1, .shape = {p->step < STEP_EXACT ? 1 : 2}, .values = step};
    if (path_join(path, dir, "optimizer.safetensors", err) != 0) return -1;
    return safetensors_write(path, tensor, n, err);
}

static int read_moment(Policy *p, const Safetensors *file, int i, Error *err)
{
    const size_t n = moment_owner(p, i)->n;
    const int at = safetensors_find(file, MOMENT_NAME[i]);
    if (at < 0 || (size_t)safetensors_entry(file, at)->count != n)
        return error_set(err, "%s is missing or of another model", MOMENT_NAME[i]);
    return safetensors_to_buffer(moment(p, i), file, at, err);
}

static int read_step(Policy *p, const Safetensors *file, Error *err)
{
    float step[2] = {0};
    const int at = safetensors_find(file, "step");
    const int64_t count = at < 0 ? 0 : safetensors_entry(file, at)->count;
    if (count != 1 && count != 2) return error_set(err, "step is missing");
    if (safetensors_read(file, at, step, err) != 0) return -1;
    for (int i = 0; i < 2; i++)
        if (!(step[i] >= 0 && step[i] < 0x1p48f))
            return error_set(err, "step is no number of steps");
    p->step = (int64_t)step[0] + (int64_t)step[1];
    return 0;
}

static int load_optimizer(Policy *p, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    Safetensors *file = NULL;
    int rc = -1;
    if (path_join(path, dir, "optimizer.safetensors", err) != 0) return -1;
    if (safetensors_open(&file, path, err) != 0) return -1;
    for (int i = 0; i < MOMENTS; i++)
        if (moment(p, i) && read_moment(p, file, i, err) != 0) goto done;
    rc = read_step(p, file, err);

done:
    safetensors_close(file);
    return rc == 0 ? 0 : error_wrap(err, "%s", path);
}

static const char HEADS[] = "heads.safetensors";

/* As they lie in memory: weights, then biases, aligned. */
static int save_heads(const Policy *p, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    const real *from = p->head.w;
    const SafetensorsTensor tensor = {.name = "heads",
                                      .n_dims = 1,
                                      .shape = {(int64_t)p->head.n},
                                      .read = safetensors_from_buffer,
                                      .context = &from};
    if (path_join(path, dir, HEADS, err) != 0) return -1;
    return safetensors_write(path, &tensor, 1, err);
}

static int load_heads(Policy *p, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    Safetensors *file = NULL;
    if (path_join(path, dir, HEADS, err) != 0 || safetensors_open(&file, path, err) != 0) return -1;
    const int at = safetensors_find(file, "heads");
    int rc = -1;
    if (at < 0 || (size_t)safetensors_entry(file, at)->count != p->head.n)
        error_set(err, "%s: heads are missing or of another model", path);
    else rc = safetensors_to_buffer(p->head.w, file, at, err);
    if (rc == 0) weight_changed(p->head_weight);
    safetensors_close(file);
    return rc;
}

int policy_save_state(const Policy *p, const char *dir, Error *err)
{
    if (policy_save(p, dir, err) != 0) return -1;
    if (p->options.beside && save_heads(p, dir, err) != 0) return -1;
    return save_optimizer(p, dir, err);
}

static int load_head(Policy *p, int n_labels, const float *score, const float *bias, Error *err)
{
    const int K = p->options.heads;
    const size_t n = (size_t)K * (size_t)p->model->config.C;
    if (K == 0 || p->options.beside) return 0;
    if (n_labels != K) return error_set(err, "%d heads where %d are needed", n_labels, K);
    real *w = mem_calloc(p->head.n, sizeof *w);
    for (size_t i = 0; i < n; i++) w[i] = (real)score[i];
    for (int k = 0; k < K; k++) w[p->head_bias + (size_t)k] = (real)bias[k];
    buffer_write(p->head.w, w, p->head.n);
    weight_changed(p->head_weight);
    free(w);
    return 0;
}

static int load_adapter(Policy *p, const char *dir, Error *err)
{
    Adapter *to = p->options.adapter, *a = NULL;
    int rc = -1;
    if (adapter_open(&a, p->model, dir, err) != 0) return -1;
    if (a->parameters.n != to->parameters.n || a->config.rank != to->config.rank)
        error_set(err, "%s: an adapter of another shape", dir);
    else {
        buffer_copy(to->parameters.w, a->parameters.w, a->parameters.n);
        adapter_changed(to);
        rc = load_head(p, a->score.n_labels, a->score.weight, a->score.bias, err);
    }
    adapter_free(a);
    return rc;
}

static int load_model(Policy *p, const char *dir, Error *err)
{
    Model *m = NULL;
    int rc = -1;
    if (model_open(&m, dir, err) != 0) return -1;
    if (m->parameters.n != p->model->parameters.n)
        error_set(err, "%s: a model of another shape", dir);
    else {
        model_copy(p->model, m);
        rc = load_head(p, m->config.n_labels, m->score.weight, m->score.bias, err);
    }
    model_free(m);
    return rc;
}

int policy_load_state(Policy *p, const char *dir, Error *err)
{
    int rc = p->options.adapter ? load_adapter(p, dir, err) : load_model(p, dir, err);
    if (rc == 0 && p->options.beside) rc = load_heads(p, dir, err);
    return rc == 0 ? load_optimizer(p, dir, err) : -1;
}
