/* Two texts one below the other, the words that only one of them has underlined: on a terminal. */
#ifndef CLI_MARKED_TEXT_H
#define CLI_MARKED_TEXT_H

#include <stdbool.h>

/* Whether standard output is a terminal that shows marks: NO_COLOR and TERM=dumb say that it does not. */
bool marked_text_shown(void);
/* Print text behind what stands in the first `indent` columns of the line, broken at words to the width of the
 * terminal, and `after` behind it; bytes with only[i] != 0 are marked.  only NULL: nothing is. */
void marked_text_print(int indent, const char *text, const unsigned char *only, const char *after);

#endif
