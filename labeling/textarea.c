#include "labeling/textarea.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/text.h"
#include "labeling/key.h"
#include "labeling/layout.h"
#include "labeling/visible.h"

enum { FIRST_PRINTABLE = 0x20, LAST_ASCII = 0x7e, LAST_CHARACTER = 0x10ffff, TAB = 4 };

/* ---- characters ------------------------------------------------------------------------------------ */

/* Bytes of the character at s with its marks; its columns when it begins in `column`; what is seen of it, appended to
 * `seen`, which may be NULL. */
static size_t cluster(int *width, Text *seen, const char *s, size_t n, int column)
{
    const unsigned char c = (unsigned char)*s;
    if (c == '\t') {
        *width = TAB - column % TAB;
        if (seen) text_append(seen, "    ", (size_t)*width);
        return 1;
    }
    if (c >= FIRST_PRINTABLE && c <= LAST_ASCII && (n == 1 || (unsigned char)s[1] <= LAST_ASCII)) {
        *width = 1;
        if (seen) text_append(seen, s, 1);
        return 1;
    }
    Text own = {0};
    const size_t bytes = layout_cluster(width, s, n);
    visible_append(&own, s, bytes);
    *width = own.n ? text_width(own.bytes, own.n) : 0;
    if (seen && own.n) text_append(seen, own.bytes, own.n);
    text_free(&own);
    return bytes;
}

static size_t after(const TextArea *t, size_t at)
{
    int width;
    if (at >= t->text.n) return t->text.n;
    return t->text.bytes[at] == '\n'
               ? at + 1
               : at + cluster(&width, NULL, t->text.bytes + at, t->text.n - at, 0);
}

static size_t line_begin(const TextArea *t, size_t at)
{
    while (at > 0 && t->text.bytes[at - 1] != '\n') at--;
    return at;
}

static size_t line_end(const TextArea *t, size_t at)
{
    while (at < t->text.n && t->text.bytes[at] != '\n') at++;
    return at;
}

/* Characters are found from the beginning of the line: marks join what stands before them. */
static size_t before(const TextArea *t, size_t at)
{
    size_t last = at ? line_begin(t, at) : 0;
    if (last == at) return at ? at - 1 : 0;
    for (size_t i = last; i < at; i = after(t, i)) last = i;
    return last;
}

static bool is_space_at(const TextArea *t, size_t at)
{
    return strchr(" \t\n", t->text.bytes[at]) != NULL;
}

/* A character two columns wide is a word of its own: such scripts have no spaces. */
static bool is_wide_at(const TextArea *t, size_t at)
{
    int width;
    cluster(&width, NULL, t->text.bytes + at, t->text.n - at, 0);
    return !is_space_at(t, at) && width == 2;
}

static size_t word_after(const TextArea *t, size_t at)
{
    while (at < t->text.n && is_space_at(t, at)) at = after(t, at);
    if (at < t->text.n && is_wide_at(t, at)) return after(t, at);
    while (at < t->text.n && !is_space_at(t, at) && !is_wide_at(t, at)) at = after(t, at);
    return at;
}

static size_t word_before(const TextArea *t, size_t at)
{
    size_t to = before(t, at);
    while (to > 0 && is_space_at(t, to)) to = before(t, to);
    if (to < t->text.n && is_wide_at(t, to)) return to;
    while (to > 0) {
        const size_t next = before(t, to);
        if (is_space_at(t, next) || is_wide_at(t, next)) break;
        to = next;
    }
    return to;
}

/* ---- rows ------------------------------------------------------------------------------------------ */

/* The end of the first row of [at, end): behind the last space or wide character that fits, else where it must.
 * Spaces always fit: they hang over the end. */
static size_t row_end(const TextArea *t, size_t at, size_t end, int cols)
{
    size_t i = at, stop = 0;
    for (int column = 0; i < end;) {
        int width;
        const char c = t->text.bytes[i];
        const size_t step = cluster(&width, NULL, t->text.bytes + i, end - i, column);
        if (width == 2 && i > at) stop = i;
        if (c != ' ' && column + width > cols) break;
        column += width;
        i += step;
        if (c == ' ' || c == '\t' || width == 2) stop = i;
    }
    if (i == end) return end;
    if (stop > at) return stop;
    if (i > at) return i;
    return after(t, at);
}

static void add_row(TextArea *t, size_t at, size_t end)
{
    if (t->n == t->room) {
        t->room = 2 * t->room + 16;
        t->row = mem_realloc(t->row, (size_t)t->room, sizeof *t->row);
    }
    t->row[t->n++] = (TextRow){.at = at, .n = end - at};
}

static void wrap(TextArea *t)
{
    const int cols = t->cols > 3 ? t->cols - 1 : 2;
    if (!t->stale && t->n > 0) return;
    t->stale = false;
    t->n = 0;
    for (size_t at = 0;; at++) {
        const size_t end = line_end(t, at);
        do {
            const size_t stop = row_end(t, at, end, cols);
            add_row(t, at, stop);
            at = stop;
        } while (at < end);
        if (end == t->text.n) return;
    }
}

static int row_of(const TextArea *t, size_t at)
{
    int low = 0, high = t->n - 1;
    while (low < high) {
        const int middle = (low + high + 1) / 2;
        if (t->row[middle].at <= at) low = middle;
        else high = middle - 1;
    }
    return low;
}

/* The last place for a cursor on row i: the end of the text on it belongs to the next row when that goes on. */
static size_t last_of(const TextArea *t, int i)
{
    const size_t end = t->row[i].at + t->row[i].n;
    return i + 1 < t->n && t->row[i + 1].at == end && t->row[i].n > 0 ? before(t, end) : end;
}

static int column_of(const TextArea *t, int i, size_t at)
{
    int column = 0;
    for (size_t k = t->row[i].at; k < at;) {
        int width;
        k += cluster(&width, NULL, t->text.bytes + k, t->text.n - k, column);
        column += width;
    }
    return column;
}

static size_t place_in_row(const TextArea *t, int i, int goal)
{
    const size_t last = last_of(t, i);
    size_t k = t->row[i].at;
    for (int column = 0; k < last;) {
        int width;
        const size_t step = cluster(&width, NULL, t->text.bytes + k, last - k, column);
        if (column + width > goal) break;
        column += width;
        k += step;
    }
    return k;
}

static void move_rows(TextArea *t, int by)
{
    wrap(t);
    const int from = row_of(t, t->cursor);
    int to = from + by;
    if (t->goal < 0) t->goal = column_of(t, from, t->cursor);
    if (to < 0) to = 0;
    if (to >= t->n) to = t->n - 1;
    t->cursor = place_in_row(t, to, t->goal);
}

/* ---- changing -------------------------------------------------------------------------------------- */

static void changed(TextArea *t)
{
    t->stale = true;
    t->goal = -1;
}

static void cut(TextArea *t, size_t from, size_t to, bool keep)
{
    if (from == to) return;
    if (keep) text_clear(&t->cut), text_append(&t->cut, t->text.bytes + from, to - from);
    memmove(t->text.bytes + from, t->text.bytes + to, t->text.n - to + 1);
    t->text.n -= to - from;
    t->cursor = from;
    changed(t);
}

static bool put(TextArea *t, const char *bytes, size_t n)
{
    const size_t at = t->cursor;
    if (n == 0 || t->text.n + n > TEXTAREA_MAX) return false;
    text_append(&t->text, bytes, n); /* room */
    memmove(t->text.bytes + at + n, t->text.bytes + at, t->text.n - n - at);
    memcpy(t->text.bytes + at, bytes, n);
    t->cursor = at + n;
    changed(t);
    return true;
}

/* Spelled out as <U+...> when it stands behind a letter: nobody would see what it is. */
static bool is_spelled_out(const char *bytes, size_t n)
{
    Text seen = {0};
    visible_append(&seen, bytes, n);
    const bool spelled = seen.n > n && seen.bytes[0] == '<' && seen.bytes[1] == 'U';
    text_free(&seen);
    return spelled;
}

/* What joins the character before it is seen with that alone. */
static bool joins_before(const TextArea *t, const char *bytes, size_t n)
{
    Text two = {0};
    const size_t from = before(t, t->cursor);
    if (t->cursor == 0) return false;
    text_append(&two, t->text.bytes + from, t->cursor - from);
    text_append(&two, bytes, n);
    Text seen = {0};
    visible_append(&seen, two.bytes, two.n);
    const bool joins = seen.n <= two.n;
    text_free(&two);
    text_free(&seen);
    return joins;
}

bool textarea_insert(TextArea *t, int32_t character)
{
    utf8proc_uint8_t bytes[4];
    const bool plain = character == '\n' || character == '\t' ||
                       (character >= FIRST_PRINTABLE && character <= LAST_ASCII);
    const utf8proc_ssize_t n = utf8proc_encode_char(character, bytes);
    if (n <= 0) return false;
    if (!plain && is_spelled_out((const char *)bytes, (size_t)n) &&
        !joins_before(t, (const char *)bytes, (size_t)n))
        return false;
    return put(t, (const char *)bytes, (size_t)n);
}

void textarea_set(TextArea *t, const char *text)
{
    const size_t n = text ? strlen(text) : 0;
    text_clear(&t->text);
    text_add(&t->text, "");
    t->cursor = 0, t->top = 0;
    changed(t);
    for (size_t i = 0; i < n;) {
        utf8proc_int32_t c;
        const utf8proc_ssize_t step =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(n - i), &c);
        if (step > 0) textarea_insert(t, c);
        i += step > 0 ? (size_t)step : 1;
    }
}

void textarea_resize(TextArea *t, int rows, int cols)
{
    if (cols != t->cols) t->stale = true;
    t->rows = rows > 0 ? rows : 0;
    t->cols = cols;
}

/* ---- keys ------------------------------------------------------------------------------------------ */

static bool move_key(TextArea *t, int key)
{
    const int page = t->rows > 2 ? t->rows - 1 : 1;
    switch (key) {
    case KEY_UP_ARROW: move_rows(t, -1); return true;
    case KEY_DOWN_ARROW: move_rows(t, 1); return true;
    case KEY_PAGE_UP: move_rows(t, -page); return true;
    case KEY_PAGE_DOWN: move_rows(t, page); return true;
    default: break;
    }
    wrap(t);
    const int row = row_of(t, t->cursor);
    switch (key) {
    case KEY_LEFT_ARROW: t->cursor = before(t, t->cursor); break;
    case KEY_RIGHT_ARROW: t->cursor = after(t, t->cursor); break;
    case KEY_WORD_LEFT: t->cursor = word_before(t, t->cursor); break;
    case KEY_WORD_RIGHT: t->cursor = word_after(t, t->cursor); break;
    case KEY_TO_BEGIN:
    case KEY_CTRL_A: t->cursor = t->row[row].at; break;
    case KEY_TO_END:
    case KEY_CTRL_E: t->cursor = last_of(t, row); break;
    case KEY_TEXT_BEGIN: t->cursor = 0; break;
    case KEY_TEXT_END: t->cursor = t->text.n; break;
    default: return false;
    }
    t->goal = -1;
    return true;
}

static bool cut_key(TextArea *t, int key)
{
    const size_t at = t->cursor, end = line_end(t, at);
    switch (key) {
    case KEY_CTRL_H:
    case KEY_RUBOUT: cut(t, before(t, at), at, false); return true;
    case KEY_DELETE: cut(t, at, after(t, at), false); return true;
    case KEY_CTRL_W: cut(t, word_before(t, at), at, true); return true;
    case KEY_CTRL_U: cut(t, line_begin(t, at), at, true); return true;
    case KEY_CTRL_K: cut(t, at, at == end ? after(t, at) : end, true); return true;
    default: return false;
    }
}

bool textarea_key(TextArea *t, int key)
{
    if (move_key(t, key) || cut_key(t, key)) return true;
    switch (key) {
    case KEY_CTRL_Y: return put(t, t->cut.bytes, t->cut.n);
    case KEY_RETURN:
    case KEY_LINE_FEED: return textarea_insert(t, '\n');
    default:
        return key >= FIRST_PRINTABLE && key <= LAST_CHARACTER && key != KEY_RUBOUT &&
               textarea_insert(t, key);
    }
}

/* ---- what is seen ---------------------------------------------------------------------------------- */

int textarea_rows(TextArea *t)
{
    wrap(t);
    return t->n;
}

void textarea_place(TextArea *t, int *row, int *col)
{
    wrap(t);
    const int at = row_of(t, t->cursor), column = column_of(t, at, t->cursor);
    const int last_top = t->n > t->rows ? t->n - t->rows : 0;
    if (t->top > at) t->top = at;
    if (t->top + t->rows <= at) t->top = at - t->rows + 1;
    if (t->top > last_top) t->top = last_top;
    *row = at - t->top;
    *col = column < t->cols ? column : t->cols - 1;
}

void textarea_put_row(Text *out, const TextArea *t, int i)
{
    const size_t end = t->row[i].at + t->row[i].n;
    int column = 0;
    for (size_t k = t->row[i].at; k < end;) {
        int width;
        const size_t mark = out->n;
        k += cluster(&width, out, t->text.bytes + k, end - k, column);
        column += width;
        if (column <= t->cols) continue;
        out->bytes[out->n = mark] = 0;
        return;
    }
}

void textarea_count(const TextArea *t, int *words, int *characters)
{
    size_t from = 0, to = t->text.n;
    while (from < to && is_space_at(t, from)) from++;
    while (to > from && is_space_at(t, to - 1)) to--;
    *words = to > from ? text_words(t->text.bytes + from, to - from) : 0;
    *characters = 0;
    while (from < to) from = after(t, from), ++*characters;
}

bool textarea_is_blank(const TextArea *t)
{
    for (size_t i = 0; i < t->text.n; i++)
        if (!is_space_at(t, i)) return false;
    return true;
}

void textarea_free(TextArea *t)
{
    text_free(&t->text);
    text_free(&t->cut);
    free(t->row);
    *t = (TextArea){0};
}
