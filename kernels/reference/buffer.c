#include "kernels/reference/reference.h"

void reference_buffer_add(real *to, const real *from, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] += from[i];
}

double reference_buffer_sum_squares(const real *buffer, size_t n)
{
    const size_t chunk = 4096;
    double sum = 0;
    for (size_t start = 0; start < n; start += chunk) {
        const size_t end = start + chunk < n ? start + chunk : n;
        double partial = 0;
        for (size_t i = start; i < end; i++) partial += (double)buffer[i] * (double)buffer[i];
        sum += partial;
    }
    return sum;
}
