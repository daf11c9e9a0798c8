#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* The bytes at s that are one control character, or 0: C0, DEL, C1, and those that turn the direction of what
 * follows (U+202A to U+202E, U+2066 to U+2069). */
static int control_length(const unsigned char *s)
{
    if (s[0] < 0x20 || s[0] == 0x7f) return 1;
    if (s[0] == 0xc2 && s[1] < 0xa0) return 2;
    if (s[0] != 0xe2) return 0;
    const bool embeds = s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae,
               isolates = s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9;
    return embeds || isolates ? 3 : 0;
}

/* Names out of files are part of a message: none of them may break its line or reach a terminal as a command,
 * and one that was cut may end in half a character. */
static void keep_to_one_line(char *text)
{
    size_t bad;
    for (char *at = text; !text_is_utf8(at, strlen(at), &bad); at += bad + 1) at[bad] = '?';
    for (unsigned char *s = (unsigned char *)text; *s; s++)
        for (int n = control_length(s); n > 0; n--) *s = '?', s += n > 1;
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
    va_end(args);

    const Error inner = *err;
    const int room = (int)(sizeof err->message - sizeof context - 3);
    snprintf(err->message, sizeof err->message, "%s: %.*s", context, room, inner.message);
    keep_to_one_line(err->message);
    return -1;
}

int error_hint(Error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err->hint, sizeof err->hint, format, args);
    keep_to_one_line(err->hint);
    va_end(args);
    return -1;
}
