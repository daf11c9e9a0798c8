/* Requests over HTTP: downloads that end in a complete, checked file or in none, and short answers.
 *
 * Bytes of a download gather in PATH.part, which a later call takes up again (PATH.part.from remembers the
 * address and the version they belong to); PATH appears by rename once size and hash are right and the bytes
 * are on the disk.  https only, at most 5 redirects, TLS 1.2 or later; plain http to this machine alone.
 * A token goes to the host of the first address and to no other.
 * Whether the program may use the network at all (--offline) is the caller's to ask. */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stdint.h>

#include "base/error.h"
#include "base/file.h"
#include "base/git_hash.h"
#include "base/text.h"

/* A header of an answer that the caller wants to see. */
enum { HTTP_HEADER_MAX = 512 };
typedef struct {
    const char *name; /* "x-repo-commit"; case does not matter */
    /* of the last answer, also after a failure; "" when absent or longer */
    char value[HTTP_HEADER_MAX];
} HttpHeader;

/* Zero-initialised is the default everywhere. */
typedef struct {
    int64_t size; /* bytes it must have; 0: not known */
    /* bytes it may have at most; 0: any number, of an answer in memory 64 MiB */
    int64_t size_limit;
    const char *sha256;   /* hex digits it must have; NULL: not known */
    const char *git_hash; /* the same of git_hash_file */
    /* Where the bytes gather instead of PATH.part; without PATH.part.from, so a hash must be known. */
    const char *part;
    /* a token; redirects to another host are followed without it.  NULL: none */
    const char *bearer;
    HttpHeader *header;
    int n_headers;
    double backoff;       /* seconds before the second try, doubled each time; 0: 1 second */
    double stall_seconds; /* how long less than 1 KiB/s may come; 0: 30 */
    /* Called now and then with the bytes there and the bytes in all (0: not known). */
    void (*on_progress)(void *context, int64_t bytes, int64_t total);
    void *context;
} HttpOptions;

typedef struct {
    int64_t bytes;
    int64_t resumed;         /* bytes that were there from an earlier call */
    int requests;            /* redirects and repetitions included */
    int status;              /* of the last answer, also after a failure; 0: there was none */
    bool elsewhere;          /* that answer was another host's than the first address names */
    char sha256[SHA256_HEX]; /* of a download; "" when it was checked by its git_hash */
} HttpResult;

/* Tries up to 5 times without progress on broken connections, 408, 429 and 5xx; obeys Retry-After and
 * RateLimit up to two minutes.  An interrupt (base/interrupt.h) stops it and keeps PATH.part.  options and
 * result may be NULL. */
int http_download(const char *url, const char *path, const HttpOptions *options, HttpResult *result,
                  Error *err);
/* The body of an answer in memory, after what `body` holds, with the same patience. */
int http_get(Text *body, const char *url, const HttpOptions *options, HttpResult *result,
             Error *err);
/* The headers alone.  A redirect to another host ends it well: what the first host says of the file is
 * wanted, not what the store behind it says. */
int http_head(const char *url, const HttpOptions *options, HttpResult *result, Error *err);

#endif
