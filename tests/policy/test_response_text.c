/* tokenizer_decode_response: a response as text that a store may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/tokenizer.h"

#define SHAKE RLHF_SOURCE_DIR "/tests/golden/tokenizers/shake-gpt2"

static Tokenizer *shake;

static int set_up(void **state)
{
    (void)state;
    Error err;
    return tokenizer_open(&shake, SHAKE, &err);
}

static int tear_down(void **state)
{
    (void)state;
    tokenizer_free(shake);
    return 0;
}

static void expect(const char *bytes, size_t n, const char *text)
{
    Error err;
    int *ids = NULL, n_ids = 0;
    assert_int_equal(tokenizer_encode(shake, bytes, n, true, &ids, &n_ids, &err), 0);
    char *got = tokenizer_decode_response(shake, ids, n_ids);
    assert_string_equal(got, text);
    free(got);
    free(ids);
}

#define UNKNOWN "\xEF\xBF\xBD" /* U+FFFD */

static void a_nul_does_not_end_the_text(void **state)
{
    (void)state;
    expect("one\0two", 7, "one" UNKNOWN "two");
    expect("\0", 1, UNKNOWN);
    expect("\0\0end", 5, UNKNOWN UNKNOWN "end");
    expect("end\0", 4, "end" UNKNOWN);
}

static void other_text_stays_and_the_end_of_text_goes(void **state)
{
    (void)state;
    expect("one two", 7, "one two");
    expect("", 0, "");
    expect("one<|endoftext|>", 16, "one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nul_does_not_end_the_text),
        cmocka_unit_test(other_text_stays_and_the_end_of_text_goes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
