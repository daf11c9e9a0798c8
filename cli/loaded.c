#include "cli/loaded.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/project.h"
#include "cli/run_record.h"
#include "policy/chat_template.h"
#include "policy/hub_repo.h"
#include "policy/safetensors.h"

/* A project may have been moved since: what the end of the base's path names may still lie beside some
 * folder above the adapter. */
static bool find_moved(char found[FILE_PATH_MAX], const char *base, const char *adapter)
{
    char above[FILE_PATH_MAX], path[FILE_PATH_MAX];
    Error ignored;
    char *full = realpath(adapter, NULL);
    snprintf(above, sizeof above, "%s", full ? full : adapter);
    free(full);
    for (char *end = strrchr(above, '/'); end && end > above; end = strrchr(above, '/')) {
        *end = '\0';
        for (const char *rest = strchr(base, '/'); rest; rest = strchr(rest + 1, '/'))
            if (path_join(path, above, rest + 1, &ignored) == 0 &&
                project_model_inside(found, path))
                return true;
    }
    return false;
}

static int find_base(char found[FILE_PATH_MAX], const Context *ctx, const char *folder, Error *err)
{
    char base[FILE_PATH_MAX];
    Error missing;
    if (adapter_base(base, folder, err) != 0) return -1;
    if (project_model(ctx, found, NULL, base, &missing) == 0) return 0;
    if (find_moved(found, base, folder)) return 0;
    HubRepo repo;
    const bool pulled = strchr(base, '/') && hub_repo_read(&repo, base, false, &missing) == 0;
    error_set(err, "%s: the model that this adapter is of is not there: %s", folder, base);
    return error_hint(err,
                      "%s%s%sname where it is now as base_model_name_or_path in its "
                      "adapter_config.json",
                      pulled ? "bring it with: rlhf pull " : "", pulled ? base : "",
                      pulled ? ", or " : "");
}

int loaded_base_folder(char out[FILE_PATH_MAX], const Context *ctx, const char *folder, Error *err)
{
    snprintf(out, FILE_PATH_MAX, "%s", folder);
    if (!adapter_in(folder)) return 0;
    if (find_base(out, ctx, folder, err) != 0) return -1;
    if (!adapter_in(out)) return 0;
    return error_set(err, "%s: its base %s is an adapter itself", folder, out);
}

static bool is_finite_head(const float *score, const float *bias, int n_labels, int C)
{
    double sum = 0;
    for (size_t i = 0; score && i < (size_t)n_labels * (size_t)C; i++) sum += fabs(score[i]);
    for (int i = 0; score && i < n_labels; i++) sum += fabs(bias[i]);
    return isfinite(sum);
}

/* Which one it was stands in the files, whatever kind of model they are. */
static void name_not_finite(const Loaded *l, bool adapter, Error *err)
{
    char path[FILE_PATH_MAX];
    Safetensors *file = NULL;
    Error unread;
    const int rc = !adapter ? safetensors_open_folder(&file, l->model_folder, &unread)
                   : path_join(path, l->adapter_folder, "adapter_model.safetensors", &unread) == 0
                       ? safetensors_open(&file, path, &unread)
                       : -1;
    if (rc != 0) return;
    const int at = safetensors_find_not_finite(file);
    if (at >= 0) {
        const char *whole = safetensors_path(file, at), *slash = strrchr(whole, '/');
        error_set(err, "%s: a weight is not a number: tensor %.200s of %s", l->folder,
                  safetensors_entry(file, at)->name, slash ? slash + 1 : whole);
    }
    safetensors_close(file);
}

static int check_finite(const Loaded *l, Error *err)
{
    const Model *m = l->model;
    const Adapter *a = l->adapter;
    const int C = m->config.C;
    const bool base =
        m->finite && is_finite_head(m->score.weight, m->score.bias, m->config.n_labels, C);
    if (base && (!a || (isfinite(buffer_sum_squares(a->parameters.w, a->parameters.n)) &&
                        is_finite_head(a->score.weight, a->score.bias, a->score.n_labels, C))))
        return 0;
    error_set(err, "%s: a weight is not a number", l->folder);
    name_not_finite(l, base, err);
    return error_hint(err,
                      "the file was damaged, or training diverged: take an earlier checkpoint");
}

int loaded_see_through(Loaded *l, const char *folder, Error *err)
{
    snprintf(l->adapter_folder, sizeof l->adapter_folder, "%s", folder);
    return adapter_open(&l->adapter, l->model, folder, err);
}

/* Over the weights that it was trained over. */
static int check_adapter(Loaded *l, Error *err)
{
    char adapter[SHA256_HEX];
    if (*l->adapter->base_hash && strcmp(l->adapter->base_hash, l->model_hash) != 0) {
        error_set(err, "%s: the weights in %s are not those that this adapter was trained over",
                  l->adapter_folder, l->model_folder);
        return error_hint(err, "name the right ones as base_model_name_or_path in its "
                               "adapter_config.json");
    }
    adapter_hash(adapter, l->adapter);
    sha256_parts(l->hash,
                 (const HashPart[]){{l->model_hash, SHA256_HEX - 1}, {adapter, SHA256_HEX - 1}}, 2);
    return 0;
}

/* An outline whose products are as all models of the command have them; *overruled when it says otherwise itself. */
static int open_outline(Model **out, bool *overruled, const Context *ctx, const char *folder,
                        Error *err)
{
    const char *name;
    if (project_compute(&name, ctx, err) != 0) return -1;
    if (model_open_outline(out, folder, err) != 0) return -1;
    ModelConfig *c = &(*out)->config;
    const Compute own = c->compute;
    if (name) kernels_find_compute(&c->compute, name);
    *overruled = c->compute != own;
    return 0;
}

int loaded_model(Model **out, const Context *ctx, const char *folder, Error *err)
{
    bool overruled;
    *out = NULL;
    if (open_outline(out, &overruled, ctx, folder, err) != 0) return -1;
    if (model_read(*out, folder, err) == 0) return 0;
    model_free(*out);
    *out = NULL;
    return -1;
}

int loaded_outline_folder(Loaded *l, const Context *ctx, const char *folder, const Loaded *beside,
                          Error *err)
{
    *l = (Loaded){0};
    snprintf(l->folder, sizeof l->folder, "%s", folder);
    if (loaded_base_folder(l->model_folder, ctx, folder, err) != 0) return -1;
    if (beside && folder_same(l->model_folder, beside->model_folder)) l->beside = beside;
    if (l->beside) l->model = beside->model;
    else if (open_outline(&l->model, &l->overruled, ctx, l->model_folder, err) != 0) return -1;
    if (!l->beside && l->model->left_out) log_line("%s: %s", l->model_folder, l->model->left_out);
    if (!adapter_in(folder) || loaded_see_through(l, folder, err) == 0) return 0;
    loaded_close(l);
    return -1;
}

static int read_once(Loaded *l, Error *err)
{
    if (l->beside || l->is_read) return 0;
    if (model_read(l->model, l->model_folder, err) != 0) return -1;
    l->is_read = true;
    return 0;
}

int loaded_read(Loaded *l, Error *err)
{
    if (*l->hash) return 0;
    if (read_once(l, err) != 0) return -1;
    if (l->beside && *l->beside->model_hash)
        memcpy(l->model_hash, l->beside->model_hash, sizeof l->model_hash);
    else model_hash(l->model_hash, l->model);
    if (check_finite(l, err) != 0) return -1;
    if (l->adapter) return check_adapter(l, err);
    memcpy(l->hash, l->model_hash, sizeof l->hash);
    return 0;
}

int loaded_read_unnamed(Loaded *l, Error *err)
{
    if (l->adapter && *l->adapter->base_hash) return loaded_read(l, err);
    return read_once(l, err) == 0 ? check_finite(l, err) : -1;
}

const char *loaded_tokenizer_folder(const Loaded *l)
{
    return l->adapter && !tokenizer_in(l->folder) ? l->model_folder : l->folder;
}

int loaded_open_tokenizer(Loaded *l, Error *err)
{
    if (tokenizer_open(&l->tokenizer, loaded_tokenizer_folder(l), err) != 0) return -1;
    if (tokenizer_size(l->tokenizer) <= l->model->config.V) return 0;
    return error_set(err, "%s: the tokenizer has %d tokens, the model %d", l->folder,
                     tokenizer_size(l->tokenizer), l->model->config.V);
}

/* Published models have some rows more than tokens, to a round number; one with thousands has another's
 * tokenizer, or half of its own. */
static void warn_of_rows_without_token(const Loaded *l)
{
    enum { ROWS = 4096, TENTHS = 10 };
    const int V = l->model->config.V, without = V - tokenizer_size(l->tokenizer);
    if (without > ROWS && without > V / TENTHS)
        log_line("%s: %s of the model's %s tokens are not in its tokenizer; is it the one that the "
                 "model was trained with?",
                 l->name, text_thousands(without), text_thousands(V));
}

void loaded_try_tokenizer(Loaded *l, Error *why)
{
    if (loaded_open_tokenizer(l, why) == 0) return;
    tokenizer_free(l->tokenizer);
    l->tokenizer = NULL;
}

int loaded_outline(Loaded *l, const Context *ctx, const char *role, const char *name,
                   const Loaded *beside, Error *err)
{
    char folder[FILE_PATH_MAX];
    *l = (Loaded){0};
    if (project_model(ctx, folder, role, name, err) != 0) return -1;
    if (loaded_outline_folder(l, ctx, folder, beside, err) != 0) return -1;
    snprintf(l->name, sizeof l->name, "%s", name);
    if (loaded_open_tokenizer(l, err) != 0) {
        loaded_close(l);
        return -1;
    }
    if (!l->beside) warn_of_rows_without_token(l);
    return 0;
}

int loaded_outline_language(Loaded *l, const Context *ctx, const char *role, const char *name,
                            const Loaded *beside, Error *err)
{
    if (loaded_outline(l, ctx, role, name, beside, err) != 0) return -1;
    if (loaded_heads(l) == 0) return 0;
    error_set(err, "%s is a reward model: it scores, and is not there to answer", l->name);
    loaded_close(l);
    return -1;
}

int loaded_open(Loaded *l, const Context *ctx, const char *role, const char *name,
                const Loaded *beside, Error *err)
{
    if (loaded_outline(l, ctx, role, name, beside, err) != 0) return -1;
    if (loaded_read(l, err) == 0) return 0;
    loaded_close(l);
    return -1;
}

int loaded_heads(const Loaded *l)
{
    return adapter_score(l->adapter, l->model).n;
}

void loaded_adopt_lora(LoraConfig *lora, const Loaded *l)
{
    const Adapter *a = l->adapter;
    if (!a || lora->rank != a->config.rank) return;
    const int targets = (a->config.targets & ~(unsigned)TARGETS_ATTENTION) == 0;
    if (lora->alpha != a->config.alpha || lora->targets != targets)
        log_line("%s is an adapter, which keeps its own alpha %g and targets", l->name,
                 a->config.alpha);
    lora->alpha = a->config.alpha, lora->targets = targets;
}

int loaded_check_lora(const Loaded *l, const LoraConfig *lora, Error *err)
{
    if (!l->adapter || lora->rank == l->adapter->config.rank) return 0;
    error_set(err, "%s is an adapter of rank %d, and training goes on in it, not in one of rank %d",
              l->name, l->adapter->config.rank, lora->rank);
    return error_hint(err, "go on with: --set lora.rank=%d", l->adapter->config.rank);
}

Adapter *loaded_planned_adapter(const Loaded *l, const LoraConfig *lora)
{
    const AdapterConfig c = l->adapter ? l->adapter->config : adapter_config(lora);
    return c.rank ? adapter_outline(l->model, &c) : NULL;
}

int loaded_train_adapter(Adapter **out, const Loaded *l, const LoraConfig *lora, uint64_t seed,
                         Error *err)
{
    const AdapterConfig c = adapter_config(lora);
    const Loaded *base = l->beside ? l->beside : l;
    if (base->overruled && (l->adapter || c.rank > 0))
        log_line("an adapter's files do not say how it is computed: later commands know it from "
                 "--compute %s, or model.compute in the settings of project.json",
                 kernels_compute_name(l->model->config.compute));
    if (l->adapter) return adapter_open(out, l->model, l->folder, err);
    if (c.rank == 0) return 0;
    *out = adapter_new(l->model, &c, seed);
    memcpy((*out)->base_hash, l->model_hash, sizeof l->model_hash);
    return 0;
}

void loaded_policy(Loaded *l)
{
    if (!l->policy)
        l->policy = policy_open(l->model, &(PolicyOptions){.adapter = l->adapter,
                                                           .heads = loaded_heads(l),
                                                           .score_class = l->score_class,
                                                           .max_tokens = SCORING_TOKENS,
                                                           .room = l->room});
}

bool loaded_same_tokenizer(const Loaded *a, const Loaded *b)
{
    return strcmp(tokenizer_sha256(a->tokenizer), tokenizer_sha256(b->tokenizer)) == 0;
}

bool loaded_same_shape(const Loaded *a, const Loaded *b)
{
    const ModelConfig *x = &a->model->config, *y = &b->model->config;
    return x->family == y->family && x->n_layer == y->n_layer && x->NH == y->NH &&
           x->NKV == y->NKV && x->HD == y->HD && x->C == y->C && x->F == y->F && x->V == y->V;
}

void loaded_close(Loaded *l)
{
    policy_close(l->policy);
    adapter_free(l->adapter);
    if (!l->beside) model_free(l->model);
    tokenizer_free(l->tokenizer);
    *l = (Loaded){0};
}

/* What a run's settings are of says what it makes. */
static const char *role_of(const Loaded *l, const RunRecord *made_by)
{
    static const char *const ROLES[][2] = {
        {"ppo", "policy"}, {"reward", "reward"}, {"sft", "sft"}, {"pretrain", "base"}};
    for (size_t i = 0; i < sizeof ROLES / sizeof *ROLES; i++)
        if (cJSON_HasObjectItem(made_by->settings, ROLES[i][0])) return ROLES[i][1];
    return strcmp(l->name, "base") == 0 ? "base" : "external";
}

int loaded_record(const Loaded *l, Store *store, int64_t *id, Error *err)
{
    RunRecord made_by = {0};
    Error ignored; /* an unreadable record is no reason to lose answers */
    run_record_read(&made_by, l->folder, &ignored);
    StoreModel row = {.name = l->name,
                      .role = role_of(l, &made_by),
                      .path = l->folder,
                      .weights_sha256 = l->hash,
                      .tokenizer_sha256 = tokenizer_sha256(l->tokenizer),
                      .run = made_by.name[0] ? made_by.name : NULL,
                      .step = made_by.step > 0 ? made_by.step : 0};
    const int rc = store_add_model(store, &row, err);
    if (rc == 0) *id = row.id;
    run_record_free(&made_by);
    return rc;
}

/* `begins`: the text is what the model's sequence begins with; `special`: special tokens spelled out in it are
 * tokens. */
static int add_text(Sequences *s, const Tokenizer *t, const char *text, bool begins, bool special,
                    Error *err)
{
    int *ids, n;
    const size_t length = strlen(text);
    if ((begins ? tokenizer_encode_prompt(t, text, length, special, &ids, &n, err)
                : tokenizer_encode(t, text, length, special, &ids, &n, err)) != 0)
        return -1;
    sequences_add(s, ids, n);
    free(ids);
    return 0;
}

int add_prompt_tokens(Sequences *s, const Tokenizer *t, const char *prompt, Error *err)
{
    return add_conversation_tokens(s, t, prompt, NULL, err);
}

/* A template writes its own beginning. */
int add_conversation_tokens(Sequences *s, const Tokenizer *t, const char *prompt,
                            const char *template, Error *err)
{
    if (!*prompt) return error_set(err, "the prompt is empty");
    return add_text(s, t, prompt, !template, template != NULL, err);
}

/* The template's own end of a turn; where it has none, or the vocabulary lacks it, the stop token. */
static int end_of(const Tokenizer *t, const char *template)
{
    const int eos = tokenizer_eos(t);
    const ChatVariables v = {.eos = eos >= 0 ? tokenizer_token(t, eos) : NULL};
    const ChatTemplate *chat = NULL;
    Error ignored;
    if (!template || chat_template_find(&chat, template, &ignored) != 0) return eos;
    const char *end = chat_template_end(chat, &v, 0);
    const int id = end ? tokenizer_id(t, end) : -1;
    return id >= 0 ? id : eos;
}

static int add_end(Sequences *s, const Tokenizer *t, const char *template, Error *err)
{
    const int end = end_of(t, template);
    if (end < 0) return error_set(err, "the tokenizer has no end-of-text token");
    sequences_add(s, &end, 1);
    return 0;
}

int add_document_tokens(Sequences *s, const Tokenizer *t, const char *text, Error *err)
{
    return add_text(s, t, text, true, false, err) != 0 ? -1 : add_end(s, t, NULL, err);
}

int add_response_tokens(Sequences *s, const Tokenizer *t, const char *response,
                        const char *template, const int *tokens, int n, Error *err)
{
    if (tokens) {
        sequences_add(s, tokens, n);
        return 0;
    }
    return add_text(s, t, response, false, false, err) != 0 ? -1 : add_end(s, t, template, err);
}

char *response_text(const Tokenizer *t, const int *tokens, int n)
{
    return tokenizer_decode_response(t, tokens, n);
}

int open_store(Store **out, const Context *ctx, Error *err)
{
    char path[FILE_PATH_MAX];
    if (project_path(ctx, path, "rlhf.db", err) != 0) return -1;
    return store_open(out, path, err);
}

int open_store_to_read(Store **out, const Context *ctx, Error *err)
{
    char path[FILE_PATH_MAX];
    if (project_path(ctx, path, "rlhf.db", err) != 0) return -1;
    return store_open_to_read(out, path, err);
}
