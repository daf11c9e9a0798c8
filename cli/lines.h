/* Input of many rows, one to a line. */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <stddef.h>

#include "base/error.h"

/* Give `take` every line that is not empty, without its end, until one fails; the error then says which line it is,
 * behind the name of the file.  path NULL is standard input.  A line of more than TEXT_LINE_MAX bytes and a file that
 * cannot be read are errors too. */
int lines_read(const char *path, int (*take)(void *context, const char *line, size_t n, Error *err),
               void *context, Error *err);

#endif
