#include "base/text.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "base/mem.h"

static void reserve(Text *t, size_t more)
{
    if (t->n + more + 1 <= t->room) return;
    t->room = (t->n + more + 1) * 3 / 2 + 32;
    t->bytes = mem_realloc(t->bytes, t->room, 1);
}

void text_append(Text *t, const char *bytes, size_t n)
{
    reserve(t, n);
    if (n) memcpy(t->bytes + t->n, bytes, n);
    t->n += n;
    t->bytes[t->n] = 0;
}

void text_add(Text *t, const char *string)
{
    text_append(t, string, strlen(string));
}

void text_format(Text *t, const char *format, ...)
{
    assert(format);
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, format, args);
    reserve(t, (size_t)n);
    vsnprintf(t->bytes + t->n, (size_t)n + 1, format, again);
    t->n += (size_t)n;
    va_end(again);
    va_end(args);
}

void text_add_word(Text *t, const char *string)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=:,.@%/";
    if (*string && strspn(string, PLAIN) == strlen(string)) {
        text_add(t, string);
        return;
    }
    text_add(t, "'");
    for (const char *c = string; *c; c++)
        if (*c == '\'') text_add(t, "'\\''");
        else text_append(t, c, 1);
    text_add(t, "'");
}

void text_clear(Text *t)
{
    t->n = 0;
    if (t->bytes) t->bytes[0] = 0;
}

void text_free(Text *t)
{
    free(t->bytes);
    *t = (Text){0};
}

char *text_take(Text *t)
{
    reserve(t, 0);
    t->bytes[t->n] = 0;
    char *bytes = t->bytes;
    *t = (Text){0};
    return bytes;
}

/* Length of the well-formed character at s, or 0. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
    const unsigned char c = s[0];
    size_t n;
    unsigned char low = 0x80, high = 0xBF;
    if (c == 0) return 0;
    if (c < 0x80) return 1;
    if (c >= 0xC2 && c <= 0xDF) n = 2;
    else if (c >= 0xE0 && c <= 0xEF) n = 3;
    else if (c >= 0xF0 && c <= 0xF4) n = 4;
    else return 0;
    if (c == 0xE0) low = 0xA0;
    if (c == 0xED) high = 0x9F;
    if (c == 0xF0) low = 0x90;
    if (c == 0xF4) high = 0x8F;
    if (n > left || s[1] < low || s[1] > high) return 0;
    for (size_t i = 2; i < n; i++)
        if (s[i] < 0x80 || s[i] > 0xBF) return 0;
    return n;
}

bool text_is_utf8(const char *bytes, size_t n, size_t *at)
{
    for (size_t i = 0; i < n;) {
        const size_t step = utf8_length((const unsigned char *)bytes + i, n - i);
        if (step == 0) {
            if (at) *at = i;
            return false;
        }
        i += step;
    }
    return true;
}

enum { WORD_MAX = 64 };

/* Letters changed, added, left out, or two neighbours swapped ("lable"): Damerau 1964, in the form where no
 * place is edited twice. */
static int edit_distance(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    int rows[3][WORD_MAX + 1];
    if (n > WORD_MAX || m > WORD_MAX) return WORD_MAX;
    for (size_t j = 0; j <= m; j++) rows[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int *row = rows[i % 3];
        const int *above = rows[(i - 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            const int p = tolower((unsigned char)a[i - 1]), q = tolower((unsigned char)b[j - 1]);
            int best = above[j - 1] + (p != q);
            if (above[j] + 1 < best) best = above[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            const bool swapped = i > 1 && j > 1 && p == tolower((unsigned char)b[j - 2]) &&
                                 q == tolower((unsigned char)a[i - 2]);
            if (swapped && rows[(i - 2) % 3][j - 2] + 1 < best) best = rows[(i - 2) % 3][j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

const char *text_nearest(const char *word, const char *const *candidates, int n)
{
    const char *best = NULL;
    int best_distance = WORD_MAX;
    for (int i = 0; i < n; i++) {
        const int d = edit_distance(word, candidates[i]);
        const size_t longer =
            strlen(word) > strlen(candidates[i]) ? strlen(word) : strlen(candidates[i]);
        const bool near = d <= 1 || (size_t)d * 3 <= longer;
        if (near && d < best_distance && longer > 1) best = candidates[i], best_distance = d;
    }
    return best;
}

int text_read_line(Text *out, FILE *in, size_t limit)
{
    int c;
    text_clear(out);
    while ((c = getc_unlocked(in)) != EOF && c != '\n') {
        if (out->n == limit) return -1;
        text_append(out, &(char){(char)c}, 1);
    }
    if (c == EOF && out->n == 0) return 0;
    while (out->n > 0 && out->bytes[out->n - 1] == '\r') out->bytes[--out->n] = 0;
    return 1;
}

static bool is_space(const char *at, const char *end)
{
    return *at == ' ' || *at == '\t' || *at == '\n' ||
           (*at == '\r' && at + 1 < end && at[1] == '\n');
}

const char *text_next_word(const char **at, const char *end, size_t *n)
{
    const char *word = *at;
    while (word < end && is_space(word, end)) word++;
    const char *stop = word;
    while (stop < end && !is_space(stop, end)) stop++;
    *n = (size_t)(stop - word);
    *at = stop;
    return *n ? word : NULL;
}

int text_words(const char *bytes, size_t n)
{
    const char *at = bytes;
    size_t length;
    int words = 0;
    while (text_next_word(&at, bytes + n, &length)) words++;
    return words;
}

char *text_trim(char *s)
{
    size_t n = strlen(s), skip = 0;
    while (n && isspace((unsigned char)s[n - 1])) n--;
    while (skip < n && isspace((unsigned char)s[skip])) skip++;
    memmove(s, s + skip, n - skip);
    s[n - skip] = 0;
    return s;
}

bool text_ends(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

enum { BUFFERS = 8, BUFFER = 96 };

static char *next_buffer(void)
{
    static char buffers[BUFFERS][BUFFER];
    static int next;
    return buffers[next++ % BUFFERS];
}

const char *text_thousands(long long n)
{
    char digits[32], *out = next_buffer();
    const int length = snprintf(digits, sizeof digits, "%lld", n < 0 ? -n : n);
    int at = 0;
    if (n < 0) out[at++] = '-';
    for (int i = 0; i < length; i++) {
        out[at++] = digits[i];
        if ((length - i - 1) % 3 == 0 && i + 1 < length) out[at++] = ',';
    }
    out[at] = 0;
    return out;
}

const char *text_count(long long n, const char *noun)
{
    const char *number = text_thousands(n);
    char *out = next_buffer();
    snprintf(out, BUFFER, "%s %s%s", number, noun, n == 1 ? "" : "s");
    return out;
}

const char *text_size(double bytes)
{
    static const char *const UNITS[] = {"bytes", "kB", "MB", "GB", "TB"};
    enum { LAST = sizeof UNITS / sizeof *UNITS - 1 };
    char *out = next_buffer();
    int u = 0;
    while (bytes >= 1000 && u < LAST) bytes /= 1000, u++;
    snprintf(out, BUFFER, u == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s", bytes, UNITS[u]);
    return out;
}

int text_width(const char *text, size_t n)
{
    int width = 0;
    for (size_t i = 0; i < n;) {
        utf8proc_int32_t c;
        const utf8proc_ssize_t step =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(n - i), &c);
        if (step <= 0) {
            i++, width++; /* shown as one replacement character */
            continue;
        }
        width += utf8proc_charwidth(c);
        i += (size_t)step;
    }
    return width;
}

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

void text_keep_to_one_line(char *text)
{
    size_t bad;
    for (char *at = text; !text_is_utf8(at, strlen(at), &bad); at += bad + 1) at[bad] = '?';
    for (unsigned char *s = (unsigned char *)text; *s; s++)
        for (int n = control_length(s); n > 0; n--) *s = '?', s += n > 1;
}
