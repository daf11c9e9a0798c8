#include "compare/position_test.h"

#include "compare/win_rate.h"

PositionTest position_test(int first, int second)
{
    PositionTest t = {.first = first, .n = first + second, .p = sign_test(first, second)};
    t.share = t.n ? (double)first / t.n : 0.5;
    wilson_interval(&t.low, &t.high, first, t.n);
    return t;
}
