/* Models in files: Hugging Face folders. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/model.h"
#include "policy/safetensors_buffer.h"
#include "policy/tensor_read.h"

/* ---- reading ------------------------------------------------------------------------------------- */

static int tensor_shape(int64_t shape[2], const Tensor *t)
{
    shape[0] = t->vector || t->transposed ? t->cols : t->rows;
    shape[1] = t->transposed ? t->rows : t->cols;
    return t->vector ? 1 : 2;
}

static const char HEAD_NAME[] = "lm_head.weight";

static bool is_head(const Tensor *t)
{
    return strcmp(t->name, HEAD_NAME) == 0;
}

/* Without the language model's prefix. */
static const char *bare_name(const Tensor *t)
{
    return is_head(t) ? t->name : strchr(t->name, '.') + 1;
}

/* Its index, or -1. */
static int find_tensor(const Safetensors *file, const Tensor *t)
{
    const int at = safetensors_find(file, t->name);
    return at >= 0 ? at : safetensors_find(file, bare_name(t));
}

/* Where tensor t lies in the files, and where it goes. */
static int place_tensor(TensorRead *out, Model *m, const Safetensors *file, Tensor *t, Error *err)
{
    int64_t shape[2];
    const int n_dims = tensor_shape(shape, t);
    const int at = find_tensor(file, t);
    if (at < 0) return error_set(err, "tensor %s is missing", t->name);
    const SafetensorsEntry *e = safetensors_entry(file, at);
    if (strcmp(e->name, t->name) != 0) m->bare_names = true;
    if (e->n_dims != n_dims || e->shape[0] != shape[0] || (n_dims == 2 && e->shape[1] != shape[1]))
        return error_set(err, "tensor %s has another shape than config.json says", t->name);

    t->type = dtype_named(e->dtype);
    if (t->type == DTYPE_F64) t->type = DTYPE_F32; /* what we hold of it */
    *out = (TensorRead){.index = at,
                        .to = m->parameters.w + t->at,
                        .rows = t->rows,
                        .cols = t->cols,
                        .turned = t->transposed};
    return 0;
}

static const char *const SCORE_NAMES[2] = {"score.weight", "score.bias"};

/* transformers ties in any case: a head in the file that is not the embedding is not what the model predicts by. */
static int look_for_tied_head(Model *m, const Safetensors *file, Error *err)
{
    enum { PIECE = 1 << 16 };
    const Tensor *embedding = &m->tensor[0];
    const int at = safetensors_find(file, HEAD_NAME);
    if (at < 0 || !m->config.tied) return 0;
    const int64_t all = (int64_t)embedding->rows * embedding->cols;
    int rc = 0;
    float *values = mem_calloc(PIECE, sizeof *values);
    real *held = mem_calloc(PIECE, sizeof *held);
    bool same = safetensors_entry(file, at)->count == all;
    for (int64_t i = 0; i < all && same && rc == 0; i += PIECE) {
        const int64_t n = all - i < PIECE ? all - i : PIECE;
        rc = safetensors_read_part(file, at, i, n, values, err);
        buffer_read(held, m->parameters.w + embedding->at + i, (size_t)n);
        for (int64_t k = 0; k < n && same; k++) same = (float)held[k] == values[k];
    }
    free(values), free(held);
    if (rc == 0 && !same)
        log_line("%s is not the embedding that it is tied to by config.json: left out", HEAD_NAME);
    m->tied_head = same;
    return rc;
}

/* Before memory is taken for sizes that only config.json claims.  The head of a classification
 * checkpoint is not in the file and no larger than the embedding that is. */
static int check_claimed(const Model *m, const Safetensors *file, Error *err)
{
    enum { PADDING = 1 << 20 };
    uint64_t held = 0;
    for (int i = 0; i < safetensors_count(file); i++)
        held += (uint64_t)safetensors_entry(file, i)->count;
    const uint64_t claimed = m->parameters.n;
    if (claimed <= 2 * held + PADDING) return 0;
    return error_set(err, "config.json speaks of %llu weights, but the file holds %llu",
                     (unsigned long long)claimed, (unsigned long long)held);
}

/* Tables that follow from config.json, and that older checkpoints hold beside the weights: the masks of GPT-2's
 * attention, the frequencies of rotary positions. */
static bool is_table(const char *name)
{
    return text_ends(name, ".attn.bias") || text_ends(name, ".attn.masked_bias") ||
           text_ends(name, "rotary_emb.inv_freq");
}

/* transformers leaves them out too, and says so: such a checkpoint may be of another model than config.json says. */
static void note_left_out(Model *m, const Safetensors *file)
{
    enum { SHOWN = 3 };
    const int n = safetensors_count(file);
    bool *used = mem_calloc((size_t)n, sizeof *used);
    int left_out = 0, at;
    Text names = {0};
    for (int i = 0; i < m->n_tensors; i++)
        if ((at = find_tensor(file, &m->tensor[i])) >= 0) used[at] = true;
    if (m->config.tied && (at = safetensors_find(file, HEAD_NAME)) >= 0) used[at] = true;
    for (int i = 0; i < 2 && m->config.n_labels > 0; i++)
        if ((at = safetensors_find(file, SCORE_NAMES[i])) >= 0) used[at] = true;
    for (int i = 0; i < n; i++) {
        const char *name = safetensors_entry(file, i)->name;
        if (used[i] || is_table(name)) continue;
        if (left_out++ < SHOWN) text_format(&names, "%s%.80s", left_out > 1 ? ", " : "", name);
    }
    free(used);
    if (left_out > 0) {
        text_keep_to_one_line(names.bytes);
        m->left_out =
            mem_format("%s of the file that config.json does not speak of %s left out: %s%s",
                       text_count(left_out, "tensor"), left_out == 1 ? "is" : "are", names.bytes,
                       left_out > SHOWN ? ", ..." : "");
    }
    text_free(&names);
}

/* What kernels keep short (weight_new). */
static bool is_bfloat16(const Model *m, const Safetensors *file)
{
    for (int i = 0; i < m->n_tensors; i++) {
        const int at = find_tensor(file, &m->tensor[i]);
        if (at >= 0 && dtype_named(safetensors_entry(file, at)->dtype) != DTYPE_BF16) return false;
    }
    return true;
}

int model_open_outline(Model **out, const char *dir, Error *err)
{
    ModelConfig config;
    Safetensors *file = NULL;
    if (model_config_read(&config, dir, err) != 0) return -1;
    if (safetensors_open_folder(&file, dir, err) != 0) return -1;
    Model *m = model_outline(&config);
    const int rc = check_claimed(m, file, err);
    note_left_out(m, file);
    m->config.type = is_bfloat16(m, file) ? DTYPE_BF16 : DTYPE_F32;
    safetensors_close(file);
    if (rc != 0) {
        model_free(m);
        return error_wrap(err, "%s", dir);
    }
    model_set_companions(m, dir);
    *out = m;
    return 0;
}

/* For whoever made no plan. */
static int check_memory(const Model *m, Error *err)
{
    const double need = (double)m->parameters.n * 2 * sizeof(real), free = (double)mem_free();
    if (need <= free) return 0;
    return error_set(err, "its weights, packed for use, take %.1f GB and %.1f GB are free",
                     need / 1e9, free / 1e9);
}

static int read_tensors(Model *m, Safetensors *file, Error *err)
{
    TensorRead *list = mem_calloc((size_t)m->n_tensors, sizeof *list);
    int n = 0, rc = 0;
    for (int i = 0; i < m->n_tensors && rc == 0; i++) {
        /* it predicts no tokens: model_check_predicts */
        const bool unused = m->config.n_labels > 0 && is_head(&m->tensor[i]);
        if (!unused) rc = place_tensor(&list[n++], m, file, &m->tensor[i], err);
    }
    safetensors_map(file);
    if (rc == 0) rc = tensors_read(&m->finite, file, list, n, err);
    free(list);
    return rc;
}

int model_read(Model *m, const char *dir, Error *err)
{
    Safetensors *file = NULL;
    int rc = -1;
    if (safetensors_open_folder(&file, dir, err) != 0) return -1;
    if (check_memory(m, err) != 0) goto done;
    model_take_memory(m);
    if (read_tensors(m, file, err) != 0) goto done;
    if (m->config.n_labels > 0
            ? score_head_read(&m->score, file, SCORE_NAMES, m->config.n_labels, m->config.C, err)
            : look_for_tied_head(m, file, err))
        goto done;
    model_changed(m);
    rc = 0;

done:
    safetensors_close(file);
    return rc == 0 ? 0 : error_wrap(err, "%s", dir);
}

int model_open(Model **out, const char *dir, Error *err)
{
    Model *m = NULL;
    if (model_open_outline(&m, dir, err) != 0) return -1;
    if (model_read(m, dir, err) != 0) {
        model_free(m);
        return -1;
    }
    *out = m;
    return 0;
}

int model_check_predicts(const Model *m, Error *err)
{
    if (m->config.tied || m->config.n_labels == 0) return 0;
    return error_set(err, "a reward model with untied embeddings has no output projection: it "
                          "scores and cannot predict tokens");
}

/* ---- writing ------------------------------------------------------------------------------------- */

typedef struct {
    const real *at; /* first, as safetensors_from_buffer wants it */
    const Tensor *tensor;
} Source;

/* n numbers from element `first` of the transpose, as the file has it: parts of some columns, row by row. */
static void read_out_turned(float *out, void *context, int64_t first, int64_t n)
{
    const Source *s = context;
    const int64_t rows = s->tensor->rows, cols = s->tensor->cols;
    const int64_t from = first / rows, columns = (first + n - 1) / rows - from + 1;
    real *run = mem_calloc((size_t)columns, sizeof *run);
    for (int64_t r = 0; r < rows; r++) {
        buffer_read(run, s->at + r * cols + from, (size_t)columns);
        for (int64_t i = 0; i < columns; i++) {
            const int64_t to = (from + i) * rows + r - first;
            if (to >= 0 && to < n) out[to] = (float)run[i];
        }
    }
    free(run);
}

/* Whether the types the weights were read in hold them as they are now. */
static bool types_hold(const Model *m)
{
    bool hold = true;
    for (int i = 0; i < m->n_tensors && hold; i++) {
        const Tensor *t = &m->tensor[i];
        hold = safetensors_type_holds(t->type, m->parameters.w + t->at,
                                      (size_t)t->rows * (size_t)t->cols);
    }
    return hold;
}

void model_set_companions(Model *m, const char *dir)
{
    free(m->companions);
    m->companions = mem_strdup(dir);
}

static int copy_companion(const Model *m, const char *dir, const char *name, Error *err)
{
    enum { COMPANION_LIMIT = 1 << 28 };
    char from[FILE_PATH_MAX], to[FILE_PATH_MAX], *bytes = NULL;
    size_t n;
    if (path_join(from, m->companions, name, err) != 0 || path_join(to, dir, name, err) != 0)
        return -1;
    if (!file_exists(from) || file_exists(to)) return 0;
    if (file_read(&bytes, &n, from, COMPANION_LIMIT, err) != 0) return -1;
    const int rc = file_write(to, bytes, n, err);
    free(bytes);
    return rc;
}

/* Without a tokenizer.json its two older files are the tokenizer. */
int model_save_companions(const Model *m, const char *dir, Error *err)
{
    static const char *const NAME[] = {"tokenizer.json", "tokenizer_config.json",
                                       "chat_template.jinja", "generation_config.json"};
    static const char *const PLAIN[] = {"vocab.json", "merges.txt"};
    char path[FILE_PATH_MAX];
    if (!m->companions) return 0;
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME; i++)
        if (copy_companion(m, dir, NAME[i], err) != 0) return -1;
    if (path_join(path, m->companions, "tokenizer.json", err) != 0) return -1;
    for (size_t i = 0; i < 2 && !file_exists(path); i++)
        if (copy_companion(m, dir, PLAIN[i], err) != 0) return -1;
    return 0;
}

/* What a language model's file holds, or a classifier's without its head.  Returns how many. */
static int list_tensors(SafetensorsTensor *list, Source *source, const Model *m, bool classifier,
                        bool as_read)
{
    int n = 0;
    for (int i = 0; i < m->n_tensors; i++) {
        const Tensor *t = &m->tensor[i];
        if (classifier && is_head(t)) continue;
        source[n] = (Source){m->parameters.w + t->at, t};
        /* transformers refuses bare names beside a head */
        list[n] =
            (SafetensorsTensor){.name = m->bare_names && !classifier ? bare_name(t) : t->name,
                                .type = as_read ? t->type : DTYPE_F32,
                                .read = t->transposed ? read_out_turned : safetensors_from_buffer,
                                .context = &source[n]};
        list[n].n_dims = tensor_shape(list[n].shape, t);
        n++;
    }
    if (m->tied_head && !classifier) {
        list[n] = list[0]; /* the embedding */
        list[n++].name = HEAD_NAME;
    }
    return n;
}

int model_save(const Model *m, const char *dir, int n_labels, const float *score,
               const float *score_bias, Error *err)
{
    char path[FILE_PATH_MAX];
    ModelConfig config = m->config;
    SafetensorsTensor *list = mem_calloc((size_t)m->n_tensors + 2, sizeof *list);
    Source *source = mem_calloc((size_t)m->n_tensors, sizeof *source);
    const bool as_read = types_hold(m);
    int n = list_tensors(list, source, m, n_labels > 0, as_read), rc = -1;

    if (n_labels > 0)
        n += score_head_list(&list[n], &m->score, SCORE_NAMES, n_labels, config.C, score,
                             score_bias);
    config.n_labels = n_labels;
    config.type = as_read ? m->tensor[0].type : DTYPE_F32;
    if (model_config_write(&config, dir, err) != 0) goto done;
    if (path_join(path, dir, "model.safetensors", err) != 0) goto done;
    rc = safetensors_write(path, list, n, err);
    if (rc == 0) rc = model_save_companions(m, dir, err);

done:
    free(list);
    free(source);
    return rc;
}
