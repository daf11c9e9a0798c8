/* GPT-2's pre-tokenizer: text is cut into words, numbers, runs of signs and runs of white space,
 * each with at most one space in front.  Merges never cross a cut. */
#ifndef POLICY_PRETOKENIZE_H
#define POLICY_PRETOKENIZE_H

#include <stddef.h>

typedef struct Pretokenizer Pretokenizer;

Pretokenizer *pretokenizer_new(void);
void pretokenizer_free(Pretokenizer *p);
/* Where the pre-token that begins at `at` ends; at < n.  The text is well-formed UTF-8. */
size_t pretokenizer_next(Pretokenizer *p, const char *text, size_t n, size_t at);

#endif
