/* Looking inside a model that is open: what `rlhf inspect` prints beyond the facts. */
#ifndef CLI_INSPECTION_H
#define CLI_INSPECTION_H

#include "cli/given_tokens.h"

enum { NOT_GIVEN = -1 };

typedef struct {
    const char *near, *attention; /* a token or a text; LAYER:HEAD */
    int near_id, layer;           /* NOT_GIVEN */
    int count;
    bool output;
    GivenTokens given;
} InspectOptions;

typedef struct {
    Context *ctx;
    const char *name;
    InspectOptions options;
    Loaded
        loaded; /* an outline; the tokenizer is NULL where there is none that this program reads */
} Inspection;

/* The tokens nearest to each of those asked for. */
int inspection_near(Inspection *w, Error *err);
/* Where a head, or all heads of a layer, look. */
int inspection_attention(Inspection *w, Error *err);

#endif
