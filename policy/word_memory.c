#include "policy/word_memory.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { SLOTS = 1 << 15 /* a power of two; half of them are filled before all are forgotten */ };

/* Two to a line of the processor's cache: a text costs little more than the wait for its slot. */
typedef struct {
    uint64_t hash;
    uint32_t text_at, ids_at;
    int what, n_bytes, n_ids; /* n_bytes 0: empty */
} Remembered;

struct WordMemory {
    Remembered *slot; /* (SLOTS); NULL until something is kept */
    int n;
    Text text;
    IdList ids;
};

WordMemory *word_memory_new(void)
{
    return mem_calloc(1, sizeof(WordMemory));
}

void word_memory_free(WordMemory *m)
{
    if (!m) return;
    free(m->slot);
    text_free(&m->text);
    free(m->ids.ids);
    free(m);
}

static uint64_t hash_of(int what, const char *text, size_t n)
{
    return bpe_hash(text, n) + (uint64_t)what * 0x9e3779b97f4a7c15u;
}

/* The slot of the text, or the empty one where it belongs. */
static Remembered *slot_of(const WordMemory *m, uint64_t hash, int what, const char *text, size_t n)
{
    for (size_t i = hash % SLOTS;; i = (i + 1) % SLOTS) {
        Remembered *r = &m->slot[i];
        if (r->n_bytes == 0) return r;
        if (r->hash == hash && r->what == what && (size_t)r->n_bytes == n &&
            memcmp(m->text.bytes + r->text_at, text, n) == 0)
            return r;
    }
}

bool word_memory_recall(const WordMemory *m, IdList *out, int what, const char *text, size_t n)
{
    assert(n > 0);
    if (n > WORD_MEMORY_BYTES_MAX || m->n == 0) return false;
    const Remembered *r = slot_of(m, hash_of(what, text, n), what, text, n);
    if (r->n_bytes == 0) return false;
    id_list_append(out, m->ids.ids + r->ids_at, (size_t)r->n_ids);
    return true;
}

static void forget_all(WordMemory *m)
{
    memset(m->slot, 0, SLOTS * sizeof *m->slot);
    text_clear(&m->text);
    m->ids.n = 0;
    m->n = 0;
}

void word_memory_keep(WordMemory *m, int what, const char *text, size_t n, const int *ids,
                      size_t n_ids)
{
    if (n > WORD_MEMORY_BYTES_MAX) return;
    if (!m->slot) m->slot = mem_calloc(SLOTS, sizeof *m->slot);
    if (m->n == SLOTS / 2) forget_all(m);
    const uint64_t hash = hash_of(what, text, n);
    Remembered *r = slot_of(m, hash, what, text, n);
    assert(r->n_bytes == 0);
    *r = (Remembered){.hash = hash,
                      .text_at = (uint32_t)m->text.n,
                      .ids_at = (uint32_t)m->ids.n,
                      .what = what,
                      .n_bytes = (int)n,
                      .n_ids = (int)n_ids};
    text_append(&m->text, text, n);
    id_list_append(&m->ids, ids, n_ids);
    m->n++;
}
