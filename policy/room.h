/* Memory of a policy's passes: activations, gathered rows, one layer's keys and values.
 *
 * It is as large as the largest pass was, and what a pass left in it is good until the next one.  Policies of which
 * never two hold a pass at the same time can share one. */
#ifndef POLICY_ROOM_H
#define POLICY_ROOM_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/kernels.h"

typedef struct Room Room;

Room *room_new(void);
void room_free(Room *r);
/* Give all of it back; the next pass takes what it needs anew. */
void room_clear(Room *r);
size_t room_bytes(const Room *r);
/* n numbers for a pass of `who`, at the beginning of a cache line; whatever they are. */
real *room_take(Room *r, size_t n, const void *who);
/* The keys and values of one layer, for so many tokens. */
KvCache *room_cache(Room *r, int tokens, int NKV, int HD);
/* Whether the last pass is of `who` and still there. */
bool room_holds(const Room *r, const void *who);

#endif
