#include "base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p, size_t count, size_t size)
{
    if (p) return p;
    fprintf(stderr, "rlhf: out of memory: %zu x %zu bytes\n", count, size);
    abort();
}

void *mem_calloc(size_t count, size_t size)
{
    return must(calloc(count ? count : 1, size ? size : 1), count, size);
}

void *mem_realloc(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return must(NULL, count, size);
    return must(realloc(old, bytes ? bytes : 1), count, size);
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

char *mem_strndup(const char *text, size_t n)
{
    char *copy = mem_calloc(n + 1, 1);
    memcpy(copy, text, n);
    return copy;
}

char *mem_format(const char *format, ...)
{
    assert(format);
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, format, args);
    char *text = mem_calloc((size_t)n + 1, 1);
    vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}
