#include "base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
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

/* The number after a word at the beginning of a line, times `unit`; SIZE_MAX without one. */
static size_t number_in(const char *path, const char *word, size_t unit)
{
    char line[256];
    size_t found = SIZE_MAX;
    FILE *file = fopen(path, "r");
    while (file && found == SIZE_MAX && fgets(line, sizeof line, file)) {
        const size_t n = strlen(word);
        char *end;
        if (strncmp(line, word, n) != 0) continue;
        const unsigned long long number = strtoull(line + n, &end, 10);
        if (end != line + n) found = (size_t)number * unit;
    }
    if (file) fclose(file);
    return found;
}

size_t mem_held(void)
{
    const size_t held = number_in("/proc/self/status", "VmRSS:", 1024);
    return held == SIZE_MAX ? 0 : held;
}

static size_t given = SIZE_MAX;

void mem_limit(size_t bytes)
{
    given = bytes;
}

static size_t of_machine(void)
{
    const size_t machine = number_in("/proc/meminfo", "MemAvailable:", 1024);
    const size_t limit = number_in("/sys/fs/cgroup/memory.max", "", 1);
    const size_t used = number_in("/sys/fs/cgroup/memory.current", "", 1);
    if (limit == SIZE_MAX || used == SIZE_MAX || used > limit) return machine;
    return limit - used < machine ? limit - used : machine;
}

size_t mem_free(void)
{
    const size_t held = mem_held(), left = given > held ? given - held : 0;
    const size_t machine = of_machine();
    return given != SIZE_MAX && left < machine ? left : machine;
}
