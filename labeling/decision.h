/* What a person decides about a pair, sides as shown, and the words and keys for it. */
#ifndef LABELING_DECISION_H
#define LABELING_DECISION_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    CHOICE_LEFT,
    CHOICE_RIGHT,
    CHOICE_TIE,
    CHOICE_BOTH_BAD,
    CHOICE_SKIP,
    CHOICE_FLAG
} Choice;
enum { CHOICE_N = 6, DECISION_WORDS = 64, DECISION_SCALE_MAX = 4 };

typedef struct {
    Choice choice;
    int strength;        /* of left and right: 1 .. scale of the campaign */
    const char *reasons; /* of a skip or a flag, a Reason's word; NULL: none given */
    const char *note;    /* in the person's words; NULL: none */
} Decision;

/* What a campaign offers. */
typedef struct {
    int scale; /* 1: better; 2 .. 4: by how much */
    bool tie, both_bad;
} Offer;

/* "A is clearly better", "tie", "skipped (broken)" */
const char *decision_words(char out[DECISION_WORDS], const Decision *d, int scale);
/* How much better by this strength: "slightly"; "" on a scale of 1. */
const char *decision_degree(int strength, int scale);
/* The decision that a digit stands for: 0 both bad; on a scale of 1: 1 A, 2 B; on a scale n: 1 A by far .. n A
 * by least, n+1 a tie, n+2 B by least .. 2n+1 B by far.  False when it stands for none that is offered. */
bool decision_of_digit(Decision *out, int key, const Offer *offer);
bool decision_offered(const Decision *d, const Offer *offer);

/* Why a pair is skipped or flagged. */
typedef struct {
    const char *word;  /* as stored */
    const char *about; /* as asked */
} Reason;
/* Those of CHOICE_SKIP or CHOICE_FLAG, n of them. */
const Reason *decision_reasons(Choice choice, int *n);

#endif
