#include "cli/loaded.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/project.h"
#include "cli/run_record.h"

enum { SCORING_TOKENS = 4096 };

void loaded_tell_window(const Model *m, const char *folder)
{
    const ModelConfig *c = &m->config;
    if (c->positions > c->max_T)
        log_line(
            "%s: its attention slides over %d tokens, and there is no sliding here: the context "
            "is %d, not %d",
            folder, c->window, c->max_T, c->positions);
}

int loaded_open(Loaded *l, const Context *ctx, const char *role, const char *name, Error *err)
{
    *l = (Loaded){0};
    snprintf(l->name, sizeof l->name, "%s", name);
    if (project_model(ctx, l->folder, role, name, err) != 0) return -1;
    if (model_open(&l->model, l->folder, err) != 0) return -1;
    if (role) loaded_tell_window(l->model, l->folder);
    if (tokenizer_open(&l->tokenizer, l->folder, err) != 0) goto fail;
    if (tokenizer_size(l->tokenizer) > l->model->config.V) {
        error_set(err, "%s: the tokenizer has %d tokens, the model %d", l->folder,
                  tokenizer_size(l->tokenizer), l->model->config.V);
        goto fail;
    }
    if (!isfinite(buffer_sum_squares(l->model->parameters.w, l->model->parameters.n))) {
        error_set(err, "%s: a weight is not a number", l->folder);
        error_hint(err, "the file was damaged, or training diverged: take an earlier checkpoint");
        goto fail;
    }
    model_hash(l->hash, l->model);
    return 0;

fail:
    loaded_close(l);
    return -1;
}

int loaded_open_language(Loaded *l, const Context *ctx, const char *role, const char *name,
                         Error *err)
{
    if (loaded_open(l, ctx, role, name, err) != 0) return -1;
    if (model_check_predicts(l->model, err) == 0) return 0;
    error_wrap(err, "%s", l->folder);
    loaded_close(l);
    return -1;
}

void loaded_policy(Loaded *l)
{
    const ModelConfig *c = &l->model->config;
    const int tokens = c->max_T > SCORING_TOKENS ? c->max_T : SCORING_TOKENS;
    if (!l->policy)
        l->policy =
            policy_open(l->model, &(PolicyOptions){.heads = c->n_labels, .max_tokens = tokens});
}

bool loaded_same_tokenizer(const Loaded *a, const Loaded *b)
{
    return strcmp(tokenizer_sha256(a->tokenizer), tokenizer_sha256(b->tokenizer)) == 0;
}

void loaded_close(Loaded *l)
{
    policy_close(l->policy);
    model_free(l->model);
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

static int add_text(Sequences *s, const Tokenizer *t, const char *text, Error *err)
{
    int *ids, n;
    if (tokenizer_encode(t, text, strlen(text), false, &ids, &n, err) != 0) return -1;
    sequences_add(s, ids, n);
    free(ids);
    return n;
}

int add_prompt_tokens(Sequences *s, const Tokenizer *t, const char *prompt, Error *err)
{
    const int n = add_text(s, t, prompt, err);
    if (n == 0) return error_set(err, "the prompt is empty");
    return n < 0 ? -1 : 0;
}

int add_response_tokens(Sequences *s, const Tokenizer *t, const char *response, const int *tokens,
                        int n, Error *err)
{
    if (tokens) {
        sequences_add(s, tokens, n);
        return 0;
    }
    const int eos = tokenizer_eos(t);
    if (add_text(s, t, response, err) < 0) return -1;
    if (eos < 0) return error_set(err, "the tokenizer has no end-of-text token");
    sequences_add(s, &eos, 1);
    return 0;
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
