/* What plain code can do at most on one thread. */
#include <math.h>

#include "kernels/reference/reference.h"

enum { CHAINS = 8 };

double reference_limit_fma(size_t rounds, Compute compute)
{
    (void)compute;
    real sum[CHAINS] = {0};
    for (size_t round = 0; round < rounds; round++)
        for (int i = 0; i < CHAINS; i++) sum[i] = (real)fma(sum[i], (real)0.999, (real)1e-3);
    volatile real sink = 0;
    for (int i = 0; i < CHAINS; i++) sink = sink + sum[i];
    return (double)CHAINS * (double)rounds;
}

double reference_limit_read(const real *buffer, size_t n)
{
    real sum = 0;
    for (size_t i = 0; i < n; i++) sum += buffer[i];
    volatile real sink = sum;
    (void)sink;
    return (double)n * sizeof *buffer;
}
