/* The file a download gathers in until it is whole: PATH.part, and beside it PATH.part.from, which remembers
 * the address and the version that the bytes belong to, so that a later call can go on with them.
 * One process at a time works on a part; base/http.c alone uses it. */
#ifndef BASE_HTTP_PART_H
#define BASE_HTTP_PART_H

#include <stdint.h>

#include "base/error.h"
#include "base/file.h"

enum { HTTP_URL_MAX = 8192, HTTP_ETAG_MAX = 256 };

typedef struct {
    const char *url, *whole;                       /* of the download: where it is from, PATH */
    char path[FILE_PATH_MAX], from[FILE_PATH_MAX]; /* from: "" when nothing is to remember it */
    int fd;
    int64_t have;             /* bytes that are there */
    char etag[HTTP_ETAG_MAX]; /* entity tag of the version they belong to; "" when not known */
} HttpPart;

/* Open or make it, and learn what is there.  `url` and `whole` stay with the caller.  `path` is where the
 * bytes gather instead of PATH.part, and then nothing remembers where they are from; NULL: PATH.part.
 * Also after a failure http_part_close. */
int http_part_open(HttpPart *p, const char *url, const char *whole, const char *path, Error *err);
void http_part_close(HttpPart *p);

/* -1 with errno: libcurl calls these, and can carry no message through. */
int http_part_append(HttpPart *p, const char *bytes, size_t n);
int http_part_cut(HttpPart *p); /* to nothing, of no version */
/* The bytes from now on are of this version. */
void http_part_set_etag(HttpPart *p, const char *etag);

/* "cannot DOING PATH.part: REASON", the reason from errno; returns -1. */
int http_part_failed(const HttpPart *p, const char *doing, Error *err);
/* The bytes are right: PATH appears, on the disk. */
int http_part_commit(HttpPart *p, Error *err);
void http_part_remove(HttpPart *p);

#endif
