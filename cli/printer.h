/* Text of a model on standard output. */
#ifndef CLI_PRINTER_H
#define CLI_PRINTER_H

#include <stdbool.h>

#include "policy/tokenizer.h"

/* Prints each token when its characters are complete; what never was is U+FFFD at the end.  A terminal is
 * shown nothing that it would obey; any other reader gets the bytes as they are. */
typedef struct {
    const Tokenizer *tokenizer;
    TokenStream stream;
    bool terminal;
    Text line;    /* on a terminal: the bytes since the last line end */
    size_t shown; /* bytes of its visible form that are out */
} Printer;

void printer_show(Printer *p, const char *bytes, size_t n);
/* One token as it comes, at once. */
void printer_token(Printer *p, int token);
/* The end of a response; `cut`: its tokens, when it was cut there, else 0. */
void printer_end(Printer *p, int cut);
/* The same of one that came by tokens. */
void printer_stream_end(Printer *p, int cut);
void printer_free(Printer *p);

#endif
