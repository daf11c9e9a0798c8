#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "base/mapped_file.h"

enum { PAGES = 4, PAGE = 1 << 16 }; /* of any size that pages have */
static FILE *file;

/* Byte i is i mod 251. */
static int make_file(void **state)
{
    (void)state;
    file = tmpfile();
    if (!file) return -1;
    for (int i = 0; i < PAGES * PAGE; i++) fputc(i % 251, file);
    return fflush(file);
}

static int remove_file(void **state)
{
    (void)state;
    return fclose(file);
}

typedef struct {
    long shorten; /* to so many bytes before they are read; -1: not */
    size_t n;
    unsigned sum;
} Reading;

static void add_up(void *context, const unsigned char *bytes)
{
    Reading *r = context;
    if (r->shorten >= 0) assert_int_equal(ftruncate(fileno(file), r->shorten), 0);
    r->sum = 0;
    for (size_t i = 0; i < r->n; i++) r->sum += bytes[i];
}

static MappedFile *open_file(void)
{
    MappedFile *m = mapped_file_open(fileno(file), PAGES * PAGE);
    assert_non_null(m);
    return m;
}

/* 0 + 1 + ... + 249, and from byte 251 on again. */
static void bytes_are_those_of_the_file_from_any_place_on(void **state)
{
    (void)state;
    MappedFile *m = open_file();
    Reading r = {-1, 250, 0};
    for (uint64_t at = 0; at < 251 * 300; at += 251) {
        assert_true(mapped_file_use(m, at, r.n, add_up, &r));
        assert_int_equal(r.sum, 249 * 250 / 2);
    }
    mapped_file_close(m);
}

static void a_file_cut_short_while_it_is_read_is_told(void **state)
{
    (void)state;
    MappedFile *m = open_file();
    Reading r = {PAGE, PAGES * PAGE, 0};
    assert_false(mapped_file_use(m, 0, r.n, add_up, &r));
    r = (Reading){-1, PAGE, 0}; /* what is left of it is read on */
    assert_true(mapped_file_use(m, 0, r.n, add_up, &r));
    assert_false(mapped_file_use(m, PAGE, r.n, add_up, &r));
    mapped_file_close(m);
}

/* No signal comes there: the rest of a page is zeros. */
static void a_file_cut_short_within_a_page_is_told(void **state)
{
    (void)state;
    MappedFile *m = open_file();
    Reading r = {PAGES * PAGE - 10, PAGE, 0};
    assert_false(mapped_file_use(m, (PAGES - 1) * PAGE, r.n, add_up, &r));
    mapped_file_close(m);
}

static void *read_again_and_again(void *context)
{
    const MappedFile *m = context;
    Reading r = {-1, PAGE, 0};
    for (int i = 0; i < 200; i++)
        if (!mapped_file_use(m, 0, r.n, add_up, &r)) return context;
    return NULL;
}

static void threads_that_read_what_is_there_do_not_notice(void **state)
{
    (void)state;
    pthread_t thread;
    void *failed;
    MappedFile *m = open_file();
    Reading r = {PAGE, PAGE, 0};
    assert_int_equal(pthread_create(&thread, NULL, read_again_and_again, m), 0);
    for (int i = 0; i < 200; i++) assert_false(mapped_file_use(m, PAGE, r.n, add_up, &r));
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    mapped_file_close(m);
}

static void note(int number)
{
    (void)number;
}

static void the_signal_is_handled_while_a_file_is_mapped_and_then_as_before(void **state)
{
    (void)state;
    struct sigaction ours = {.sa_handler = note}, now, old;
    assert_int_equal(sigaction(SIGBUS, &ours, &old), 0);
    MappedFile *first = open_file(), *second = open_file();
    mapped_file_close(first);
    sigaction(SIGBUS, NULL, &now);
    assert_ptr_not_equal(now.sa_handler, note);
    mapped_file_close(second);
    sigaction(SIGBUS, &old, &now);
    assert_ptr_equal(now.sa_handler, note);
}

static volatile sig_atomic_t sent;

static void count(int number)
{
    (void)number;
    sent++;
}

static void a_signal_that_another_process_sends_goes_where_it_went(void **state)
{
    (void)state;
    struct sigaction ours = {.sa_handler = count}, old;
    assert_int_equal(sigaction(SIGBUS, &ours, &old), 0);
    MappedFile *m = open_file();
    sent = 0;
    raise(SIGBUS);
    assert_int_equal(sent, 1);
    mapped_file_close(m);
    sigaction(SIGBUS, &old, NULL);
}

static void a_pipe_is_not_mapped(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_null(mapped_file_open(ends[0], PAGE));
    close(ends[0]), close(ends[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_file, remove_file)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_are_those_of_the_file_from_any_place_on),
        TEST(a_file_cut_short_while_it_is_read_is_told),
        TEST(a_file_cut_short_within_a_page_is_told),
        TEST(threads_that_read_what_is_there_do_not_notice),
        TEST(the_signal_is_handled_while_a_file_is_mapped_and_then_as_before),
        TEST(a_signal_that_another_process_sends_goes_where_it_went),
        TEST(a_pipe_is_not_mapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
