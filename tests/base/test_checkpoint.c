#include "base/checkpoint.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/scratch.h"

static Error err;

static int write_file(const char *dir, const char *name, const char *text, Error *e)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, dir, name, e) != 0) return -1;
    return file_write(path, text, strlen(text), e);
}

/* weights (the text given) and value/weights */
static int write_state(void *context, const char *dir, Error *e)
{
    char inner[FILE_PATH_MAX];
    if (write_file(dir, "weights", context, e) != 0) return -1;
    if (path_join(inner, dir, "value", e) != 0 || folder_make(inner, e) != 0) return -1;
    return write_file(inner, "weights", "of the value model", e);
}

static void save(const char *run, int64_t step, int keep, const char *text)
{
    assert_worked(checkpoint_save(run, step, keep, -1, write_state, (void *)text, &err), &err);
}

/* A run with checkpoints of steps 1..n, all kept. */
static const char *run_with(const char *name, int n)
{
    const char *run = scratch_folder(name, true);
    for (int i = 1; i <= n; i++) save(run, i, n, "state");
    return run;
}

static void assert_newest(const char *run, int64_t expected)
{
    char dir[FILE_PATH_MAX], path[FILE_PATH_MAX];
    int64_t step = -1;
    assert_worked(checkpoint_newest(dir, &step, run, &err), &err);
    assert_int_equal(step, expected);
    assert_worked(checkpoint_path(path, run, expected, &err), &err);
    assert_string_equal(dir, path);
}

static int count_entries(const char *run)
{
    char path[FILE_PATH_MAX];
    char **names = NULL;
    int n = 0;
    assert_worked(path_join(path, run, "checkpoints", &err), &err);
    assert_worked(folder_list(&names, &n, path, &err), &err);
    folder_list_free(names, n);
    return n;
}

static void a_checkpoint_is_found_again_and_sound(void **state)
{
    (void)state;
    const char *run = run_with("one", 1);
    assert_newest(run, 1);
    assert_worked(checkpoint_verify(scratch_path("one/checkpoints/step-000001"), &err), &err);
    char *text = scratch_read(scratch_path("one/checkpoints/step-000001/value/weights"));
    assert_string_equal(text, "of the value model");
    free(text);
}

/* The digest of "abc" is FIPS 180's own example. */
static void the_manifest_holds_sizes_and_sha_256(void **state)
{
    (void)state;
    save(scratch_folder("manifest", true), 7, 1, "abc");
    char *text = scratch_read(scratch_path("manifest/checkpoints/step-000007/manifest.json"));
    assert_non_null(strstr(text, "\"step\": 7"));
    assert_non_null(
        strstr(text, "{\"name\": \"weights\", \"size\": 3, \"sha256\": "
                     "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}"));
    assert_non_null(strstr(text, "\"name\": \"value/weights\", \"size\": 18"));
    free(text);
}

static void the_newest_are_kept(void **state)
{
    (void)state;
    const char *run = scratch_folder("keep", true);
    for (int i = 10; i <= 50; i += 10) save(run, i, 2, "state");
    assert_int_equal(count_entries(run), 2);
    assert_true(file_is_folder(scratch_path("keep/checkpoints/step-000040")));
    assert_newest(run, 50);
}

static void the_one_just_saved_is_kept_whatever_its_step(void **state)
{
    (void)state;
    const char *run = scratch_folder("back", true);
    save(run, 8, 1, "state");
    save(run, 4, 1, "state");
    assert_true(file_is_folder(scratch_path("back/checkpoints/step-000004")));
}

static void what_is_set_aside_is_no_checkpoint_any_more(void **state)
{
    (void)state;
    const char *run = run_with("aside", 3);
    assert_worked(checkpoint_set_aside(run, 1, &err), &err);
    assert_newest(run, 1);
    assert_int_equal(checkpoint_last_step(run), 1);
    save(run, 2, 1, "state");
    assert_worked(checkpoint_set_aside(run, 1, &err), &err); /* takes the place of the one there */
    assert_true(file_is_folder(scratch_path("aside/checkpoints/step-000002.damaged")));
    assert_true(file_is_folder(scratch_path("aside/checkpoints/step-000003.damaged")));
    assert_int_equal(count_entries(run), 2);
}

/* step-1000000 sorts before step-999999 as text. */
static void a_million_steps_come_after_fewer(void **state)
{
    (void)state;
    const char *run = scratch_folder("million", true);
    save(run, 999999, 2, "state");
    save(run, 1000000, 2, "state");
    assert_newest(run, 1000000);
    save(run, 1000001, 2, "state");
    assert_newest(run, 1000001);
    assert_false(file_exists(scratch_path("million/checkpoints/step-999999")));
}

static void the_last_step_is_known_by_name(void **state)
{
    (void)state;
    const char *run = scratch_folder("last", true);
    assert_int_equal(checkpoint_last_step(run), -1);
    save(run, 9, 3, "state");
    save(run, 1000000, 3, "state");
    scratch_folder("last/checkpoints/step-2000000.tmp-17", true);
    assert_int_equal(checkpoint_last_step(run), 1000000);
}

static void a_step_saved_again_is_replaced(void **state)
{
    (void)state;
    const char *run = run_with("again", 2);
    save(run, 2, 5, "other");
    char *text = scratch_read(scratch_path("again/checkpoints/step-000002/weights"));
    assert_string_equal(text, "other");
    free(text);
    assert_newest(run, 2);
    assert_int_equal(count_entries(run), 2);
}

static void without_a_checkpoint_there_is_an_error(void **state)
{
    (void)state;
    char dir[FILE_PATH_MAX];
    int64_t step;
    assert_int_equal(checkpoint_newest(dir, &step, run_with("none", 0), &err), -1);
    scratch_folder("none/checkpoints", true);
    assert_int_equal(checkpoint_newest(dir, &step, scratch_path("none"), &err), -1);
    assert_says(&err, "no checkpoint there yet");
}

/* ---- damage --------------------------------------------------------------------------------------- */

static void falls_back_from(const char *name, void (*damage)(void))
{
    const char *run = run_with(name, 3);
    assert_newest(run, 3);
    assert_int_equal(chdir(scratch_path(name)), 0);
    damage();
    assert_int_equal(chdir("/"), 0);
    assert_newest(run, 2);
}

static void change_a_byte(void)
{
    scratch_write("checkpoints/step-000003/weights", "stAte");
}
static void shorten(void)
{
    assert_int_equal(truncate("checkpoints/step-000003/weights", 4), 0);
}
static void lose_a_file(void)
{
    assert_int_equal(unlink("checkpoints/step-000003/value/weights"), 0);
}
static void lose_the_manifest(void)
{
    assert_int_equal(unlink("checkpoints/step-000003/manifest.json"), 0);
}
static void cut_the_manifest(void)
{
    assert_int_equal(truncate("checkpoints/step-000003/manifest.json", 60), 0);
}
static void empty_the_manifest(void)
{
    scratch_write("checkpoints/step-000003/manifest.json", "{}");
}
static void list_nothing(void)
{
    scratch_write("checkpoints/step-000003/manifest.json", "{\"files\": []}");
}
static void point_outside(void)
{
    scratch_write("checkpoints/step-000003/manifest.json",
                  "{\"files\": [{\"name\": \"../../x\", \"size\": 1, \"sha256\": \"\"}]}");
}

static void a_damaged_checkpoint_is_passed_over(void **state)
{
    (void)state;
    falls_back_from("changed", change_a_byte);
    falls_back_from("shortened", shorten);
    falls_back_from("lost", lose_a_file);
    falls_back_from("no-manifest", lose_the_manifest);
    falls_back_from("cut-manifest", cut_the_manifest);
    falls_back_from("empty-manifest", empty_the_manifest);
    falls_back_from("list-of-nothing", list_nothing);
    falls_back_from("outside", point_outside);
}

static void when_all_are_damaged_the_error_names_a_file(void **state)
{
    (void)state;
    char dir[FILE_PATH_MAX];
    int64_t step;
    const char *run = run_with("all", 1);
    scratch_write(scratch_path("all/checkpoints/step-000001/weights"), "STATE");
    assert_int_equal(checkpoint_newest(dir, &step, run, &err), -1);
    assert_says(&err, "step-000001/weights has another content");
}

/* ---- writes that fail or never end ------------------------------------------------------------------ */

static int fail_half_way(void *context, const char *dir, Error *e)
{
    if (write_state(context, dir, e) != 0) return -1;
    return error_set(e, "weights: No space left on device");
}

static void a_failed_write_leaves_the_old_ones_alone(void **state)
{
    (void)state;
    const char *run = run_with("failed", 2);
    assert_int_equal(checkpoint_save(run, 3, 1, -1, fail_half_way, "new", &err), -1);
    assert_says(&err, "checkpoint of step 3: weights: No space left on device");
    assert_int_equal(count_entries(run), 2);
    assert_newest(run, 2);
}

static int kill_half_way(void *context, const char *dir, Error *e)
{
    write_state(context, dir, e);
    raise(SIGKILL);
    return 0;
}

/* As the file system refuses bytes beyond a limit: what a full disk looks like. */
static int write_too_much(void *context, const char *dir, Error *e)
{
    static char big[1 << 16];
    (void)context;
    memset(big, 'x', sizeof big - 1);
    return write_file(dir, "weights", big, e);
}

static int in_a_child(int (*write)(void *, const char *, Error *), const char *run)
{
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        if (write == write_too_much) setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096});
        Error e;
        _exit(checkpoint_save(run, 3, 1, -1, write, "new", &e) == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void a_killed_write_leaves_no_half_checkpoint(void **state)
{
    (void)state;
    const char *run = run_with("killed", 2);
    assert_int_equal(in_a_child(kill_half_way, run), -SIGKILL);
    assert_false(file_exists(scratch_path("killed/checkpoints/step-000003")));
    assert_newest(run, 2);
    save(run, 3, 3, "state"); /* and the next write clears away what was left */
    assert_int_equal(count_entries(run), 3);
    assert_newest(run, 3);
}

static void a_full_disk_leaves_the_old_ones_alone(void **state)
{
    (void)state;
    const char *run = run_with("full", 2);
    assert_int_equal(in_a_child(write_too_much, run), 1);
    assert_int_equal(count_entries(run), 2);
    assert_newest(run, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint_is_found_again_and_sound),
        cmocka_unit_test(the_manifest_holds_sizes_and_sha_256),
        cmocka_unit_test(the_newest_are_kept),
        cmocka_unit_test(the_one_just_saved_is_kept_whatever_its_step),
        cmocka_unit_test(what_is_set_aside_is_no_checkpoint_any_more),
        cmocka_unit_test(a_million_steps_come_after_fewer),
        cmocka_unit_test(the_last_step_is_known_by_name),
        cmocka_unit_test(a_step_saved_again_is_replaced),
        cmocka_unit_test(without_a_checkpoint_there_is_an_error),
        cmocka_unit_test(a_damaged_checkpoint_is_passed_over),
        cmocka_unit_test(when_all_are_damaged_the_error_names_a_file),
        cmocka_unit_test(a_failed_write_leaves_the_old_ones_alone),
        cmocka_unit_test(a_killed_write_leaves_no_half_checkpoint),
        cmocka_unit_test(a_full_disk_leaves_the_old_ones_alone),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
