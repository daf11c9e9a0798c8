/* Adapters in files: PEFT's folders. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "policy/adapter.h"
#include "policy/safetensors_buffer.h"

enum { CONFIG_LIMIT = 1 << 20, NAME_MAX_LENGTH = 160 };
static const char CONFIG_FILE[] = "adapter_config.json",
                  WEIGHTS_FILE[] = "adapter_model.safetensors", HASH_FILE[] = "base.sha256";
static const char *const SCORE_NAMES[2] = {"base_model.model.score.weight",
                                           "base_model.model.score.bias"};

/* Of a tensor's name, without ".weight". */
static int module_length(const char *name)
{
    return name ? (int)(strlen(name) - strlen(".weight")) : 0;
}

/* base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight */
static void name_of(char out[NAME_MAX_LENGTH], const Tensor *t, char half)
{
    snprintf(out, NAME_MAX_LENGTH, "base_model.model.%.*s.lora_%c.weight", module_length(t->name),
             t->name, half);
}

/* ---- adapter_config.json ------------------------------------------------------------------------- */

bool adapter_in(const char *dir)
{
    char path[FILE_PATH_MAX];
    Error ignored;
    if (path_join(path, dir, "config.json", &ignored) == 0 && file_exists(path)) return false;
    return path_join(path, dir, CONFIG_FILE, &ignored) == 0 && file_exists(path);
}

static int read_config(cJSON **out, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, dir, CONFIG_FILE, err) != 0) return -1;
    if (json_read(out, path, CONFIG_LIMIT, false, err) != 0) return -1;
    if (cJSON_IsObject(*out)) return 0;
    cJSON_Delete(*out);
    return error_set(err, "%s is no object", path);
}

int adapter_base(char base[4096], const char *dir, Error *err)
{
    cJSON *json = NULL;
    if (read_config(&json, dir, err) != 0) return -1;
    const char *name = json_text(json, "base_model_name_or_path", "");
    const char *revision = json_text(json, "revision", "");
    /* A folder has no revisions; PEFT writes "main" beside one too. */
    if (*name == '/' || *name == '.' || file_is_folder(name)) revision = "";
    snprintf(base, 4096, "%s%s%s", name, *revision ? "@" : "", revision);
    cJSON_Delete(json);
    return *base ? 0 : error_set(err, "%s/%s does not name its base", dir, CONFIG_FILE);
}

/* Nothing, in any of the ways in which a setting can be off. */
static bool is_off(const cJSON *value)
{
    return cJSON_IsNull(value) || cJSON_IsFalse(value) ||
           (cJSON_IsNumber(value) && value->valuedouble == 0) ||
           (cJSON_IsString(value) && !*value->valuestring) ||
           ((cJSON_IsArray(value) || cJSON_IsObject(value)) && !value->child);
}

/* Members that say nothing about the mathematics, or that are looked at by name. */
static bool is_known(const char *name)
{
    static const char *const KNOWN[] = {
        "auto_mapping",   "base_model_name_or_path", "ensure_weight_tying",
        "eva_config",     "exclude_modules",         "fan_in_fan_out",
        "inference_mode", "init_lora_weights",       "lora_alpha",
        "lora_dropout",   "megatron_core",           "peft_type",
        "peft_version",   "qalora_group_size",       "r",
        "revision",       "target_modules",          "task_type",
        "use_rslora"};
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (strcmp(name, KNOWN[i]) == 0) return true;
    return false;
}

/* These begin by changing the weights under the adapter, which the file then is not of. */
static bool changes_base(const char *init)
{
    static const char *const WAYS[] = {"pissa", "olora", "corda", "loftq"};
    for (size_t i = 0; i < sizeof WAYS / sizeof *WAYS; i++)
        if (strncmp(init, WAYS[i], strlen(WAYS[i])) == 0) return true;
    return false;
}

/* PEFT writes both names that the head of a classifier may have, whichever it is: the tensors, each of which
 * has to be known, say what was saved. */
static bool is_head_alone(const cJSON *modules)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, modules)
    {
        const char *name = cJSON_IsString(m) ? m->valuestring : "";
        if (strcmp(name, "score") != 0 && strcmp(name, "classifier") != 0) return false;
    }
    return cJSON_IsArray(modules);
}

static int check_member(const cJSON *m, Error *err)
{
    const char *text = cJSON_IsString(m) ? m->valuestring : "";
    if (strcmp(m->string, "bias") == 0 && strcmp(text, "none") == 0) return 0;
    if (strcmp(m->string, "modules_to_save") == 0 && is_head_alone(m)) return 0;
    if (strcmp(m->string, "init_lora_weights") == 0 && changes_base(text))
        return error_set(err,
                         "%s: init_lora_weights \"%.80s\" changes the base's weights; merge the "
                         "adapter into its base with the tool that made it",
                         CONFIG_FILE, text);
    if (strcmp(m->string, "use_rslora") == 0 && !cJSON_IsBool(m) && !cJSON_IsNull(m))
        return error_set(err, "%s: use_rslora is not true or false", CONFIG_FILE);
    if (is_known(m->string) || is_off(m)) return 0;
    return error_set(err, "%s: %.80s is not known here; plain LoRA of linear layers is",
                     CONFIG_FILE, m->string);
}

static int parse_config(AdapterConfig *out, const cJSON *json, Error *err)
{
    const cJSON *m;
    const char *type = json_text(json, "peft_type", "");
    const double rank = json_number(json, "r", 0), alpha = json_number(json, "lora_alpha", 0);
    if (strcmp(type, "LORA") != 0)
        return error_set(err, "%s: peft_type is \"%.80s\", not \"LORA\"", CONFIG_FILE, type);
    cJSON_ArrayForEach(m, json) if (check_member(m, err) != 0) return -1;
    if (!(rank >= 1 && rank <= 65536) || rank != (int)rank)
        return error_set(err, "%s: r is no rank", CONFIG_FILE);
    if (!(alpha > 0 && alpha < 1e9))
        return error_set(err, "%s: lora_alpha is no scale", CONFIG_FILE);
    *out = (AdapterConfig){
        .rank = (int)rank, .alpha = alpha, .rank_stabilized = json_bool(json, "use_rslora", false)};
    return 0;
}

static void put_targets(Text *t, const Adapter *a)
{
    unsigned seen = 0;
    for (int i = 0; i < a->n_updates; i++) {
        const unsigned kind = adapter_target(a->update[i].tensor);
        if (seen & kind) continue;
        const char *name = adapter_target_name(a->update[i].tensor);
        text_format(t, "%s\"%.*s\"", seen ? ", " : "", (int)(strlen(name) - strlen(".weight")),
                    name);
        seen |= kind;
    }
}

/* A base in the cache of the hub is known by its name and commit everywhere, not by where it lies here:
 * .../models--org--name/snapshots/COMMIT */
static bool put_hub_base(Text *t, const char *base)
{
    static const char MODELS[] = "/models--", SNAPSHOTS[] = "/snapshots/";
    const char *id = strstr(base, MODELS), *commit = strstr(base, SNAPSHOTS);
    Text name = {0};
    if (!id || !commit || commit < id || strchr(commit + strlen(SNAPSHOTS), '/')) return false;
    for (id += strlen(MODELS); id < commit; id++) {
        const bool slash = id[0] == '-' && id[1] == '-';
        text_append(&name, slash ? "/" : id, 1);
        id += slash;
    }
    json_put_text(t, name.bytes, name.n);
    text_add(t, ",\n  \"revision\": ");
    commit += strlen(SNAPSHOTS);
    json_put_text(t, commit, strlen(commit));
    text_free(&name);
    return true;
}

static int write_config(const Adapter *a, const char *dir, bool gpt2, bool classifier, Error *err)
{
    char path[FILE_PATH_MAX];
    Text t = {0};
    text_add(&t, "{\n  \"base_model_name_or_path\": ");
    if (!put_hub_base(&t, a->base)) json_put_text(&t, a->base, strlen(a->base));
    text_format(
        &t, ",\n  \"bias\": \"none\",\n  \"fan_in_fan_out\": %s,\n  \"inference_mode\": true,\n",
        gpt2 ? "true" : "false");
    text_format(&t, "  \"lora_alpha\": %.17g,\n  \"lora_dropout\": 0.0,\n", a->config.alpha);
    text_format(&t, "  \"modules_to_save\": %s,\n  \"peft_type\": \"LORA\",\n  \"r\": %d,\n",
                classifier ? "[\"score\"]" : "null", a->config.rank);
    text_add(&t, "  \"target_modules\": [");
    put_targets(&t, a);
    text_format(&t, "],\n  \"task_type\": \"%s\",\n  \"use_rslora\": %s\n}\n",
                classifier ? "SEQ_CLS" : "CAUSAL_LM", a->config.rank_stabilized ? "true" : "false");
    int rc = path_join(path, dir, CONFIG_FILE, err);
    if (rc == 0) rc = file_write(path, t.bytes, t.n, err);
    text_free(&t);
    return rc;
}

/* ---- reading ------------------------------------------------------------------------------------- */

static unsigned targets_in(const Safetensors *file, const Model *m)
{
    char name[NAME_MAX_LENGTH];
    unsigned targets = 0;
    for (int i = 0; i < m->n_tensors; i++) {
        const unsigned kind = adapter_target(&m->tensor[i]);
        if (!kind || targets & kind) continue;
        name_of(name, &m->tensor[i], 'A');
        if (safetensors_find(file, name) >= 0) targets |= kind;
    }
    return targets;
}

/* PEFT: a module is meant by its name, or by what its name ends in after a dot. */
static bool is_listed(const cJSON *entry, const Tensor *t)
{
    const int n = module_length(t->name), e = (int)strlen(entry->valuestring);
    const char *end = t->name + n - e;
    return e > 0 && e <= n && strncmp(end, entry->valuestring, (size_t)e) == 0 &&
           (e == n || end[-1] == '.');
}

static bool is_in_list(const cJSON *list, const Tensor *t)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list) if (is_listed(entry, t)) return true;
    return false;
}

static int check_list(const cJSON *list, Error *err)
{
    const cJSON *entry;
    if (!cJSON_IsArray(list)) return error_set(err, "%s: target_modules is no list", CONFIG_FILE);
    cJSON_ArrayForEach(entry, list)
    {
        if (!cJSON_IsString(entry))
            return error_set(err, "%s: target_modules holds what is no name", CONFIG_FILE);
    }
    return 0;
}

/* A file that has updates of other layers than the list names is another adapter's.  A text, which is a
 * pattern or "all-linear", and names that are no linear layer here say nothing. */
static int check_targets(const cJSON *json, const Model *m, unsigned held, Error *err)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "target_modules");
    const cJSON *but = cJSON_GetObjectItemCaseSensitive(json, "exclude_modules");
    const char *without = NULL; /* in the list and not in the file */
    if (!list || cJSON_IsNull(list) || cJSON_IsString(list)) return 0;
    if (check_list(list, err) != 0) return -1;
    for (int i = 0; i < m->n_tensors && !without; i++) {
        const unsigned kind = adapter_target(&m->tensor[i]);
        if (kind && !(held & kind) && is_in_list(list, &m->tensor[i]))
            without = adapter_target_name(&m->tensor[i]);
    }
    for (int i = 0; i < m->n_tensors; i++) {
        const Tensor *t = &m->tensor[i];
        if (!(held & adapter_target(t)) || is_in_list(list, t)) continue;
        if (!without)
            return error_set(err, "%s has updates of %.*s, which target_modules does not list",
                             WEIGHTS_FILE, module_length(t->name), t->name);
        return error_set(err, "%s: target_modules lists %.*s, and %s has updates of %.*s",
                         CONFIG_FILE, module_length(without), without, WEIGHTS_FILE,
                         module_length(t->name), t->name);
    }
    if (!without || (but && !is_off(but))) return 0;
    return error_set(err, "%s: target_modules lists %.*s, and %s has no update of it", CONFIG_FILE,
                     module_length(without), without, WEIGHTS_FILE);
}

static int check_matrix(const Safetensors *file, const Tensor *t, char half, int rows, int cols,
                        Error *err)
{
    char name[NAME_MAX_LENGTH];
    name_of(name, t, half);
    const int at = safetensors_find(file, name);
    if (at < 0) return error_set(err, "tensor %s is missing", name);
    const SafetensorsEntry *e = safetensors_entry(file, at);
    if (e->n_dims == 2 && e->shape[0] == rows && e->shape[1] == cols) return 0;
    return error_set(err, "tensor %s is not %d by %d, as its rank and the base say", name, rows,
                     cols);
}

/* Before memory is taken for a rank that only adapter_config.json claims. */
static int check_updates(const Safetensors *file, const Model *m, const AdapterConfig *c,
                         Error *err)
{
    for (int i = 0; i < m->n_tensors; i++) {
        const Tensor *t = &m->tensor[i];
        if (!(c->targets & adapter_target(t))) continue;
        if (check_matrix(file, t, 'A', c->rank, t->cols, err) != 0 ||
            check_matrix(file, t, 'B', t->rows, c->rank, err) != 0)
            return -1;
    }
    return 0;
}

static int read_updates(Adapter *a, const Safetensors *file, Error *err)
{
    char name[NAME_MAX_LENGTH];
    for (int i = 0; i < 2 * a->n_updates; i++) {
        const Update *u = &a->update[i / 2];
        const bool b = i % 2 == 1;
        name_of(name, u->tensor, b ? 'B' : 'A');
        const int at = safetensors_find(file, name);
        const Dtype type = dtype_named(safetensors_entry(file, at)->dtype);
        if (safetensors_to_buffer(a->parameters.w + (b ? u->b_at : u->a_at), file, at, err) != 0)
            return -1;
        /* one type for all, which an adapter of several is written in as F32 */
        a->type = type < DTYPE_F64 && (i == 0 || type == a->type) ? type : DTYPE_F32;
    }
    adapter_changed(a);
    return 0;
}

/* A tensor left over would be an update that nobody makes. */
static int check_all_read(const Adapter *a, const Safetensors *file, Error *err)
{
    char name[NAME_MAX_LENGTH];
    const int head = (a->score.n_labels > 0) + a->score.biased;
    if (safetensors_count(file) == 2 * a->n_updates + head) return 0;
    for (int k = 0; k < safetensors_count(file); k++) {
        const char *held = safetensors_entry(file, k)->name;
        bool known = strcmp(held, SCORE_NAMES[0]) == 0 || strcmp(held, SCORE_NAMES[1]) == 0;
        for (int i = 0; i < 2 * a->n_updates && !known; i++) {
            name_of(name, a->update[i / 2].tensor, i % 2 ? 'B' : 'A');
            known = strcmp(held, name) == 0;
        }
        if (!known) return error_set(err, "tensor %s is of no linear layer of the base", held);
    }
    return 0;
}

static void read_base_hash(Adapter *a, const char *dir)
{
    char path[FILE_PATH_MAX], *bytes = NULL;
    size_t n;
    Error ignored;
    if (path_join(path, dir, HASH_FILE, &ignored) != 0 || !file_exists(path)) return;
    if (file_read(&bytes, &n, path, 128, &ignored) != 0) return;
    snprintf(a->base_hash, sizeof a->base_hash, "%.*s", (int)strcspn(bytes, " \n"), bytes);
    free(bytes);
}

int adapter_open(Adapter **out, const Model *m, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    AdapterConfig config;
    cJSON *json = NULL;
    Safetensors *file = NULL;
    Adapter *a = NULL;
    int rc = -1;

    if (read_config(&json, dir, err) != 0) return -1;
    if (parse_config(&config, json, err) != 0) goto done;
    if (path_join(path, dir, WEIGHTS_FILE, err) != 0) goto done;
    if (safetensors_open(&file, path, err) != 0) goto done;
    config.targets = targets_in(file, m);
    if (!config.targets) {
        error_set(err, "%s: no update of any linear layer of the base", WEIGHTS_FILE);
        goto done;
    }
    if (check_targets(json, m, config.targets, err) != 0) goto done;
    if (check_updates(file, m, &config, err) != 0) goto done;
    a = adapter_new(m, &config, 0);
    const bool scores = safetensors_find(file, SCORE_NAMES[0]) >= 0;
    if (read_updates(a, file, err) != 0 ||
        (scores && score_head_read(&a->score, file, SCORE_NAMES, 0, m->config.C, err) != 0) ||
        check_all_read(a, file, err) != 0)
        goto done;
    if (!*a->base) adapter_base(a->base, dir, &(Error){0});
    read_base_hash(a, dir);
    *out = a;
    rc = 0;

done:
    if (rc != 0) {
        error_wrap(err, "%s", dir);
        adapter_free(a);
    }
    safetensors_close(file);
    cJSON_Delete(json);
    return rc;
}

/* ---- writing ------------------------------------------------------------------------------------- */

static int write_weights(const Adapter *a, const char *dir, int C, int n_labels, const float *score,
                         const float *score_bias, Error *err)
{
    char path[FILE_PATH_MAX];
    const size_t n = 2 * (size_t)a->n_updates;
    SafetensorsTensor *list = mem_calloc(n + 2, sizeof *list);
    const real **matrix = mem_calloc(n, sizeof *matrix);
    char(*name)[NAME_MAX_LENGTH] = mem_calloc(n, sizeof *name);
    const bool as_read = safetensors_type_holds(a->type, a->parameters.w, a->parameters.n);
    for (size_t i = 0; i < n; i++) {
        const Update *u = &a->update[i / 2];
        const bool b = i % 2 == 1;
        name_of(name[i], u->tensor, b ? 'B' : 'A');
        matrix[i] = a->parameters.w + (b ? u->b_at : u->a_at);
        list[i] = (SafetensorsTensor){
            .name = name[i],
            .type = as_read ? a->type : DTYPE_F32,
            .n_dims = 2,
            .shape = {b ? u->tensor->rows : a->config.rank, b ? a->config.rank : u->tensor->cols},
            .read = safetensors_from_buffer,
            .context = &matrix[i]};
    }
    int heads = 0;
    if (n_labels > 0)
        heads = score_head_list(&list[n], &a->score, SCORE_NAMES, n_labels, C, score, score_bias);
    int rc = path_join(path, dir, WEIGHTS_FILE, err);
    if (rc == 0) rc = safetensors_write(path, list, (int)n + heads, err);
    free(list), free(matrix), free(name);
    return rc;
}

int adapter_save(const Adapter *a, const Model *m, const char *dir, int n_labels,
                 const float *score, const float *score_bias, Error *err)
{
    char path[FILE_PATH_MAX], line[80];
    const bool gpt2 = m->config.family == FAMILY_GPT2;
    if (write_config(a, dir, gpt2, n_labels > 0, err) != 0) return -1;
    if (write_weights(a, dir, m->config.C, n_labels, score, score_bias, err) != 0) return -1;
    if (path_join(path, dir, HASH_FILE, err) != 0) return -1;
    snprintf(line, sizeof line, "%s\n", a->base_hash);
    if (*a->base_hash && file_write(path, line, strlen(line), err) != 0) return -1;
    return model_save_companions(m, dir, err);
}
