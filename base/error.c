#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

static int set(Error *err, bool usage, const char *format, va_list args)
{
    vsnprintf(err->message, sizeof err->message, format, args);
    text_keep_to_one_line(err->message);
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
    va_end(args);

    const Error inner = *err;
    const int room = (int)(sizeof err->message - sizeof context - 3);
    snprintf(err->message, sizeof err->message, "%s: %.*s", context, room, inner.message);
    text_keep_to_one_line(err->message);
    return -1;
}

int error_hint(Error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err->hint, sizeof err->hint, format, args);
    text_keep_to_one_line(err->hint);
    va_end(args);
    return -1;
}
