#include "policy/gguf_vocabulary.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int check_id(const cJSON *id, const char *token, int V, Error *err)
{
    if (!cJSON_IsNumber(id) || id->valuedouble != id->valueint || id->valueint < 0)
        return error_set(err, "token '%.80s' has no id", token);
    if (id->valueint < V) return 0;
    return error_set(err, "token '%.80s' has the id %d, and the model has %d rows", token,
                     id->valueint, V);
}

static int set(GgufVocabulary *v, int id, const char *token, GgufTokenType type, Error *err)
{
    if (v->token[id] && strcmp(v->token[id], token) != 0)
        return error_set(err, "tokens '%.80s' and '%.80s' have one id, %d", v->token[id], token,
                         id);
    if (!v->token[id]) v->token[id] = mem_strdup(token);
    v->type[id] = type;
    return 0;
}

/* <0x0A> */
static bool is_byte(const char *token)
{
    return strncmp(token, "<0x", 3) == 0 && isxdigit((unsigned char)token[3]) &&
           isxdigit((unsigned char)token[4]) && strcmp(token + 5, ">") == 0;
}

static int read_learned(GgufVocabulary *v, const cJSON *model, Error *err)
{
    const cJSON *item, *vocab = cJSON_GetObjectItemCaseSensitive(model, "vocab");
    const bool bytes = json_bool(model, "byte_fallback", false);
    const char *unknown = json_text(model, "unk_token", "");
    if (!cJSON_IsObject(vocab)) return error_set(err, "model.vocab is missing");
    cJSON_ArrayForEach(item, vocab)
    {
        const char *token = item->string;
        const GgufTokenType type = bytes && is_byte(token)                ? GGUF_TOKEN_BYTE
                                   : bytes && strcmp(token, unknown) == 0 ? GGUF_TOKEN_UNKNOWN
                                                                          : GGUF_TOKEN_NORMAL;
        if (check_id(item, token, v->V, err) != 0) return -1;
        if (set(v, item->valueint, token, type, err) != 0) return -1;
    }
    return 0;
}

/* Some models declare their markup as ordinary added tokens; llama.cpp takes what looks so for markup, and
 * its own converter does the same. */
static bool looks_special(const char *token)
{
    const size_t n = strlen(token);
    return n >= 4 && strncmp(token, "<|", 2) == 0 && strcmp(token + n - 2, "|>") == 0;
}

static int read_added(GgufVocabulary *v, const cJSON *tokenizer, Error *err)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(tokenizer, "added_tokens"))
    {
        const char *token = json_text(item, "content", NULL);
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(item, "id");
        if (!token) return error_set(err, "an added token has no content");
        if (check_id(id, token, v->V, err) != 0) return -1;
        const bool special = json_bool(item, "special", false) || looks_special(token);
        const GgufTokenType type = v->type[id->valueint] == GGUF_TOKEN_UNKNOWN ? GGUF_TOKEN_UNKNOWN
                                   : special                                   ? GGUF_TOKEN_CONTROL
                                             : GGUF_TOKEN_USER_DEFINED;
        if (set(v, id->valueint, token, type, err) != 0) return -1;
    }
    return 0;
}

static int by_token(const void *a, const void *b, void *context)
{
    const GgufVocabulary *v = context;
    return strcmp(v->token[*(const int *)a], v->token[*(const int *)b]);
}

/* llama.cpp ends when a text is the token of two ids. */
static int sort(GgufVocabulary *v, Error *err)
{
    for (int i = 0; i < v->V; i++) v->by_token[i] = i;
    qsort_r(v->by_token, (size_t)v->V, sizeof *v->by_token, by_token, v);
    for (int i = 1; i < v->V; i++) {
        const int a = v->by_token[i - 1], b = v->by_token[i];
        if (strcmp(v->token[a], v->token[b]) == 0)
            return error_set(err, "token '%.80s' has two ids, %d and %d", v->token[a], a, b);
    }
    return 0;
}

int gguf_vocabulary_read(GgufVocabulary *out, const cJSON *tokenizer, int V, Error *err)
{
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(tokenizer, "model");
    GgufVocabulary v = {.V = V};
    v.token = mem_calloc((size_t)V, sizeof *v.token);
    v.type = mem_calloc((size_t)V, sizeof *v.type);
    v.by_token = mem_calloc((size_t)V, sizeof *v.by_token);
    if (read_learned(&v, model, err) != 0 || read_added(&v, tokenizer, err) != 0) goto failed;
    for (int i = 0; i < V; i++) {
        if (v.token[i]) continue;
        v.token[i] = mem_format("[PAD%d]", i);
        v.type[i] = GGUF_TOKEN_UNUSED;
    }
    if (sort(&v, err) != 0) goto failed;
    *out = v;
    return 0;

failed:
    gguf_vocabulary_free(&v);
    return -1;
}

void gguf_vocabulary_free(GgufVocabulary *v)
{
    for (int i = 0; i < v->V && v->token; i++) free(v->token[i]);
    free(v->token);
    free(v->type);
    free(v->by_token);
    *v = (GgufVocabulary){0};
}

int gguf_vocabulary_id(const GgufVocabulary *v, const char *token)
{
    int low = 0, high = v->V;
    while (low < high) {
        const int middle = low + (high - low) / 2, id = v->by_token[middle];
        const int order = strcmp(token, v->token[id]);
        if (order == 0) return v->type[id] == GGUF_TOKEN_UNUSED ? -1 : id;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return -1;
}
