#include "policy/gguf_tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "policy/gguf_pretokenizer.h"
#include "policy/gguf_special.h"
#include "policy/gguf_vocabulary.h"
#include "policy/tokenizer.h"

#define SPACE "\xe2\x96\x81" /* U+2581, which SentencePiece writes for one */

/* ---- merges --------------------------------------------------------------------------------------- */

/* A merge is "a b" or ["a", "b"]. */
static int read_merge(const char **a, size_t *n_a, const char **b, const cJSON *merge, Error *err)
{
    const cJSON *first = cJSON_GetArrayItem(merge, 0), *second = cJSON_GetArrayItem(merge, 1);
    const char *space;
    if (cJSON_IsString(first) && cJSON_IsString(second)) {
        *a = first->valuestring;
        *n_a = strlen(*a);
        *b = second->valuestring;
    } else if (cJSON_IsString(merge) && (space = strchr(merge->valuestring, ' '))) {
        *a = merge->valuestring;
        *n_a = (size_t)(space - *a);
        *b = space + 1;
    } else {
        return error_set(err, "model.merges: one is neither \"a b\" nor [\"a\", \"b\"]");
    }
    if (memchr(*a, ' ', *n_a) || strchr(*b, ' '))
        return error_set(err, "model.merges: llama.cpp has no merge with a space in it: '%.80s'",
                         *b);
    return 0;
}

static int put_merges(GgufKeys *k, const cJSON *merges, Error *err)
{
    const int n = cJSON_GetArraySize(merges);
    char **text = mem_calloc((size_t)n, sizeof *text);
    const cJSON *merge;
    int i = 0, rc = 0;
    cJSON_ArrayForEach(merge, merges)
    {
        const char *a, *b;
        size_t n_a;
        if ((rc = read_merge(&a, &n_a, &b, merge, err)) != 0) break;
        text[i++] = mem_format("%.*s %s", (int)n_a, a, b);
    }
    if (rc == 0) gguf_put_texts(k, "tokenizer.ggml.merges", (const char *const *)text, n);
    while (i > 0) free(text[--i]);
    free(text);
    return rc;
}

/* SentencePiece joins the two neighbours whose join has the highest score, BPE those whose merge was
 * learned first: the same, where the score of a token falls with the place of the merges that make it and
 * those stand together, as they do in a tokenizer that was SentencePiece's.  What no merge makes comes
 * last. */
static int score_by_merges(float *score, const GgufVocabulary *v, const cJSON *merges, Error *err)
{
    const float last = (float)-v->V;
    const cJSON *merge;
    int before = -1, place = 0;
    for (int i = 0; i < v->V; i++) score[i] = last;
    cJSON_ArrayForEach(merge, merges)
    {
        const char *a, *b;
        size_t n_a;
        if (read_merge(&a, &n_a, &b, merge, err) != 0) return -1;
        char *joined = mem_format("%.*s%s", (int)n_a, a, b);
        const int id = gguf_vocabulary_id(v, joined);
        free(joined);
        if (id < 0) return error_set(err, "model.merges: '%.80s' makes no token", a);
        if (id == before) continue;
        if (score[id] != last)
            return error_set(err,
                             "model.merges: those of '%.80s' do not stand together, and llama.cpp "
                             "orders them by one score",
                             v->token[id]);
        score[id] = (float)-place++;
        before = id;
    }
    return 0;
}

/* ---- the two kinds -------------------------------------------------------------------------------- */

static int put_byte_level(GgufKeys *k, const cJSON *tokenizer, const GgufVocabulary *v, Error *err)
{
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(tokenizer, "model");
    const cJSON *normalizer = cJSON_GetObjectItemCaseSensitive(tokenizer, "normalizer");
    const char *pre, *form = json_text(normalizer, "type", "NFC");
    if (strcmp(form, "NFC") != 0)
        return error_set(err, "normalizer: llama.cpp has no %.40s for byte-level tokens", form);
    if (gguf_pretokenizer_name(&pre, tokenizer, err) != 0) return -1;
    gguf_put_text(k, "tokenizer.ggml.model", "gpt2");
    gguf_put_text(k, "tokenizer.ggml.pre", pre);
    gguf_put_texts(k, "tokenizer.ggml.tokens", (const char *const *)v->token, v->V);
    gguf_put_i32s(k, "tokenizer.ggml.token_type", v->type, v->V);
    return put_merges(k, cJSON_GetObjectItemCaseSensitive(model, "merges"), err);
}

/* Whether the step of a normalizer writes U+2581 for spaces (Replace) or puts one in front (Prepend). */
static int read_normalizer(bool *prefix, bool *replaced, const cJSON *step, Error *err)
{
    const char *type = json_text(step, "type", "");
    const cJSON *pattern = cJSON_GetObjectItemCaseSensitive(step, "pattern");
    if (strcmp(type, "Prepend") == 0 && strcmp(json_text(step, "prepend", ""), SPACE) == 0)
        *prefix = true;
    else if (strcmp(type, "Replace") == 0 && strcmp(json_text(pattern, "String", ""), " ") == 0 &&
             strcmp(json_text(step, "content", ""), SPACE) == 0)
        *replaced = true;
    else return error_set(err, "normalizer: llama.cpp has no such %.40s", type);
    return 0;
}

/* Spaces are written as U+2581 by a normalizer or by Metaspace, and one may be put in front of the text. */
static int read_spaces(bool *prefix, const cJSON *tokenizer, Error *err)
{
    const cJSON *normalizer = cJSON_GetObjectItemCaseSensitive(tokenizer, "normalizer");
    const cJSON *pre = cJSON_GetObjectItemCaseSensitive(tokenizer, "pre_tokenizer");
    const cJSON *step, *steps = cJSON_GetObjectItemCaseSensitive(normalizer, "normalizers");
    bool replaced = false;
    *prefix = false;
    cJSON_ArrayForEach(step, steps)
    {
        if (read_normalizer(prefix, &replaced, step, err) != 0) return -1;
    }
    if (cJSON_IsObject(normalizer) && !steps &&
        read_normalizer(prefix, &replaced, normalizer, err) != 0)
        return -1;
    if (!cJSON_IsObject(pre) && replaced) return 0;
    const char *type = json_text(pre, "type", "one without a pre_tokenizer");
    if (strcmp(type, "Metaspace") != 0 || strcmp(json_text(pre, "replacement", ""), SPACE) != 0 ||
        json_bool(pre, "split", true) || replaced)
        return error_set(err, "pre_tokenizer: llama.cpp has no such %.40s beside byte_fallback",
                         type);
    *prefix = strcmp(json_text(pre, "prepend_scheme", "always"), "never") != 0;
    return 0;
}

static int put_sentencepiece(GgufKeys *k, const cJSON *tokenizer, const GgufVocabulary *v,
                             Error *err)
{
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(tokenizer, "model");
    bool prefix;
    if (read_spaces(&prefix, tokenizer, err) != 0) return -1;
    float *score = mem_calloc((size_t)v->V, sizeof *score);
    int rc = score_by_merges(score, v, cJSON_GetObjectItemCaseSensitive(model, "merges"), err);
    if (rc == 0) {
        gguf_put_text(k, "tokenizer.ggml.model", "llama");
        gguf_put_text(k, "tokenizer.ggml.pre", "default");
        gguf_put_texts(k, "tokenizer.ggml.tokens", (const char *const *)v->token, v->V);
        gguf_put_f32s(k, "tokenizer.ggml.scores", score, v->V);
        gguf_put_i32s(k, "tokenizer.ggml.token_type", v->type, v->V);
        gguf_put_bool(k, "tokenizer.ggml.add_space_prefix", prefix);
    }
    free(score);
    return rc;
}

static int check_model(const cJSON *model, Error *err)
{
    static const char *const AFFIX[] = {"continuing_subword_prefix", "end_of_word_suffix"};
    const char *type = json_text(model, "type", "none");
    if (strcmp(type, "BPE") != 0)
        return error_set(err, "model: %.40s is not exported to llama.cpp (BPE)", type);
    for (size_t i = 0; i < sizeof AFFIX / sizeof *AFFIX; i++)
        if (*json_text(model, AFFIX[i], ""))
            return error_set(err, "model.%s: llama.cpp has none", AFFIX[i]);
    return 0;
}

static int put_vocabulary(GgufKeys *k, const cJSON *tokenizer, const GgufVocabulary *v, Error *err)
{
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(tokenizer, "model");
    if (check_model(model, err) != 0) return -1;
    return json_bool(model, "byte_fallback", false) ? put_sentencepiece(k, tokenizer, v, err)
                                                    : put_byte_level(k, tokenizer, v, err);
}

int gguf_put_tokenizer(GgufKeys *keys, const char *dir, const ModelConfig *c, Error *err)
{
    const char *source;
    GgufVocabulary v = {0};
    cJSON *tokenizer = NULL;
    Text json = {0};
    int rc = -1;
    if (tokenizer_read_json(&json, &source, dir, err) != 0) return -1;
    if (json_parse(&tokenizer, json.bytes, json.n, err) != 0) goto done;
    if (gguf_vocabulary_read(&v, tokenizer, c->V, err) != 0) goto done;
    if (put_vocabulary(keys, tokenizer, &v, err) != 0) goto done;
    rc = gguf_put_special(keys, dir, tokenizer, &v, c, err);

done:
    if (rc != 0) error_wrap(err, "%s/%s", dir, source);
    text_free(&json);
    gguf_vocabulary_free(&v);
    cJSON_Delete(tokenizer);
    return rc;
}
