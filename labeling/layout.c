#include "labeling/layout.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/text.h"
#include "labeling/visible.h"
#include "labeling/word_diff.h"

enum { NAME_LETTERS = 12 /* letters of who speaks */ };

size_t layout_cluster(int *width, const char *s, size_t n)
{
    size_t i = 0;
    *width = 0;
    while (i < n) {
        utf8proc_int32_t c;
        const utf8proc_ssize_t step =
            utf8proc_iterate((const utf8proc_uint8_t *)s + i, (utf8proc_ssize_t)(n - i), &c);
        if (step <= 0) {
            if (i > 0) break;
            *width = 1;
            return 1;
        }
        const utf8proc_category_t k = utf8proc_category(c);
        const int w = visible_width(c);
        const bool mark = w == 0 || k == UTF8PROC_CATEGORY_MC;
        if (i > 0 && !mark) break;
        *width += w;
        i += (size_t)step;
    }
    return i;
}

size_t layout_fit(const char *s, size_t n, int width)
{
    size_t i = 0;
    for (int column = 0; i < n;) {
        int w;
        const size_t step = layout_cluster(&w, s + i, n - i);
        column += w;
        if (column > width) break;
        i += step;
    }
    return i;
}

static void add_line(Layout *l, size_t at, size_t end, int indent)
{
    while (end > at && l->text[end - 1] == ' ') end--;
    if (l->n == l->room) {
        l->room = l->room * 2 + 16;
        l->line = mem_realloc(l->line, (size_t)l->room, sizeof *l->line);
    }
    int width = 0;
    for (size_t i = at; i < end;) {
        int w;
        i += layout_cluster(&w, l->text + i, end - i);
        width += w;
    }
    l->line[l->n++] =
        (LayoutLine){.at = at, .n = end - at, .indent = indent, .width = indent + width};
}

/* Columns of leading space and of a list marker such as "- " or "12. ". */
static int hanging_indent(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && s[i] == ' ') i++;
    size_t j = i;
    if (j < n && strchr("-*+", s[j])) {
        j++;
    } else {
        while (j < n && isdigit((unsigned char)s[j])) j++;
        if (j > i && j < n && (s[j] == '.' || s[j] == ')')) j++;
        else j = i;
    }
    return (int)(j > i && j < n && s[j] == ' ' ? j + 1 : i);
}

/* The end of the first line of [at, end) when `room` columns are free. */
static size_t line_end(const Layout *l, size_t at, size_t end, int room)
{
    size_t i = at, after = 0;
    bool word = false; /* leading space is no place to break: it would leave an empty line */
    for (int column = 0; i < end;) {
        int w;
        const size_t step = layout_cluster(&w, l->text + i, end - i);
        const char c = l->text[i];
        if (w == 2 && word) after = i;
        if (column + w > room) break;
        column += w;
        i += step;
        if (c != ' ') word = true;
        const bool hyphen = c == '-' && i < end && i - at > 1 && l->text[i] != ' ' &&
                            isalpha((unsigned char)l->text[i - 2]);
        if (word && (c == ' ' || w == 2 || hyphen)) after = i;
    }
    if (i == end || l->text[i] == ' ') return i;
    if (after > at) return after;
    if (i > at) return i;
    int w;
    return at + layout_cluster(&w, l->text + at, end - at);
}

static void wrap_paragraph(Layout *l, size_t at, size_t end)
{
    int hang = hanging_indent(l->text + at, end - at);
    if (hang > l->width / 2 || l->width - hang < 2) hang = 0;
    int indent = 0;
    do {
        const size_t stop = line_end(l, at, end, l->width - indent);
        add_line(l, at, stop, indent);
        for (at = stop; at < end && l->text[at] == ' ';) at++;
        indent = hang;
    } while (at < end);
}

void layout_rewrap(Layout *l, int width)
{
    assert(width >= 2);
    l->n = 0, l->width = width;
    size_t end = l->bytes;
    while (end > 0 && l->text[end - 1] == '\n') end--;
    for (size_t at = 0; at < end;) {
        const char *stop = memchr(l->text + at, '\n', end - at);
        const size_t paragraph = stop ? (size_t)(stop - l->text) : end;
        wrap_paragraph(l, at, paragraph);
        at = paragraph + 1;
    }
}

void layout_make(Layout *out, const char *bytes, size_t n, int width)
{
    Text text = {0};
    visible_append(&text, bytes, n);
    layout_free(out);
    out->bytes = text.n;
    out->text = text_take(&text);
    out->words = text_words(out->text, out->bytes);
    layout_rewrap(out, width);
}

int layout_line_of(const Layout *l, size_t at)
{
    int best = 0;
    for (int i = 0; i < l->n && l->line[i].at <= at; i++) best = i;
    return best;
}

static void clear_parts(Layout *l)
{
    free(l->part);
    l->part = mem_calloc(l->bytes + 1, sizeof *l->part);
}

/* Bytes of "Human:" at the start of a paragraph. */
static size_t name_length(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && i < NAME_LETTERS && isalpha((unsigned char)s[i])) i++;
    return i > 0 && i < n && s[i] == ':' && isupper((unsigned char)s[0]) ? i + 1 : 0;
}

void layout_mark_names(Layout *l)
{
    clear_parts(l);
    for (size_t at = 0; at < l->bytes; at++)
        if (at == 0 || l->text[at - 1] == '\n')
            memset(l->part + at, LAYOUT_NAME, name_length(l->text + at, l->bytes - at));
}

void layout_mark_difference(Layout *a, Layout *b, bool on)
{
    clear_parts(a);
    clear_parts(b);
    if (!on) return;
    word_diff(a->part, a->text, a->bytes, b->part, b->text, b->bytes);
    for (size_t i = 0; i < a->bytes; i++) a->part[i] = a->part[i] ? LAYOUT_ONLY : LAYOUT_PLAIN;
    for (size_t i = 0; i < b->bytes; i++) b->part[i] = b->part[i] ? LAYOUT_ONLY : LAYOUT_PLAIN;
}

void layout_free(Layout *l)
{
    free(l->text);
    free(l->part);
    free(l->line);
    *l = (Layout){0};
}
