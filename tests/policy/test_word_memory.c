/* What short texts became: kept, told apart, forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/word_memory.h"

static bool recalls(const WordMemory *m, int what, const char *text, int first, int second)
{
    IdList ids = {0};
    const bool found = word_memory_recall(m, &ids, what, text, strlen(text));
    if (found) {
        assert_int_equal(ids.n, 2);
        assert_int_equal(ids.ids[0], first);
        assert_int_equal(ids.ids[1], second);
    }
    free(ids.ids);
    return found;
}

static void what_is_kept_is_recalled(void **state)
{
    (void)state;
    WordMemory *m = word_memory_new();
    assert_false(recalls(m, 0, "word", 0, 0));
    word_memory_keep(m, 0, "word", 4, (const int[]){7, 8}, 2);
    assert_true(recalls(m, 0, "word", 7, 8));
    assert_false(recalls(m, 0, "wor", 0, 0));
    word_memory_free(m);
}

static void ids_are_put_behind_those_before(void **state)
{
    (void)state;
    WordMemory *m = word_memory_new();
    IdList ids = {0};
    word_memory_keep(m, 0, "a", 1, (const int[]){7}, 1);
    id_list_add(&ids, 1);
    assert_true(word_memory_recall(m, &ids, 0, "a", 1));
    assert_int_equal(ids.n, 2);
    assert_int_equal(ids.ids[0], 1);
    assert_int_equal(ids.ids[1], 7);
    free(ids.ids);
    word_memory_free(m);
}

static void what_was_done_tells_equal_texts_apart(void **state)
{
    (void)state;
    WordMemory *m = word_memory_new();
    word_memory_keep(m, 2, "word", 4, (const int[]){7, 8}, 2);
    assert_false(recalls(m, 3, "word", 0, 0));
    word_memory_keep(m, 3, "word", 4, (const int[]){9, 1}, 2);
    assert_true(recalls(m, 2, "word", 7, 8));
    assert_true(recalls(m, 3, "word", 9, 1));
    word_memory_free(m);
}

static void long_texts_are_not_kept(void **state)
{
    (void)state;
    char text[WORD_MEMORY_BYTES_MAX + 2] = {0};
    WordMemory *m = word_memory_new();
    memset(text, 'x', WORD_MEMORY_BYTES_MAX + 1);
    word_memory_keep(m, 0, text, WORD_MEMORY_BYTES_MAX + 1, (const int[]){7, 8}, 2);
    assert_false(recalls(m, 0, text, 0, 0));
    text[WORD_MEMORY_BYTES_MAX] = 0;
    word_memory_keep(m, 0, text, WORD_MEMORY_BYTES_MAX, (const int[]){7, 8}, 2);
    assert_true(recalls(m, 0, text, 7, 8));
    word_memory_free(m);
}

/* A text that fills memory for good would be paid for by every one after it. */
static void more_than_it_holds_makes_it_forget_what_is_old(void **state)
{
    (void)state;
    WordMemory *m = word_memory_new();
    char text[16];
    for (int i = 0; i < 100000; i++) {
        const int n = snprintf(text, sizeof text, "%d", i);
        word_memory_keep(m, 0, text, (size_t)n, (const int[]){i, i + 1}, 2);
        assert_true(recalls(m, 0, text, i, i + 1));
    }
    assert_false(recalls(m, 0, "0", 0, 0));
    word_memory_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_is_recalled),
        cmocka_unit_test(ids_are_put_behind_those_before),
        cmocka_unit_test(what_was_done_tells_equal_texts_apart),
        cmocka_unit_test(long_texts_are_not_kept),
        cmocka_unit_test(more_than_it_holds_makes_it_forget_what_is_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
