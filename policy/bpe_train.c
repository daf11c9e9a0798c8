#include "policy/bpe_train.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

enum { COUNT_MIN = 2 }; /* a pair seen once teaches nothing */

/* Different strings, each with a number in order of arrival. */
typedef struct {
    Text bytes;
    size_t *end; /* (n) where each string ends in bytes */
    int *slots;  /* (room) numbers, -1 for empty; room is a power of two */
    size_t n, room;
} StringSet;

typedef struct {
    int left, right;
    int64_t count; /* occurrences now */
    int *at;       /* (n) nodes where it may begin; some may be out of date */
    int n, room;
} Pair;

typedef struct {
    int64_t count; /* when it was pushed */
    int left, right, pair;
} Candidate;

/* One byte of a different pre-token, later the first byte of a token; id -1 once swallowed. */
typedef struct {
    int id, previous, next, word;
} Node;

struct BpeTrainer {
    StringSet words, tokens;
    int64_t *counts; /* of words */
    size_t counts_room;
    Node *nodes;
    PairTable table;
    Pair *pairs;
    int n_pairs, pairs_room;
    Candidate *heap;
    size_t heap_n, heap_room;
};

/* ---- strings ------------------------------------------------------------------------------- */

static const char *string_at(const StringSet *s, size_t i, size_t *n)
{
    const size_t begin = i ? s->end[i - 1] : 0;
    *n = s->end[i] - begin;
    return s->bytes.bytes + begin;
}

static int *string_slot(const StringSet *s, const char *bytes, size_t n)
{
    for (size_t i = bpe_hash(bytes, n) & (s->room - 1);; i = (i + 1) & (s->room - 1)) {
        if (s->slots[i] < 0) return &s->slots[i];
        size_t length;
        const char *string = string_at(s, (size_t)s->slots[i], &length);
        if (length == n && memcmp(string, bytes, n) == 0) return &s->slots[i];
    }
}

static void string_set_grow(StringSet *s)
{
    s->room = s->room ? 2 * s->room : 1024;
    s->end = mem_realloc(s->end, s->room, sizeof *s->end);
    s->slots = mem_realloc(s->slots, s->room, sizeof *s->slots);
    for (size_t i = 0; i < s->room; i++) s->slots[i] = -1;
    for (size_t i = 0; i < s->n; i++) {
        size_t n;
        const char *string = string_at(s, i, &n);
        *string_slot(s, string, n) = (int)i;
    }
}

/* The string's number; *is_new when it was not there. */
static int string_add(StringSet *s, const char *bytes, size_t n, bool *is_new)
{
    if (2 * (s->n + 1) > s->room) string_set_grow(s);
    int *slot = string_slot(s, bytes, n);
    *is_new = *slot < 0;
    if (*is_new) {
        *slot = (int)s->n;
        text_append(&s->bytes, bytes, n);
        s->end[s->n++] = s->bytes.n;
    }
    return *slot;
}

static void string_set_free(StringSet *s)
{
    text_free(&s->bytes);
    free(s->end);
    free(s->slots);
}

BpeTrainer *bpe_trainer_new(void)
{
    return mem_calloc(1, sizeof(BpeTrainer));
}

void bpe_trainer_free(BpeTrainer *t)
{
    if (!t) return;
    string_set_free(&t->words);
    string_set_free(&t->tokens);
    for (int i = 0; i < t->n_pairs; i++) free(t->pairs[i].at);
    pair_table_free(&t->table);
    free(t->pairs);
    free(t->counts);
    free(t->nodes);
    free(t->heap);
    free(t);
}

void bpe_trainer_add(BpeTrainer *t, const char *word, size_t n)
{
    assert(n > 0);
    bool is_new;
    const size_t i = (size_t)string_add(&t->words, word, n, &is_new);
    if (is_new && i == t->counts_room) {
        t->counts_room = 2 * t->counts_room + 1024;
        t->counts = mem_realloc(t->counts, t->counts_room, sizeof *t->counts);
    }
    t->counts[i] = is_new ? 1 : t->counts[i] + 1;
}

void bpe_trainer_reserve(BpeTrainer *t, const char *bytes, size_t n)
{
    bool is_new;
    string_add(&t->tokens, bytes, n, &is_new);
}

/* ---- the most frequent pair ---------------------------------------------------------------- */

static bool before(const Candidate *a, const Candidate *b)
{
    if (a->count != b->count) return a->count > b->count;
    if (a->left != b->left) return a->left < b->left;
    return a->right < b->right;
}

static void push(BpeTrainer *t, int pair)
{
    const Pair *p = &t->pairs[pair];
    const Candidate c = {p->count, p->left, p->right, pair};
    if (c.count < COUNT_MIN) return;
    if (t->heap_n == t->heap_room) {
        t->heap_room = 2 * t->heap_room + 1024;
        t->heap = mem_realloc(t->heap, t->heap_room, sizeof *t->heap);
    }
    size_t i = t->heap_n++;
    for (; i > 0 && before(&c, &t->heap[(i - 1) / 2]); i = (i - 1) / 2)
        t->heap[i] = t->heap[(i - 1) / 2];
    t->heap[i] = c;
}

static Candidate pop(BpeTrainer *t)
{
    const Candidate top = t->heap[0], last = t->heap[--t->heap_n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < t->heap_n; i = child) {
        if (child + 1 < t->heap_n && before(&t->heap[child + 1], &t->heap[child])) child++;
        if (!before(&t->heap[child], &last)) break;
        t->heap[i] = t->heap[child];
    }
    t->heap[i] = last;
    return top;
}

/* The pair with the highest count, or -1.  Counts of pairs in the heap only fall, so one that is
 * out of date goes back with its present count. */
static int best_pair(BpeTrainer *t)
{
    while (t->heap_n > 0) {
        const Candidate c = pop(t);
        if (t->pairs[c.pair].count == c.count) return c.pair;
        push(t, c.pair);
    }
    return -1;
}

/* ---- counting and merging ------------------------------------------------------------------ */

/* `weight` more occurrences of the pair that begins at node `at`. */
static void count_pair(BpeTrainer *t, int left, int right, int at, int64_t weight)
{
    int *place = pair_table_place(&t->table, left, right);
    if (*place < 0) {
        *place = t->n_pairs;
        if (t->n_pairs == t->pairs_room) {
            t->pairs_room = 2 * t->pairs_room + 1024;
            t->pairs = mem_realloc(t->pairs, (size_t)t->pairs_room, sizeof *t->pairs);
        }
        t->pairs[t->n_pairs++] = (Pair){.left = left, .right = right};
    }
    Pair *p = &t->pairs[*place];
    if (p->n == p->room) {
        p->room = 2 * p->room + 4;
        p->at = mem_realloc(p->at, (size_t)p->room, sizeof *p->at);
    }
    p->at[p->n++] = at;
    p->count += weight;
}

static void uncount_pair(BpeTrainer *t, int left, int right, int64_t weight)
{
    const int pair = pair_table_find(&t->table, left, right);
    assert(pair >= 0);
    t->pairs[pair].count -= weight;
}

static void count_all(BpeTrainer *t, const int *byte_id)
{
    t->nodes = mem_calloc(t->words.bytes.n, sizeof *t->nodes);
    int at = 0;
    for (size_t w = 0; w < t->words.n; w++) {
        size_t n;
        const char *word = string_at(&t->words, w, &n);
        for (size_t i = 0; i < n; i++, at++) {
            t->nodes[at] = (Node){byte_id[(unsigned char)word[i]], i > 0 ? at - 1 : -1,
                                  i + 1 < n ? at + 1 : -1, (int)w};
            if (i > 0) count_pair(t, t->nodes[at - 1].id, t->nodes[at].id, at - 1, t->counts[w]);
        }
    }
    for (int i = 0; i < t->n_pairs; i++) push(t, i);
}

static int ascending(const void *a, const void *b)
{
    return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b;
}

/* Replace every occurrence of the pair, from left to right in each word, by `result`. */
static void merge_everywhere(BpeTrainer *t, int pair, int result)
{
    const Pair p = t->pairs[pair];
    const int first_new = t->n_pairs;
    qsort(p.at, (size_t)p.n, sizeof *p.at, ascending);
    for (int k = 0; k < p.n; k++) {
        Node *left = &t->nodes[p.at[k]];
        if (left->id != p.left || left->next < 0 || t->nodes[left->next].id != p.right) continue;
        Node *right = &t->nodes[left->next];
        const int64_t weight = t->counts[left->word];
        if (left->previous >= 0) {
            const int id = t->nodes[left->previous].id;
            uncount_pair(t, id, p.left, weight);
            count_pair(t, id, result, left->previous, weight);
        }
        if (right->next >= 0) {
            const int id = t->nodes[right->next].id;
            uncount_pair(t, p.right, id, weight);
            count_pair(t, result, id, p.at[k], weight);
            t->nodes[right->next].previous = p.at[k];
        }
        left->id = result;
        left->next = right->next;
        right->id = -1;
    }
    free(p.at);
    t->pairs[pair] = (Pair){.left = p.left, .right = p.right};
    for (int i = first_new; i < t->n_pairs; i++) push(t, i);
}

/* True when the two tokens together are no token yet; then they are one from now on. */
static bool new_token(BpeTrainer *t, size_t *spelled, const Merge *m)
{
    size_t n_left, n_right;
    const char *left = string_at(&t->tokens, spelled[m->left], &n_left);
    const char *right = string_at(&t->tokens, spelled[m->right], &n_right);
    Text both = {0};
    bool is_new;
    text_append(&both, left, n_left);
    text_append(&both, right, n_right);
    spelled[m->result] = (size_t)string_add(&t->tokens, both.bytes, both.n, &is_new);
    text_free(&both);
    return is_new;
}

int bpe_trainer_learn(BpeTrainer *t, Merge **merges, int *n_merges, int most, int first_id,
                      const int *byte_id, Error *err)
{
    assert(!t->nodes && most >= 0);
    if (t->words.bytes.n > INT_MAX)
        return error_set(err, "the different words of the corpus have more than 2 GB");

    /* Where each id's bytes are in t->tokens. */
    size_t *spelled = mem_calloc((size_t)first_id + (size_t)most + 1, sizeof *spelled);
    for (int byte = 0; byte < 256; byte++) {
        const char c = (char)byte;
        bool is_new;
        spelled[byte_id[byte]] = (size_t)string_add(&t->tokens, &c, 1, &is_new);
    }
    Merge *learned = mem_calloc((size_t)most, sizeof *learned);
    int n = 0, pair;
    count_all(t, byte_id);
    while (n < most && (pair = best_pair(t)) >= 0) {
        learned[n] = (Merge){t->pairs[pair].left, t->pairs[pair].right, first_id + n};
        if (!new_token(t, spelled, &learned[n])) continue; /* out of the heap, and stays out */
        merge_everywhere(t, pair, first_id + n);
        n++;
        progress_pulse("merging");
    }
    free(spelled);
    *merges = learned;
    *n_merges = n;
    return 0;
}
