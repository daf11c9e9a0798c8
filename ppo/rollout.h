/* A rollout: sampled responses and everything known about each of their tokens before the updates. */
#ifndef PPO_ROLLOUT_H
#define PPO_ROLLOUT_H

#include "ppo/ppo.h"
#include "ppo/score_scale.h"

/* B sequences, each prompt then response, end to end.  Arrays marked (N) hold numbers at response tokens
 * and 0 elsewhere; values[i] is the value of the state in which token i was chosen. */
typedef struct Rollout {
    int B, N;
    int *token;          /* (N) */
    int *start;          /* (B+1) */
    int *response;       /* (B) index in the whole array of the response's first token */
    bool *finished;      /* (B) ended with a stop token */
    unsigned char *want; /* (N) WANT_LOGP at response tokens */
    double *logp, *ref_logp, *value, *reward, *advantage, *ret; /* (N) */
    double *raw_score, *score; /* (B) the reward model's, and as it enters the reward */
    int n_response;            /* response tokens in all */
} Rollout;

/* The phases of an iteration hold what they use: of the models' weights only those that `one` and `other` (NULL: none)
 * are seen through stay packed. */
void rollout_keep_packed(const PpoInputs *in, Policy *one, Policy *other);
/* Sample one response for each of B prompts (indices into the set) with the keys given. */
int rollout_sample(Rollout *r, const PpoInputs *in, const PpoConfig *c, const int *prompt,
                   const uint64_t *key, int B, Error *err);
/* ref_logp, value, score. */
void rollout_score(Rollout *r, const PpoInputs *in, const PpoConfig *c);
/* score anew: the reward model's divided by the deviation of `moments`, then as rollout_score shapes it. */
void rollout_scale_scores(Rollout *r, const PpoConfig *c, const ScoreMoments *moments);
/* reward, advantage (whitened), ret. */
void rollout_advantages(Rollout *r, const PpoConfig *c, double kl_coef);
/* The same of some of its episodes alone, (n) of them: what is whitened together is theirs. */
void rollout_advantages_of(Rollout *r, const PpoConfig *c, double kl_coef, const int *episode,
                           int n);
/* Of response b: the sum of logp - ref_logp, nats. */
double rollout_kl(const Rollout *r, int b);
/* Largest |logp - ref_logp| over the response tokens. */
double rollout_largest_log_ratio(const Rollout *r);
void rollout_free(Rollout *r);

#endif
