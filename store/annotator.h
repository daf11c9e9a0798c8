/* Who labels: people, rules, data sets; and what people have done. */
#ifndef STORE_ANNOTATOR_H
#define STORE_ANNOTATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"

typedef enum {
    ANNOTATOR_ANY,
    ANNOTATOR_HUMAN,
    ANNOTATOR_RULE,
    ANNOTATOR_LLM,
    ANNOTATOR_IMPORT /* came with a data set: somebody's, somewhere, never this project's own people */
} AnnotatorKind;
enum { ANNOTATOR_N = 5 };
const char *annotator_kind_name(AnnotatorKind kind);

/* Get or create; a handle ("ada", "rule:kind", "import:hh") keeps its kind for good. */
int store_add_annotator(Store *s, const char *handle, AnnotatorKind kind, int64_t *id, Error *err);

typedef struct {
    int64_t id;
    const char *handle;
    bool disabled; /* labels no more */
} StorePerson;
typedef struct {
    StorePerson *row;
    size_t n;
} StorePersonList;
/* Annotators of kind human, in order of id. */
int store_list_people(Store *s, StorePersonList *out, Error *err);
void store_people_free(StorePersonList *list);
/* Somebody who is disabled holds nothing any more. */
int store_disable_person(Store *s, int64_t id, bool disabled, Error *err);

/* One decision of a person. */
typedef struct {
    const char *annotator;
    int64_t submitted_us, active_ms;
    bool skip;
    bool stands; /* neither taken back nor changed since, and no practice */
    /* with the others' standing labels of the pair, summed: 1 the same side, 0.5 when one of the
     * two is undecided, 0 the other side */
    double agreement;
    int64_t compared; /* how many those are */
} StoreWork;
typedef struct {
    StoreWork *row;
    size_t n;
} StoreWorkList;
/* Decisions from `from_us` on and before `to_us` (0: all later ones), by person, the oldest first. */
int store_list_work(Store *s, int64_t from_us, int64_t to_us, StoreWorkList *out, Error *err);
void store_work_free(StoreWorkList *list);

#endif
