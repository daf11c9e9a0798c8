#include "base/training.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/checkpoint.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "tests/long.h"
#include "tests/looks.h"
#include "tests/scratch.h"

/* A trainer whose whole state is one number: x <- 3x + step. */
typedef struct {
    int64_t x;
    int fail_at; /* step that fails; 0: none */
    int steps, loads;
    int64_t best, halt; /* advice: the best step so far, and the one to end after; 0: none */
} Counter;

static Error err;
static int disk_errno; /* why writing fails; 0: it does not */

static int step(void *self, int64_t at, Text *members, Text *note, Error *e)
{
    Counter *c = self;
    c->steps++;
    if (c->fail_at > 0 && at == c->fail_at) return error_set(e, "the loss is nan");
    c->x = (3 * c->x + at) % 1000003;
    text_format(members, "\"x\":%lld", (long long)c->x);
    text_format(note, "x %lld", (long long)c->x);
    return 0;
}

static int save(void *self, const char *dir, Error *e)
{
    char path[FILE_PATH_MAX], text[64];
    const int n = snprintf(text, sizeof text, "{\"x\": %lld}\n", (long long)((Counter *)self)->x);
    if (path_join(path, dir, "x.json", e) != 0) return -1;
    if (disk_errno) return error_set(e, "cannot write %s: %s", path, strerror(disk_errno));
    return file_write(path, text, (size_t)n, e);
}

static int load(void *self, const char *dir, Error *e)
{
    Counter *c = self;
    char path[FILE_PATH_MAX];
    cJSON *o = NULL;
    if (path_join(path, dir, "x.json", e) != 0 || json_read(&o, path, 100, false, e) != 0)
        return -1;
    c->x = (int64_t)json_number(o, "x", -1);
    c->loads++;
    cJSON_Delete(o);
    return 0;
}

static TrainerAdvice advice(void *self)
{
    const Counter *c = self;
    return (TrainerAdvice){.halt = c->halt > 0 && c->steps >= c->halt ? "x is too large" : NULL,
                           .best = c->best > 0 && c->steps >= c->best ? c->best : -1};
}

typedef struct {
    int rc;
    TrainingEnd end;
    int64_t steps;
    Counter counter;
} Outcome;

/* `total` steps of this counter in scratch/NAME. */
static Outcome train_counter(const char *name, int total, TrainingOptions o, Counter counter)
{
    Outcome out = {.counter = counter};
    Trainer t = {&out.counter, total, step, save, load, advice};
    Run *run = NULL;
    o.name = "test", o.unit = "step", o.quiet = true;
    if (o.keep == 0) o.keep = 2;
    assert_worked(run_open(&run, scratch_path(name), "{}", o.resume, &err), &err);
    out.rc = training_run(&t, run, &o, &out.end, &out.steps, &err);
    run_close(run);
    return out;
}

static Outcome train(const char *name, int total, TrainingOptions o, int fail_at)
{
    return train_counter(name, total, o, (Counter){.x = 1, .fail_at = fail_at});
}

static void assert_same_files(const char *a, const char *b)
{
    char *x = scratch_read(scratch_path(a)), *y = scratch_read(scratch_path(b));
    assert_string_equal(x, y);
    free(x);
    free(y);
}

static void assert_state(const char *name, const char *expected)
{
    char file[128];
    snprintf(file, sizeof file, "%s/state.json", name);
    char *text = scratch_read(scratch_path(file));
    assert_string_equal(text, expected);
    free(text);
}

static void a_run_takes_every_step_and_saves_the_last(void **state)
{
    (void)state;
    const Outcome o = train("whole", 10, (TrainingOptions){.save_every = 4}, 0);
    assert_worked(o.rc, &err);
    assert_int_equal(o.end, TRAINING_FINISHED);
    assert_int_equal(o.steps, 10);
    assert_true(file_is_folder(scratch_path("whole/checkpoints/step-000008")));
    assert_true(file_is_folder(scratch_path("whole/checkpoints/step-000010")));
    assert_false(file_exists(scratch_path("whole/checkpoints/step-000004")));
    assert_state("whole", "{\"state\": \"finished\", \"total\": 10, \"step\": 10}\n");
}

static void stopped_anywhere_and_resumed_is_as_never_stopped(void **state)
{
    (void)state;
    train("never", 9, (TrainingOptions){.save_every = 3}, 0);
    for (int stop = 1; stop < 9; stop++) {
        scratch_folder("stopped", false);
        Outcome o = train("stopped", 9, (TrainingOptions){.save_every = 3, .stop_after = stop}, 0);
        assert_worked(o.rc, &err);
        assert_int_equal(o.end, TRAINING_STOPPED);
        assert_int_equal(o.steps, stop);
        o = train("stopped", 9, (TrainingOptions){.save_every = 3, .resume = true}, 0);
        assert_worked(o.rc, &err);
        assert_int_equal(o.counter.steps, 9 - stop);
        assert_same_files("never/checkpoints/step-000009/x.json",
                          "stopped/checkpoints/step-000009/x.json");
        assert_same_files("never/metrics.jsonl", "stopped/metrics.jsonl");
        assert_state("stopped", "{\"state\": \"finished\", \"total\": 9, \"step\": 9}\n");
    }
}

/* In a child that is killed after `microseconds`, if it is not done by then. */
static void train_and_kill(const char *name, TrainingOptions o, unsigned microseconds)
{
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(train(name, 30, o, 0).rc == 0 ? 0 : 1);
    usleep(microseconds);
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
}

static void killed_at_any_moment_and_resumed_is_as_never_killed(void **state)
{
    (void)state;
    train("alive", 30, (TrainingOptions){.save_every = 1}, 0);
    const unsigned rounds = (unsigned)at_length(3, 30);
    for (unsigned round = 0; round < rounds; round++) {
        scratch_folder("killed", false);
        train_and_kill("killed", (TrainingOptions){.save_every = 1}, 3000 + 900 * (round % 32));
        for (unsigned i = 0; i < 6 && file_exists(scratch_path("killed/settings.json")); i++)
            train_and_kill("killed", (TrainingOptions){.save_every = 1, .resume = true},
                           1700 * i + 311 * round);
        const bool begun = file_exists(scratch_path("killed/settings.json"));
        assert_worked(
            train("killed", 30, (TrainingOptions){.save_every = 1, .resume = begun}, 0).rc, &err);
        assert_same_files("alive/checkpoints/step-000030/x.json",
                          "killed/checkpoints/step-000030/x.json");
        assert_same_files("alive/metrics.jsonl", "killed/metrics.jsonl");
    }
}

static void a_damaged_checkpoint_costs_its_steps_and_no_bit(void **state)
{
    (void)state;
    train("sound", 9, (TrainingOptions){.save_every = 2}, 0);
    train("damaged", 9, (TrainingOptions){.save_every = 2, .stop_after = 5}, 0);
    scratch_write(scratch_path("damaged/checkpoints/step-000005/x.json"), "{\"x\": 7}\n");
    const Outcome o = train("damaged", 9, (TrainingOptions){.save_every = 2, .resume = true}, 0);
    assert_worked(o.rc, &err);
    assert_int_equal(o.counter.steps, 5); /* 5 to 9 */
    assert_same_files("sound/checkpoints/step-000009/x.json",
                      "damaged/checkpoints/step-000009/x.json");
    assert_same_files("sound/metrics.jsonl", "damaged/metrics.jsonl");
}

static void without_a_sound_checkpoint_it_begins_again(void **state)
{
    (void)state;
    train("first", 4, (TrainingOptions){0}, 0);
    train("lost", 4, (TrainingOptions){.stop_after = 2}, 0);
    scratch_write(scratch_path("lost/checkpoints/step-000002/x.json"), "?");
    const Outcome o = train("lost", 4, (TrainingOptions){.resume = true}, 0);
    assert_worked(o.rc, &err);
    assert_int_equal(o.counter.loads, 0);
    assert_same_files("first/checkpoints/step-000004/x.json",
                      "lost/checkpoints/step-000004/x.json");
    assert_same_files("first/metrics.jsonl", "lost/metrics.jsonl");
}

/* The newest of them is damaged, and what is saved after going back has a smaller step. */
static void a_damaged_checkpoint_outlives_none_that_is_saved_later(void **state)
{
    (void)state;
    train("unbroken", 9, (TrainingOptions){.save_every = 2, .keep = 1}, 0);
    for (int keep = 1; keep <= 2; keep++) {
        scratch_folder("twice", false);
        TrainingOptions o = {.save_every = 2, .keep = keep, .stop_after = 8};
        train("twice", 9, o, 0);
        scratch_write(scratch_path("twice/checkpoints/step-000008/x.json"), "?");
        o.resume = true, o.stop_after = keep == 1 ? 4 : 1;
        Outcome got = train("twice", 9, o, 0);
        assert_worked(got.rc, &err);
        assert_int_equal(got.counter.loads, keep - 1); /* with two there is step 6 */
        assert_int_equal(got.steps, keep == 1 ? 4 : 7);
        o.stop_after = 0;
        got = train("twice", 9, o, 0);
        assert_worked(got.rc, &err);
        assert_int_equal(got.counter.steps, keep == 1 ? 5 : 2); /* from 4, from 7 */
        assert_same_files("unbroken/checkpoints/step-000009/x.json",
                          "twice/checkpoints/step-000009/x.json");
        assert_same_files("unbroken/metrics.jsonl", "twice/metrics.jsonl");
    }
    assert_true(file_is_folder(scratch_path("twice/checkpoints/step-000008.damaged")));
}

static void resuming_a_finished_run_does_nothing(void **state)
{
    (void)state;
    train("done", 3, (TrainingOptions){0}, 0);
    const Outcome o = train("done", 3, (TrainingOptions){.resume = true}, 0);
    assert_worked(o.rc, &err);
    assert_int_equal(o.counter.steps, 0);
    assert_int_equal(o.end, TRAINING_FINISHED);
    assert_state("done", "{\"state\": \"finished\", \"total\": 3, \"step\": 3}\n");
}

static void a_step_that_fails_ends_the_run_and_names_itself(void **state)
{
    (void)state;
    const Outcome o = train("fails", 9, (TrainingOptions){.save_every = 2}, 4);
    assert_int_equal(o.rc, -1);
    assert_string_equal(err.message, "step 5: the loss is nan");
    assert_state("fails", "{\"state\": \"failed\", \"total\": 9, \"step\": 4}\n");
    assert_int_equal(train("fails", 9, (TrainingOptions){.resume = true}, 0).counter.steps, 5);
}

static void a_full_disk_is_told_with_what_to_do(void **state)
{
    (void)state;
    const int errnos[] = {ENOSPC, EDQUOT, EIO};
    for (int i = 0; i < 3; i++) {
        scratch_folder("full", false);
        disk_errno = errnos[i];
        const Outcome o = train("full", 9, (TrainingOptions){.save_every = 2}, 0);
        disk_errno = 0;
        assert_int_equal(o.rc, -1);
        assert_says(&err, "checkpoint of step 2: cannot write");
        assert_int_equal(strstr(err.hint, "make room") && strstr(err.hint, "--resume"), i < 2);
    }
    assert_worked(train("full", 9, (TrainingOptions){.resume = true}, 0).rc, &err);
}

static void a_signal_stops_after_the_step_and_saves(void **state)
{
    (void)state;
    interrupt_raise(SIGTERM);
    const Outcome o = train("signal", 9, (TrainingOptions){0}, 0);
    interrupt_raise(0);
    assert_worked(o.rc, &err);
    assert_int_equal(o.end, TRAINING_STOPPED);
    assert_int_equal(o.steps, 1);
    assert_true(file_is_folder(scratch_path("signal/checkpoints/step-000001")));
    assert_state("signal", "{\"state\": \"stopped\", \"total\": 9, \"step\": 1}\n");
}

typedef struct {
    int calls;
    int64_t last;
    char first[16], members[64];
} Watch;

static int watch(void *context, int64_t at, const char *members, Error *e)
{
    Watch *w = context;
    (void)e;
    if (w->calls++ == 0) snprintf(w->first, sizeof w->first, "%lld%s", (long long)at, members);
    w->last = at;
    snprintf(w->members, sizeof w->members, "%s", members);
    return 0;
}

static void a_watcher_sees_the_start_and_every_step(void **state)
{
    (void)state;
    Watch w = {0};
    train("watched", 2, (TrainingOptions){.after_step = watch, .context = &w}, 0);
    assert_int_equal(w.calls, 3);
    assert_string_equal(w.first, "0");
    assert_int_equal(w.last, 2);
    assert_string_equal(w.members, "\"x\":10"); /* 3 * (3 * 1 + 0) + 1 */
}

static int fails_at_once(void *context, int64_t at, const char *members, Error *e)
{
    (void)context, (void)members;
    return at == 0 ? error_set(e, "the disk is full") : 0;
}

static void a_watcher_that_fails_at_the_start_ends_the_run(void **state)
{
    (void)state;
    const Outcome o = train("at-once", 4, (TrainingOptions){.after_step = fails_at_once}, 0);
    assert_int_equal(o.rc, -1);
    assert_state("at-once", "{\"state\": \"failed\", \"total\": 4, \"step\": 0}\n");
}

static int fails(void *context, int64_t at, const char *members, Error *e)
{
    (void)context, (void)members;
    return at == 2 ? error_set(e, "the disk is full") : 0;
}

static void a_watcher_that_fails_ends_the_run(void **state)
{
    (void)state;
    const Outcome o = train("disk", 4, (TrainingOptions){.after_step = fails}, 0);
    assert_int_equal(o.rc, -1);
    assert_says(&err, "the disk is full");
}

/* Writing a large model takes long: the bar says so. */
static void each_checkpoint_looks_at_the_bar(void **state)
{
    (void)state;
    looks_begin();
    assert_worked(train("looks", 6, (TrainingOptions){.save_every = 2}, 0).rc, &err);
    assert_int_equal(looks_end(), 3);
}

static void a_stop_counts_the_steps_of_its_own_call(void **state)
{
    (void)state;
    train("parts", 9, (TrainingOptions){.stop_after = 4}, 0);
    const Outcome o = train("parts", 9, (TrainingOptions){.stop_after = 3, .resume = true}, 0);
    assert_worked(o.rc, &err);
    assert_int_equal(o.steps, 7); /* 4 + 3 */
    assert_int_equal(o.end, TRAINING_STOPPED);
}

static double now; /* seconds */

static double slow_clock(void)
{
    return now;
}

static int four_minutes_pass(void *context, int64_t step, const char *members, Error *e)
{
    (void)context, (void)step, (void)members, (void)e;
    now += 240;
    return 0;
}

/* Four minutes before the first step and after each: 2 ends at 12 minutes, 5 twelve later, and 8 is the last. */
static void without_save_every_a_checkpoint_comes_every_ten_minutes(void **state)
{
    (void)state;
    log_set_clock(slow_clock);
    train("slow", 8, (TrainingOptions){.keep = 9, .after_step = four_minutes_pass}, 0);
    log_set_clock(NULL);
    for (int step = 1; step <= 8; step++) {
        char file[64];
        snprintf(file, sizeof file, "slow/checkpoints/step-%06d", step);
        assert_int_equal(file_is_folder(scratch_path(file)), step == 2 || step == 5 || step == 8);
    }
}

/* ---- advice, time, events ----------------------------------------------------------------------- */

static void the_best_checkpoint_is_saved_and_outlives_the_others(void **state)
{
    (void)state;
    train_counter("best", 9, (TrainingOptions){.save_every = 4, .keep = 1},
                  (Counter){.x = 1, .best = 3});
    assert_true(file_is_folder(scratch_path("best/checkpoints/step-000003")));
    assert_false(file_exists(scratch_path("best/checkpoints/step-000004")));
    assert_true(file_is_folder(scratch_path("best/checkpoints/step-000009")));
}

static void a_trainer_that_has_enough_ends_the_run_and_saves(void **state)
{
    (void)state;
    Outcome o = train_counter("halt", 9, (TrainingOptions){0}, (Counter){.x = 1, .halt = 5});
    assert_worked(o.rc, &err);
    assert_int_equal(o.end, TRAINING_HALTED);
    assert_int_equal(o.steps, 5);
    assert_true(file_is_folder(scratch_path("halt/checkpoints/step-000005")));
    assert_state("halt", "{\"state\": \"stopped\", \"total\": 9, \"step\": 5}\n");
    o = train_counter("to-the-end", 5, (TrainingOptions){0}, (Counter){.x = 1, .halt = 5});
    assert_int_equal(o.end, TRAINING_FINISHED);
}

/* Before step 3 (index 2) there are 2 steps; the event stands behind them and no step is counted twice. */
static void an_event_stands_where_a_resumed_run_went_on(void **state)
{
    (void)state;
    train("event", 3, (TrainingOptions){.stop_after = 2}, 0);
    train("event", 3, (TrainingOptions){.resume = true, .event = "\"event\":\"e\""}, 0);
    char *text = scratch_read(scratch_path("event/metrics.jsonl"));
    assert_string_equal(text, "{\"step\":1,\"x\":3}\n{\"step\":2,\"x\":10}\n"
                              "{\"step\":2,\"event\":\"e\"}\n{\"step\":3,\"x\":32}\n");
    free(text);
}

static double quarter_clock(void)
{
    return now += 0.25;
}

static void a_timed_record_says_how_long_its_step_took(void **state)
{
    (void)state;
    log_set_clock(quarter_clock);
    train("timed", 1, (TrainingOptions){.timed = true, .save_every = 1}, 0);
    log_set_clock(NULL);
    char *text = scratch_read(scratch_path("timed/metrics.jsonl"));
    double time = 0;
    assert_int_equal(sscanf(text, "{\"step\":1,\"x\":3,\"seconds\":0.250,\"time\":%lf}", &time), 1);
    assert_true(time > 1.7e9);
    free(text);
}

static int64_t ready_at = -1;

static int is_ready(void *context, int64_t at, Error *e)
{
    (void)e;
    (void)context;
    ready_at = at;
    return 0;
}

static void it_is_ready_once_after_it_was_taken_up(void **state)
{
    (void)state;
    train("ready", 4, (TrainingOptions){.ready = is_ready, .stop_after = 3}, 0);
    assert_int_equal(ready_at, 0);
    train("ready", 4, (TrainingOptions){.ready = is_ready, .resume = true}, 0);
    assert_int_equal(ready_at, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_takes_every_step_and_saves_the_last),
        cmocka_unit_test(stopped_anywhere_and_resumed_is_as_never_stopped),
        cmocka_unit_test(killed_at_any_moment_and_resumed_is_as_never_killed),
        cmocka_unit_test(a_damaged_checkpoint_costs_its_steps_and_no_bit),
        cmocka_unit_test(without_a_sound_checkpoint_it_begins_again),
        cmocka_unit_test(a_damaged_checkpoint_outlives_none_that_is_saved_later),
        cmocka_unit_test(resuming_a_finished_run_does_nothing),
        cmocka_unit_test(a_step_that_fails_ends_the_run_and_names_itself),
        cmocka_unit_test(a_full_disk_is_told_with_what_to_do),
        cmocka_unit_test(a_signal_stops_after_the_step_and_saves),
        cmocka_unit_test(a_watcher_sees_the_start_and_every_step),
        cmocka_unit_test(a_watcher_that_fails_at_the_start_ends_the_run),
        cmocka_unit_test(a_watcher_that_fails_ends_the_run),
        cmocka_unit_test(each_checkpoint_looks_at_the_bar),
        cmocka_unit_test(a_stop_counts_the_steps_of_its_own_call),
        cmocka_unit_test(without_save_every_a_checkpoint_comes_every_ten_minutes),
        cmocka_unit_test(the_best_checkpoint_is_saved_and_outlives_the_others),
        cmocka_unit_test(a_trainer_that_has_enough_ends_the_run_and_saves),
        cmocka_unit_test(an_event_stands_where_a_resumed_run_went_on),
        cmocka_unit_test(a_timed_record_says_how_long_its_step_took),
        cmocka_unit_test(it_is_ready_once_after_it_was_taken_up),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
