/* Members of a tokenizer_config.json, parsed or NULL; texts are borrowed from it. */
#ifndef POLICY_TOKENIZER_CONFIG_H
#define POLICY_TOKENIZER_CONFIG_H

#include "base/json.h"

/* The token of a role such as eos_token: a text, or an object with its content; NULL when there is none. */
const char *tokenizer_config_token(const cJSON *config, const char *role);
/* chat_template: a text, or a list of named ones or an object of them, of which `default` is for chatting; NULL when
 * there is none. */
const char *tokenizer_config_template(const cJSON *config);

#endif
