/* The hashes are those that `git hash-object` (2.39) prints for the same bytes. */
#include "tests/scratch.h"

#include "base/git_hash.h"

static void assert_hash(const char *bytes, size_t n, const char *expected)
{
    char hash[GIT_HASH_HEX];
    Error err;
    const char *path = scratch_path("content");
    assert_worked(file_write(path, bytes, n, &err), &err);
    assert_worked(git_hash_file(hash, path, &err), &err);
    assert_string_equal(hash, expected);
}

static void hash_is_the_one_of_git(void **state)
{
    (void)state;
    assert_hash("", 0, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    assert_hash("hello\n", 6, "ce013625030ba8dba906f756967f9e9ca394464a");
}

/* Around the 55 bytes that leave room for the length in the last block, and over many blocks. */
static void every_length_is_padded_right(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        const char *hash;
    } CASES[] = {
        {45, "69ce1347bb079586eb6ea14ab5116f835ef29639"},
        {46, "50b3bbe915fe104dbbb6786fdcfa310bcfc25d4e"},
        {47, "5e3bf7e629b4908cce461530c17a64365cb47303"},
        {48, "12d42395b020f44bb7710113b31f688d0ebeda7c"},
        {54, "60704cd2c753c0419b5d235cbf244ec4c696cded"},
        {55, "d1985ddc2983785702b9a90effd5aff2f7cfdca4"},
        {56, "1f973e890f52da1f22fa7e5620a628bc4ee74cb3"},
        {63, "487e57f9763ebddbed2027c4452510c0ae0f95ff"},
        {64, "71b7a71962774fa5c721e1163f935cb61a0e09e6"},
        {65, "44171c1993ae70a544a8e910b00347eed4b8e8f2"},
        {119, "1325c3d76ea6a66e75dce490a0b8cb8b12233ee0"},
        {120, "253af86ee859905852357aee8bd83b08601364ae"},
        {100000, "94bc76618de566c4e568aaf031cce7cef592d868"},
    };
    static char as[100000];
    memset(as, 'a', sizeof as);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_hash(as, CASES[i].n, CASES[i].hash);
}

static void missing_file_is_named(void **state)
{
    (void)state;
    char hash[GIT_HASH_HEX];
    Error err;
    assert_int_equal(git_hash_file(hash, scratch_path("none"), &err), -1);
    assert_says(&err, "none: No such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_is_the_one_of_git),
        cmocka_unit_test(every_length_is_padded_right),
        cmocka_unit_test(missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
