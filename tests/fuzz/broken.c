#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

void fuzz_broken(const char *claim, const char *file, int line)
{
    fprintf(stderr, "%s:%d: broken: %s\n", file, line, claim);
    abort();
}
