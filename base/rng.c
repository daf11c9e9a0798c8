#include "base/rng.h"

#include <assert.h>
#include <math.h>

static uint64_t mix(uint64_t z)
{
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t rng_bits(uint64_t seed, RngStream stream, uint64_t item, uint64_t position)
{
    return mix(mix(mix(mix(seed) ^ (uint64_t)stream) ^ item) ^ position);
}

double rng_uniform(uint64_t seed, RngStream stream, uint64_t item, uint64_t position)
{
    return ((double)(rng_bits(seed, stream, item, position) >> 11) + 0.5) * 0x1p-53;
}

double rng_normal(uint64_t seed, RngStream stream, uint64_t item, uint64_t position)
{
    const double u = rng_uniform(seed, stream, item, 2 * position);
    const double v = rng_uniform(seed, stream, item, 2 * position + 1);
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

int rng_below(int n, uint64_t seed, RngStream stream, uint64_t item, uint64_t position)
{
    assert(n > 0);
    const uint64_t bits = rng_bits(seed, stream, item, position) >> 32;
    return (int)((bits * (uint64_t)n) >> 32);
}

void rng_permutation(int *out, int n, uint64_t seed, RngStream stream, uint64_t item)
{
    for (int i = 0; i < n; i++) out[i] = i;
    for (int i = n - 1; i > 0; i--) {
        const int j = rng_below(i + 1, seed, stream, item, (uint64_t)i);
        const int kept = out[i];
        out[i] = out[j];
        out[j] = kept;
    }
}
