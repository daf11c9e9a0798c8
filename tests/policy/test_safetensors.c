#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "policy/safetensors.h"

#define GOLDEN RLHF_SOURCE_DIR "/tests/golden"

static char folder[] = "/tmp/rlhf-safetensors-XXXXXX", path[256];
static Error err;

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/a.safetensors", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return folder_remove(folder, &err);
}

static void write_bytes(const char *where, const void *bytes, size_t n)
{
    FILE *f = fopen(where, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* A file with this header and n_data bytes of zeros behind it. */
static void write_file(const char *where, const char *header, size_t n_header, size_t n_data)
{
    unsigned char *bytes = mem_calloc(8 + n_header + n_data, 1);
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(n_header >> (8 * i));
    memcpy(bytes + 8, header, n_header);
    write_bytes(where, bytes, 8 + n_header + n_data);
    free(bytes);
}

static void assert_refused(const char *where, const char *reason)
{
    Safetensors *s = NULL;
    err.message[0] = 0;
    assert_int_equal(safetensors_open(&s, where, &err), -1);
    assert_null(s);
    if (!strstr(err.message, reason) || strncmp(err.message, where, strlen(where)) != 0 ||
        strchr(err.message, '\n'))
        fail_msg("expected one line \"%s: ... %s ...\", got \"%s\"", where, reason, err.message);
}

static const float A[] = {1, -2.5f, 3e-30f, 0, -0.0f, 7}, B[] = {42}, C[] = {0.5f, 0.25f};
static const SafetensorsTensor THREE[] = {
    {"b", DTYPE_F32, 0, {0}, B, NULL, NULL},
    {"model.a \"\xc3\xa9\"", DTYPE_F32, 2, {3, 2}, A, NULL, NULL},
    {"c", DTYPE_F32, 1, {2}, C, NULL, NULL},
};

static void what_is_written_reads_back_the_same(void **state)
{
    (void)state;
    Safetensors *s;
    float back[6];
    assert_int_equal(safetensors_write(path, THREE, 3, &err), 0);
    assert_int_equal(safetensors_open(&s, path, &err), 0);
    assert_int_equal(safetensors_count(s), 3);
    const int a = safetensors_find(s, THREE[1].name);
    assert_int_equal(a, 2); /* sorted by name: b, c, model.a */
    const SafetensorsEntry *e = safetensors_entry(s, a);
    assert_string_equal(e->dtype, "F32");
    assert_int_equal(e->n_dims, 2);
    assert_int_equal(e->shape[0], 3);
    assert_int_equal(e->shape[1], 2);
    assert_int_equal(e->count, 6);
    assert_int_equal(safetensors_read(s, a, back, &err), 0);
    assert_memory_equal(back, A, sizeof A);
    assert_int_equal(safetensors_find(s, "absent"), -1);
    assert_int_equal(safetensors_entry(s, 0)->n_dims, 0);
    assert_int_equal(safetensors_read(s, 0, back, &err), 0);
    assert_true(back[0] == 42);
    safetensors_close(s);
}

/* By hand: the header's length is a multiple of 8, so the data of "b" begins at a multiple of 8. */
static void the_bytes_do_not_depend_on_the_order_given(void **state)
{
    (void)state;
    char *first, *second;
    size_t n, m;
    const SafetensorsTensor turned[] = {THREE[2], THREE[1], THREE[0]};
    assert_int_equal(safetensors_write(path, THREE, 3, &err), 0);
    assert_int_equal(file_read(&first, &n, path, 1 << 20, &err), 0);
    assert_int_equal(safetensors_write(path, turned, 3, &err), 0);
    assert_int_equal(file_read(&second, &m, path, 1 << 20, &err), 0);
    assert_int_equal(n, m);
    assert_memory_equal(first, second, n);
    assert_int_equal((unsigned char)first[0] % 8, 0);
    assert_memory_equal(first + 8, "{\"__metadata__\":{\"format\":\"pt\"},\"b\":{\"dtype\":\"F32\"",
                        50);
    free(first);
    free(second);
}

/* Three halves come before "b" by name, and yet b's floats begin at a multiple of 4. */
static void types_are_kept_and_wide_numbers_come_first(void **state)
{
    (void)state;
    static const float HALVES[] = {0.5f, -2, 0x1p-24f};
    const SafetensorsTensor mixed[] = {{"a", DTYPE_F16, 1, {3}, HALVES, NULL, NULL},
                                       {"b", DTYPE_F32, 1, {6}, A, NULL, NULL},
                                       {"c", DTYPE_BF16, 1, {2}, C, NULL, NULL}};
    float back[6];
    Safetensors *s;
    assert_int_equal(safetensors_write(path, mixed, 3, &err), 0);
    assert_int_equal(safetensors_open(&s, path, &err), 0);
    for (int i = 0; i < 3; i++) {
        const SafetensorsEntry *e = safetensors_entry(s, i);
        assert_string_equal(e->dtype, dtype_name(mixed[i].type));
        assert_int_equal(safetensors_read(s, i, back, &err), 0);
        assert_memory_equal(back, mixed[i].values, (size_t)e->count * sizeof *back);
    }
    assert_int_equal(safetensors_entry(s, 1)->begin, 0);
    assert_int_equal(safetensors_entry(s, 0)->begin, 6 * 4);
    safetensors_close(s);
}

static void count_up(float *out, void *context, int64_t first, int64_t n)
{
    const float *scale = context;
    for (int64_t i = 0; i < n; i++) out[i] = *scale * (float)(first + i);
}

static void values_can_come_in_pieces(void **state)
{
    (void)state;
    enum { N = 200001 };
    float scale = 0.5f, *back = mem_calloc(N, sizeof *back);
    const SafetensorsTensor t = {"long", DTYPE_F32, 1, {N}, NULL, count_up, &scale};
    Safetensors *s;
    assert_int_equal(safetensors_write(path, &t, 1, &err), 0);
    assert_int_equal(safetensors_open(&s, path, &err), 0);
    assert_int_equal(safetensors_read(s, 0, back, &err), 0);
    for (int i = 0; i < N; i++) assert_true(back[i] == 0.5f * (float)i);
    safetensors_close(s);
    free(back);
}

/* Half: 0x3c00 is 1, 0xc000 is -2, 0x0001 is 2^-24, 0x7bff is 65504, 0xfc00 is -infinity.
 * bfloat16: 0x3f80 is 1, 0xc040 is -3. */
static void half_precision_is_converted_exactly(void **state)
{
    (void)state;
    static const char header[] =
        "{\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[10,14]},"
        "\"h\":{\"dtype\":\"F16\",\"shape\":[5],\"data_offsets\":[0,10]}}";
    static const unsigned char data[] = {0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0xff,
                                         0x7b, 0x00, 0xfc, 0x80, 0x3f, 0x40, 0xc0};
    unsigned char bytes[8 + sizeof header - 1 + sizeof data] = {sizeof header - 1};
    memcpy(bytes + 8, header, sizeof header - 1);
    memcpy(bytes + 8 + sizeof header - 1, data, sizeof data);
    write_bytes(path, bytes, sizeof bytes);

    Safetensors *s;
    float h[5];
    double b[2];
    assert_int_equal(safetensors_open(&s, path, &err), 0);
    assert_int_equal(safetensors_read(s, 1, h, &err), 0);
    assert_int_equal(safetensors_read_double(s, 0, b, &err), 0);
    assert_true(h[0] == 1 && h[1] == -2 && h[2] == 0x1p-24f && h[3] == 65504 &&
                h[4] == -1.0f / 0.0f);
    assert_true(b[0] == 1 && b[1] == -3);
    safetensors_close(s);
}

static void a_published_layout_opens(void **state)
{
    (void)state;
    Safetensors *s;
    assert_int_equal(safetensors_open_folder(&s, GOLDEN "/gpt2-tiny", &err), 0);
    const int wte = safetensors_find(s, "wte.weight");
    assert_true(wte >= 0);
    assert_int_equal(safetensors_entry(s, wte)->n_dims, 2);
    assert_int_equal(safetensors_entry(s, wte)->shape[0], 97); /* config.json: vocab_size, n_embd */
    assert_int_equal(safetensors_entry(s, wte)->shape[1], 32);
    safetensors_close(s);
}

static void shards_open_as_one_list(void **state)
{
    (void)state;
    Safetensors *shards, *whole;
    assert_int_equal(safetensors_open_folder(&shards, GOLDEN "/llama-tiny-gqa-sharded", &err), 0);
    assert_int_equal(safetensors_open_folder(&whole, GOLDEN "/llama-tiny-gqa", &err), 0);
    assert_int_equal(safetensors_count(shards), safetensors_count(whole));
    for (int i = 0; i < safetensors_count(whole); i++) {
        const SafetensorsEntry *a = safetensors_entry(shards, i), *b = safetensors_entry(whole, i);
        assert_string_equal(a->name, b->name);
        assert_string_equal(a->dtype, "F16");
        assert_int_equal(a->count, b->count);
        float *x = mem_calloc((size_t)a->count, sizeof *x);
        assert_int_equal(safetensors_read(shards, i, x, &err), 0);
        for (int64_t k = 0; k < a->count; k++) assert_true(x[k] > -8 && x[k] < 8);
        free(x);
    }
    safetensors_close(shards);
    safetensors_close(whole);
}

#define T(dtype, shape, offsets) \
    "\"t\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define F4x4 T("\"F32\"", "[4]", "[0,16]")

static const struct {
    const char *header;
    size_t data;
    const char *reason;
} MALFORMED[] = {
    {"", 0, "ends inside the header"},
    {"[]", 0, "no '{'"},
    {"\xef\xbb\xbf{}", 0, "no '{'"},
    {"{" F4x4, 16, "ends inside"},
    {"{" F4x4 ",}", 16, "no '\"'"},
    {"{" F4x4 "} x", 16, "goes on"},
    {"{\"t\xff\":1}", 0, "byte 3 of the header is not UTF-8"},
    {"{\"t\n\":1}", 0, "control character"},
    {"{\"\\u0000\":1}", 0, "\\u0000"},
    {"{\"\\ud800x\":1}", 0, "surrogate"},
    {"{\"\\u12g4\":1}", 0, "\\u escape"},
    {"{\"\\q\":1}", 0, "bad escape"},
    {"{" F4x4 "," F4x4 "}", 16, "begins at byte 0"},
    {"{" T("\"F32\"", "[0]", "[0,0]") "," T("\"F32\"", "[0]", "[0,0]") "}", 0, "named twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ is given twice"},
    {"{\"__metadata__\":{\"format\":1}}", 0, "__metadata__"},
    {"{" T("\"f32\"", "[4]", "[0,16]") "}", 16, "unknown dtype \"f32\""},
    {"{" T("7", "[4]", "[0,16]") "}", 16, "dtype"},
    {"{" T("\"F32\"", "[-4]", "[0,16]") "}", 16, "shape: expected a whole number"},
    {"{" T("\"F32\"", "[4.0]", "[0,16]") "}", 16, "shape: expected a whole number"},
    {"{" T("\"F32\"", "[4e0]", "[0,16]") "}", 16, "shape: expected a whole number"},
    {"{" T("\"F32\"", "[04]", "[0,16]") "}", 16, "shape: expected a whole number"},
    {"{" T("\"F32\"", "[\"4\"]", "[0,16]") "}", 16, "shape: expected a whole number"},
    {"{" T("\"F32\"", "[1,1,1,1,1,1,1,1,4]", "[0,16]") "}", 16, "more than 8"},
    {"{" T("\"F32\"", "[18446744073709551616]", "[0,16]") "}", 16, "64 bits"},
    {"{" T("\"F32\"", "[9223372036854775808]", "[0,16]") "}", 16, "product"},
    {"{" T("\"F32\"", "[4294967296,4294967296]", "[0,16]") "}", 16, "product"},
    {"{" T("\"F64\"", "[4611686018427387904]", "[0,16]") "}", 16, "no size in bytes"},
    {"{" T("\"F4\"", "[3]", "[0,1]") "}", 1, "no size in bytes"},
    {"{" T("\"F32\"", "[4]", "[0]") "}", 16, "two numbers"},
    {"{" T("\"F32\"", "[4]", "[0,16,32]") "}", 16, "more than 2"},
    {"{" T("\"F32\"", "[4]", "[16,0]") "}", 16, "backwards"},
    {"{" T("\"F32\"", "[4]", "[0,20]") "}", 16, "end at 20 of 16"},
    {"{" T("\"F32\"", "[4]", "[0,12]") "}", 12, "takes 16 bytes"},
    {"{" T("\"F32\"", "[4]", "[4,20]") "}", 20, "begins at byte 4"},
    {"{" F4x4 ",\"u\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[15,16]}}", 16,
     "begins at byte 15"},
    {"{" F4x4 "}", 17, "the file holds 17"},
    {"{}", 1, "the file holds 1"},
    {"{\"t\":{\"dtype\":\"F32\",\"shape\":[4]}}", 16, "data_offsets is missing"},
    {"{\"t\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 16, "dtype is given twice"},
    {"{\"t\":{\"type\":\"F32\"}}", 16, "unknown member \"type\""},
    {"{\"t\":{}}", 16, "no '\"'"},
    {"{\"t\":[[[[[[[[]]]]]]]]}", 0, "no '{'"},
};

static void every_malformed_header_gives_one_line_naming_the_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof MALFORMED / sizeof *MALFORMED; i++) {
        write_file(path, MALFORMED[i].header, strlen(MALFORMED[i].header), MALFORMED[i].data);
        assert_refused(path, MALFORMED[i].reason);
    }
}

static void impossible_lengths_are_refused(void **state)
{
    (void)state;
    write_bytes(path, "\2\0\0\0\0\0\0", 7);
    assert_refused(path, "too few");
    write_bytes(path, "\3\0\0\0\0\0\0\0{}", 10);
    assert_refused(path, "beyond the end of the file");
    write_bytes(path, "\1\xe1\xf5\5\0\0\0\0{}", 10); /* 100,000,001 */
    assert_refused(path, "beyond 100,000,000");
    write_bytes(path, "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10);
    assert_refused(path, "18446744073709551615");
}

static void a_header_may_have_space_around_it(void **state)
{
    (void)state;
    static const char header[] = " \n{ " F4x4 " } \t\r\n ";
    Safetensors *s;
    write_file(path, header, sizeof header - 1, 16);
    assert_int_equal(safetensors_open(&s, path, &err), 0);
    safetensors_close(s);
}

static void empty_tensors_are_legal(void **state)
{
    (void)state;
    static const char header[] =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[0,9],\"data_offsets\":[0,0]}," F4x4
        ",\"z\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[16,16]}}";
    Safetensors *s;
    write_file(path, header, sizeof header - 1, 16);
    assert_int_equal(safetensors_open(&s, path, &err), 0);
    assert_int_equal(safetensors_entry(s, 0)->count, 0);
    safetensors_close(s);
}

static void only_regular_files_are_opened(void **state)
{
    (void)state;
    char fifo[256];
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_refused(fifo, "not a regular file");
    assert_refused(folder, "not a regular file");
    assert_refused("/nowhere/a.safetensors", "No such file");
}

static void pickle_is_recognised_and_not_read(void **state)
{
    (void)state;
    write_bytes(path, "\x80\2\x8a\nl\xfc\x9c\x46\xf9 j", 11);
    assert_refused(path, "pickle");
    assert_true(strstr(err.hint, "safe_serialization") != NULL);
    write_bytes(path, "PK\3\4\0\0\10\10\0\0\0", 11);
    assert_refused(path, "pickle");
}

static void a_file_that_shrinks_while_open_is_an_error(void **state)
{
    (void)state;
    Safetensors *s;
    float back[6];
    assert_int_equal(safetensors_write(path, THREE, 3, &err), 0);
    assert_int_equal(safetensors_open(&s, path, &err), 0);
    assert_int_equal(truncate(path, 64), 0);
    assert_int_equal(safetensors_read(s, 2, back, &err), -1);
    assert_non_null(strstr(err.message, "shorter"));
    assert_non_null(strstr(err.message, path));
    safetensors_close(s);
}

static void other_types_are_listed_and_not_read(void **state)
{
    (void)state;
    static const char header[] = "{" T("\"I64\"", "[2]", "[0,16]") "}";
    Safetensors *s;
    float back[2];
    write_file(path, header, sizeof header - 1, 16);
    assert_int_equal(safetensors_open(&s, path, &err), 0);
    assert_int_equal(safetensors_read(s, 0, back, &err), -1);
    assert_non_null(strstr(err.message, "I64"));
    safetensors_close(s);
}

static void refused_index(const char *index, const char *reason)
{
    char dir[300], file[400];
    snprintf(dir, sizeof dir, "%s/shards", folder);
    assert_int_equal(folder_make(dir, &err), 0);
    snprintf(file, sizeof file, "%s/s1.safetensors", dir);
    assert_int_equal(safetensors_write(file, THREE, 1, &err), 0); /* holds b */
    snprintf(file, sizeof file, "%s/s2.safetensors", dir);
    assert_int_equal(safetensors_write(file, THREE, 1, &err), 0);
    snprintf(file, sizeof file, "%s/model.safetensors.index.json", dir);
    write_bytes(file, index, strlen(index));
    Safetensors *s = NULL;
    assert_int_equal(safetensors_open_folder(&s, dir, &err), -1);
    if (!strstr(err.message, reason)) fail_msg("expected \"%s\", got \"%s\"", reason, err.message);
}

static void a_wrong_index_is_refused(void **state)
{
    (void)state;
    refused_index("{}", "weight_map");
    refused_index("{\"weight_map\":{\"b\":7}}", "not a file name");
    refused_index("{\"weight_map\":{\"b\":\"../s1.safetensors\"}}", "not a plain file name");
    refused_index("{\"weight_map\":{\"b\":\"/etc/passwd\"}}", "not a plain file name");
    refused_index("{\"weight_map\":{\"b\":\".hidden\"}}", "not a plain file name");
    refused_index("{\"weight_map\":{\"b\":\"s3.safetensors\"}}", "s3.safetensors");
    refused_index("{\"weight_map\":{\"x\":\"s1.safetensors\"}}", "no tensor \"x\"");
    refused_index("{\"weight_map\":{\"b\":\"s1.safetensors\",\"c\":\"s2.safetensors\"}}",
                  "in two shards");
}

static void a_folder_without_weights_says_what_is_missing(void **state)
{
    (void)state;
    Safetensors *s = NULL;
    assert_int_equal(safetensors_open_folder(&s, "/nowhere", &err), -1);
    assert_non_null(strstr(err.message, "/nowhere: no model.safetensors"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(the_bytes_do_not_depend_on_the_order_given),
        cmocka_unit_test(types_are_kept_and_wide_numbers_come_first),
        cmocka_unit_test(values_can_come_in_pieces),
        cmocka_unit_test(half_precision_is_converted_exactly),
        cmocka_unit_test(a_published_layout_opens),
        cmocka_unit_test(shards_open_as_one_list),
        cmocka_unit_test(every_malformed_header_gives_one_line_naming_the_file),
        cmocka_unit_test(impossible_lengths_are_refused),
        cmocka_unit_test(a_header_may_have_space_around_it),
        cmocka_unit_test(empty_tensors_are_legal),
        cmocka_unit_test(only_regular_files_are_opened),
        cmocka_unit_test(pickle_is_recognised_and_not_read),
        cmocka_unit_test(a_file_that_shrinks_while_open_is_an_error),
        cmocka_unit_test(other_types_are_listed_and_not_read),
        cmocka_unit_test(a_wrong_index_is_refused),
        cmocka_unit_test(a_folder_without_weights_says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
