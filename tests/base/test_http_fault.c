/* Servers, and what stands between, at their worst. */
#include "tests/base/http_server.h"

/* What the raw answer comes to: a failure that says `words`, and no file. */
static void refused(const char *raw, size_t n, HttpOptions options, const char *words)
{
    static Server s;
    Error err = {0};
    const Answer a = {.raw = raw, .raw_length = n};
    start(&s, &a, 1);
    assert_int_equal(download(&s, options, NULL, &err), -1);
    assert_message_has(&err, words);
    assert_false(file_exists(s.path));
    finish(&s);
}

static void refused_text(const char *raw, HttpOptions options, const char *words)
{
    refused(raw, strlen(raw), options, words);
}

static void stalled_connection_is_given_up_and_taken_up(void **state)
{
    (void)state;
    static Server s;
    Answer stall = CUT;
    stall.hold = true;
    start(&s, (Answer[]){stall, REST}, 2);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){.stall_seconds = 2}, NULL, &err), 0);
    assert_non_null(strstr(s.request[1], "Range: bytes=2000-"));
    assert_file_is_whole(&s);
    finish(&s);
}

/* Broken off after each of its first bytes in turn; every time the rest is asked for from there. */
static void connection_may_break_at_any_byte(void **state)
{
    (void)state;
    for (int at = 1; at < 200; at += 13) {
        static Server s;
        Answer cut = CUT;
        char range[64];
        cut.cut_after = at;
        start(&s, (Answer[]){cut, REST}, 2);
        Error err;
        assert_int_equal(download(&s, (HttpOptions){0}, NULL, &err), 0);
        snprintf(range, sizeof range, "Range: bytes=%d-\r\n", at);
        assert_non_null(strstr(s.request[1], range));
        assert_file_is_whole(&s);
        finish(&s);
    }
}

/* The version that the first bytes are of is gone: If-Range brings the whole new one. */
static void file_that_changes_between_two_tries_is_one_version(void **state)
{
    (void)state;
    static Server s;
    static const Answer changed = {.status = "200 OK", .headers = "ETag: \"v2\"\r\n", .body = true};
    start(&s, (Answer[]){CUT, changed}, 2);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){0}, NULL, &err), 0);
    assert_non_null(strstr(s.request[1], "If-Range: \"v1\""));
    assert_file_is_whole(&s);
    finish(&s);
}

static void chunks_without_end_are_cut_at_the_size(void **state)
{
    (void)state;
    refused_text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "8\r\n01234567\r\n8\r\n01234567\r\n8\r\n01234567\r\n",
                 (HttpOptions){.size = 10}, "larger than the 10 bytes it should have");
}

static void header_with_a_nul_is_refused(void **state)
{
    (void)state;
    static const char RAW[] = "HTTP/1.1 200 OK\r\nX-A: b\0c\r\nContent-Length: 1\r\n\r\nx";
    refused(RAW, sizeof RAW - 1, (HttpOptions){0}, "");
}

static void endless_header_is_refused(void **state)
{
    (void)state;
    enum { LONG = 200000 };
    static char raw[LONG];
    memset(raw, 'a', sizeof raw);
    memcpy(raw, "HTTP/1.1 200 OK\r\nX-A: ", 22);
    refused(raw, sizeof raw, (HttpOptions){0}, "");
}

static void redirect_to_ftp_is_refused(void **state)
{
    (void)state;
    refused_text("HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/x\r\nContent-Length: 0\r\n\r\n",
                 (HttpOptions){0}, "redirected to ftp://127.0.0.1/x");
}

static void redirect_with_a_user_name_is_refused(void **state)
{
    (void)state;
    refused_text("HTTP/1.1 302 Found\r\nLocation: http://ada:secret@127.0.0.1/x\r\n"
                 "Content-Length: 0\r\n\r\n",
                 (HttpOptions){0}, "user name or password");
}

static void page_instead_of_the_file_is_refused(void **state)
{
    (void)state;
    static const char HASH[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    refused_text("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 22\r\n\r\n"
                 "<html>log in first</a>",
                 (HttpOptions){.sha256 = HASH}, "expected e3b0c442");
}

static void file_shorter_than_said_is_asked_for_again(void **state)
{
    (void)state;
    static Server s;
    static const char SHORT[] = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 5000\r\n\r\na";
    const Answer first = {.raw = SHORT, .raw_length = sizeof SHORT - 1};
    start(&s, (Answer[]){first, REST}, 2);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){0}, NULL, &err), 0);
    assert_non_null(strstr(s.request[1], "Range: bytes=1-"));
    assert_file_is_whole(&s);
    finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stalled_connection_is_given_up_and_taken_up),
        cmocka_unit_test(connection_may_break_at_any_byte),
        cmocka_unit_test(file_that_changes_between_two_tries_is_one_version),
        cmocka_unit_test(chunks_without_end_are_cut_at_the_size),
        cmocka_unit_test(header_with_a_nul_is_refused),
        cmocka_unit_test(endless_header_is_refused),
        cmocka_unit_test(redirect_to_ftp_is_refused),
        cmocka_unit_test(redirect_with_a_user_name_is_refused),
        cmocka_unit_test(page_instead_of_the_file_is_refused),
        cmocka_unit_test(file_shorter_than_said_is_asked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
