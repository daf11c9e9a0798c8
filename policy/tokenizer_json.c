/* tokenizer.json, Hugging Face's file, as it is read. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "policy/component.h"
#include "policy/tokenizer_parts.h"

const char *const TOKENIZER_PART[N_PARTS] = {"normalizer", "pre_tokenizer", "post_processor",
                                             "decoder"};

/* ---- the model's options ------------------------------------------------------------------- */

/* What would change the ids and is not here; empty, false and null mean "not used". */
static int check_unused(const cJSON *model, Error *err)
{
    static const char *const UNUSED[] = {"dropout", "continuing_subword_prefix",
                                         "end_of_word_suffix"};
    for (size_t i = 0; i < sizeof UNUSED / sizeof *UNUSED; i++) {
        const cJSON *option = component_member(model, UNUSED[i]);
        const bool unused = component_absent(option) || cJSON_IsFalse(option) ||
                            (cJSON_IsString(option) && !*option->valuestring) ||
                            (cJSON_IsNumber(option) && option->valuedouble == 0);
        if (!unused) return error_set(err, "model.%s is not supported", UNUSED[i]);
    }
    return 0;
}

/* Files older than the type have BPE's members alone. */
static int check_model(const cJSON *root, Error *err)
{
    if (!cJSON_IsObject(root)) return error_set(err, "not a JSON object");
    const cJSON *model = component_member(root, "model");
    if (!cJSON_IsObject(model)) return error_set(err, "model is missing");
    const bool bpe = component_member(model, "type") ? component_is(model, "BPE")
                                                     : component_member(model, "merges") != NULL;
    if (!bpe) {
        component_refuse(model, err);
        return error_wrap(err, "model");
    }
    return check_unused(model, err);
}

static int option(bool *out, const cJSON *model, const char *name, Error *err)
{
    const cJSON *value = component_member(model, name);
    *out = false;
    if (component_absent(value)) return 0;
    return component_bool(out, model, name, err);
}

/* An unknown token that is not in the model's vocabulary can stand for nothing; most files of byte-level
 * tokenizers name one all the same. */
static int read_options(WordOptions *o, const cJSON *model, const Vocabulary *v, Error *err)
{
    const cJSON *unk = component_member(model, "unk_token");
    if (!component_absent(unk) && !cJSON_IsString(unk))
        return error_set(err, "model.unk_token is not a text");
    o->unk = cJSON_IsString(unk)
                 ? vocabulary_find_in_model(v, unk->valuestring, strlen(unk->valuestring))
                 : -1;
    if (option(&o->byte_fallback, model, "byte_fallback", err) != 0) return -1;
    if (option(&o->fuse_unk, model, "fuse_unk", err) != 0) return -1;
    return option(&o->ignore_merges, model, "ignore_merges", err);
}

/* ---- tokens -------------------------------------------------------------------------------- */

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
        if (!*content || !read_id(component_member(item, "id"), room, &id))
            return error_set(err, "added_tokens: \"%.80s\" needs a content and an id in 0..%d",
                             content, room - 1);
        if (strlen(content) > ADDED_TOKEN_MAX)
            return error_set(err, "added_tokens: \"%.80s...\" has more than %d bytes", content,
                             ADDED_TOKEN_MAX);
        if (tokens[id] && strcmp(tokens[id], content) != 0)
            return error_set(err, "added_tokens: \"%.80s\" has id %d, which is \"%.80s\"", content,
                             id, tokens[id]);
        if (!tokens[id]) tokens[id] = mem_strdup(content);
    }
    return 0;
}

/* Without a normalizer all tokens are looked for in the same text, unless they were told apart. */
static void unify_normalized(AddedToken *list, int n, const cJSON *root)
{
    bool all = component_absent(component_member(root, "normalizer"));
    for (int i = 0; i < n; i++) all = all && list[i].normalized;
    for (int i = 0; i < n && all; i++) list[i].normalized = false;
}

static int read_added(AddedToken *list, const cJSON *root, const cJSON *added, Error *err)
{
    int n = 0;
    for (const cJSON *item = added ? added->child : NULL; item; item = item->next) {
        AddedToken *a = &list[n++];
        a->id = (int)json_number(item, "id", 0);
        if (component_bool_or(&a->special, item, "special", false, err) != 0 ||
            component_bool_or(&a->normalized, item, "normalized", false, err) != 0 ||
            component_bool_or(&a->single_word, item, "single_word", false, err) != 0 ||
            component_bool_or(&a->lstrip, item, "lstrip", false, err) != 0 ||
            component_bool_or(&a->rstrip, item, "rstrip", false, err) != 0)
            return error_wrap(err, "added_tokens: \"%.80s\"", json_text(item, "content", ""));
    }
    unify_normalized(list, n, root);
    return 0;
}

/* Ids are 0..n-1, each of one token. */
static int count_tokens(int *n, char *const *tokens, int room, Error *err)
{
    for (*n = 0; *n < room && tokens[*n];) ++*n;
    for (int i = *n; i < room; i++)
        if (tokens[i])
            return error_set(err, "id %d is missing though \"%.80s\" has id %d", *n, tokens[i], i);
    return *n ? 0 : error_set(err, "model.vocab is empty");
}

/* The vocabulary, and the added tokens into list, which has a place for each. */
static int read_tokens(Vocabulary **out, AddedToken *list, const cJSON *root, Error *err)
{
    const cJSON *vocab = component_member(component_member(root, "model"), "vocab");
    const cJSON *added = component_member(root, "added_tokens");
    const int n_added = cJSON_GetArraySize(added), room = cJSON_GetArraySize(vocab) + n_added;
    char **tokens = mem_calloc((size_t)room, sizeof *tokens);
    int n = 0, rc = place_tokens(tokens, room, vocab, added, err);
    if (rc == 0) rc = read_added(list, root, added, err);
    if (rc == 0) rc = count_tokens(&n, tokens, room, err);
    if (rc != 0) {
        for (int i = 0; i < room; i++) free(tokens[i]);
        free(tokens);
        return -1;
    }
    if (vocabulary_new(out, tokens, n, err) != 0) return -1;
    for (int i = 0; i < n_added; i++) {
        bool *in_model = &(*out)->in_model[list[i].id];
        if (!*in_model)
            return error_set(err, "added_tokens: \"%.80s\" is there twice", tokens[list[i].id]);
        *in_model = false;
        (*out)->special[list[i].id] = list[i].special;
    }
    for (const cJSON *item = vocab->child; item; item = item->next)
        (*out)->in_model[item->valueint] = true;
    return 0;
}

/* ---- merges -------------------------------------------------------------------------------- */

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

static int read_merge(Merge *out, const Vocabulary *v, const cJSON *item, Error *err)
{
    const char *left, *right;
    size_t n;
    if (!split_merge(item, &left, &n, &right)) return error_set(err, "not a pair of tokens");
    const size_t n_right = strlen(right);
    char *both = mem_calloc(n + n_right + 1, 1);
    memcpy(both, left, n);
    memcpy(both + n, right, n_right);
    *out =
        (Merge){vocabulary_find_in_model(v, left, n), vocabulary_find_in_model(v, right, n_right),
                vocabulary_find_in_model(v, both, n + n_right)};
    int rc = 0;
    if (out->left < 0)
        rc = error_set(err, "\"%.*s\" is not in the vocabulary", n < 80 ? (int)n : 80, left);
    else if (out->right < 0) rc = error_set(err, "\"%.80s\" is not in the vocabulary", right);
    else if (out->result < 0) rc = error_set(err, "\"%.80s\" is not in the vocabulary", both);
    free(both);
    return rc;
}

/* The merges of the list; the caller frees. */
static int read_merges(Merge **out, int *n, const cJSON *list, const Vocabulary *v, Error *err)
{
    if (!cJSON_IsArray(list)) return error_set(err, "model.merges is missing");
    *n = cJSON_GetArraySize(list);
    Merge *merges = mem_calloc((size_t)*n, sizeof *merges);
    PairTable seen = {0};
    int i = 0, rc = 0;
    for (const cJSON *item = list->child; item && rc == 0; item = item->next, i++) {
        rc = read_merge(&merges[i], v, item, err);
        if (rc == 0) {
            int *place = pair_table_place(&seen, merges[i].left, merges[i].right);
            if (*place >= 0) rc = error_set(err, "the same as model.merges[%d]", *place);
            *place = i;
        }
        if (rc != 0) error_wrap(err, "model.merges[%d]", i);
    }
    pair_table_free(&seen);
    if (rc == 0) *out = merges;
    else free(merges);
    return rc;
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* Whether the parts are those of GPT-2, however they are written. */
static bool is_gpt2(const cJSON *const *part, const Postprocessor *around)
{
    const cJSON *pre = part[PART_PRETOKENIZER];
    return component_absent(part[PART_NORMALIZER]) && component_is(pre, "ByteLevel") &&
           !json_bool(pre, "add_prefix_space", true) && json_bool(pre, "use_regex", true) &&
           component_is(part[PART_DECODER], "ByteLevel") && around->front.n == 0 &&
           around->back.n == 0;
}

static void keep_parts(Tokenizer *t, const cJSON *const *part)
{
    if (is_gpt2(part, &t->around)) return;
    for (int i = 0; i < N_PARTS; i++)
        t->part[i] = part[i] ? cJSON_PrintUnformatted(part[i]) : mem_strdup("null");
}

/* How words come from the pre-tokenizer, and what becomes of them. */
static int read_words(Tokenizer *t, const cJSON *root, const cJSON *pre, Error *err)
{
    const cJSON *model = component_member(root, "model");
    WordOptions o = {0};
    Merge *merges = NULL;
    int n = 0;
    bool last;
    if (read_options(&o, model, t->vocabulary, err) != 0) return -1;
    if (pretokenizer_has_byte_level(pre, &last)) {
        const bool all = tokenizer_check_bytes(t->vocabulary, err) == 0;
        if (!all && o.unk < 0 && !o.byte_fallback) return -1;
        o.bytes = last && all;
    }
    /* Where every byte has a token none is unknown. */
    if (o.bytes) o = (WordOptions){.bytes = true, .ignore_merges = o.ignore_merges, .unk = -1};
    if (pretokenizer_new(&t->pretokenizer, pre, o.bytes, err) != 0) return -1;
    if (read_merges(&merges, &n, component_member(model, "merges"), t->vocabulary, err) != 0)
        return -1;
    t->words = word_encoder_new(t->vocabulary, merges, n, &o);
    free(merges);
    return 0;
}

static int read_parts(Tokenizer *t, const cJSON *root, const AddedToken *added, int n_added,
                      Error *err)
{
    const cJSON *part[N_PARTS];
    for (int i = 0; i < N_PARTS; i++) {
        part[i] = component_member(root, TOKENIZER_PART[i]);
        if (!component_absent(part[i]) && !cJSON_IsObject(part[i]))
            return error_set(err, "%s is not an object", TOKENIZER_PART[i]);
    }
    if (normalizer_new(&t->normalizer, part[PART_NORMALIZER], err) != 0) return -1;
    if (read_words(t, root, part[PART_PRETOKENIZER], err) != 0) return -1;
    if (normalizer_prepends(t->normalizer) && pretokenizer_asks_late(t->pretokenizer))
        return error_set(err,
                         "pre_tokenizer: prepend_scheme first in a Sequence after a normalizer "
                         "with Prepend is not supported");
    if (postprocessor_read(&t->around, part[PART_POSTPROCESSOR], t->vocabulary->n, err) != 0)
        return -1;
    if (decoder_new(&t->decoder, part[PART_DECODER], err) != 0) return -1;
    if (added_tokens_new(&t->added, added, n_added, t->vocabulary, t->normalizer, err) != 0)
        return -1;
    keep_parts(t, part);
    return 0;
}

static int check_lists(const cJSON *root, Error *err)
{
    const cJSON *added = component_member(root, "added_tokens");
    if (!cJSON_IsObject(component_member(component_member(root, "model"), "vocab")))
        return error_set(err, "model.vocab is missing");
    if (!component_absent(added) && !cJSON_IsArray(added))
        return error_set(err, "added_tokens is not a list");
    return 0;
}

/* What another version means by the same members is not known. */
static int check_version(const cJSON *root, Error *err)
{
    const cJSON *version = component_member(root, "version");
    if (component_absent(version)) return 0;
    if (!cJSON_IsString(version)) return error_set(err, "version is not text");
    if (strcmp(version->valuestring, "1.0") == 0) return 0;
    return error_set(err, "version \"%.40s\" is not supported (1.0)", version->valuestring);
}

static int build(Tokenizer **out, const cJSON *root, Error *err)
{
    if (cJSON_IsObject(root) && check_version(root, err) != 0) return -1;
    if (check_model(root, err) != 0 || check_lists(root, err) != 0) return -1;
    const int n_added = cJSON_GetArraySize(component_member(root, "added_tokens"));
    AddedToken *added = mem_calloc((size_t)n_added, sizeof *added);
    Tokenizer *t = mem_calloc(1, sizeof *t);
    pthread_mutex_init(&t->turn, NULL);
    t->pieces = word_memory_new();
    int rc = read_tokens(&t->vocabulary, added, root, err);
    if (rc == 0) rc = read_parts(t, root, added, n_added, err);
    if (rc == 0) {
        tokenizer_finish(t);
        *out = t;
    } else {
        tokenizer_free(t);
    }
    free(added);
    return rc;
}

int tokenizer_parse(Tokenizer **out, const char *json, size_t n, Error *err)
{
    cJSON *root = NULL;
    if (json_parse(&root, json, n, err) != 0) return -1;
    const int rc = build(out, root, err);
    cJSON_Delete(root);
    if (rc == 0) (*out)->json = mem_strndup(json, n);
    return rc;
}
