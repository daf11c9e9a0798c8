#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"

static Error err;

static void assert_refused_bytes(const char *bytes, size_t n, const char *message)
{
    cJSON *tree = NULL;
    assert_int_equal(json_parse(&tree, bytes, n, &err), -1);
    assert_null(tree);
    assert_string_equal(err.message, message);
}

static void assert_refused(const char *text, const char *message)
{
    assert_refused_bytes(text, strlen(text), message);
}

static cJSON *parse(const char *text)
{
    cJSON *tree = NULL;
    assert_int_equal(json_parse(&tree, text, strlen(text), &err), 0);
    return tree;
}

static void members_are_read_by_name_and_type(void **state)
{
    (void)state;
    cJSON *t = parse("{\"s\": \"x\\u00e9\", \"n\": -1.5e2, \"b\": true}");
    assert_string_equal(json_text(t, "s", "-"), "x\xC3\xA9");
    assert_true(json_number(t, "n", 0) == -150);
    assert_true(json_bool(t, "b", false));
    cJSON_Delete(t);
}

static void a_member_absent_or_of_another_type_gives_the_fallback(void **state)
{
    (void)state;
    cJSON *t = parse("{\"n\": 1}");
    assert_string_equal(json_text(t, "n", "none"), "none");
    assert_true(json_number(t, "N", 7) == 7);
    assert_false(json_bool(t, "n", false));
    cJSON_Delete(t);
}

static void a_mistake_names_its_line(void **state)
{
    (void)state;
    assert_refused("{\"a\": 1,\n \"b\": 2\n \"c\": 3}",
                   "line 3: expected , or }, and here is '\"'");
}

static void trailing_text_is_refused(void **state)
{
    (void)state;
    assert_refused("{}\n{}", "line 2: expected the end of the text, and here is '{'");
}

static void empty_text_is_refused(void **state)
{
    (void)state;
    assert_refused("", "line 1: expected a value, and here the text ends");
}

static void a_trailing_comma_is_refused(void **state)
{
    (void)state;
    assert_refused("[1,]", "line 1: expected a value, and here is ']'");
}

static void a_leading_zero_is_refused(void **state)
{
    (void)state;
    assert_refused("[01]", "line 1: expected , or ], and here is '1'");
}

static void a_number_beyond_double_is_refused(void **state)
{
    (void)state;
    assert_refused("[1e999]", "line 1: 1e999 is too large a number");
}

static void invalid_utf8_names_its_line_and_byte(void **state)
{
    (void)state;
    assert_refused("[\n\"a\",\n\"\xC3(\"]", "line 3: the byte 0xc3 is not valid UTF-8");
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    assert_refused_bytes("[\"a\0b\"]", 7, "line 1: a NUL byte");
}

static void an_escaped_nul_is_refused(void **state)
{
    (void)state;
    assert_refused("[\"a\\u0000b\"]", "line 1: \\u0000 is not allowed in text");
}

static void half_of_a_surrogate_pair_is_refused(void **state)
{
    (void)state;
    assert_refused("[\"\\ud83d x\"]", "line 1: \\ud83d is half of a surrogate pair");
    assert_refused("[\"\\ude00\"]", "line 1: \\ude00 is half of a surrogate pair");
}

static void a_surrogate_pair_is_one_character(void **state)
{
    (void)state;
    cJSON *t = parse("{\"a\": \"\\ud83d\\ude00\"}");
    assert_string_equal(json_text(t, "a", ""), "\xF0\x9F\x98\x80");
    cJSON_Delete(t);
}

static void a_key_twice_in_one_object_names_the_second_line(void **state)
{
    (void)state;
    assert_refused("{\"x\": {\"a\": 1},\n\"y\": {\"b\": 1,\n \"a\": 2,\n \"\\u0061\": 3}}",
                   "line 4: the key \"a\" is there twice");
}

static void a_key_may_come_again_in_another_object(void **state)
{
    (void)state;
    cJSON_Delete(parse("{\"a\": {\"a\": 1}, \"b\": {\"a\": 1}}"));
}

static void sixty_four_levels_pass_and_one_more_does_not(void **state)
{
    (void)state;
    char text[131] = "";
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    cJSON_Delete(parse(text));
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    assert_refused(text, "line 1: more than 64 levels deep");
}

static void a_large_object_is_checked_for_duplicates_in_time(void **state)
{
    (void)state;
    Text t = {0};
    text_add(&t, "{");
    for (int i = 0; i < 100000; i++) text_format(&t, "\"k%d\":%d,\n", i, i);
    text_add(&t, "\"k5\":0}");
    assert_refused(t.bytes, "line 100001: the key \"k5\" is there twice");
    text_free(&t);
}

static void with_file(const char *text, void (*check)(const char *path))
{
    char path[] = "/tmp/rlhf-json-XXXXXX";
    close(mkstemp(path));
    assert_int_equal(file_write(path, text, strlen(text), &err), 0);
    check(path);
    unlink(path);
}

static void check_comments(const char *path)
{
    cJSON *t = NULL;
    assert_int_equal(json_read(&t, path, 1000, true, &err), 0);
    assert_string_equal(json_text(t, "a", ""), "http://x /* y */");
    cJSON_Delete(t);
    t = NULL;
    assert_int_equal(json_read(&t, path, 1000, false, &err), -1);
}

static void comments_are_skipped_but_not_inside_strings(void **state)
{
    (void)state;
    with_file("// a \"note\n{ /* two\n lines */ \"a\": \"http://x /* y */\" // end\n}",
              check_comments);
}

static void check_line(const char *path)
{
    cJSON *t = NULL;
    char expected[200];
    snprintf(expected, sizeof expected, "%s:4: expected : after a key, and here is '}'", path);
    assert_int_equal(json_read(&t, path, 1000, true, &err), -1);
    assert_string_equal(err.message, expected);
}

static void a_mistake_after_comments_names_file_and_line(void **state)
{
    (void)state;
    with_file("/* one\n two */\n{\n\"a\" }", check_line);
}

static void check_open_comment(const char *path)
{
    cJSON *t = NULL;
    char expected[200];
    snprintf(expected, sizeof expected, "%s:2: a comment is not closed", path);
    assert_int_equal(json_read(&t, path, 1000, true, &err), -1);
    assert_string_equal(err.message, expected);
}

static void a_comment_without_end_names_its_line(void **state)
{
    (void)state;
    with_file("{}\n/* and\n so on", check_open_comment);
}

static void text_is_quoted_and_escaped(void **state)
{
    (void)state;
    Text t = {0};
    json_put_text(&t, "a\"\\\n\x01\xC3\xA9", 7);
    assert_string_equal(t.bytes, "\"a\\\"\\\\\\n\\u0001\xC3\xA9\"");
    text_free(&t);
}

static void half_a_character_is_written_as_a_replacement(void **state)
{
    (void)state;
    Text t = {0};
    json_put_text(&t, "a\xE2\x82", 3);
    assert_string_equal(t.bytes, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
    text_free(&t);
}

static void numbers_read_back_to_the_same_double(void **state)
{
    (void)state;
    const double xs[] = {0.1, 1.0 / 3, 1e-300, 123456789, -0.0, 5e-324};
    for (size_t i = 0; i < sizeof xs / sizeof *xs; i++) {
        Text t = {0};
        json_put_number(&t, xs[i]);
        assert_true(strtod(t.bytes, NULL) == xs[i]);
        text_free(&t);
    }
}

static void short_numbers_stay_short_and_nan_is_null(void **state)
{
    (void)state;
    Text t = {0};
    json_put_number(&t, 0.1);
    text_add(&t, " ");
    json_put_number(&t, NAN);
    text_add(&t, " ");
    json_put_number(&t, INFINITY);
    assert_string_equal(t.bytes, "0.1 null null");
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_read_by_name_and_type),
        cmocka_unit_test(a_member_absent_or_of_another_type_gives_the_fallback),
        cmocka_unit_test(a_mistake_names_its_line),
        cmocka_unit_test(trailing_text_is_refused),
        cmocka_unit_test(empty_text_is_refused),
        cmocka_unit_test(a_trailing_comma_is_refused),
        cmocka_unit_test(a_leading_zero_is_refused),
        cmocka_unit_test(a_number_beyond_double_is_refused),
        cmocka_unit_test(invalid_utf8_names_its_line_and_byte),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(an_escaped_nul_is_refused),
        cmocka_unit_test(half_of_a_surrogate_pair_is_refused),
        cmocka_unit_test(a_surrogate_pair_is_one_character),
        cmocka_unit_test(a_key_twice_in_one_object_names_the_second_line),
        cmocka_unit_test(a_key_may_come_again_in_another_object),
        cmocka_unit_test(sixty_four_levels_pass_and_one_more_does_not),
        cmocka_unit_test(a_large_object_is_checked_for_duplicates_in_time),
        cmocka_unit_test(comments_are_skipped_but_not_inside_strings),
        cmocka_unit_test(a_mistake_after_comments_names_file_and_line),
        cmocka_unit_test(a_comment_without_end_names_its_line),
        cmocka_unit_test(text_is_quoted_and_escaped),
        cmocka_unit_test(half_a_character_is_written_as_a_replacement),
        cmocka_unit_test(numbers_read_back_to_the_same_double),
        cmocka_unit_test(short_numbers_stay_short_and_nan_is_null),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
