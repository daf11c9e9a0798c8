/* Downloads over HTTP that end in a complete, checked file or in none.
 *
 * Bytes gather in PATH.part, which a later call takes up again (PATH.part.from remembers the address and the
 * version they belong to); PATH appears by rename once size and SHA-256 are right and the bytes are on
 * the disk.  https only, at most 5 redirects, TLS 1.2 or later; plain http to this machine alone.
 * Whether the program may use the network at all (--offline) is the caller's to ask. */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stdint.h>

#include "base/error.h"
#include "base/file.h"

/* Zero-initialised is the default everywhere. */
typedef struct {
    int64_t size;         /* bytes it must have; 0: not known */
    int64_t size_limit;   /* bytes it may have at most; 0: any number */
    const char *sha256;   /* hex digits it must have; NULL: not known */
    double backoff;       /* seconds before the second try, doubled each time; 0: 1 second */
    double stall_seconds; /* how long less than 1 KiB/s may come; 0: 30 */
    /* Called now and then with the bytes there and the bytes in all (0: not known). */
    void (*on_progress)(void *context, int64_t bytes, int64_t total);
    void *context;
} HttpOptions;

typedef struct {
    int64_t bytes;
    int64_t resumed; /* bytes that were there from an earlier call */
    int requests;    /* redirects and repetitions included */
    char sha256[SHA256_HEX];
} HttpResult;

/* Tries up to 5 times without progress on broken connections, 408, 429 and 5xx; obeys Retry-After up to
 * two minutes.  An interrupt (base/interrupt.h) stops it and keeps PATH.part.  options and result may be
 * NULL. */
int http_download(const char *url, const char *path, const HttpOptions *options, HttpResult *result,
                  Error *err);

#endif
