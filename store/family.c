#include "store/family.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/file.h"
#include "base/mem.h"

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

Split family_split(int64_t family)
{
    const int tenth = (int)((uint64_t)family % 10);
    return tenth < 8 ? SPLIT_TRAIN : tenth == 8 ? SPLIT_VALID : SPLIT_TEST;
}

/* ---- tables ---------------------------------------------------------------------------------------- */

int family_find(Store *s, const FamilyTable *table, FamilyRow *row, int64_t content_id, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, table->find, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, content_id);
    const int found = sql_step(s, stmt, table->doing, err);
    if (found != 1) return found;
    row->id = sqlite3_column_int64(stmt, 0);
    row->split = sql_split(stmt, 1);
    row->there = true;
    sql_release(stmt);
    return 0;
}

/* Where the family is already, SPLIT_ANY when it is new. */
static int find_split(Store *s, const FamilyTable *table, int64_t family, Split *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, table->split, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, family);
    const int found = sql_step(s, stmt, "find near-duplicates", err);
    if (found < 0) return -1;
    *out = found ? sql_split(stmt, 0) : SPLIT_ANY;
    if (found) sql_release(stmt);
    return 0;
}

int family_place(Store *s, const FamilyTable *table, Split *split, int64_t family, Split there,
                 StoreAdded *added, Error *err)
{
    const Split wish = *split;
    if (there == SPLIT_ANY && find_split(s, table, family, &there, err) != 0) return -1;
    *split = there != SPLIT_ANY ? there : wish != SPLIT_ANY ? wish : family_split(family);
    added->moved += wish != SPLIT_ANY && wish != *split;
    return 0;
}

static int insert(Store *s, const FamilyTable *table, FamilyRow *row, int64_t content_id,
                  int64_t family, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, table->insert, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, content_id);
    sql_bind_text(stmt, 2, row->source);
    sql_bind_split(stmt, 3, row->split);
    sqlite3_bind_int64(stmt, 4, family);
    sqlite3_bind_int64(stmt, 5, store_time_us());
    if (row->class_name) sql_bind_text(stmt, 6, row->class_name);
    if (sql_run(s, stmt, table->doing, err) != 0) return -1;
    row->id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

int family_put(Store *s, const FamilyTable *table, FamilyRow *row, Content *content,
               StoreAdded *added, Error *err)
{
    assert(row->text && row->source);
    if (!*row->text) return error_set(err, "%s: %s is empty", s->path, table->what);
    if (content_check(s, row->text, table->what, err) != 0) return -1;

    row->there = false;
    if (content_put(s, row->text, content, err) != 0) return -1;
    if (!content->added && family_find(s, table, row, content->id, err) != 0) return -1;
    if (row->there) return 0;

    const int64_t family = family_key(row->words ? row->words : row->text);
    if (family_place(s, table, &row->split, family, SPLIT_ANY, added, err) != 0) return -1;
    added->added++;
    return insert(s, table, row, content->id, family, err);
}
