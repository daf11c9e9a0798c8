#include "labeling/typed.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"

enum { CHUNK = 4096, TICK_MS = 200 };

/* poll comes back at a signal; a blocked read would be taken up again. */
Typed typed_next(TypedLines *r, Text *line)
{
    for (;;) {
        const char *stop = r->bytes.n ? memchr(r->bytes.bytes, '\n', r->bytes.n) : NULL;
        if (stop || (r->ended && r->bytes.n)) {
            const size_t n = stop ? (size_t)(stop - r->bytes.bytes) : r->bytes.n;
            text_clear(line);
            text_append(line, r->bytes.bytes, n);
            const size_t used = stop ? n + 1 : n;
            memmove(r->bytes.bytes, r->bytes.bytes + used, r->bytes.n - used + 1);
            r->bytes.n -= used;
            return TYPED_LINE;
        }
        if (r->ended) return TYPED_END;
        struct pollfd p = {.fd = r->fd, .events = POLLIN};
        const int ready = poll(&p, 1, TICK_MS);
        if (interrupt_pending())
            return interrupt_pending() == SIGHUP ? TYPED_HANG_UP : TYPED_SIGNAL;
        if (r->terminal && ready > 0 && (p.revents & POLLHUP)) return TYPED_HANG_UP;
        if (ready <= 0) continue;
        char chunk[CHUNK];
        const ssize_t n = read(r->fd, chunk, sizeof chunk);
        if (n > 0) text_append(&r->bytes, chunk, (size_t)n);
        else if (n == 0 || errno != EINTR) r->ended = true;
    }
}

void typed_free(TypedLines *r)
{
    text_free(&r->bytes);
}
