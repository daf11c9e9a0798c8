/* A folder of a test's own, made before its first test and removed after its last. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"

static char scratch[64];

static inline int scratch_make(void **state)
{
    (void)state;
    log_quiet(true);
    snprintf(scratch, sizeof scratch, "/tmp/rlhf-test-XXXXXX");
    return mkdtemp(scratch) ? 0 : -1;
}

static inline int scratch_remove(void **state)
{
    Error err;
    (void)state;
    return folder_remove(scratch, &err);
}

/* scratch/NAME, in one of a few buffers that are used in turn. */
static inline const char *scratch_path(const char *name)
{
    static char path[8][512];
    static int turn;
    turn = (turn + 1) % 8;
    snprintf(path[turn], sizeof path[turn], "%s/%s", scratch, name);
    return path[turn];
}

/* The same, emptied if it was there, and made when `make`. */
static inline const char *scratch_folder(const char *name, bool make)
{
    Error err;
    const char *path = scratch_path(name);
    assert_int_equal(folder_remove(path, &err), 0);
    if (make) assert_int_equal(folder_make(path, &err), 0);
    return path;
}

static inline void assert_worked(int rc, const Error *err)
{
    if (rc != 0) fail_msg("%s", err->message);
}

static inline void assert_says(const Error *err, const char *words)
{
    if (!strstr(err->message, words)) fail_msg("expected \"%s\" in \"%s\"", words, err->message);
}

/* The whole file, terminated; the caller frees. */
static inline char *scratch_read(const char *path)
{
    Error err;
    char *bytes = NULL;
    size_t n;
    assert_worked(file_read(&bytes, &n, path, 1 << 28, &err), &err);
    return bytes;
}

static inline void scratch_write(const char *path, const char *text)
{
    Error err;
    assert_worked(file_write(path, text, strlen(text), &err), &err);
}

#endif
