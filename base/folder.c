/* Folders: made whole, listed sorted, removed with what is in them. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static int failed(const char *doing, const char *path, Error *err)
{
    return error_set(err, "cannot %s %s: %s", doing, path, strerror(errno));
}

static void parent_of(char *out, const char *path)
{
    snprintf(out, FILE_PATH_MAX, "%s", path);
    size_t n = strlen(out);
    while (n > 1 && out[n - 1] == '/') out[--n] = 0;
    char *slash = strrchr(out, '/');
    if (!slash) snprintf(out, FILE_PATH_MAX, ".");
    else slash[slash == out] = 0;
}

bool folder_same(const char *a, const char *b)
{
    char *real_a = realpath(a, NULL), *real_b = realpath(b, NULL);
    const bool same = real_a && real_b && strcmp(real_a, real_b) == 0;
    free(real_a);
    free(real_b);
    return same;
}

int folder_make(const char *path, Error *err)
{
    char part[FILE_PATH_MAX];
    const size_t n = strlen(path);
    if (n >= sizeof part) return error_set(err, "%.200s...: path too long", path);
    if (n == 0 || file_is_folder(path)) return 0;
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (part[i] != '/' && part[i] != 0) continue;
        const char kept = part[i];
        part[i] = 0;
        if (!file_is_folder(part)) {
            char parent[FILE_PATH_MAX];
            parent_of(parent, part);
            if (mkdir(part, 0777) != 0 && !(errno == EEXIST && file_is_folder(part)))
                return failed("make the folder", part, err);
            if (file_sync_folder(parent, err) != 0) return -1;
        }
        part[i] = kept;
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int folder_list(char ***names, int *n, const char *path, Error *err)
{
    DIR *d = opendir(path);
    if (!d) return failed("list", path, err);
    char **list = NULL;
    int count = 0, room = 0;
    const struct dirent *entry;
    errno = 0;
    while ((entry = readdir(d))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (count == room) list = mem_realloc(list, (size_t)(room = 2 * room + 16), sizeof *list);
        list[count++] = mem_strdup(entry->d_name);
        errno = 0;
    }
    const int rc = errno ? failed("list", path, err) : 0;
    closedir(d);
    if (rc != 0) {
        folder_list_free(list, count);
        return -1;
    }
    if (count > 1) qsort(list, (size_t)count, sizeof *list, by_name);
    *names = list;
    *n = count;
    return 0;
}

void folder_list_free(char **names, int n)
{
    for (int i = 0; i < n; i++) free(names[i]);
    free(names);
}

/* A link is never followed: what it points to is somebody else's. */
int folder_remove(const char *path, Error *err)
{
    struct stat s;
    if (lstat(path, &s) != 0) return errno == ENOENT ? 0 : failed("remove", path, err);
    if (!S_ISDIR(s.st_mode)) return unlink(path) == 0 ? 0 : failed("remove", path, err);
    char **names = NULL;
    int n = 0, rc = folder_list(&names, &n, path, err);
    for (int i = 0; i < n && rc == 0; i++) {
        char inner[FILE_PATH_MAX];
        rc = path_join(inner, path, names[i], err);
        if (rc == 0) rc = folder_remove(inner, err);
    }
    folder_list_free(names, n);
    if (rc == 0 && rmdir(path) != 0) rc = failed("remove", path, err);
    return rc;
}

int folder_begin(char *temporary, const char *path, Error *err)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    const int length =
        snprintf(temporary, FILE_PATH_MAX, "%.*s.tmp-%ld", (int)n, path, (long)getpid());
    if (length < 0 || length >= FILE_PATH_MAX)
        return error_set(err, "%.200s...: path too long", path);
    char parent[FILE_PATH_MAX];
    parent_of(parent, path);
    if (folder_make(parent, err) != 0) return -1;
    if (folder_remove(temporary, err) != 0) return -1;
    if (mkdir(temporary, 0777) != 0) return failed("make the folder", temporary, err);
    return 0;
}

static int sync_tree(const char *path, Error *err)
{
    char **names = NULL;
    int n = 0, rc = folder_list(&names, &n, path, err);
    for (int i = 0; i < n && rc == 0; i++) {
        char inner[FILE_PATH_MAX];
        struct stat s;
        rc = path_join(inner, path, names[i], err);
        if (rc != 0) break;
        if (lstat(inner, &s) != 0) rc = failed("save", inner, err);
        else if (S_ISDIR(s.st_mode)) rc = sync_tree(inner, err);
        else if (S_ISREG(s.st_mode)) {
            const int fd = open(inner, O_RDONLY | O_CLOEXEC);
            rc = fd < 0 ? failed("save", inner, err) : file_sync(fd, inner, err);
            if (fd >= 0) close(fd);
        }
    }
    folder_list_free(names, n);
    return rc == 0 ? file_sync_folder(path, err) : rc;
}

/* Put `temporary` in the place of the folder `path`; what stood there ends up under `old`. */
static int swap_in(char *old, const char *temporary, const char *path, Error *err)
{
#ifdef RENAME_EXCHANGE
    /* One step, so that no crash finds neither the old nor the new one under the name. */
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_EXCHANGE) == 0) {
        snprintf(old, FILE_PATH_MAX, "%s", temporary);
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) return failed("replace", path, err);
#endif
    const int length = snprintf(old, FILE_PATH_MAX, "%s.old", temporary);
    if (length < 0 || length >= FILE_PATH_MAX)
        return error_set(err, "%.200s...: path too long", path);
    if (rename(path, old) != 0) return failed("replace", path, err);
    if (rename(temporary, path) != 0) {
        failed("replace", path, err);
        (void)!rename(old, path);
        return -1;
    }
    return 0;
}

int folder_commit(const char *temporary, const char *path, Error *err)
{
    char parent[FILE_PATH_MAX], old[FILE_PATH_MAX] = "";
    Error ignored;
    parent_of(parent, path);
    if (sync_tree(temporary, err) != 0) goto failed;
    if (file_is_folder(path)) {
        if (swap_in(old, temporary, path, err) != 0) goto failed;
    } else if (rename(temporary, path) != 0) {
        failed("write", path, err);
        goto failed;
    }
    if (file_sync_folder(parent, err) != 0) return -1;
    return old[0] ? folder_remove(old, err) : 0;

failed:
    folder_remove(temporary, &ignored);
    return -1;
}
