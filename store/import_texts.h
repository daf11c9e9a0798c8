/* The texts of a batch of rows on their way into `content`: in the order of their hashes, since the index of
 * hashes is far larger than what a processor has at hand, and its pages are then touched one after the other.
 * Private to store/. */
#ifndef STORE_IMPORT_TEXTS_H
#define STORE_IMPORT_TEXTS_H

#include "store/sql.h"

typedef struct {
    unsigned char hash[HASH_BYTES];
    const char *body;  /* borrowed from the row */
    int n;             /* its bytes */
    int first;         /* the first of the batch that is the same, which knows the rest: */
    int64_t id;        /* of `content` */
    bool added;        /* it was not there before this batch */
    int64_t prompt_id; /* the prompt with this text, once a row of the batch had it; else 0 */
    Split split;       /* of that prompt */
    int64_t response_id,
        answers; /* an imported answer with this text, and the prompt it answers; likewise */
} ImportText;

typedef struct {
    ImportText *text; /* (n) in the order of rows */
    int n;
    int *once; /* (n_once) those that are the first, in the order of hashes */
    int n_once;
} ImportTexts;

/* The number of the text, whose hash is taken here. */
int import_texts_add(ImportTexts *t, const char *body);
/* Once all are there. */
void import_texts_sort(ImportTexts *t);
/* Inside the caller's transaction: every text gets its id. */
int import_texts_put(ImportTexts *t, Store *s, Error *err);
/* Of the text with this number. */
ImportText *import_texts_at(ImportTexts *t, int number);
void import_texts_free(ImportTexts *t);

#endif
