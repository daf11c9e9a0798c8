#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/sql.h"

enum { BUSY_US = 30000000, POLL_US = 1000, POLL_SPREAD_US = 4000 };

/* Locks there are missing, late or a promise of one machine only: the first cause of damaged SQLite
 * databases (sqlite.org/howtocorrupt).  Magic numbers from statfs(2). */
static const struct {
    unsigned long magic;
    const char *name;
} NETWORK[] = {
    {0x6969, "NFS"},      {0x517B, "SMB"},      {0xFF534D42, "CIFS"}, {0xFE534D42, "SMB2"},
    {0x65735546, "FUSE"}, {0x01021997, "9P"},   {0x00C36400, "Ceph"}, {0x0BD00BD0, "Lustre"},
    {0x5346414F, "AFS"},  {0x73757245, "Coda"}, {0x47504653, "GPFS"},
};

static int refuse_network(const char *path, Error *err)
{
    struct statfs fs;
    if (statfs(path, &fs) != 0) return error_set(err, "%s: %s", path, strerror(errno));
    if (getenv("RLHF_ALLOW_NETWORK_FS")) return 0;
    const unsigned long magic = (unsigned long)fs.f_type & 0xFFFFFFFF;
    for (size_t i = 0; i < sizeof NETWORK / sizeof *NETWORK; i++)
        if (magic == NETWORK[i].magic) {
            error_set(err, "%s: is on a network file system (%s), where databases get damaged",
                      path, NETWORK[i].name);
            return error_hint(err,
                              "put the project on a local disk, or set RLHF_ALLOW_NETWORK_FS=1 "
                              "when only this machine writes to it");
        }
    return 0;
}

void sql_remove_files(const char *path)
{
    static const char *const ENDINGS[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ENDINGS / sizeof *ENDINGS; i++) {
        char *name = mem_format("%s%s", path, ENDINGS[i]);
        unlink(name);
        free(name);
    }
}

char *sql_parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return mem_strdup(".");
    return slash == path ? mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
}

bool sql_wal_is_safe(int version)
{
    return version >= 3051003 || (version >= 3050007 && version < 3051000) ||
           (version >= 3044006 && version < 3045000);
}

static int read_back(Store *s, const char *pragma, const char *want, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(s->db, pragma, -1, &stmt, NULL) != SQLITE_OK)
        return sql_error(s, pragma, err);
    int rc = -1;
    const int code = sqlite3_step(stmt);
    const char *got = code == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    if (code != SQLITE_ROW) sql_error(s, pragma, err);
    else if (!got || sqlite3_stricmp(got, want) != 0)
        error_set(err, "%s: %s is %s, not %s; is an older or newer copy of this program using it?",
                  s->path, pragma, got ? got : "unset", want);
    else rc = 0;
    sqlite3_finalize(stmt);
    return rc;
}

#define CACHE "PRAGMA cache_size=-32768;" /* KiB */

static const char *journal_mode(void)
{
    return sql_wal_is_safe(sqlite3_libversion_number()) ? "wal" : "truncate";
}

/* Where there is a rollback journal, each large transaction writes some hundred megabytes of it: one that is kept and
 * begun anew has its place on the disk already.  It ends a transaction as safely, by zeros over its head that are
 * synced.  Afterwards the file goes: the next transaction, maybe much later, would be what cuts it short. */
static int set_journal(Store *s, bool bulk, Error *err)
{
    static const char KEEP[] = "PRAGMA journal_mode=persist";
    static const char REMOVE[] = "PRAGMA journal_mode=delete";
    if (strcmp(journal_mode(), "truncate") != 0) return 0;
    if (bulk) return sql_exec(s, KEEP, "prepare", err);
    if (sql_exec(s, REMOVE, "prepare", err) != 0) return -1;
    return read_back(s, "PRAGMA journal_mode=truncate", "truncate", err);
}

/* While triggers are off, what they refuse is refused here: when a statement is prepared, so that rows cost nothing. */
static int keep_rows(void *context, int action, const char *table, const char *column,
                     const char *database, const char *trigger)
{
    static const char *const APPEND_ONLY[] = {"content", "label", "judgement", "redaction"};
    (void)context, (void)column, (void)database, (void)trigger;
    if (action != SQLITE_UPDATE && action != SQLITE_DELETE) return SQLITE_OK;
    for (size_t i = 0; i < sizeof APPEND_ONLY / sizeof *APPEND_ONLY; i++)
        if (strcmp(table, APPEND_ONLY[i]) == 0) return SQLITE_DENY;
    return SQLITE_OK;
}

static int set_triggers(Store *s, bool on, Error *err)
{
    int are_on = -1;
    sqlite3_set_authorizer(s->db, on ? NULL : keep_rows, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, on, &are_on);
    return are_on == on ? 0 : error_set(err, "%s: its triggers do not go on or off", s->path);
}

int sql_bulk(Store *s, bool on, Error *err)
{
    char bulk[128];
    const size_t spare = mem_free() / 4 >> 10, most = 512 << 10;
    snprintf(bulk, sizeof bulk,
             "PRAGMA foreign_keys=OFF; PRAGMA ignore_check_constraints=ON; "
             "PRAGMA cache_size=-%zu",
             spare < most ? spare + (32 << 10) : most);
    if (sql_exec(s,
                 on ? bulk : "PRAGMA foreign_keys=ON; PRAGMA ignore_check_constraints=OFF;" CACHE,
                 "prepare", err) != 0)
        return -1;
    if (set_triggers(s, !on, err) != 0 || set_journal(s, on, err) != 0) return -1;
    if (on) return 0;
    if (read_back(s, "PRAGMA ignore_check_constraints", "0", err) != 0) return -1;
    return read_back(s, "PRAGMA foreign_keys", "1", err);
}

static int set_up_reading(Store *s, Error *err)
{
    static const char SETTINGS[] =
        "PRAGMA synchronous=FULL;"
        "PRAGMA foreign_keys=ON;"
        "PRAGMA recursive_triggers=ON;" /* else REPLACE walks past triggers */
        "PRAGMA trusted_schema=OFF;"
        "PRAGMA cell_size_check=ON;"
        "PRAGMA mmap_size=0;"
        "PRAGMA temp_store=MEMORY;" CACHE;

    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return sql_exec(s, SETTINGS, "open", err);
}

/* FULL is read back because builds of SQLite differ in their default, and NORMAL loses labels that were
 * acknowledged when the power goes. */
static int set_up(Store *s, Error *err)
{
    const char *mode = journal_mode();
    char pragma[64];
    snprintf(pragma, sizeof pragma, "PRAGMA journal_mode=%s", mode);

    if (set_up_reading(s, err) != 0) return -1;
    if (read_back(s, pragma, mode, err) != 0) return -1;
    if (read_back(s, "PRAGMA synchronous", "2", err) != 0) return -1;
    if (read_back(s, "PRAGMA foreign_keys", "1", err) != 0) return -1;
    return read_back(s, "PRAGMA recursive_triggers", "1", err);
}

static int number_of(Store *s, const char *sql, int64_t *out)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW) *out = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* SQLite finds missing pages itself, but not that the last one is cut.  Asked after the first read, which
 * rolls back what a crash left. */
static int whole_pages(Store *s, Error *err)
{
    int64_t page = 0;
    struct stat st;
    if (number_of(s, "PRAGMA page_size", &page) != SQLITE_OK) return sql_error(s, "open", err);
    if (stat(s->path, &st) != 0) return error_set(err, "%s: %s", s->path, strerror(errno));
    if (page > 0 && st.st_size % page == 0) return 0;
    return sql_damaged(s, "open", err);
}

static int too_new(Store *s, int64_t version, Error *err)
{
    error_set(err, "%s: made by a newer version (format %lld, this program knows %d)", s->path,
              (long long)version, STORE_VERSION);
    return error_hint(err, "use the rlhf that made it, or a later one");
}

/* Whose file is it?  Asked through SQLite: opening and closing the file ourselves would drop the locks
 * that another connection of this process holds. */
static int recognise(Store *s, Error *err)
{
    int64_t application = 0, version = 0;
    const int code = number_of(s, "PRAGMA application_id", &application);
    if (code == SQLITE_NOTADB || (code == SQLITE_OK && application != STORE_APPLICATION_ID)) {
        error_set(err, "%s: not a database of this program", s->path);
        return error_hint(err, "rlhf init makes a new one in an empty folder");
    }
    if (code != SQLITE_OK) return sql_error(s, "open", err);
    if (number_of(s, "PRAGMA user_version", &version) != SQLITE_OK)
        return sql_error(s, "open", err);
    if (version > STORE_VERSION) return too_new(s, version, err);
    if (version < 1) return error_set(err, "%s: not a database of this program", s->path);
    return whole_pages(s, err);
}

static int64_t steady_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Somebody else has the lock.  SQLite's own handler soon asks ten times a second: among writers who take the lock
 * again as soon as they have let it go, eight of them on a slow disk, such a one waits ten seconds and more.
 * Who asks as often as all others has the same chance. */
static int wait_for_turn(void *context, int tries)
{
    Store *s = context;
    const int64_t now = steady_us();
    if (tries == 0) s->waiting_since_us = now;
    if (now - s->waiting_since_us > BUSY_US) return 0;
    const uint64_t spread = ((uint64_t)now ^ (uint64_t)getpid() << 20) * 0x9E3779B97F4A7C15u >> 40;
    usleep(POLL_US + (useconds_t)(spread % POLL_SPREAD_US));
    return 1;
}

void sql_wait(Store *s, bool wait)
{
    sqlite3_busy_handler(s->db, wait ? wait_for_turn : NULL, s);
}

int sql_connect(Store *s, int flags, Error *err)
{
    if (sodium_init() < 0) return error_set(err, "libsodium does not start");
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* counting takes a lock for every allocation */
    if (sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        if (!s->db) return error_set(err, "%s: SQLite does not start", s->path);
        return sql_error(s, "open", err);
    }
    sqlite3_extended_result_codes(s->db, 1);
    sql_wait(s, true);
    return 0;
}

/* From the file's version to this program's, in the caller's transaction: all of it or nothing. */
static int migrate(Store *s, Error *err)
{
    int64_t version = 0;
    char mark[64];
    if (number_of(s, "PRAGMA user_version", &version) != SQLITE_OK)
        return sql_error(s, "open", err);
    if (version > STORE_VERSION) return too_new(s, version, err);
    for (int64_t v = version; v < STORE_VERSION; v++)
        if (sql_exec(s, STORE_MIGRATION[v - 1], "bring up to date", err) != 0) return -1;
    snprintf(mark, sizeof mark, "PRAGMA user_version=%d", STORE_VERSION);
    return sql_exec(s, mark, "bring up to date", err);
}

/* Two programs may open an old file at once: the version is read again under the lock. */
static int bring_up(Store *s, Error *err)
{
    int64_t version = 0;
    if (number_of(s, "PRAGMA user_version", &version) != SQLITE_OK)
        return sql_error(s, "open", err);
    if (version == STORE_VERSION) return 0;
    if (sql_begin(s, err) != 0) return -1;
    return sql_finish(s, migrate(s, err), err);
}

/* ---- create ---------------------------------------------------------------------------------------- */

static int write_schema(Store *s, uint64_t seed, Error *err)
{
    static const char CAMPAIGN[] =
        "INSERT INTO campaign(name,seed,created_us) VALUES('default',?1,?2)";
    char mark[96];
    snprintf(mark, sizeof mark, "PRAGMA application_id=%d; PRAGMA user_version=1",
             STORE_APPLICATION_ID);

    if (sql_begin(s, err) != 0) return -1;
    sqlite3_stmt *stmt = NULL;
    int rc = sql_exec(s, mark, "create", err);
    if (rc == 0) rc = sql_exec(s, STORE_SCHEMA, "create", err);
    if (rc == 0) rc = migrate(s, err);
    if (rc == 0) rc = sql_get(s, &stmt, CAMPAIGN, err);
    if (rc == 0) {
        sqlite3_bind_int64(stmt, 1, (int64_t)seed);
        sqlite3_bind_int64(stmt, 2, store_time_us());
        rc = sql_run(s, stmt, "create", err);
    }
    return sql_finish(s, rc, err);
}

/* Made aside and renamed, so that a crash leaves a whole database or none. */
int store_create(const char *path, uint64_t seed, Error *err)
{
    if (file_exists(path)) return error_set(err, "%s: is there already", path);
    char *folder = sql_parent_of(path), *temporary = mem_format("%s.tmp-%ld", path, (long)getpid());
    int rc = -1;
    Store *s = NULL;

    if (refuse_network(folder, err) != 0) goto done;
    sql_remove_files(temporary);
    s = mem_calloc(1, sizeof *s);
    s->path = mem_strdup(temporary);
    if (sql_connect(s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err) != 0) goto done;
    if (set_up(s, err) != 0 || write_schema(s, seed, err) != 0) goto done;
    store_close(s);
    s = NULL;
    if (rename(temporary, path) != 0) {
        error_set(err, "%s: %s", path, strerror(errno));
        goto done;
    }
    rc = file_sync_folder(folder, err);

done:
    store_close(s);
    sql_remove_files(temporary); /* after the rename: an emptied journal */
    free(temporary);
    free(folder);
    return rc;
}

/* ---- open ------------------------------------------------------------------------------------------ */

static int load_campaign(Store *s, Error *err)
{
    static const char SQL[] = "SELECT id, seed FROM campaign WHERE name='default'";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    const int row = sql_step(s, stmt, "open", err);
    if (row < 0) return -1;
    if (row == 0) return error_set(err, "%s: has no campaign: the database is damaged", s->path);
    s->campaign_id = sqlite3_column_int64(stmt, 0);
    s->seed = (uint64_t)sqlite3_column_int64(stmt, 1);
    sql_release(stmt);
    return 0;
}

int store_open(Store **out, const char *path, Error *err)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        const int reason = errno;
        error_set(err, "%s: %s", path, reason == ENOENT ? "no such database" : strerror(reason));
        return reason == ENOENT ? error_hint(err, "rlhf init makes one") : -1;
    }
    if (!S_ISREG(st.st_mode)) return error_set(err, "%s: not a database of this program", path);
    if (st.st_size == 0) {
        error_set(err, "%s: is empty, not a database of this program", path);
        return error_hint(err, "put a backup in its place (rlhf backup makes them)");
    }
    if (refuse_network(path, err) != 0 || sql_check_rights(path, err) != 0) return -1;

    Store *s = mem_calloc(1, sizeof *s);
    s->path = mem_strdup(path);
    int rc = -1;
    if (sql_connect(s, SQLITE_OPEN_READWRITE, err) != 0) goto done;
    if (sqlite3_db_readonly(s->db, "main") == 1) {
        error_set(err, "%s: may not be written; give yourself the right, or copy the project",
                  path);
        goto done;
    }
    if (recognise(s, err) != 0 || set_up(s, err) != 0 || bring_up(s, err) != 0) goto done;
    if (load_campaign(s, err) != 0) goto done;
    *out = s;
    rc = 0;

done:
    if (rc != 0) store_close(s);
    return rc;
}

/* What a crash left cannot be rolled back by who only reads, nor an older file be brought up to date. */
static int open_read_only(Store **out, const char *path, Error *err)
{
    int64_t version = 0;
    Store *s = mem_calloc(1, sizeof *s);
    s->path = mem_strdup(path);
    int rc = sql_connect(s, SQLITE_OPEN_READONLY, err);
    if (rc == 0) rc = recognise(s, err);
    if (rc == 0) rc = set_up_reading(s, err);
    if (rc == 0 && number_of(s, "PRAGMA user_version", &version) != SQLITE_OK)
        rc = sql_error(s, "open", err);
    if (rc == 0 && version != STORE_VERSION)
        rc = error_set(err, "%s: is of an older version", path);
    if (rc == 0) rc = load_campaign(s, err);
    if (rc == 0) *out = s;
    else store_close(s);
    return rc;
}

int store_open_to_read(Store **out, const char *path, Error *err)
{
    Error ignored;
    const int written = store_open(out, path, err);
    if (written == 0 || sql_may_write(path) || !file_exists(path)) return written;
    return open_read_only(out, path, &ignored);
}

void store_close(Store *s)
{
    if (!s) return;
    for (int i = 0; i < s->n_cached; i++) sqlite3_finalize(s->cache[i].stmt);
    sqlite3_close(s->db);
    free(s->path);
    free(s);
}

int64_t store_time_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
