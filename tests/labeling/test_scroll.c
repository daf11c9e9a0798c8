/* Pages of text that are longer than their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "labeling/key.h"
#include "labeling/scroll.h"

/* 10 lines where 4 have room: the last place is line 6, a page is 3 lines. */
enum { N = 10, ROWS = 4, LAST = 6 };

static void a_page_keeps_one_line_and_stays_within_the_text(void **state)
{
    (void)state;
    int top = 0;
    assert_true(scroll_key(&top, N, ROWS, KEY_PAGE_DOWN));
    assert_int_equal(top, 3);
    assert_true(scroll_key(&top, N, ROWS, ' '));
    assert_int_equal(top, LAST);
    assert_true(scroll_key(&top, N, ROWS, 'j'));
    assert_int_equal(top, LAST);
    assert_true(scroll_key(&top, N, ROWS, KEY_TO_BEGIN));
    assert_true(scroll_key(&top, N, ROWS, KEY_UP_ARROW));
    assert_int_equal(top, 0);
}

static void a_place_behind_the_end_is_the_end(void **state)
{
    (void)state;
    int top = N;
    assert_true(scroll_key(&top, N, ROWS, KEY_UP_ARROW));
    assert_int_equal(top, LAST - 1);
}

static void space_at_the_end_means_something_else(void **state)
{
    (void)state;
    int top = LAST;
    assert_false(scroll_key(&top, N, ROWS, ' '));
    assert_true(scroll_key(&top, N, ROWS, KEY_PAGE_DOWN));
    assert_int_equal(top, LAST);
}

static void nothing_scrolls_where_all_is_in_view(void **state)
{
    (void)state;
    int top = 0;
    assert_false(scroll_key(&top, ROWS, ROWS, KEY_DOWN_ARROW));
    assert_false(scroll_key(&top, ROWS, ROWS, 'G'));
    assert_int_equal(top, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_keeps_one_line_and_stays_within_the_text),
        cmocka_unit_test(a_place_behind_the_end_is_the_end),
        cmocka_unit_test(space_at_the_end_means_something_else),
        cmocka_unit_test(nothing_scrolls_where_all_is_in_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
