/* A prompt as people read it. */
#ifndef CLI_READABLE_H
#define CLI_READABLE_H

#include <stdbool.h>

#include "base/text.h"

/* A prompt written in a chat template, as the turns it was made from: "User: ...", each line after the first
 * set in by two spaces, so that nothing a turn says looks like another.  False when it cannot be told. */
bool readable_turns(Text *out, const char *prompt, const char *template);

#endif
