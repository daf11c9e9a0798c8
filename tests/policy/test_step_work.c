#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/step_work.h"

/* The demo's shape: a layer has 4 x 128 x 128 weights of attention and 3 x 128 x 352 of its MLP, 200,704; four have
 * 802,816.  The output is 1,024 x 128 = 131,072. */
static const ModelConfig DEMO = {.family = FAMILY_LLAMA,
                                 .n_layer = 4,
                                 .NH = 4,
                                 .NKV = 4,
                                 .HD = 32,
                                 .C = 128,
                                 .F = 352,
                                 .V = 1024,
                                 .max_T = 192,
                                 .rms_norm = true,
                                 .gated_mlp = true,
                                 .tied = true};

enum { LAYERS = 802816, OUTPUT = 131072, WIDTHS = 4 * 128 };

/* Ten tokens that look back on half of 50 each, twice (keys, values): 4 layers x 128 x 50 = 25,600 a token. */
static void scoring_goes_once_over_the_weights(void **state)
{
    (void)state;
    const StepWork w = {.trunk = {10}, .head = {4}, .length = 50};
    assert_float_equal(step_work_of(&w, WORK_FORWARD, &DEMO),
                       10. * (LAYERS + 25600 + 1120 * WIDTHS) + 4. * OUTPUT, 1e-3);
    assert_float_equal(step_work_of(&w, WORK_TRAINED, &DEMO), 0, 0);
    assert_float_equal(step_work_all(&w, &DEMO), step_work_of(&w, WORK_FORWARD, &DEMO), 0);
}

static void training_goes_three_times_over_them_and_an_adapter_twice(void **state)
{
    (void)state;
    StepWork w = {.trunk = {0, 10}, .head = {0, 10}, .length = 50};
    const double rest = 10. * 4740 * WIDTHS, products = 10. * (LAYERS + 25600 + OUTPUT);
    assert_float_equal(step_work_of(&w, WORK_TRAINED, &DEMO), 3 * products + rest, 1e-3);
    w.adapter = true;
    assert_float_equal(step_work_of(&w, WORK_TRAINED, &DEMO), 2 * products + rest, 1e-3);
}

/* Each kind at its own speed: 1 s, 2 s and 4 s of it are 7 s. */
static void the_kinds_take_their_time_one_after_the_other(void **state)
{
    (void)state;
    const StepWork w = {.trunk = {5, 6, 7}, .head = {1, 2, 3}, .length = 20, .batch = 8};
    const MachineSpeed speed = {.forward = step_work_of(&w, WORK_FORWARD, &DEMO),
                                .training = step_work_of(&w, WORK_TRAINED, &DEMO) / 2,
                                .decoding = step_work_of(&w, WORK_SAMPLED, &DEMO) / 4};
    assert_float_equal(step_work_seconds(&w, &DEMO, &speed), 7, 1e-9);
}

/* What is not done needs no speed: nothing is decoded in a supervised step. */
static void without_sampling_no_speed_of_it_is_asked_for(void **state)
{
    (void)state;
    const StepWork w = {.trunk = {0, 6}, .head = {0, 2}, .length = 20};
    const MachineSpeed speed = {.training = step_work_of(&w, WORK_TRAINED, &DEMO)};
    assert_float_equal(step_work_seconds(&w, &DEMO, &speed), 1, 1e-9);
}

/* What is no product of weights stays as slow as it is in floats. */
static void products_in_bfloat16_alone_are_faster(void **state)
{
    (void)state;
    const StepWork w = {.trunk = {6}, .length = 20};
    const double all = step_work_of(&w, WORK_FORWARD, &DEMO);
    const MachineSpeed slow = {.forward = all}, fast = {.forward = 1e30, .floats = all};
    /* 4 layers of 128: what is no product is 1,120 for each of 4 x 128, and 20 x 512 */
    const double rest = 6 * (1120.0 * 4 * 128 + 20.0 * 4 * 128);
    assert_float_equal(step_work_seconds(&w, &DEMO, &slow), 1, 1e-9);
    assert_float_equal(step_work_seconds(&w, &DEMO, &fast), rest / all, 1e-9);
}

/* docs/results.md, two threads on a quiet machine: a peak of 345 GFLOP/s is 172.5e9 multiply-adds, of which products reach
 * 77%, with the backward 3 / (1/.77 + 1/.72 + 1/.53) = 66%, and of 64 rows 65%; and the demo's model then scored 86,460
 * tokens a second, trained on 21,287, and drew 37,241, whose prompts made them 49,380. */
static void the_speeds_of_products_give_the_measured_ones_of_the_model(void **state)
{
    (void)state;
    const MachineSpeed speed = {
        .forward = .77 * 172.5e9, .training = .656 * 172.5e9, .decoding = .65 * 172.5e9};
    const StepWork scoring = {.trunk = {86460}, .head = {86460}, .length = 55},
                   training = {.trunk = {0, 21287}, .head = {0, 21287}, .length = 55},
                   sampling = {.trunk = {0, 0, 49380}, .head = {0, 0, 37241}, .length = 81};
    assert_float_equal(step_work_seconds(&scoring, &DEMO, &speed), 1, 0.01);
    assert_float_equal(step_work_seconds(&training, &DEMO, &speed), 1, 0.01);
    assert_float_equal(step_work_seconds(&sampling, &DEMO, &speed), 1, 0.02);
}

/* Any machine multiplies a million numbers a second, and none 1e16; how many is not a test's to say. */
static void a_measured_speed_is_a_speed(void **state)
{
    (void)state;
    const MachineSpeed some = machine_speed_measure(&DEMO, 256, 8),
                       none_drawn = machine_speed_measure(&DEMO, 256, 0);
    assert_true(some.forward > 1e6 && some.forward < 1e16);
    assert_true(some.training > 1e6 && some.training < 1e16);
    assert_true(some.decoding > 1e6 && some.decoding < 1e16);
    assert_float_equal(none_drawn.decoding, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scoring_goes_once_over_the_weights),
        cmocka_unit_test(training_goes_three_times_over_them_and_an_adapter_twice),
        cmocka_unit_test(the_kinds_take_their_time_one_after_the_other),
        cmocka_unit_test(without_sampling_no_speed_of_it_is_asked_for),
        cmocka_unit_test(products_in_bfloat16_alone_are_faster),
        cmocka_unit_test(the_speeds_of_products_give_the_measured_ones_of_the_model),
        cmocka_unit_test(a_measured_speed_is_a_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
