/* The repair counter: a small world in which what is better can be written down.
 *
 * A customer tells the trouble with a thing, and the counter answers.  An answer is made of independent
 * parts, each there or not: an opener (kind, plain, insulting or none), the thing named, the cause, a
 * first step, a second step, rambling, a sales pitch, a farewell; some answers are about something else.
 * Because the parts are independent, a flawless answer is rare (about 1 in 100) although every part of it
 * is common: there is something to win that choosing among a few samples cannot reach.
 *
 * 12 in 100 pairs of thing and trouble occur in no conversation ("unseen"): requests about them show
 * whether what was learned carries over.
 *
 * Texts are lower case with spaces around marks.  A prompt is "Q: hi , my fern droops . any idea ?\nA:";
 * a response begins with a space. */
#ifndef LABELING_REPAIR_COUNTER_H
#define LABELING_REPAIR_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* Append conversation number `item` of the corpus `seed`; always about a seen pair. */
void repair_conversation(Text *prompt, Text *response, uint64_t seed, int item);
/* Append request number `item`.  The numbers of seen and unseen requests are independent. */
void repair_request(Text *prompt, uint64_t seed, int item, bool unseen);

/* The pairs of thing and trouble in the world, and how many of them no conversation has. */
int repair_pair_count(bool unseen);

/* What is in an answer.  The thing and the trouble are found in the prompt; where it has none, facts that
 * need them are false. */
typedef struct {
    int thing, trouble; /* rows of REPAIR_THING and REPAIR_TROUBLE, or -1 */
    bool unseen;        /* the pair is one of those that no conversation has */
    bool names, wrong;  /* the thing is named; another thing is named */
    bool warm, rude;    /* a kind opener; an insult */
    bool cause;         /* of this trouble */
    bool step;          /* the beginning of any first step, done to any thing */
    bool right_step;    /* a first step for this trouble, done to this thing */
    bool second;        /* a second step for this trouble */
    bool pitch, ramble, bye;
    bool ended; /* the last word is a full stop or a question mark */
    bool twice; /* a sentence occurs twice */
    int words;  /* marks count as words */
} RepairFacts;

void repair_facts(RepairFacts *out, const char *prompt, const char *response);

#endif
