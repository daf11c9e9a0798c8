/* What more labels would bring: the accuracy of reward models trained on growing shares of those there are. */
#ifndef CLI_REWARD_CURVE_H
#define CLI_REWARD_CURVE_H

#include "cli/loaded.h"
#include "reward/reward.h"

enum { CURVE_POINTS = 4 }; /* an eighth, a quarter, a half, all */

/* Trains from `model` anew for each share, drawn by the seed, each within the next, and prints how often each is
 * right on the same held-out pairs.  Nothing is kept. */
int reward_curve(const Context *ctx, const char *model, const Pairs *train, const Pairs *held_out,
                 const RewardConfig *c, const LoraConfig *lora, Error *err);

#endif
