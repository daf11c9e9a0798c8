#include "policy/bpe.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A possible merge waiting in the heap: the pair that begins at node `at`. */
typedef struct {
    int rank, at;
} Candidate;

/* A pre-token while it is merged: a linked list of tokens, -1 as id once swallowed. */
typedef struct {
    int id, previous, next;
} Node;

struct Bpe {
    Merge *merges;
    int n;
    PairTable ranks;
    Node *nodes;
    Candidate *heap;
    size_t nodes_room, heap_n, heap_room;
};

static void reserve(IdList *l, size_t more)
{
    if (l->n + more <= l->room) return;
    l->room = 2 * l->room + more + 16;
    l->ids = mem_realloc(l->ids, l->room, sizeof *l->ids);
}

void id_list_add(IdList *l, int id)
{
    reserve(l, 1);
    l->ids[l->n++] = id;
}

void id_list_append(IdList *l, const int *ids, size_t n)
{
    reserve(l, n);
    for (size_t i = 0; i < n; i++) l->ids[l->n++] = ids[i];
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

Bpe *bpe_new(const Merge *merges, int n)
{
    Bpe *b = mem_calloc(1, sizeof *b);
    b->merges = mem_calloc((size_t)n, sizeof *merges);
    b->n = n;
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

/* Whether the pair that begins at the node still merges to what the candidate was pushed for.  It may have
 * been broken up since, or be another pair with the same result, which is merged as early. */
static bool still_merges(const Bpe *b, Candidate c)
{
    const Merge *m = &b->merges[c.rank];
    const Node *left = &b->nodes[c.at];
    if (left->id < 0 || left->next < 0) return false;
    const int right = b->nodes[left->next].id;
    if (left->id == m->left && right == m->right) return true;
    const int rank = pair_table_find(&b->ranks, left->id, right);
    return rank >= 0 && b->merges[rank].result == m->result;
}

void bpe_merge(Bpe *b, IdList *out, const int *units, size_t n)
{
    if (n > b->nodes_room) {
        b->nodes_room = 2 * n;
        b->nodes = mem_realloc(b->nodes, b->nodes_room, sizeof *b->nodes);
    }
    Node *nodes = b->nodes;
    for (int i = 0; i < (int)n; i++)
        nodes[i] = (Node){units[i], i - 1, i + 1 < (int)n ? i + 1 : -1};
    b->heap_n = 0;
    for (int i = 0; i < (int)n; i++) consider(b, i);

    while (b->heap_n > 0) {
        const Candidate c = pop(b);
        if (!still_merges(b, c)) continue;
        Node *left = &nodes[c.at], *right = &nodes[left->next];
        left->id = b->merges[c.rank].result;
        left->next = right->next;
        if (right->next >= 0) nodes[right->next].previous = c.at;
        right->id = -1;
        consider(b, left->previous);
        consider(b, c.at);
    }
    for (int i = n ? 0 : -1; i >= 0; i = nodes[i].next) id_list_add(out, nodes[i].id);
}
