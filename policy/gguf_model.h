/* A model as one GGUF file for llama.cpp: weights, what its architecture needs to be known, tokenizer. */
#ifndef POLICY_GGUF_MODEL_H
#define POLICY_GGUF_MODEL_H

#include "policy/gguf_row.h"
#include "policy/model.h"

/* Matrices are written as `type` (rows that Q8_0 cannot cut into whole blocks as F16), vectors and learned
 * positions as F32.  `tokenizer` is the folder whose tokenizer.json goes in, `name` what the file calls the
 * model.  What llama.cpp would compute otherwise than we do is refused by name. */
int gguf_model_write(const Model *m, const char *tokenizer, const char *name, GgufType type,
                     const char *path, Error *err);

/* What of that can be refused of an outline. */
int gguf_model_check(const Model *m, const char *tokenizer, Error *err);

#endif
