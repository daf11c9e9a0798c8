#include "policy/sequences.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Four sequences of 5, 1, 10 and 10 tokens; each token is its own place. */
static const int START[] = {0, 5, 6, 16, 26},
                 TOKEN[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
                            13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25};

static void a_micro_batch_is_as_many_items_as_fit(void **state)
{
    (void)state;
    const SequenceItems all = {TOKEN, START, 1, NULL, 4};
    assert_int_equal(sequences_cut(&all, 0, 10), 2);   /* 5 + 1, then 16       */
    assert_int_equal(sequences_cut(&all, 1, 10), 2);   /* 1, then 11           */
    assert_int_equal(sequences_cut(&all, 1, 11), 3);   /* 1 + 10               */
    assert_int_equal(sequences_cut(&all, 2, 20), 4);   /* 10 + 10, and no more */
    assert_int_equal(sequences_cut(&all, 0, 1000), 4); /* all                  */
}

static void an_item_longer_than_the_room_comes_alone(void **state)
{
    (void)state;
    const SequenceItems all = {TOKEN, START, 1, NULL, 4};
    assert_int_equal(sequences_cut(&all, 0, 1), 1);
    assert_int_equal(sequences_cut(&all, 2, 9), 3);
}

/* The pairs are {0, 1} of 6 tokens and {2, 3} of 20. */
static void a_pair_is_never_parted(void **state)
{
    (void)state;
    const SequenceItems pairs = {TOKEN, START, 2, NULL, 2};
    assert_int_equal(sequences_cut(&pairs, 0, 25), 1);
    assert_int_equal(sequences_cut(&pairs, 0, 26), 2);
}

static void assert_sequence(const Sequences *s, int i, int first_token, int n)
{
    assert_int_equal(s->start[i + 1] - s->start[i], n);
    for (int t = 0; t < n; t++) assert_int_equal(s->token[s->start[i] + t], first_token + t);
}

static void items_are_laid_end_to_end_in_the_order_of_the_batch(void **state)
{
    (void)state;
    const int item[] = {3, 1, 0};
    const SequenceItems batch = {TOKEN, START, 1, item, 3};
    Sequences s = {0};
    assert_int_equal(sequences_take(&s, &batch, 0, 11), 2);
    assert_int_equal(s.n, 2);
    assert_sequence(&s, 0, 16, 10);
    assert_sequence(&s, 1, 5, 1);
    assert_int_equal(sequences_take(&s, &batch, 2, 11), 3); /* in place of what was there */
    assert_int_equal(s.n, 1);
    assert_sequence(&s, 0, 0, 5);
    sequences_free(&s);
}

static void both_sequences_of_a_pair_are_laid(void **state)
{
    (void)state;
    const int item[] = {1, 0};
    const SequenceItems batch = {TOKEN, START, 2, item, 2};
    Sequences s = {0};
    assert_int_equal(sequences_take(&s, &batch, 0, 20), 1);
    assert_int_equal(s.n, 2);
    assert_sequence(&s, 0, 6, 10);
    assert_sequence(&s, 1, 16, 10);
    sequences_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_micro_batch_is_as_many_items_as_fit),
        cmocka_unit_test(an_item_longer_than_the_room_comes_alone),
        cmocka_unit_test(a_pair_is_never_parted),
        cmocka_unit_test(items_are_laid_end_to_end_in_the_order_of_the_batch),
        cmocka_unit_test(both_sequences_of_a_pair_are_laid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
