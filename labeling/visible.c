#include "labeling/visible.h"

#include <stdbool.h>
#include <utf8proc.h>

enum { MARKS_MAX = 4 /* ncurses holds a base and four marks in a cell */, TAB = 4 };

enum {
    ZWNJ = 0x200C,
    ZWJ = 0x200D,
    DOTTED_CIRCLE = 0x25CC, /* carries a mark that has no base */
    REGIONAL_A = 0x1F1E6,
    REGIONAL_Z = 0x1F1FF,
    TONE_FIRST = 0x1F3FB,
    TONE_LAST = 0x1F3FF,
};

typedef struct {
    Text *out;
    int column;   /* for tabs */
    int32_t base; /* the printable character that marks would join, or 0 */
    int marks;    /* on it so far */
} Writer;

static void put_character(Writer *w, int32_t c)
{
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t n = utf8proc_encode_char(c, bytes);
    text_append(w->out, (const char *)bytes, (size_t)n);
    w->column += visible_width(c);
}

static void put_escape(Writer *w, const char *format, unsigned value)
{
    const size_t before = w->out->n;
    text_format(w->out, format, value);
    w->column += (int)(w->out->n - before);
    w->base = 0;
}

static bool is_emoji(int32_t c)
{
    return c >= 0x2600 && utf8proc_category(c) == UTF8PROC_CATEGORY_SO;
}

static bool is_letter(int32_t c)
{
    const utf8proc_category_t k = utf8proc_category(c);
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO;
}

static bool is_selector(int32_t c)
{
    return (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF);
}

static bool is_mark(int32_t c)
{
    const utf8proc_category_t k = utf8proc_category(c);
    return k == UTF8PROC_CATEGORY_MN || k == UTF8PROC_CATEGORY_MC || k == UTF8PROC_CATEGORY_ME;
}

/* Not printable, or printed as nothing. */
static bool is_hidden(int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CF:
        /* Arabic, Syriac and Kaithi number signs are format characters that one can see. */
        return !((c >= 0x600 && c <= 0x605) || c == 0x6DD || c == 0x70F || c == 0x890 ||
                 c == 0x891 || c == 0x8E2 || c == 0x110BD || c == 0x110CD);
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return true;
    default: return utf8proc_get_property(c)->ignorable;
    }
}

/* Marks, joiners and selectors that belong to the character before them.  True when c is dealt with. */
static bool joins(Writer *w, int32_t c)
{
    if (w->base && is_emoji(w->base))
        if (c == ZWJ || is_selector(c) || (c >= TONE_FIRST && c <= TONE_LAST)) return true;
    if (w->base && w->base != ' ' && is_selector(c)) return true; /* of a space none is seen */
    const bool joiner = (c == ZWJ || c == ZWNJ) && w->base && is_letter(w->base);
    if (!joiner && (!is_mark(c) || is_hidden(c))) return false;
    if (w->marks == MARKS_MAX) {
        const int32_t base = w->base;
        put_escape(w, "<U+%04X>", (unsigned)c);
        w->base = base;
        return true;
    }
    if (!w->base) put_character(w, w->base = DOTTED_CIRCLE), w->marks = 0;
    put_character(w, c);
    w->marks++;
    return true;
}

static void put(Writer *w, int32_t c)
{
    if (joins(w, c)) return;
    if (c >= REGIONAL_A && c <= REGIONAL_Z) c = 'A' + (c - REGIONAL_A);
    if (is_hidden(c)) {
        put_escape(w, "<U+%04X>", (unsigned)c);
        return;
    }
    put_character(w, c);
    w->base = c, w->marks = 0;
}

void visible_append(Text *out, const char *bytes, size_t n)
{
    Writer w = {.out = out};
    for (size_t i = 0; i < n;) {
        utf8proc_int32_t c;
        const utf8proc_ssize_t step =
            utf8proc_iterate((const utf8proc_uint8_t *)bytes + i, (utf8proc_ssize_t)(n - i), &c);
        if (step <= 0) {
            put_escape(&w, "<0x%02X>", (unsigned char)bytes[i++]);
            continue;
        }
        i += (size_t)step;
        if (c == '\r' && i < n && bytes[i] == '\n') continue;
        if (c == '\n') {
            text_append(out, "\n", 1);
            w.column = 0, w.base = 0;
        } else if (c == '\t') {
            const int spaces = TAB - w.column % TAB;
            text_append(out, "    ", (size_t)spaces);
            w.column += spaces, w.base = 0;
        } else {
            put(&w, c);
        }
    }
}

int visible_width(int32_t c)
{
    /* Terminals, and wcwidth of glibc 2.36, part from utf8proc here: spacing marks take a column,
     * the second halves of Hangul syllables none, hexagrams and circled tens two. */
    if (utf8proc_category(c) == UTF8PROC_CATEGORY_MC) return 1;
    if ((c >= 0x1160 && c <= 0x11FF) || (c >= 0xD7B0 && c <= 0xD7FB)) return 0;
    if ((c >= 0x3248 && c <= 0x324F) || (c >= 0x4DC0 && c <= 0x4DFF)) return 2;
    return utf8proc_charwidth(c);
}
