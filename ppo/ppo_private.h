/* What a Ppo is made of, for the files that implement ppo.h: ppo.c rolls out, watches and saves, ppo_update.c learns. */
#ifndef PPO_PPO_PRIVATE_H
#define PPO_PPO_PRIVATE_H

#include "base/shuffle.h"
#include "policy/sequences.h"
#include "ppo/held_out.h"
#include "ppo/kl_control.h"
#include "ppo/ppo_loss.h"
#include "ppo/rollout.h"

/* Some episodes of the rollout side by side, with the gradient that goes back. */
typedef struct {
    Sequences sequences;
    int room;                        /* N at most */
    unsigned char *want, *want_logp; /* what is asked of the value model, and of the policy */
    unsigned char *want_both;        /* where one policy answers both */
    double *old_logp, *advantage, *old_value, *ret; /* (n) packed response tokens */
    double *ref_logp,
        *weight; /* (n); weight: the share of a token in the mean, 1 in that over tokens */
    double *logp, *entropy, *value;    /* (N) results */
    double *packed, *gradient;         /* (n) */
    double *dlogp, *dvalue, *dentropy; /* (N) */
    int n;                             /* response tokens */
} Micro;

struct Ppo {
    PpoInputs in;
    PpoConfig config;
    KlControl kl;
    Rollout rollout;
    Micro micro;
    Shuffle prompts; /* the order of in.prompts */
    PpoMetrics metrics;
    ScoreMoments scores; /* of all rollouts so far, or the first */
    HeldOut *held_out;   /* NULL: not asked for */
    int64_t best;        /* the step that won most often on held-out prompts; -1: none yet */
    double best_rate;
    char halt[160]; /* why the run should end; "": no reason */
};

static inline bool is_shared(const Ppo *p)
{
    return p->in.value == p->in.policy;
}

/* Learning rates of one iteration. */
typedef struct {
    double policy, value;
} Rates;

/* Over the tokens of all updates of one iteration. */
typedef struct {
    PpoPolicySums policy;
    PpoValueSums value;
    double entropy;
} Sums;

/* The passes over a rollout; without `learn` of the value model alone. */
int ppo_update(Ppo *p, int64_t iteration, bool learn, const Rates *rate, Sums *sums, Error *err);
void ppo_micro_free(Micro *m);

#endif
