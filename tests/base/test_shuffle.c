#include "base/shuffle.h"

#include "tests/golden.h"

enum { N = 7 };

static void every_epoch_has_every_example_once(void **state)
{
    (void)state;
    Shuffle s = shuffle_new(N, 3);
    for (int epoch = 0; epoch < 4; epoch++) {
        int seen[N] = {0};
        for (int i = 0; i < N; i++) seen[shuffle_at(&s, (int64_t)epoch * N + i)]++;
        for (int i = 0; i < N; i++) assert_int_equal(seen[i], 1);
    }
    shuffle_free(&s);
}

static void epochs_differ_in_order(void **state)
{
    (void)state;
    Shuffle s = shuffle_new(100, 3);
    int same = 0;
    for (int i = 0; i < 100; i++) {
        const int first = shuffle_at(&s, i);
        same += first == shuffle_at(&s, 100 + i);
    }
    assert_true(same < 20); /* one is expected of two random orders */
    shuffle_free(&s);
}

static void an_example_does_not_depend_on_what_was_asked_before(void **state)
{
    (void)state;
    Shuffle s = shuffle_new(N, 3), t = shuffle_new(N, 3);
    for (int64_t i = 0; i < 3 * N; i++) {
        const int there = shuffle_at(&s, i);
        shuffle_at(&t, (i * 5) % (3 * N));
        assert_int_equal(shuffle_at(&t, i), there);
    }
    shuffle_free(&s);
    shuffle_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_epoch_has_every_example_once),
        cmocka_unit_test(epochs_differ_in_order),
        cmocka_unit_test(an_example_does_not_depend_on_what_was_asked_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
