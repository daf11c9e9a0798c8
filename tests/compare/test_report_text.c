#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compare/report_text.h"

static void assert_curve(const double *x, const double *y, int n, int columns, int rows,
                         const char *expected)
{
    Text out = {0};
    text_add(&out, "");
    report_text_curve(&out, &(SvgCurve){"loss", x, y, n}, columns, rows);
    assert_string_equal(out.bytes, expected);
    text_free(&out);
}

/* One row has eight steps: 0 is one of them, 7 all, 3 is 1 + round(3/7 * 7) = 4. */
static void heights_are_eighths(void **state)
{
    (void)state;
    const double x[] = {0, 1, 2}, y[] = {0, 7, 3};
    assert_curve(x, y, 3, 3, 1,
                 "        7 ▁█▄\n"
                 "          0 2\n");
}

/* Two rows, 16 steps: 0 to 15; the upper one begins at the ninth. */
static void rows_stand_on_each_other(void **state)
{
    (void)state;
    const double x[] = {0, 1, 2, 3}, y[] = {0, 15, 8, 7};
    assert_curve(x, y, 4, 4, 2,
                 "       15  █▁\n"
                 "        0 ▁███\n"
                 "          0  3\n");
}

/* Five columns for two points: 0 and 7, and 1.75, 3.5, 5.25 between them: 1 + 2, 1 + 4, 1 + 5 steps. */
static void between_points_there_is_a_line(void **state)
{
    (void)state;
    const double x[] = {0, 1}, y[] = {0, 7};
    assert_curve(x, y, 2, 5, 1,
                 "        7 ▁▃▅▆█\n"
                 "          0   1\n");
}

static void what_is_not_a_number_is_left_out(void **state)
{
    (void)state;
    const double x[] = {0, 1, 2}, y[] = {0, NAN, 7}, none[] = {NAN, INFINITY, NAN};
    assert_curve(x, y, 3, 2, 1,
                 "        7 ▁█\n"
                 "          02\n");
    assert_curve(x, none, 3, 2, 1, "  nothing was measured\n");
}

static void texts_are_lines_without_orders_to_a_terminal(void **state)
{
    (void)state;
    const ReportData data = {.title = "a\033[2Jb\xC2\x9B"
                                      "c\nd"};
    Text out = {0};
    report_text(&out, &data, 80);
    assert_string_equal(out.bytes, "a [2Jb c d\n\n");
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heights_are_eighths),
        cmocka_unit_test(rows_stand_on_each_other),
        cmocka_unit_test(between_points_there_is_a_line),
        cmocka_unit_test(what_is_not_a_number_is_left_out),
        cmocka_unit_test(texts_are_lines_without_orders_to_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
