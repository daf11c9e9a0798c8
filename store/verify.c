#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/tally.h"

enum { PAGE_ROWS = 10000 };

/* The first complaint of a pragma that says "ok" or nothing when all is well. */
static int check_pragma(Store *s, const char *pragma, const char *what, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(s->db, pragma, -1, &stmt, NULL) != SQLITE_OK)
        return sql_error(s, what, err);
    int rc = 0;
    const int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(stmt, 0);
        if (!said || strcmp(said, "ok") != 0) {
            /* SQLite heads what it found with a line of its own. */
            const char *last = said ? strrchr(said, '\n') : NULL;
            error_set(err, "%s: %s: %s", s->path, what, last ? last + 1 : said ? said : "failed");
            rc = error_hint(err, "put a backup in its place, and keep this file");
        }
    } else if (code != SQLITE_DONE) {
        rc = sql_error(s, what, err);
    }
    sqlite3_finalize(stmt);
    return rc;
}

/* In pages: in TRUNCATE mode a standing read keeps everybody from committing. */
static int check_contents(Store *s, int64_t *n, Error *err)
{
    static const char SQL[] =
        "SELECT id, sha256, body, body='" SQL_TOMBSTONE "' AND EXISTS(SELECT 1 FROM redaction r"
        " WHERE r.content_id=content.id) FROM content WHERE id>?1 ORDER BY id LIMIT ?2";
    int64_t last = 0;
    int found = 1;
    while (found) {
        sqlite3_stmt *stmt = NULL;
        if (sql_get(s, &stmt, SQL, err) != 0) return -1;
        sqlite3_bind_int64(stmt, 1, last);
        sqlite3_bind_int(stmt, 2, PAGE_ROWS);
        found = 0;
        int row;
        while ((row = sql_step(s, stmt, "verify texts", err)) == 1) {
            unsigned char hash[HASH_BYTES];
            const unsigned char *body = sqlite3_column_text(stmt, 2);
            crypto_hash_sha256(hash, body, (size_t)sqlite3_column_bytes(stmt, 2));
            last = sqlite3_column_int64(stmt, 0);
            found = 1;
            *n += 1;
            /* What was redacted keeps the hash of what it was. */
            if (!sqlite3_column_int(stmt, 3) &&
                memcmp(hash, sqlite3_column_blob(stmt, 1), HASH_BYTES) != 0) {
                sql_release(stmt);
                error_set(err, "%s: text %lld was changed after it was stored", s->path,
                          (long long)last);
                return error_hint(err, "put a backup in its place, and keep this file");
            }
        }
        if (row < 0) return -1;
    }
    return 0;
}

int store_verify(Store *s, StoreVerified *out, Error *err)
{
    StoreVerified done = {0};
    if (check_pragma(s, "PRAGMA integrity_check(1)", "file structure", err) != 0) return -1;
    if (check_pragma(s, "PRAGMA foreign_key_check", "a reference leads nowhere in table", err) != 0)
        return -1;
    if (check_contents(s, &done.contents, err) != 0) return -1;
    if (label_verify(s, &done.labels, err) != 0) return -1;
    if (judgement_verify(s, &done.judgements, err) != 0) return -1;
    if (tally_verify(s, err) != 0) return -1;
    *out = done;
    return 0;
}

/* One step for all pages: a copy in pieces starts again whenever somebody else commits. */
static int copy_pages(Store *s, Store *copy, Error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(copy->db, "main", s->db, "main");
    if (!backup) return sql_error(copy, "backup", err);
    int code, tries = 0;
    while ((code = sqlite3_backup_step(backup, -1)) == SQLITE_BUSY || code == SQLITE_LOCKED) {
        if (++tries > 100) break;
        sqlite3_sleep(100);
    }
    sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE) return 0;
    return error_set(err, "%s: backup: %s", copy->path, sqlite3_errstr(code));
}

/* Who may not read the database may not read its copy, wherever that is put. */
static int take_rights(const char *copy, const char *original, Error *err)
{
    struct stat st;
    if (stat(original, &st) != 0) return error_set(err, "%s: %s", original, strerror(errno));
    const mode_t group = chown(copy, (uid_t)-1, st.st_gid) == 0 ? 0070 : 0;
    if (chmod(copy, st.st_mode & (0707 | group)) == 0) return 0;
    return error_set(err, "%s: %s", copy, strerror(errno));
}

int store_backup(Store *s, const char *path, Error *err)
{
    char *temporary = mem_format("%s.tmp-%ld", path, (long)getpid());
    char *real = realpath(path, NULL), *own = realpath(s->path, NULL);
    char *folder = sql_parent_of(path);
    Store *copy = mem_calloc(1, sizeof *copy);
    copy->path = mem_strdup(temporary);
    int rc = -1;

    if (real && own && strcmp(real, own) == 0) {
        error_set(err, "%s: is the database itself; give the backup another name", path);
        goto done;
    }
    sql_remove_files(temporary);
    if (sql_connect(copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err) != 0) goto done;
    if (take_rights(temporary, s->path, err) != 0) goto done;
    if (sql_exec(copy, "PRAGMA synchronous=FULL", "backup", err) != 0) goto done;
    if (copy_pages(s, copy, err) != 0) goto done;
    if (check_pragma(copy, "PRAGMA integrity_check(1)", "the copy is damaged", err) != 0) goto done;
    store_close(copy);
    copy = NULL;
    if (rename(temporary, path) != 0) {
        error_set(err, "%s: %s", path, strerror(errno));
        goto done;
    }
    rc = file_sync_folder(folder, err);

done:
    store_close(copy);
    sql_remove_files(temporary);
    free(folder);
    free(real);
    free(own);
    free(temporary);
    return rc;
}
