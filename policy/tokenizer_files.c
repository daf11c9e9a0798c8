/* The files that a tokenizer is opened from. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "policy/component.h"
#include "policy/tokenizer_config.h"
#include "policy/tokenizer_parts.h"

/* ---- vocab.json and merges.txt ------------------------------------------------------------- */

/* What transformers knows of its classes and no file says. */
typedef struct {
    const char *name, *normalizer, *pretokenizer;
    const char *bos, *eos, *unk, *pad;
} TokenizerClass;

#define END_OF_TEXT "<|endoftext|>"
#define BYTE_LEVEL(PREFIX, REGEX)                             \
    "{\"type\": \"ByteLevel\", \"add_prefix_space\": " PREFIX \
    ", \"trim_offsets\": true, \"use_regex\": " REGEX "}"
/* Qwen 2's pattern, as its tokenizer.json publishes it. */
#define QWEN2_SPLIT                                                                              \
    "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"(?i:'s|'t|'re|'ve|'m|'ll|'d)|"             \
    "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|" \
    "\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+\"}, \"behavior\": \"Isolated\", \"invert\": "    \
    "false}"

static const TokenizerClass CLASSES[] = {
    {"GPT2Tokenizer", "null", NULL, END_OF_TEXT, END_OF_TEXT, END_OF_TEXT, NULL},
    {"CodeGenTokenizer", "null", NULL, END_OF_TEXT, END_OF_TEXT, END_OF_TEXT, NULL},
    {"Qwen2Tokenizer", "{\"type\": \"NFC\"}",
     "{\"type\": \"Sequence\", \"pretokenizers\": [" QWEN2_SPLIT
     ", " BYTE_LEVEL("false", "false") "]}",
     NULL, END_OF_TEXT, END_OF_TEXT, END_OF_TEXT},
};

static const TokenizerClass *find_class(const cJSON *config, Error *err)
{
    const char *name = json_text(config, "tokenizer_class", CLASSES[0].name);
    const size_t length = strlen(name);
    const bool fast = length > 4 && strcmp(name + length - 4, "Fast") == 0;
    for (size_t i = 0; i < sizeof CLASSES / sizeof *CLASSES; i++)
        if (strlen(CLASSES[i].name) == length - (fast ? 4 : 0) &&
            strncmp(CLASSES[i].name, name, length - (fast ? 4 : 0)) == 0)
            return &CLASSES[i];
    error_set(err, "a %.80s without a tokenizer.json is not supported", name);
    return NULL;
}

/* The list of added tokens while it is written. */
typedef struct {
    const cJSON *vocab;
    cJSON *done; /* contents that are in the list */
    int next_id;
    Text out;
} AddedList;

/* A token of the vocabulary keeps its id; others get `id`, or where that is -1 the next one. */
static void add_token(AddedList *l, const char *content, int id, const cJSON *flags, bool special)
{
    if (!content || !*content || component_member(l->done, content)) return;
    const cJSON *known = component_member(l->vocab, content);
    if (cJSON_IsNumber(known)) id = known->valueint;
    if (id < 0) id = l->next_id;
    if (id >= l->next_id) l->next_id = id + 1;
    cJSON_AddTrueToObject(l->done, content);
    text_format(&l->out, "%s{\"id\": %d, \"content\": ", l->out.n ? ", " : "", id);
    json_put_text(&l->out, content, strlen(content));
    static const char *const FLAGS[] = {"single_word", "lstrip", "rstrip", "normalized"};
    for (int i = 0; i < 4; i++)
        text_format(&l->out, ", \"%s\": %s", FLAGS[i],
                    json_bool(flags, FLAGS[i], i == 3 && !special) ? "true" : "false");
    text_format(&l->out, ", \"special\": %s}", special ? "true" : "false");
}

/* {"151643": {"content": ...}} */
static void add_listed(AddedList *l, const cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        char *end;
        const long id = strtol(item->string ? item->string : "", &end, 10);
        if (!*end && id >= 0 && id <= TOKENIZER_JSON_MAX)
            add_token(l, json_text(item, "content", NULL), (int)id, item,
                      json_bool(item, "special", false));
    }
}

static void add_role(AddedList *l, const cJSON *config, const char *role, const char *fallback)
{
    const cJSON *value = component_member(config, role);
    const char *content = value ? tokenizer_config_token(config, role) : fallback;
    add_token(l, content, -1, cJSON_IsObject(value) ? value : NULL, true);
}

/* In transformers' order: those with ids of their own, then the special ones. */
static void add_all(AddedList *l, const TokenizerClass *class, const cJSON *config)
{
    const cJSON *item;
    add_listed(l, component_member(config, "added_tokens_decoder"));
    add_role(l, config, "bos_token", class->bos);
    add_role(l, config, "eos_token", class->eos);
    add_role(l, config, "unk_token", class->unk);
    add_role(l, config, "pad_token", class->pad);
    cJSON_ArrayForEach(item, component_member(config, "additional_special_tokens"))
        add_token(l, cJSON_IsString(item) ? item->valuestring : json_text(item, "content", NULL),
                  -1, cJSON_IsObject(item) ? item : NULL, true);
}

static void put_merges(Text *out, const char *text)
{
    const char *comma = "";
    for (const char *end; *text; text = *end ? end + 1 : end) {
        end = strchrnul(text, '\n');
        size_t n = (size_t)(end - text);
        if (n > 0 && text[n - 1] == '\r') n--;
        if (n == 0 || (!*comma && strncmp(text, "#version", 8) == 0)) continue;
        text_add(out, comma);
        json_put_text(out, text, n);
        comma = ",\n";
    }
}

static int read_json(cJSON **out, const char *path, Error *err)
{
    if (json_read(out, path, TOKENIZER_JSON_MAX, false, err) != 0) return -1;
    if (cJSON_IsObject(*out)) return 0;
    return error_set(err, "%s: not a JSON object", path);
}

static void put_joined(Text *out, const TokenizerClass *class, const cJSON *config,
                       const AddedList *added, const char *merges)
{
    const bool prefix = json_bool(config, "add_prefix_space", false);
    const char *byte_level = prefix ? BYTE_LEVEL("true", "true") : BYTE_LEVEL("false", "true");
    char *vocab = cJSON_PrintUnformatted(added->vocab);
    text_format(out, "{\"added_tokens\": [%s], \"normalizer\": %s, \"pre_tokenizer\": %s, ",
                added->out.n ? added->out.bytes : "", class->normalizer,
                class->pretokenizer ? class->pretokenizer : byte_level);
    text_format(out, "\"decoder\": %s, \"model\": {\"type\": \"BPE\", \"vocab\": %s, \"merges\": [",
                BYTE_LEVEL("false", "true"), vocab);
    put_merges(out, merges);
    text_add(out, "]}}\n");
    free(vocab);
}

static int join_files(Text *out, const char *dir, Error *err)
{
    char vocab_path[FILE_PATH_MAX], merges_path[FILE_PATH_MAX], config_path[FILE_PATH_MAX];
    cJSON *vocab = NULL, *config = NULL;
    AddedList added = {0};
    char *merges = NULL;
    size_t n, bad;
    int rc = -1;
    if (path_join(vocab_path, dir, "vocab.json", err) != 0 ||
        path_join(merges_path, dir, "merges.txt", err) != 0 ||
        path_join(config_path, dir, "tokenizer_config.json", err) != 0)
        goto done;
    if (read_json(&vocab, vocab_path, err) != 0) goto done;
    if (file_exists(config_path) && read_json(&config, config_path, err) != 0) goto done;
    if (file_read(&merges, &n, merges_path, TOKENIZER_JSON_MAX, err) != 0) goto done;
    if (!text_is_utf8(merges, n, &bad)) {
        error_set(err, "%s: byte %zu is not UTF-8", merges_path, bad);
        goto done;
    }
    const TokenizerClass *class = find_class(config, err);
    if (!class) {
        error_wrap(err, "%s", config_path);
        goto done;
    }
    added = (AddedList){
        .vocab = vocab, .done = cJSON_CreateObject(), .next_id = cJSON_GetArraySize(vocab)};
    add_all(&added, class, config);
    put_joined(out, class, config, &added, merges);
    rc = 0;
done:
    cJSON_Delete(vocab);
    cJSON_Delete(config);
    cJSON_Delete(added.done);
    text_free(&added.out);
    free(merges);
    return rc;
}

/* ---- opening ------------------------------------------------------------------------------- */

bool tokenizer_in(const char *dir)
{
    static const char *const NEEDED[][2] = {{"tokenizer.json", NULL}, {"vocab.json", "merges.txt"}};
    char path[FILE_PATH_MAX];
    Error ignored;
    for (int i = 0; i < 2; i++) {
        bool all = true;
        for (int k = 0; k < 2 && NEEDED[i][k]; k++)
            all = all && path_join(path, dir, NEEDED[i][k], &ignored) == 0 && file_exists(path);
        if (all) return true;
    }
    return false;
}

int tokenizer_read_json(Text *out, const char **source, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX], *json;
    size_t n;
    if (path_join(path, dir, "tokenizer.json", err) != 0) return -1;
    if (file_exists(path)) {
        if (file_read(&json, &n, path, TOKENIZER_JSON_MAX, err) != 0) return -1;
        text_append(out, json, n);
        free(json);
        *source = "tokenizer.json";
        return 0;
    }
    if (tokenizer_in(dir)) {
        *source = "vocab.json and merges.txt";
        return join_files(out, dir, err);
    }
    error_set(err, "%s: there is no tokenizer.json", dir);
    return error_hint(err,
                      "a model is a folder with config.json, model.safetensors and tokenizer.json");
}

int tokenizer_open(Tokenizer **out, const char *dir, Error *err)
{
    char config[FILE_PATH_MAX];
    const char *source;
    Tokenizer *t = NULL;
    Text json = {0};
    if (path_join(config, dir, "tokenizer_config.json", err) != 0) return -1;
    if (tokenizer_read_json(&json, &source, dir, err) != 0) return -1;
    int rc = tokenizer_parse(&t, json.bytes, json.n, err);
    if (rc != 0) error_wrap(err, "%s/%s", dir, source);
    text_free(&json);
    if (rc == 0) rc = tokenizer_read_config(t, config, err);
    if (rc == 0) *out = t;
    else tokenizer_free(t);
    return rc;
}
