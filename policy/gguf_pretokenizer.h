/* How a byte-level tokenizer cuts text before it merges, by the name that llama.cpp has for it. */
#ifndef POLICY_GGUF_PRETOKENIZER_H
#define POLICY_GGUF_PRETOKENIZER_H

#include "base/error.h"
#include "base/json.h"

/* *out (static) is for the key tokenizer.ggml.pre; `tokenizer` is the whole tokenizer.json.  One that
 * llama.cpp does not have is refused. */
int gguf_pretokenizer_name(const char **out, const cJSON *tokenizer, Error *err);

#endif
