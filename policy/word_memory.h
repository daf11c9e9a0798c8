/* What short texts became, since most come again.  A text's ids are kept under the text and a number that
 * says what was done with it; when many are kept, all are forgotten. */
#ifndef POLICY_WORD_MEMORY_H
#define POLICY_WORD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/bpe.h"

enum { WORD_MEMORY_BYTES_MAX = 64 /* longer texts hardly come again, and are not kept */ };

typedef struct WordMemory WordMemory;

WordMemory *word_memory_new(void);
void word_memory_free(WordMemory *m);
/* Append the ids that are kept for the text, n > 0 bytes; false when there are none. */
bool word_memory_recall(const WordMemory *m, IdList *out, int what, const char *text, size_t n);
/* Keep ids (n_ids) for a text that was not recalled. */
void word_memory_keep(WordMemory *m, int what, const char *text, size_t n, const int *ids,
                      size_t n_ids);

#endif
