#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

static Error err;

static void control_characters_do_not_reach_the_message(void **state)
{
    (void)state;
    error_set(&err, "a\nb\x1b[2Jc\x7f");
    assert_string_equal(err.message, "a?b?[2Jc?");
    error_wrap(&err, "x\r");
    assert_string_equal(err.message, "x?: a?b?[2Jc?");
    error_hint(&err, "do\nthis");
    assert_string_equal(err.hint, "do?this");
}

/* U+009B begins a command of a terminal like ESC [, U+202E and U+2066 turn what follows round. */
static void neither_do_those_beyond_ascii(void **state)
{
    (void)state;
    error_set(&err, "a\xc2\x9b"
                    "2J \xe2\x80\xae"
                    "b \xe2\x81\xa6"
                    "c");
    assert_string_equal(err.message, "a??2J ???b ???c");
}

static void letters_of_all_kinds_stay(void **state)
{
    (void)state;
    error_set(&err, "\xc3\xa9 \xc2\xa0 \xe2\x80\x93 \xe2\x82\xac \xf0\x9f\x98\x80");
    assert_string_equal(err.message,
                        "\xc3\xa9 \xc2\xa0 \xe2\x80\x93 \xe2\x82\xac \xf0\x9f\x98\x80");
}

static void half_a_character_is_no_part_of_a_message(void **state)
{
    (void)state;
    error_set(&err, "%.3s", "ab\xc3\xa9");
    assert_string_equal(err.message, "ab?");
    char name[3000];
    for (size_t i = 0; i < sizeof name - 1; i += 3) memcpy(name + i, "\xe2\x82\xac", 3);
    name[2997] = 0;
    error_set(&err, "x%s", name); /* does not fit the message */
    assert_true(text_is_utf8(err.message, strlen(err.message), NULL));
    error_wrap(&err, "yy%s", name);
    assert_true(text_is_utf8(err.message, strlen(err.message), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_do_not_reach_the_message),
        cmocka_unit_test(neither_do_those_beyond_ascii),
        cmocka_unit_test(letters_of_all_kinds_stay),
        cmocka_unit_test(half_a_character_is_no_part_of_a_message),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
