/* Whom a token is told, answers in memory, and hashes of git. */
#include "tests/base/http_server.h"

static bool has_token(const Server *s, int request)
{
    return strstr(s->request[request], "Authorization: Bearer hf_secret\r\n") != NULL;
}

/* "Location: http://HOST:PORT/file" of this server, which answers by either of its two names. */
static const char *location(const Server *s, const char *host)
{
    static char lines[4][128];
    static int turn;
    char *line = lines[turn++ % 4];
    snprintf(line, sizeof *lines, "Location: http://%s:%d/file\r\n", host, s->port);
    return line;
}

static void token_follows_a_redirect_on_its_host(void **state)
{
    (void)state;
    static Server s;
    static const Answer moved = {.status = "307 Temporary Redirect",
                                 .headers = "Location: /renamed\r\n"};
    start(&s, (Answer[]){moved, WHOLE}, 2);
    HttpResult result;
    Error err;
    assert_int_equal(download(&s, (HttpOptions){.bearer = "hf_secret"}, &result, &err), 0);
    assert_true(has_token(&s, 0));
    assert_true(has_token(&s, 1));
    assert_false(result.elsewhere);
    finish(&s);
}

static void token_does_not_go_to_another_host(void **state)
{
    (void)state;
    static Server s;
    Answer script[] = {{.status = "302 Found"}, WHOLE};
    start(&s, script, 2);
    script[0].headers = location(&s, "localhost");
    HttpResult result;
    Error err;
    assert_int_equal(download(&s, (HttpOptions){.bearer = "hf_secret"}, &result, &err), 0);
    assert_true(has_token(&s, 0));
    assert_null(strstr(s.request[1], "secret"));
    assert_true(result.elsewhere);
    assert_file_is_whole(&s);
    finish(&s);
}

static void token_does_not_come_back(void **state)
{
    (void)state;
    static Server s;
    Answer script[] = {{.status = "302 Found"}, {.status = "302 Found"}, WHOLE};
    start(&s, script, 3);
    script[0].headers = location(&s, "localhost");
    script[1].headers = location(&s, "127.0.0.1");
    Error err;
    assert_int_equal(download(&s, (HttpOptions){.bearer = "hf_secret"}, NULL, &err), 0);
    assert_null(strstr(s.request[2], "secret"));
    finish(&s);
}

/* A try that broke off elsewhere begins again at the first address, with the token. */
static void token_is_told_again_after_a_broken_try(void **state)
{
    (void)state;
    static Server s;
    Answer script[] = {{.status = "302 Found"}, CUT, {.status = "302 Found"}, REST};
    start(&s, script, 4);
    script[0].headers = script[2].headers = location(&s, "localhost");
    Error err;
    assert_int_equal(download(&s, (HttpOptions){.bearer = "hf_secret"}, NULL, &err), 0);
    assert_true(has_token(&s, 2));
    assert_null(strstr(s.request[3], "secret"));
    assert_file_is_whole(&s);
    finish(&s);
}

static void host_is_scheme_name_and_port(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } CASES[] = {
        {"https://hub.example/a", "https://hub.example/b?c", true},
        {"https://hub.example/a", "https://HUB.example:443/a", true},
        {"https://hub.example/a", "https://hub.example:8443/a", false},
        {"https://hub.example/a", "http://hub.example/a", false},
        {"https://hub.example/a", "https://cdn.hub.example/a", false},
        {"https://hub.example/a", "https://hub.example.evil.example/a", false},
        {"https://hub.example/a", "https://hub.example@evil.example/a", false},
        {"https://hub.example/a", "nonsense", false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (http_address_same_host(CASES[i].a, CASES[i].b) != CASES[i].same)
            fail_msg("%s and %s", CASES[i].a, CASES[i].b);
}

/* ---- answers in memory ---- */

static void answer_is_put_behind_what_is_there(void **state)
{
    (void)state;
    static Server s;
    start(&s, (Answer[]){CUT, WHOLE}, 2);
    Text body = {0};
    HttpResult result;
    Error err;
    text_add(&body, "before");
    const HttpOptions options = {.backoff = 0.01};
    assert_int_equal(http_get(&body, s.url, &options, &result, &err), 0);
    assert_int_equal(body.n, 6 + BODY);
    assert_memory_equal(body.bytes + 6, s.file, BODY);
    assert_null(strstr(s.request[1], "Range:"));
    assert_int_equal(result.requests, 2);
    text_free(&body);
    finish(&s);
}

static void answer_above_the_limit_is_refused(void **state)
{
    (void)state;
    static Server s;
    start(&s, &WHOLE, 1);
    Text body = {0};
    Error err;
    const HttpOptions options = {.size_limit = 100};
    assert_int_equal(http_get(&body, s.url, &options, NULL, &err), -1);
    assert_message_has(&err, "larger than the 100 bytes allowed");
    text_free(&body);
    finish(&s);
}

static void headers_that_are_asked_for_are_those_of_the_last_answer(void **state)
{
    (void)state;
    static Server s;
    static const Answer moved = {.status = "302 Found",
                                 .headers = "Location: /b\r\nX-A: old\r\nX-B: old\r\n"};
    static const Answer there = {.status = "404 Not Found", .headers = "x-a:  new \r\n"};
    start(&s, (Answer[]){moved, there}, 2);
    HttpHeader header[] = {{.name = "X-A"}, {.name = "X-B"}};
    const HttpOptions options = {.header = header, .n_headers = 2};
    HttpResult result;
    Text body = {0};
    Error err;
    assert_int_equal(http_get(&body, s.url, &options, &result, &err), -1);
    assert_int_equal(result.status, 404);
    assert_string_equal(header[0].value, "new");
    assert_string_equal(header[1].value, "");
    finish(&s);
}

static void head_stays_with_the_first_host(void **state)
{
    (void)state;
    static Server s;
    Answer script[] = {{.status = "307 Temporary Redirect", .headers = "Location: /b\r\n"},
                       {.status = "302 Found"}};
    char lines[256];
    start(&s, script, 2);
    snprintf(lines, sizeof lines, "%sX-A: said\r\n", location(&s, "localhost"));
    script[1].headers = lines;
    HttpHeader header = {.name = "x-a"};
    const HttpOptions options = {.header = &header, .n_headers = 1};
    HttpResult result;
    Error err;
    assert_int_equal(http_head(s.url, &options, &result, &err), 0);
    assert_memory_equal(s.request[1], "HEAD /b ", 8);
    assert_int_equal(result.status, 302);
    assert_string_equal(header.value, "said");
    finish(&s);
}

/* ---- limits of how often ---- */

static void absurd_rate_limit_is_not_waited_for(void **state)
{
    (void)state;
    static Server s;
    static const Answer later = {.status = "429 Too Many Requests",
                                 .headers = "RateLimit: \"api\";r=0;t=999999\r\n"};
    start(&s, &later, 1);
    Error err;
    assert_int_equal(download(&s, (HttpOptions){0}, NULL, &err), -1);
    assert_message_has(&err, "the server answers 429");
    assert_non_null(strstr(err.hint, "1000000 seconds of patience"));
    finish(&s);
}

/* ---- hashes of git, and parts with a name of their own ---- */

static void git_hash_decides(void **state)
{
    (void)state;
    static Server s;
    char want[GIT_HASH_HEX], elsewhere[160];
    Error err;
    start(&s, (Answer[]){WHOLE, WHOLE}, 2);
    snprintf(elsewhere, sizeof elsewhere, "%s/gathers", s.folder);
    assert_int_equal(file_write(elsewhere, s.file, BODY, &err), 0);
    assert_int_equal(git_hash_file(want, elsewhere, &err), 0);
    unlink(elsewhere);

    HttpOptions options = {.git_hash = want, .part = elsewhere};
    assert_int_equal(download(&s, options, NULL, &err), 0);
    assert_file_is_whole(&s);
    unlink(s.path);

    want[0] = want[0] == '0' ? '1' : '0';
    assert_int_equal(download(&s, options, NULL, &err), -1);
    assert_message_has(&err, "has the git hash");
    assert_false(file_exists(s.path));
    assert_false(file_exists(elsewhere));
    finish(&s);
}

static void part_elsewhere_is_taken_up_and_leaves_no_note(void **state)
{
    (void)state;
    static Server s;
    char want[SHA256_HEX], elsewhere[160], note[160];
    Error err;
    start(&s, &REST, 1);
    snprintf(elsewhere, sizeof elsewhere, "%s/gathers", s.folder);
    snprintf(note, sizeof note, "%s.part.from", s.path);
    assert_int_equal(file_write(elsewhere, s.file, 2000, &err), 0);
    sha256_hex(want, s.file, BODY);
    HttpResult result;
    const HttpOptions options = {.sha256 = want, .part = elsewhere};
    assert_int_equal(download(&s, options, &result, &err), 0);
    assert_non_null(strstr(s.request[0], "Range: bytes=2000-"));
    assert_int_equal(result.resumed, 2000);
    assert_file_is_whole(&s);
    assert_false(file_exists(elsewhere) || file_exists(note));
    finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_follows_a_redirect_on_its_host),
        cmocka_unit_test(token_does_not_go_to_another_host),
        cmocka_unit_test(token_does_not_come_back),
        cmocka_unit_test(token_is_told_again_after_a_broken_try),
        cmocka_unit_test(host_is_scheme_name_and_port),
        cmocka_unit_test(answer_is_put_behind_what_is_there),
        cmocka_unit_test(answer_above_the_limit_is_refused),
        cmocka_unit_test(headers_that_are_asked_for_are_those_of_the_last_answer),
        cmocka_unit_test(head_stays_with_the_first_host),
        cmocka_unit_test(absurd_rate_limit_is_not_waited_for),
        cmocka_unit_test(git_hash_decides),
        cmocka_unit_test(part_elsewhere_is_taken_up_and_leaves_no_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
