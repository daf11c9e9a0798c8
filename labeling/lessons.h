/* Practice: pairs whose answer is known, one after another, and what each teaches.  Nothing is saved. */
#ifndef LABELING_LESSONS_H
#define LABELING_LESSONS_H

#include "labeling/session.h"

typedef struct {
    Store *store;
    StoreGoldList gold;
    size_t next;  /* of gold */
    bool swapped; /* the one in hand: b stands left */
    SessionLesson lesson;
} Lessons;

/* No gold is an error. */
int lessons_read(Lessons *l, Store *store, Error *err);
int64_t lessons_left(const Lessons *l);
/* The next pair, as if it were claimed; the claim is the caller's. */
int lessons_next(Lessons *l, StoreClaim *out, bool *found, Error *err);
/* The pair that lessons_next gave was answered so: fills in l->lesson. */
void lessons_answer(Lessons *l, const Decision *d);
void lessons_free(Lessons *l);

#endif
