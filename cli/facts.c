#include "cli/facts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "cli/wrap.h"
#include "labeling/layout.h"
#include "labeling/visible.h"

void facts_text(const char *name, const char *text, size_t n)
{
    enum { INDENT = 18, LEAST = 20, MOST = 100 };
    const int room = wrap_columns() - INDENT;
    Layout l = {0};
    layout_make(&l, text, n, room < LEAST ? LEAST : room > MOST ? MOST : room);
    printf("  %-*s", INDENT - 2, name);
    for (int i = 0; i < l.n; i++)
        printf("%*s%.*s\n", (i ? INDENT : 0) + l.line[i].indent, "", (int)l.line[i].n,
               l.text + l.line[i].at);
    if (l.n == 0) printf("(empty)\n");
    layout_free(&l);
}

void facts_line(const char *format, ...)
{
    char *text = NULL;
    Text safe = {0};
    va_list arguments;
    va_start(arguments, format);
    const int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (n > 0) visible_append(&safe, text, (size_t)n);
    printf("%s\n", safe.n ? safe.bytes : "");
    text_free(&safe);
    free(text);
}

void facts_print(const char *name, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (n >= 0) facts_text(name, text, (size_t)n);
    free(text);
}

const char *facts_time(char out[FACTS_TIME], int64_t us)
{
    const time_t seconds = (time_t)(us / 1000000);
    struct tm t = {0};
    localtime_r(&seconds, &t);
    strftime(out, FACTS_TIME, "%Y-%m-%d %H:%M:%S", &t);
    return out;
}

void facts_json_text(cJSON *object, const char *name, const char *text)
{
    if (text) cJSON_AddStringToObject(object, name, text);
    else cJSON_AddNullToObject(object, name);
}

void facts_json_number(cJSON *object, const char *name, int64_t x)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, x);
    cJSON_AddRawToObject(object, name, digits);
}

void facts_json_id(cJSON *object, const char *name, int64_t id)
{
    if (id) facts_json_number(object, name, id);
    else cJSON_AddNullToObject(object, name);
}

void facts_json_print(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    puts(text);
    cJSON_free(text);
    cJSON_Delete(object);
}
