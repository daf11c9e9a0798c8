/* Words to ids: fallback, the unknown token, and what is remembered.  By hand, after the rules of Hugging
 * Face's BPE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/word_encoder.h"

static Error err;

static Vocabulary *vocabulary(const char *const *token, int n)
{
    Vocabulary *v;
    char **copy = mem_calloc((size_t)n, sizeof *copy);
    for (int i = 0; i < n; i++) copy[i] = mem_strdup(token[i]);
    assert_int_equal(vocabulary_new(&v, copy, n, &err), 0);
    return v;
}

/* The ids of the word, as text. */
static void encodes(WordEncoder *w, const char *word, const char *expected)
{
    IdList ids = {0};
    Text got = {0};
    if (word_encoder_encode(w, &ids, word, strlen(word), &err) != 0) fail_msg("%s", err.message);
    for (size_t i = 0; i < ids.n; i++) text_format(&got, "%s%d", i ? " " : "", ids.ids[i]);
    assert_string_equal(got.bytes, expected);
    text_free(&got);
    free(ids.ids);
}

/* a 0, b 1, ab 2, unknown 3, the bytes of U+00E9 4 and 5. */
static const char *const SMALL[] = {"a", "b", "ab", "<unk>", "<0xC3>", "<0xA9>"};
static const Merge AB = {0, 1, 2};

static void characters_fall_back_to_bytes(void **state)
{
    (void)state;
    Vocabulary *v = vocabulary(SMALL, 6);
    WordEncoder *w = word_encoder_new(v, &AB, 1, &(WordOptions){.byte_fallback = true, .unk = 3});
    encodes(w, "ab\xc3\xa9", "2 4 5");
    encodes(w,
            "\xc3\xa8"
            "a",
            "3 0"); /* 0xA8 has no token */
    word_encoder_free(w);
    vocabulary_free(v);
}

static void unknown_characters_fuse_when_asked(void **state)
{
    (void)state;
    Vocabulary *v = vocabulary(SMALL, 6);
    WordEncoder *w = word_encoder_new(v, &AB, 1, &(WordOptions){.fuse_unk = true, .unk = 3});
    encodes(w, "xyab z", "3 2 3");
    word_encoder_free(w);
    w = word_encoder_new(v, &AB, 1, &(WordOptions){.unk = 3});
    encodes(w, "xyab z", "3 3 2 3 3");
    word_encoder_free(w);
    vocabulary_free(v);
}

static void without_an_unknown_token_the_character_is_named(void **state)
{
    (void)state;
    Vocabulary *v = vocabulary(SMALL, 6);
    IdList ids = {0};
    WordEncoder *w = word_encoder_new(v, &AB, 1, &(WordOptions){.unk = -1});
    assert_int_equal(word_encoder_encode(w, &ids, "a\xc3\xa9", 3, &err), -1);
    assert_non_null(strstr(err.message, "U+00E9 has no token"));
    free(ids.ids);
    word_encoder_free(w);
    vocabulary_free(v);
}

static void whole_words_come_before_merges_when_asked(void **state)
{
    (void)state;
    const char *const tokens[] = {"a", "b", "ab", "aba"};
    Vocabulary *v = vocabulary(tokens, 4);
    WordEncoder *w = word_encoder_new(v, &AB, 1, &(WordOptions){.ignore_merges = true, .unk = -1});
    encodes(w, "aba", "3");
    encodes(w, "abaa", "2 0 0");
    word_encoder_free(w);
    w = word_encoder_new(v, &AB, 1, &(WordOptions){.unk = -1});
    encodes(w, "aba", "2 0");
    word_encoder_free(w);
    vocabulary_free(v);
}

/* With s for U+2581: where s-a is the only merge, a long text is encoded word by word; with a-s, which reaches
 * over the place before a sign, it must not be.  saasaa... becomes s a as a as a ... a. */
static void words_that_merge_over_a_sign_are_not_cut(void **state)
{
    (void)state;
    const char *const tokens[] = {"\u2581", "a", "\u2581a", "a\u2581"};
    const Merge joins = {0, 1, 2}, over = {1, 0, 3};
    Vocabulary *v = vocabulary(tokens, 4);
    Text text = {0}, cut = {0}, uncut = {0};
    for (int i = 0; i < 50; i++) {
        text_add(&text, "\u2581aa");
        text_add(&cut, i ? " 2 1" : "2 1");
        text_add(&uncut, i ? " 3 1" : "0 1");
    }
    text_add(&uncut, " 1"); /* the last a has no sign behind it */
    WordEncoder *w = word_encoder_new(v, &joins, 1, &(WordOptions){.unk = -1});
    encodes(w, text.bytes, cut.bytes);
    word_encoder_free(w);
    w = word_encoder_new(v, &over, 1, &(WordOptions){.unk = -1});
    encodes(w, text.bytes, uncut.bytes);
    word_encoder_free(w);
    text_free(&text), text_free(&cut), text_free(&uncut);
    vocabulary_free(v);
}

static void more_words_than_the_memory_holds_encode_right(void **state)
{
    (void)state;
    const char *const tokens[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "01"};
    const Merge merge = {0, 1, 10};
    Vocabulary *v = vocabulary(tokens, 11);
    WordEncoder *w = word_encoder_new(v, &merge, 1, &(WordOptions){.unk = -1});
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 40000; i++) {
            char word[16];
            IdList list = {0};
            const int n = snprintf(word, sizeof word, "%d01", i);
            assert_int_equal(word_encoder_encode(w, &list, word, (size_t)n, &err), 0);
            assert_int_equal(list.ids[list.n - 1], 10);
            assert_int_equal(list.ids[0], word[0] - '0');
            free(list.ids);
        }
    word_encoder_free(w);
    vocabulary_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_fall_back_to_bytes),
        cmocka_unit_test(unknown_characters_fuse_when_asked),
        cmocka_unit_test(without_an_unknown_token_the_character_is_named),
        cmocka_unit_test(whole_words_come_before_merges_when_asked),
        cmocka_unit_test(words_that_merge_over_a_sign_are_not_cut),
        cmocka_unit_test(more_words_than_the_memory_holds_encode_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
