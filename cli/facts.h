/* What is known of one thing, a line or more for each fact: a name, and words beside it. */
#ifndef CLI_FACTS_H
#define CLI_FACTS_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

/* Print `name` and the text beside it, broken at words to the width of the terminal; what a terminal would obey is
 * spelled out, and nothing is "(empty)". */
void facts_text(const char *name, const char *text, size_t n);
/* A line of its own, as long as it is, safe to print likewise. */
void facts_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As facts_text, of a text that is made. */
void facts_print(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum { FACTS_TIME = 32 };
/* "2026-11-22 14:03:11", by the clock on the wall; into out, which is returned. */
const char *facts_time(char out[FACTS_TIME], int64_t us);

/* Members of an object; NULL, and the id 0, are null. */
void facts_json_text(cJSON *object, const char *name, const char *text);
void facts_json_id(cJSON *object, const char *name, int64_t id);
/* Any whole number to the last digit, which a double may not hold. */
void facts_json_number(cJSON *object, const char *name, int64_t x);
/* Print it as one line, and free it. */
void facts_json_print(cJSON *object);

#endif
