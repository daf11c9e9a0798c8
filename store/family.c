/* Families of near-duplicates: prompts that differ in case, punctuation, white space and numbers alone
 * count as one, so that none of them is in train while another is in test. */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/sql.h"

/* Nothing secret: the same prompt falls into the same split in every project. */
static const char FAMILY_KEY[] = "rlhf prompt family 1";

/* Letters and marks of any script are the stuff of words; numbers count, but not which. */
static int class_of(utf8proc_int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return 'a';
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return '0';
    default: return ' ';
    }
}

char *family_normalise(const char *text)
{
    const size_t n = strlen(text);
    /* Lower case may take one byte more than upper case (U+023A), never more than half again. */
    unsigned char *out = mem_calloc(n + n / 2 + 2, 1);
    size_t used = 0;
    int last = ' ';
    for (size_t i = 0; i < n;) {
        utf8proc_int32_t point;
        const utf8proc_ssize_t took =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(n - i), &point);
        if (took < 1) break;
        i += (size_t)took;
        const int class = class_of(point);
        if (class == 'a') used += (size_t)utf8proc_encode_char(utf8proc_tolower(point), out + used);
        else if (class != last) out[used++] = (unsigned char)class;
        last = class;
    }
    if (used > 0 && out[used - 1] == ' ') used--;
    out[used] = 0;
    return (char *)out;
}

int64_t family_key(const char *text)
{
    char *words = family_normalise(text);
    /* A prompt without any word is its own family. */
    const char *key = *words ? words : text;
    const uint64_t hash = keyed_hash(key, strlen(key), FAMILY_KEY);
    free(words);
    return (int64_t)hash;
}

/* 80% train, 10% valid, 10% test. */
Split family_split(int64_t family)
{
    const int tenth = (int)((uint64_t)family % 10);
    return tenth < 8 ? SPLIT_TRAIN : tenth == 8 ? SPLIT_VALID : SPLIT_TEST;
}

int family_find(Split *out, Store *s, const char *sql, int64_t family, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, sql, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, family);
    const int found = sql_step(s, stmt, "find near-duplicates", err);
    if (found < 0) return -1;
    *out = found ? sql_split(stmt, 0) : SPLIT_ANY;
    sql_release(stmt);
    return 0;
}
