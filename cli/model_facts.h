/* What there is to say about a model without reading its weights: its shape, where they are, in which types, its
 * tokenizer, and, where it is an adapter, that. */
#ifndef CLI_MODEL_FACTS_H
#define CLI_MODEL_FACTS_H

#include "cli/loaded.h"
#include "policy/parameter_count.h"

typedef struct {
    Loaded model;           /* an outline; tokenizer NULL: there is none that this program reads */
    Error no_tokenizer;     /* and why */
    int heads;              /* 1 for a reward model, 0 for a language model */
    ParameterCount weights; /* without the adapter's */
    uint64_t bytes[DTYPE_OTHER + 1]; /* of the numbers of each type in the model's files */
} ModelFacts;

int model_facts_read(ModelFacts *out, const Context *ctx, const char *name, Error *err);
void model_facts_free(ModelFacts *f);

/* For people. */
void model_facts_print(const ModelFacts *f);
/* One object; docs/formats.md names its members. */
void model_facts_print_json(const ModelFacts *f);

#endif
