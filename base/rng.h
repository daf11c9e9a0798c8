/* Randomness is a key, never a stream: the same (seed, stream, item, position) gives the same number,
 * in any order, on any thread, in any batch; there is no state to save.
 * SplitMix64's finalizer (Steele, Lea & Flood 2014) folded over the four words of the key. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

/* What a number is for; two streams never share numbers. */
typedef enum {
    RNG_INIT = 1,    /* item: tensor, position: element */
    RNG_SAMPLE,      /* item: an rng_item of who asks, position: token */
    RNG_SHUFFLE,     /* item: epoch, position: index */
    RNG_SPLIT,       /* train, valid, test */
    RNG_SWAP,        /* which answer is shown on the left */
    RNG_LABEL_NOISE, /* a rule's deliberate errors and coin tosses for ties */
    RNG_CORPUS,      /* generated text */
    RNG_PROMPTS,     /* generated prompts */
    RNG_MINIBATCH,   /* order of episodes inside a PPO epoch */
    RNG_PAIR,        /* which pairs are asked */
    RNG_TEST,
    RNG_MINHASH, /* the hash functions that near-duplicate documents are found with */
    RNG_BENCH,   /* tokens to be fast on */
} RngStream;

/* Who asks for sampled answers: their items differ, so no two of them draw the same numbers. */
typedef enum {
    RNG_FOR_GENERATE,
    RNG_FOR_LABELING, /* number: prompt and answer */
    RNG_FOR_ROLLOUT,  /* number: episode of the run */
    RNG_FOR_COMPARE,  /* number: prompt and answer */
    RNG_FOR_STORY,    /* the demo's examples */
    RNG_FOR_CHAT,     /* number: answer of the sitting */
    RNG_FOR_HELD_OUT, /* number: held-out prompt of a PPO run */
    RNG_FOR_SCALE     /* number: answer that a reward model is normalized on */
} RngAsker;

/* number < 2^56 */
static inline uint64_t rng_item(RngAsker asker, uint64_t number)
{
    return (uint64_t)asker << 56 | number;
}

uint64_t rng_bits(uint64_t seed, RngStream stream, uint64_t item, uint64_t position);
/* In the open interval (0, 1), 53 bits. */
double rng_uniform(uint64_t seed, RngStream stream, uint64_t item, uint64_t position);
/* Standard normal by Box and Muller. */
double rng_normal(uint64_t seed, RngStream stream, uint64_t item, uint64_t position);
/* Uniform in 0..n-1. */
int rng_below(int n, uint64_t seed, RngStream stream, uint64_t item, uint64_t position);
/* A permutation of 0..n-1 (Fisher and Yates), one per item. */
void rng_permutation(int *out, int n, uint64_t seed, RngStream stream, uint64_t item);

#endif
