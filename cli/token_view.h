/* A text as its tokens, on standard output. */
#ifndef CLI_TOKEN_VIEW_H
#define CLI_TOKEN_VIEW_H

#include "policy/tokenizer.h"

/* Each token on a ground of its own, in turn, on a terminal, else with a | behind; a line of `indent` goes on
 * below where the terminal ends, and after a token that ends a line.  The first line begins at `column`. */
void token_view_print(const Tokenizer *t, const int *ids, int n, int column, int indent);

#endif
