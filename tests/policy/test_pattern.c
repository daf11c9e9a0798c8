/* What the patterns of published tokenizers mean to Oniguruma, which they are written for.  Expected matches
 * are those of Hugging Face's engine (npm package tokenizers 0.23.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/pattern.h"

static Error err;

/* The matches of the pattern in the text, each in brackets. */
static void matches(const char *regex, const char *text, const char *expected)
{
    Pattern *p;
    PatternCursor c = {0};
    Text got = {0};
    size_t begin, end;
    if (pattern_new_regex(&p, regex, &err) != 0) fail_msg("%s", err.message);
    while (pattern_next(p, &c, text, strlen(text), &begin, &end, &err) == 1)
        text_format(&got, "[%.*s]", (int)(end - begin), text + begin);
    assert_string_equal(got.n ? got.bytes : "", expected);
    text_free(&got);
    pattern_free(p);
}

static void refused(const char *regex, const char *reason)
{
    Pattern *p = NULL;
    assert_int_equal(pattern_new_regex(&p, regex, &err), -1);
    assert_null(p);
    if (!strstr(err.message, reason)) fail_msg("\"%s\" is refused as: %s", regex, err.message);
}

static void lines_begin_and_end_at_newlines(void **state)
{
    (void)state;
    matches("\\s+$", "a  \nb  ", "[  ][  ]");
    matches("^a", "a\na", "[a][a]");
    matches(".", "a\nb", "[a][b]");
}

/* U+180E is no white space since Unicode 6.3; U+0085 and U+3000 are. */
static void white_space_is_unicodes(void **state)
{
    (void)state;
    matches("\\s+",
            "a\xe1\xa0\x8e"
            "b \xc2\x85\xe3\x80\x80",
            "[ \xc2\x85\xe3\x80\x80]");
    matches("[^\\S]", "a b", "[ ]");
}

/* U+00B2 is of a word by itself and not in a class; U+2177 and U+24D0 are letters to both; U+200D to none. */
static void words_are_onigurumas(void **state)
{
    (void)state;
    matches("\\w+",
            "\xe2\x85\xb7\xe2\x93\x90_x\xe2\x80\x8d"
            "5\xc2\xb2",
            "[\xe2\x85\xb7\xe2\x93\x90_x][5\xc2\xb2]");
    matches("[\\w]+", "5\xc2\xb2", "[5]");
    matches("\\bcat", "cat concat", "[cat]");
}

/* Script, not script extensions: U+3005 is Han, U+3006 is common to several. */
static void scripts_are_not_extended(void **state)
{
    (void)state;
    matches("\\p{Han}+", "\xe6\xbc\xa2\xe3\x80\x85\xe3\x80\x86", "[\xe6\xbc\xa2\xe3\x80\x85]");
}

static void case_is_ignored_in_groups_that_say_so(void **state)
{
    (void)state;
    matches("(?i:'s)", "x's x'\xc5\xbf x'S", "['s]['\xc5\xbf]['S]");
    matches("(?i)a|B", "bAb", "[b][A][b]");
}

/* After [xx] the empty match at its end does not count; the one after b does. */
static void empty_matches_do_not_repeat(void **state)
{
    (void)state;
    matches("x*", "axxb", "[][xx][]");
}

static void what_the_engines_read_differently_is_refused(void **state)
{
    (void)state;
    refused("\\h+", "\\h is not supported");
    refused("[a&&[b]]", "&& in a class");
    refused("[a[b]]", "a class inside a class");
    refused("a{1,2}+", "}+");
    refused("a{2}?", "}?");
    refused("a{,2}", "such a {");
    refused("c(?i)a|b", "this kind of group");
    refused("(?<n>a)", "this kind of group");
    refused("(*LIMIT_MATCH=9)a", "(*");
    refused("(a)\\1", "\\1 is not supported");
    refused("[\\W]", "\\W is not supported");
    refused("[a-\\s]", "a range");
    refused("(?i:\\p{Lu})", "a letter case inside");
    refused("\\p{L", "without a name in braces");
    refused("\\p{Foo}", "the pattern \"\\p{Foo}\"");
    refused("[]a]", "an empty class");
    refused("(a", "the pattern \"(a\"");
    refused("a\\", "\\ at its end");
}

/* (a+)+b on 40 times a takes 2^40 steps in a search that goes back. */
static void endless_searches_are_given_up(void **state)
{
    (void)state;
    Pattern *p;
    PatternCursor c = {0};
    size_t begin, end;
    const char *text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac";
    assert_int_equal(pattern_new_regex(&p, "(a|a?)+$", &err), 0);
    assert_int_equal(pattern_next(p, &c, text, strlen(text), &begin, &end, &err), -1);
    assert_non_null(strstr(err.message, "a pattern of tokenizer.json: match limit"));
    pattern_free(p);
}

/* A run of white space that ends in a letter would be read once from each of its characters: 10^12 steps. */
static void trailing_space_is_found_in_linear_time(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    Pattern *p;
    PatternCursor c = {0};
    size_t begin, end;
    char *text = mem_calloc(N + 3, 1);
    memset(text, ' ', N);
    memcpy(text + N, "x ", 3);
    assert_int_equal(pattern_new_regex(&p, "\\s+$", &err), 0);
    assert_int_equal(pattern_next(p, &c, text, N + 2, &begin, &end, &err), 1);
    assert_int_equal(begin, N + 1);
    pattern_free(p);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_begin_and_end_at_newlines),
        cmocka_unit_test(white_space_is_unicodes),
        cmocka_unit_test(words_are_onigurumas),
        cmocka_unit_test(scripts_are_not_extended),
        cmocka_unit_test(case_is_ignored_in_groups_that_say_so),
        cmocka_unit_test(empty_matches_do_not_repeat),
        cmocka_unit_test(what_the_engines_read_differently_is_refused),
        cmocka_unit_test(endless_searches_are_given_up),
        cmocka_unit_test(trailing_space_is_found_in_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
