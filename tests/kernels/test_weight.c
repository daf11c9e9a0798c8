/* Where packed forms of weights lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/kernels.h"

/* No multiples of a panel or of a block of steps, so that both have ends to fill. */
enum { OUT = 50, IN = 41, N = 3 };

static real *numbers(int n, int bits)
{
    real *x = buffer_new((size_t)n);
    for (int i = 0; i < n; i++) x[i] = (real)((i * 37) % (1 << bits) - (1 << bits) / 2) / 64;
    return x;
}

/* For every implementation and form: floats, floats that bfloat16 holds, and products in bfloat16. */
static void each_form(void (*claim)(Weight *w, const real *dout, real *dx))
{
    const struct {
        int bits;
        Compute compute;
    } form[] = {{12, COMPUTE_F32}, {6, COMPUTE_F32}, {12, COMPUTE_BF16}};
    real *dout = numbers(N * OUT, 10), *dx = buffer_new((size_t)(N * IN));
    for (int i = 0; kernels_available(i); i++)
        for (int f = 0; f < 3; f++) {
            assert_int_equal(kernels_use(kernels_available(i)), 0);
            real *values = numbers(OUT * IN, form[f].bits);
            Weight *w = weight_new(values, OUT, IN, form[f].compute);
            claim(w, dout, dx);
            weight_free(w);
            buffer_free(values);
        }
    buffer_free(dout);
    buffer_free(dx);
}

static void backward(real *dx, const real *dout, Weight *w)
{
    linear_backward(dx, NULL, NULL, dout, NULL, w, N);
}

/* What lies in it before is of no account. */
static real *room_of(const Weight *w)
{
    const size_t n = weight_backward_size(w);
    real *room = buffer_new(n + 1);
    for (size_t i = 0; i <= n; i++) room[i] = 1e30f;
    return room;
}

static void is_the_same_in_lent_memory(Weight *w, const real *dout, real *dx)
{
    real own[N * IN], *room = room_of(w);
    backward(dx, dout, w);
    memcpy(own, dx, sizeof own);
    weight_lend(w, room);
    backward(dx, dout, w);
    assert_memory_equal(dx, own, sizeof own);
    weight_lend(w, NULL);
    backward(dx, dout, w);
    assert_memory_equal(dx, own, sizeof own);
    buffer_free(room);
}

static void a_backward_is_the_same_in_lent_memory(void **state)
{
    (void)state;
    each_form(is_the_same_in_lent_memory);
}

static void stays_within_what_is_lent(Weight *w, const real *dout, real *dx)
{
    real *room = room_of(w);
    weight_lend(w, room);
    backward(dx, dout, w);
    assert_true(room[weight_backward_size(w)] == 1e30f);
    buffer_free(room);
}

static void a_packed_form_stays_within_what_is_lent(void **state)
{
    (void)state;
    each_form(stays_within_what_is_lent);
}

static void is_left_alone_when_taken_back(Weight *w, const real *dout, real *dx)
{
    const size_t n = weight_backward_size(w);
    real *room = room_of(w);
    weight_lend(w, room);
    weight_lend(w, NULL);
    for (size_t i = 0; i < n; i++) room[i] = 1e30f;
    backward(dx, dout, w);
    weight_changed(w);
    backward(dx, dout, w);
    for (size_t i = 0; i < n; i++) assert_true(room[i] == 1e30f);
    buffer_free(room);
}

static void lent_memory_is_left_alone_when_it_is_taken_back(void **state)
{
    (void)state;
    each_form(is_left_alone_when_taken_back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backward_is_the_same_in_lent_memory),
        cmocka_unit_test(a_packed_form_stays_within_what_is_lent),
        cmocka_unit_test(lent_memory_is_left_alone_when_it_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
