#include "ppo/whiten.h"

#include "tests/golden.h"

enum { ROOM = 32 };

static void whiten_matches_published_vectors(void **state)
{
    (void)state;
    static const struct {
        bool unbiased, shift_mean;
        double out[4];
    } CASES[] = {
        {false, true, {-0.545986, -1.005764, -0.086208, 1.637958}},
        {false, false, {0.029014, -0.430764, 0.488792, 2.212958}},
        {true, true, {-0.472838, -0.871017, -0.074659, 1.418513}},
        {true, false, {0.102162, -0.296017, 0.500341, 1.993513}},
    };
    const double x[] = {0.1, -0.3, 0.5, 2};
    for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++) {
        double out[4];
        whiten(out, x, 4, CASES[c].shift_mean, CASES[c].unbiased);
        for (int i = 0; i < 4; i++) assert_near(out[i], CASES[c].out[i], 1e-6);
    }
}

/* The matrix 1.2, 1.3, ... 2.0 of "The N Implementation Details of RLHF with PPO", to its four digits. */
static void whiten_matches_the_implementation_details_matrix(void **state)
{
    (void)state;
    const double biased[] = {.0508, .4381, .8254, 1.2127, 1.6, 1.9873, 2.3746, 2.7619, 3.1492};
    const double unbiased[] = {.1394, .5046, .8697, 1.2349, 1.6, 1.9651, 2.3303, 2.6954, 3.0606};
    double x[9], out[9];
    for (int i = 0; i < 9; i++) x[i] = 1.2 + 0.1 * i;
    whiten(out, x, 9, false, false);
    for (int i = 0; i < 9; i++) assert_near(out[i], biased[i], 6e-5);
    whiten(out, x, 9, false, true);
    for (int i = 0; i < 9; i++) assert_near(out[i], unbiased[i], 6e-5);
}

/* The golden case masks padding; a packed batch has only the real entries. */
static void check_case(const cJSON *golden, const cJSON *c)
{
    double x[ROOM], mask[ROOM], want[ROOM], packed[ROOM];
    const int n = golden_array(x, ROOM, golden, "x");
    golden_array(mask, ROOM, golden, "mask");
    golden_array(want, ROOM, c, "out");
    const bool masked = cJSON_IsTrue(golden_at(c, "masked"));

    int N = 0;
    for (int i = 0; i < n; i++)
        if (!masked || mask[i] > 0) packed[N++] = x[i];
    whiten(packed, packed, N, cJSON_IsTrue(golden_at(c, "shift_mean")),
           golden_number(c, "ddof") > 0);
    for (int i = 0, k = 0; i < n; i++)
        if (!masked || mask[i] > 0) assert_near(packed[k++], want[i], 1e-12);
}

static void whiten_matches_golden_in_place(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/whiten.json");
    const cJSON *c;
    cJSON_ArrayForEach(c, golden_at(golden, "cases")) check_case(golden, c);
    cJSON_Delete(golden);
}

static void equal_numbers_become_zero(void **state)
{
    (void)state;
    double x[ROOM], want[ROOM], out[ROOM];
    cJSON *golden = golden_read("rl/whiten.json");
    const cJSON *constant = golden_at(golden, "constant_input");
    const int n = golden_array(x, ROOM, constant, "x");
    assert_int_equal(golden_array(want, ROOM, constant, "out"), n);
    for (int unbiased = 0; unbiased < 2; unbiased++) {
        whiten(out, x, n, cJSON_IsTrue(golden_at(constant, "shift_mean")), unbiased);
        for (int i = 0; i < n; i++) assert_near(out[i], want[i], 0);
    }
    cJSON_Delete(golden);
}

static void a_single_number_has_no_variance(void **state)
{
    (void)state;
    double x = 3;
    whiten(&x, &x, 1, false, true);
    assert_near(x, 3, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whiten_matches_published_vectors),
        cmocka_unit_test(whiten_matches_the_implementation_details_matrix),
        cmocka_unit_test(whiten_matches_golden_in_place),
        cmocka_unit_test(equal_numbers_become_zero),
        cmocka_unit_test(a_single_number_has_no_variance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
