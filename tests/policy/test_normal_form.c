/* Normal forms after Unicode's UAX 15. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/normal_form.h"

static Error err;

static void becomes(NormalForm form, const char *text, const char *expected)
{
    Text out = {0};
    if (normal_form_append(&out, text, strlen(text), form, &err) != 0) fail_msg("%s", err.message);
    assert_string_equal(out.bytes, expected);
    text_free(&out);
}

/* UAX 15, tables 4 to 8. */
static void published_examples_hold(void **state)
{
    (void)state;
    becomes(NORMAL_FORM_C, "A\u030a", "\u00c5");
    becomes(NORMAL_FORM_C, "\u212b", "\u00c5");
    becomes(NORMAL_FORM_D, "\u1e69", "s\u0323\u0307");
    becomes(NORMAL_FORM_C, "\u1e0b\u0323", "\u1e0d\u0307");
    becomes(NORMAL_FORM_C, "\ufb01", "\ufb01");
    becomes(NORMAL_FORM_KC, "\ufb01", "fi");
    becomes(NORMAL_FORM_KD, "\u1e9b\u0323", "s\u0323\u0307");
    becomes(NORMAL_FORM_KC, "\u1e9b\u0323", "\u1e69");
}

/* The letters before and after a mark, in ASCII, are what it may and may not join with. */
static void ascii_around_marks_is_joined_where_it_must(void **state)
{
    (void)state;
    becomes(NORMAL_FORM_C, "abce\u0301fgh", "abc\u00e9fgh");
    becomes(NORMAL_FORM_C, "e\u0301e\u0301 e", "\u00e9\u00e9 e");
    becomes(NORMAL_FORM_C, "\u0301ab", "\u0301ab");
    becomes(NORMAL_FORM_C, "plain", "plain");
}

/* U+0315 has class 232, U+0300 class 230: all of these come first, and the first joins the a.  A quarter of a
 * million, moved past each other one by one, would not be done within the time-out of this test. */
static void many_marks_are_put_in_order(void **state)
{
    (void)state;
    enum { PAIRS = 1 << 17 };
    Text text = {0}, expected = {0};
    text_add(&text, "a");
    text_add(&expected, "\u00e0");
    for (int i = 0; i < PAIRS; i++) {
        text_add(&text, "\u0315\u0300");
        if (i > 0) text_add(&expected, "\u0300");
    }
    for (int i = 0; i < PAIRS; i++) text_add(&expected, "\u0315");
    becomes(NORMAL_FORM_C, text.bytes, expected.bytes);
    text_free(&text), text_free(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_examples_hold),
        cmocka_unit_test(ascii_around_marks_is_joined_where_it_must),
        cmocka_unit_test(many_marks_are_put_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
