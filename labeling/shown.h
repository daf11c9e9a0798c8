/* What of a prompt and of an answer is put before a reader: all but the scaffolding at the edges.  Both
 * answers of a pair are cut by the same rule. */
#ifndef LABELING_SHOWN_H
#define LABELING_SHOWN_H

#include <stddef.h>

/* Without white space at the edges and without a last line that only says whose turn it is ("A:",
 * "Assistant:"): on the screen, A is an answer. */
const char *shown_prompt(const char *prompt, size_t *n);
/* Without white space at the edges. */
const char *shown_answer(const char *answer, size_t *n);
/* Words of an answer, as whoever labels is told them (base/text.h). */
int shown_words(const char *answer);

#endif
