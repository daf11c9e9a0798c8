/* A token as people and programs are shown it. */
#ifndef CLI_TOKEN_LABEL_H
#define CLI_TOKEN_LABEL_H

#include "policy/tokenizer.h"

/* Append what the token stands for: a space as U+2423 (an open box), what a terminal would obey or an eye not
 * see, as line ends, spelled out as <U+000A>, bytes that are no whole character as <0xC3>.  The id alone where the
 * tokenizer is NULL or has no such token. */
void token_label(Text *out, const Tokenizer *t, int id);
/* The same in exactly so many columns: a longer one is cut, its last column then a mark. */
void token_label_columns(Text *out, const Tokenizer *t, int id, int columns);
/* "0.612"; what three digits would make none or all says so: "<0.001", ">0.999". */
void probability_label(Text *out, double p);
/* As tokenizer.json spells it ("\u0120the"); NULL where the tokenizer is NULL or has no such token. */
const char *token_spelling(const Tokenizer *t, int id);
/* Append its members of a JSON object: "id":37,"token":"\u0120the", or null. */
void token_put_json(Text *out, const Tokenizer *t, int id);
/* Append [{"id","token"},...]. */
void tokens_put_json(Text *out, const Tokenizer *t, const int *ids, int n);

#endif
