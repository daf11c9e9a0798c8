/* `./check --long` sets RLHF_LONG: tests that can do more of the same then do. */
#ifndef TESTS_LONG_H
#define TESTS_LONG_H

#include <stdlib.h>

static inline int at_length(int quick, int full)
{
    const char *set = getenv("RLHF_LONG");
    return set && *set ? full : quick;
}

#endif
