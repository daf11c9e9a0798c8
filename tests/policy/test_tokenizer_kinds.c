/* Tokenizers of the published kinds.  Those of tests/golden/tokenizers, and what is expected of them, are made by
 * tests/golden/make/make_tokenizers.mjs with Hugging Face's engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/tokenizer.h"
#include "tests/vectors.h"

#define GOLDEN RLHF_SOURCE_DIR "/tests/golden/tokenizers/"

static const char *const KINDS[] = {"llama-3",     "qwen2",    "starcoder", "deepseek",
                                    "deepseek-v3", "gpt-neox", "falcon",    "gpt-4o",
                                    "llama-2",     "mistral",  "metaspace", "flags"};
enum { N_KINDS = sizeof KINDS / sizeof *KINDS };

static char folder[] = "/tmp/rlhf-tokenizer-kinds-XXXXXX";
static Error err;

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return folder_remove(folder, &err);
}

static Tokenizer *opened(const char *dir)
{
    Tokenizer *t = NULL;
    if (tokenizer_open(&t, dir, &err) != 0) fail_msg("%s", err.message);
    return t;
}

static Tokenizer *golden(const char *kind)
{
    char path[FILE_PATH_MAX];
    snprintf(path, sizeof path, GOLDEN "%s", kind);
    return opened(path);
}

/* NAME in the test's own folder. */
static void put(const char *name, const char *text)
{
    char path[FILE_PATH_MAX];
    assert_int_equal(path_join(path, folder, name, &err), 0);
    assert_int_equal(file_write(path, text, strlen(text), &err), 0);
}

static char *get(const char *dir, const char *name)
{
    char path[FILE_PATH_MAX], *text;
    size_t n;
    assert_int_equal(path_join(path, dir, name, &err), 0);
    if (file_read(&text, &n, path, 1 << 24, &err) != 0) fail_msg("%s", err.message);
    return text;
}

static void empty_folder(void)
{
    assert_int_equal(folder_remove(folder, &err), 0);
    assert_int_equal(folder_make(folder, &err), 0);
}

static void every_kind_agrees_with_the_engine(void **state)
{
    (void)state;
    for (int i = 0; i < N_KINDS; i++) {
        char path[FILE_PATH_MAX];
        Tokenizer *t = golden(KINDS[i]);
        snprintf(path, sizeof path, GOLDEN "%s/vectors_hf.json", KINDS[i]);
        check_vectors(t, path, 150);
        tokenizer_free(t);
    }
}

/* Kinds of several steps, whose pieces are remembered on the way: the second time all of them are. */
static void every_kind_agrees_again_with_what_it_remembers(void **state)
{
    (void)state;
    for (int i = 0; i < N_KINDS; i++) {
        char path[FILE_PATH_MAX];
        Tokenizer *t = golden(KINDS[i]);
        snprintf(path, sizeof path, GOLDEN "%s/vectors_hf.json", KINDS[i]);
        for (int times = 0; times < 2; times++) check_vectors(t, path, 150);
        tokenizer_free(t);
    }
}

/* Larger ones than KINDS, with a tokenizer_config.json as models have it. */
static void tokenizers_in_the_style_of_models_agree(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"mini-llama3-style", "mini-qwen2-style",
                                        "mini-smollm2-style"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char path[FILE_PATH_MAX];
        Tokenizer *t = golden(NAMES[i]);
        snprintf(path, sizeof path, GOLDEN "%s/vectors_hf.json", NAMES[i]);
        check_vectors(t, path, 353);
        tokenizer_free(t);
    }
}

static void pythia_agrees(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX], vectors[FILE_PATH_MAX + 32];
    if (!shared(path, "tokenizers/pythia")) skip();
    Tokenizer *t = opened(path);
    snprintf(vectors, sizeof vectors, "%s/vectors_hf.json", path);
    check_vectors(t, vectors, 353);
    tokenizer_free(t);
}

/* ids as text, "1 22 333"; the tokenizer's own unless `prompt`. */
static char *ids_of(const Tokenizer *t, const char *text, bool special, bool prompt)
{
    Text out = {0};
    int *ids, n;
    if ((prompt ? tokenizer_encode_prompt : tokenizer_encode)(t, text, strlen(text), special, &ids,
                                                              &n, &err) != 0)
        fail_msg("%s", err.message);
    for (int i = 0; i < n; i++) text_format(&out, "%s%d", i ? " " : "", ids[i]);
    free(ids);
    return text_take(&out);
}

/* A text that spells the token out and one that does not are the same prompt, with the token once. */
static void begins_once(const Tokenizer *t, const char *bos)
{
    const char *const TEXT = "Hello world";
    char *plain = ids_of(t, TEXT, true, false), *prompt = ids_of(t, TEXT, true, true);
    char *expected = mem_format("%d %s", tokenizer_id(t, bos), plain);
    assert_string_equal(prompt, expected);
    free(plain), free(expected), free(prompt);

    char *spelled = mem_format("%s%s", bos, TEXT);
    plain = ids_of(t, spelled, true, false);
    prompt = ids_of(t, spelled, true, true);
    assert_string_equal(prompt, plain);
    assert_int_equal(atoi(plain), tokenizer_id(t, bos));
    free(plain), free(prompt), free(spelled);
}

static void a_prompt_begins_with_one_beginning_token(void **state)
{
    (void)state;
    static const char *const BOS[][2] = {{"llama-3", "<|begin_of_text|>"},
                                         {"deepseek",
                                          "<\xef\xbd\x9c"
                                          "begin\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>"},
                                         {"llama-2", "<s>"},
                                         {"mistral", "<s>"},
                                         {"flags", "<s>"}};
    for (size_t i = 0; i < sizeof BOS / sizeof *BOS; i++) {
        Tokenizer *t = golden(BOS[i][0]);
        begins_once(t, BOS[i][1]);
        tokenizer_free(t);
    }
}

static void a_prompt_without_a_beginning_token_is_its_ids(void **state)
{
    (void)state;
    static const char *const NONE[] = {"qwen2",  "starcoder", "deepseek-v3", "gpt-neox",
                                       "falcon", "gpt-4o",    "shake-gpt2"};
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++) {
        Tokenizer *t = golden(NONE[i]);
        char *plain = ids_of(t, "Hello 12", false, false),
             *prompt = ids_of(t, "Hello 12", false, true);
        assert_string_equal(plain, prompt);
        free(plain), free(prompt);
        tokenizer_free(t);
    }
}

/* The kind's tokenizer.json with this tokenizer_config.json. */
static Tokenizer *configured(const char *kind, const char *config)
{
    char from[FILE_PATH_MAX];
    empty_folder();
    snprintf(from, sizeof from, GOLDEN "%s", kind);
    char *json = get(from, "tokenizer.json");
    put("tokenizer.json", json);
    put("tokenizer_config.json", config);
    free(json);
    return opened(folder);
}

/* transformers makes the post-processor anew from add_bos_token, where a configuration has it. */
static void add_bos_token_decides_what_is_in_front(void **state)
{
    (void)state;
    Tokenizer *t = configured("llama-2", "{\"add_bos_token\": false, \"bos_token\": \"<s>\"}");
    char *plain = ids_of(t, "Hello", false, false), *prompt = ids_of(t, "Hello", false, true);
    assert_string_equal(plain, prompt);
    free(plain), free(prompt);
    tokenizer_free(t);

    t = configured("starcoder", "{\"add_bos_token\": true, \"bos_token\": "
                                "{\"__type\": \"AddedToken\", \"content\": \"<fim_prefix>\"}}");
    begins_once(t, "<fim_prefix>");
    tokenizer_free(t);
}

static void the_stop_token_is_a_text_or_an_object(void **state)
{
    (void)state;
    Tokenizer *t = configured("llama-2", "{\"eos_token\": \"</s>\"}");
    assert_int_equal(tokenizer_eos(t), 2);
    tokenizer_free(t);
    t = configured("llama-2", "{\"eos_token\": {\"content\": \"</s>\", \"lstrip\": false}}");
    assert_int_equal(tokenizer_eos(t), 2);
    tokenizer_free(t);
    t = configured("llama-2",
                   "{\"eos_token\": null, \"add_bos_token\": null, \"chat_template\": null}");
    assert_int_equal(tokenizer_eos(t), -1);
    tokenizer_free(t);
}

static void wrong_configurations_are_refused(void **state)
{
    (void)state;
    static const char *const WRONG[][2] = {
        {"{\"eos_token\": \"<none>\"}", "eos_token \"<none>\" is not a token"},
        {"{\"add_bos_token\": true}", "there is no bos_token"},
        {"{", "tokenizer_config.json: line 1"},
        {"[]", "not a JSON object"},
        {"{\"eos_token\": 2}", "eos_token is not a text or an object with its \"content\""},
        {"{\"eos_token\": {\"content\": 2}}", "eos_token is not a text"},
        {"{\"bos_token\": [\"<s>\"]}", "bos_token is not a text"},
        {"{\"add_bos_token\": \"yes\"}", "add_bos_token is not true or false"},
        {"{\"tokenizer_class\": 1}", "tokenizer_class is not a text"},
        {"{\"added_tokens_decoder\": []}", "added_tokens_decoder is not an object"},
        {"{\"additional_special_tokens\": {}}", "additional_special_tokens is not a list"},
        {"{\"chat_template\": 7}", "chat_template is not a text or a list"},
        {"{\"chat_template\": [{\"name\": \"default\"}]}",
         "chat_template is not a text or a list"}};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        Tokenizer *t = configured("llama-2", "{}");
        tokenizer_free(t);
        t = NULL;
        put("tokenizer_config.json", WRONG[i][0]);
        assert_int_equal(tokenizer_open(&t, folder, &err), -1);
        assert_null(t);
        if (!strstr(err.message, WRONG[i][1]) || !strstr(err.message, "tokenizer_config.json"))
            fail_msg("%s", err.message);
    }
}

static void special_tokens_are_text_unless_asked_for(void **state)
{
    (void)state;
    Tokenizer *t = golden("llama-2");
    char *text = ids_of(t, "a</s>", false, false), *token = ids_of(t, "a</s>", true, false);
    const size_t n = strlen(token);
    assert_string_equal(token + n - 2, " 2");
    assert_string_not_equal(text + strlen(text) - 2, " 2");
    free(text), free(token);
    tokenizer_free(t);
}

/* U+1F642 as bytes is not put out before something that is no byte comes, since all bytes of a run become
 * U+FFFD when one is wrong. */
static void bytes_are_held_back_until_their_run_ends(void **state)
{
    (void)state;
    static const char *const BYTES[] = {"<0xF0>", "<0x9F>", "<0x99>", "<0x82>"};
    Tokenizer *t = golden("llama-2");
    TokenStream s = {0};
    Text out = {0};
    for (int i = 0; i < 4; i++) {
        token_stream_push(&s, t, tokenizer_id(t, BYTES[i]), true, &out);
        assert_int_equal(out.n, 0);
    }
    token_stream_push(&s, t, tokenizer_id(t, "a"), true, &out);
    assert_string_equal(out.bytes, "\xf0\x9f\x99\x82"
                                   "a");
    token_stream_push(&s, t, tokenizer_id(t, BYTES[0]), true, &out);
    token_stream_push(&s, t, tokenizer_id(t, BYTES[1]), true, &out);
    token_stream_end(&s, &out);
    assert_string_equal(out.bytes, "\xf0\x9f\x99\x82"
                                   "a\xef\xbf\xbd\xef\xbf\xbd");
    text_free(&out);
    tokenizer_free(t);
}

/* What a token stands for: bytes in the byte-level alphabet (falcon: U+0120 a space, U+00E9 the byte 0xE9, with
 * which a character may begin), characters in SentencePiece's, where U+2581 is a space and <0xE6> a byte. */
static void a_token_stands_for_bytes(void **state)
{
    (void)state;
    static const char *const EXPECTED[][3] = {
        {"falcon", "\u0120", " "},         {"falcon", "\u00e9", "\xe9"},
        {"llama-2", "\u00e9", "\xc3\xa9"}, {"llama-2", "\u2581the", " the"},
        {"llama-2", "<0xE6>", "\xe6"},     {"llama-2", "<s>", "<s>"}};
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++) {
        Tokenizer *t = golden(EXPECTED[i][0]);
        Text bytes = {0};
        const int id = tokenizer_id(t, EXPECTED[i][1]);
        assert_true(id >= 0);
        tokenizer_token_bytes(t, id, &bytes);
        assert_string_equal(bytes.bytes, EXPECTED[i][2]);
        text_free(&bytes);
        tokenizer_free(t);
    }
}

static void the_files_of_any_kind_are_saved_as_they_were(void **state)
{
    (void)state;
    static const char CONFIG[] = "{\"eos_token\": \"</s>\",  \"unknown\": [1, 2]}";
    char from[FILE_PATH_MAX], saved[FILE_PATH_MAX];
    snprintf(from, sizeof from, GOLDEN "mistral");
    Tokenizer *t = configured("mistral", CONFIG);
    assert_int_equal(path_join(saved, folder, "saved", &err), 0);
    assert_int_equal(folder_make(saved, &err), 0);
    assert_int_equal(tokenizer_save(t, saved, &err), 0);
    char *json = get(from, "tokenizer.json"), *ours = get(saved, "tokenizer.json");
    char *config = get(saved, "tokenizer_config.json");
    assert_string_equal(ours, json);
    assert_string_equal(config, CONFIG);
    free(json), free(ours), free(config);
    tokenizer_free(t);
}

/* Read, written in one form and read again: the same tokenizer and the same hash. */
static void the_hash_is_of_what_the_file_says(void **state)
{
    (void)state;
    char seen[N_KINDS][SHA256_HEX];
    for (int i = 0; i < N_KINDS; i++) {
        Tokenizer *t = golden(KINDS[i]), *again;
        char vectors[FILE_PATH_MAX];
        Text json = {0};
        tokenizer_put_json(t, &json);
        if (tokenizer_parse(&again, json.bytes, json.n, &err) != 0) fail_msg("%s", err.message);
        assert_string_equal(tokenizer_sha256(t), tokenizer_sha256(again));
        snprintf(vectors, sizeof vectors, GOLDEN "%s/vectors_hf.json", KINDS[i]);
        check_vectors(again, vectors, 150);
        strcpy(seen[i], tokenizer_sha256(t));
        for (int k = 0; k < i; k++) assert_string_not_equal(seen[i], seen[k]);
        text_free(&json);
        tokenizer_free(t);
        tokenizer_free(again);
    }
}

/* shake-gpt2's vocabulary and merges in transformers' older files. */
static void put_older_files(void)
{
    cJSON *root;
    Text merges = {0};
    empty_folder();
    assert_int_equal(json_read(&root, GOLDEN "shake-gpt2/tokenizer.json", 1 << 24, false, &err), 0);
    const cJSON *item, *model = cJSON_GetObjectItem(root, "model");
    char *vocab = cJSON_PrintUnformatted(cJSON_GetObjectItem(model, "vocab"));
    text_add(&merges, "#version: 0.2\n");
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(model, "merges"))
        text_format(&merges, "%s\n", item->valuestring);
    put("vocab.json", vocab);
    put("merges.txt", merges.bytes);
    free(vocab);
    text_free(&merges);
    cJSON_Delete(root);
}

/* As transformers does, <|endoftext|> is added where the vocabulary has it not. */
static void older_files_are_the_same_tokenizer(void **state)
{
    (void)state;
    put_older_files();
    Tokenizer *t = opened(folder);
    check_vectors(t, GOLDEN "shake-gpt2/vectors_hf.json", 353);
    assert_int_equal(tokenizer_eos(t), 1023);
    tokenizer_free(t);
}

/* Qwen 2's class cuts numbers into digits, GPT-2's does not; others are not known. */
static void the_class_says_how_older_files_cut(void **state)
{
    (void)state;
    put_older_files();
    put("tokenizer_config.json",
        "{\"tokenizer_class\": \"Qwen2Tokenizer\", \"eos_token\": \"<|im_end|>\"}");
    Tokenizer *t = opened(folder);
    char *digits = ids_of(t, "12", false, false);
    char *expected = mem_format("%d %d", tokenizer_id(t, "1"), tokenizer_id(t, "2"));
    assert_string_equal(digits, expected);
    assert_int_equal(tokenizer_eos(t), 1023);
    assert_int_equal(tokenizer_id(t, "<|endoftext|>"), 1024);
    free(digits), free(expected);
    tokenizer_free(t);

    t = NULL;
    put("tokenizer_config.json", "{\"tokenizer_class\": \"BertTokenizer\"}");
    assert_int_equal(tokenizer_open(&t, folder, &err), -1);
    assert_non_null(
        strstr(err.message, "a BertTokenizer without a tokenizer.json is not supported"));
    assert_int_equal(folder_remove(folder, &err), 0);
    assert_int_equal(folder_make(folder, &err), 0);
}

/* Quadratic work on a megabyte would not be done within the time-out of this test. */
static void a_megabyte_of_one_character_is_encoded_by_every_kind(void **state)
{
    (void)state;
    static const char LETTERS[] = "a 1\n";
    enum { N = 1 << 20 };
    char *text = mem_calloc(N + 1, 1);
    for (int i = 0; i < N_KINDS; i++) {
        Tokenizer *t = golden(KINDS[i]);
        for (const char *c = LETTERS; *c; c++) {
            int *ids, n;
            memset(text, *c, N);
            assert_int_equal(tokenizer_encode(t, text, N, true, &ids, &n, &err), 0);
            free(ids);
        }
        tokenizer_free(t);
    }
    free(text);
}

/* llama-2's file with `from` replaced by `to` has to be refused for `reason`. */
static void refused(const char *from, const char *to, const char *reason)
{
    char *json = get(GOLDEN "llama-2", "tokenizer.json"), *at = strstr(json, from);
    Text changed = {0};
    Tokenizer *t = NULL;
    if (!at) fail_msg("no %s in the file", from);
    text_append(&changed, json, (size_t)(at - json));
    text_add(&changed, to);
    text_add(&changed, at + strlen(from));
    assert_int_equal(tokenizer_parse(&t, changed.bytes, changed.n, &err), -1);
    assert_null(t);
    if (!strstr(err.message, reason)) fail_msg("expected \"%s\", got \"%s\"", reason, err.message);
    text_free(&changed);
    free(json);
}

static void parts_that_are_wrong_are_named(void **state)
{
    (void)state;
#define PRE "\"pre_tokenizer\":null"
    refused("\"prepend\":\"\xe2\x96\x81\"", "\"prepend\":7",
            "normalizer: Prepend: prepend is not a text");
    refused("\"pattern\":{\"String\":\" \"}", "\"pattern\":{}",
            "normalizer: Replace: pattern is not");
    refused("\"pattern\":{\"String\":\" \"}", "\"pattern\":{\"Regex\":\"(\"}",
            "normalizer: Replace: the pattern");
    refused("\"pattern\":{\"String\":\" \"}", "\"pattern\":{\"String\":\"\"}",
            "is not a text to look for");
    refused("\"normalizers\":[", "\"normalizers\":[3,",
            "normalizer: Sequence: normalizers is not a list of objects");
    refused(PRE, "\"pre_tokenizer\":7", "pre_tokenizer is not an object");
    refused(PRE, "\"pre_tokenizer\":{}", "pre_tokenizer: no type");
    refused(PRE, "\"pre_tokenizer\":{\"type\":\"Digits\"}",
            "Digits: individual_digits is not true or false");
    refused(PRE, "\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"ab\"}",
            "replacement is not one character");
    refused(PRE,
            "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"a\"},\"behavior\":"
            "\"Odd\",\"invert\":false}",
            "Split: behavior \"Odd\" is not supported");
    refused(PRE, "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":\"no\"}",
            "ByteLevel: add_prefix_space is not true or false");
    refused("\"ids\":[1]", "\"ids\":[693]",
            "post_processor: special_tokens: \"<s>\": an id that is not in 0..692");
    refused("\"ids\":[1]", "\"ids\":1", "special_tokens has no ids for \"<s>\"");
    refused("{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}",
            "{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}",
            "a template other than tokens around one Sequence A");
    refused("\"start\":1", "\"start\":-1", "decoder: Strip: start is not a whole number");
    refused("\"type\":\"ByteFallback\"", "\"type\":\"WordPiece\"",
            "decoder: WordPiece is not supported");
    refused("{\"id\":1,\"content\":\"<s>\"",
            "{\"id\":0,\"content\":\"<unk>\"},{\"id\":1,\"content\":\"<s>\"",
            "added_tokens: \"<unk>\" is there twice");
#undef PRE
}

/* Each step could make a text ten times as long, and 16 of them 10^16 times. */
static void steps_that_could_fill_the_memory_are_refused(void **state)
{
    (void)state;
    Text steps = {0};
    text_add(&steps, "\"normalizers\":[");
    for (int i = 0; i < 14; i++)
        text_add(
            &steps,
            "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"aaaaaaaaaa\"},");
    refused("\"normalizers\":[", steps.bytes, "more than 256 times as long");
    text_clear(&steps);
    text_add(&steps, "\"normalizers\":[");
    for (int i = 0; i < 20; i++) text_add(&steps, "{\"type\":\"NFC\"},");
    refused("\"normalizers\":[", steps.bytes, "more than 16 steps");
    text_free(&steps);
}

/* n times `item` in front of the sequence of llama-2's template, whose token has one id. */
static void tokens_in_front(Text *out, const char *item, int n)
{
    text_clear(out);
    text_add(out, "\"single\":[");
    for (int i = 0; i < n; i++) text_format(out, "%s,", item);
}

/* The file's own token is one more than those put before it. */
static void at_most_64_ids_stand_on_a_side(void **state)
{
    (void)state;
    static const char TOKEN[] = "{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}}";
    Text text = {0};
    tokens_in_front(&text, TOKEN, 64);
    refused("\"single\":[", text.bytes,
            "post_processor: special_tokens: \"<s>\": more than 64 ids");

    char *json = get(GOLDEN "llama-2", "tokenizer.json"), *at = strstr(json, "\"single\":[");
    Text changed = {0};
    Tokenizer *t = NULL;
    int *ids, n;
    tokens_in_front(&text, TOKEN, 63);
    text_append(&changed, json, (size_t)(at - json));
    text_add(&changed, text.bytes);
    text_add(&changed, at + strlen("\"single\":["));
    if (tokenizer_parse(&t, changed.bytes, changed.n, &err) != 0) fail_msg("%s", err.message);
    assert_int_equal(tokenizer_encode_prompt(t, "", 0, true, &ids, &n, &err), 0);
    assert_int_equal(n, 64);
    free(ids);
    tokenizer_free(t);
    text_free(&changed);
    free(json);

    text_clear(&text);
    text_add(&text, "\"ids\":[");
    for (int i = 0; i < 64; i++) text_add(&text, "1,");
    text_add(&text, "1]");
    refused("\"ids\":[1]", text.bytes, "more than 64 ids");
    refused("\"ids\":[1]", "\"ids\":[]", "special_tokens has no ids for \"<s>\"");
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_agrees_with_the_engine),
        cmocka_unit_test(every_kind_agrees_again_with_what_it_remembers),
        cmocka_unit_test(tokenizers_in_the_style_of_models_agree),
        cmocka_unit_test(pythia_agrees),
        cmocka_unit_test(a_prompt_begins_with_one_beginning_token),
        cmocka_unit_test(a_prompt_without_a_beginning_token_is_its_ids),
        cmocka_unit_test(add_bos_token_decides_what_is_in_front),
        cmocka_unit_test(the_stop_token_is_a_text_or_an_object),
        cmocka_unit_test(wrong_configurations_are_refused),
        cmocka_unit_test(special_tokens_are_text_unless_asked_for),
        cmocka_unit_test(bytes_are_held_back_until_their_run_ends),
        cmocka_unit_test(a_token_stands_for_bytes),
        cmocka_unit_test(the_files_of_any_kind_are_saved_as_they_were),
        cmocka_unit_test(the_hash_is_of_what_the_file_says),
        cmocka_unit_test(older_files_are_the_same_tokenizer),
        cmocka_unit_test(the_class_says_how_older_files_cut),
        cmocka_unit_test(a_megabyte_of_one_character_is_encoded_by_every_kind),
        cmocka_unit_test(parts_that_are_wrong_are_named),
        cmocka_unit_test(steps_that_could_fill_the_memory_are_refused),
        cmocka_unit_test(at_most_64_ids_stand_on_a_side),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
