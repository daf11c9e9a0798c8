/* Learning to predict text: pretraining on whole sequences and supervised fine-tuning on responses (Examples).
 *
 * loss = sum over the counted tokens of -logp / their number in the whole batch, so that the cut into
 * micro-batches changes nothing. */
#ifndef POLICY_SUPERVISED_H
#define POLICY_SUPERVISED_H

#include "base/training.h"
#include "policy/examples.h"
#include "policy/optimizer_config.h"

/* clang-format off */
/*    type    name           default  min   max      source   meaning */
#define SUPERVISED_ROWS(X) \
    X(int_live,    steps,         0,       0,    1e9,     "",      "optimizer steps; 0: as many as `epochs` need") \
    X(double_live, epochs,        1,       0.01, 1000,    "",      "passes over the examples") \
    X(int,    batch_size,    16,      1,    65536,   "",      "sequences per optimizer step") \
    X(int,    max_tokens,    2048,    16,   1048576, "",      "tokens of one micro-batch; changes memory, and results by rounding at most") \
    X(int_live,    valid_every,   100,     0,    1e9,     "",      "steps between looks at the validation loss; 0: only at the end") \
    X(int_live,    save_every,    0,       0,    1e9,     "",      "steps between checkpoints; 0: ten minutes; one at the end") \
    X(int_live,    keep,          2,       1,    1000,    "",      "checkpoints kept")

#define PRETRAIN_CONFIG(X) SUPERVISED_ROWS(X) OPTIMIZER_CONFIG(X, 3e-3, 0.05, 0.98, 1e-8, 0.05)
#define SFT_CONFIG(X)      SUPERVISED_ROWS(X) OPTIMIZER_CONFIG(X, 1e-4, 0.0, 0.999, 1e-8, 0.0)

typedef struct { PRETRAIN_CONFIG(CONFIG_MEMBER) } SupervisedConfig;
/* clang-format on */
extern const ConfigTable PRETRAIN_TABLE, SFT_TABLE;

typedef struct Supervised Supervised;

/* All borrowed.  valid may have n 0. */
Supervised *supervised_new(Policy *p, const Examples *train, const Examples *valid,
                           const SupervisedConfig *c, uint64_t seed);
void supervised_free(Supervised *s);
Trainer supervised_trainer(Supervised *s);
/* Mean -logp per counted token, nats. */
double supervised_loss(Policy *p, const Examples *e);
/* Options of a policy that these settings train. */
PolicyOptions supervised_options(const SupervisedConfig *c);

#endif
