/* Answers apart.  Expected is what Python makes of content.split('</think>') as Qwen3's template takes it apart; whole
 * conversations are in test_chat_template.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/chat_thought.h"

static void apart(const char *answer, const char *thought, const char *said)
{
    const ChatThought t = chat_thought_apart(answer);
    assert_int_equal(t.n, strlen(thought));
    assert_memory_equal(t.text, thought, t.n);
    assert_string_equal(t.said, said);
}

static void a_thought_is_told_from_what_is_said(void **state)
{
    (void)state;
    apart("<think>\nA greeting.\n</think>\n\nHo", "A greeting.", "Ho");
    apart("<think>\n\n</think>\n\nHo", "", "Ho");
    apart("its beginning was in the prompt\n</think>Ho", "its beginning was in the prompt", "Ho");
}

static void an_answer_without_an_end_of_thought_is_said(void **state)
{
    (void)state;
    apart("Ho", "", "Ho");
    apart("\n\nHo", "", "\n\nHo");
    apart("<think>\nnever ends", "", "<think>\nnever ends");
    apart("", "", "");
}

/* The first end, the last beginning before it, and what stands behind the last end. */
static void of_several_ends_the_outer_ones_count(void **state)
{
    (void)state;
    apart("a<think>b<think>\nc\n</think>d</think>\n e<think>f", "c", " e<think>f");
    apart("</think><think>late</think>", "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thought_is_told_from_what_is_said),
        cmocka_unit_test(an_answer_without_an_end_of_thought_is_said),
        cmocka_unit_test(of_several_ends_the_outer_ones_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
