#include "cli/id_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char SPACE[] = " \t\r\n", BETWEEN[] = " \t\r\n,[]";

static int read_one(int *out, const char *at, size_t n, int V, Error *err)
{
    char *end = NULL;
    errno = 0;
    const long id = isdigit((unsigned char)*at) ? strtol(at, &end, 10) : -1;
    if (id < 0 || errno || end != at + n)
        return error_usage(err, "'%.*s' is not an id", n < 40 ? (int)n : 40, at);
    if (id >= V) return error_set(err, "id %ld is outside [0, %d]", id, V - 1);
    *out = (int)id;
    return 0;
}

int id_text_read(const char *text, int V, void (*each)(void *context, int id), void *context,
                 Error *err)
{
    bool open = false, after_id = false, after_comma = false;
    for (const char *at = text + strspn(text, SPACE); *at; at += strspn(at, SPACE)) {
        const size_t n = strcspn(at, BETWEEN);
        int id = 0;
        if (n > 0) {
            if (read_one(&id, at, n, V, err) != 0) return -1;
            each(context, id);
            at += n;
            after_id = true, after_comma = false;
            continue;
        }
        if ((*at == ',' && !after_id) || (*at == ']' && after_comma))
            return error_usage(err, "an id is missing before '%c'", *at);
        if (*at == '[' ? open : *at == ']' && !open)
            return error_usage(err, "a '%c' too many", *at);
        if (*at != ',') open = *at == '[';
        /* What stands in brackets is a list like any other: [1, 2], [3] */
        after_comma = *at == ',';
        after_id = *at == ']';
        at++;
    }
    if (open) return error_usage(err, "the ']' is missing");
    return after_comma ? error_usage(err, "an id is missing after the last ','") : 0;
}
