/* Token ids as people write them: 1 2 3, or 1, 2, 3, or [1, 2, 3], or lines. */
#ifndef CLI_ID_TEXT_H
#define CLI_ID_TEXT_H

#include "base/error.h"

/* Calls `each` with every id, in order.  Errors: what is no id, an id that is missing beside a comma, a bracket
 * without its other half (wrong use); an id that is not below V. */
int id_text_read(const char *text, int V, void (*each)(void *context, int id), void *context,
                 Error *err);

#endif
