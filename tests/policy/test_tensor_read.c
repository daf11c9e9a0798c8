#include <math.h>
#include <unistd.h>

#include "base/mem.h"
#include "policy/tensor_read.h"
#include "tests/scratch.h"

static Error err;

/* Values that every type holds: small whole numbers. */
static float value(size_t i)
{
    return (float)((int)(i * 7 % 201) - 100);
}

static Safetensors *open_numbers(int rows, int cols, Dtype type, float at_end)
{
    Safetensors *s = NULL;
    const size_t n = (size_t)rows * (size_t)cols;
    float *values = mem_calloc(n, sizeof *values);
    for (size_t i = 0; i < n; i++) values[i] = value(i);
    if (at_end != 0) values[n - 1] = at_end;
    /* another of one number before it, so that it begins at no page's beginning */
    const SafetensorsTensor t[] = {
        {.name = "a", .type = type, .n_dims = 1, .shape = {1}, .values = values},
        {.name = "t", .type = type, .n_dims = 2, .shape = {rows, cols}, .values = values}};
    assert_int_equal(safetensors_write(scratch_path("numbers"), t, 2, &err), 0);
    assert_int_equal(safetensors_open(&s, scratch_path("numbers"), &err), 0);
    free(values);
    return s;
}

static const struct {
    int rows, cols; /* of the file */
} SHAPE[] = {{1, 1}, {3, 5}, {64, 64}, {65, 130}, {300, 63}, {1, 2000}, {2000, 1}, {1100, 1030}};

static void check_shape(int rows, int cols, Dtype type, bool mapped, bool turned)
{
    bool finite = true;
    const size_t n = (size_t)rows * (size_t)cols;
    Safetensors *s = open_numbers(rows, cols, type, 0);
    real *to = buffer_new(n);
    if (mapped) safetensors_map(s);
    const TensorRead list = {.index = safetensors_find(s, "t"),
                             .to = to,
                             .rows = turned ? cols : rows,
                             .cols = turned ? rows : cols,
                             .turned = turned};
    assert_int_equal(tensors_read(&finite, s, &list, 1, &err), 0);
    assert_true(finite);
    for (size_t i = 0; i < n; i++) {
        const size_t row = i / (size_t)list.cols, col = i % (size_t)list.cols;
        const float expected = value(turned ? col * (size_t)cols + row : i);
        if (to[i] != expected) fail_msg("%d x %d, number %zu", rows, cols, i);
    }
    buffer_free(to);
    safetensors_close(s);
}

static void every_shape_and_type_arrives_mapped_or_read_turned_or_straight(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SHAPE / sizeof *SHAPE; i++)
        for (Dtype type = DTYPE_F32; type <= DTYPE_BF16; type++)
            for (int how = 0; how < 4; how++)
                check_shape(SHAPE[i].rows, SHAPE[i].cols, type, how & 1, how & 2);
}

static bool is_finite(float at_end, bool turned)
{
    enum { ROWS = 70, COLS = 90 };
    bool finite = true;
    Safetensors *s = open_numbers(ROWS, COLS, DTYPE_F32, at_end);
    real *to = buffer_new(ROWS * COLS);
    safetensors_map(s);
    const TensorRead list = {safetensors_find(s, "t"), to, turned ? COLS : ROWS,
                             turned ? ROWS : COLS, turned};
    assert_int_equal(tensors_read(&finite, s, &list, 1, &err), 0);
    buffer_free(to);
    safetensors_close(s);
    return finite;
}

static void a_number_that_is_none_is_told(void **state)
{
    (void)state;
    for (int turned = 0; turned < 2; turned++) {
        assert_true(is_finite(0x1.fffffep127f, turned));
        assert_true(is_finite(0x1p-149f, turned));
        assert_false(is_finite(NAN, turned));
        assert_false(is_finite(-INFINITY, turned));
    }
}

static void a_file_cut_short_after_it_was_opened_is_an_error_in_words(void **state)
{
    (void)state;
    enum { ROWS = 512, COLS = 300 };
    bool finite = true;
    Safetensors *s = open_numbers(ROWS, COLS, DTYPE_F32, 0);
    real *to = buffer_new(ROWS * COLS);
    safetensors_map(s);
    assert_int_equal(truncate(scratch_path("numbers"), 100000), 0);
    for (int turned = 0; turned < 2; turned++) {
        const TensorRead list = {safetensors_find(s, "t"), to, turned ? COLS : ROWS,
                                 turned ? ROWS : COLS, turned};
        assert_int_equal(tensors_read(&finite, s, &list, 1, &err), -1);
        assert_non_null(strstr(err.message, scratch_path("numbers")));
        assert_non_null(strstr(err.message, "the file has become shorter while it was read"));
    }
    buffer_free(to);
    safetensors_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_and_type_arrives_mapped_or_read_turned_or_straight),
        cmocka_unit_test(a_number_that_is_none_is_told),
        cmocka_unit_test(a_file_cut_short_after_it_was_opened_is_an_error_in_words),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
