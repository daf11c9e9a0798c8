/* Unicode characters in UTF-8, and the classes of them that tokenizers ask for. */
#ifndef POLICY_CHARACTERS_H
#define POLICY_CHARACTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* The character that begins at text (well-formed, not at its end), and its length in bytes. */
int character_at(const char *text, int *length);
/* The length of the character that ends before text[at], at > 0. */
int character_length_before(const char *text, size_t at);
/* Append the character c. */
void character_add(Text *out, int c);
/* The only character of the string, or -1 when it has none or several. */
int character_only(const char *string);

bool character_is_space(int c);       /* Unicode's White_Space */
bool character_is_number(int c);      /* categories Nd, Nl, No */
bool character_is_punctuation(int c); /* categories P*, and all of ASCII's signs */

#endif
