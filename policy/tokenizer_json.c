/* tokenizer.json and tokenizer_config.json, Hugging Face's files. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "policy/tokenizer_parts.h"

enum { JSON_MAX = 64 << 20 /* bytes; the largest published files have about 30 MB */ };

/* ---- what this family has ------------------------------------------------------------------ */

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* A part that is absent, null or of the wanted type; anything else is named. */
static int check_part(const cJSON *root, const char *part, const char *wanted, bool optional,
                      Error *err)
{
    const cJSON *object = member(root, part);
    const char *type = json_text(object, "type", NULL);
    if (!object || cJSON_IsNull(object))
        return optional ? 0 : error_set(err, "%s is missing; %s is needed", part, wanted);
    if (wanted && type && strcmp(type, wanted) == 0) return 0;
    error_set(err, "%s %.80s is not supported", part, type ? type : "without a type");
    return error_hint(
        err, "byte-level BPE as in GPT-2 is: pre_tokenizer and decoder ByteLevel, model BPE");
}

/* Options of the model that would change the ids; empty, false and null mean "not used". */
static int check_model(const cJSON *model, Error *err)
{
    static const char *const UNUSED[] = {"dropout", "continuing_subword_prefix",
                                         "end_of_word_suffix", "byte_fallback", "ignore_merges"};
    for (size_t i = 0; i < sizeof UNUSED / sizeof *UNUSED; i++) {
        const cJSON *option = member(model, UNUSED[i]);
        const bool unused = !option || cJSON_IsNull(option) || cJSON_IsFalse(option) ||
                            (cJSON_IsString(option) && !*option->valuestring) ||
                            (cJSON_IsNumber(option) && option->valuedouble == 0);
        if (!unused) return error_set(err, "model.%s is not supported", UNUSED[i]);
    }
    return 0;
}

static int check_family(const cJSON *root, Error *err)
{
    if (!cJSON_IsObject(root)) return error_set(err, "not a JSON object");
    if (check_part(root, "model", "BPE", false, err) != 0) return -1;
    if (check_part(root, "normalizer", NULL, true, err) != 0) return -1;
    if (check_part(root, "pre_tokenizer", "ByteLevel", false, err) != 0) return -1;
    if (check_part(root, "decoder", "ByteLevel", false, err) != 0) return -1;
    if (check_part(root, "post_processor", "ByteLevel", true, err) != 0) return -1;
    const cJSON *pre = member(root, "pre_tokenizer");
    if (json_bool(pre, "add_prefix_space", true))
        return error_set(err, "pre_tokenizer: add_prefix_space true is not supported");
    if (!json_bool(pre, "use_regex", true))
        return error_set(err, "pre_tokenizer: use_regex false is not supported");
    return check_model(member(root, "model"), err);
}

/* ---- reading ------------------------------------------------------------------------------- */

/* A whole number in 0..below-1. */
static bool read_id(const cJSON *value, int below, int *out)
{
    if (!cJSON_IsNumber(value)) return false;
    if (!(value->valuedouble >= 0 && value->valuedouble < below)) return false;
    *out = (int)value->valuedouble;
    return *out == value->valuedouble;
}

/* Puts each spelling at its id.  tokens has `room` places, all NULL. */
static int place_tokens(char **tokens, int room, const cJSON *vocab, const cJSON *added, Error *err)
{
    int id;
    for (const cJSON *item = vocab->child; item; item = item->next) {
        if (!read_id(item, room, &id))
            return error_set(err, "model.vocab: the id of \"%.80s\" is not in 0..%d", item->string,
                             room - 1);
        if (tokens[id])
            return error_set(err, "model.vocab: \"%.80s\" and \"%.80s\" both have id %d",
                             tokens[id], item->string, id);
        tokens[id] = mem_strdup(item->string);
    }
    for (const cJSON *item = added ? added->child : NULL; item; item = item->next) {
        const char *content = json_text(item, "content", "");
        if (!*content || !read_id(member(item, "id"), room, &id))
            return error_set(err, "added_tokens: \"%.80s\" needs a content and an id in 0..%d",
                             content, room - 1);
        if (tokens[id] && strcmp(tokens[id], content) != 0)
            return error_set(err, "added_tokens: \"%.80s\" has id %d, which is \"%.80s\"", content,
                             id, tokens[id]);
        if (!tokens[id]) tokens[id] = mem_strdup(content);
    }
    return 0;
}

static int read_added(AddedToken *out, const cJSON *added, Error *err)
{
    static const char *const FLAGS[] = {"single_word", "lstrip", "rstrip"};
    int n = 0;
    for (const cJSON *item = added ? added->child : NULL; item; item = item->next, n++) {
        for (int i = 0; i < 3; i++)
            if (json_bool(item, FLAGS[i], false))
                return error_set(err, "added_tokens: \"%.80s\": %s is not supported",
                                 json_text(item, "content", ""), FLAGS[i]);
        out[n] = (AddedToken){(int)json_number(item, "id", 0), json_bool(item, "special", false)};
    }
    return 0;
}

/* The vocabulary and the added tokens. */
static int read_tokens(Tokenizer **out, const cJSON *root, Error *err)
{
    const cJSON *vocab = member(member(root, "model"), "vocab"),
                *added = member(root, "added_tokens");
    if (!cJSON_IsObject(vocab)) return error_set(err, "model.vocab is missing");
    if (added && !cJSON_IsArray(added) && !cJSON_IsNull(added))
        return error_set(err, "added_tokens is not a list");
    const int n_added = cJSON_GetArraySize(added), room = cJSON_GetArraySize(vocab) + n_added;
    char **tokens = mem_calloc((size_t)room, sizeof *tokens);
    AddedToken *list = mem_calloc((size_t)n_added, sizeof *list);
    int n = 0, rc = place_tokens(tokens, room, vocab, added, err);
    if (rc == 0) rc = read_added(list, added, err);

    while (n < room && tokens[n]) n++;
    for (int i = n; i < room && rc == 0; i++)
        if (tokens[i])
            rc = error_set(err, "id %d is missing though \"%.80s\" has id %d", n, tokens[i], i);
    if (rc == 0) {
        rc = tokenizer_new(out, tokens, n, list, n_added, err);
    } else {
        for (int i = 0; i < room; i++) free(tokens[i]);
        free(tokens);
    }
    free(list);
    return rc;
}

/* "left right" or ["left", "right"]. */
static bool split_merge(const cJSON *item, const char **left, size_t *n_left, const char **right)
{
    if (cJSON_IsString(item)) {
        const char *space = strchr(item->valuestring, ' ');
        if (!space || strchr(space + 1, ' ')) return false;
        *left = item->valuestring;
        *n_left = (size_t)(space - *left);
        *right = space + 1;
        return true;
    }
    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 2) return false;
    if (!cJSON_IsString(item->child) || !cJSON_IsString(item->child->next)) return false;
    *left = item->child->valuestring;
    *n_left = strlen(*left);
    *right = item->child->next->valuestring;
    return true;
}

static int read_merge(Merge *out, const Tokenizer *t, const cJSON *item, Error *err)
{
    const char *left, *right;
    size_t n;
    if (!split_merge(item, &left, &n, &right)) return error_set(err, "not a pair of tokens");
    char *both = mem_format("%.*s%s", (int)n, left, right);
    *out = (Merge){tokenizer_find(t, left, n), tokenizer_id(t, right), tokenizer_id(t, both)};
    int rc = 0;
    if (out->left < 0)
        rc = error_set(err, "\"%.*s\" is not in the vocabulary", n < 80 ? (int)n : 80, left);
    else if (out->right < 0) rc = error_set(err, "\"%.80s\" is not in the vocabulary", right);
    else if (out->result < 0) rc = error_set(err, "\"%.80s\" is not in the vocabulary", both);
    free(both);
    return rc;
}

static int read_merges(Tokenizer *t, const cJSON *list, Error *err)
{
    if (!cJSON_IsArray(list)) return error_set(err, "model.merges is missing");
    const int n = cJSON_GetArraySize(list);
    Merge *merges = mem_calloc((size_t)n, sizeof *merges);
    PairTable seen = {0};
    int i = 0, rc = 0;
    for (const cJSON *item = list->child; item && rc == 0; item = item->next, i++) {
        rc = read_merge(&merges[i], t, item, err);
        if (rc == 0) {
            int *place = pair_table_place(&seen, merges[i].left, merges[i].right);
            if (*place >= 0) rc = error_set(err, "the same as model.merges[%d]", *place);
            *place = i;
        }
        if (rc != 0) error_wrap(err, "model.merges[%d]", i);
    }
    if (rc == 0) rc = tokenizer_set_merges(t, merges, n, err);
    pair_table_free(&seen);
    free(merges);
    return rc;
}

/* eos_token is a string or an object with a content; null and absent leave <|endoftext|>. */
static int read_config(Tokenizer *t, const char *path, Error *err)
{
    cJSON *config = NULL;
    if (!file_exists(path)) return 0;
    if (json_read(&config, path, JSON_MAX, false, err) != 0) return -1;
    const char *eos = json_text(config, "eos_token", NULL);
    if (!eos) eos = json_text(member(config, "eos_token"), "content", NULL);
    int rc = 0;
    if (eos && (t->eos = tokenizer_id(t, eos)) < 0)
        rc = error_set(err, "%s: eos_token \"%.80s\" is not a token of tokenizer.json", path, eos);
    cJSON_Delete(config);
    return rc;
}

static int build(Tokenizer **out, const cJSON *root, Error *err)
{
    Tokenizer *t = NULL;
    if (check_family(root, err) != 0) return -1;
    if (read_tokens(&t, root, err) != 0) return -1;
    if (read_merges(t, member(member(root, "model"), "merges"), err) != 0) {
        tokenizer_free(t);
        return -1;
    }
    *out = t;
    return 0;
}

int tokenizer_parse(Tokenizer **out, const char *json, size_t n, Error *err)
{
    cJSON *root = NULL;
    if (json_parse(&root, json, n, err) != 0) return -1;
    const int rc = build(out, root, err);
    cJSON_Delete(root);
    return rc;
}

int tokenizer_open(Tokenizer **out, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX], config[FILE_PATH_MAX];
    cJSON *root = NULL;
    Tokenizer *t = NULL;
    if (path_join(path, dir, "tokenizer.json", err) != 0) return -1;
    if (path_join(config, dir, "tokenizer_config.json", err) != 0) return -1;
    if (!file_exists(path)) {
        error_set(err, "%s: there is no tokenizer.json", dir);
        return error_hint(
            err, "a model is a folder with config.json, model.safetensors and tokenizer.json");
    }
    if (json_read(&root, path, JSON_MAX, false, err) != 0) return -1;
    int rc = build(&t, root, err);
    cJSON_Delete(root);
    if (rc != 0) return error_wrap(err, "%s", path);
    rc = read_config(t, config, err);
    if (rc == 0) *out = t;
    else tokenizer_free(t);
    return rc;
}

/* ---- writing ------------------------------------------------------------------------------- */

static void put_text(Text *out, const char *text)
{
    json_put_text(out, text, strlen(text));
}

static void put_added(const Tokenizer *t, Text *out)
{
    /* In the order of the ids, as transformers expects. */
    const char *comma = "\n";
    for (int id = 0; id < t->n; id++)
        for (int i = 0; i < t->n_added; i++) {
            if (t->added[i].id != id) continue;
            text_format(out, "%s    {\"id\": %d, \"content\": ", comma, id);
            put_text(out, t->token[id]);
            text_format(out,
                        ", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, "
                        "\"normalized\": false, \"special\": %s}",
                        t->added[i].special ? "true" : "false");
            comma = ",\n";
        }
}

void tokenizer_put_json(const Tokenizer *t, Text *out)
{
    static const char BYTE_LEVEL[] = "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, "
                                     "\"trim_offsets\": true, \"use_regex\": true}";
    text_add(out, "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n"
                  "  \"added_tokens\": [");
    put_added(t, out);
    text_format(out,
                "\n  ],\n  \"normalizer\": null,\n  \"pre_tokenizer\": %s,\n"
                "  \"post_processor\": %s,\n  \"decoder\": %s,\n",
                BYTE_LEVEL, BYTE_LEVEL, BYTE_LEVEL);
    text_add(
        out,
        "  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": null,\n"
        "    \"continuing_subword_prefix\": null,\n    \"end_of_word_suffix\": null,\n"
        "    \"fuse_unk\": false,\n    \"byte_fallback\": false,\n    \"ignore_merges\": false,\n"
        "    \"vocab\": {");
    for (int id = 0; id < t->n; id++) {
        text_add(out, id ? ",\n      " : "\n      ");
        put_text(out, t->token[id]);
        text_format(out, ": %d", id);
    }
    text_add(out, "\n    },\n    \"merges\": [");
    int n;
    const Merge *merges = bpe_merges(t->bpe, &n);
    for (int i = 0; i < n; i++) {
        text_add(out, i ? ",\n      [" : "\n      [");
        put_text(out, t->token[merges[i].left]);
        text_add(out, ", ");
        put_text(out, t->token[merges[i].right]);
        text_add(out, "]");
    }
    text_add(out, "\n    ]\n  }\n}\n");
}

/* PreTrainedTokenizerFast takes everything from tokenizer.json; without the last member older
 * versions of transformers remove spaces before punctuation when they decode. */
static void put_config(const Tokenizer *t, Text *out)
{
    text_add(out, "{\n  \"tokenizer_class\": \"PreTrainedTokenizerFast\",\n");
    if (t->eos >= 0) {
        static const char *const ROLES[] = {"bos_token", "eos_token", "unk_token"};
        for (int i = 0; i < 3; i++) {
            text_format(out, "  \"%s\": ", ROLES[i]);
            put_text(out, t->token[t->eos]);
            text_add(out, ",\n");
        }
    }
    text_add(out, "  \"clean_up_tokenization_spaces\": false\n}\n");
}

int tokenizer_save(const Tokenizer *t, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    Text out = {0};
    int rc = -1;
    if (path_join(path, dir, "tokenizer.json", err) != 0) goto done;
    tokenizer_put_json(t, &out);
    if (file_write(path, out.bytes, out.n, err) != 0) goto done;
    text_clear(&out);
    put_config(t, &out);
    if (path_join(path, dir, "tokenizer_config.json", err) != 0) goto done;
    rc = file_write(path, out.bytes, out.n, err);
done:
    text_free(&out);
    return rc;
}
