/* Buffers of known numbers, compared with a tolerance, for every implementation that this machine has. */
#ifndef TESTS_KERNELS_VALUES_H
#define TESTS_KERNELS_VALUES_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/kernels.h"
#include "tests/golden.h"

static inline void check_near(const real *got, const double *expected, int n, double tolerance)
{
    for (int i = 0; i < n; i++)
        if (!(fabs(got[i] - expected[i]) <= tolerance))
            fail_msg("[%d] is %.9g, expected %.9g", i, (double)got[i], expected[i]);
}

static inline real *filled(const double *values, int n)
{
    real *x = buffer_new(n);
    for (int i = 0; i < n; i++) x[i] = (real)values[i];
    return x;
}

/* Every implementation that runs here; how many groups of tests failed. */
static inline int run_on_each(const struct CMUnitTest *tests, size_t n)
{
    const char *const names[] = {"reference", "plain", "avx2", "avx512", "amx"};
    int failed = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (kernels_use(names[i]) != 0) continue;
        failed += _cmocka_run_group_tests(names[i], tests, n, NULL, NULL);
    }
    return failed;
}

#endif
