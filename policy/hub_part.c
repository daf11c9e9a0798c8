#include "policy/hub_part.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

static const char END[] = ".incomplete";

/* HASH.incomplete is what older versions of huggingface_hub leave. */
static bool is_part(const char *name, const char *hash)
{
    const size_t n = strlen(hash), all = strlen(name), end = sizeof END - 1;
    return all >= n + end && strncmp(name, hash, n) == 0 && strcmp(name + all - end, END) == 0 &&
           (all == n + end || name[n] == '.');
}

/* Calls `each` with the path of every part of the blob. */
static void visit(const char *blob, void (*each)(void *context, const char *path), void *context)
{
    char path[FILE_PATH_MAX], **names = NULL;
    char *folder_copy = mem_strdup(blob), *name_copy = mem_strdup(blob);
    const char *folder = dirname(folder_copy), *hash = basename(name_copy);
    int n = 0;
    Error ignored;
    if (file_is_folder(folder) && folder_list(&names, &n, folder, &ignored) == 0)
        for (int i = 0; i < n; i++)
            if (is_part(names[i], hash) && path_join(path, folder, names[i], &ignored) == 0)
                each(context, path);
    folder_list_free(names, n);
    free(folder_copy);
    free(name_copy);
}

typedef struct {
    char path[FILE_PATH_MAX];
    int64_t size;
} Largest;

static void compare(void *context, const char *path)
{
    Largest *l = context;
    const int64_t size = file_size(path);
    if (size <= l->size) return;
    l->size = size;
    snprintf(l->path, sizeof l->path, "%s", path);
}

int64_t hub_part_size(const char *blob)
{
    Largest l = {0};
    visit(blob, compare, &l);
    return l.size;
}

/* A download that lives writes more often: it gives up after 30 seconds without bytes, and a server makes it wait
 * for two minutes at most. */
static bool is_left_behind(const char *path)
{
    enum { QUIET_SECONDS = 300 };
    struct stat s;
    return stat(path, &s) == 0 && time(NULL) - s.st_mtime > QUIET_SECONDS;
}

static int copy(int to, const char *path)
{
    enum { PIECE = 1 << 20 };
    char *bytes = mem_calloc(PIECE, 1);
    ssize_t n = -1;
    const int from = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    while (from >= 0 && (n = read(from, bytes, PIECE)) > 0)
        if (write(to, bytes, (size_t)n) != n) {
            n = -1;
            break;
        }
    if (from >= 0) close(from);
    free(bytes);
    return n == 0 ? 0 : -1;
}

int hub_part_take(char out[FILE_PATH_MAX], const char *blob, Error *err)
{
    Largest l = {0};
    int fd = -1;
    while (fd < 0) {
        uint32_t digits = 0;
        if (getrandom(&digits, sizeof digits, 0) != (ssize_t)sizeof digits)
            return error_set(err, "no random bytes: %s", strerror(errno));
        if (snprintf(out, FILE_PATH_MAX, "%s.%08" PRIx32 "%s", blob, digits, END) >= FILE_PATH_MAX)
            return error_set(err, "%.200s...: path too long", blob);
        fd = open(out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            return error_set(err, "cannot write %s: %s", out, strerror(errno));
    }
    visit(blob, compare, &l);
    /* Of one that may be written at this moment a copy; the hash at the end vouches for it.  Where a second one
     * does not fit, the bytes count more. */
    if (l.size > 0 && (is_left_behind(l.path) || copy(fd, l.path) != 0) && rename(l.path, out) != 0)
        unlink(out);
    close(fd);
    return 0;
}

static void remove_one(void *context, const char *path)
{
    (void)context;
    unlink(path);
}

void hub_part_remove(const char *blob)
{
    visit(blob, remove_one, NULL);
}
