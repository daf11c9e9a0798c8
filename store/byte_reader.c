#include "store/byte_reader.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"

enum { TICK_MS = 200, GZIP_WINDOW = 15 + 16 }; /* zlib's word for a gzip header */
static const unsigned char MAGIC[] = {0x1F, 0x8B};

/* A named pipe is opened without waiting for somebody who writes; reading waits, and can be stopped. */
int byte_reader_open(ByteReader *r, const char *path, Error *err)
{
    const bool in = strcmp(path, "-") == 0;
    *r = (ByteReader){.path = in ? "standard input" : path};
    r->fd = in ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (r->fd < 0) return error_set(err, "cannot read %s: %s", r->path, strerror(errno));
    r->z.next_in = r->in;
    return 0;
}

void byte_reader_close(ByteReader *r)
{
    if (!r->path) return;
    if (r->kind == BYTES_GZIP) inflateEnd(&r->z);
    if (r->fd >= 0) close(r->fd);
    *r = (ByteReader){.fd = -1};
}

/* poll comes back at a signal, and looks again now and then for one that came just before it. */
static int wait_for_bytes(ByteReader *r, Error *err)
{
    struct pollfd p = {.fd = r->fd, .events = POLLIN};
    for (;;) {
        const int ready = poll(&p, 1, TICK_MS);
        if (ready > 0) return 1;
        if (ready < 0 && errno != EINTR) return error_set(err, "%s: %s", r->path, strerror(errno));
        r->stopped = interrupt_pending() != 0;
        if (r->stopped) return 0;
    }
}

/* More of the file behind the bytes that are there; 1, or 0 at its end or when stopped. */
static int load(ByteReader *r, Error *err)
{
    ssize_t got = -1;
    if (r->z.avail_in == 0) {
        r->z.next_in = r->in;
        r->n = 0;
    }
    while (got < 0) {
        const int ready = wait_for_bytes(r, err);
        if (ready != 1) return ready;
        got = read(r->fd, r->in + r->n, sizeof r->in - r->n);
        if (got < 0 && errno != EINTR && errno != EAGAIN)
            return error_set(err, "%s: %s", r->path, strerror(errno));
    }
    r->n += (size_t)got;
    r->z.avail_in += (unsigned)got;
    r->offset += got;
    return got > 0;
}

static int recognise(ByteReader *r, Error *err)
{
    int more = 1;
    while (r->n < sizeof MAGIC && more == 1) more = load(r, err);
    if (more < 0 || r->stopped) return more;
    r->kind =
        r->n >= sizeof MAGIC && memcmp(r->in, MAGIC, sizeof MAGIC) == 0 ? BYTES_GZIP : BYTES_PLAIN;
    if (r->kind == BYTES_GZIP && inflateInit2(&r->z, GZIP_WINDOW) != Z_OK) {
        r->kind = BYTES_PLAIN;
        return error_set(err, "%s: cannot be unpacked", r->path);
    }
    return 0;
}

static ssize_t copy(ByteReader *r, char *out, size_t n, Error *err)
{
    const int more = r->z.avail_in > 0 ? 1 : load(r, err);
    if (more != 1) return more;
    if (n > r->z.avail_in) n = r->z.avail_in;
    memcpy(out, r->z.next_in, n);
    r->z.next_in += n;
    r->z.avail_in -= (unsigned)n;
    return (ssize_t)n;
}

/* Several members may stand one after the other; what is behind them and is none is nobody's (RFC 1952, 2.2, and
 * what gzip does). */
static ssize_t unpack(ByteReader *r, char *out, size_t n, Error *err)
{
    r->z.next_out = (unsigned char *)out;
    r->z.avail_out = (unsigned)n;
    while (r->z.avail_out == n) {
        const int more = r->z.avail_in > 0 ? 1 : load(r, err);
        if (more < 0 || r->stopped) return more;
        if (more == 0 && !r->between)
            return error_set(err, "%s: the compressed file is cut short", r->path);
        if (more == 0 || (r->between && *r->z.next_in != MAGIC[0])) return 0;
        r->between = false;
        const int rc = inflate(&r->z, Z_NO_FLUSH); /* an error comes again, after what was there */
        if (rc == Z_STREAM_END) {
            r->between = true;
            inflateReset(&r->z);
        } else if (rc != Z_OK && r->z.avail_out == n) {
            return error_set(err, "%s: %s", r->path, r->z.msg ? r->z.msg : "cannot be unpacked");
        }
    }
    return (ssize_t)(n - r->z.avail_out);
}

ssize_t byte_reader_read(ByteReader *r, char *out, size_t n, Error *err)
{
    assert(n > 0 && n <= 1 << 30);
    if (r->kind == BYTES_UNKNOWN && recognise(r, err) != 0) return -1;
    if (r->stopped) return 0;
    return r->kind == BYTES_GZIP ? unpack(r, out, n, err) : copy(r, out, n, err);
}
