/* Families of near-duplicates: texts that differ in case, punctuation, white space and numbers alone count as
 * one, so that none of them is in train while another is in test.  Private to store/. */
#ifndef STORE_FAMILY_H
#define STORE_FAMILY_H

#include "store/sql.h"

/* Lower case, letters and digits only, runs of digits as one 0, single spaces: what near-duplicates
 * share.  The caller frees. */
char *family_normalise(const char *text);
int64_t family_key(const char *text);
/* Of a family that is new: 80% train, 10% valid, 10% test. */
Split family_split(int64_t family);

/* A table that has each of its texts once, in the split of its family. */
typedef struct {
    const char *what;  /* a text of it is called, in messages */
    const char *doing; /* likewise adding one */
    const char *find;  /* id and split of content ?1 */
    const char *split; /* of any row of family ?1 */
    /* content ?1, source ?2, split ?3, family ?4, now ?5, and class ?6 where it has one */
    const char *insert;
} FamilyTable;

typedef struct {
    const char *text, *source;
    const char *words;      /* whose family it is of; NULL: the text's */
    const char *class_name; /* NULL: of a table without classes */
    Split split;            /* as wished, SPLIT_ANY to have it drawn; then as it is */
    int64_t id;             /* filled in */
    bool there;             /* filled in: it was there, and is what it was */
} FamilyRow;

/* Inside the caller's transaction.  *content is filled in; of `added`, added and moved are counted. */
int family_put(Store *s, const FamilyTable *table, FamilyRow *row, Content *content,
               StoreAdded *added, Error *err);
/* The row with this content: id, split and `there`, which stays false when there is none. */
int family_find(Store *s, const FamilyTable *table, FamilyRow *row, int64_t content_id, Error *err);
/* The split of a new row: `there`, where that is known to be its family's, or what the table has of it; else the
 * wish in *split, or by family.  Counts added->moved. */
int family_place(Store *s, const FamilyTable *table, Split *split, int64_t family, Split there,
                 StoreAdded *added, Error *err);

#endif
