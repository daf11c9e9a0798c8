#include "policy/room.h"

#include <stdlib.h>

#include "base/mem.h"

struct Room {
    real *memory;
    size_t n;
    const void *who;
    KvCache *cache;
    int capacity, NKV, HD;
};

Room *room_new(void)
{
    return mem_calloc(1, sizeof(Room));
}

void room_clear(Room *r)
{
    buffer_free(r->memory);
    kv_cache_free(r->cache);
    *r = (Room){0};
}

void room_free(Room *r)
{
    if (!r) return;
    room_clear(r);
    free(r);
}

size_t room_bytes(const Room *r)
{
    return sizeof(real) * (r->n + 2 * (size_t)r->capacity * (size_t)r->NKV * (size_t)r->HD);
}

/* Exactly what is asked: among batches whose lengths are drawn, one longer than all before comes ever more seldom. */
real *room_take(Room *r, size_t n, const void *who)
{
    r->who = who;
    if (n <= r->n) return r->memory;
    buffer_free(r->memory); /* first, so that both are never there together */
    r->memory = buffer_new(n);
    r->n = n;
    return r->memory;
}

KvCache *room_cache(Room *r, int tokens, int NKV, int HD)
{
    if (tokens <= r->capacity && NKV == r->NKV && HD == r->HD) return r->cache;
    kv_cache_free(r->cache);
    r->cache = kv_cache_new(tokens, NKV, HD);
    r->capacity = tokens, r->NKV = NKV, r->HD = HD;
    return r->cache;
}

bool room_holds(const Room *r, const void *who)
{
    return r->who == who;
}
