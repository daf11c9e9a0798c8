/* The tokens that a command is given to look at: --ids, --text, or standard input. */
#ifndef CLI_GIVEN_TOKENS_H
#define CLI_GIVEN_TOKENS_H

#include "cli/loaded.h"
#include "cli/options.h"

typedef struct {
    const char *ids; /* "1,2,3"; needs no tokenizer */
    /* exactly as the model reads it, unless ids are given; both NULL: standard input is */
    const char *text;
    bool special; /* special tokens spelled out in a text become their ids */
} GivenTokens;

/* clang-format off */
#define GIVEN_TOKENS_OPTIONS(Struct, ids_, text_, special_) \
    {"ids", OPTION_TEXT, offsetof(Struct, ids_), 0, 0, "1,2,3", "token ids; needs no tokenizer"}, \
    {"text", OPTION_TEXT, offsetof(Struct, text_), 0, 0, "TEXT", "exactly as the model reads it (default: standard input)"}, \
    SPECIAL_OPTION(offsetof(Struct, special_))
/* clang-format on */

/* One sequence of at least one token and at most the model's context.  A text opens the model's tokenizer. */
int given_tokens_read(Sequences *out, Loaded *l, const GivenTokens *given, Error *err);

#endif
