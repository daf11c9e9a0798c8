#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

/* Names out of files are part of a message: none of them may break its line or reach a terminal as a command. */
static void keep_to_one_line(char *text)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
}

static int set(Error *err, bool usage, const char *format, va_list args)
{
    vsnprintf(err->message, sizeof err->message, format, args);
    keep_to_one_line(err->message);
    err->hint[0] = 0;
    err->usage = usage;
    err->stopped = false;
    return -1;
}

int error_set(Error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(err, false, format, args);
    va_end(args);
    return -1;
}

int error_usage(Error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(err, true, format, args);
    va_end(args);
    return -1;
}

int error_stopped(Error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(err, false, format, args);
    va_end(args);
    err->stopped = true;
    return -1;
}

int error_wrap(Error *err, const char *format, ...)
{
    char context[256];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    keep_to_one_line(context);
    va_end(args);

    const Error inner = *err;
    const int room = (int)(sizeof err->message - sizeof context - 3);
    snprintf(err->message, sizeof err->message, "%s: %.*s", context, room, inner.message);
    return -1;
}

int error_hint(Error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err->hint, sizeof err->hint, format, args);
    va_end(args);
    return -1;
}
