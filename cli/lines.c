#include "cli/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

int lines_read(const char *path, int (*take)(void *context, const char *line, size_t n, Error *err),
               void *context, Error *err)
{
    Text line = {0};
    long number = 0;
    int rc = 0;
    FILE *in = path ? fopen(path, "re") : stdin;
    if (!in) return error_set(err, "%s: %s", path, strerror(errno));
    for (int more; rc == 0 && (more = text_read_line(&line, in, TEXT_LINE_MAX)) != 0;) {
        number++;
        if (more < 0) rc = error_set(err, "longer than %d MiB", TEXT_LINE_MAX >> 20);
        else if (line.n > 0) rc = take(context, line.bytes, line.n, err);
        if (rc != 0) error_wrap(err, "%s%sline %ld", path ? path : "", path ? ": " : "", number);
    }
    if (rc == 0 && ferror(in))
        rc = error_set(err, "%s: cannot be read", path ? path : "standard input");
    if (path) fclose(in);
    text_free(&line);
    return rc;
}
