/* Each test plays a script to a small server on the loopback address: one line per request it expects. */
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
    int cut_after; /* close the connection after so many bytes of body; 0: send all */
    int range_lie; /* added to the first byte named in Content-Range */
} Answer;

typedef struct {
    int listener, port, expected, seen;
    const Answer *script;
    char request[REQUESTS_MAX][2048];
    char file[BODY];
    pthread_t thread;
    char folder[64], path[128], part[160], url[128];
} Server;

static void send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes += sent;
        n -= (size_t)sent;
    }
}

static void answer(Server *s, int fd, const Answer *a, const char *request)
{
    char head[1024];
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
}

static void *serve(void *context)
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

static void start(Server *s, const Answer *script, int expected)
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
static void finish(Server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    assert_int_equal(s->seen, s->expected);
    Error err;
    folder_remove(s->folder, &err);
}

static int download(Server *s, HttpOptions options, HttpResult *result, Error *err)
{
    options.backoff = 0.01;
    return http_download(s->url, s->path, &options, result, err);
}

static void assert_file_is_whole(const Server *s)
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

static void assert_message_has(const Error *err, const char *words)
{
    if (!strstr(err->message, words)) fail_msg("\"%s\" does not say: %s", err->message, words);
    if (strstr(err->message, "secret")) fail_msg("\"%s\" tells a secret", err->message);
}

/* ---- what works ---- */

static const Answer WHOLE = {.status = "200 OK", .headers = "ETag: \"v1\"\r\n", .body = true};
static const Answer CUT = {
    .status = "200 OK", .headers = "ETag: \"v1\"\r\n", .body = true, .cut_after = 2000};
static const Answer REST = {
    .status = "206 Partial Content", .headers = "ETag: \"v1\"\r\n", .body = true, .ranges = true};
static const Answer BUSY = {.status = "503 Service Unavailable"};

static void whole_file_arrives_with_its_hash(void **state)
{
    (void)state;
    static Server s;
    start(&s, &WHOLE, 1);
    char want[SHA256_HEX];
    sha256_hex(want, s.file, BODY);
    HttpResult result;
    Error err;
    assert_int_equal(download(&s, (HttpOptions){.size = BODY, .sha256 = want}, &result, &err), 0);
    assert_file_is_whole(&s);
    assert_string_equal(result.sha256, want);
    assert_int_equal(result.bytes, BODY);
    assert_int_equal(result.resumed, 0);
    assert_non_null(strstr(s.request[0], "Accept-Encoding: identity"));
    assert_null(strstr(s.request[0], "Range:"));
    finish(&s);
}

static void broken_connection_goes_on_where_it_broke(void **state)
{
    (void)state;
    static Server s;
    start(&s, (Answer[]){CUT, REST}, 2);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){0}, NULL, &err), 0);
    assert_file_is_whole(&s);
    assert_non_null(strstr(s.request[1], "Range: bytes=2000-"));
    assert_non_null(strstr(s.request[1], "If-Range: \"v1\""));
    finish(&s);
}

/* The first call is cut and finds nobody to go on with; the second resumes its bytes. */
static void later_call_resumes_the_part(void **state)
{
    (void)state;
    static Server s;
    static const Answer gone = {.status = "404 Not Found"};
    start(&s, (Answer[]){CUT, gone, REST}, 3);
    HttpResult result;
    Error err;
    assert_int_equal(download(&s, (HttpOptions){0}, &result, &err), -1);
    assert_int_equal(file_size(s.part), 2000);
    assert_int_equal(download(&s, (HttpOptions){0}, &result, &err), 0);
    assert_int_equal(result.resumed, 2000);
    assert_file_is_whole(&s);
    finish(&s);
}

static void write_part(const Server *s, const char *bytes, size_t n)
{
    Error err;
    assert_int_equal(file_write(s->part, bytes, n, &err), 0);
}

/* Bytes of unknown origin are not built upon without a hash to check the result. */
static void part_of_unknown_origin_is_dropped(void **state)
{
    (void)state;
    static Server s;
    start(&s, &WHOLE, 1);
    write_part(&s, "other", 5);
    HttpResult result;
    Error err;
    assert_int_equal(download(&s, (HttpOptions){0}, &result, &err), 0);
    assert_int_equal(result.resumed, 0);
    assert_file_is_whole(&s);
    finish(&s);
}

static void wrong_part_is_fetched_again_from_the_start(void **state)
{
    (void)state;
    static Server s;
    start(&s, (Answer[]){REST, WHOLE}, 2);
    write_part(&s, "other", 5);
    char want[SHA256_HEX];
    sha256_hex(want, s.file, BODY);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){.sha256 = want}, NULL, &err), 0);
    assert_non_null(strstr(s.request[0], "Range: bytes=5-"));
    assert_null(strstr(s.request[1], "Range:"));
    assert_file_is_whole(&s);
    finish(&s);
}

static void server_without_ranges_starts_over(void **state)
{
    (void)state;
    static Server s;
    start(&s, (Answer[]){CUT, WHOLE}, 2);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){0}, NULL, &err), 0);
    assert_file_is_whole(&s);
    finish(&s);
}

static void wrong_content_range_starts_over(void **state)
{
    (void)state;
    static Server s;
    Answer lie = REST;
    lie.range_lie = 1;
    start(&s, (Answer[]){CUT, lie, WHOLE}, 3);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){0}, NULL, &err), 0);
    assert_file_is_whole(&s);
    finish(&s);
}

static void part_longer_than_the_file_starts_over(void **state)
{
    (void)state;
    static Server s;
    static const Answer unsatisfiable = {.status = "416 Range Not Satisfiable"};
    start(&s, (Answer[]){unsatisfiable, WHOLE}, 2);
    char want[SHA256_HEX], longer[BODY + 7] = {0};
    sha256_hex(want, s.file, BODY);
    write_part(&s, longer, sizeof longer);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){.sha256 = want}, NULL, &err), 0);
    assert_file_is_whole(&s);
    finish(&s);
}

static void busy_server_is_asked_again(void **state)
{
    (void)state;
    static Server s;
    start(&s, (Answer[]){BUSY, BUSY, WHOLE}, 3);
    HttpResult result;
    Error err;
    assert_int_equal(download(&s, (HttpOptions){0}, &result, &err), 0);
    assert_int_equal(result.requests, 3);
    assert_file_is_whole(&s);
    finish(&s);
}

static void retry_after_is_obeyed(void **state)
{
    (void)state;
    static Server s;
    static const Answer later = {.status = "429 Too Many Requests",
                                 .headers = "Retry-After: 1\r\n"};
    start(&s, (Answer[]){later, WHOLE}, 2);
    struct timespec began, ended;
    Error err;
    clock_gettime(CLOCK_MONOTONIC, &began);
    assert_int_equal(download(&s, (HttpOptions){0}, NULL, &err), 0);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    assert_true(
        (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9 >= 1);
    finish(&s);
}

static void relative_redirect_is_followed(void **state)
{
    (void)state;
    static Server s;
    static const Answer moved = {.status = "302 Found", .headers = "Location: /elsewhere\r\n"};
    start(&s, (Answer[]){moved, WHOLE}, 2);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){0}, NULL, &err), 0);
    assert_memory_equal(s.request[1], "GET /elsewhere ", 15);
    assert_file_is_whole(&s);
    finish(&s);
}

static void empty_file_is_a_file(void **state)
{
    (void)state;
    static Server s;
    static const Answer empty = {.status = "200 OK"};
    start(&s, &empty, 1);
    HttpResult result;
    Error err;
    assert_int_equal(download(&s, (HttpOptions){0}, &result, &err), 0);
    assert_int_equal(result.bytes, 0);
    assert_int_equal(file_size(s.path), 0);
    finish(&s);
}

static void complete_part_needs_no_request(void **state)
{
    (void)state;
    static Server s;
    start(&s, NULL, 0);
    write_part(&s, s.file, BODY);
    char want[SHA256_HEX];
    sha256_hex(want, s.file, BODY);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){.size = BODY, .sha256 = want}, NULL, &err), 0);
    assert_file_is_whole(&s);
    finish(&s);
}

static void note_progress(void *context, int64_t bytes, int64_t total)
{
    int64_t *seen = context;
    seen[0] = bytes;
    seen[1] = total;
}

static void progress_ends_at_the_size(void **state)
{
    (void)state;
    static Server s;
    start(&s, &WHOLE, 1);
    int64_t seen[2] = {0};
    Error err;
    const HttpOptions options = {.on_progress = note_progress, .context = seen};
    assert_int_equal(download(&s, options, NULL, &err), 0);
    assert_int_equal(seen[0], BODY);
    assert_int_equal(seen[1], BODY);
    finish(&s);
}

/* ---- what does not ---- */

static void fails(const Answer *script, int requests, HttpOptions options, const char *words)
{
    static Server s;
    start(&s, script, requests);
    Error err = {0};
    assert_int_equal(download(&s, options, NULL, &err), -1);
    assert_message_has(&err, words);
    assert_false(file_exists(s.path));
    finish(&s);
}

static void wrong_hash_leaves_nothing(void **state)
{
    (void)state;
    static Server s;
    static const char ZEROS[] = "00000000000000000000000000000000"
                                "00000000000000000000000000000000";
    start(&s, &WHOLE, 1);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){.sha256 = ZEROS}, NULL, &err), -1);
    assert_message_has(&err, "expected 0000");
    assert_false(file_exists(s.path));
    assert_false(file_exists(s.part));
    finish(&s);
}

static void file_above_the_limit_is_refused(void **state)
{
    (void)state;
    fails(&WHOLE, 1, (HttpOptions){.size_limit = 100}, "larger than the 100 bytes allowed");
}

static void file_longer_than_known_is_refused(void **state)
{
    (void)state;
    fails(&WHOLE, 1, (HttpOptions){.size = 100}, "larger than the 100 bytes it should have");
}

static void file_shorter_than_known_is_refused(void **state)
{
    (void)state;
    fails(&WHOLE, 1, (HttpOptions){.size = BODY + 1}, "has 5000 bytes, expected 5001");
}

static void redirect_loop_ends(void **state)
{
    (void)state;
    static const Answer loop = {.status = "301 Moved Permanently",
                                .headers = "Location: /file\r\n"};
    fails((Answer[]){loop, loop, loop, loop, loop, loop}, 6, (HttpOptions){0},
          "more than 5 redirects");
}

static void redirect_to_another_machine_without_tls_is_refused(void **state)
{
    (void)state;
    static const Answer away = {.status = "302 Found",
                                .headers = "Location: http://example.com/x?secret=1\r\n"};
    fails(&away, 1, (HttpOptions){0}, "redirected to http://example.com/x: only https://");
}

static void redirect_to_a_file_is_refused(void **state)
{
    (void)state;
    static const Answer file = {.status = "302 Found",
                                .headers = "Location: file:///etc/passwd\r\n"};
    fails(&file, 1, (HttpOptions){0}, "file:///etc/passwd");
}

static void missing_file_is_not_asked_for_again(void **state)
{
    (void)state;
    static const Answer missing = {.status = "404 Not Found"};
    fails(&missing, 1, (HttpOptions){0}, "/file: the server answers 404");
}

static void absurd_retry_after_is_not_waited_for(void **state)
{
    (void)state;
    static const Answer later = {.status = "503 Service Unavailable",
                                 .headers = "Retry-After: 1000000000\r\n"};
    fails(&later, 1, (HttpOptions){0}, "the server answers 503");
}

static void busy_server_is_given_up_after_five_tries(void **state)
{
    (void)state;
    fails((Answer[]){BUSY, BUSY, BUSY, BUSY, BUSY}, 5, (HttpOptions){0}, "answers 503");
}

static void dead_server_says_so(void **state)
{
    (void)state;
    static Server s;
    start(&s, NULL, 0);
    close(s.listener);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){0}, NULL, &err), -1);
    assert_message_has(&err, "127.0.0.1");
    pthread_join(s.thread, NULL);
    folder_remove(s.folder, &err);
}

static void folder_that_is_not_there_is_named(void **state)
{
    (void)state;
    Error err;
    assert_int_equal(http_download("https://localhost/x", "/no/such/folder/x", NULL, NULL, &err),
                     -1);
    assert_message_has(&err, "/no/such/folder/x.part: No such file");
}

static void only_https_leaves_the_machine(void **state)
{
    (void)state;
    static const struct {
        const char *url, *from;
        int rc;
    } CASES[] = {
        {"https://example.com/a", NULL, 0},
        {"http://example.com/a", NULL, -1},
        {"ftp://example.com/a", NULL, -1},
        {"file:///etc/passwd", NULL, -1},
        {"http://localhost:80/a", NULL, 0},
        {"http://127.0.0.1/a", NULL, 0},
        {"http://[::1]/a", NULL, 0},
        {"http://127.example.com/a", NULL, -1},
        {"http://localhost/a", "https://example.com", -1},
        {"https://example.com/a", "http://localhost/a", 0},
        {"https://user:hunter@example.com/a", NULL, -1},
        {"nonsense", NULL, -1},
        {"", NULL, -1},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        bool loopback;
        Error err;
        const int rc = http_address_check(CASES[i].url, CASES[i].from, &loopback, &err);
        if (rc != CASES[i].rc) fail_msg("%s: %d", CASES[i].url, rc);
        if (rc != 0) assert_null(strstr(err.message, "hunter"));
    }
}

static void stop_at_the_first_bytes(void *context, int64_t bytes, int64_t total)
{
    (void)context, (void)total;
    if (bytes > 0) interrupt_raise(15);
}

/* Last, because the interrupt stays pending. */
static void interrupt_keeps_the_part(void **state)
{
    (void)state;
    static Server s;
    start(&s, &CUT, 1);
    Error err;
    const HttpOptions options = {.on_progress = stop_at_the_first_bytes};
    assert_int_equal(download(&s, options, NULL, &err), -1);
    assert_message_has(&err, "stopped after 2000 bytes");
    assert_int_equal(file_size(s.part), 2000);
    finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_file_arrives_with_its_hash),
        cmocka_unit_test(broken_connection_goes_on_where_it_broke),
        cmocka_unit_test(later_call_resumes_the_part),
        cmocka_unit_test(part_of_unknown_origin_is_dropped),
        cmocka_unit_test(wrong_part_is_fetched_again_from_the_start),
        cmocka_unit_test(server_without_ranges_starts_over),
        cmocka_unit_test(wrong_content_range_starts_over),
        cmocka_unit_test(part_longer_than_the_file_starts_over),
        cmocka_unit_test(busy_server_is_asked_again),
        cmocka_unit_test(retry_after_is_obeyed),
        cmocka_unit_test(relative_redirect_is_followed),
        cmocka_unit_test(empty_file_is_a_file),
        cmocka_unit_test(complete_part_needs_no_request),
        cmocka_unit_test(progress_ends_at_the_size),
        cmocka_unit_test(wrong_hash_leaves_nothing),
        cmocka_unit_test(file_above_the_limit_is_refused),
        cmocka_unit_test(file_longer_than_known_is_refused),
        cmocka_unit_test(file_shorter_than_known_is_refused),
        cmocka_unit_test(redirect_loop_ends),
        cmocka_unit_test(redirect_to_another_machine_without_tls_is_refused),
        cmocka_unit_test(redirect_to_a_file_is_refused),
        cmocka_unit_test(missing_file_is_not_asked_for_again),
        cmocka_unit_test(absurd_retry_after_is_not_waited_for),
        cmocka_unit_test(busy_server_is_given_up_after_five_tries),
        cmocka_unit_test(dead_server_says_so),
        cmocka_unit_test(folder_that_is_not_there_is_named),
        cmocka_unit_test(only_https_leaves_the_machine),
        cmocka_unit_test(interrupt_keeps_the_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
