/* Bytes and text in byte-level BPE: GPT-2's printable alphabet for the 256 bytes, and UTF-8 by
 * the step.
 *
 * A token in a file is spelled in 256 visible characters, one per byte: printable Latin-1 stands
 * for itself, the other bytes are U+0100 and up in order, so the space is U+0120. */
#ifndef POLICY_BYTELEVEL_H
#define POLICY_BYTELEVEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* The bytes in GPT-2's order: printable ones first.  order has 256 places. */
void bytelevel_order(unsigned char *order);
/* Append the characters that stand for the bytes. */
void bytelevel_spell(Text *out, const char *bytes, size_t n);
/* Append the bytes of a token (n bytes) as spelled in a file; one with any other character stands for
 * itself. */
void bytelevel_read(Text *out, const char *token, size_t n);

/* The well-formed character at text (n > 0 bytes): its length; 0 when the text ends inside it;
 * -k when the first k bytes are a maximal ill-formed part.  Unicode 15, table 3-7 and section
 * 3.9. */
int utf8_step(const char *text, size_t n);
/* Append text with U+FFFD for ill-formed parts.  Unless `final`, an incomplete character at the
 * end is left.  Returns the bytes consumed. */
size_t utf8_repair(Text *out, const char *text, size_t n, bool final);

#endif
