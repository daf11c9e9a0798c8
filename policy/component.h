/* The parts of a tokenizer.json: objects with a "type" and members that it calls for.  A member that is
 * absent where the format wants it, or of another type, is an error that names it. */
#ifndef POLICY_COMPONENT_H
#define POLICY_COMPONENT_H

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"
#include "policy/pattern.h"

enum {
    COMPONENT_STEPS_MAX = 16,    /* of a Sequence, all together; published ones have at most 8 */
    COMPONENT_CONTENT_MAX = 256, /* bytes of a text that is put into others */
    COMPONENT_GROWTH_MAX = 256,  /* bytes that steps which replace may make of one byte */
};

const cJSON *component_member(const cJSON *part, const char *name);
bool component_is(const cJSON *part, const char *type);
/* True when the part is absent or null. */
bool component_absent(const cJSON *part);
int component_refuse(const cJSON *part, Error *err); /* by its type; returns -1 */
int component_bool(bool *out, const cJSON *part, const char *name, Error *err);
int component_bool_or(bool *out, const cJSON *part, const char *name, bool absent, Error *err);
/* A text of at most COMPONENT_CONTENT_MAX bytes, borrowed from the part. */
int component_text(const char **out, const cJSON *part, const char *name, Error *err);
/* One character. */
int component_character(int *out, const cJSON *part, const char *name, Error *err);
/* A whole number from 0 to `most`. */
int component_count(int *out, const cJSON *part, const char *name, int most, Error *err);
/* {"String": text} or {"Regex": text}. */
int component_pattern(Pattern **out, const cJSON *part, Error *err);
/* A list of objects. */
int component_list(const cJSON **out, const cJSON *part, const char *name, Error *err);

#endif
