/* What a GGUF file says of special tokens: which begin and end a text, which are put around it, and the
 * chat template. */
#ifndef POLICY_GGUF_SPECIAL_H
#define POLICY_GGUF_SPECIAL_H

#include "policy/gguf.h"
#include "policy/gguf_vocabulary.h"
#include "policy/model_config.h"

/* From the tokenizer.json and dir/tokenizer_config.json, then from what the model's configuration and
 * dir/generation_config.json name; the last two files may be absent.  The template is
 * dir/chat_template.jinja, or tokenizer_config.json's; none is no error. */
int gguf_put_special(GgufKeys *k, const char *dir, const cJSON *tokenizer, const GgufVocabulary *v,
                     const ModelConfig *c, Error *err);

#endif
