#include "base/http_request.h"

#include <curl/curl.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/http_address.h"
#include "base/interrupt.h"
#include "base/mem.h"

enum {
    TRIES_MAX = 5, /* in a row without a new byte */
    REDIRECTS_MAX = 5,
    CONNECT_SECONDS = 10,
    SLOW_BYTES_PER_SECOND = 1024,
    STALL_SECONDS = 30,
    UNWANTED_MAX = 1 << 16,
    LIMITS_MAX = 128, /* characters of a RateLimit header */
};
static const double WAIT_MAX = 30;         /* seconds between two tries of our own choice */
static const double RETRY_AFTER_MAX = 120; /* seconds a server may ask for */
static const double WAITS_MAX = 300;       /* seconds of waiting in one call */

typedef struct HttpRequestState {
    CURL *curl;
    bool loopback;   /* the address asked for is this machine */
    bool gave_up;    /* begin or take returned false */
    size_t unwanted; /* bytes of the page of an error or a redirect */
    char limits[LIMITS_MAX];
    double asked_wait; /* Retry-After or RateLimit, seconds */
    char message[CURL_ERROR_SIZE];
} State;

/* ---- one exchange ---- */

/* True when `line` is the header `name` (with its colon), whose value is then kept. */
static bool keep_header(char *value, size_t room, const char *name, const char *line, size_t n)
{
    const size_t length = strlen(name);
    if (n <= length || strncasecmp(line, name, length) != 0 || line[length] != ':') return false;
    const char *at = line + length + 1, *end = line + n;
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    while (end > at && strchr(" \t\r\n", end[-1])) end--;
    const size_t size = (size_t)(end - at);
    if (size >= room || memchr(at, 0, size)) return true;
    memcpy(value, at, size);
    value[size] = 0;
    return true;
}

static void forget_headers(HttpRequest *r)
{
    r->etag[0] = r->content_range[0] = r->state->limits[0] = 0;
    for (int i = 0; i < r->options->n_headers; i++) r->options->header[i].value[0] = 0;
}

/* libcurl hands over each header line; those of a later answer replace what an earlier one said. */
static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    HttpRequest *r = context;
    const size_t n = size * count;
    if (n >= 5 && strncasecmp(line, "HTTP/", 5) == 0) forget_headers(r);
    keep_header(r->etag, sizeof r->etag, "etag", line, n);
    keep_header(r->content_range, sizeof r->content_range, "content-range", line, n);
    keep_header(r->state->limits, sizeof r->state->limits, "ratelimit", line, n);
    for (int i = 0; i < r->options->n_headers; i++) {
        HttpHeader *h = &r->options->header[i];
        keep_header(h->value, sizeof h->value, h->name, line, n);
    }
    return n;
}

static long status_of(const HttpRequest *r)
{
    long status = 0;
    curl_easy_getinfo(r->state->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

int64_t http_request_length(const HttpRequest *r)
{
    curl_off_t length = -1;
    curl_easy_getinfo(r->state->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    return length;
}

static bool begin(HttpRequest *r)
{
    r->started = true;
    return r->begin(r->context) || (r->state->gave_up = true, false);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    HttpRequest *r = context;
    const size_t n = size * count;
    r->status = status_of(r);
    if (r->status != 200 && r->status != 206) {
        r->state->unwanted += n;
        return r->state->unwanted > UNWANTED_MAX ? 0 : n;
    }
    if (!r->started && !begin(r)) return 0;
    if (!r->take(r->context, bytes, n)) return r->state->gave_up = true, 0;
    return n;
}

static int on_transfer(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    (void)total, (void)now, (void)up_total, (void)up_now;
    HttpRequest *r = context;
    if (r->progress && r->started) r->progress(r->context);
    return interrupt_pending() != 0;
}

static void set_options(HttpRequest *r)
{
    State *s = r->state;
    CURL *c = s->curl;
    const double stall = r->options->stall_seconds;
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, s->loopback ? "http,https" : "https");
#else
    curl_easy_setopt(c, CURLOPT_PROTOCOLS,
                     s->loopback ? CURLPROTO_HTTP | CURLPROTO_HTTPS : CURLPROTO_HTTPS);
#endif
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_SECOND);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME,
                     stall > 0 ? lround(ceil(stall)) : (long)STALL_SECONDS);
    /* A compressed range of bytes is not a range of the file. */
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, NULL);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "rlhf/" RLHF_VERSION);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, r);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_transfer);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, r);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->message);
    if (r->head) curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    if (s->loopback) curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    /* libcurl leaves these two variables, which the curl program obeys, to its callers. */
    const char *bundle = getenv("CURL_CA_BUNDLE");
    if (!bundle || !*bundle) bundle = getenv("SSL_CERT_FILE");
    if (bundle && *bundle) curl_easy_setopt(c, CURLOPT_CAINFO, bundle);
}

static struct curl_slist *add_line(struct curl_slist *lines, const char *name, const char *value)
{
    char *line = mem_format("%s: %s", name, value);
    lines = curl_slist_append(lines, line);
    free(line);
    return lines;
}

static CURLcode exchange(HttpRequest *r, const char *url)
{
    State *s = r->state;
    char range[32];
    curl_easy_reset(s->curl);
    set_options(r);
    curl_easy_setopt(s->curl, CURLOPT_URL, url);
    struct curl_slist *lines = add_line(NULL, "Accept-Encoding", "identity");
    if (r->options->bearer && !r->elsewhere) {
        char *token = mem_format("Bearer %s", r->options->bearer);
        lines = add_line(lines, "Authorization", token);
        free(token);
    }
    if (r->have > 0 && !r->head) {
        snprintf(range, sizeof range, "%lld-", (long long)r->have);
        curl_easy_setopt(s->curl, CURLOPT_RANGE, range);
        if (r->version[0]) lines = add_line(lines, "If-Range", r->version);
    }
    curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, lines);
    r->started = s->gave_up = false;
    r->status = 0;
    s->unwanted = 0;
    s->message[0] = 0;
    forget_headers(r);
    r->requests++;
    const CURLcode code = curl_easy_perform(s->curl);
    curl_slist_free_all(lines);
    r->status = status_of(r);
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

static HttpOutcome stopped(const HttpRequest *r, Error *err)
{
    error_stopped(err, "%s: stopped after %lld bytes", r->shown, (long long)r->have);
    error_hint(err, "run the same command again to go on from there");
    return HTTP_FAILED;
}

static HttpOutcome exchange_failed(HttpRequest *r, CURLcode code, Error *err)
{
    const State *s = r->state;
    if (s->gave_up) return r->refused(r->context, err);
    if (code == CURLE_ABORTED_BY_CALLBACK) return stopped(r, err);
    error_set(err, "%s: %s", r->shown, s->message[0] ? s->message : curl_easy_strerror(code));
    long proxy_status = 0;
    curl_easy_getinfo(s->curl, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    if (proxy_status == 407) {
        error_hint(err, "the proxy asks for a login: https_proxy=http://USER:PASSWORD@HOST:PORT");
        return HTTP_FAILED;
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        error_hint(err, "if its authority is a private one, name that one's certificate: "
                        "CURL_CA_BUNDLE=FILE");
    if (!is_worth_repeating(code)) return HTTP_FAILED;
    error_hint(err, "check the network; the same command goes on from the bytes that are there");
    return HTTP_AGAIN;
}

/* Retry-After, or else the seconds until the window of a RateLimit ends: `"api";r=0;t=55`. */
static double asked_wait(const HttpRequest *r)
{
    curl_off_t seconds = 0;
    curl_easy_getinfo(r->state->curl, CURLINFO_RETRY_AFTER, &seconds);
    const char *t = strstr(r->state->limits, "t=");
    if (seconds > 0 || r->status != 429 || !t) return (double)seconds;
    const double left = strtod(t + 2, NULL);
    return left >= 0 ? left + 1 : 0;
}

static HttpOutcome status_failed(HttpRequest *r, Error *err)
{
    if (r->status == 416 && r->have > 0) return HTTP_RESTART;
    error_set(err, "%s: the server answers %ld", r->shown, r->status);
    if (r->status == 401 || r->status == 403)
        error_hint(err, "the address needs a login, or a licence to be accepted first");
    if (r->status == 404 || r->status == 410)
        error_hint(err, "nothing is there: check the address");
    if (r->status != 408 && r->status != 429 && r->status < 500) return HTTP_FAILED;

    r->state->asked_wait = asked_wait(r);
    if (r->state->asked_wait <= RETRY_AFTER_MAX) return HTTP_AGAIN;
    error_hint(err, "the server asks for %.0f seconds of patience; try again then",
               r->state->asked_wait);
    return HTTP_FAILED;
}

/* One try: an exchange and those its redirects lead to. */
static HttpOutcome attempt(HttpRequest *r, Error *err)
{
    State *s = r->state;
    char url[HTTP_URL_MAX];
    snprintf(url, sizeof url, "%s", r->url);
    s->asked_wait = 0;
    r->elsewhere = false;
    if (http_address_check(url, NULL, &s->loopback, err) != 0) return HTTP_FAILED;
    for (int redirects = 0;; redirects++) {
        const CURLcode code = exchange(r, url);
        const bool cut_short = code == CURLE_WRITE_ERROR && s->unwanted > UNWANTED_MAX;
        if (code != CURLE_OK && !cut_short) return exchange_failed(r, code, err);

        if (r->status == 200 || r->status == 206) {
            /* Without a byte of body on_body was never called. */
            if (!r->head && !r->started && !begin(r)) return r->refused(r->context, err);
            return HTTP_DONE;
        }
        char *next = NULL;
        curl_easy_getinfo(s->curl, CURLINFO_REDIRECT_URL, &next);
        if (r->status < 300 || r->status >= 400 || !next) return status_failed(r, err);
        if (redirects == REDIRECTS_MAX || strlen(next) >= sizeof url) {
            error_set(err, "%s: more than %d redirects", r->shown, REDIRECTS_MAX);
            return HTTP_FAILED;
        }
        /* Once away, never again: the way back is another host's to choose. */
        if (!http_address_same_host(url, next)) {
            if (r->head) return HTTP_DONE;
            r->elsewhere = true;
        }
        if (http_address_check(next, url, &s->loopback, err) != 0) return HTTP_FAILED;
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

HttpOutcome http_request_perform(HttpRequest *r, Error *err)
{
    const double first_wait = r->options->backoff > 0 ? r->options->backoff : 1;
    double waited = 0;
    int64_t most = r->have;
    for (int tries = 1;; tries++) {
        const HttpOutcome outcome = attempt(r, err);
        if (outcome != HTTP_AGAIN) return outcome;
        if (r->have > most) most = r->have, tries = 1;
        const double wait =
            fmax(r->state->asked_wait, fmin(first_wait * (double)(1 << (tries - 1)), WAIT_MAX));
        if (tries == TRIES_MAX || waited + wait > WAITS_MAX) return HTTP_FAILED;
        wait_seconds(wait);
        waited += wait;
        if (interrupt_pending()) return stopped(r, err);
    }
}

/* ---- open and close ---- */

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_request_open(HttpRequest *r, Error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_curl);
    r->state = mem_calloc(1, sizeof *r->state);
    http_address_show(r->shown, sizeof r->shown, r->url);
    if (strlen(r->url) >= HTTP_URL_MAX) return error_set(err, "%s: address too long", r->shown);
    if (http_address_check(r->url, NULL, &r->state->loopback, err) != 0) return -1;
    r->state->curl = curl_easy_init();
    return r->state->curl ? 0 : error_set(err, "libcurl cannot be started");
}

void http_request_close(HttpRequest *r)
{
    if (!r->state) return;
    curl_easy_cleanup(r->state->curl);
    free(r->state);
    r->state = NULL;
}
