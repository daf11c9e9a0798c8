/* Learning merges from counted pre-tokens.  Sennrich et al. 2016, with counts kept up to date. */
#ifndef POLICY_BPE_TRAIN_H
#define POLICY_BPE_TRAIN_H

#include <stddef.h>

#include "base/error.h"
#include "policy/bpe.h"

typedef struct BpeTrainer BpeTrainer;
BpeTrainer *bpe_trainer_new(void);
void bpe_trainer_free(BpeTrainer *t);
/* One occurrence of a pre-token, n > 0 bytes. */
void bpe_trainer_add(BpeTrainer *t, const char *word, size_t n);
/* No token may spell these bytes. */
void bpe_trainer_reserve(BpeTrainer *t, const char *bytes, size_t n);
/* Learn up to `most` merges; their results are first_id and up.  byte_id[256]: the token of each
 * byte.  *merges is the caller's to free.  Once per trainer. */
int bpe_trainer_learn(BpeTrainer *t, Merge **merges, int *n_merges, int most, int first_id,
                      const int *byte_id, Error *err);

#endif
