/* Unicode's normal forms (UAX 15), by utf8proc, in linear time. */
#ifndef POLICY_NORMAL_FORM_H
#define POLICY_NORMAL_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

typedef enum { NORMAL_FORM_C, NORMAL_FORM_D, NORMAL_FORM_KC, NORMAL_FORM_KD } NormalForm;

/* "NFC", "NFD", "NFKC" or "NFKD". */
bool normal_form_named(NormalForm *out, const char *name);
/* Append the form of text, n bytes of UTF-8. */
int normal_form_append(Text *out, const char *text, size_t n, NormalForm form, Error *err);

#endif
