/* A small server on the loopback address that plays a script: one line per request it expects. */
#ifndef TESTS_BASE_HTTP_SERVER_H
#define TESTS_BASE_HTTP_SERVER_H

#include "base/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/http_address.h"
#include "base/interrupt.h"
#include "tests/golden.h"

enum { REQUESTS_MAX = 8, BODY = 5000 };

/* How to answer one request. */
typedef struct {
    const char *status;  /* "200 OK" */
    const char *headers; /* more header lines, each ending in \r\n, or NULL */
    bool body;           /* the file from where the range asks, if `ranges` */
    bool ranges;
    int cut_after;   /* close the connection after so many bytes of body; 0: send all */
    int range_lie;   /* added to the first byte named in Content-Range */
    bool hold;       /* send no more, and keep the connection until the other side ends it */
    const char *raw; /* these bytes, `raw_length` of them, instead of all the above */
    size_t raw_length;
} Answer;

typedef struct {
    int listener, port, expected, seen;
    const Answer *script;
    char request[REQUESTS_MAX][2048];
    char file[BODY];
    pthread_t thread;
    char folder[64], path[128], part[160], url[128];
} Server;

static inline void send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes += sent;
        n -= (size_t)sent;
    }
}

static inline void answer(Server *s, int fd, const Answer *a, const char *request)
{
    char head[1024];
    if (a->raw) {
        send_all(fd, a->raw, a->raw_length);
        return;
    }
    const char *range = strstr(request, "Range: bytes=");
    const int first = a->ranges && range ? atoi(range + strlen("Range: bytes=")) : 0;
    const int length = a->body ? BODY - first : 0;
    int n =
        snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n%s",
                 a->status, length, a->headers ? a->headers : "");
    if (a->ranges && range)
        n += snprintf(head + n, sizeof head - (size_t)n, "Content-Range: bytes %d-%d/%d\r\n",
                      first + a->range_lie, BODY - 1, BODY);
    n += snprintf(head + n, sizeof head - (size_t)n, "\r\n");
    send_all(fd, head, (size_t)n);
    send_all(fd, s->file + first, (size_t)(a->cut_after ? a->cut_after : length));
    while (a->hold && recv(fd, head, sizeof head, 0) > 0) continue;
}

static inline void *serve(void *context)
{
    Server *s = context;
    while (s->seen < s->expected) {
        const int fd = accept(s->listener, NULL, NULL);
        if (fd < 0) break;
        char *request = s->request[s->seen];
        size_t n = 0;
        while (n < sizeof *s->request - 1 && !strstr(request, "\r\n\r\n")) {
            const ssize_t got = recv(fd, request + n, sizeof *s->request - 1 - n, 0);
            if (got <= 0) break;
            n += (size_t)got;
        }
        answer(s, fd, &s->script[s->seen], request);
        s->seen++;
        shutdown(fd, SHUT_RDWR);
        close(fd);
    }
    return NULL;
}

static inline void start(Server *s, const Answer *script, int expected)
{
    memset(s, 0, sizeof *s);
    s->script = script;
    s->expected = expected;
    for (int i = 0; i < BODY; i++) s->file[i] = (char)('a' + i * 7 % 26);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &size), 0);
    s->port = ntohs(address.sin_port);
    strcpy(s->folder, "/tmp/rlhf-http-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->path, sizeof s->path, "%s/file", s->folder);
    snprintf(s->part, sizeof s->part, "%s/file.part", s->folder);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/file?signature=secret", s->port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

/* Every expected request has come, and no more of them. */
static inline void finish(Server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    assert_int_equal(s->seen, s->expected);
    Error err;
    folder_remove(s->folder, &err);
}

static inline int download(Server *s, HttpOptions options, HttpResult *result, Error *err)
{
    options.backoff = 0.01;
    return http_download(s->url, s->path, &options, result, err);
}

static inline void assert_file_is_whole(const Server *s)
{
    char *bytes = NULL;
    size_t n = 0;
    Error err;
    assert_int_equal(file_read(&bytes, &n, s->path, BODY + 1, &err), 0);
    assert_int_equal(n, BODY);
    assert_memory_equal(bytes, s->file, BODY);
    free(bytes);
    assert_false(file_exists(s->part));
}

static inline void assert_message_has(const Error *err, const char *words)
{
    if (!strstr(err->message, words)) fail_msg("\"%s\" does not say: %s", err->message, words);
    if (strstr(err->message, "secret")) fail_msg("\"%s\" tells a secret", err->message);
}

static const Answer WHOLE = {.status = "200 OK", .headers = "ETag: \"v1\"\r\n", .body = true};
static const Answer CUT = {
    .status = "200 OK", .headers = "ETag: \"v1\"\r\n", .body = true, .cut_after = 2000};
static const Answer REST = {
    .status = "206 Partial Content", .headers = "ETag: \"v1\"\r\n", .body = true, .ranges = true};
static const Answer BUSY = {.status = "503 Service Unavailable"};

#endif
