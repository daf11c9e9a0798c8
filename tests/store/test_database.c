#include "tests/store/store_test.h"

#include <sodium.h>

#include "base/mem.h"
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
    assert_int_equal(pragma("PRAGMA application_id"), 0x524C4846);
    assert_int_equal(pragma("PRAGMA user_version"), 4);
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
    assert_int_equal(raw_sql("PRAGMA user_version=5"), SQLITE_OK);
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
    static const char *const TABLES[] = {"CREATE TABLE conversation(", "CREATE TABLE judgement(",
                                         "CREATE TABLE guideline(",    "CREATE TABLE draft(",
                                         "CREATE TABLE gold(",         "CREATE TABLE text_class(",
                                         "CREATE TABLE redaction(",    "CREATE TABLE tally("};
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

/* A column that came to a table later: SQLite keeps its comment only when it ends before the semicolon. */
static void every_later_column_is_explained(void **state)
{
    (void)state;
    static const char ADD[] = " ADD COLUMN ";
    char *schema = schema_of(db_path);
    int columns = 0;
    for (int v = 0; v < STORE_VERSION - 1; v++)
        for (const char *at = strstr(STORE_MIGRATION[v], ADD); at; at = strstr(at + 1, ADD)) {
            char *statement = mem_strndup(at + strlen(ADD), strcspn(at, ";") - strlen(ADD));
            if (!strstr(schema, statement) || !strstr(statement, "/* "))
                fail_msg("not explained: %s", statement);
            free(statement);
            columns++;
        }
    assert_int_equal(columns, 19);
    free(schema);
}

/* One row of label as version 2 hashed it: 32 zero bytes for no row before, the uuid, ten numbers, then op,
 * outcome, layout and comment with their lengths, then SHA-256 of prompt and answers; numbers are 8 bytes,
 * the lowest first. */
static void version_2_hash(unsigned char out[32], const unsigned char uuid[16],
                           const int64_t number[10], const char *const text[4],
                           const char *const shown[3])
{
    Text t = {0};
    unsigned char hash[32];
    static const char ZERO[32] = {0};
    text_append(&t, ZERO, 32);
    text_append(&t, (const char *)uuid, 16);
    for (int i = 0; i < 10; i++)
        for (int k = 0; k < 8; k++) text_append(&t, &(char){(char)(number[i] >> 8 * k)}, 1);
    for (int i = 0; i < 4; i++) {
        const int64_t n = text[i] ? (int64_t)strlen(text[i]) : -1;
        for (int k = 0; k < 8; k++) text_append(&t, &(char){(char)(n >> 8 * k)}, 1);
        if (text[i]) text_append(&t, text[i], (size_t)n);
    }
    for (int i = 0; i < 3; i++) {
        crypto_hash_sha256(hash, (const unsigned char *)shown[i], strlen(shown[i]));
        text_append(&t, (const char *)hash, 32);
    }
    crypto_hash_sha256(out, (const unsigned char *)t.bytes, t.n);
    text_free(&t);
}

/* A database of version 2 with a pair and a label, which says that b is clearly better. */
static void make_version_2(const char *path)
{
    static const char *const SHOWN[3] = {"why ?", "so .", "because ."};
    static const char *const SAID[4] = {"set", "pref", "side", NULL};
    /* assignment, session, supersedes, pref, shown, submitted, active, comparison, annotator, swapped */
    static const int64_t NUMBER[10] = {1, 1, 0, 2, 10, 20, 9, 1, 1, 1};
    const unsigned char uuid[16] = "0123456789abcde";
    unsigned char hash[32];
    char hex[3][65], row[65];
    sqlite3 *db = NULL;
    for (int i = 0; i < 3; i++) {
        crypto_hash_sha256(hash, (const unsigned char *)SHOWN[i], strlen(SHOWN[i]));
        sodium_bin2hex(hex[i], sizeof hex[i], hash, sizeof hash);
    }
    version_2_hash(hash, uuid, NUMBER, SAID, SHOWN);
    sodium_bin2hex(row, sizeof row, hash, sizeof hash);
    char *rows =
        mem_format("PRAGMA application_id=1380730950; PRAGMA user_version=2;"
                   "INSERT INTO campaign(name,seed,created_us) VALUES('default',7,1);"
                   "INSERT INTO content VALUES(1,x'%s','%s'),(2,x'%s','%s'),(3,x'%s','%s');"
                   "INSERT INTO prompt VALUES(1,1,'test','train',5,1);"
                   "INSERT INTO model VALUES(1,'base','base',NULL,NULL,NULL,NULL,0,1);"
                   "INSERT INTO response VALUES(1,1,1,2,NULL,0,0,NULL,0,NULL,NULL,1),"
                   "(2,1,1,3,NULL,0,1,NULL,0,NULL,NULL,1);"
                   "INSERT INTO comparison VALUES(1,1,1,1,2,'random',1);"
                   "INSERT INTO annotator VALUES(1,'ada','human',1);"
                   "INSERT INTO session VALUES(1,1,'tui','1',NULL,80,24,1,NULL,NULL);"
                   "INSERT INTO assignment VALUES(1,1,1,1,1,1,600,'done');"
                   "INSERT INTO label VALUES(1,CAST('0123456789abcde'||char(0) AS "
                   "BLOB),1,1,NULL,'set','pref',2,"
                   "10,20,9,'side',NULL,NULL,x'%s')",
                   hex[0], SHOWN[0], hex[1], SHOWN[1], hex[2], SHOWN[2], row);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, STORE_SCHEMA, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, STORE_MIGRATION[0], NULL, NULL, NULL), SQLITE_OK);
    if (sqlite3_exec(db, rows, NULL, NULL, NULL) != SQLITE_OK) fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    free(rows);
}

static void version_2_comes_up_with_its_labels(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX + 64];
    Store *old = NULL;
    StoreVerified verified = {0};
    StorePreferenceList list = {0};
    StoreCampaign campaign = {0};
    snprintf(path, sizeof path, "%s/old.db", folder);
    make_version_2(path);
    char *fresh = schema_of(db_path);
    OK(store_open(&old, path, &err));
    char *brought_up = schema_of(path);
    assert_string_equal(brought_up, fresh);
    OK(store_verify(old, &verified, &err));
    assert_int_equal(verified.labels, 1);
    OK(store_list_preferences(old, NULL, &list, &err));
    assert_int_equal(list.n, 1);
    assert_string_equal(list.row[0].chosen, "because .");
    assert_int_equal(list.row[0].strength, 2);
    /* The campaign goes on as it was. */
    OK(store_get_campaign(old, NULL, &campaign, &err));
    assert_string_equal(campaign.name, "default");
    assert_int_equal(campaign.purpose, PURPOSE_TRAIN);
    assert_int_equal(campaign.scale, 1);
    assert_true(campaign.tie && campaign.both_bad && !campaign.closed && !campaign.guidelines);
    /* A label of today stands on the old one in the chain. */
    const int64_t session = begin_session_of(old, "bo", ANNOTATOR_HUMAN);
    StoreClaim claim = {0};
    OK(store_hold_comparison(old, session, 1, &claim, &err));
    decide(old, &claim, OUTCOME_TIE, 0);
    store_claim_free(&claim);
    OK(store_verify(old, &verified, &err));
    assert_int_equal(verified.labels, 2);
    store_campaign_free(&campaign);
    store_preferences_free(&list);
    store_close(old);
    free(fresh), free(brought_up);
}

/* There is no tally to begin with: status counts from nothing. */
static void version_3_comes_up_with_its_counts(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX + 64];
    sqlite3 *db = NULL;
    Store *old = NULL;
    StoreVerified verified = {0};
    StoreStatus status = {0};
    snprintf(path, sizeof path, "%s/old.db", folder);
    make_version_2(path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, STORE_MIGRATION[1], NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=3", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    char *fresh = schema_of(db_path);
    OK(store_open(&old, path, &err));
    char *brought_up = schema_of(path);
    assert_string_equal(brought_up, fresh);
    OK(store_status(old, &status, &err));
    assert_int_equal(status.prompts[SPLIT_TRAIN], 1);
    assert_int_equal(status.labeled, 1);
    assert_int_equal(status.annotator[0].labels, 1);
    OK(store_verify(old, &verified, &err));
    store_status_free(&status);
    store_close(old);
    free(fresh), free(brought_up);
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

    Store *reader = NULL;
    int64_t n = 0;
    OK(store_open_to_read(&reader, db_path, &err));
    OK(store_count_prompts(reader, NULL, &n, &err));
    assert_int_equal(n, 0);
    store_close(reader);
}

/* Of an import it may be some hundred megabytes. */
static void a_journal_kept_for_many_rows_goes_afterwards(void **state)
{
    (void)state;
    char journal[sizeof db_path + 16];
    if (sql_wal_is_safe(sqlite3_libversion_number())) skip();
    snprintf(journal, sizeof journal, "%s-journal", db_path);
    OK(sql_bulk(store, true, &err));
    add_pairs(3);
    assert_true(file_size(journal) > 0);
    OK(sql_bulk(store, false, &err));
    assert_false(file_exists(journal));
    begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    assert_int_equal(file_size(journal), 0);
    assert_int_equal(raw_number("SELECT count(*) FROM comparison"), 3);
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
        TEST(every_later_column_is_explained),
        TEST(version_2_comes_up_with_its_labels),
        TEST(version_3_comes_up_with_its_counts),
        TEST(migration_is_all_or_nothing),
        TEST(truncated_database_is_refused_or_found_out),
        TEST(create_never_overwrites),
        TEST(create_leaves_no_other_files),
        TEST(database_without_write_permission_is_refused),
        TEST(a_journal_kept_for_many_rows_goes_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
