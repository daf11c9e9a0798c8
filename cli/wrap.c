#include "cli/wrap.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

enum { COLUMNS_UNKNOWN = 100, COLUMNS_MIN = 40, COLUMNS_MAX = 1000 };

int wrap_columns(void)
{
    const char *given = getenv("COLUMNS");
    struct winsize size;
    long columns = given ? strtol(given, NULL, 10) : 0;
    if (columns <= 0 && isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        columns = size.ws_col;
    if (columns <= 0 || columns > COLUMNS_MAX) return COLUMNS_UNKNOWN;
    return columns < COLUMNS_MIN ? COLUMNS_MIN : (int)columns;
}

/* Bytes of the longest beginning of s that fits and ends before a space; a longer word is not broken. */
static size_t fitting(const char *s, size_t n, int width)
{
    size_t fits = 0;
    for (size_t i = strspn(s, " "); i <= n; i++) {
        if (i < n && s[i] != ' ') continue;
        if (fits > 0 && text_width(s, i) > width) break;
        if (i == n || s[i - 1] != ' ') fits = i;
    }
    return fits;
}

static void print_line(int hang, const char *s, size_t n, const char *joint)
{
    const int columns = wrap_columns(), indent = (int)strspn(s, " ") + hang;
    bool first = true;
    while (n > 0) {
        const int width = columns - (first ? 0 : indent);
        const bool whole = text_width(s, n) <= width;
        const size_t fits = whole ? n : fitting(s, n, width - (int)strlen(joint));
        printf("%*s%.*s%s", first ? 0 : indent, "", (int)fits, s, fits < n ? joint : "");
        s += fits, n -= fits;
        const size_t gap = n > 0 ? strspn(s, " ") : 0;
        s += gap, n -= gap < n ? gap : n;
        if (n > 0) putchar('\n');
        first = false;
    }
}

void wrap_text(int hang, const char *text)
{
    while (*text) {
        const size_t n = strcspn(text, "\n");
        print_line(hang, text, n, "");
        if (text[n]) putchar('\n');
        text += n + (text[n] != 0);
    }
}

void wrap_print(int hang, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    const int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0) abort();
    wrap_text(hang, text);
    free(text);
}

void wrap_command(const char *line)
{
    print_line(4, line, strlen(line), " \\");
    putchar('\n');
}
