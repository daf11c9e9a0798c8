#include "labeling/word_diff.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "labeling/layout.h"

static const double PRODUCT_MAX = 1e8; /* of words: a quarter of a second */

typedef struct {
    const char *at;
    size_t n;
    uint64_t hash;
    bool same; /* the other text has it too */
} Word;

typedef struct {
    Word *word;
    int n, room;
} Words;

/* ---- words ----------------------------------------------------------------------------------------- */

static bool is_letter(unsigned char c)
{
    return isalnum(c) || c >= 0x80;
}

/* Bytes of the word at s.  A sign between letters belongs to them: don't, 3.5. */
static size_t word_length(const char *s, size_t n)
{
    int width;
    size_t i = layout_cluster(&width, s, n);
    if (!is_letter((unsigned char)*s) || width == 2) return i;
    while (i < n) {
        const bool joins =
            ispunct((unsigned char)s[i]) && i + 1 < n && is_letter((unsigned char)s[i + 1]);
        if (!is_letter((unsigned char)s[i]) && !joins) break;
        const size_t step = layout_cluster(&width, s + i, n - i);
        if (width == 2) break;
        i += step;
    }
    return i;
}

/* FNV-1a */
static uint64_t hash_of(const char *s, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
    return h;
}

static Words split(const char *s, size_t n)
{
    Words w = {0};
    for (size_t i = 0; i < n;) {
        if (isspace((unsigned char)s[i])) {
            i++;
            continue;
        }
        if (w.n == w.room) {
            w.room = w.room * 2 + 64;
            w.word = mem_realloc(w.word, (size_t)w.room, sizeof *w.word);
        }
        const size_t length = word_length(s + i, n - i);
        w.word[w.n++] = (Word){.at = s + i, .n = length, .hash = hash_of(s + i, length)};
        i += length;
    }
    return w;
}

static bool equal(const Word *a, const Word *b)
{
    return a->hash == b->hash && a->n == b->n && memcmp(a->at, b->at, a->n) == 0;
}

/* ---- the longest common subsequence ---------------------------------------------------------------- */

/* row[j], j in [0, m]: the length of it for all of a and the first j of b; from the ends when `back`. */
static void lengths(int *row, const Word *a, int n, const Word *b, int m, bool back)
{
    memset(row, 0, ((size_t)m + 1) * sizeof *row);
    for (int i = 0; i < n; i++) {
        const Word *x = back ? &a[n - 1 - i] : &a[i];
        int diagonal = 0;
        for (int j = 0; j < m; j++) {
            const int above = row[j + 1];
            if (equal(x, back ? &b[m - 1 - j] : &b[j])) row[j + 1] = diagonal + 1;
            else if (row[j] > above) row[j + 1] = row[j];
            diagonal = above;
        }
    }
}

static void match(Word *a, int n, Word *b, int m, int *rows)
{
    while (n > 0 && m > 0 && equal(a, b)) {
        a->same = b->same = true;
        a++, n--, b++, m--;
    }
    while (n > 0 && m > 0 && equal(&a[n - 1], &b[m - 1])) {
        n--, m--;
        a[n].same = b[m].same = true;
    }
    if (n == 0 || m == 0 || (double)n * m > PRODUCT_MAX) return;
    if (n == 1) {
        for (int j = 0; j < m; j++)
            if (equal(a, &b[j])) {
                a->same = b[j].same = true;
                return;
            }
        return;
    }
    /* Where b is cut when a is cut in the middle: the sum of both parts is greatest there. */
    int *front = rows, *rest = rows + m + 1;
    const int half = n / 2;
    int cut = 0;
    lengths(front, a, half, b, m, false);
    lengths(rest, a + half, n - half, b, m, true);
    for (int j = 1; j <= m; j++)
        if (front[j] + rest[m - j] > front[cut] + rest[m - cut]) cut = j;
    match(a, half, b, cut, rows);
    match(a + half, n - half, b + cut, m - cut, rows);
}

static bool alone(const Words *w, int i)
{
    return i > 0 && i + 1 < w->n && !w->word[i - 1].same && !w->word[i + 1].same;
}

/* The k-th common word of one text is the k-th of the other. */
static void drop_lone_words(Words *a, Words *b)
{
    for (int i = 0, j = 0;; i++, j++) {
        while (i < a->n && !a->word[i].same) i++;
        while (j < b->n && !b->word[j].same) j++;
        if (i == a->n || j == b->n) return;
        if (alone(a, i) && alone(b, j)) a->word[i].same = b->word[j].same = false;
    }
}

/* ---- marks ----------------------------------------------------------------------------------------- */

static void mark(unsigned char *only, const char *text, size_t n, const Words *w)
{
    memset(only, 0, n);
    for (int i = 0; i < w->n; i++) {
        if (w->word[i].same) continue;
        const bool on = i > 0 && !w->word[i - 1].same;
        const char *from = on ? w->word[i - 1].at : w->word[i].at;
        memset(only + (from - text), 1, (size_t)(w->word[i].at + w->word[i].n - from));
    }
}

void word_diff(unsigned char *only_a, const char *a, size_t n, unsigned char *only_b, const char *b,
               size_t m)
{
    Words of_a = split(a, n), of_b = split(b, m);
    int *rows = mem_calloc(2 * ((size_t)of_b.n + 1), sizeof *rows);
    match(of_a.word, of_a.n, of_b.word, of_b.n, rows);
    drop_lone_words(&of_a, &of_b);
    mark(only_a, a, n, &of_a);
    mark(only_b, b, m, &of_b);
    free(rows);
    free(of_a.word);
    free(of_b.word);
}
