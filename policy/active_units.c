#include "policy/active_units.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

static ActiveUnit peak(const real *units, int T, int F, int unit)
{
    ActiveUnit u = {.unit = unit};
    for (int t = 0; t < T; t++) {
        const double value = (double)units[(size_t)t * (size_t)F + (size_t)unit];
        if (fabs(value) > fabs(u.value)) u.value = value, u.at = t;
        u.mean += fabs(value) / T;
    }
    return u;
}

int active_units(ActiveUnit *out, int count, const real *units, int T, int F)
{
    int n = 0;
    assert(count > 0 && T > 0 && F > 0);
    for (int i = 0; i < F; i++) {
        const ActiveUnit u = peak(units, T, F, i);
        if (n == count && !(fabs(u.value) > fabs(out[n - 1].value))) continue;
        int at = n < count ? n++ : n - 1;
        for (; at > 0 && fabs(u.value) > fabs(out[at - 1].value); at--) out[at] = out[at - 1];
        out[at] = u;
    }
    return n;
}
