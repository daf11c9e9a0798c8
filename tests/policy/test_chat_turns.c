/* From a rendered prompt back to its turns, for every template of the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "policy/chat_turns.h"

static void assert_turn(const ChatTurn *turn, ChatRole role, const char *text)
{
    assert_int_equal(turn->role, role);
    assert_int_equal(turn->n, strlen(text));
    assert_memory_equal(turn->text, text, turn->n);
}

static void what_every_template_renders_is_split_into_what_it_was(void **state)
{
    (void)state;
    static const ChatMessage TALK[] = {{CHAT_USER, "What is red?\n\nSay more."},
                                       {CHAT_ASSISTANT, "A colour."},
                                       {CHAT_USER, "And blue?"}};
    for (int i = 0; chat_template_at(i); i++)
        for (int n = 1; n <= 3; n += 2) {
            ChatText rendered = {0};
            ChatTurns turns = {0};
            Error err = {0};
            assert_int_equal(
                chat_template_render(&rendered, chat_template_at(i), NULL, TALK, n, true, &err), 0);
            assert_true(chat_turns_split(&turns, chat_template_at(i), rendered.text.bytes));
            assert_int_equal(turns.n, n);
            for (int k = 0; k < n; k++) assert_turn(&turns.turn[k], TALK[k].role, TALK[k].content);
            chat_turns_free(&turns);
            chat_text_free(&rendered);
        }
}

static void a_system_turn_is_one_of_its_own(void **state)
{
    (void)state;
    const ChatTemplate *t = NULL;
    Error err = {0};
    ChatTurns turns = {0};
    assert_int_equal(chat_template_find(&t, "qwen2.5", &err), 0);
    assert_true(chat_turns_split(&turns, t,
                                 "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi"
                                 "<|im_end|>\n<|im_start|>assistant\n"));
    assert_int_equal(turns.n, 2);
    assert_turn(&turns.turn[0], CHAT_SYSTEM, "Be brief.");
    assert_turn(&turns.turn[1], CHAT_USER, "Hi");
    chat_turns_free(&turns);
}

static void a_text_that_the_template_does_not_render_is_not_split(void **state)
{
    (void)state;
    static const char *const OTHER[] = {
        "", "hello", "<|im_start|>user\nHi",
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes"};
    const ChatTemplate *t = NULL;
    Error err = {0};
    ChatTurns turns = {0};
    assert_int_equal(chat_template_find(&t, "chatml", &err), 0);
    for (size_t i = 0; i < sizeof OTHER / sizeof *OTHER; i++)
        assert_false(chat_turns_split(&turns, t, OTHER[i]));
    assert_null(turns.turn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_every_template_renders_is_split_into_what_it_was),
        cmocka_unit_test(a_system_turn_is_one_of_its_own),
        cmocka_unit_test(a_text_that_the_template_does_not_render_is_not_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
