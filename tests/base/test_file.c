#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static char folder[FILE_PATH_MAX];
static Error err;

static int enter(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/rlhf-file-XXXXXX");
    return mkdtemp(folder) ? chdir(folder) : -1;
}

static int leave(void **state)
{
    (void)state;
    return chdir("/") || folder_remove(folder, &err);
}

static void write_text(const char *path, const char *text)
{
    assert_int_equal(file_write(path, text, strlen(text), &err), 0);
}

static void assert_holds(const char *path, const char *text)
{
    char *bytes = NULL;
    size_t n = 0;
    assert_int_equal(file_read(&bytes, &n, path, 1 << 20, &err), 0);
    assert_int_equal(n, strlen(text));
    assert_string_equal(bytes, text);
    free(bytes);
}

static void assert_only(const char *path, const char *name)
{
    char **names = NULL;
    int n = 0;
    assert_int_equal(folder_list(&names, &n, path, &err), 0);
    assert_int_equal(n, 1);
    assert_string_equal(names[0], name);
    folder_list_free(names, n);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    write_text("a", "one\ntwo");
    assert_holds("a", "one\ntwo");
    write_text("a", "");
    assert_holds("a", "");
}

static void a_read_of_a_missing_file_says_which_and_why(void **state)
{
    (void)state;
    char *bytes = NULL;
    assert_int_equal(file_read(&bytes, NULL, "nowhere", 10, &err), -1);
    assert_string_equal(err.message, "cannot read nowhere: No such file or directory");
}

static void a_read_above_the_limit_is_refused(void **state)
{
    (void)state;
    char *bytes = NULL;
    write_text("a", "12345");
    assert_int_equal(file_read(&bytes, NULL, "a", 4, &err), -1);
    assert_string_equal(err.message, "a is larger than 4 bytes");
    assert_int_equal(file_read(&bytes, NULL, "a", 5, &err), 0);
    free(bytes);
}

static void a_folder_is_no_file(void **state)
{
    (void)state;
    char *bytes = NULL;
    assert_int_equal(file_read(&bytes, NULL, ".", 4, &err), -1);
    assert_string_equal(err.message, "cannot read .: it is a folder");
}

static void an_abandoned_write_leaves_the_old_file_alone(void **state)
{
    (void)state;
    FileWriter w;
    write_text("a", "old");
    assert_int_equal(file_begin(&w, "a", &err), 0);
    assert_int_equal(file_put(&w, "new", 3, &err), 0);
    file_abandon(&w);
    assert_holds("a", "old");
    assert_only(".", "a");
}

/* The process dies between the write and the rename: nobody cleans up, and the old file is whole. */
static void a_process_that_dies_while_writing_leaves_the_old_file(void **state)
{
    (void)state;
    write_text("a", "old");
    const pid_t child = fork();
    if (child == 0) {
        FileWriter w;
        if (file_begin(&w, "a", &err) == 0) file_put(&w, "new", 3, &err);
        fflush(w.stream);
        kill(getpid(), SIGKILL);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_holds("a", "old");
}

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A limit on the size of files stands for a full disk: write() takes part, then fails. */
static void a_full_disk_is_an_error_and_leaves_the_old_file(void **state)
{
    (void)state;
    static char much[200000];
    signal(SIGXFSZ, SIG_IGN);
    write_text("a", "old");
    limit_file_size(1000);
    const int rc = file_write("a", much, sizeof much, &err);
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(rc, -1);
    assert_string_equal(err.message, "cannot write a: File too large");
    assert_holds("a", "old");
    assert_only(".", "a");
}

/* Less than a buffer: the error comes only when the stream is flushed. */
static void a_disk_that_is_full_at_the_commit_leaves_the_old_file(void **state)
{
    (void)state;
    char some[600] = {0};
    signal(SIGXFSZ, SIG_IGN);
    write_text("a", "old");
    limit_file_size(100);
    const int rc = file_write("a", some, sizeof some, &err);
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(rc, -1);
    assert_holds("a", "old");
    assert_only(".", "a");
}

static void a_write_into_a_missing_folder_names_the_file(void **state)
{
    (void)state;
    assert_int_equal(file_write("no/a", "x", 1, &err), -1);
    assert_string_equal(err.message, "cannot write no/a: No such file or directory");
}

static void a_replaced_file_keeps_its_permissions(void **state)
{
    (void)state;
    struct stat s;
    write_text("a", "old");
    chmod("a", 0600);
    write_text("a", "new");
    assert_int_equal(stat("a", &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
}

static void a_folder_appears_whole(void **state)
{
    (void)state;
    char t[FILE_PATH_MAX], inner[FILE_PATH_MAX];
    assert_int_equal(folder_begin(t, "deep/run/step-1", &err), 0);
    assert_false(file_exists("deep/run/step-1"));
    assert_int_equal(path_join(inner, t, "model", &err), 0);
    write_text(inner, "weights");
    assert_int_equal(folder_commit(t, "deep/run/step-1", &err), 0);
    assert_holds("deep/run/step-1/model", "weights");
    assert_only("deep/run", "step-1");
}

static void a_folder_replaces_the_old_one_and_what_was_in_it(void **state)
{
    (void)state;
    char t[FILE_PATH_MAX], inner[FILE_PATH_MAX];
    assert_int_equal(folder_make("run/x/y", &err), 0);
    assert_int_equal(folder_begin(t, "run", &err), 0);
    assert_int_equal(path_join(inner, t, "new", &err), 0);
    write_text(inner, "1");
    assert_int_equal(folder_commit(t, "run", &err), 0);
    assert_only("run", "new");
    assert_only(".", "run");
}

static void a_folder_that_cannot_be_put_in_place_is_removed(void **state)
{
    (void)state;
    char t[FILE_PATH_MAX];
    assert_int_equal(folder_begin(t, "run", &err), 0);
    FILE *f = fopen("run", "w");
    assert_non_null(f);
    fputs("a file with that name", f);
    fclose(f);
    assert_int_equal(folder_commit(t, "run", &err), -1);
    assert_only(".", "run");
    assert_holds("run", "a file with that name");
}

static void removing_a_folder_does_not_follow_links(void **state)
{
    (void)state;
    assert_int_equal(folder_make("kept", &err), 0);
    write_text("kept/a", "x");
    assert_int_equal(folder_make("gone", &err), 0);
    assert_int_equal(symlink("../kept", "gone/link"), 0);
    assert_int_equal(folder_remove("gone", &err), 0);
    assert_int_equal(folder_remove("gone", &err), 0);
    assert_holds("kept/a", "x");
}

static void a_folder_is_listed_in_order(void **state)
{
    (void)state;
    char **names = NULL;
    int n = 0;
    write_text("c", "");
    write_text("a", "");
    write_text("b", "");
    assert_int_equal(folder_list(&names, &n, ".", &err), 0);
    assert_int_equal(n, 3);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[1], "b");
    assert_string_equal(names[2], "c");
    folder_list_free(names, n);
}

static void paths_are_joined_with_one_slash(void **state)
{
    (void)state;
    char out[FILE_PATH_MAX];
    assert_int_equal(path_join(out, "a/", "b", &err), 0);
    assert_string_equal(out, "a/b");
    assert_int_equal(path_join(out, "/", "b", &err), 0);
    assert_string_equal(out, "/b");
    assert_int_equal(path_join(out, "", "b", &err), 0);
    assert_string_equal(out, "b");
}

static void a_path_too_long_is_an_error(void **state)
{
    (void)state;
    static char name[FILE_PATH_MAX];
    char out[FILE_PATH_MAX];
    memset(name, 'x', sizeof name - 1);
    assert_int_equal(path_join(out, "a", name, &err), -1);
}

/* FIPS 180-4 examples: the empty message, "abc", and 56 bytes that need a second block. */
static void sha256_matches_the_published_vectors(void **state)
{
    (void)state;
    char hex[SHA256_HEX];
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    sha256_hex(hex, "", 0);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_hex(hex, "abc", 3);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_hex(hex, two_blocks, strlen(two_blocks));
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* FIPS 180-4: one million letters a. */
static void a_hash_of_parts_is_that_of_their_lengths_and_bytes(void **state)
{
    (void)state;
    char parts[SHA256_HEX], whole[SHA256_HEX], cut[SHA256_HEX];
    sha256_parts(parts, (const HashPart[]){{"ab", 2}, {NULL, 0}, {"c", 1}}, 3);
    sha256_hex(whole, "\2\0\0\0\0\0\0\0ab\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0c", 27);
    assert_string_equal(parts, whole);
    sha256_parts(cut, (const HashPart[]){{"a", 1}, {NULL, 0}, {"bc", 2}}, 3);
    assert_string_not_equal(cut, parts);
}

/* In a folder from elsewhere one may lie under any name; waiting for its writer could not be interrupted. */
static void a_pipe_that_nobody_writes_to_is_empty(void **state)
{
    (void)state;
    char hex[SHA256_HEX], nothing[SHA256_HEX];
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_holds("pipe", "");
    sha256_hex(nothing, "", 0);
    assert_int_equal(sha256_file(hex, "pipe", &err), 0);
    assert_string_equal(hex, nothing);
}

static void a_pipe_is_read_to_its_end(void **state)
{
    (void)state;
    int end[2];
    char path[64];
    assert_int_equal(pipe(end), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", end[0]);
    const pid_t child = fork();
    if (child == 0) {
        sleep(1); /* the reader is there first, and waits */
        _exit(write(end[1], "text", 4) != 4);
    }
    close(end[1]);
    assert_holds(path, "text");
    close(end[0]);
    waitpid(child, NULL, 0);
}

static void sha256_of_a_file_reads_all_of_it(void **state)
{
    (void)state;
    char hex[SHA256_HEX], *million = malloc(1000000);
    memset(million, 'a', 1000000);
    assert_int_equal(file_write("a", million, 1000000, &err), 0);
    free(million);
    assert_int_equal(sha256_file(hex, "a", &err), 0);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void a_keyed_hash_depends_on_key_and_text(void **state)
{
    (void)state;
    assert_true(keyed_hash("a", 1, "k") == keyed_hash("a", 1, "k"));
    assert_true(keyed_hash("a", 1, "k") != keyed_hash("a", 1, "l"));
    assert_true(keyed_hash("a", 1, "k") != keyed_hash("b", 1, "k"));
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_written_is_read_back),
        IN_FOLDER(a_read_of_a_missing_file_says_which_and_why),
        IN_FOLDER(a_read_above_the_limit_is_refused),
        IN_FOLDER(a_folder_is_no_file),
        IN_FOLDER(an_abandoned_write_leaves_the_old_file_alone),
        IN_FOLDER(a_process_that_dies_while_writing_leaves_the_old_file),
        IN_FOLDER(a_full_disk_is_an_error_and_leaves_the_old_file),
        IN_FOLDER(a_disk_that_is_full_at_the_commit_leaves_the_old_file),
        IN_FOLDER(a_write_into_a_missing_folder_names_the_file),
        IN_FOLDER(a_replaced_file_keeps_its_permissions),
        IN_FOLDER(a_folder_appears_whole),
        IN_FOLDER(a_folder_replaces_the_old_one_and_what_was_in_it),
        IN_FOLDER(a_folder_that_cannot_be_put_in_place_is_removed),
        IN_FOLDER(removing_a_folder_does_not_follow_links),
        IN_FOLDER(a_folder_is_listed_in_order),
        cmocka_unit_test(paths_are_joined_with_one_slash),
        cmocka_unit_test(a_path_too_long_is_an_error),
        cmocka_unit_test(sha256_matches_the_published_vectors),
        cmocka_unit_test(a_hash_of_parts_is_that_of_their_lengths_and_bytes),
        IN_FOLDER(a_pipe_that_nobody_writes_to_is_empty),
        IN_FOLDER(a_pipe_is_read_to_its_end),
        IN_FOLDER(sha256_of_a_file_reads_all_of_it),
        cmocka_unit_test(a_keyed_hash_depends_on_key_and_text),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
