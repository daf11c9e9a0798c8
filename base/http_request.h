/* One thing asked over HTTP, with the redirects it meets and the tries it takes.  What becomes of the body
 * is its owner's to say: base/http.c alone uses it. */
#ifndef BASE_HTTP_REQUEST_H
#define BASE_HTTP_REQUEST_H

#include "base/http.h"
#include "base/http_part.h"

/* What became of a try.  RESTART: the bytes that are there are of no use. */
typedef enum { HTTP_DONE, HTTP_AGAIN, HTTP_RESTART, HTTP_FAILED } HttpOutcome;

typedef struct HttpRequest HttpRequest;
struct HttpRequest {
    /* The question; the strings stay with the owner. */
    const char *url;
    const HttpOptions *options;
    bool head; /* the headers alone, of the first host */
    /* Bytes that are there, so that only the rest is asked for, and their entity tag ("" not known); their
     * owner counts on while he takes more. */
    int64_t have;
    const char *version;

    /* The body of a 200 or 206: `begin` comes before its first byte or when it ends without one.  When one
     * of them gives up with false, `refused` says what that means. */
    bool (*begin)(void *context);
    bool (*take)(void *context, const char *bytes, size_t n);
    HttpOutcome (*refused)(void *context, Error *err);
    void (*progress)(void *context); /* may be NULL */
    void *context;

    /* The answer. */
    char shown[256]; /* the address in messages: a query may hold a signature */
    long status;
    int requests;
    char etag[HTTP_ETAG_MAX], content_range[128]; /* "" when absent */
    bool started;                                 /* its body began */
    bool elsewhere; /* a redirect has led to another host, for which no token is */

    struct HttpRequestState *state;
};

/* Zero-initialised, then filled by its owner; http_request_close also after a failure. */
int http_request_open(HttpRequest *r, Error *err);
void http_request_close(HttpRequest *r);
/* Until it is done, of no use or hopeless. */
HttpOutcome http_request_perform(HttpRequest *r, Error *err);
/* Content-Length of the answer, -1 when it has none. */
int64_t http_request_length(const HttpRequest *r);

#endif
