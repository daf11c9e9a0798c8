/* How often long work looks whether its progress bar is due: with a bar that stands, every look takes the
 * time once. */
#ifndef TESTS_LOOKS_H
#define TESTS_LOOKS_H

#include "base/log.h"

static int looks;
static bool looks_quiet; /* as it was before: no bar stands where it is quiet */
static Progress looks_bar;

static inline double looks_clock(void)
{
    looks++;
    return 0; /* never due: nothing is drawn */
}

static inline void looks_begin(void)
{
    looks_quiet = log_is_quiet();
    log_quiet(false);
    log_set_clock(looks_clock);
    progress_begin(&looks_bar, "test", 0, "");
    looks_bar.on_terminal = false, looks_bar.drawn = 0;
    looks = 0;
}

static inline int looks_end(void)
{
    const int n = looks;
    progress_end(&looks_bar);
    log_set_clock(NULL);
    log_quiet(looks_quiet);
    return n;
}

#endif
