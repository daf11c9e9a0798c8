/* Errors that come from the world: files, SQL, HTTP, bad input.
 *
 * A function that can fail this way takes `Error *err` last and returns 0 or -1.
 * Bugs are asserts; running out of memory ends the program.
 * The message is one line that names what, where and what to do; `hint` is at most one more. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

typedef struct {
    char message[1024];
    char hint[512];
    bool usage;   /* wrong use of the program: exit status 2 instead of 1 */
    bool stopped; /* asked to stop, not gone wrong: exit status 128 + the signal's number */
} Error;

/* Format the message, clear the hint, and return -1, so callers write `return error_set(...)`. */
int error_set(Error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for wrong use: a mistyped option, a missing argument. */
int error_usage(Error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for work given up because it was asked to stop. */
int error_stopped(Error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Put `format` and ": " in front of the message already there, and return -1. */
int error_wrap(Error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Say on a second line what to do; returns -1. */
int error_hint(Error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
