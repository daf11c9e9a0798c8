#include "cli/marked_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/wrap.h"

bool marked_text_shown(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

typedef struct {
    int indent, columns, column;
    bool marked;
} Line;

static void mark(Line *l, bool on)
{
    if (on == l->marked) return;
    fputs(on ? "\033[1;4m" : "\033[0m", stdout);
    l->marked = on;
}

/* A line that is broken ends unmarked: an underline would run on through the indent. */
static void print_gap(Line *l, int gap, int width)
{
    if (gap == 0) return;
    if (l->column > l->indent && l->column + gap + width > l->columns) {
        mark(l, false);
        printf("\n%*s", l->indent, "");
        l->column = l->indent;
        return;
    }
    printf("%*s", gap, "");
    l->column += gap;
}

static void print_words(Line *l, const char *text, const unsigned char *only)
{
    for (size_t i = 0; text[i];) {
        const size_t gap = strspn(text + i, " "), n = strcspn(text + i + gap, " ");
        const int width = text_width(text + i + gap, n);
        if (gap) mark(l, l->marked && only && only[i]);
        print_gap(l, (int)gap, width);
        for (i += gap; text[i] && text[i] != ' '; i++) {
            mark(l, only && only[i]);
            putchar(text[i]);
        }
        l->column += width;
    }
    mark(l, false);
}

void marked_text_print(int indent, const char *text, const unsigned char *only, const char *after)
{
    Line l = {.indent = indent, .columns = wrap_columns(), .column = indent};
    print_words(&l, text, only);
    print_words(&l, after, NULL);
    putchar('\n');
}
