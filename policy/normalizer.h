/* Normalizers of tokenizer.json: what is done to a text before it is cut.  NFC, NFD, NFKC, NFKD,
 * Lowercase, Strip, Prepend, Replace, and Sequences of them. */
#ifndef POLICY_NORMALIZER_H
#define POLICY_NORMALIZER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

typedef struct Normalizer Normalizer;

/* From the object of the file; an absent one and null give NULL. */
int normalizer_new(Normalizer **out, const cJSON *part, Error *err);
void normalizer_free(Normalizer *z);
/* Whether a step puts something in front. */
bool normalizer_prepends(const Normalizer *z);
/* Append the normal form of text (n bytes of UTF-8), which with z NULL is the text.  *cut is how many
 * bytes of it were left out at its beginning.  One thread at a time. */
int normalizer_apply(Normalizer *z, Text *out, size_t *cut, const char *text, size_t n, Error *err);

#endif
