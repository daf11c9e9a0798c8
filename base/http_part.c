#include "base/http_part.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

int http_part_failed(const HttpPart *p, const char *doing, Error *err)
{
    return error_set(err, "cannot %s %s: %s", doing, p->path, strerror(errno));
}

/* ---- where the bytes are from: the address, then the entity tag, a line each ---- */

static void from_read(HttpPart *p)
{
    char *bytes = NULL, *line_end;
    Error ignored;
    if (!p->from[0] ||
        file_read(&bytes, NULL, p->from, HTTP_URL_MAX + HTTP_ETAG_MAX, &ignored) != 0)
        return;
    if ((line_end = strchr(bytes, '\n')) != NULL) {
        *line_end = 0;
        char *etag = line_end + 1;
        etag[strcspn(etag, "\n")] = 0;
        if (strcmp(bytes, p->url) == 0 && strlen(etag) < HTTP_ETAG_MAX) strcpy(p->etag, etag);
    }
    free(bytes);
}

void http_part_set_etag(HttpPart *p, const char *etag)
{
    if (strcmp(p->etag, etag) == 0) return;
    if (!p->from[0]) {
        snprintf(p->etag, sizeof p->etag, "%s", etag);
        return;
    }
    Error ignored;
    char *lines = mem_format("%s\n%s\n", p->url, etag);
    /* A version that is not remembered is one that is not known. */
    const bool written = file_write(p->from, lines, strlen(lines), &ignored) == 0;
    snprintf(p->etag, sizeof p->etag, "%s", written ? etag : "");
    free(lines);
}

/* ---- the bytes ---- */

static int name_files(HttpPart *p, const char *path, Error *err)
{
    int n;
    if (path) n = snprintf(p->path, sizeof p->path, "%s", path);
    else {
        n = snprintf(p->from, sizeof p->from, "%s.part.from", p->whole);
        snprintf(p->path, sizeof p->path, "%s.part", p->whole);
    }
    return n < FILE_PATH_MAX ? 0 : error_set(err, "%.200s...: path too long", p->whole);
}

int http_part_open(HttpPart *p, const char *url, const char *whole, const char *path, Error *err)
{
    *p = (HttpPart){.url = url, .whole = whole, .fd = -1};
    if (name_files(p, path, err) != 0) return -1;
    p->fd = open(p->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (p->fd < 0) return http_part_failed(p, "write", err);
    if (flock(p->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return error_set(err, "%s is being written by another process", p->path);
    /* Another process may have finished, and renamed this very file, between the two calls above. */
    struct stat s, named;
    if (fstat(p->fd, &s) != 0) return http_part_failed(p, "read", err);
    if (stat(p->path, &named) != 0 || named.st_ino != s.st_ino)
        return error_set(err, "%s was finished by another process just now", p->whole);
    p->have = s.st_size;
    if (p->have == 0) return 0;
    from_read(p);
    return lseek(p->fd, 0, SEEK_END) < 0 ? http_part_failed(p, "read", err) : 0;
}

void http_part_close(HttpPart *p)
{
    if (p->fd >= 0) close(p->fd);
    p->fd = -1;
}

int http_part_append(HttpPart *p, const char *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        const ssize_t wrote = write(p->fd, bytes + done, n - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return -1;
        done += (size_t)wrote;
        p->have += wrote;
    }
    return 0;
}

int http_part_cut(HttpPart *p)
{
    p->have = 0;
    p->etag[0] = 0;
    return ftruncate(p->fd, 0) == 0 && lseek(p->fd, 0, SEEK_SET) == 0 ? 0 : -1;
}

int http_part_commit(HttpPart *p, Error *err)
{
    if (file_sync(p->fd, p->path, err) != 0) return -1;
    if (rename(p->path, p->whole) != 0)
        return error_set(err, "cannot rename %s to %s: %s", p->path, p->whole, strerror(errno));
    if (p->from[0]) unlink(p->from);
    char *copy = mem_strdup(p->whole);
    const int rc = file_sync_folder(dirname(copy), err);
    free(copy);
    return rc;
}

void http_part_remove(HttpPart *p)
{
    unlink(p->path);
    if (p->from[0]) unlink(p->from);
}
