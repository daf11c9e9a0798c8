/* The likeliest tokens, against the log-probabilities that training sees. */
#include "policy/logits.h"
#include "tests/golden.h"
#include "tests/models.h"

static const double TEMPERATURE = 0.7;
enum { T = 9, V = 1030 };

static void the_likeliest_are_in_order_and_all_of_them_sum_to_1(void **state)
{
    (void)state;
    static RankedToken all[V], few[5];
    const int length[] = {T};
    Model *m = model_new(&WIDE_LLAMA, 7);
    Policy *p = policy_open(m, &(PolicyOptions){.max_tokens = T});
    AskedBatch s = asked_random(length, 1, V, 3);
    asked_want(&s, false);
    asked_evaluate(p, &s, TEMPERATURE);
    policy_likeliest(all, p, T - 1, V);
    policy_likeliest(few, p, T - 1, 5);
    double sum = 0;
    for (int i = 0; i < V; i++) {
        sum += exp(all[i].value);
        assert_true(i == 0 || all[i].value <= all[i - 1].value);
    }
    assert_near(sum, 1, 1e-5);
    for (int i = 0; i < 5; i++) assert_int_equal(few[i].token, all[i].token);
    asked_free(&s);
    policy_close(p);
    model_free(m);
}

static void their_log_probabilities_have_the_bits_of_an_evaluation(void **state)
{
    (void)state;
    static RankedToken all[V];
    const int length[] = {T};
    Model *m = model_new(&WIDE_LLAMA, 7);
    Policy *p = policy_open(m, &(PolicyOptions){.max_tokens = T});
    AskedBatch s = asked_random(length, 1, V, 3);
    asked_want(&s, false);
    asked_evaluate(p, &s, TEMPERATURE);
    for (int i = 1; i < T; i++) {
        int found = 0;
        policy_likeliest(all, p, i - 1, V);
        for (int k = 0; k < V; k++) {
            if (all[k].token != s.token[i]) continue;
            found++;
            assert_memory_equal(&all[k].value, &s.logp[i], sizeof(double));
        }
        assert_int_equal(found, 1);
    }
    asked_free(&s);
    policy_close(p);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_likeliest_are_in_order_and_all_of_them_sum_to_1),
        cmocka_unit_test(their_log_probabilities_have_the_bits_of_an_evaluation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
