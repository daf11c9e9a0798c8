/* How often the policy beats its reference on prompts it does not learn from, by the reward model.
 *
 * Both answer each prompt with the same random numbers, so that before the first update all answers are ties.  The
 * judge is the model that is trained against, so the rate says which checkpoint, not how good: a policy that found a
 * flaw of its reward model wins while its answers break, and so a checkpoint whose answers break is never the best. */
#ifndef PPO_HELD_OUT_H
#define PPO_HELD_OUT_H

#include "ppo/ppo.h"
#include "ppo/rollout.h"

/* Shares of the answers. */
typedef struct {
    double finished; /* ended by themselves */
    double distinct; /* different from each other */
} AnswerShares;

typedef struct {
    double win_rate; /* (wins + ties / 2) / n */
    double score, base_score;
    AnswerShares shares, base;
    /* a share is below .95 or .90, and below the reference's own by more than .02
     * (compare/verdict.h) */
    bool broken;
} HeldOutResult;

typedef struct HeldOut HeldOut;
/* At most c->eval_prompts of in->held_out; NULL where there are none.  Both are borrowed. */
HeldOut *held_out_new(const PpoInputs *in, const PpoConfig *c);
void held_out_free(HeldOut *h);
/* Sample and score; the reference's answers are made the first time. */
int held_out_evaluate(HeldOut *h, HeldOutResult *out, Error *err);

/* Different responses / B, and finished ones, of a rollout. */
AnswerShares answer_shares(const Rollout *r);
bool held_out_is_broken(const AnswerShares *of, const AnswerShares *base);
/* Of scores side by side (n); differences up to 1e-9 are ties. */
double held_out_win_rate(const double *score, const double *other, int n);

#endif
