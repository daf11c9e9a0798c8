#include "base/run.h"
#include "tests/scratch.h"

static const char SETTINGS[] = "{\n  \"seed\": 1,\n  \"sft\": {\n    \"steps\": 10\n  }\n}\n";
static Error err;

/* A new run of this name with steps 1..n recorded. */
static Run *new_run(const char *name, int n)
{
    Run *r = NULL;
    assert_worked(run_open(&r, scratch_folder(name, false), SETTINGS, false, &err), &err);
    for (int i = 1; i <= n; i++) assert_worked(run_record(r, i, "\"loss\":0.5", &err), &err);
    return r;
}

static char *metrics_of(const Run *r)
{
    char path[FILE_PATH_MAX];
    assert_worked(path_join(path, r->dir, "metrics.jsonl", &err), &err);
    return scratch_read(path);
}

static void assert_metrics(const Run *r, const char *expected)
{
    char *text = metrics_of(r);
    assert_string_equal(text, expected);
    free(text);
}

static void a_new_run_keeps_its_settings_and_records_a_line_a_step(void **state)
{
    (void)state;
    Run *r = new_run("new", 2);
    assert_worked(run_record(r, 3, "", &err), &err);
    assert_metrics(r, "{\"step\":1,\"loss\":0.5}\n{\"step\":2,\"loss\":0.5}\n{\"step\":3}\n");
    char *settings = scratch_read(scratch_path("new/settings.json"));
    assert_string_equal(settings, SETTINGS);
    free(settings);
    assert_true(file_is_folder(scratch_path("new/checkpoints")));
    run_close(r);
}

static void the_record_goes_on_where_it_ended(void **state)
{
    (void)state;
    Run *r = new_run("on", 1);
    run_close(r);
    assert_worked(run_open(&r, scratch_path("on"), SETTINGS, true, &err), &err);
    assert_worked(run_record(r, 2, "\"loss\":0.25", &err), &err);
    assert_metrics(r, "{\"step\":1,\"loss\":0.5}\n{\"step\":2,\"loss\":0.25}\n");
    run_close(r);
}

static void a_run_is_not_started_twice(void **state)
{
    (void)state;
    Run *r = new_run("twice", 1), *second = NULL;
    run_close(r);
    assert_int_equal(run_open(&second, scratch_path("twice"), SETTINGS, false, &err), -1);
    assert_says(&err, "twice: this run exists; go on with --resume");
    assert_int_equal(run_check_new(scratch_path("twice"), &err), -1);
    assert_says(&err, "twice: this run exists; go on with --resume");
    assert_int_equal(run_check_new(scratch_path("thrice"), &err), 0);
    assert_null(second);
}

static void a_run_that_a_process_works_on_is_refused(void **state)
{
    (void)state;
    Run *r = new_run("held", 1), *second = NULL;
    assert_int_equal(run_open(&second, scratch_path("held"), SETTINGS, true, &err), -1);
    assert_says(&err, "held: another process is working on this run");
    assert_null(second);
    assert_metrics(r, "{\"step\":1,\"loss\":0.5}\n");
    run_close(r);
    assert_worked(run_open(&second, scratch_path("held"), SETTINGS, true, &err), &err);
    run_close(second);
}

static void resuming_nothing_leaves_no_folder_behind(void **state)
{
    (void)state;
    Run *r = NULL;
    assert_int_equal(run_open(&r, scratch_path("mistyped"), SETTINGS, true, &err), -1);
    assert_says(&err, "mistyped: no run to resume there");
    assert_false(file_exists(scratch_path("mistyped")));
}

static void refused_settings(const char *settings, const char *difference)
{
    static const char SAID[] = "settings.json: a resumed run keeps its settings and inputs; ";
    Run *r = NULL;
    assert_int_equal(run_open(&r, scratch_path("settings"), settings, true, &err), -1);
    assert_null(r);
    assert_says(&err, SAID);
    assert_string_equal(strstr(err.message, SAID) + strlen(SAID), difference);
}

static void changed_settings_are_refused_with_what_changed(void **state)
{
    (void)state;
    run_close(new_run("settings", 0));
    refused_settings("{\n  \"seed\": 1,\n  \"sft\": {\n    \"steps\": 20\n  }\n}\n",
                     "sft.steps was 10 and is 20 now");
    refused_settings("{\"seed\": 12, \"sft\": {\"steps\": 10}}", "seed was 1 and is 12 now");
    refused_settings("{\"seed\": 1, \"sft\": {\"steps\": 10, \"epochs\": 2}}",
                     "sft.epochs was not there and is 2 now");
    refused_settings("{\"seed\": 1}", "sft was {\"steps\":10} and is not there now");
    refused_settings("", "the file does not hold what this command would write");
    refused_settings("{\"seed\": 1, \"sft\": {\"steps\": 10}}",
                     "the file does not hold what this command would write");
    /* The word that holds all settings is left out, and a hash cut short. */
    scratch_write(scratch_path("settings/settings.json"),
                  "{\"inputs\":{\"model\":\"0123456789012345678901234567890\"},"
                  "\"settings\":{\"ppo\":{\"kl_coef\":0.05}}}");
    refused_settings("{\"inputs\":{\"model\":\"x\"},\"settings\":{\"ppo\":{\"kl_coef\":0.05}}}",
                     "inputs.model was \"01234567890123456789012... and is \"x\" now");
    refused_settings("{\"inputs\":{\"model\":\"0123456789012345678901234567890\"},"
                     "\"settings\":{\"ppo\":{\"kl_coef\":0.1}}}",
                     "ppo.kl_coef was 0.05 and is 0.1 now");
}

static void cutting_back_drops_what_came_after(void **state)
{
    (void)state;
    Run *r = new_run("cut", 4);
    assert_worked(run_cut_back(r, 2, &err), &err);
    assert_metrics(r, "{\"step\":1,\"loss\":0.5}\n{\"step\":2,\"loss\":0.5}\n");
    assert_worked(run_record(r, 3, "\"loss\":0.25", &err), &err);
    assert_metrics(
        r, "{\"step\":1,\"loss\":0.5}\n{\"step\":2,\"loss\":0.5}\n{\"step\":3,\"loss\":0.25}\n");
    assert_worked(run_cut_back(r, 9, &err), &err);
    assert_worked(run_cut_back(r, 0, &err), &err);
    assert_metrics(r, "");
    run_close(r);
}

/* A damaged checkpoint takes the run back before a change of settings, which holds none the less. */
static void cutting_back_keeps_the_events(void **state)
{
    (void)state;
    Run *r = new_run("kept", 2);
    assert_worked(run_record(r, 2, "\"event\":\"e\"", &err), &err);
    assert_worked(run_record(r, 3, "\"loss\":0.25", &err), &err);
    assert_worked(run_cut_back(r, 2, &err), &err);
    assert_metrics(r, "{\"step\":1,\"loss\":0.5}\n{\"step\":2,\"loss\":0.5}\n"
                      "{\"step\":2,\"event\":\"e\"}\n");
    assert_worked(run_cut_back(r, 1, &err), &err);
    assert_metrics(r, "{\"step\":1,\"loss\":0.5}\n{\"step\":1,\"event\":\"e\"}\n");
    run_close(r);
}

static void a_line_cut_short_by_a_crash_goes_too(void **state)
{
    (void)state;
    Run *r = new_run("crash", 2);
    fputs("{\"step\":2,\"lo", r->metrics);
    assert_worked(run_cut_back(r, 2, &err), &err);
    assert_metrics(r, "{\"step\":1,\"loss\":0.5}\n{\"step\":2,\"loss\":0.5}\n");
    run_close(r);
}

static void assert_answers(const char *run, const char *expected)
{
    char path[FILE_PATH_MAX];
    assert_worked(path_join(path, scratch_path(run), "answers.jsonl", &err), &err);
    char *text = scratch_read(path);
    assert_string_equal(text, expected);
    free(text);
}

static void answers_are_kept_where_asked_for(void **state)
{
    (void)state;
    Run *r = new_run("answers", 1);
    assert_false(file_exists(scratch_path("answers/answers.jsonl")));
    assert_worked(run_keep_answers(r, &err), &err);
    assert_worked(run_record_answer(r, 2, "\"kl\":1", &err), &err);
    assert_worked(run_record_answer(r, 2, "\"kl\":2", &err), &err);
    run_close(r);
    assert_answers("answers", "{\"step\":2,\"kl\":1}\n{\"step\":2,\"kl\":2}\n");
}

/* Steps 1 and 2 are in the checkpoint; answers of step 3 are made again. */
static void a_resumed_run_goes_on_with_its_answers_without_doubling(void **state)
{
    (void)state;
    Run *r = new_run("doubling", 0);
    assert_worked(run_keep_answers(r, &err), &err);
    for (int step = 1; step <= 3; step++)
        assert_worked(run_record_answer(r, step, "\"kl\":1", &err), &err);
    run_close(r);
    assert_worked(run_open(&r, scratch_path("doubling"), SETTINGS, true, &err), &err);
    assert_worked(run_cut_back(r, 2, &err), &err);
    assert_worked(run_record_answer(r, 3, "\"kl\":2", &err), &err);
    run_close(r);
    assert_answers("doubling",
                   "{\"step\":1,\"kl\":1}\n{\"step\":2,\"kl\":1}\n{\"step\":3,\"kl\":2}\n");
}

/* ---- TensorBoard ---- */

/* How often `tag` is in the events of a run. */
static int events_with(const char *run, const char *tag)
{
    char path[FILE_PATH_MAX], *bytes = NULL;
    size_t n = 0;
    int count = 0;
    assert_worked(path_join(path, scratch_path(run), "events.out.tfevents.rlhf", &err), &err);
    assert_worked(file_read(&bytes, &n, path, 1 << 20, &err), &err);
    for (const char *at = bytes; (at = memmem(at, n - (size_t)(at - bytes), tag, strlen(tag)));
         at++)
        count++;
    free(bytes);
    return count;
}

static void every_record_is_an_event_too(void **state)
{
    (void)state;
    run_close(new_run("events", 3));
    assert_int_equal(events_with("events", "brain.Event:2"), 1);
    assert_int_equal(events_with("events", "loss"), 3);
}

static void cutting_back_makes_the_events_anew(void **state)
{
    (void)state;
    Run *r = new_run("anew", 4);
    assert_worked(run_cut_back(r, 2, &err), &err);
    assert_int_equal(events_with("anew", "loss"), 2);
    assert_worked(run_record(r, 3, "\"other\":1", &err), &err);
    run_close(r);
    assert_int_equal(events_with("anew", "other"), 1);
    /* of a run that had none, all of them */
    assert_int_equal(remove(scratch_path("anew/events.out.tfevents.rlhf")), 0);
    assert_worked(run_open(&r, scratch_path("anew"), SETTINGS, true, &err), &err);
    assert_worked(run_cut_back(r, 3, &err), &err);
    run_close(r);
    assert_int_equal(events_with("anew", "loss"), 2);
    assert_int_equal(events_with("anew", "other"), 1);
}

static void settings_are_changed_by_rename(void **state)
{
    (void)state;
    Run *r = new_run("changed", 1);
    assert_worked(run_change_settings(r, "{}", &err), &err);
    run_close(r);
    assert_worked(run_open(&r, scratch_path("changed"), "{}", true, &err), &err);
    run_close(r);
}

static void the_state_is_replaced_whole(void **state)
{
    (void)state;
    Run *r = new_run("state", 0);
    assert_worked(run_set_state(r, "running", 0, 12, &err), &err);
    assert_worked(run_set_state(r, "finished", 12, 12, &err), &err);
    char *text = scratch_read(scratch_path("state/state.json"));
    assert_string_equal(text, "{\"state\": \"finished\", \"total\": 12, \"step\": 12}\n");
    free(text);
    run_close(r);
}

static void a_folder_that_cannot_be_made_is_one_line(void **state)
{
    (void)state;
    Run *r = NULL;
    scratch_write(scratch_path("file"), "x");
    assert_int_equal(run_open(&r, scratch_path("file/run"), SETTINGS, false, &err), -1);
    assert_says(&err, "file");
    assert_null(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_run_keeps_its_settings_and_records_a_line_a_step),
        cmocka_unit_test(the_record_goes_on_where_it_ended),
        cmocka_unit_test(a_run_is_not_started_twice),
        cmocka_unit_test(a_run_that_a_process_works_on_is_refused),
        cmocka_unit_test(resuming_nothing_leaves_no_folder_behind),
        cmocka_unit_test(changed_settings_are_refused_with_what_changed),
        cmocka_unit_test(cutting_back_drops_what_came_after),
        cmocka_unit_test(cutting_back_keeps_the_events),
        cmocka_unit_test(a_line_cut_short_by_a_crash_goes_too),
        cmocka_unit_test(answers_are_kept_where_asked_for),
        cmocka_unit_test(a_resumed_run_goes_on_with_its_answers_without_doubling),
        cmocka_unit_test(every_record_is_an_event_too),
        cmocka_unit_test(cutting_back_makes_the_events_anew),
        cmocka_unit_test(settings_are_changed_by_rename),
        cmocka_unit_test(the_state_is_replaced_whole),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_one_line),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
