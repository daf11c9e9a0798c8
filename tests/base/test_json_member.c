/* Members of an object in the making. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json_member.h"

static void a_comma_stands_between_members_alone(void **state)
{
    (void)state;
    Text t = {0};
    text_add(&t, "{");
    json_member_text(&t, "a", "x\"y");
    json_member_number(&t, "b", 0.5);
    text_add(&t, ",\"c\":{");
    json_member_text(&t, "d", "{");
    json_member_text(&t, "e", "");
    text_add(&t, "}}");
    assert_string_equal(t.bytes, "{\"a\":\"x\\\"y\",\"b\":0.5,\"c\":{\"d\":\"{\",\"e\":\"\"}}");
    text_free(&t);
}

static void what_is_not_there_is_null(void **state)
{
    (void)state;
    Text t = {0};
    text_add(&t, "{");
    json_member_text(&t, "a", NULL);
    json_member_number(&t, "b", NAN);
    assert_string_equal(t.bytes, "{\"a\":null,\"b\":null");
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comma_stands_between_members_alone),
        cmocka_unit_test(what_is_not_there_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
