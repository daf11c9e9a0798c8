/* The tokenizer of a model's folder as keys of a GGUF file, so that llama.cpp cuts texts as transformers
 * does.
 *
 * Two kinds go in: byte-level BPE whose pre-tokenizer llama.cpp knows by name, and SentencePiece-like BPE
 * with byte_fallback, whose merges become scores.  What llama.cpp would do otherwise is refused by name,
 * but for normalization to NFC, which it has for neither kind. */
#ifndef POLICY_GGUF_TOKENIZER_H
#define POLICY_GGUF_TOKENIZER_H

#include "policy/gguf.h"
#include "policy/model_config.h"

/* From dir/tokenizer.json, or vocab.json and merges.txt, and, where they are, tokenizer_config.json,
 * generation_config.json and chat_template.jinja. */
int gguf_put_tokenizer(GgufKeys *keys, const char *dir, const ModelConfig *c, Error *err);

#endif
