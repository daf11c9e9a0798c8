/* Downloads that come to a file. */
#include "tests/base/http_server.h"

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
