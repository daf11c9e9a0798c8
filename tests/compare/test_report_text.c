#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* From -100 to 300 over 40 places, 400 / 39 points from one to the next: 100 is the place 200 / (400 / 39) = 19.5, which
 * rounds to 20; its interval from 0, place 9.75 or 10, to 300, the last. */
static void a_ranking_stands_on_one_scale(void **state)
{
    (void)state;
    static const double OVER[2][2] = {{NAN, .64}, {.36, NAN}};
    static const ReportRank RANKS[] = {{"b", 100, 0, 300, 1.25, 1, .5, 7, OVER[0]},
                                       {"low", -50, -100, 50, 2, 0, 1, 8, OVER[1]}};
    const ReportRanking ranking = {
        .lead = "By a rule.", .reference = "a", .row = RANKS, .n = 2, .caution = "Beware."};
    Text out = {0};
    report_text(&out, &(ReportData){.title = "t", .ranking = &ranking}, 80);
    assert_non_null(strstr(out.bytes, "\nSeveral models\n  By a rule.\n  Beware.\n  1 b\n"));
    assert_non_null(strstr(out.bytes,
                           "    ··········━━━━━━━━━━●━━━━━━━━━━━━━━━━━━━ +100 [+0, +300]\n"
                           "    wins over 2: 0.64, KL 1.2, finished 100%, distinct 50%, "
                           "words 7.0\n"));
    assert_non_null(strstr(out.bytes, "Points above a by Bradley and Terry"));
    text_free(&out);
}

static void without_strengths_the_reason_stands_there(void **state)
{
    (void)state;
    static const double OVER[2][2] = {{NAN, 1}, {0, NAN}};
    static const ReportRank RANKS[] = {{"b", NAN, NAN, NAN, 0, 1, 1, 7, OVER[0]},
                                       {"a", NAN, NAN, NAN, 0, 1, 1, 7, OVER[1]}};
    const ReportRanking ranking = {.lead = "", .reference = "a", .row = RANKS, .n = 2};
    Text out = {0};
    report_text(&out, &(ReportData){.title = "t", .ranking = &ranking}, 80);
    assert_null(strstr(out.bytes, "nan"));
    assert_non_null(strstr(out.bytes, "No strengths: some of the models never lose"));
    text_free(&out);
}

static void what_people_found_comes_with_its_cautions(void **state)
{
    (void)state;
    static const ReportFact FACTS[] = {{"by whom", "maya 3, jo 1", NULL}};
    static const char *const CAUTIONS[] = {"So far."};
    const ReportPeople people = {.name = "b against a",
                                 .judge = "by people",
                                 .wins = win_rate_of_counts(3, 0, 1),
                                 .facts = FACTS,
                                 .n_facts = 1,
                                 .cautions = CAUTIONS,
                                 .n_cautions = 1};
    Text out = {0};
    report_text(&out, &(ReportData){.title = "t", .people = &people}, 80);
    assert_non_null(strstr(out.bytes, "\n  b against a, by people\n"));
    assert_non_null(strstr(out.bytes, " 75.0% ["));
    assert_non_null(strstr(out.bytes, "\n  by whom                 maya 3, jo 1\n  So far.\n"));
    text_free(&out);
}

static void measures_stand_under_their_models(void **state)
{
    (void)state;
    static const ReportMeasure MEASURE = {"words an answer", "30.8", "31.7"};
    Text out = {0};
    report_text(&out,
                &(ReportData){.title = "t",
                              .verdict = VERDICT_BETTER,
                              .verdict_reasons = "why",
                              .verdict_meaning = "What it means.",
                              .measures = &MEASURE,
                              .n_measures = 1},
                80);
    assert_string_equal(out.bytes,
                        "t\nverdict: better (why)\nWhat it means.\n\n\nWhat the answers are like\n"
                        "                                                      base   aligned\n"
                        "  words an answer                                     30.8      31.7\n");
    text_free(&out);
}

static void a_judge_that_is_no_evidence_has_it_below_its_number(void **state)
{
    (void)state;
    const ReportWin win = {"aligned against base", "by the reward model",
                           win_rate_of_counts(3, 0, 1), "An upper bound, not evidence."};
    Text out = {0};
    report_text(&out, &(ReportData){.title = "t", .wins = &win, .n_wins = 1}, 80);
    const char *number = strstr(out.bytes, " 75.0% [");
    assert_non_null(number);
    assert_memory_equal(strchr(number, '\n'), "\n  An upper bound, not evidence.\n", 33);
    assert_non_null(strstr(number, "\n  won 3, lost 1, tied 0; sign test p = 0.6")); /* 10 / 16 */
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
        cmocka_unit_test(a_ranking_stands_on_one_scale),
        cmocka_unit_test(without_strengths_the_reason_stands_there),
        cmocka_unit_test(what_people_found_comes_with_its_cautions),
        cmocka_unit_test(measures_stand_under_their_models),
        cmocka_unit_test(a_judge_that_is_no_evidence_has_it_below_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
