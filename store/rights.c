/* Whether this user may write a database, and who can change that. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sql.h"

/* Another user's database.  The file is asked about before the folder, where SQLite makes its journal. */
static int not_yours(const char *path, const struct stat *st, Error *err)
{
    const struct passwd *owner = getpwuid(st->st_uid);
    const struct group *group = getgrgid(st->st_gid);
    char who[64], team[64];
    snprintf(who, sizeof who, "%s", owner ? owner->pw_name : "");
    if (!owner) snprintf(who, sizeof who, "user %ld", (long)st->st_uid);
    snprintf(team, sizeof team, "%s", group ? group->gr_name : "");
    if (!group) snprintf(team, sizeof team, "%ld", (long)st->st_gid);
    if (st->st_uid == geteuid())
        return error_set(
            err, "%s: may not be written; give yourself the right, or copy the project", path);
    if (st->st_mode & S_IWGRP && !group_member(st->st_gid))
        return error_set(err,
                         "%s belongs to %s and you are not in its group %s; root can run: "
                         "usermod -aG %s NAME",
                         path, who, team, team);
    return error_set(err,
                     "%s belongs to %s and the group cannot write; %s can run: rlhf init "
                     "--shared",
                     path, who, who);
}

int sql_check_rights(const char *path, Error *err)
{
    struct stat st;
    if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) != 0 && errno == EACCES)
        return stat(path, &st) == 0 ? not_yours(path, &st, err) : -1;
    char *folder = sql_parent_of(path);
    int rc = 0;
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES)
        rc = stat(folder, &st) == 0 ? not_yours(folder, &st, err) : -1;
    free(folder);
    return rc;
}

bool sql_may_write(const char *path)
{
    char *folder = sql_parent_of(path);
    const bool may = faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0 &&
                     faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0;
    free(folder);
    return may;
}
