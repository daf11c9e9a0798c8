/* How a sitting goes: its decisions that stand, the active time they took, when a break is due.  Active time
 * is time with a key in the last minute (SESSION_IDLE_US); the rest is a pause and counts nowhere. */
#ifndef LABELING_PACE_H
#define LABELING_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "labeling/decision.h"

enum { PACE_BREAK_S = 50 * 60 /* of active time: then a break is suggested, once */ };

typedef struct {
    int64_t comparison_id;
    Choice choice;
    double seconds;
} PaceDecision;

typedef struct {
    PaceDecision *decision; /* (n) in order of time */
    int n, room;
    double active; /* seconds of all, those taken back included */
    bool break_told;
} Pace;

/* Seconds are active ones for a decision; 0 before the first. */
typedef struct {
    int64_t skipped, ties;
    double recent; /* mean of the last 20 */
    double median; /* of all */
    double last;
} PaceSummary;

void pace_add(Pace *p, int64_t comparison_id, Choice choice, double seconds);
/* Take the newest decision about it out, if there is one: it may be of an earlier sitting. */
void pace_forget(Pace *p, int64_t comparison_id);
PaceSummary pace_summary(const Pace *p);
/* True once, when the sitting has taken so long. */
bool pace_break_due(Pace *p);
void pace_free(Pace *p);

#endif
