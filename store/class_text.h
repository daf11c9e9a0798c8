/* Texts with their classes, for training a classifier. */
#ifndef STORE_CLASS_TEXT_H
#define STORE_CLASS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "store/database.h"
#include "store/prompt.h"

/* A text and its class, for training a classifier. */
typedef struct {
    int64_t id;
    const char *text, *class_name, *source;
    Split split; /* when adding: SPLIT_ANY draws it as for a prompt; near-duplicates share one */
} StoreClassText;
typedef struct {
    StoreClassText *row;
    size_t n;
} StoreClassTextList;
/* A text that is there with the same class is a duplicate, with another class refused; one that was redacted is
 * there, and listed no more. */
int store_add_class_texts(Store *s, StoreClassText *rows, size_t n, StoreAdded *added, Error *err);
/* In order of id. */
int store_list_class_texts(Store *s, Split split, StoreClassTextList *out, Error *err);
void store_class_texts_free(StoreClassTextList *list);
/* As store_redact_prompt; a prompt of the same words is redacted with it. */
int store_redact_class_text(Store *s, int64_t id, const StoreRedaction *how, StoreRedacted *out,
                            Error *err);
/* The class that a label names: a text, a whole number in digits, true as "up", false as "down"; NULL for what names
 * none.  The caller frees. */
char *class_name_of(const cJSON *label);

#endif
