/* Event files to the byte: a published checksum, and records made by hand. */
#include "base/tensorboard.h"

#include "base/json.h"
#include "tests/scratch.h"

/* RFC 3720, appendix B.4; "123456789" is the check value of every catalogue of CRCs. */
static void crc32c_matches_the_published_vectors(void **state)
{
    (void)state;
    unsigned char bytes[32] = {0};
    assert_int_equal(crc32c(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(crc32c(bytes, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)i;
    assert_int_equal(crc32c(bytes, 32), 0x46dd794e);
    for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)(31 - i);
    assert_int_equal(crc32c(bytes, 32), 0x113fdb5c);
    assert_int_equal(crc32c("123456789", 9), 0xe3069283);
}

/* 0x8a9136aa rotated right by 15 is 0x6d551522, and 0x6d551522 + 0xa282ead8 = 0x10fd7fffa. */
static void the_mask_rotates_and_adds(void **state)
{
    (void)state;
    const unsigned char zeros[32] = {0};
    assert_int_equal(crc32c_masked(zeros, 32), 0x0fd7fffa);
}

/* The bytes of the record at `at` without its frame, whose lengths and checksums must be right. */
static const unsigned char *unframed(size_t *n, const Text *t, size_t at)
{
    const unsigned char *b = (const unsigned char *)t->bytes + at;
    uint32_t crc[2];
    *n = b[0];
    for (int i = 1; i < 8; i++) assert_int_equal(b[i], 0);
    assert_true(at + 16 + *n <= t->n);
    memcpy(&crc[0], b + 8, 4);
    memcpy(&crc[1], b + 12 + *n, 4);
    assert_int_equal(crc[0], crc32c_masked(b, 8));
    assert_int_equal(crc[1], crc32c_masked(b + 12, *n));
    return b + 12;
}

static void a_file_begins_with_its_version(void **state)
{
    (void)state;
    /* 1.0 is 0x3ff0000000000000; 0x09: field 1, 64 bits; 0x1a: field 3, bytes */
    static const unsigned char EVENT[] = {0x09, 0,    0,   0,   0,   0,   0,   0xf0,
                                          0x3f, 0x1a, 13,  'b', 'r', 'a', 'i', 'n',
                                          '.',  'E',  'v', 'e', 'n', 't', ':', '2'};
    Text t = {0};
    size_t n;
    tensorboard_begin(&t, 1);
    const unsigned char *event = unframed(&n, &t, 0);
    assert_int_equal(n, sizeof EVENT);
    assert_memory_equal(event, EVENT, n);
    assert_int_equal(t.n, n + 16);
    text_free(&t);
}

static void a_record_becomes_the_scalars_of_its_step(void **state)
{
    (void)state;
    /* step 300 is 0xac 0x02 in sevens; 0.5 as a float is 0x3f000000, -2 is 0xc0000000 */
    static const unsigned char EVENT[] = {
        0x09, 0,    0,    0, 0,    0,   0,    0,   0x40, /* wall_time 2 */
        0x10, 0xac, 0x02,                                /* step */
        0x2a, 24,                                        /* summary of 24 bytes */
        0x0a, 11,   0x0a, 4, 'l',  'o', 's',  's',       /* value, tag */
        0x15, 0,    0,    0, 0x3f,                       /* simple_value */
        0x0a, 9,    0x0a, 2, 'k',  'l', 0x15, 0,   0,    0, 0xc0};
    static const char LINE[] = "{\"step\":300,\"time\":2,\"loss\":0.5,\"word\":\"x\",\"kl\":-2}";
    Text t = {0};
    size_t n;
    cJSON *record = NULL;
    Error err;
    assert_worked(json_parse(&record, LINE, strlen(LINE), &err), &err);
    tensorboard_scalars(&t, record);
    const unsigned char *event = unframed(&n, &t, 0);
    assert_int_equal(n, sizeof EVENT);
    assert_memory_equal(event, EVENT, n);
    cJSON_Delete(record);
    text_free(&t);
}

static void a_line_without_numbers_is_no_event(void **state)
{
    (void)state;
    Text t = {0};
    cJSON *record = cJSON_Parse("{\"step\":3,\"time\":1,\"event\":\"settings\"}");
    tensorboard_scalars(&t, record);
    assert_int_equal(t.n, 0);
    cJSON_Delete(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32c_matches_the_published_vectors),
        cmocka_unit_test(the_mask_rotates_and_adds),
        cmocka_unit_test(a_file_begins_with_its_version),
        cmocka_unit_test(a_record_becomes_the_scalars_of_its_step),
        cmocka_unit_test(a_line_without_numbers_is_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
