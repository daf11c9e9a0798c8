#include "policy/bpe.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum {
    CACHE_SLOTS = 1 << 15, /* a power of two; half of them are filled before all are forgotten */
    CACHED_BYTES_MAX = 64, /* longer pre-tokens hardly come again */
};

/* A possible merge waiting in the heap: the pair that begins at node `at`. */
typedef struct {
    int rank, at;
} Candidate;

/* A pre-token while it is merged: a linked list of tokens, -1 as id once swallowed. */
typedef struct {
    int id, previous, next;
} Node;

typedef struct {
    uint64_t hash;
    size_t text_at, ids_at;
    int n_bytes, n_ids; /* n_bytes 0: empty */
} Remembered;

struct Bpe {
    Merge *merges;
    int n;
    int byte_id[256];
    PairTable ranks;
    Node *nodes;
    Candidate *heap;
    size_t nodes_room, heap_n, heap_room;
    Remembered *cache;
    int n_cached;
    Text cached_text;
    IdList cached_ids;
};

void id_list_add(IdList *l, int id)
{
    if (l->n == l->room) {
        l->room = 2 * l->room + 16;
        l->ids = mem_realloc(l->ids, l->room, sizeof *l->ids);
    }
    l->ids[l->n++] = id;
}

uint64_t bpe_hash(const char *bytes, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return h ^ h >> 32;
}

/* ---- pairs --------------------------------------------------------------------------------- */

static uint64_t pair_key(int left, int right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

/* The slot of the key, or the empty one where it belongs. */
static struct PairSlot *pair_slot(const PairTable *t, uint64_t key)
{
    uint64_t h = key * 0x9e3779b97f4a7c15u;
    for (size_t i = (h ^ h >> 32) & (t->room - 1);; i = (i + 1) & (t->room - 1))
        if (t->slots[i].key == key || t->slots[i].key == UINT64_MAX) return &t->slots[i];
}

static void pair_table_grow(PairTable *t)
{
    const PairTable old = *t;
    t->room = old.room ? 2 * old.room : 64;
    t->slots = mem_calloc(t->room, sizeof *t->slots);
    for (size_t i = 0; i < t->room; i++) t->slots[i] = (struct PairSlot){UINT64_MAX, -1};
    for (size_t i = 0; i < old.room; i++)
        if (old.slots[i].key != UINT64_MAX) *pair_slot(t, old.slots[i].key) = old.slots[i];
    free(old.slots);
}

int *pair_table_place(PairTable *t, int left, int right)
{
    if (2 * (t->n + 1) > t->room) pair_table_grow(t);
    const uint64_t key = pair_key(left, right);
    struct PairSlot *slot = pair_slot(t, key);
    if (slot->key != key) {
        slot->key = key;
        t->n++;
    }
    return &slot->value;
}

int pair_table_find(const PairTable *t, int left, int right)
{
    return t->room ? pair_slot(t, pair_key(left, right))->value : -1;
}

void pair_table_free(PairTable *t)
{
    free(t->slots);
    *t = (PairTable){0};
}

/* ---- merging ------------------------------------------------------------------------------- */

Bpe *bpe_new(const Merge *merges, int n, const int *byte_id)
{
    Bpe *b = mem_calloc(1, sizeof *b);
    b->merges = mem_calloc((size_t)n, sizeof *merges);
    b->n = n;
    b->cache = mem_calloc(CACHE_SLOTS, sizeof *b->cache);
    memcpy(b->byte_id, byte_id, sizeof b->byte_id);
    for (int i = 0; i < n; i++) {
        b->merges[i] = merges[i];
        int *rank = pair_table_place(&b->ranks, merges[i].left, merges[i].right);
        assert(*rank < 0);
        *rank = i;
    }
    return b;
}

void bpe_free(Bpe *b)
{
    if (!b) return;
    pair_table_free(&b->ranks);
    text_free(&b->cached_text);
    free(b->cached_ids.ids);
    free(b->cache);
    free(b->nodes);
    free(b->heap);
    free(b->merges);
    free(b);
}

const Merge *bpe_merges(const Bpe *b, int *n)
{
    *n = b->n;
    return b->merges;
}

static bool before(Candidate a, Candidate b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.at < b.at;
}

static void push(Bpe *b, Candidate c)
{
    if (b->heap_n == b->heap_room) {
        b->heap_room = 2 * b->heap_room + 64;
        b->heap = mem_realloc(b->heap, b->heap_room, sizeof *b->heap);
    }
    size_t i = b->heap_n++;
    for (; i > 0 && before(c, b->heap[(i - 1) / 2]); i = (i - 1) / 2)
        b->heap[i] = b->heap[(i - 1) / 2];
    b->heap[i] = c;
}

static Candidate pop(Bpe *b)
{
    const Candidate top = b->heap[0], last = b->heap[--b->heap_n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < b->heap_n; i = child) {
        if (child + 1 < b->heap_n && before(b->heap[child + 1], b->heap[child])) child++;
        if (!before(b->heap[child], last)) break;
        b->heap[i] = b->heap[child];
    }
    b->heap[i] = last;
    return top;
}

static void consider(Bpe *b, int at)
{
    const int next = at < 0 ? -1 : b->nodes[at].next;
    if (next < 0) return;
    const int rank = pair_table_find(&b->ranks, b->nodes[at].id, b->nodes[next].id);
    if (rank >= 0) push(b, (Candidate){rank, at});
}

static void merge_word(Bpe *b, IdList *out, const char *word, size_t n)
{
    if (n > b->nodes_room) {
        b->nodes_room = 2 * n;
        b->nodes = mem_realloc(b->nodes, b->nodes_room, sizeof *b->nodes);
    }
    Node *nodes = b->nodes;
    for (int i = 0; i < (int)n; i++)
        nodes[i] = (Node){b->byte_id[(unsigned char)word[i]], i - 1, i + 1 < (int)n ? i + 1 : -1};
    b->heap_n = 0;
    for (int i = 0; i < (int)n; i++) consider(b, i);

    while (b->heap_n > 0) {
        const Candidate c = pop(b);
        const Merge *m = &b->merges[c.rank];
        Node *left = &nodes[c.at];
        /* The pair may have been broken up by a merge beside it since it was pushed. */
        if (left->id != m->left || left->next < 0 || nodes[left->next].id != m->right) continue;
        Node *right = &nodes[left->next];
        left->id = m->result;
        left->next = right->next;
        if (right->next >= 0) nodes[right->next].previous = c.at;
        right->id = -1;
        consider(b, left->previous);
        consider(b, c.at);
    }
    for (int i = 0; i >= 0; i = nodes[i].next) id_list_add(out, nodes[i].id);
}

/* The slot of the word, or the empty one where it belongs. */
static Remembered *remembered(Bpe *b, uint64_t hash, const char *word, size_t n)
{
    for (size_t i = hash % CACHE_SLOTS;; i = (i + 1) % CACHE_SLOTS) {
        Remembered *r = &b->cache[i];
        if (r->n_bytes == 0) return r;
        if (r->hash == hash && (size_t)r->n_bytes == n &&
            memcmp(b->cached_text.bytes + r->text_at, word, n) == 0)
            return r;
    }
}

static void forget_all(Bpe *b)
{
    memset(b->cache, 0, CACHE_SLOTS * sizeof *b->cache);
    text_clear(&b->cached_text);
    b->cached_ids.n = 0;
    b->n_cached = 0;
}

void bpe_encode(Bpe *b, IdList *out, const char *word, size_t n)
{
    assert(n > 0);
    if (n > CACHED_BYTES_MAX) {
        merge_word(b, out, word, n);
        return;
    }
    const uint64_t hash = bpe_hash(word, n);
    Remembered *r = remembered(b, hash, word, n);
    if (r->n_bytes == 0) {
        if (b->n_cached == CACHE_SLOTS / 2) {
            forget_all(b);
            r = remembered(b, hash, word, n);
        }
        const size_t ids_at = b->cached_ids.n;
        merge_word(b, &b->cached_ids, word, n);
        *r = (Remembered){hash, b->cached_text.n, ids_at, (int)n, (int)(b->cached_ids.n - ids_at)};
        text_append(&b->cached_text, word, n);
        b->n_cached++;
    }
    for (int i = 0; i < r->n_ids; i++) id_list_add(out, b->cached_ids.ids[r->ids_at + (size_t)i]);
}
