/* Untrusted text made safe to look at.  Answers come from models and from strangers: whatever a terminal
 * would obey, or an eye would not see, is spelled out as <U+202E>, so that no answer can move the cursor,
 * change a colour, turn the line round or hide a word. */
#ifndef LABELING_VISIBLE_H
#define LABELING_VISIBLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Append n bytes.  The result is well-formed UTF-8 made of line ends, and of printable characters each
 * followed by at most four combining marks; a tab becomes spaces up to the next multiple of 4, bytes that
 * are no UTF-8 become <0xFF>.  Emoji sequences are shown as their parts, without skin tones and
 * variation selectors, because terminals disagree about the width of the whole. */
void visible_append(Text *out, const char *bytes, size_t n);
/* One character of such text: 0, 1 or 2 columns. */
int visible_width(int32_t character);

#endif
