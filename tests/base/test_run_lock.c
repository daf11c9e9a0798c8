/* Who works on a run, by the locks of the system alone. */
#include "base/run_lock.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/scratch.h"

static Error err;

static volatile sig_atomic_t got;

static void note(int signal_number)
{
    got = signal_number;
}

/* A child that holds the lock of scratch/NAME until it is signalled; its exit status is the signal's number. */
static pid_t holder_of(const char *name)
{
    int ends[2];
    char byte;
    const char *dir = scratch_folder(name, true);
    assert_int_equal(pipe(ends), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        int lock = -1;
        sigset_t usual, held;
        sigemptyset(&held);
        sigaddset(&held, SIGTERM);
        sigprocmask(SIG_BLOCK, &held, &usual);
        signal(SIGTERM, note);
        if (run_lock_take(&lock, dir, &err) != 0) _exit(1);
        if (write(ends[1], "x", 1) != 1) _exit(1);
        while (!got) sigsuspend(&usual);
        _exit(got);
    }
    assert_true(pid > 0);
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    return pid;
}

static void the_holder_is_known_while_it_lives(void **state)
{
    (void)state;
    pid_t found = 0;
    int status = 0;
    const pid_t pid = holder_of("alive");
    assert_true(run_lock_is_held(scratch_path("alive"), &found));
    assert_int_equal(found, pid);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    assert_false(run_lock_is_held(scratch_path("alive"), &found));
    assert_int_equal(found, 0);
}

static void the_signal_reaches_who_holds_it(void **state)
{
    (void)state;
    int status = 0;
    const pid_t pid = holder_of("signalled");
    assert_int_equal(run_lock_signal(scratch_path("signalled"), SIGTERM, &err), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), SIGTERM);
}

static void nobody_is_signalled_where_nobody_holds_it(void **state)
{
    (void)state;
    assert_int_equal(run_lock_signal(scratch_path("nowhere"), SIGTERM, &err), 0);
    scratch_folder("free", true);
    scratch_write(scratch_path("free/lock"), "1\n"); /* a number in it says nothing */
    assert_int_equal(run_lock_signal(scratch_path("free"), SIGTERM, &err), 0);
}

static void a_lock_that_is_held_is_not_taken(void **state)
{
    (void)state;
    int lock = -1, status = 0;
    const pid_t pid = holder_of("held");
    assert_int_equal(run_lock_take(&lock, scratch_path("held"), &err), -1);
    assert_says(&err, "held: another process is working on this run");
    close(lock);
    kill(pid, SIGTERM);
    waitpid(pid, &status, 0);
    assert_worked(run_lock_take(&lock, scratch_path("held"), &err), &err);
    close(lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_holder_is_known_while_it_lives),
        cmocka_unit_test(the_signal_reaches_who_holds_it),
        cmocka_unit_test(nobody_is_signalled_where_nobody_holds_it),
        cmocka_unit_test(a_lock_that_is_held_is_not_taken),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
