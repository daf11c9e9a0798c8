/* Golden numbers: JSON files under tests/golden, read with cJSON, and comparisons with a tolerance. */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include <cjson/cJSON.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define assert_near(actual, expected, tolerance) \
    golden_assert_near(actual, expected, tolerance, #actual, __FILE__, __LINE__)

static inline void golden_assert_near(double actual, double expected, double tolerance,
                                      const char *what, const char *file, int line)
{
    if (fabs(actual - expected) <= tolerance) return;
    print_error("%s = %.15g, expected %.15g within %g\n", what, actual, expected, tolerance);
    _fail(file, line);
}

/* Whole file tests/golden/NAME; the caller calls cJSON_Delete. */
static inline cJSON *golden_read(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/golden/%s", RLHF_SOURCE_DIR, name);
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s cannot be opened", path);
    fseek(f, 0, SEEK_END);
    const long n = ftell(f);
    rewind(f);
    char *bytes = malloc((size_t)n + 1);
    assert_int_equal(fread(bytes, 1, (size_t)n, f), n);
    bytes[n] = 0;
    fclose(f);
    cJSON *json = cJSON_Parse(bytes);
    free(bytes);
    if (!json) fail_msg("%s is not JSON", path);
    return json;
}

/* A member that must be there. */
static inline const cJSON *golden_at(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!item) fail_msg("golden file has no %s", name);
    return item;
}

static inline double golden_number(const cJSON *object, const char *name)
{
    return golden_at(object, name)->valuedouble;
}

/* Numbers and booleans of an array or of arrays in arrays, end to end; returns how many. */
static inline int golden_flatten(double *out, int room, const cJSON *array)
{
    int n = 0;
    for (const cJSON *item = array->child; item; item = item->next) {
        if (cJSON_IsArray(item)) {
            n += golden_flatten(out + n, room - n, item);
        } else {
            assert_true(n < room);
            out[n++] = cJSON_IsTrue(item) ? 1 : item->valuedouble;
        }
    }
    return n;
}

static inline int golden_array(double *out, int room, const cJSON *object, const char *name)
{
    return golden_flatten(out, room, golden_at(object, name));
}

#endif
