#include "tests/store/store_test.h"

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
    assert_int_equal(pragma("PRAGMA user_version"), 1);
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
    assert_int_equal(raw_sql("PRAGMA user_version=2"), SQLITE_OK);
    refused("rlhf.db", "made by a newer version");
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
        TEST(truncated_database_is_refused_or_found_out),
        TEST(create_never_overwrites),
        TEST(create_leaves_no_other_files),
        TEST(database_without_write_permission_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
