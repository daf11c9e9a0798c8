#include "base/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/http_address.h"
#include "base/http_part.h"
#include "base/interrupt.h"
#include "base/mem.h"

enum {
    TRIES_MAX = 5, /* in a row without a new byte */
    REDIRECTS_MAX = 5,
    CONNECT_SECONDS = 10,
    SLOW_BYTES_PER_SECOND = 1024,
    STALL_SECONDS = 30,
    UNWANTED_MAX = 1 << 16,
};
static const double WAIT_MAX = 30;         /* seconds between two tries of our own choice */
static const double RETRY_AFTER_MAX = 120; /* seconds a server may ask for */
static const double WAITS_MAX = 300;       /* seconds of waiting in one call */

/* What became of one request. */
typedef enum { OUTCOME_DONE, OUTCOME_AGAIN, OUTCOME_RESTART, OUTCOME_FAILED } Outcome;

typedef struct {
    const char *url, *path;
    HttpPart part;
    char shown[256]; /* the address in messages: a query may hold a signature */
    HttpOptions options;
    HttpResult result;
    CURL *curl;
    int64_t total; /* bytes in all as the server says, 0 when it does not */
    char new_etag[HTTP_ETAG_MAX], content_range[128]; /* headers of this answer, "" when absent */
    bool loopback;                                    /* the address asked for is this machine */
    bool started, restart; /* in this request: the body began; the part is of no use */
    int write_errno;       /* why writing failed */
    bool too_large;
    size_t unwanted;   /* bytes of the page of an error or a redirect */
    double asked_wait; /* Retry-After, seconds */
    char curl_message[CURL_ERROR_SIZE];
} Download;

/* ---- one request ---- */

/* libcurl hands over each header line; of those of one answer two are kept. */
static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    Download *d = context;
    const size_t n = size * count;
    const struct {
        const char *name;
        char *value;
        size_t room;
    } kept[] = {{"etag:", d->new_etag, sizeof d->new_etag},
                {"content-range:", d->content_range, sizeof d->content_range}};
    if (n >= 5 && strncasecmp(line, "HTTP/", 5) == 0) d->new_etag[0] = d->content_range[0] = 0;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const size_t name = strlen(kept[i].name);
        if (n < name || strncasecmp(line, kept[i].name, name) != 0) continue;
        const char *value = line + name, *end = line + n;
        while (value < end && (*value == ' ' || *value == '\t')) value++;
        while (end > value && strchr(" \t\r\n", end[-1])) end--;
        const size_t length = (size_t)(end - value);
        if (length >= kept[i].room || memchr(value, 0, length)) continue;
        memcpy(kept[i].value, value, length);
        kept[i].value[length] = 0;
    }
    return n;
}

static long status_of(Download *d)
{
    long status = 0;
    curl_easy_getinfo(d->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* The first byte of a body that belongs into the part: a 206 goes on where the part ends; a 200 is the
 * whole file, because the part is empty, of another version, or the server does not know ranges. */
static bool body_begin(Download *d)
{
    d->started = true;
    curl_off_t length = -1;
    curl_easy_getinfo(d->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (status_of(d) == 206) {
        long long first = -1, last = -1, total = 0;
        if (sscanf(d->content_range, "bytes %lld-%lld/%lld", &first, &last, &total) < 2 ||
            first != d->part.have || (d->total > 0 && total > 0 && total != d->total)) {
            d->restart = true;
            return false;
        }
        d->total = total > 0 ? total : length >= 0 ? d->part.have + length : 0;
    } else {
        if (d->part.have > 0 && http_part_cut(&d->part) != 0) return d->write_errno = errno, false;
        d->result.resumed = 0;
        d->total = length > 0 ? length : 0;
    }
    /* A weak tag promises equal meaning, not equal bytes. */
    const char *etag = strncmp(d->new_etag, "W/", 2) == 0 ? "" : d->new_etag;
    http_part_set_etag(&d->part, etag);
    return true;
}

static bool exceeds(const Download *d, int64_t bytes)
{
    const int64_t limit = d->options.size > 0 ? d->options.size : d->options.size_limit;
    return limit > 0 && bytes > limit;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    Download *d = context;
    const size_t n = size * count;
    const long status = status_of(d);
    if (status != 200 && status != 206) {
        d->unwanted += n;
        return d->unwanted > UNWANTED_MAX ? 0 : n;
    }
    if (!d->started && !body_begin(d)) return 0;
    if (exceeds(d, d->part.have + (int64_t)n) || exceeds(d, d->total))
        return d->too_large = true, 0;
    if (http_part_append(&d->part, bytes, n) != 0) return d->write_errno = errno, 0;
    return n;
}

static int on_transfer(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    (void)total, (void)now, (void)up_total, (void)up_now;
    Download *d = context;
    if (d->options.on_progress && d->started)
        d->options.on_progress(d->options.context, d->part.have, d->total);
    return interrupt_pending() != 0;
}

static void set_options(Download *d)
{
    CURL *c = d->curl;
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, d->loopback ? "http,https" : "https");
#else
    curl_easy_setopt(c, CURLOPT_PROTOCOLS,
                     d->loopback ? CURLPROTO_HTTP | CURLPROTO_HTTPS : CURLPROTO_HTTPS);
#endif
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_SECOND);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME,
                     d->options.stall_seconds > 0 ? lround(ceil(d->options.stall_seconds))
                                                  : (long)STALL_SECONDS);
    /* A compressed range of bytes is not a range of the file. */
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, NULL);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "rlhf/" RLHF_VERSION);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, d);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, d);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_transfer);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, d);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, d->curl_message);
    if (d->loopback) curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    /* libcurl leaves these two variables, which the curl program obeys, to its callers. */
    const char *bundle = getenv("CURL_CA_BUNDLE");
    if (!bundle || !*bundle) bundle = getenv("SSL_CERT_FILE");
    if (bundle && *bundle) curl_easy_setopt(c, CURLOPT_CAINFO, bundle);
}

static CURLcode request(Download *d, const char *url)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Accept-Encoding: identity");
    char line[HTTP_ETAG_MAX + 16], range[32];
    curl_easy_reset(d->curl);
    set_options(d);
    curl_easy_setopt(d->curl, CURLOPT_URL, url);
    if (d->part.have > 0) {
        snprintf(range, sizeof range, "%lld-", (long long)d->part.have);
        curl_easy_setopt(d->curl, CURLOPT_RANGE, range);
        snprintf(line, sizeof line, "If-Range: %s", d->part.etag);
        if (d->part.etag[0]) headers = curl_slist_append(headers, line);
    }
    curl_easy_setopt(d->curl, CURLOPT_HTTPHEADER, headers);
    d->started = d->restart = d->too_large = false;
    d->write_errno = 0;
    d->unwanted = 0;
    d->curl_message[0] = d->new_etag[0] = d->content_range[0] = 0;
    d->result.requests++;
    const CURLcode code = curl_easy_perform(d->curl);
    curl_slist_free_all(headers);
    return code;
}

/* ---- what an answer means ---- */

static bool is_worth_repeating(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SSL_CONNECT_ERROR: return true;
    default: return false;
    }
}

static int stopped(const Download *d, Error *err)
{
    error_stopped(err, "%s: stopped after %lld bytes", d->shown, (long long)d->part.have);
    return error_hint(err, "run the same command again to go on from there");
}

static Outcome transfer_failed(Download *d, CURLcode code, Error *err)
{
    const HttpOptions *o = &d->options;
    if (d->restart) return OUTCOME_RESTART;
    if (d->too_large) {
        error_set(err, "%s: larger than the %lld bytes %s", d->shown,
                  (long long)(o->size > 0 ? o->size : o->size_limit),
                  o->size > 0 ? "it should have" : "allowed");
        http_part_remove(&d->part);
        return OUTCOME_FAILED;
    }
    if (d->write_errno) {
        errno = d->write_errno;
        http_part_failed(&d->part, "write", err);
        error_hint(err, "make room and run the same command again: it goes on from here");
        return OUTCOME_FAILED;
    }
    if (code == CURLE_ABORTED_BY_CALLBACK) return stopped(d, err), OUTCOME_FAILED;
    error_set(err, "%s: %s", d->shown,
              d->curl_message[0] ? d->curl_message : curl_easy_strerror(code));
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        error_hint(err, "if its authority is a private one, name that one's certificate: "
                        "CURL_CA_BUNDLE=FILE");
    if (!is_worth_repeating(code)) return OUTCOME_FAILED;
    error_hint(err, "check the network; the same command goes on from the bytes that are there");
    return OUTCOME_AGAIN;
}

static Outcome status_failed(Download *d, long status, Error *err)
{
    if (status == 416 && d->part.have > 0) return OUTCOME_RESTART;
    error_set(err, "%s: the server answers %ld", d->shown, status);
    if (status == 401 || status == 403)
        error_hint(err, "the address needs a login, or a licence to be accepted first");
    if (status == 404 || status == 410) error_hint(err, "nothing is there: check the address");
    if (status != 408 && status != 429 && status < 500) return OUTCOME_FAILED;

    curl_off_t seconds = 0;
    curl_easy_getinfo(d->curl, CURLINFO_RETRY_AFTER, &seconds);
    d->asked_wait = (double)seconds;
    if (d->asked_wait <= RETRY_AFTER_MAX) return OUTCOME_AGAIN;
    error_hint(err, "the server asks for %.0f seconds of patience; try again then", d->asked_wait);
    return OUTCOME_FAILED;
}

/* One request and the redirects it meets. */
static Outcome attempt(Download *d, Error *err)
{
    char url[HTTP_URL_MAX];
    snprintf(url, sizeof url, "%s", d->url);
    d->asked_wait = 0;
    if (http_address_check(url, NULL, &d->loopback, err) != 0) return OUTCOME_FAILED;
    for (int redirects = 0;; redirects++) {
        const CURLcode code = request(d, url);
        const bool cut_short = code == CURLE_WRITE_ERROR && d->unwanted > UNWANTED_MAX;
        if (code != CURLE_OK && !cut_short) return transfer_failed(d, code, err);

        const long status = status_of(d);
        if (status == 200 || status == 206) {
            /* Without a byte of body on_body was never called. */
            if (!d->started && !body_begin(d)) return transfer_failed(d, CURLE_WRITE_ERROR, err);
            return OUTCOME_DONE;
        }
        char *next = NULL;
        curl_easy_getinfo(d->curl, CURLINFO_REDIRECT_URL, &next);
        if (status < 300 || status >= 400 || !next) return status_failed(d, status, err);
        if (redirects == REDIRECTS_MAX || strlen(next) >= sizeof url) {
            error_set(err, "%s: more than %d redirects", d->shown, REDIRECTS_MAX);
            return OUTCOME_FAILED;
        }
        if (http_address_check(next, url, &d->loopback, err) != 0) return OUTCOME_FAILED;
        snprintf(url, sizeof url, "%s", next);
    }
}

/* Sleep in short pieces, so that an interrupt is noticed. */
static void wait_seconds(double seconds)
{
    const struct timespec piece = {.tv_nsec = 20 * 1000 * 1000};
    for (double slept = 0; slept < seconds && !interrupt_pending(); slept += 0.02)
        nanosleep(&piece, NULL);
}

static int fetch(Download *d, Error *err)
{
    const double first_wait = d->options.backoff > 0 ? d->options.backoff : 1;
    double waited = 0;
    int64_t most = d->part.have;
    for (int tries = 1, restarts = 0;; tries++) {
        const Outcome outcome = attempt(d, err);
        if (outcome == OUTCOME_DONE) return 0;
        if (outcome == OUTCOME_FAILED) return -1;
        if (outcome == OUTCOME_RESTART) {
            if (++restarts > 2)
                return error_set(err, "%s: the server mixes up ranges of the file", d->shown);
            if (http_part_cut(&d->part) != 0) return http_part_failed(&d->part, "empty", err);
            d->total = d->result.resumed = 0;
            continue;
        }
        if (d->part.have > most) most = d->part.have, tries = 1;
        const double wait =
            fmax(d->asked_wait, fmin(first_wait * (double)(1 << (tries - 1)), WAIT_MAX));
        if (tries == TRIES_MAX || waited + wait > WAITS_MAX) return -1;
        wait_seconds(wait);
        waited += wait;
        if (interrupt_pending()) return stopped(d, err);
    }
}

/* ---- the whole ---- */

/* 1: the bytes are wrong.  -1: they could not be read. */
static int part_verify(Download *d, Error *err)
{
    if (d->options.size > 0 && d->part.have != d->options.size) {
        error_set(err, "%s has %lld bytes, expected %lld", d->shown, (long long)d->part.have,
                  (long long)d->options.size);
        return 1;
    }
    if (sha256_file(d->result.sha256, d->part.path, err) != 0) return -1;
    if (d->options.sha256 && strcasecmp(d->result.sha256, d->options.sha256) != 0) {
        error_set(err, "%s has SHA-256 %s, expected %s", d->shown, d->result.sha256,
                  d->options.sha256);
        error_hint(err, "the file was changed at its source or on the way; nothing was kept");
        return 1;
    }
    return 0;
}

/* Bytes of an earlier call are kept when the final hash can vouch for them or the server can say that
 * they are still of the same version. */
static int take_up(Download *d, Error *err)
{
    const bool trusted = d->options.sha256 || d->part.etag[0];
    if (d->part.have > 0 && (!trusted || exceeds(d, d->part.have)) && http_part_cut(&d->part) != 0)
        return http_part_failed(&d->part, "empty", err);
    d->result.resumed = d->part.have;
    return 0;
}

static int download(Download *d, Error *err)
{
    if (strlen(d->url) >= HTTP_URL_MAX) return error_set(err, "%s: address too long", d->shown);
    if (http_address_check(d->url, NULL, &d->loopback, err) != 0) return -1;
    if (http_part_open(&d->part, d->url, d->path, err) != 0 || take_up(d, err) != 0) return -1;

    for (;;) {
        const bool complete = d->options.size > 0 && d->part.have == d->options.size;
        if (!complete && fetch(d, err) != 0) return -1;
        const int wrong = part_verify(d, err);
        if (wrong == 0) return http_part_commit(&d->part, err);
        if (wrong < 0) return -1;
        /* The bytes of the earlier call may be the wrong ones: once more without them. */
        if (d->result.resumed == 0) return http_part_remove(&d->part), -1;
        if (http_part_cut(&d->part) != 0) return http_part_failed(&d->part, "empty", err);
        d->total = d->result.resumed = 0;
    }
}

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_download(const char *url, const char *path, const HttpOptions *options, HttpResult *result,
                  Error *err)
{
    assert(url && path && err);
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_curl);

    Download *d = mem_calloc(1, sizeof *d);
    d->url = url;
    d->path = path;
    d->part.fd = -1;
    if (options) d->options = *options;
    http_address_show(d->shown, sizeof d->shown, url);
    d->curl = curl_easy_init();

    int rc = d->curl ? download(d, err) : error_set(err, "libcurl cannot be started");
    d->result.bytes = d->part.have;
    if (rc == 0 && result) *result = d->result;

    curl_easy_cleanup(d->curl);
    http_part_close(&d->part);
    free(d);
    return rc;
}
