/* Which program something belongs to, so that one that was killed can be told from one that is at work. */
#ifndef STORE_PROCESS_H
#define STORE_PROCESS_H

#include <stdbool.h>

enum { PROCESS_NAME = 48 };
/* This process. */
void process_name(char out[PROCESS_NAME]);
/* Whether the one of that name has ended; false when it cannot be told. */
bool process_is_gone(const char *name);

#endif
