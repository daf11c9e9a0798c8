/* Downloads that are refused, given up or stopped. */
#include "tests/base/http_server.h"

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
    assert_true(err.stopped);
    assert_int_equal(file_size(s.part), 2000);
    finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
