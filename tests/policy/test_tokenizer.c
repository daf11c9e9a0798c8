/* Expected ids are those of Hugging Face's engine (npm package tokenizers 0.23.2), see the
 * vectors' own "engine" member; training is checked by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "policy/tokenizer.h"
#include "tests/vectors.h"

#define SHAKE RLHF_SOURCE_DIR "/tests/golden/tokenizers/shake-gpt2"

static const char END[] = "<|endoftext|>";
static char folder[] = "/tmp/rlhf-tokenizer-XXXXXX";
static Tokenizer *shake;
static Error err;

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    if (tokenizer_open(&shake, SHAKE, &err) == 0) return 0;
    fprintf(stderr, "%s\n", err.message);
    return -1;
}

static int tear_down(void **state)
{
    (void)state;
    tokenizer_free(shake);
    return folder_remove(folder, &err);
}

static void all_published_vectors_agree(void **state)
{
    (void)state;
    check_vectors(shake, SHAKE "/vectors_hf.json", 353);
}

static void gpt2_vectors_agree(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX], vectors[FILE_PATH_MAX];
    if (!shared(path, "tokenizers/gpt2")) skip();
    Tokenizer *t;
    assert_int_equal(tokenizer_open(&t, path, &err), 0);
    assert_int_equal(tokenizer_size(t), 50257);
    assert_int_equal(tokenizer_eos(t), 50256);
    assert_true(shared(vectors, "tokenizers/gpt2/vectors_hf.json"));
    check_vectors(t, vectors, 353);
    assert_true(shared(vectors, "tokenizers/gpt2/vectors_llamacpp.json"));
    check_vectors(t, vectors, 46);
    tokenizer_free(t);
}

/* nanoGPT publishes 301,966 and 36,059 tokens for the two parts of this text. */
static void a_whole_book_has_the_published_ids(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX], book[FILE_PATH_MAX], *text;
    size_t n;
    if (!shared(path, "tokenizers/gpt2") || !shared(book, "corpora/tinyshakespeare.txt")) skip();
    Tokenizer *t;
    int *ids, n_ids;
    assert_int_equal(tokenizer_open(&t, path, &err), 0);
    assert_int_equal(file_read(&text, &n, book, 1 << 24, &err), 0);
    const size_t split = n / 10 * 9 + n % 10 * 9 / 10;
    assert_int_equal(tokenizer_encode(t, text, split, true, &ids, &n_ids, &err), 0);
    assert_int_equal(n_ids, 301966);
    free(ids);
    assert_int_equal(tokenizer_encode(t, text + split, n - split, true, &ids, &n_ids, &err), 0);
    assert_int_equal(n_ids, 36059);
    free(ids);
    free(text);
    tokenizer_free(t);
}

/* bulk.json: how many ids each text has, and the CRC-32 of the ids as little-endian int32. */
static void assert_bulk(const Tokenizer *t, const char *text, const cJSON *n_expected)
{
    int *ids, n;
    assert_int_equal(tokenizer_encode(t, text, strlen(text), true, &ids, &n, &err), 0);
    assert_int_equal(n, n_expected->valueint);
    const unsigned long crc =
        crc32(0, (const unsigned char *)ids, (unsigned)((size_t)n * sizeof *ids));
    if (crc != (unsigned long)n_expected->next->valuedouble)
        fail_msg("other ids for \"%.200s\"", text);
    free(ids);
}

static void check_rows(const Tokenizer *t, const cJSON *rows, const cJSON *bulk)
{
    const cJSON *row, *expected = bulk->child;
    cJSON_ArrayForEach(row, rows)
    {
        const cJSON *chosen = cJSON_GetObjectItem(row, "chosen"),
                    *rejected = cJSON_GetObjectItem(row, "rejected");
        assert_non_null(expected);
        assert_bulk(t, json_text(chosen, "value", chosen->valuestring), expected->child);
        assert_bulk(t, json_text(rejected, "value", rejected->valuestring),
                    expected->child->next->next);
        expected = expected->next;
    }
    assert_null(expected);
}

/* Lines of JSON as one list. */
static cJSON *read_lines(const char *path)
{
    char *text;
    size_t n;
    cJSON *list = cJSON_CreateArray(), *row;
    assert_int_equal(file_read(&text, &n, path, 1 << 24, &err), 0);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (json_parse(&row, line, strlen(line), &err) != 0) fail_msg("%s", err.message);
        cJSON_AddItemToArray(list, row);
    }
    free(text);
    return list;
}

static void whole_texts_have_the_engines_ids(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX];
    cJSON *bulk, *rows;
    if (!shared(path, "tokenizers/gpt2")) skip();
    Tokenizer *t;
    assert_int_equal(tokenizer_open(&t, path, &err), 0);
    assert_true(shared(path, "tokenizers/gpt2/bulk.json"));
    assert_int_equal(json_read(&bulk, path, 1 << 24, false, &err), 0);
    const cJSON *files = cJSON_GetObjectItem(bulk, "files"), *file;
    int n = 0;
    cJSON_ArrayForEach(file, files)
    {
        char name[256];
        const bool lines = strstr(file->string, ".jsonl") != NULL;
        snprintf(name, sizeof name, "%s/%s", strstr(file->string, ".txt") ? "corpora" : "prefs",
                 file->string);
        if (!shared(path, name)) continue;
        if (strstr(file->string, ".txt")) {
            char *text;
            size_t length;
            assert_int_equal(file_read(&text, &length, path, 1 << 24, &err), 0);
            assert_bulk(t, text, cJSON_GetObjectItem(file, "whole")->child);
            free(text);
        } else {
            if (lines) rows = read_lines(path);
            else assert_int_equal(json_read(&rows, path, 1 << 24, false, &err), 0);
            check_rows(t, rows, cJSON_GetObjectItem(file, "rows"));
            cJSON_Delete(rows);
        }
        n++;
    }
    assert_int_equal(n, 4);
    cJSON_Delete(bulk);
    tokenizer_free(t);
}

static void special_tokens_in_text_are_text_unless_asked_for(void **state)
{
    (void)state;
    int *ids, n;
    assert_int_equal(tokenizer_encode(shake, END, strlen(END), true, &ids, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(ids[0], tokenizer_eos(shake));
    assert_true(tokenizer_is_special(shake, ids[0]));
    free(ids);
    assert_int_equal(tokenizer_encode(shake, END, strlen(END), false, &ids, &n, &err), 0);
    assert_true(n > 1);
    for (int i = 0; i < n; i++) assert_false(tokenizer_is_special(shake, ids[i]));
    assert_decodes(shake, ids, n, true, END, strlen(END));
    free(ids);
}

static void invalid_utf8_names_the_byte(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *reason;
    } BAD[] = {
        {"abc\xff", "byte 3 of the text (0xff)"}, {"\xc0\xaf", "byte 0 of the text (0xc0)"},
        {"a\xed\xa0\x80", "byte 1 of the text"},  {"\xf4\x90\x80\x80", "byte 0 of the text"},
        {"ok \xe2\x82", "byte 3 of the text"},    {"\x80", "byte 0 of the text (0x80)"},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        int *ids = NULL, n;
        assert_int_equal(
            tokenizer_encode(shake, BAD[i].text, strlen(BAD[i].text), true, &ids, &n, &err), -1);
        assert_null(ids);
        if (!strstr(err.message, BAD[i].reason)) fail_msg("%s", err.message);
    }
}

static void nul_is_a_byte_like_any_other(void **state)
{
    (void)state;
    int *ids, n;
    size_t length;
    assert_int_equal(tokenizer_encode(shake, "a\0b", 3, true, &ids, &n, &err), 0);
    assert_int_equal(n, 3);
    char *text = tokenizer_decode(shake, ids, n, true, &length);
    assert_int_equal(length, 3);
    assert_memory_equal(text, "a\0b", 4);
    free(text);
    free(ids);
}

static void ids_outside_the_vocabulary_decode_to_nothing(void **state)
{
    (void)state;
    const int a = tokenizer_id(shake, "a"), ids[] = {-1, a, tokenizer_size(shake), 1 << 30, a};
    assert_decodes(shake, ids, 5, false, "aa", 2);
    assert_null(tokenizer_token(shake, -1));
    assert_null(tokenizer_token(shake, tokenizer_size(shake)));
    assert_int_equal(tokenizer_id(shake, "no such token"), -1);
}

/* U+1F642 is f0 9f 99 82: nothing may appear before its last byte. */
static void streaming_holds_back_a_split_character(void **state)
{
    (void)state;
    static const char *const BYTES[] = {"\xc3\xb0", "\xc5\x81", "\xc4\xbb", "\xc4\xa4"};
    TokenStream s = {0};
    Text out = {0};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(out.n, 0);
        const int id = tokenizer_id(shake, BYTES[i]);
        assert_true(id >= 0);
        token_stream_push(&s, shake, id, true, &out);
    }
    assert_string_equal(out.bytes, "\xf0\x9f\x99\x82");
    token_stream_push(&s, shake, tokenizer_id(shake, BYTES[0]), true, &out);
    assert_int_equal(out.n, 4);
    token_stream_end(&s, &out); /* cut off */
    assert_string_equal(out.bytes, "\xf0\x9f\x99\x82\xef\xbf\xbd");
    text_free(&out);
}

/* Quadratic work on a megabyte would not be done within the time-out of this test. */
static void a_megabyte_of_one_character_is_encoded(void **state)
{
    (void)state;
    static const char LETTERS[] = "a 1.\n";
    enum { N = 1 << 20 };
    char *text = mem_calloc(N + 1, 1);
    for (const char *c = LETTERS; *c; c++) {
        int *ids, n;
        memset(text, *c, N);
        assert_int_equal(tokenizer_encode(shake, text, N, true, &ids, &n, &err), 0);
        assert_decodes(shake, ids, n, true, text, N);
        free(ids);
    }
    free(text);
}

/* Gage's example: aaabdaaabac.  (a,a) is there 4 times; then aa-a and a-b twice each, and a-b
 * has the lower ids; then aa-ab twice; then nothing twice.  `a` is the 65th byte in GPT-2's
 * order. */
static void training_matches_hand_computation(void **state)
{
    (void)state;
    const char *text = "aaabdaaabac", *special = END;
    Tokenizer *t;
    int *ids, n;
    assert_int_equal(tokenizer_train(&t, &text, 1, 1000, &special, 1, &err), 0);
    assert_int_equal(tokenizer_size(t), 1 + 256 + 3);
    assert_string_equal(tokenizer_token(t, 0), END);
    assert_string_equal(tokenizer_token(t, 65), "a");
    assert_string_equal(tokenizer_token(t, 257), "aa");
    assert_string_equal(tokenizer_token(t, 258), "ab");
    assert_string_equal(tokenizer_token(t, 259), "aaab");
    assert_int_equal(tokenizer_eos(t), 0);
    assert_int_equal(tokenizer_encode(t, text, strlen(text), true, &ids, &n, &err), 0);
    const int expected[] = {259, 68, 259, 65, 67};
    assert_int_equal(n, 5);
    assert_memory_equal(ids, expected, sizeof expected);
    free(ids);
    tokenizer_free(t);
}

static void training_learns_nothing_across_special_tokens(void **state)
{
    (void)state;
    const char *text = "x<|endoftext|>y<|endoftext|>x<|endoftext|>y", *special = END;
    Tokenizer *t;
    assert_int_equal(tokenizer_train(&t, &text, 1, 1000, &special, 1, &err), 0);
    assert_int_equal(tokenizer_size(t), 257);
    tokenizer_free(t);
}

static void wrong_training_is_refused(void **state)
{
    (void)state;
    const char *text = "abc", *bad = "ab\xff", *special[] = {END, END, "a", ""};
    Tokenizer *t = NULL;
    assert_int_equal(tokenizer_train(&t, &text, 1, 256, special, 1, &err), -1);
    assert_non_null(strstr(err.message, "vocab_size 256 is too small"));
    assert_int_equal(tokenizer_train(&t, &text, 1, 300, special, 2, &err), -1);
    assert_non_null(strstr(err.message, "both \"<|endoftext|>\""));
    assert_int_equal(tokenizer_train(&t, &text, 1, 300, special + 2, 1, &err), -1);
    assert_int_equal(tokenizer_train(&t, &text, 1, 300, special + 3, 1, &err), -1);
    assert_int_equal(tokenizer_train(&t, &bad, 1, 300, special, 1, &err), -1);
    assert_non_null(strstr(err.message, "text 0: byte 2 (0xff) is not UTF-8"));
    assert_null(t);
}

static void a_saved_tokenizer_opens_as_the_same(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "the cat sat on the mat, the cat's hat",
        "\xc3\xa9t\xc3\xa9 \xc3\xa9t\xc3\xa9 \xf0\x9f\x99\x82\xf0\x9f\x99\x82\n\n\tx = 10;"};
    static const char *const SPECIAL[] = {END, "<|user|>", "<|\"quoted\"\\|>"};
    Tokenizer *made, *read;
    assert_int_equal(tokenizer_train(&made, TEXTS, 2, 300, SPECIAL, 3, &err), 0);
    assert_int_equal(tokenizer_save(made, folder, &err), 0);
    if (tokenizer_open(&read, folder, &err) != 0) fail_msg("%s", err.message);
    assert_string_equal(tokenizer_sha256(made), tokenizer_sha256(read));
    assert_string_not_equal(tokenizer_sha256(made), tokenizer_sha256(shake));
    assert_int_equal(tokenizer_eos(read), tokenizer_eos(made));
    assert_int_equal(tokenizer_size(read), tokenizer_size(made));
    for (int i = 0; i < tokenizer_size(made); i++) {
        assert_string_equal(tokenizer_token(read, i), tokenizer_token(made, i));
        assert_int_equal(tokenizer_is_special(read, i), tokenizer_is_special(made, i));
    }
    for (int i = 0; i < 2; i++) {
        int *a, *b, n, m;
        assert_int_equal(tokenizer_encode(made, TEXTS[i], strlen(TEXTS[i]), true, &a, &n, &err), 0);
        assert_int_equal(tokenizer_encode(read, TEXTS[i], strlen(TEXTS[i]), true, &b, &m, &err), 0);
        assert_int_equal(n, m);
        assert_memory_equal(a, b, (size_t)n * sizeof *a);
        assert_decodes(read, b, m, true, TEXTS[i], strlen(TEXTS[i]));
        free(a);
        free(b);
    }
    tokenizer_free(made);
    tokenizer_free(read);
}

static void an_opened_tokenizer_survives_saving(void **state)
{
    (void)state;
    Tokenizer *again;
    assert_int_equal(tokenizer_save(shake, folder, &err), 0);
    assert_int_equal(tokenizer_open(&again, folder, &err), 0);
    assert_string_equal(tokenizer_sha256(shake), tokenizer_sha256(again));
    check_vectors(again, SHAKE "/vectors_hf.json", 353);
    tokenizer_free(again);
}

/* shake-gpt2's file with `from` replaced by `to` has to be refused for `reason`. */
static void refused(const char *from, const char *to, const char *reason)
{
    char path[FILE_PATH_MAX], *json;
    size_t n;
    Text changed = {0};
    Tokenizer *t = NULL;
    assert_int_equal(file_read(&json, &n, SHAKE "/tokenizer.json", 1 << 20, &err), 0);
    char *at = strstr(json, from);
    if (!at) fail_msg("no %s in the file", from);
    text_append(&changed, json, (size_t)(at - json));
    text_add(&changed, to);
    text_add(&changed, at + strlen(from));
    assert_int_equal(path_join(path, folder, "tokenizer.json", &err), 0);
    assert_int_equal(file_write(path, changed.bytes, changed.n, &err), 0);
    assert_int_equal(tokenizer_open(&t, folder, &err), -1);
    assert_null(t);
    if (!strstr(err.message, reason) || strncmp(err.message, path, strlen(path)) != 0)
        fail_msg("expected \"%s: ... %s\", got \"%s\"", path, reason, err.message);
    text_free(&changed);
    free(json);
}

static void other_families_are_refused_by_name(void **state)
{
    (void)state;
    refused("\"pre_tokenizer\": {\n    \"type\": \"ByteLevel\"",
            "\"pre_tokenizer\": {\n    \"type\": \"Whitespace\"",
            "pre_tokenizer: Whitespace is not supported");
    refused("\"normalizer\": null", "\"normalizer\": {\"type\": \"BertNormalizer\"}",
            "normalizer: BertNormalizer is not supported");
    refused("\"type\": \"BPE\"", "\"type\": \"Unigram\"", "model: Unigram is not supported");
    refused("\"end_of_word_suffix\": \"\"", "\"end_of_word_suffix\": \"</w>\"",
            "model.end_of_word_suffix");
    refused("\"dropout\": null", "\"dropout\": 0.1", "model.dropout is not supported");
    refused("\"decoder\": {\n    \"type\": \"ByteLevel\"", "\"decoder\": {\n    \"type\": \"CTC\"",
            "decoder: CTC is not supported");
    refused("\"post_processor\": {\n    \"type\": \"ByteLevel\"",
            "\"post_processor\": {\n    \"type\": \"Odd\"", "post_processor: Odd is not supported");
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    refused("\"!\": 0", "\"!\": 1", "both have id 1");
    refused("\"!\": 0", "\"!\": 5000", "not in 0..1023");
    refused("\"!\": 0", "\"!\": 0.5", "not in 0..1023");
    refused("\"!\": 0", "\"!\": -1", "not in 0..1023");
    refused("\"!\": 0", "\"!!\": 0", "0x21 has no token \"!\"");
    refused("\"added_tokens\": [", "\"added_tokens\": [7, ", "needs a content and an id");
    refused("\"lstrip\": false", "\"lstrip\": 1", "lstrip is not true or false");
    refused("\"byte_fallback\": false", "\"byte_fallback\": 1",
            "byte_fallback is not true or false");
    refused("\"unk_token\": null", "\"unk_token\": []", "model.unk_token is not a text");
    refused("\"id\": 1023", "\"id\": 7", "added_tokens: \"<|endoftext|>\" has id 7, which is");
    refused("\"\xc4\xa0 t\"", "\"\xc4\xa0t\"", "model.merges[0]: not a pair");
    refused("\"\xc4\xa0 t\"", "[\"\xc4\xa0\"]", "model.merges[0]: not a pair");
    refused("\"\xc4\xa0 t\"", "\"\xc4\xa0 qq\"",
            "model.merges[0]: \"qq\" is not in the vocabulary");
    refused("\"h e\"", "\"\xc4\xa0 t\"", "model.merges[1]: the same as model.merges[0]");
    refused("\"merges\": [", "\"merges\": 7, \"x\": [", "merges is missing");
    refused("\"vocab\": {", "\"vocab\": 7, \"x\": {", "vocab is missing");
    refused("\"version\": \"1.0\",", "\"version\"", "tokenizer.json");
}

static void merges_may_be_pairs(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX], *json;
    size_t n;
    Tokenizer *t;
    assert_int_equal(file_read(&json, &n, SHAKE "/tokenizer.json", 1 << 20, &err), 0);
    char *at = strstr(json, "\"h e\"");
    assert_non_null(at);
    Text changed = {0};
    text_append(&changed, json, (size_t)(at - json));
    text_add(&changed, "[\"h\", \"e\"]");
    text_add(&changed, at + 5);
    assert_int_equal(path_join(path, folder, "tokenizer.json", &err), 0);
    assert_int_equal(file_write(path, changed.bytes, changed.n, &err), 0);
    if (tokenizer_open(&t, folder, &err) != 0) fail_msg("%s", err.message);
    assert_string_equal(tokenizer_sha256(t), tokenizer_sha256(shake));
    tokenizer_free(t);
    text_free(&changed);
    free(json);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    Tokenizer *t = NULL;
    assert_int_equal(tokenizer_open(&t, "/nowhere", &err), -1);
    assert_string_equal(err.message, "/nowhere: there is no tokenizer.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_published_vectors_agree),
        cmocka_unit_test(gpt2_vectors_agree),
        cmocka_unit_test(a_whole_book_has_the_published_ids),
        cmocka_unit_test(whole_texts_have_the_engines_ids),
        cmocka_unit_test(special_tokens_in_text_are_text_unless_asked_for),
        cmocka_unit_test(invalid_utf8_names_the_byte),
        cmocka_unit_test(nul_is_a_byte_like_any_other),
        cmocka_unit_test(ids_outside_the_vocabulary_decode_to_nothing),
        cmocka_unit_test(streaming_holds_back_a_split_character),
        cmocka_unit_test(a_megabyte_of_one_character_is_encoded),
        cmocka_unit_test(training_matches_hand_computation),
        cmocka_unit_test(training_learns_nothing_across_special_tokens),
        cmocka_unit_test(wrong_training_is_refused),
        cmocka_unit_test(a_saved_tokenizer_opens_as_the_same),
        cmocka_unit_test(an_opened_tokenizer_survives_saving),
        cmocka_unit_test(other_families_are_refused_by_name),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(merges_may_be_pairs),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
