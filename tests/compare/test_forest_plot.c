#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compare/forest_plot.h"

static void draw(Text *out, const ForestRow *rows, int n)
{
    forest_plot(out, &(ForestPlot){.title = "Strength", .unit = "points", .rows = rows, .n = n});
}

/* Ticks from 0 to 100 by 50: 388 units wide from 16 on.  25 stands at 16 + 97, 0 at 16, 100 at 404. */
static void an_estimate_stands_between_the_ends_of_its_interval(void **state)
{
    (void)state;
    const ForestRow row = {"a", "+25 [0, 100]", 25, 0, 100};
    Text out = {0};
    draw(&out, &row, 1);
    assert_non_null(strstr(out.bytes, "cx=\"113.0\""));
    assert_non_null(strstr(out.bytes, "d=\"M16.0 34H404.0"));
    assert_non_null(strstr(out.bytes, ">+25 [0, 100]</text>"));
    text_free(&out);
}

/* All lie above 400, and still the axis has 0, with the line that the others are measured from. */
static void zero_is_always_on_the_axis(void **state)
{
    (void)state;
    const ForestRow rows[] = {{"a", "+500", 500, 450, 550}, {"b", "+450", 450, 400, 500}};
    Text out = {0};
    draw(&out, rows, 2);
    assert_non_null(strstr(out.bytes, "<line class=\"mark\" x1=\"16.0\""));
    text_free(&out);
}

static void what_has_no_interval_is_hollow(void **state)
{
    (void)state;
    const ForestRow rows[] = {{"a", "+5", 5, 1, 9}, {"b", "0", 0, 0, 0}};
    Text out = {0};
    draw(&out, rows, 2);
    const char *hollow = strstr(out.bytes, "class=\"zero\"");
    assert_non_null(hollow);
    assert_null(strstr(hollow + 1, "class=\"zero\""));
    assert_null(strstr(strstr(out.bytes, ">b<"), "class=\"line\""));
    text_free(&out);
}

/* 34 letters at the most, the last ones, however many bytes they take. */
static void a_long_name_keeps_its_end(void **state)
{
    (void)state;
    const ForestRow row = {"weg/zu/modellen/\u00fcbergro\u00dfe/unter/dem/dach/ppo-1@40", "0", 1, 0,
                           2};
    Text out = {0};
    draw(&out, &row, 1);
    assert_non_null(
        strstr(out.bytes, ">\u2026/\u00fcbergro\u00dfe/unter/dem/dach/ppo-1@40</text>"));
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_estimate_stands_between_the_ends_of_its_interval),
        cmocka_unit_test(zero_is_always_on_the_axis),
        cmocka_unit_test(what_has_no_interval_is_hollow),
        cmocka_unit_test(a_long_name_keeps_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
