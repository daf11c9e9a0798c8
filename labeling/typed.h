/* Lines from a terminal or a pipe, with an eye on signals and on a terminal that goes away. */
#ifndef LABELING_TYPED_H
#define LABELING_TYPED_H

#include <stdbool.h>

#include "base/text.h"

typedef struct {
    int fd;
    bool terminal; /* whether fd is one */
    Text bytes;    /* read, not yet given out */
    bool ended;
} TypedLines;

typedef enum { TYPED_LINE, TYPED_END, TYPED_SIGNAL, TYPED_HANG_UP } Typed;
/* Waits for the next line, which goes into `line` without its end.  TYPED_SIGNAL: asked to stop. */
Typed typed_next(TypedLines *r, Text *line);
void typed_free(TypedLines *r);

#endif
