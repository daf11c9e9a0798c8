/* GGUF files: the bytes, as the format lays them out. */
#include "policy/gguf.h"

#include "tests/gguf_reader.h"

static Error err;

static void read_from(float *out, void *context, int64_t row)
{
    const float *values = context;
    memcpy(out, values + 2 * row, 2 * sizeof *out);
}

/* Header 24 bytes, the key 8 + 3 + 4 + 4 = 19, the tensor's entry 8 + 1 + 4 + 8 + 4 + 8 = 33: 76, so the data
 * begins at 96; 8 bytes of it, filled up to 32. */
static void a_file_is_laid_out_as_the_format_says(void **state)
{
    (void)state;
    static const unsigned char EXPECTED[128] =
        "GGUF\3\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0" /* one tensor, one key */
        "\3\0\0\0\0\0\0\0a.b\4\0\0\0\x07\1\0\0"        /* a.b: u32, 263 */
        "\1\0\0\0\0\0\0\0v\1\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* v: F32 (2), at 0 */
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"                          /* to 96 */
        "\0\0\x80\x3f\0\0\0\xc0";                                           /* 1, -2 */
    float values[] = {1, -2};
    const GgufTensor t = {"v", GGUF_F32, true, 1, 2, read_from, values};
    GgufKeys keys = {0};
    const char *path = scratch_path("one.gguf");
    gguf_put_u32(&keys, "a.b", 263);
    assert_worked(gguf_write(path, &keys, &t, 1, &err), &err);
    assert_int_equal(file_size(path), sizeof EXPECTED);
    char *bytes = scratch_read(path);
    assert_memory_equal(bytes, EXPECTED, sizeof EXPECTED);
    free(bytes);
    gguf_keys_free(&keys);
}

static void every_kind_of_key_reads_back(void **state)
{
    (void)state;
    GgufKeys keys = {0};
    const char *const texts[] = {"one", "", "three"};
    gguf_put_f32(&keys, "float", 1e-5f);
    gguf_put_bool(&keys, "yes", true);
    gguf_put_bool(&keys, "no", false);
    gguf_put_text(&keys, "text", "gr\xc3\xbc\xc3\x9f");
    gguf_put_texts(&keys, "texts", texts, 3);
    gguf_put_i32s(&keys, "ints", (const int[]){-1, 70000}, 2);
    gguf_put_f32s(&keys, "floats", (const float[]){-1000, 0.5f}, 2);
    assert_worked(gguf_write(scratch_path("keys.gguf"), &keys, NULL, 0, &err), &err);
    ReadGguf g = gguf_read(scratch_path("keys.gguf"));
    assert_int_equal(g.n_keys, 7);
    assert_true(read_f32(&g, "float") == 1e-5f);
    assert_true(read_bool(&g, "yes") && !read_bool(&g, "no"));
    assert_string_equal(read_text(&g, "text"), "gr\xc3\xbc\xc3\x9f");
    assert_int_equal(read_key(&g, "texts")->count, 3);
    assert_string_equal(read_text_of(&g, "texts", 1), "");
    assert_string_equal(read_text_of(&g, "texts", 2), "three");
    assert_int_equal(read_key(&g, "ints")->element, READ_I32);
    assert_int_equal((int32_t)read_number(read_key(&g, "ints")->value, 4), -1);
    assert_int_equal(read_key(&g, "floats")->element, READ_F32);
    assert_true(read_float(read_key(&g, "floats")->value) == -1000);
    gguf_read_free(&g);
    gguf_keys_free(&keys);
}

/* 3 rows of 2: 24 bytes, so the next one begins at 32. */
static void tensors_name_columns_first_and_are_aligned(void **state)
{
    (void)state;
    float values[] = {1, 2, 3, 4, 5, 6};
    const GgufTensor t[] = {{"first", GGUF_F32, false, 3, 2, read_from, values},
                            {"second", GGUF_F16, false, 2, 2, read_from, values}};
    GgufKeys keys = {0};
    gguf_put_bool(&keys, "k", true);
    assert_worked(gguf_write(scratch_path("two.gguf"), &keys, t, 2, &err), &err);
    ReadGguf g = gguf_read(scratch_path("two.gguf"));
    const ReadTensor *first = read_tensor(&g, "first"), *second = read_tensor(&g, "second");
    assert_int_equal(first->n_dims, 2);
    assert_int_equal(first->dim[0], 2);
    assert_int_equal(first->dim[1], 3);
    assert_true(read_value(first, 5) == 6);
    assert_int_equal(second->offset, 32);
    assert_int_equal(second->type, 1);
    assert_int_equal(read_number(second->data + 6, 2), 0x4400); /* 4 */
    gguf_read_free(&g);
    gguf_keys_free(&keys);
}

static void a_number_too_large_leaves_the_old_file(void **state)
{
    (void)state;
    float values[] = {1, 1e6f};
    const GgufTensor t = {"blk.0.ffn_up.weight", GGUF_F16, false, 1, 2, read_from, values};
    GgufKeys keys = {0};
    scratch_write(scratch_path("old.gguf"), "as it was");
    gguf_put_bool(&keys, "k", true);
    assert_int_equal(gguf_write(scratch_path("old.gguf"), &keys, &t, 1, &err), -1);
    assert_says(&err, "blk.0.ffn_up.weight: 1e+06 is beyond what f16 holds");
    char *bytes = scratch_read(scratch_path("old.gguf"));
    assert_string_equal(bytes, "as it was");
    free(bytes);
    gguf_keys_free(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_laid_out_as_the_format_says),
        cmocka_unit_test(every_kind_of_key_reads_back),
        cmocka_unit_test(tensors_name_columns_first_and_are_aligned),
        cmocka_unit_test(a_number_too_large_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
