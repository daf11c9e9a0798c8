#include "cli/sharing.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { GROUP_ALL = 0070, GROUP_WRITES = 0060, DATABASE_MODE = 0660 };

/* The database as SQLite names it: journals are made with the rights of the database. */
static const char *const DATABASE[] = {"rlhf.db", "rlhf.db-journal", "rlhf.db-wal", "rlhf.db-shm"};
enum { DATABASE_FILES = sizeof DATABASE / sizeof *DATABASE };

static void put_user(Text *t, uid_t uid)
{
    const struct passwd *user = getpwuid(uid);
    if (user) text_add(t, user->pw_name);
    else text_format(t, "user %ld", (long)uid);
}

static void put_group(Text *t, gid_t gid)
{
    const struct group *group = getgrgid(gid);
    if (group) text_add(t, group->gr_name);
    else text_format(t, "%ld", (long)gid);
}

static int find_group(gid_t *gid, const char *name, Error *err)
{
    const struct group *group = getgrnam(name);
    char *end;
    const long number = strtol(name, &end, 10);
    if (!group && (*end || number < 0))
        return error_usage(err, "--shared: there is no group '%.60s' on this machine", name);
    *gid = group ? group->gr_gid : (gid_t)number;
    return 0;
}

/* ---- giving ---------------------------------------------------------------------------------------- */

static int refused(const char *path, const struct stat *st, gid_t gid, Error *err)
{
    const int reason = errno;
    Text who = {0}, group = {0};
    put_user(&who, st->st_uid);
    put_group(&group, gid);
    if (st->st_uid != geteuid())
        error_set(err, "%s belongs to %s, who alone can share it", path, who.bytes);
    else if (reason == EPERM) error_set(err, "%s: you are not in group %s", path, group.bytes);
    else error_set(err, "%s: %s", path, strerror(reason));
    text_free(&who);
    text_free(&group);
    return -1;
}

/* The group first: a change of group takes the setgid bit away. */
static int give(const char *path, gid_t gid, mode_t add, mode_t exactly, Error *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? 0 : error_set(err, "%s: %s", path, strerror(errno));
    if (S_ISLNK(st.st_mode)) return 0;
    if (st.st_gid != gid && lchown(path, (uid_t)-1, gid) != 0) return refused(path, &st, gid, err);
    mode_t mode = st.st_mode & 07777;
    mode = exactly ? exactly : mode | add | (S_ISDIR(st.st_mode) ? S_ISGID | GROUP_ALL : 0);
    if (st.st_mode & S_IXUSR && !exactly) mode |= S_IXGRP;
    if (mode == (st.st_mode & 07777) && st.st_gid == gid) return 0;
    return chmod(path, mode) == 0 ? 0 : refused(path, &st, gid, err);
}

static int give_tree(const char *path, gid_t gid, Error *err)
{
    char **names = NULL, inner[FILE_PATH_MAX];
    int n = 0, rc = give(path, gid, GROUP_WRITES, 0, err);
    struct stat st;
    if (rc != 0 || lstat(path, &st) != 0 || !S_ISDIR(st.st_mode)) return rc;
    if (folder_list(&names, &n, path, err) != 0) return -1;
    for (int i = 0; i < n && rc == 0; i++) {
        rc = path_join(inner, path, names[i], err);
        if (rc == 0) rc = give_tree(inner, gid, err);
    }
    folder_list_free(names, n);
    return rc;
}

int sharing_make(const char *folder, const char *group, Error *err)
{
    static const char *const TREES[] = {"project.json", "settings.json", "runs"};
    struct stat st;
    char path[FILE_PATH_MAX];
    if (stat(folder, &st) != 0) return error_set(err, "%s: %s", folder, strerror(errno));
    gid_t gid = st.st_gid;
    if (group && *group && find_group(&gid, group, err) != 0) return -1;
    /* The folder before what is in it: what comes in meanwhile is shared as well. */
    if (give(folder, gid, GROUP_ALL, 0, err) != 0) return -1;
    for (int i = 0; i < DATABASE_FILES; i++)
        if (path_join(path, folder, DATABASE[i], err) != 0 ||
            give(path, gid, 0, DATABASE_MODE, err) != 0)
            return -1;
    for (size_t i = 0; i < sizeof TREES / sizeof *TREES; i++)
        if (path_join(path, folder, TREES[i], err) != 0 || give_tree(path, gid, err) != 0)
            return -1;
    return 0;
}

/* ---- being in one ---------------------------------------------------------------------------------- */

static bool is_shared(const char *folder)
{
    struct stat st;
    return stat(folder, &st) == 0 && (st.st_mode & S_ISGID) && (st.st_mode & S_IWGRP);
}

void sharing_join(const char *folder)
{
    if (!is_shared(folder)) return;
    const mode_t mask = umask(0);
    umask(mask & (mode_t)~GROUP_ALL);
}

void sharing_report(Text *out, const char *folder)
{
    struct stat st, in;
    char path[FILE_PATH_MAX];
    Error ignored;
    if (stat(folder, &st) != 0 || !is_shared(folder)) {
        text_add(out, "not shared; for other users of this machine: rlhf init --shared=GROUP");
        return;
    }
    for (int i = 0; i < DATABASE_FILES; i++) {
        if (path_join(path, folder, DATABASE[i], &ignored) != 0 || stat(path, &in) != 0) continue;
        if (in.st_gid == st.st_gid && (in.st_mode & GROUP_WRITES) == GROUP_WRITES) continue;
        text_format(out, "shared, but the group cannot write %s; ", DATABASE[i]);
        put_user(out, in.st_uid);
        text_add(out, " can run: rlhf init --shared");
        return;
    }
    text_add(out, "shared with group ");
    put_group(out, st.st_gid);
}
