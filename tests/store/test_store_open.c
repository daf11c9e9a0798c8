#include "tests/store/store_test.h"

#include "base/text.h"
#include "store/sql.h"

static int64_t pragma(const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    const int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

static void connection_is_durable_and_strict(void **state)
{
    (void)state;
    assert_int_equal(pragma("PRAGMA synchronous"), 2); /* FULL */
    assert_int_equal(pragma("PRAGMA foreign_keys"), 1);
    assert_int_equal(pragma("PRAGMA recursive_triggers"), 1);
    assert_int_equal(pragma("PRAGMA trusted_schema"), 0);
    assert_int_equal(pragma("PRAGMA busy_timeout"), 10000);
    assert_int_equal(pragma("PRAGMA application_id"), 0x524C4846);
    assert_int_equal(pragma("PRAGMA user_version"), 2);
}

static void journal_mode_follows_the_library(void **state)
{
    (void)state;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(store->db, "PRAGMA journal_mode", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(stmt, 0),
                        sql_wal_is_safe(sqlite3_libversion_number()) ? "wal" : "truncate");
    sqlite3_finalize(stmt);
}

/* The WAL reset race is fixed in 3.51.3, 3.50.7 and 3.44.6. */
static void wal_is_kept_from_libraries_that_corrupt_it(void **state)
{
    (void)state;
    const int safe[] = {3051003, 3052000, 3050007, 3050099, 3044006};
    const int unsafe[] = {3040001, 3044005, 3045000, 3050006, 3051000, 3051002};
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++) assert_true(sql_wal_is_safe(safe[i]));
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
        assert_false(sql_wal_is_safe(unsafe[i]));
}

/* Opening `name` in the folder fails with a message that says `want`. */
static void refused(const char *name, const char *want)
{
    char path[FILE_PATH_MAX + 64];
    Store *other = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(store_open(&other, path, &err), -1);
    assert_null(other);
    if (!strstr(err.message, want)) fail_msg("'%s' does not say '%s'", err.message, want);
    assert_non_null(strstr(err.message, name));
    assert_null(strchr(err.message, '\n'));
}

static void write_beside(const char *name, const void *bytes, size_t n)
{
    char path[FILE_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    OK(file_write(path, bytes, n, &err));
}

static void missing_database_is_refused(void **state)
{
    (void)state;
    refused("none.db", "no such database");
    assert_non_null(strstr(err.hint, "rlhf init"));
}

static void other_files_are_refused(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof text);
    write_beside("text.db", text, sizeof text);
    write_beside("short.db", text, 20);
    write_beside("empty.db", "", 0);
    refused("text.db", "not a database of this program");
    refused("short.db", "not a database of this program");
    refused("empty.db", "is empty");
    refused(".", "not a database of this program");
}

static void foreign_database_is_refused(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX + 64];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/foreign.db", folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t(x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    refused("foreign.db", "not a database of this program");
}

static void newer_database_is_refused(void **state)
{
    (void)state;
    assert_int_equal(raw_sql("PRAGMA user_version=3"), SQLITE_OK);
    refused("rlhf.db", "made by a newer version");
}

/* What a database of `path` holds: its schema, one object a line; the caller frees. */
static char *schema_of(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    Text t = {0};
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_master ORDER BY name", -1, &stmt, NULL),
        SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        text_format(&t, "%s\n", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return text_take(&t);
}

/* A database as version 1 made them, with a prompt in it. */
static void make_version_1(const char *path)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, STORE_SCHEMA, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "PRAGMA application_id=1380730950; PRAGMA user_version=1;" /* "RLHF" */
                     "INSERT INTO campaign(name,seed,created_us) VALUES('default',7,1);"
                     "INSERT INTO content VALUES(1,randomblob(32),'why ?');"
                     "INSERT INTO prompt VALUES(1,1,'test','train',5,1)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
}

static void older_database_is_brought_up_to_date(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX + 64];
    Store *old = NULL;
    StorePromptList list = {0};
    snprintf(path, sizeof path, "%s/old.db", folder);
    make_version_1(path);
    for (int i = 0; i < 2; i++) { /* the second time there is nothing to bring up */
        OK(store_open(&old, path, &err));
        assert_int_equal(old->seed, 7);
        OK(store_list_prompts(old, NULL, &list, &err));
        assert_int_equal(list.n, 1);
        assert_string_equal(list.row[0].text, "why ?");
        assert_null(list.row[0].template);
        store_prompts_free(&list);
        store_close(old);
    }
    char *brought_up = schema_of(path), *fresh = schema_of(db_path);
    assert_string_equal(brought_up, fresh);
    free(brought_up), free(fresh);
}

static void every_added_column_is_explained(void **state)
{
    (void)state;
    char *schema = schema_of(db_path);
    static const char *const TABLES[] = {"CREATE TABLE conversation(", "CREATE TABLE judgement("};
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++) {
        const char *line = strstr(schema, TABLES[i]), *end = line ? strstr(line, "\n)") : NULL;
        assert_non_null(end);
        for (const char *next; line < end; line = next + 1) {
            next = strchr(line, '\n');
            const char *comment = strstr(line, "-- ");
            if (strncmp(line, "  id ", 5) != 0) assert_true(comment && comment < next);
        }
    }
    free(schema);
}

/* A migration that fails half-way leaves the file as it was. */
static void migration_is_all_or_nothing(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX + 64];
    Store *old = NULL;
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/old.db", folder);
    make_version_1(path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE judgement(x)", NULL, NULL, NULL), SQLITE_OK);
    char *before = schema_of(path);
    assert_int_equal(store_open(&old, path, &err), -1);
    assert_non_null(strstr(err.message, "bring up to date"));
    char *after = schema_of(path);
    assert_string_equal(before, after);
    sqlite3_close(db);
    free(before), free(after);
}

static void truncated_database_is_refused_or_found_out(void **state)
{
    (void)state;
    char *bytes = NULL;
    size_t n = 0;
    add_pairs(200);
    store_close(store);
    store = NULL;
    OK(file_read(&bytes, &n, db_path, 1 << 28, &err));
    const size_t cut[] = {1, 99, 100, 511, 512, 4095, 4096, 5000, 8192, n / 2, n - 4096, n - 1};
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        write_beside("cut.db", bytes, cut[i]);
        refused("cut.db", cut[i] < 512 ? "" : "damaged or cut short");
    }
    free(bytes);
}

static void create_never_overwrites(void **state)
{
    (void)state;
    add_pairs(1);
    assert_int_equal(store_create(db_path, 2, &err), -1);
    assert_non_null(strstr(err.message, "is there already"));
    int64_t n = 0;
    OK(store_count_prompts(store, NULL, &n, &err));
    assert_int_equal(n, 1);
}

static void create_leaves_no_other_files(void **state)
{
    (void)state;
    store_close(store);
    store = NULL;
    char **names = NULL;
    int n = 0;
    OK(folder_list(&names, &n, folder, &err));
    for (int i = 0; i < n; i++)
        if (strncmp(names[i], "rlhf.db", 7) != 0 || strstr(names[i], "tmp"))
            fail_msg("%s", names[i]);
    folder_list_free(names, n);
}

static void database_without_write_permission_is_refused(void **state)
{
    (void)state;
    if (geteuid() == 0) skip(); /* root may write anything */
    char path[FILE_PATH_MAX + 64];
    snprintf(path, sizeof path, "chmod a-w %s", db_path);
    assert_int_equal(system(path), 0);
    refused("rlhf.db", "may not be written");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(connection_is_durable_and_strict),
        TEST(journal_mode_follows_the_library),
        cmocka_unit_test(wal_is_kept_from_libraries_that_corrupt_it),
        TEST(missing_database_is_refused),
        TEST(other_files_are_refused),
        TEST(foreign_database_is_refused),
        TEST(newer_database_is_refused),
        TEST(older_database_is_brought_up_to_date),
        TEST(every_added_column_is_explained),
        TEST(migration_is_all_or_nothing),
        TEST(truncated_database_is_refused_or_found_out),
        TEST(create_never_overwrites),
        TEST(create_leaves_no_other_files),
        TEST(database_without_write_permission_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
