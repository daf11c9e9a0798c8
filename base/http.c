#include "base/http.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/http_part.h"
#include "base/http_request.h"
#include "base/mem.h"

enum { RESTARTS_MAX = 2, MEMORY_MAX = 64 << 20 };

/* ---- a body that becomes a file ---- */

typedef struct {
    HttpRequest request;
    HttpPart part;
    HttpOptions options;
    HttpResult result;
    int64_t total;   /* bytes in all as the server says, 0 when it does not */
    bool restart;    /* the part is of no use */
    int write_errno; /* why writing failed */
    bool too_large;
} Download;

static bool cut(Download *d)
{
    d->total = d->result.resumed = d->request.have = 0;
    return http_part_cut(&d->part) == 0;
}

/* A 206 goes on where the part ends; a 200 is the whole file, because the part is empty, of another version,
 * or the server does not know ranges. */
static bool begin(void *context)
{
    Download *d = context;
    const HttpRequest *r = &d->request;
    const int64_t length = http_request_length(r);
    d->restart = d->too_large = false;
    d->write_errno = 0;
    if (r->status == 206) {
        long long first = -1, last = -1, total = 0;
        if (sscanf(r->content_range, "bytes %lld-%lld/%lld", &first, &last, &total) < 2 ||
            first != d->part.have || (d->total > 0 && total > 0 && total != d->total)) {
            d->restart = true;
            return false;
        }
        d->total = total > 0 ? total : length >= 0 ? d->part.have + length : 0;
    } else {
        if (d->part.have > 0 && !cut(d)) return d->write_errno = errno, false;
        d->result.resumed = 0;
        d->total = length > 0 ? length : 0;
    }
    /* A weak tag promises equal meaning, not equal bytes. */
    http_part_set_etag(&d->part, strncmp(r->etag, "W/", 2) == 0 ? "" : r->etag);
    return true;
}

static bool exceeds(const Download *d, int64_t bytes)
{
    const int64_t limit = d->options.size > 0 ? d->options.size : d->options.size_limit;
    return limit > 0 && bytes > limit;
}

static bool take(void *context, const char *bytes, size_t n)
{
    Download *d = context;
    if (exceeds(d, d->part.have + (int64_t)n) || exceeds(d, d->total))
        return d->too_large = true, false;
    const bool written = http_part_append(&d->part, bytes, n) == 0;
    if (!written) d->write_errno = errno;
    d->request.have = d->part.have;
    return written;
}

static HttpOutcome refused(void *context, Error *err)
{
    Download *d = context;
    const HttpOptions *o = &d->options;
    if (d->restart) return HTTP_RESTART;
    if (d->too_large) {
        error_set(err, "%s: larger than the %lld bytes %s", d->request.shown,
                  (long long)(o->size > 0 ? o->size : o->size_limit),
                  o->size > 0 ? "it should have" : "allowed");
        http_part_remove(&d->part);
        return HTTP_FAILED;
    }
    errno = d->write_errno;
    http_part_failed(&d->part, "write", err);
    error_hint(err, "make room and run the same command again: it goes on from here");
    return HTTP_FAILED;
}

static void progress(void *context)
{
    Download *d = context;
    if (d->options.on_progress) d->options.on_progress(d->options.context, d->part.have, d->total);
}

static int fetch(Download *d, Error *err)
{
    for (int restarts = 0;;) {
        d->request.have = d->part.have;
        const HttpOutcome outcome = http_request_perform(&d->request, err);
        if (outcome != HTTP_RESTART) return outcome == HTTP_DONE ? 0 : -1;
        if (++restarts > RESTARTS_MAX)
            return error_set(err, "%s: the server mixes up ranges of the file", d->request.shown);
        if (!cut(d)) return http_part_failed(&d->part, "empty", err);
    }
}

/* ---- the whole file ---- */

static int hash_is_wrong(const Download *d, const char *kind, const char *has, const char *expected,
                         Error *err)
{
    error_set(err, "%s has %s %s, expected %s", d->request.shown, kind, has, expected);
    error_hint(err, "the file was changed at its source or on the way; nothing was kept");
    return 1;
}

/* 1: the bytes are wrong.  -1: they could not be read. */
static int part_verify(Download *d, Error *err)
{
    const HttpOptions *o = &d->options;
    if (o->size > 0 && d->part.have != o->size) {
        error_set(err, "%s has %lld bytes, expected %lld", d->request.shown,
                  (long long)d->part.have, (long long)o->size);
        return 1;
    }
    if (o->git_hash) {
        char hash[GIT_HASH_HEX];
        if (git_hash_file(hash, d->part.path, err) != 0) return -1;
        const bool right = strcasecmp(hash, o->git_hash) == 0;
        if (!right) return hash_is_wrong(d, "the git hash", hash, o->git_hash, err);
        if (!o->sha256) return 0;
    }
    if (sha256_file(d->result.sha256, d->part.path, err) != 0) return -1;
    if (!o->sha256 || strcasecmp(d->result.sha256, o->sha256) == 0) return 0;
    return hash_is_wrong(d, "SHA-256", d->result.sha256, o->sha256, err);
}

/* Bytes of an earlier call are kept when the final hash can vouch for them or the server can say that
 * they are still of the same version. */
static int take_up(Download *d, Error *err)
{
    const bool trusted = d->options.sha256 || d->options.git_hash || d->part.etag[0];
    if (d->part.have > 0 && (!trusted || exceeds(d, d->part.have)) && !cut(d))
        return http_part_failed(&d->part, "empty", err);
    d->result.resumed = d->part.have;
    return 0;
}

static int download(Download *d, const char *path, Error *err)
{
    if (http_request_open(&d->request, err) != 0) return -1;
    if (http_part_open(&d->part, d->request.url, path, d->options.part, err) != 0) return -1;
    if (take_up(d, err) != 0) return -1;

    for (;;) {
        const bool complete = d->options.size > 0 && d->part.have == d->options.size;
        if (!complete && fetch(d, err) != 0) return -1;
        const int wrong = part_verify(d, err);
        if (wrong == 0) return http_part_commit(&d->part, err);
        if (wrong < 0) return -1;
        /* The bytes of the earlier call may be the wrong ones: once more without them. */
        if (d->result.resumed == 0) return http_part_remove(&d->part), -1;
        if (!cut(d)) return http_part_failed(&d->part, "empty", err);
    }
}

int http_download(const char *url, const char *path, const HttpOptions *options, HttpResult *result,
                  Error *err)
{
    assert(url && path && err);
    Download *d = mem_calloc(1, sizeof *d);
    d->part.fd = -1;
    if (options) d->options = *options;
    assert(!d->options.part || d->options.sha256 || d->options.git_hash);
    d->request = (HttpRequest){.url = url,
                               .options = &d->options,
                               .version = d->part.etag,
                               .begin = begin,
                               .take = take,
                               .refused = refused,
                               .progress = progress,
                               .context = d};
    const int rc = download(d, path, err);
    d->result.bytes = d->part.have;
    d->result.requests = d->request.requests;
    d->result.status = (int)d->request.status;
    d->result.elsewhere = d->request.elsewhere;
    if (result) *result = d->result;

    http_request_close(&d->request);
    http_part_close(&d->part);
    free(d);
    return rc;
}

/* ---- an answer in memory ---- */

typedef struct {
    HttpRequest request;
    Text *body;
    size_t before; /* bytes that were in `body` */
    int64_t limit;
} Answer;

/* Nothing is resumed: every try begins anew. */
static bool answer_begin(void *context)
{
    Answer *a = context;
    a->body->n = a->before;
    if (a->body->bytes) a->body->bytes[a->before] = 0;
    return true;
}

static bool answer_take(void *context, const char *bytes, size_t n)
{
    Answer *a = context;
    if ((int64_t)(a->body->n - a->before + n) > a->limit) return false;
    text_append(a->body, bytes, n);
    return true;
}

static HttpOutcome answer_refused(void *context, Error *err)
{
    const Answer *a = context;
    error_set(err, "%s: larger than the %lld bytes allowed", a->request.shown, (long long)a->limit);
    return HTTP_FAILED;
}

static int ask(Text *body, bool head, const char *url, const HttpOptions *options,
               HttpResult *result, Error *err)
{
    assert(url && err);
    static const HttpOptions NONE = {0};
    Answer a = {.body = body, .before = body ? body->n : 0};
    if (!options) options = &NONE;
    a.limit = options->size_limit > 0 ? options->size_limit : MEMORY_MAX;
    a.request = (HttpRequest){.url = url,
                              .options = options,
                              .head = head,
                              .version = "",
                              .begin = answer_begin,
                              .take = answer_take,
                              .refused = answer_refused,
                              .context = &a};
    int rc = http_request_open(&a.request, err);
    if (rc == 0) rc = http_request_perform(&a.request, err) == HTTP_DONE ? 0 : -1;
    if (result)
        *result = (HttpResult){.bytes = body ? (int64_t)(body->n - a.before) : 0,
                               .requests = a.request.requests,
                               .status = (int)a.request.status,
                               .elsewhere = a.request.elsewhere};
    http_request_close(&a.request);
    return rc;
}

int http_get(Text *body, const char *url, const HttpOptions *options, HttpResult *result,
             Error *err)
{
    assert(body);
    return ask(body, false, url, options, result, err);
}

int http_head(const char *url, const HttpOptions *options, HttpResult *result, Error *err)
{
    return ask(NULL, true, url, options, result, err);
}
