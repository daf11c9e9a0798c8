/* Byte-pair encoding: the merges, and how the units of one word become tokens.  Sennrich et al. 2016.
 *
 * The pair learned first is merged first, the leftmost of equal ones before the others. */
#ifndef POLICY_BPE_H
#define POLICY_BPE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    int left, right, result; /* token ids */
} Merge;

/* A growing list of token ids.  Zero-initialised is empty; free(l.ids). */
typedef struct {
    int *ids;
    size_t n, room;
} IdList;
void id_list_add(IdList *l, int id);
void id_list_append(IdList *l, const int *ids, size_t n); /* ids of another list */

typedef struct Bpe Bpe;
/* Merges (n) in order of rank, copied; no pair twice. */
Bpe *bpe_new(const Merge *merges, int n);
void bpe_free(Bpe *b);
const Merge *bpe_merges(const Bpe *b, int *n);
/* Append what units (n) merge to; n log n at worst.  One thread at a time. */
void bpe_merge(Bpe *b, IdList *out, const int *units, size_t n);

/* A table from pairs of ids to numbers >= 0, for merges and for counting pairs. */
typedef struct {
    struct PairSlot {
        uint64_t key;
        int value; /* -1: empty */
    } * slots;
    size_t n, room; /* room is a power of two */
} PairTable;
/* The place of (left, right), added with the value -1 when it is new. */
int *pair_table_place(PairTable *t, int left, int right);
/* The value, or -1. */
int pair_table_find(const PairTable *t, int left, int right);
void pair_table_free(PairTable *t);

/* 64 bits of FNV-1a, finished. */
uint64_t bpe_hash(const char *bytes, size_t n);

#endif
