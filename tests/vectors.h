/* Vectors of Hugging Face's engine (vectors_hf.json): texts with their ids, ids with their texts.  Include
 * after cmocka.h. */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "policy/tokenizer_parts.h"

/* data/NAME of the folder of shared test data, which need not be there. */
static inline bool shared(char *path, const char *name)
{
    const char *root = getenv("RLHF_SHARED");
    snprintf(path, FILE_PATH_MAX, "%s/data/%s", root ? root : RLHF_SOURCE_DIR "/../shared", name);
    if (file_exists(path) || file_is_folder(path)) return true;
    print_message("skipped: there is no %s\n", path);
    return false;
}

static inline void assert_ids(const int *ids, int n, const cJSON *expected, const char *text)
{
    bool same = n == cJSON_GetArraySize(expected);
    const cJSON *item = expected->child;
    for (int i = 0; i < n && same; i++, item = item->next) same = ids[i] == item->valueint;
    if (!same) fail_msg("other ids for \"%s\"", text);
}

static inline void assert_decodes(const Tokenizer *t, const int *ids, int n, bool skip,
                                  const char *expected, size_t n_expected)
{
    size_t length;
    char *text = tokenizer_decode(t, ids, n, skip, &length);
    if (length != n_expected || memcmp(text, expected, length) != 0)
        fail_msg("decoded \"%s\", expected \"%s\"", text, expected);
    free(text);

    TokenStream stream = {0};
    Text pieces = {0};
    for (int i = 0; i < n; i++) token_stream_push(&stream, t, ids[i], skip, &pieces);
    token_stream_end(&stream, &pieces);
    assert_int_equal(pieces.n, n_expected);
    if (n_expected > 0) assert_memory_equal(pieces.bytes, expected, n_expected);
    text_free(&pieces);
}

/* json_parse refuses \u0000; the vectors have it, so it stands as U+FDD0 while they are parsed. */
static inline void hide_nul(char *json)
{
    for (char *at = json; (at = strstr(at, "\\u0000")); at += 6) memcpy(at, "\\ufdd0", 6);
}

static inline char *show_nul(const char *text, size_t *n)
{
    char *copy = mem_strdup(text);
    *n = 0;
    for (const char *at = text; *at; at++) {
        const bool hidden = strncmp(at, "\xef\xb7\x90", 3) == 0;
        copy[(*n)++] = (char)(hidden ? 0 : *at);
        if (hidden) at += 2;
    }
    copy[*n] = 0;
    return copy;
}

static inline void check_decoding(const Tokenizer *t, const int *ids, int n, bool skip,
                                  const char *hidden)
{
    size_t length;
    char *expected = show_nul(hidden, &length);
    assert_decodes(t, ids, n, skip, expected, length);
    free(expected);
}

/* The ids with those that the post-processor puts around them, where they are given. */
static inline void check_around(const Tokenizer *t, const int *ids, int n, const cJSON *expected,
                                const char *text)
{
    const IdList *front = &t->around.front, *back = &t->around.back;
    IdList whole = {0};
    if (!expected) {
        assert_true(front->n + back->n == 0);
        return;
    }
    for (size_t i = 0; i < front->n; i++) id_list_add(&whole, front->ids[i]);
    for (int i = 0; i < n; i++) id_list_add(&whole, ids[i]);
    for (size_t i = 0; i < back->n; i++) id_list_add(&whole, back->ids[i]);
    assert_ids(whole.ids, (int)whole.n, expected, text);
    free(whole.ids);
}

static inline void check_case(const Tokenizer *t, const cJSON *vector)
{
    Error err;
    const char *hidden = json_text(vector, "text", NULL);
    const cJSON *expected = cJSON_GetObjectItem(vector, "ids");
    int *ids, n = cJSON_GetArraySize(expected);
    if (hidden) {
        size_t length;
        char *text = show_nul(hidden, &length);
        assert_int_equal(tokenizer_encode(t, text, length, true, &ids, &n, &err), 0);
        assert_ids(ids, n, expected, text);
        check_around(t, ids, n, cJSON_GetObjectItem(vector, "ids_with_special"), text);
        free(text);
    } else { /* only to decode */
        ids = mem_calloc((size_t)n, sizeof *ids);
        for (int i = 0; i < n; i++) ids[i] = cJSON_GetArrayItem(expected, i)->valueint;
    }
    const char *decoded = json_text(vector, "decoded", hidden);
    const char *plain = json_text(vector, "decoded_skip_special", decoded);
    if (decoded) check_decoding(t, ids, n, false, decoded);
    if (plain) check_decoding(t, ids, n, true, plain);
    free(ids);
}

static inline void check_vectors(const Tokenizer *t, const char *path, int least)
{
    Error err;
    cJSON *root = NULL;
    char *json;
    size_t n_json;
    int n = 0;
    assert_int_equal(file_read(&json, &n_json, path, 1 << 24, &err), 0);
    hide_nul(json);
    if (json_parse(&root, json, n_json, &err) != 0) fail_msg("%s", err.message);
    const cJSON *vector, *cases = cJSON_GetObjectItem(root, "cases");
    const cJSON *decode_cases = cJSON_GetObjectItem(root, "decode_cases");
    cJSON_ArrayForEach(vector, cases) check_case(t, vector), n++;
    cJSON_ArrayForEach(vector, decode_cases) check_case(t, vector), n++;
    assert_true(n >= least);
    cJSON_Delete(root);
    free(json);
}

#endif
