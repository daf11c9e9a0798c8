#include "labeling/editor.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <utf8proc.h>

#include "labeling/key.h"
#include "labeling/layout.h"
#include "labeling/visible.h"

enum { FIRST_PRINTABLE = 0x20, LAST_CHARACTER = 0x10ffff };

void editor_set(Editor *e, const char *text)
{
    text_clear(&e->text);
    if (text) visible_append(&e->text, text, strlen(text));
    for (size_t i = 0; i < e->text.n; i++)
        if (e->text.bytes[i] == '\n') e->text.bytes[i] = ' ';
    e->cursor = e->text.n;
}

static size_t after(const Editor *e, size_t at)
{
    int width;
    return at < e->text.n ? at + layout_cluster(&width, e->text.bytes + at, e->text.n - at) : at;
}

/* Characters are found from the beginning: marks join what stands before them. */
static size_t before(const Editor *e, size_t at)
{
    size_t last = 0;
    for (size_t i = 0; i < at; i = after(e, i)) last = i;
    return last;
}

static size_t word_before(const Editor *e, size_t at)
{
    while (at > 0 && isspace((unsigned char)e->text.bytes[at - 1])) at--;
    while (at > 0 && !isspace((unsigned char)e->text.bytes[at - 1])) at--;
    return at;
}

static void cut(Editor *e, size_t from, size_t to)
{
    if (from == to) return;
    memmove(e->text.bytes + from, e->text.bytes + to, e->text.n - to + 1);
    e->text.n -= to - from;
    e->cursor = from;
}

static bool seen_as_it_is(const char *text, size_t n)
{
    Text seen = {0};
    visible_append(&seen, text, n);
    const bool same = seen.n == n && memcmp(seen.bytes, text, n) == 0;
    text_free(&seen);
    return same;
}

static bool insert(Editor *e, int32_t character)
{
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t encoded = utf8proc_encode_char(character, bytes);
    if (encoded <= 0 || e->text.n + (size_t)encoded > EDITOR_MAX) return false;
    const size_t n = (size_t)encoded, at = e->cursor;
    text_append(&e->text, (const char *)bytes, n); /* room */
    memmove(e->text.bytes + at + n, e->text.bytes + at, e->text.n - n - at);
    memcpy(e->text.bytes + at, bytes, n);
    e->cursor = at + n;
    if (seen_as_it_is(e->text.bytes, e->text.n)) return true;
    cut(e, at, at + n);
    return false;
}

bool editor_key(Editor *e, int key)
{
    const size_t at = e->cursor;
    switch (key) {
    case KEY_LEFT_ARROW: e->cursor = before(e, at); return true;
    case KEY_RIGHT_ARROW: e->cursor = after(e, at); return true;
    case KEY_TO_BEGIN:
    case KEY_CTRL_A: e->cursor = 0; return true;
    case KEY_TO_END:
    case KEY_CTRL_E: e->cursor = e->text.n; return true;
    case KEY_CTRL_H:
    case KEY_RUBOUT: cut(e, before(e, at), at); return true;
    case KEY_DELETE: cut(e, at, after(e, at)); return true;
    case KEY_CTRL_W: cut(e, word_before(e, at), at); return true;
    case KEY_CTRL_U: cut(e, 0, at); return true;
    case KEY_CTRL_K: cut(e, at, e->text.n); return true;
    default: return key >= FIRST_PRINTABLE && key <= LAST_CHARACTER && insert(e, key);
    }
}

size_t editor_window(const Editor *e, int cols, int *column)
{
    /* The cursor takes a column itself, behind the last character too. */
    size_t first = 0;
    while (text_width(e->text.bytes + first, e->cursor - first) >= cols && first < e->cursor)
        first = after(e, first);
    *column = first < e->cursor ? text_width(e->text.bytes + first, e->cursor - first) : 0;
    return first;
}

void editor_free(Editor *e)
{
    text_free(&e->text);
    e->cursor = 0;
}
