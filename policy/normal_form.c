#include "policy/normal_form.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "policy/characters.h"

enum {
    MARKS_MAX = 64,      /* side by side; more are put in order here, see put_ordered */
    DECOMPOSED_MAX = 32, /* characters of one; U+FDFA has 18 */
};

static const struct {
    const char *name;
    int decomposed, whole;
} FORMS[] = {
    [NORMAL_FORM_C] = {"NFC", UTF8PROC_DECOMPOSE, UTF8PROC_COMPOSE},
    [NORMAL_FORM_D] = {"NFD", UTF8PROC_DECOMPOSE, UTF8PROC_DECOMPOSE},
    [NORMAL_FORM_KC] = {"NFKC", UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,
                        UTF8PROC_COMPOSE | UTF8PROC_COMPAT},
    [NORMAL_FORM_KD] = {"NFKD", UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,
                        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT},
};

bool normal_form_named(NormalForm *out, const char *name)
{
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        if (strcmp(name, FORMS[i].name) != 0) continue;
        *out = (NormalForm)i;
        return true;
    }
    return false;
}

/* ---- the order of marks -------------------------------------------------------------------- */

static int combining_class(int c)
{
    return utf8proc_get_property(c)->combining_class;
}

/* Whether more than MARKS_MAX characters follow each other that may have to change places.  The halfwidth
 * voicing signs are letters that decompose to marks. */
static bool has_many_marks(const char *text, size_t n)
{
    int length, run = 0;
    for (size_t at = 0; at < n && run <= MARKS_MAX; at += (size_t)length) {
        const int c = character_at(text + at, &length);
        const utf8proc_category_t category = utf8proc_category(c);
        const bool mark = (category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME) ||
                          combining_class(c) != 0 || c == 0xff9e || c == 0xff9f;
        run = mark ? run + 1 : 0;
    }
    return run > MARKS_MAX;
}

/* Sort marks (n) by their classes, those of one class as they stand: by counting. */
static void order_marks(utf8proc_int32_t *mark, utf8proc_int32_t *room, size_t n)
{
    size_t place[257] = {0};
    for (size_t i = 0; i < n; i++) place[combining_class(mark[i]) + 1]++;
    for (int class = 0; class < 256; class ++) place[class + 1] += place[class];
    for (size_t i = 0; i < n; i++) room[place[combining_class(mark[i])]++] = mark[i];
    memcpy(mark, room, n * sizeof *mark);
}

/* Append the text decomposed and in canonical order.  utf8proc moves each mark past one other at a time, which
 * takes quadratic time on many; what is in order already it leaves. */
static void put_ordered(Text *out, const char *text, size_t n, int options)
{
    utf8proc_int32_t *c = mem_calloc(n + DECOMPOSED_MAX, sizeof *c), *room;
    size_t count = 0, size = n + DECOMPOSED_MAX, run = 0;
    int length, bound = 0;
    for (size_t at = 0; at < n; at += (size_t)length) {
        if (size - count < DECOMPOSED_MAX) {
            size *= 2;
            c = mem_realloc(c, size, sizeof *c);
        }
        const utf8proc_ssize_t more =
            utf8proc_decompose_char(character_at(text + at, &length), c + count, DECOMPOSED_MAX,
                                    (utf8proc_option_t)(UTF8PROC_STABLE | options), &bound);
        count += more > 0 ? (size_t)more : 0;
    }
    room = mem_calloc(count, sizeof *room);
    for (size_t i = 0; i < count; i += run + 1) {
        for (run = 0; i + run < count && combining_class(c[i + run]) != 0;) run++;
        if (run > 1) order_marks(c + i, room, run);
    }
    for (size_t i = 0; i < count; i++) character_add(out, c[i]);
    free(room);
    free(c);
}

/* ---- forms --------------------------------------------------------------------------------- */

/* How many of the first bytes of text end at a place over which no form reaches: between two characters
 * of ASCII.  Sets *ascii when they are all ASCII, which every form leaves alone. */
static size_t next_part(const char *text, size_t n, bool *ascii)
{
    size_t at = 0;
    while (at < n && !((unsigned char)text[at] & 0x80)) at++;
    *ascii = at == n || at > 1;
    if (*ascii) return at == n ? n : at - 1; /* the last one may take a mark from what follows */
    while (at < n && !(at >= 2 && !((unsigned char)text[at - 2] & 0x80) &&
                       !((unsigned char)text[at - 1] & 0x80)))
        at++;
    return at < n ? at - 1 : n;
}

static int put_part(Text *out, const char *text, size_t n, NormalForm form, Error *err)
{
    Text ordered = {0};
    utf8proc_uint8_t *formed;
    if (has_many_marks(text, n)) {
        put_ordered(&ordered, text, n, FORMS[form].decomposed);
        text = ordered.bytes;
        n = ordered.n;
    }
    const utf8proc_ssize_t length =
        utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)n, &formed,
                     (utf8proc_option_t)(UTF8PROC_STABLE | FORMS[form].whole));
    text_free(&ordered);
    if (length < 0) return error_set(err, "%s: %s", FORMS[form].name, utf8proc_errmsg(length));
    text_append(out, (const char *)formed, (size_t)length);
    free(formed);
    return 0;
}

int normal_form_append(Text *out, const char *text, size_t n, NormalForm form, Error *err)
{
    for (size_t at = 0, part; at < n; at += part) {
        bool ascii;
        part = next_part(text + at, n - at, &ascii);
        if (ascii) text_append(out, text + at, part);
        else if (put_part(out, text + at, part, form, err) != 0) return -1;
    }
    return 0;
}
