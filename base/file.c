#include "base/file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static int failed(const char *doing, const char *path, Error *err)
{
    return error_set(err, "cannot %s %s: %s", doing, path, strerror(errno));
}

/* close is not retried on EINTR: Linux has let the descriptor go by then, and another thread may own it. */
static int open_retrying(const char *path, int flags)
{
    int fd;
    do fd = open(path, flags | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static ssize_t read_retrying(int fd, void *bytes, size_t n)
{
    ssize_t got;
    do got = read(fd, bytes, n);
    while (got < 0 && errno == EINTR);
    return got;
}

/* O_NONBLOCK, for opening alone: a named pipe that nobody writes to is empty, and not waited for. */
static int open_for_reading(const char *path, Error *err)
{
    const int fd = open_retrying(path, O_RDONLY | O_NONBLOCK);
    if (fd < 0) return failed("read", path, err);
    fcntl(fd, F_SETFL, 0);
    struct stat s;
    if (fstat(fd, &s) == 0 && S_ISDIR(s.st_mode)) {
        close(fd);
        return error_set(err, "cannot read %s: it is a folder", path);
    }
    return fd;
}

int file_read(char **out, size_t *n, const char *path, size_t limit, Error *err)
{
    const int fd = open_for_reading(path, err);
    if (fd < 0) return -1;

    /* Read to the end rather than to st_size, so that pipes and /proc work as well. */
    struct stat s;
    size_t room = fstat(fd, &s) == 0 && s.st_size > 0 ? (size_t)s.st_size + 1 : 4096, used = 0;
    if (room - 1 > limit) room = limit + 2;
    char *bytes = mem_calloc(room + 1, 1);
    int rc = -1;
    for (;;) {
        const ssize_t got = read_retrying(fd, bytes + used, room - used);
        if (got < 0) {
            failed("read", path, err);
            goto done;
        }
        used += (size_t)got;
        if (used > limit) {
            error_set(err, "%s is larger than %zu bytes", path, limit);
            goto done;
        }
        if (got == 0) break;
        if (used == room) bytes = mem_realloc(bytes, (room *= 2) + 1, 1);
    }
    bytes[used] = 0;
    *out = bytes;
    if (n) *n = used;
    bytes = NULL;
    rc = 0;

done:
    free(bytes);
    close(fd);
    return rc;
}

int file_sync(int fd, const char *path, Error *err)
{
    int rc;
    do rc = fsync(fd);
    while (rc != 0 && errno == EINTR);
    /* Pipes, sockets and some file systems' folders have nothing to sync. */
    if (rc != 0 && errno != EINVAL && errno != ENOTSUP) return failed("save", path, err);
    return 0;
}

int file_sync_folder(const char *path, Error *err)
{
    const int fd = open_retrying(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) return failed("open", path, err);
    const int rc = file_sync(fd, path, err);
    close(fd);
    return rc;
}

static int sync_parent(const char *path, Error *err)
{
    char parent[FILE_PATH_MAX];
    snprintf(parent, sizeof parent, "%s", path);
    size_t n = strlen(parent);
    while (n > 1 && parent[n - 1] == '/') parent[--n] = 0;
    char *slash = strrchr(parent, '/');
    if (!slash) return file_sync_folder(".", err);
    slash[slash == parent] = 0;
    return file_sync_folder(parent, err);
}

static int temporary_name(char *out, const char *path, Error *err)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    const int length = snprintf(out, FILE_PATH_MAX, "%.*s.tmp-%ld", (int)n, path, (long)getpid());
    if (length < 0 || length >= FILE_PATH_MAX)
        return error_set(err, "%.200s...: path too long", path);
    return 0;
}

int file_begin(FileWriter *w, const char *path, Error *err)
{
    w->stream = NULL;
    w->temporary[0] = 0;
    if (temporary_name(w->temporary, path, err) != 0) return w->temporary[0] = 0, -1;
    snprintf(w->path, sizeof w->path, "%s", path);
    const int fd = open_retrying(w->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    if (fd < 0) {
        failed("write", path, err);
        w->temporary[0] = 0;
        return -1;
    }
    struct stat old;
    if (stat(path, &old) == 0) (void)!fchmod(fd, old.st_mode & 07777);
    w->stream = fdopen(fd, "wb");
    if (!w->stream) {
        failed("write", path, err);
        close(fd);
        file_abandon(w);
        return -1;
    }
    return 0;
}

/* fwrite takes up short and interrupted writes itself, except for an EINTR that it hands up. */
int file_put(FileWriter *w, const void *bytes, size_t n, Error *err)
{
    assert(w->stream);
    const char *at = bytes;
    while (n > 0) {
        errno = 0;
        const size_t put = fwrite(at, 1, n, w->stream);
        at += put, n -= put;
        if (n > 0 && errno != EINTR) return failed("write", w->path, err);
        if (n > 0) clearerr(w->stream);
    }
    return 0;
}

static int flush(FILE *stream)
{
    int rc;
    do {
        clearerr(stream);
        rc = fflush(stream);
    } while (rc != 0 && errno == EINTR);
    return rc;
}

int file_commit(FileWriter *w, Error *err)
{
    assert(w->stream);
    int rc = -1;
    if (ferror(w->stream)) {
        error_set(err, "cannot write %s: an earlier write failed", w->path);
        goto done;
    }
    if (flush(w->stream) != 0) {
        failed("write", w->path, err);
        goto done;
    }
    if (file_sync(fileno(w->stream), w->path, err) != 0) goto done;
    FILE *stream = w->stream;
    w->stream = NULL;
    if (fclose(stream) != 0 || rename(w->temporary, w->path) != 0) {
        failed("write", w->path, err);
        goto done;
    }
    w->temporary[0] = 0;
    rc = sync_parent(w->path, err);

done:
    file_abandon(w);
    return rc;
}

void file_abandon(FileWriter *w)
{
    if (w->stream) fclose(w->stream);
    if (w->temporary[0]) unlink(w->temporary);
    w->stream = NULL;
    w->temporary[0] = 0;
}

int file_write(const char *path, const void *bytes, size_t n, Error *err)
{
    FileWriter w;
    if (file_begin(&w, path, err) != 0) return -1;
    if (file_put(&w, bytes, n, err) != 0) {
        file_abandon(&w);
        return -1;
    }
    return file_commit(&w, err);
}

bool file_exists(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0;
}

bool file_is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

int64_t file_size(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 ? (int64_t)s.st_size : -1;
}

int path_join(char *out, const char *folder, const char *name, Error *err)
{
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/') n--;
    const char *slash = n == 0 || (n == 1 && folder[0] == '/') ? "" : "/";
    const int length = snprintf(out, FILE_PATH_MAX, "%.*s%s%s", (int)n, folder, slash, name);
    if (length < 0 || length >= FILE_PATH_MAX)
        return error_set(err, "%.100s.../%.100s: path too long", folder, name);
    return 0;
}

/* ---- SHA-256 and keyed hashes ---- */

static void start_sodium(void)
{
    const int rc = sodium_init();
    assert(rc >= 0);
    (void)rc;
}

static void to_hex(char out[SHA256_HEX], const unsigned char digest[crypto_hash_sha256_BYTES])
{
    sodium_bin2hex(out, SHA256_HEX, digest, crypto_hash_sha256_BYTES);
}

void sha256_hex(char out[SHA256_HEX], const void *bytes, size_t n)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    start_sodium();
    crypto_hash_sha256(digest, bytes, n);
    to_hex(out, digest);
}

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof((Sha256 *)0)->state,
               "the library's state has grown");

static crypto_hash_sha256_state *state_of(Sha256 *s)
{
    return (void *)s->state;
}

void sha256_begin(Sha256 *s)
{
    start_sodium();
    crypto_hash_sha256_init(state_of(s));
}

void sha256_add(Sha256 *s, const void *bytes, size_t n)
{
    if (n > 0) crypto_hash_sha256_update(state_of(s), bytes, n);
}

void sha256_end(Sha256 *s, char out[SHA256_HEX])
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(state_of(s), digest);
    to_hex(out, digest);
}

void sha256_parts(char out[SHA256_HEX], const HashPart *part, int n)
{
    Sha256 s;
    sha256_begin(&s);
    for (int i = 0; i < n; i++) {
        unsigned char length[8];
        for (int b = 0; b < 8; b++) length[b] = (unsigned char)((uint64_t)part[i].n >> (8 * b));
        sha256_add(&s, length, sizeof length);
        sha256_add(&s, part[i].bytes, part[i].n);
    }
    sha256_end(&s, out);
}

int sha256_file(char out[SHA256_HEX], const char *path, Error *err)
{
    const int fd = open_for_reading(path, err);
    if (fd < 0) return -1;
    Sha256 s;
    unsigned char block[1 << 16];
    ssize_t got;
    sha256_begin(&s);
    while ((got = read_retrying(fd, block, sizeof block)) > 0) sha256_add(&s, block, (size_t)got);
    const int rc = got < 0 ? failed("read", path, err) : 0;
    close(fd);
    if (rc == 0) sha256_end(&s, out);
    return rc;
}

uint64_t keyed_hash(const void *bytes, size_t n, const char *key)
{
    /* The key of any length becomes one of 32 bytes. */
    unsigned char short_key[crypto_generichash_KEYBYTES], digest[crypto_generichash_BYTES];
    start_sodium();
    crypto_generichash(short_key, sizeof short_key, (const unsigned char *)key, strlen(key), NULL,
                       0);
    crypto_generichash(digest, sizeof digest, bytes, n, short_key, sizeof short_key);
    uint64_t h = 0;
    for (int i = 7; i >= 0; i--) h = h << 8 | digest[i];
    return h;
}
