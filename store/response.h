/* Models and the answers they gave. */
#ifndef STORE_RESPONSE_H
#define STORE_RESPONSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"
#include "store/prompt.h"

enum { STORE_HASH = 65 }; /* SHA-256 in hex and a terminator */

/* One state of a model's weights, known by their hash. */
typedef struct {
    int64_t id;
    const char *name; /* as the project calls it: "base", "ppo-1@120" */
    const char *role; /* base, sft, reward, policy, external */
    const char *path; /* folder it was read from */
    const char *weights_sha256, *tokenizer_sha256; /* hex; NULL when unknown (external) */
    const char *run;                               /* that made it; may be NULL */
    int64_t step;
} StoreModel;
typedef struct {
    StoreModel *row;
    size_t n;
} StoreModelList;
/* A model of the same name and weights is the same row. */
int store_add_model(Store *s, StoreModel *model, Error *err);
int store_list_models(Store *s, StoreModelList *out, Error *err);
void store_models_free(StoreModelList *list);

/* A sampled or imported answer.  (prompt, model, sampling, seed, sample_no) says how to make it again. */
typedef struct {
    int64_t id, prompt_id, model_id;
    const char *text;
    const int *tokens; /* as sampled, the stop token included; NULL when only the text is known */
    int n_tokens;
    double sum_logprob; /* nats, at the sampling temperature; NAN when unknown */
    const char *finish; /* stop, length; NULL when unknown */
    uint64_t seed;
    int sample_no;
    const char *sampling_json; /* temperature, top_k, max_new_tokens...; NULL when unknown */
} StoreResponse;
typedef struct {
    StoreResponse *row;
    size_t n;
} StoreResponseList;
/* Fills in ids. */
int store_add_responses(Store *s, StoreResponse *rows, size_t n, StoreAdded *added, Error *err);
typedef struct {
    int64_t prompt_id, model_id;
    Split split;
    int64_t after, limit; /* ids above `after`: pages */
} StoreResponseFilter;
/* In order of id. */
int store_list_responses(Store *s, const StoreResponseFilter *filter, StoreResponseList *out,
                         Error *err);
void store_responses_free(StoreResponseList *list);

#endif
