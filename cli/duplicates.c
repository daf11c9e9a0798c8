#include "cli/duplicates.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"

enum { RUN_WORDS = 5, BANDS = 16, ROWS = 8, HASHES = BANDS * ROWS, EMPTY = -1 };
static const double NEARLY = 0.8;
static const char KEY[] = "rlhf document 1";

/* Open addressing: a place holds the newest kept document of a hash, which chains to those before it. */
typedef struct {
    uint64_t *key;
    int *document; /* EMPTY: free */
    size_t room, n;
} Table;

struct Duplicates {
    uint64_t multiplier[HASHES], offset[HASHES];
    uint32_t (*signature)[HASHES]; /* of each kept document */
    int (*before)[BANDS + 1]; /* the document before it of the same key; [BANDS]: of all words */
    int n, room;
    Table table;
};

/* ---- words ----------------------------------------------------------------------------------------- */

static bool is_word(unsigned char c)
{
    return c >= 0x80 || isalnum(c);
}

/* The words of the text with a space behind each. */
static void put_words(Text *out, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    text_add(out, "");
    while (*s) {
        size_t n = 0;
        while (is_word(s[n])) n++;
        for (size_t i = 0; i < n; i++) {
            const char lower = (char)(s[i] < 0x80 ? tolower(s[i]) : s[i]);
            text_append(out, &lower, 1);
        }
        if (n > 0) text_append(out, " ", 1);
        s += n > 0 ? n : 1;
    }
}

uint64_t duplicates_key(const char *text)
{
    Text words = {0};
    put_words(&words, text);
    const bool none = words.n == 0;
    const uint64_t key =
        none ? keyed_hash(text, strlen(text), KEY) : keyed_hash(words.bytes, words.n, KEY);
    text_free(&words);
    return key;
}

/* ---- signatures ------------------------------------------------------------------------------------ */

/* FNV-1a, stirred, since its low bits hardly depend on the first letters. */
static uint64_t hash_word(const char *word, size_t n)
{
    uint64_t h = 0xcbf29ce484222325;
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)word[i]) * 0x100000001b3;
    return h ^ h >> 29;
}

static void lower_all(uint32_t signature[HASHES], const Duplicates *d, uint64_t run)
{
    for (int k = 0; k < HASHES; k++) {
        const uint32_t h = (uint32_t)((run * d->multiplier[k] + d->offset[k]) >> 32);
        if (h < signature[k]) signature[k] = h;
    }
}

/* Of a text with fewer words than a run, all of them are one. */
static void sign(uint32_t signature[HASHES], const Duplicates *d, const Text *words)
{
    uint64_t last[RUN_WORDS] = {0};
    size_t n = 0;
    for (int k = 0; k < HASHES; k++) signature[k] = UINT32_MAX;
    for (size_t at = 0; at < words->n;) {
        const size_t length = (size_t)(strchr(words->bytes + at, ' ') - (words->bytes + at));
        last[n++ % RUN_WORDS] = hash_word(words->bytes + at, length);
        at += length + 1;
        if (n < RUN_WORDS && at < words->n) continue;
        uint64_t run = 0;
        for (size_t i = 0; i < RUN_WORDS; i++)
            run = (run ^ last[(n + i) % RUN_WORDS]) * 0x9e3779b97f4a7c15;
        lower_all(signature, d, run ^ run >> 32);
    }
}

static double similarity_of(const uint32_t a[HASHES], const uint32_t b[HASHES])
{
    int equal = 0;
    for (int k = 0; k < HASHES; k++) equal += a[k] == b[k];
    return (double)equal / HASHES;
}

/* ---- the table ------------------------------------------------------------------------------------- */

static size_t place_of(const Table *t, uint64_t key)
{
    size_t at = key & (t->room - 1);
    while (t->document[at] != EMPTY && t->key[at] != key) at = (at + 1) & (t->room - 1);
    return at;
}

static void make_room(Table *t)
{
    if (2 * t->n < t->room) return;
    const Table old = *t;
    *t = (Table){.room = old.room ? 2 * old.room : 1024, .n = old.n};
    t->key = mem_calloc(t->room, sizeof *t->key);
    t->document = mem_calloc(t->room, sizeof *t->document);
    for (size_t i = 0; i < t->room; i++) t->document[i] = EMPTY;
    for (size_t i = 0; i < old.room; i++) {
        if (old.document[i] == EMPTY) continue;
        const size_t at = place_of(t, old.key[i]);
        t->key[at] = old.key[i];
        t->document[at] = old.document[i];
    }
    free(old.key);
    free(old.document);
}

static int newest_of(const Table *t, uint64_t key)
{
    return t->room ? t->document[place_of(t, key)] : EMPTY;
}

/* Returns the document that stood there. */
static int put(Table *t, uint64_t key, int document)
{
    make_room(t);
    const size_t at = place_of(t, key);
    const int before = t->document[at];
    t->n += before == EMPTY;
    t->key[at] = key;
    t->document[at] = document;
    return before;
}

static uint64_t key_of_band(const uint32_t signature[HASHES], int band)
{
    uint64_t key = (uint64_t)band + 1;
    for (int k = band * ROWS; k < (band + 1) * ROWS; k++)
        key = (key ^ signature[k]) * 0x9e3779b97f4a7c15, key ^= key >> 31;
    return key;
}

/* ---- documents ------------------------------------------------------------------------------------- */

Duplicates *duplicates_new(void)
{
    Duplicates *d = mem_calloc(1, sizeof *d);
    for (uint64_t k = 0; k < HASHES; k++) {
        d->multiplier[k] = rng_bits(0, RNG_MINHASH, k, 0) | 1;
        d->offset[k] = rng_bits(0, RNG_MINHASH, k, 1);
    }
    return d;
}

void duplicates_free(Duplicates *d)
{
    if (!d) return;
    free(d->signature);
    free(d->before);
    free(d->table.key);
    free(d->table.document);
    free(d);
}

static int find_alike(const Duplicates *d, const uint32_t signature[HASHES], double *similarity)
{
    int best = EMPTY;
    *similarity = 0;
    for (int band = 0; band < BANDS; band++) {
        for (int at = newest_of(&d->table, key_of_band(signature, band)); at != EMPTY;) {
            const double s = similarity_of(signature, d->signature[at]);
            if (s >= NEARLY && (s > *similarity || (s == *similarity && at < best))) {
                best = at;
                *similarity = s;
            }
            at = d->before[at][band];
        }
    }
    return best;
}

static void keep(Duplicates *d, const uint32_t signature[HASHES], uint64_t exact)
{
    if (d->n == d->room) {
        d->room = 2 * d->room + 64;
        d->signature = mem_realloc(d->signature, (size_t)d->room, sizeof *d->signature);
        d->before = mem_realloc(d->before, (size_t)d->room, sizeof *d->before);
    }
    memcpy(d->signature[d->n], signature, sizeof *d->signature);
    for (int band = 0; band <= BANDS; band++) {
        const int before =
            put(&d->table, band < BANDS ? key_of_band(signature, band) : exact, d->n);
        d->before[d->n][band] = before < d->n ? before : EMPTY; /* no key of its own twice */
    }
    d->n++;
}

int duplicates_add(Duplicates *d, const char *text, bool *same, double *similarity)
{
    uint32_t signature[HASHES];
    Text words = {0};
    const uint64_t exact = duplicates_key(text);
    int found = newest_of(&d->table, exact);
    *same = found != EMPTY;
    *similarity = 1;
    if (found == EMPTY) {
        put_words(&words, text);
        sign(signature, d, &words);
        if (words.n > 0) found = find_alike(d, signature, similarity);
        if (found == EMPTY) keep(d, signature, exact);
        text_free(&words);
    }
    return found;
}
