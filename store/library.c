/* Which SQLite this is, and what may be asked of it. */
#include "store/sql.h"

const char *store_library(const char **journal_mode)
{
    *journal_mode = sql_wal_is_safe(sqlite3_libversion_number()) ? "wal" : "truncate";
    return sqlite3_libversion();
}
