/* Parts of blobs: whose they are, and what is taken up. */
#include "tests/scratch.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "policy/hub_part.h"

#define HASH "89abcdef0123456789abcdef0123456789abcdef"

static Error err;
static char part[FILE_PATH_MAX];

static const char *blob(void)
{
    return scratch_path("blobs/" HASH);
}

static void take(void)
{
    assert_worked(hub_part_take(part, blob(), &err), &err);
}

static void age(const char *name, int seconds)
{
    const time_t then = time(NULL) - seconds;
    assert_int_equal(utime(scratch_path(name), &(struct utimbuf){then, then}), 0);
}

static void a_part_is_nobody_elses(void **state)
{
    (void)state;
    char first[FILE_PATH_MAX];
    scratch_folder("blobs", true);
    take();
    strcpy(first, part);
    take();
    assert_string_not_equal(first, part);
    assert_int_equal(strlen(part), strlen(blob()) + strlen(".01234567.incomplete"));
    assert_int_equal(strspn(part + strlen(blob()) + 1, "0123456789abcdef"), 8);
    assert_int_equal(file_size(part), 0);
}

static void what_may_still_be_written_is_copied(void **state)
{
    (void)state;
    scratch_folder("blobs", true);
    scratch_write(scratch_path("blobs/" HASH ".00000001.incomplete"), "12345");
    take();
    assert_int_equal(file_size(part), 5);
    assert_int_equal(file_size(scratch_path("blobs/" HASH ".00000001.incomplete")), 5);
}

static void what_was_left_behind_is_taken_itself(void **state)
{
    (void)state;
    struct stat before, after;
    scratch_folder("blobs", true);
    scratch_write(scratch_path("blobs/" HASH ".incomplete"), "12345");
    age("blobs/" HASH ".incomplete", 7200);
    assert_int_equal(stat(scratch_path("blobs/" HASH ".incomplete"), &before), 0);
    take();
    assert_int_equal(stat(part, &after), 0);
    assert_true(before.st_ino == after.st_ino);
    assert_false(file_exists(scratch_path("blobs/" HASH ".incomplete")));
}

static void the_largest_of_this_blob_is_taken(void **state)
{
    (void)state;
    scratch_folder("blobs", true);
    assert_int_equal(hub_part_size(blob()), 0);
    scratch_write(scratch_path("blobs/" HASH ".00000001.incomplete"), "12");
    scratch_write(scratch_path("blobs/" HASH ".00000002.incomplete"), "1234");
    scratch_write(scratch_path("blobs/" HASH ".incomplete"), "123");
    scratch_write(scratch_path("blobs/" HASH "0.incomplete"), "12345678");
    scratch_write(scratch_path("blobs/0123.incomplete"), "12345678");
    scratch_write(scratch_path("blobs/" HASH), "12345678");
    assert_int_equal(hub_part_size(blob()), 4);
    take();
    assert_int_equal(file_size(part), 4);
}

static void the_parts_of_a_whole_blob_go_and_no_others(void **state)
{
    (void)state;
    scratch_folder("blobs", true);
    scratch_write(scratch_path("blobs/" HASH), "12345678");
    scratch_write(scratch_path("blobs/" HASH ".00000001.incomplete"), "12");
    scratch_write(scratch_path("blobs/" HASH ".incomplete"), "123");
    scratch_write(scratch_path("blobs/0123.incomplete"), "1");
    hub_part_remove(blob());
    assert_int_equal(hub_part_size(blob()), 0);
    assert_true(file_exists(blob()));
    assert_true(file_exists(scratch_path("blobs/0123.incomplete")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_is_nobody_elses),
        cmocka_unit_test(what_may_still_be_written_is_copied),
        cmocka_unit_test(what_was_left_behind_is_taken_itself),
        cmocka_unit_test(the_largest_of_this_blob_is_taken),
        cmocka_unit_test(the_parts_of_a_whole_blob_go_and_no_others),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
