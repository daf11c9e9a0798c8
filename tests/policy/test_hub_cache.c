/* The layout is that of huggingface_hub's documentation of its cache; paths are written out by hand. */
#include "tests/scratch.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "policy/hub_api.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define HASH   "89abcdef0123456789abcdef0123456789abcdef"

/* Later ones win over earlier ones. */
static void variables_say_where_the_cache_is(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"HOME", "XDG_CACHE_HOME", "HF_HOME",
                                        "HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE"};
    static const char *const VALUES[] = {"/home/ada", "/xdg", "~/hf", "/older", "/cache"};
    static const char *const ROOTS[] = {"/home/ada/.cache/huggingface/hub", "/xdg/huggingface/hub",
                                        "/home/ada/hf/hub", "/older", "/cache"};
    enum { N = sizeof NAMES / sizeof *NAMES };
    char root[FILE_PATH_MAX];
    Error err;
    for (int i = 0; i < N; i++) unsetenv(NAMES[i]);
    assert_int_equal(hub_cache_root(root, &err), -1);
    assert_says(&err, "set HF_HOME");
    for (int i = 0; i < N; i++) {
        setenv(NAMES[i], VALUES[i], 1);
        assert_worked(hub_cache_root(root, &err), &err);
        assert_string_equal(root, ROOTS[i]);
    }
}

static HubRepo repo_in_scratch(const char *word, bool dataset)
{
    HubRepo r;
    Error err;
    setenv("HF_HUB_CACHE", scratch_folder("cache", true), 1);
    assert_worked(hub_repo_read(&r, word, dataset, &err), &err);
    return r;
}

static void assert_link(const char *name, const char *target)
{
    char there[FILE_PATH_MAX] = "";
    assert_true(readlink(scratch_path(name), there, sizeof there - 1) > 0);
    assert_string_equal(there, target);
}

static void links_are_relative_and_replace_what_was_there(void **state)
{
    (void)state;
    const HubRepo r = repo_in_scratch("org/name", true);
    Error err;
#define SNAPSHOT "cache/datasets--org--name/snapshots/" COMMIT "/"
    for (int again = 0; again < 2; again++) {
        assert_worked(hub_cache_link(&r, COMMIT, "a.json", HASH, &err), &err);
        assert_worked(hub_cache_link(&r, COMMIT, "x/y/a.json", HASH, &err), &err);
        assert_link(SNAPSHOT "a.json", "../../blobs/" HASH);
        assert_link(SNAPSHOT "x/y/a.json", "../../../../blobs/" HASH);
        unlink(scratch_path(SNAPSHOT "a.json"));
        scratch_write(scratch_path(SNAPSHOT "a.json"), "a file that somebody put there");
    }
    assert_int_equal(hub_cache_link(&r, COMMIT, "../a.json", HASH, &err), -1);
}

static void revision_is_found_by_its_reference(void **state)
{
    (void)state;
    const HubRepo r = repo_in_scratch("name", false);
    HubRepo by_commit = r;
    char commit[HUB_COMMIT_MAX];
    Error err;
    strcpy(by_commit.revision, COMMIT);
    assert_false(hub_cache_find(commit, &r));
    assert_worked(hub_cache_set_commit(&r, COMMIT, &err), &err);
    assert_false(hub_cache_find(commit, &r)); /* names a snapshot that is not there */
    assert_worked(hub_cache_link(&r, COMMIT, "a", HASH, &err), &err);
    assert_true(hub_cache_find(commit, &r));
    assert_string_equal(commit, COMMIT);
    assert_true(hub_cache_find(commit, &by_commit));

    scratch_write(scratch_path("cache/models--name/refs/main"), COMMIT "\n");
    assert_true(hub_cache_find(commit, &r));
    scratch_write(scratch_path("cache/models--name/refs/main"), "../../../etc");
    assert_false(hub_cache_find(commit, &r));
}

/* A commit needs no name of its own. */
static void commit_makes_no_reference(void **state)
{
    (void)state;
    const HubRepo r = repo_in_scratch("org/name@" COMMIT, false);
    Error err;
    assert_worked(hub_cache_set_commit(&r, COMMIT, &err), &err);
    assert_false(file_exists(scratch_path("cache/models--org--name/refs")));
}

static void snapshot_is_called_by_its_repository(void **state)
{
    (void)state;
    char name[HUB_NAME_MAX];
    setenv("HF_HUB_CACHE", scratch_folder("cache", true), 1);
    static const struct {
        const char *folder, *name; /* NULL: none */
    } CASES[] = {
        {"cache/models--org--name/snapshots/" COMMIT, "org/name@" COMMIT},
        {"cache/models--gpt2/snapshots/" COMMIT "/", "gpt2@" COMMIT},
        {"cache/models--gpt2/snapshots/" COMMIT "/deep", NULL},
        {"cache/models--gpt2/snapshots", NULL},
        {"cache/datasets--org--name/snapshots/" COMMIT, NULL},
        {"other/models--gpt2/snapshots/" COMMIT, NULL},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const char *folder = scratch_path(CASES[i].folder);
        Error err;
        assert_worked(folder_make(folder, &err), &err);
        assert_int_equal(hub_cache_name(name, folder), CASES[i].name != NULL);
        if (CASES[i].name) assert_string_equal(name, CASES[i].name);
    }
    assert_false(hub_cache_name(name, scratch_path("nowhere")));
}

static void near_name_is_of_the_same_kind(void **state)
{
    (void)state;
    HubRepo r = repo_in_scratch("org/nam", false);
    char near[HUB_ID_MAX];
    Error err;
    assert_worked(folder_make(scratch_path("cache/datasets--org--name"), &err), &err);
    hub_cache_nearest(near, &r);
    assert_string_equal(near, "");
    assert_worked(folder_make(scratch_path("cache/models--org--name"), &err), &err);
    hub_cache_nearest(near, &r);
    assert_string_equal(near, "org/name");
}

static void models_are_listed_by_names_that_find_them(void **state)
{
    (void)state;
#define OTHER "ffffffffffffffffffffffffffffffffffffffff"
    HubRepo r = repo_in_scratch("org/name", false);
    char **names = NULL;
    int n = -1;
    Error err;
    assert_worked(hub_cache_models(&names, &n, &err), &err);
    assert_int_equal(n, 0);
    folder_list_free(names, n);
    assert_worked(hub_cache_link(&r, COMMIT, "a", HASH, &err), &err);
    assert_worked(hub_cache_link(&r, OTHER, "a", HASH, &err), &err);
    assert_worked(hub_cache_set_commit(&r, COMMIT, &err), &err);
    strcpy(r.revision, "refs/pr/1");
    assert_worked(hub_cache_set_commit(&r, COMMIT, &err), &err);
    strcpy(r.revision, "gone"); /* a revision whose snapshot is not there any more */
    assert_worked(hub_cache_set_commit(&r, HASH, &err), &err);
    assert_worked(hub_repo_read(&r, "data/set", true, &err), &err);
    assert_worked(hub_cache_link(&r, COMMIT, "a", HASH, &err), &err);
    assert_worked(hub_cache_set_commit(&r, COMMIT, &err), &err);

    static const char *const EXPECTED[] = {"org/name", "org/name@refs/pr/1", ("org/name@" OTHER)};
    assert_worked(hub_cache_models(&names, &n, &err), &err);
    assert_int_equal(n, 3);
    for (int i = 0; i < n; i++) {
        char commit[HUB_COMMIT_MAX];
        assert_string_equal(names[i], EXPECTED[i]);
        assert_worked(hub_repo_read(&r, names[i], false, &err), &err);
        assert_true(hub_cache_find(commit, &r));
    }
    folder_list_free(names, n);
}

/* ---- who asks ---- */

static void token_is_one_word_of_a_variable_or_a_file(void **state)
{
    (void)state;
    HubSite site;
    Error err;
    setenv("HF_HOME", scratch_folder("home", true), 1);
    setenv("HF_ENDPOINT", "https://mirror.example//", 1);
    assert_worked(hub_site_read(&site, &err), &err);
    assert_string_equal(site.token, "");
    assert_string_equal(site.endpoint, "https://mirror.example");

    scratch_write(scratch_path("home/token"), "hf_of_home\n");
    assert_worked(hub_site_read(&site, &err), &err);
    assert_string_equal(site.token, "hf_of_home");
    scratch_write(scratch_path("token"), "hf_of_path\n");
    setenv("HF_TOKEN_PATH", scratch_path("token"), 1);
    assert_worked(hub_site_read(&site, &err), &err);
    assert_string_equal(site.token, "hf_of_path");
    setenv("HF_TOKEN", " hf_of_env ", 1);
    assert_worked(hub_site_read(&site, &err), &err);
    assert_string_equal(site.token, "hf_of_env");

    setenv("HF_TOKEN", "hf_a\r\nX-B: c", 1);
    assert_int_equal(hub_site_read(&site, &err), -1);
    assert_says(&err, "HF_TOKEN: holds no token");
    assert_null(strstr(err.message, "hf_a"));
    unsetenv("HF_TOKEN");
    unsetenv("HF_TOKEN_PATH");
    unsetenv("HF_ENDPOINT");
}

static void offline_is_said_as_huggingface_hub_reads_it(void **state)
{
    (void)state;
    static const char *const YES[] = {"1", "true", "Yes", "ON"}, *const NO[] = {"0", "", "off"};
    unsetenv("TRANSFORMERS_OFFLINE");
    for (int i = 0; i < 4; i++) {
        setenv("HF_HUB_OFFLINE", YES[i], 1);
        assert_true(hub_is_offline());
    }
    for (int i = 0; i < 3; i++) {
        setenv("HF_HUB_OFFLINE", NO[i], 1);
        assert_false(hub_is_offline());
    }
    unsetenv("HF_HUB_OFFLINE");
    setenv("TRANSFORMERS_OFFLINE", "1", 1);
    assert_true(hub_is_offline());
}

/* Last, because the interrupt stays pending. */
static void wait_for_a_lock_can_be_interrupted(void **state)
{
    (void)state;
    const HubRepo r = repo_in_scratch("org/name", false);
    int first, second;
    Error err;
    assert_worked(hub_cache_lock(&first, &r, HASH, &err), &err);
    assert_true(file_exists(scratch_path("cache/.locks/models--org--name/" HASH ".lock")));
    close(first);
    assert_worked(hub_cache_lock(&first, &r, HASH, &err), &err);
    interrupt_raise(15);
    assert_int_equal(hub_cache_lock(&second, &r, HASH, &err), -1);
    assert_true(err.stopped);
    close(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_say_where_the_cache_is),
        cmocka_unit_test(links_are_relative_and_replace_what_was_there),
        cmocka_unit_test(revision_is_found_by_its_reference),
        cmocka_unit_test(commit_makes_no_reference),
        cmocka_unit_test(snapshot_is_called_by_its_repository),
        cmocka_unit_test(near_name_is_of_the_same_kind),
        cmocka_unit_test(models_are_listed_by_names_that_find_them),
        cmocka_unit_test(token_is_one_word_of_a_variable_or_a_file),
        cmocka_unit_test(offline_is_said_as_huggingface_hub_reads_it),
        cmocka_unit_test(wait_for_a_lock_can_be_interrupted),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
