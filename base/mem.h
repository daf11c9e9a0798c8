/* Allocation that cannot return NULL: without memory the program ends and says so. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_calloc(size_t count, size_t size);
/* Grow or shrink; new bytes are not zeroed. */
void *mem_realloc(void *old, size_t count, size_t size);
char *mem_strdup(const char *text);
/* The first n bytes of text, terminated. */
char *mem_strndup(const char *text, size_t n);
/* A new string made as by printf. */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes this process may still take beside what it holds: what the machine has left, or the control group
 * it runs in, whichever is less; and what it holds. */
size_t mem_free(void);
size_t mem_held(void);
/* From now on it may hold so many bytes in all, if there are as many. */
void mem_limit(size_t bytes);

#endif
