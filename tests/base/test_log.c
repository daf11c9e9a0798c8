#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static double now; /* seconds, while a test moves the clock */

static double test_clock(void)
{
    return now;
}

static int hold_clock(void **state)
{
    (void)state;
    now = 1000;
    log_set_clock(test_clock);
    return 0;
}

static int give_clock_back(void **state)
{
    (void)state;
    log_set_clock(NULL);
    return 0;
}

static char path[] = "/tmp/rlhf-log-XXXXXX";
static int kept;

static void catch_stderr(void)
{
    fflush(stderr);
    kept = dup(STDERR_FILENO);
    strcpy(path + sizeof path - 7, "XXXXXX");
    const int fd = mkstemp(path);
    dup2(fd, STDERR_FILENO);
    close(fd);
}

static void assert_stderr(const char *expected)
{
    char text[1000] = "";
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    FILE *f = fopen(path, "r");
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    unlink(path);
    assert_string_equal(text, expected);
}

static void a_line_goes_to_stderr(void **state)
{
    (void)state;
    catch_stderr();
    log_line("step=%d loss=%.2f", 120, 2.31);
    assert_stderr("step=120 loss=2.31\n");
}

static void quiet_prints_nothing(void **state)
{
    (void)state;
    Progress bar;
    catch_stderr();
    log_quiet(true);
    log_line("step=1");
    progress_begin(&bar, "pretrain", 10, "steps");
    now += 100;
    progress_update(&bar, 5, NULL);
    progress_end(&bar);
    log_quiet(false);
    assert_stderr("");
}

static void progress_outside_a_terminal_waits_ten_seconds(void **state)
{
    (void)state;
    Progress bar;
    catch_stderr();
    progress_begin(&bar, "pretrain", 10, "steps");
    now += 9.99;
    progress_update(&bar, 1, NULL);
    progress_pulse(NULL);
    now += 0.02;
    progress_update(&bar, 4, NULL);
    now += 9.98;
    progress_update(&bar, 5, NULL);
    progress_end(&bar);
    assert_stderr("pretrain  4/10 steps  40%  0.40 steps/s  0:15 left\n");
}

/* Seconds at which something happens to a bar: drawn at 0, 0.11, 0.22, 1 and 2, when a tenth has passed. */
static const double MOMENT[] = {0, 0.09, 0.11, 0.2, 0.22, 1, 1.01, 2};

static void begin_on_terminal(Progress *bar)
{
    progress_begin(bar, "ppo", 0, "");
    bar->on_terminal = true, bar->drawn = now - 1; /* as progress_begin does where it finds one */
}

static void steps_draw_a_terminals_bar_ten_times_a_second(void **state)
{
    (void)state;
    Progress bar;
    catch_stderr();
    begin_on_terminal(&bar);
    for (int i = 0; i < 8; i++) {
        now = bar.began + MOMENT[i];
        progress_update(&bar, 0, "%d", i);
    }
    progress_end(&bar);
    assert_stderr("\r\033[Kppo  0\r\033[Kppo  2\r\033[Kppo  4\r\033[Kppo  5\r\033[Kppo  7\r\033[K");
}

/* Each time with another stroke, so that the eye sees that something goes on. */
static void pulses_draw_a_terminals_bar_ten_times_a_second(void **state)
{
    (void)state;
    Progress bar;
    catch_stderr();
    begin_on_terminal(&bar);
    for (int i = 0; i < 8; i++) {
        now = bar.began + MOMENT[i];
        progress_pulse(NULL);
    }
    progress_end(&bar);
    assert_stderr("\r\033[Kppo \\\r\033[Kppo |\r\033[Kppo /\r\033[Kppo -\r\033[Kppo \\\r\033[K");
}

/* 500 of 2,000 steps in 100 seconds: 5 a second, 1,500 left take 300 seconds. */
static void progress_shows_share_rate_time_left_and_note(void **state)
{
    (void)state;
    Progress bar;
    catch_stderr();
    progress_begin(&bar, "pretrain", 2000, "steps");
    now += 100;
    progress_update(&bar, 500, "loss %.3f", 2.31);
    progress_end(&bar);
    assert_stderr("pretrain  500/2,000 steps  25%  5.00 steps/s  5:00 left  loss 2.310\n");
}

/* 500 MB of 2 GB after 100 seconds, 400 MB of them from an earlier call: 1 MB/s, 1,500 seconds are left. */
static void bytes_are_shown_in_larger_units_and_old_ones_are_no_speed(void **state)
{
    (void)state;
    Progress bar;
    catch_stderr();
    progress_begin(&bar, "pull", 2000000000, "byte");
    bar.before = 400000000;
    now += 100;
    progress_update(&bar, 500000000, "model.safetensors");
    progress_end(&bar);
    assert_stderr("pull  500 MB of 2.0 GB  25%  1.0 MB/s  25:00 left  model.safetensors\n");
}

/* The step goes on, and the line says with what; the next update takes the phase away again. */
static void a_pulse_draws_the_standing_bar_with_its_phase(void **state)
{
    (void)state;
    Progress bar;
    catch_stderr();
    progress_begin(&bar, "ppo", 40, "iterations");
    progress_update(&bar, 1, "kl %.1f", 2.5);
    now += 100;
    progress_pulse("sampling");
    progress_pulse("scoring");
    now += 100;
    progress_update(&bar, 2, "kl %.1f", 2.5);
    progress_end(&bar);
    assert_stderr("ppo  1/40 iterations  2%  0.01 iterations/s  1 h 05 min left  sampling  kl 2.5\n"
                  "ppo  2/40 iterations  5%  0.01 iterations/s  1 h 03 min left  kl 2.5\n");
}

/* 79 of 80 columns are used.  The first line would have 86 and has 68 without the rate; the second, with its
 * longer phase, 88 without the rate and 77 without the time left; the note of the third has 81 itself. */
static void a_narrow_terminal_loses_whole_fields_and_the_numbers_last(void **state)
{
    (void)state;
    static const char NOTE[] = "score 1.17  kl 2.24";
    Progress bar;
    catch_stderr();
    progress_begin(&bar, "ppo", 36, "iteration");
    progress_update(&bar, 23, "%s", NOTE);
    bar.on_terminal = true;
    now += 92;
    progress_pulse("scoring");
    now += 0.2;
    progress_pulse("scoring by the reward model");
    now += 0.2;
    progress_update(&bar, 23, "%s  %060d", NOTE, 0);
    progress_end(&bar);
    assert_stderr(
        "\r\033[Kppo  23/36 iteration  63%  0:52 left  scoring \\  score 1.17  kl 2.24"
        "\r\033[Kppo  23/36 iteration  63%  scoring by the reward model |  score 1.17  kl 2.24"
        "\r\033[Kppo  score 1.17  kl 2.24\r\033[K");
}

static void a_pulse_without_a_bar_prints_nothing(void **state)
{
    (void)state;
    Progress bar;
    catch_stderr();
    progress_begin(&bar, "ppo", 40, "iterations");
    progress_end(&bar);
    progress_pulse("sampling");
    assert_stderr("");
}

static void durations_are_minutes_or_hours(void **state)
{
    (void)state;
    char out[32];
    assert_string_equal(log_duration(out, 5), "0:05");
    assert_string_equal(log_duration(out, 75), "1:15");
    assert_string_equal(log_duration(out, 3599.6), "1 h 00 min");
    assert_string_equal(log_duration(out, 4020), "1 h 07 min");
    assert_string_equal(log_duration(out, 1e9), "30 years and more");
    assert_string_equal(log_duration(out, -1), "-");
}

static void the_clock_does_not_go_back(void **state)
{
    (void)state;
    const double first = log_clock();
    assert_true(log_clock() >= first);
}

#define CLOCKED(f) cmocka_unit_test_setup_teardown(f, hold_clock, give_clock_back)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_goes_to_stderr),
        CLOCKED(quiet_prints_nothing),
        CLOCKED(progress_outside_a_terminal_waits_ten_seconds),
        CLOCKED(steps_draw_a_terminals_bar_ten_times_a_second),
        CLOCKED(pulses_draw_a_terminals_bar_ten_times_a_second),
        CLOCKED(progress_shows_share_rate_time_left_and_note),
        CLOCKED(bytes_are_shown_in_larger_units_and_old_ones_are_no_speed),
        CLOCKED(a_pulse_draws_the_standing_bar_with_its_phase),
        CLOCKED(a_narrow_terminal_loses_whole_fields_and_the_numbers_last),
        CLOCKED(a_pulse_without_a_bar_prints_nothing),
        cmocka_unit_test(durations_are_minutes_or_hours),
        cmocka_unit_test(the_clock_does_not_go_back),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
