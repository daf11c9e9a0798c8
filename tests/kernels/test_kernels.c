#include "kernels/kernels.h"

#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "kernels/table.h"
#include "tests/sanitized.h"

/* The first call of all: later the choice is made. */
static void the_environment_may_force_an_implementation(void **state)
{
    (void)state;
    setenv("RLHF_KERNELS", "reference", 1);
    assert_string_equal(kernels_name(), "reference");
}

static void an_unknown_implementation_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(kernels_use("reference"), 0);
    assert_int_equal(kernels_use("mmx"), -1);
    assert_string_equal(kernels_name(), "reference");
}

static void all_that_are_available_can_be_used(void **state)
{
    (void)state;
    int n = 0;
    while (kernels_available(n)) n++;
    assert_true(n > 0);
    assert_string_equal(kernels_available(n - 1), "reference"); /* the slowest, everywhere */
    for (int i = 0; i < n; i++) assert_int_equal(kernels_use(kernels_available(i)), 0);
    assert_string_equal(kernels_name(), "reference");
}

static void every_core_is_used_unless_a_number_is_asked_for(void **state)
{
    (void)state;
    assert_int_equal(kernels_threads(3), 3);
    assert_true(kernels_threads(0) >= 1);
}

static void small_work_stays_on_one_thread(void **state)
{
    (void)state;
    kernels_threads(4);
    const size_t old = kernels_parallel_min(1000);
    assert_int_equal(kernels_thread_count(999), 1);
    assert_int_equal(kernels_thread_count(1000), 4);
    assert_int_equal(kernels_parallel_min(0), 1000);
    assert_int_equal(kernels_thread_count(0), 4);
    kernels_parallel_min(old);
    kernels_threads(0);
}

typedef struct {
    int runs[20], threads[20]; /* of each task: how often it ran, threads of what it would call */
} Tasks;

static void count_task(void *context, int i)
{
    Tasks *t = context;
    t->runs[i]++;
    t->threads[i] = kernels_thread_count(1000);
    assert_true(kernels_thread() >= 0 && kernels_thread() < 4);
}

static void each_task_runs_once_on_one_thread(void **state)
{
    (void)state;
    Tasks several = {{0}, {0}}, single = {{0}, {0}};
    kernels_threads(4);
    const size_t old = kernels_parallel_min(1000);
    assert_int_equal(kernels_tasks(999), 1);
    assert_true(kernels_tasks(1000) >= 4);
    kernels_run(20, 1000, count_task, &several);
    kernels_run(1, 1000, count_task, &single);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(several.runs[i], 1);
        assert_int_equal(several.threads[i], 1);
    }
    assert_int_equal(single.runs[0], 1);
    assert_int_equal(single.threads[0], 4); /* nothing else is to be done meanwhile */
    kernels_parallel_min(old);
    kernels_threads(0);
}

static void note_level(void *context, int i)
{
    ((int *)context)[i] = omp_get_level();
}

/* In a team, even of one thread, gcc's library starts new threads for every kernel that wants some. */
static void a_single_task_is_in_no_team(void **state)
{
    (void)state;
    int level[8] = {-1};
    kernels_threads(4);
    const size_t before = kernels_parallel_min(0);
    kernels_run(1, 1000, note_level, level);
    assert_int_equal(level[0], 0);
    kernels_run(8, 1000, note_level, level);
    for (int i = 0; i < 8; i++) assert_int_equal(level[i], 1);
    kernels_parallel_min(before);
    kernels_threads(0);
}

static void buffers_are_zeroed_and_aligned_at_every_size(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 17, 1000, (5u << 20) + 3};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        real *buffer = buffer_new(sizes[i]);
        assert_int_equal((uintptr_t)buffer % 64, 0);
        for (size_t j = 0; j < sizes[i]; j++)
            if (buffer[j] != 0) fail_msg("element %zu is %g", j, (double)buffer[j]);
        buffer_free(buffer);
    }
    buffer_free(NULL);
}

/* Zeroed where it is used, by the thread that uses it. */
static void a_large_buffer_takes_no_memory_before_it_is_touched(void **state)
{
    (void)state;
    enum { N = 1 << 24 };
    if (SANITIZED) skip();
    const size_t before = mem_held();
    real *buffer = buffer_new(N);
    assert_true(mem_held() - before < N);
    buffer_zero(buffer, N);
    assert_true(mem_held() - before > N);
    buffer_free(buffer);
    assert_true(mem_held() - before < N);
}

static void buffers_give_back_what_was_written(void **state)
{
    (void)state;
    const real host[4] = {1, 2, 3, 4};
    real *a = buffer_new(4), *b = buffer_new(4), back[4];

    buffer_write(a, host, 4);
    buffer_copy(b + 1, a, 3);
    buffer_add(b, a, 4);
    buffer_read(back, b, 4);
    assert_memory_equal(back, ((real[]){1, 3, 5, 7}), sizeof back);
    buffer_zero(b + 1, 2);
    buffer_read(back, b, 4);
    assert_memory_equal(back, ((real[]){1, 0, 0, 7}), sizeof back);

    buffer_free(a);
    buffer_free(b);
}

static void embedding_adds_the_row_of_the_token_and_of_the_position(void **state)
{
    (void)state;
    const real wte[6] = {1, 2, 3, 4, 5, 6}, wpe[4] = {10, 20, 30, 40};
    const int token[3] = {2, 0, 2}, position[3] = {1, 0, 0};
    real out[6];

    embedding_forward(out, wte, wpe, token, position, 3, 2);
    assert_memory_equal(out, ((real[]){35, 46, 11, 22, 15, 26}), sizeof out);
    embedding_forward(out, wte, NULL, token, NULL, 3, 2);
    assert_memory_equal(out, ((real[]){5, 6, 1, 2, 5, 6}), sizeof out);
}

static void gather_picks_rows(void **state)
{
    (void)state;
    const real x[6] = {1, 2, 3, 4, 5, 6};
    real out[4];
    gather_forward(out, x, (int[]){2, 0}, 2, 2);
    assert_memory_equal(out, ((real[]){5, 6, 1, 2}), sizeof out);
}

static void rope_tables_are_made_in_double_and_rounded(void **state)
{
    (void)state;
    const double inv_freq[2] = {1, 0.37};
    real table[1001 * 4];
    rope_table(table, inv_freq, 1001, 4);
    assert_memory_equal(table, ((real[]){1, 1, 0, 0}), 4 * sizeof *table);
    const real expected[4] = {(real)cos(1000.0), (real)cos(370.0), (real)sin(1000.0),
                              (real)sin(370.0)};
    assert_memory_equal(table + 4000, expected, sizeof expected);
}

/* Whatever the instruction set, on each of the threads: what is counted, not how long it takes. */
static void limits_count_what_every_thread_does(void **state)
{
    (void)state;
    enum { N = 64 * 6 };
    real *x = buffer_new(N);
    for (int i = 0; kernels_available(i / 2); i++) {
        const Compute compute = i % 2 ? COMPUTE_BF16 : COMPUTE_F32;
        kernels_use(kernels_available(i / 2));
        kernels_threads(1);
        const double one = limit_fma(10, compute);
        assert_true(one > 0);
        assert_true(limit_fma(20, compute) == 2 * one);
        assert_true(limit_read(x, N) == N * sizeof *x);
        if (strcmp(kernels_name(), "reference") == 0) continue;
        kernels_threads(3);
        assert_true(limit_fma(10, compute) == 3 * one);
        assert_true(limit_read(x, N) == N * sizeof *x);
    }
    buffer_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_may_force_an_implementation),
        cmocka_unit_test(an_unknown_implementation_is_refused_and_changes_nothing),
        cmocka_unit_test(all_that_are_available_can_be_used),
        cmocka_unit_test(every_core_is_used_unless_a_number_is_asked_for),
        cmocka_unit_test(small_work_stays_on_one_thread),
        cmocka_unit_test(each_task_runs_once_on_one_thread),
        cmocka_unit_test(a_single_task_is_in_no_team),
        cmocka_unit_test(buffers_are_zeroed_and_aligned_at_every_size),
        cmocka_unit_test(a_large_buffer_takes_no_memory_before_it_is_touched),
        cmocka_unit_test(buffers_give_back_what_was_written),
        cmocka_unit_test(embedding_adds_the_row_of_the_token_and_of_the_position),
        cmocka_unit_test(gather_picks_rows),
        cmocka_unit_test(limits_count_what_every_thread_does),
        cmocka_unit_test(rope_tables_are_made_in_double_and_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
