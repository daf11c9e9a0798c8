/* Looking inside a model that is open: what `rlhf inspect` prints beyond the facts. */
#ifndef CLI_INSPECTION_H
#define CLI_INSPECTION_H

#include "cli/given_tokens.h"
#include "policy/layer_trace.h"

enum { NOT_GIVEN = -1 };

typedef struct {
    const char *model;            /* the same as the plain argument */
    const char *near, *attention; /* a token or a text; LAYER:HEAD */
    const char *word, *beside;    /* in --text, and in that other text */
    int near_id, layer, at;       /* NOT_GIVEN */
    int count;
    bool output, lens, units;
    GivenTokens given;
} InspectOptions;

typedef struct {
    Context *ctx;
    const char *name;
    InspectOptions options;
    /* an outline; the tokenizer is NULL where there is none that this program reads */
    Loaded loaded;
} Inspection;

/* The tokens nearest to each of those asked for. */
int inspection_near(Inspection *w, Error *err);
/* Where a head, or all heads of a layer, look. */
int inspection_attention(Inspection *w, Error *err);
/* What each layer would say after a token. */
int inspection_lens(Inspection *w, Error *err);
/* The units of each layer, or of one, that a text moves most. */
int inspection_units(Inspection *w, Error *err);
/* How far, level by level, a word's vectors in two texts are apart. */
int inspection_word(Inspection *w, Error *err);

/* What those share.  Not more tokens than can be looked at. */
int inspection_check_length(const Sequences *s, Error *err);
/* Plan the memory of traces of so many tokens together, and read the weights. */
int inspection_read_to_trace(Inspection *w, unsigned parts, int tokens, Error *err);
/* "embedding", "layer 3": what leaves that level; in static memory, until the next call. */
const char *inspection_level_name(int level);
/* {"model":NAME */
void inspection_begin_json(Text *t, const Inspection *w);

#endif
