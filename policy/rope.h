/* Frequencies of rotary positions, and how a model trained on short sequences had them stretched for
 * longer ones: rope_scaling of a config.json. */
#ifndef POLICY_ROPE_H
#define POLICY_ROPE_H

#include "base/error.h"
#include "base/json.h"

typedef enum { ROPE_DEFAULT, ROPE_LINEAR, ROPE_LLAMA3 } RopeKind;

typedef struct {
    RopeKind kind;
    double factor; /* how many times longer sequences become; at least 1 */
    /* Of ROPE_LLAMA3: a pair that turns less than low_turns times in original_T tokens is slowed by the
     * factor, one that turns more than high_turns times stays, between them the two are mixed. */
    double low_turns, high_turns;
    int original_T;
} RopeScaling;

/* theta and scaling of a config.json, in the forms of transformers 4 (rope_theta, rope_scaling) and 5
 * (rope_parameters).  Kinds that are not known here are refused by name. */
int rope_read(double *theta, RopeScaling *scaling, const cJSON *config, Error *err);
/* Its members as transformers 4 writes them, a comma after each. */
void rope_write(Text *t, double theta, const RopeScaling *scaling);
/* A scaling that can be computed with. */
int rope_check(double theta, const RopeScaling *scaling, Error *err);

/* inv_freq (HD/2): radians per position of each pair.                 Su et al. 2021, section 3.4.2 */
void rope_frequencies(double *inv_freq, double theta, const RopeScaling *scaling, int HD);

#endif
