#include "policy/gguf_special.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "policy/tokenizer_config.h"

enum { FILE_LIMIT = 1 << 26 };
/* llama.cpp has three places for tokens that end an answer: eos, eot and eom. */
enum { ENDS_MAX = 3 };

typedef struct {
    const GgufVocabulary *v;
    const cJSON *config; /* tokenizer_config.json, or NULL */
    int bos, end[ENDS_MAX], n_end;
    bool add_bos, add_eos;
} Specials;

/* The id of a role's token, -1 when the vocabulary lacks it. */
static int named(const Specials *s, const char *name)
{
    const char *token = tokenizer_config_token(s->config, name);
    return token ? gguf_vocabulary_id(s->v, token) : -1;
}

static void add_end(Specials *s, int id)
{
    if (id < 0 || id >= s->v->V || s->n_end == ENDS_MAX) return;
    for (int i = 0; i < s->n_end; i++)
        if (s->end[i] == id) return;
    s->end[s->n_end++] = id;
}

static int check_end(const Specials *s, const cJSON *id, Error *err)
{
    const double x = cJSON_IsNumber(id) ? id->valuedouble : -1;
    if (x >= 0 && x < s->v->V && x == (int)x) return 0;
    return error_set(err, "generation_config.json: eos_token_id names no token from 0 to %d",
                     s->v->V - 1);
}

/* Before llama.cpp is told of them. */
static int check_generation(const Specials *s, const cJSON *generation, Error *err)
{
    const cJSON *item, *ends = cJSON_GetObjectItemCaseSensitive(generation, "eos_token_id");
    if (generation && !cJSON_IsObject(generation))
        return error_set(err, "generation_config.json: not a JSON object");
    if (!ends || cJSON_IsNull(ends)) return 0;
    if (!cJSON_IsArray(ends)) return check_end(s, ends, err);
    cJSON_ArrayForEach(item, ends)
    {
        if (check_end(s, item, err) != 0) return -1;
    }
    return 0;
}

/* First where an answer ends here: eos_token, or <|endoftext|> where none is named (tokenizer_eos). */
static void find_ends(Specials *s, const ModelConfig *c, const cJSON *generation)
{
    const cJSON *item, *list = cJSON_GetObjectItemCaseSensitive(generation, "eos_token_id");
    const int eos = named(s, "eos_token");
    add_end(s, eos >= 0 ? eos : gguf_vocabulary_id(s->v, "<|endoftext|>"));
    add_end(s, c->eos);
    for (int i = 0; i < c->n_eos_more; i++) add_end(s, c->eos_more[i]);
    if (cJSON_IsNumber(list)) add_end(s, list->valueint);
    cJSON_ArrayForEach(item, list) add_end(s, cJSON_IsNumber(item) ? item->valueint : -1);
}

/* ---- tokens around a text ------------------------------------------------------------------------- */

/* The parts of a TemplateProcessing for one text: special tokens before and after it. */
static int read_template(const char **first, const char **last, const cJSON *single, Error *err)
{
    const cJSON *part;
    bool text = false;
    cJSON_ArrayForEach(part, single)
    {
        const cJSON *special = cJSON_GetObjectItemCaseSensitive(part, "SpecialToken");
        const char **side = text ? last : first;
        if (!special) {
            text = true;
            continue;
        }
        if (*side) return error_set(err, "post_processor: llama.cpp puts one token on a side");
        *side = json_text(special, "id", "");
    }
    return 0;
}

static int read_processor(const char **first, const char **last, const cJSON *p, Error *err)
{
    const char *type = json_text(p, "type", "");
    if (strcmp(type, "ByteLevel") == 0) return 0;
    if (strcmp(type, "TemplateProcessing") == 0)
        return read_template(first, last, cJSON_GetObjectItemCaseSensitive(p, "single"), err);
    return error_set(err, "post_processor: llama.cpp has no such %.40s", type);
}

static int read_post_processor(const char **first, const char **last, const cJSON *tokenizer,
                               Error *err)
{
    const cJSON *post = cJSON_GetObjectItemCaseSensitive(tokenizer, "post_processor");
    const cJSON *p, *list = cJSON_GetObjectItemCaseSensitive(post, "processors");
    if (!cJSON_IsObject(post)) return 0;
    if (!list) return read_processor(first, last, post, err);
    cJSON_ArrayForEach(p, list)
    {
        if (read_processor(first, last, p, err) != 0) return -1;
    }
    return 0;
}

/* tokenizer_config.json's word on it comes after tokenizer.json's and holds. */
static int find_around(Specials *s, const cJSON *tokenizer, Error *err)
{
    const char *first = NULL, *last = NULL;
    if (read_post_processor(&first, &last, tokenizer, err) != 0) return -1;
    if (first && s->bos < 0) s->bos = gguf_vocabulary_id(s->v, first);
    if (first && (s->bos < 0 || gguf_vocabulary_id(s->v, first) != s->bos))
        return error_set(err, "post_processor puts %.80s in front, and that is not bos_token",
                         first);
    if (last && gguf_vocabulary_id(s->v, last) != s->end[0])
        return error_set(err, "post_processor puts %.80s behind, and that is not eos_token", last);
    s->add_bos = json_bool(s->config, "add_bos_token", first != NULL);
    s->add_eos = json_bool(s->config, "add_eos_token", last != NULL);
    if (s->add_bos && s->bos < 0)
        return error_set(err, "tokenizer_config.json: add_bos_token without a bos_token");
    return 0;
}

/* ---- keys ----------------------------------------------------------------------------------------- */

/* Without a key llama.cpp takes token 11 of byte-level tokens for bos; where a model has none it is the
 * token that ends a text, as in GPT-2, and never put in front. */
static void put_ids(GgufKeys *k, const Specials *s, const cJSON *tokenizer)
{
    static const char *const END[ENDS_MAX] = {"tokenizer.ggml.eos_token_id",
                                              "tokenizer.ggml.eot_token_id",
                                              "tokenizer.ggml.eom_token_id"};
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(tokenizer, "model");
    const char *unknown_text = json_text(model, "unk_token", NULL);
    int unknown = named(s, "unk_token");
    const int pad = named(s, "pad_token");
    if (unknown < 0 && unknown_text) unknown = gguf_vocabulary_id(s->v, unknown_text);
    gguf_put_u32(k, "tokenizer.ggml.bos_token_id", (uint32_t)(s->bos >= 0 ? s->bos : s->end[0]));
    for (int i = 0; i < s->n_end; i++) gguf_put_u32(k, END[i], (uint32_t)s->end[i]);
    if (unknown >= 0) gguf_put_u32(k, "tokenizer.ggml.unknown_token_id", (uint32_t)unknown);
    if (pad >= 0) gguf_put_u32(k, "tokenizer.ggml.padding_token_id", (uint32_t)pad);
    gguf_put_bool(k, "tokenizer.ggml.add_bos_token", s->add_bos);
    gguf_put_bool(k, "tokenizer.ggml.add_eos_token", s->add_eos);
}

static int put_template(GgufKeys *k, const char *dir, const cJSON *config, Error *err)
{
    char path[FILE_PATH_MAX], *own = NULL;
    size_t n;
    if (path_join(path, dir, "chat_template.jinja", err) != 0) return -1;
    if (file_exists(path)) {
        if (file_read(&own, &n, path, FILE_LIMIT, err) != 0) return -1;
        if (!text_is_utf8(own, n, NULL)) {
            free(own);
            return error_set(err, "%s is not UTF-8", path);
        }
    }
    const char *template = own ? own : tokenizer_config_template(config);
    if (template) gguf_put_text(k, "tokenizer.chat_template", template);
    free(own);
    return 0;
}

static int read_if_there(cJSON **out, const char *dir, const char *name, Error *err)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, dir, name, err) != 0) return -1;
    return file_exists(path) ? json_read(out, path, FILE_LIMIT, false, err) : 0;
}

int gguf_put_special(GgufKeys *k, const char *dir, const cJSON *tokenizer, const GgufVocabulary *v,
                     const ModelConfig *c, Error *err)
{
    cJSON *config = NULL, *generation = NULL;
    int rc = -1;
    if (read_if_there(&config, dir, "tokenizer_config.json", err) != 0 ||
        read_if_there(&generation, dir, "generation_config.json", err) != 0)
        goto done;
    Specials s = {
        .v = v, .config = config, .bos = named(&(Specials){.v = v, .config = config}, "bos_token")};
    if (s.bos < 0 && c->bos < v->V) s.bos = c->bos;
    if (check_generation(&s, generation, err) != 0) goto done;
    find_ends(&s, c, generation);
    if (s.n_end == 0) {
        error_set(err, "no token ends a text, and llama.cpp would take token 11 for one");
        error_hint(err, "name it as eos_token in tokenizer_config.json");
        goto done;
    }
    if (find_around(&s, tokenizer, err) != 0) goto done;
    put_ids(k, &s, tokenizer);
    rc = put_template(k, dir, config, err);

done:
    cJSON_Delete(config);
    cJSON_Delete(generation);
    return rc;
}
