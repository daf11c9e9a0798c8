/* The man page of the whole program, from the tables of commands, options and settings. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include <stdio.h>

/* Roff with the man macros, in UTF-8. */
void manual_print(FILE *to);

#endif
