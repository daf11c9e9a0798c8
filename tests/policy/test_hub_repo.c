#include "policy/hub_repo.h"

#include <stdlib.h>

#include "tests/scratch.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static void names_of_repositories_are_those_of_the_hub(void **state)
{
    (void)state;
    static const struct {
        const char *word, *id, *revision; /* id NULL: refused */
    } CASES[] = {
        {"org/name", "org/name", "main"},
        {"gpt2", "gpt2", "main"},
        {"Org_1/na.me-2@v1.0", "Org_1/na.me-2", "v1.0"},
        {"org/name@refs/pr/1", "org/name", "refs/pr/1"},
        {"org/name@" COMMIT, "org/name", COMMIT},
        {"org/name/more", NULL, NULL},
        {"/name", NULL, NULL},
        {"org/", NULL, NULL},
        {"", NULL, NULL},
        {"..", NULL, NULL},
        {"../name", NULL, NULL},
        {"org/..", NULL, NULL},
        {"org/na--me", NULL, NULL},
        {"org/name.git", NULL, NULL},
        {"-org/name", NULL, NULL},
        {"org/name.", NULL, NULL},
        {"org/na me", NULL, NULL},
        {"org/name@v1@v2", NULL, NULL},
        {"org/name@", NULL, NULL},
        {"org/name@..", NULL, NULL},
        {"org/name@/etc", NULL, NULL},
        {"org/name@a/../b", NULL, NULL},
        {"org/name@a b", NULL, NULL},
        {"org/name@a\\b", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        HubRepo r;
        Error err;
        const int rc = hub_repo_read(&r, CASES[i].word, false, &err);
        if ((rc == 0) != (CASES[i].id != NULL)) fail_msg("'%s': %d", CASES[i].word, rc);
        if (rc != 0) continue;
        assert_string_equal(r.id, CASES[i].id);
        assert_string_equal(r.revision, CASES[i].revision);
    }
}

static void names_of_files_stay_in_their_folder(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"a",   "a/b/c.json", ".gitattributes", "a..b", "ä b",
                                       "...", "C:x"};
    static const char *const BAD[] = {"",      "/a",   "..", "../a", "a/..", "a/../b", "./a",
                                      "a/./b", "a//b", "a/", "a\\b", "a\nb", "a\x7f"};
    Error err;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        if (hub_check_name(GOOD[i], &err) != 0) fail_msg("'%s' is refused", GOOD[i]);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        if (hub_check_name(BAD[i], &err) == 0) fail_msg("'%s' is taken", BAD[i]);
}

static void addresses_of_a_browser_are_names_too(void **state)
{
    (void)state;
    static const struct {
        const char *word, *id, *revision; /* id NULL: refused */
        bool dataset;
    } CASES[] = {
        {"https://huggingface.co/org/name", "org/name", "main", false},
        {"https://huggingface.co/org/name/", "org/name", "main", false},
        {"https://hf.co/org/name?library=transformers#card", "org/name", "main", false},
        {"https://huggingface.co/org/name/tree/v1.0", "org/name", "v1.0", false},
        {"https://huggingface.co/org/name/tree/v1.0/", "org/name", "v1.0", false},
        {"https://huggingface.co/org/name/tree/refs%2Fpr%2F1", "org/name", "refs/pr/1", false},
        {"https://huggingface.co/datasets/org/set/tree/main", "org/set", "main", true},
        {"http://127.0.0.1:80/mirror/org/name", "org/name", "main", false},
        {"https://huggingface.co/org/name/tree/main/onnx", NULL, NULL, false},
        {"https://huggingface.co/org/name/blob/main/config.json", NULL, NULL, false},
        {"https://huggingface.co/org/name/discussions", NULL, NULL, false},
        {"https://huggingface.co/org/name/tree/a%2F..%2Fb", NULL, NULL, false},
        {"https://huggingface.co/org/name/tree/a%zzb%2", "org/name", "a%zzb%2", false},
        {"https://huggingface.co/org", NULL, NULL, false},
        {"https://huggingface.co/", NULL, NULL, false},
        {"https://huggingface.co.evil/org/name", NULL, NULL, false},
        {"https://example.com/org/name", NULL, NULL, false},
    };
    setenv("HF_ENDPOINT", "http://127.0.0.1:80/mirror/", 1);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        HubRepo r;
        Error err;
        const int rc = hub_repo_read(&r, CASES[i].word, false, &err);
        if ((rc == 0) != (CASES[i].id != NULL)) fail_msg("'%s': %d", CASES[i].word, rc);
        if (rc != 0) continue;
        assert_string_equal(r.id, CASES[i].id);
        assert_string_equal(r.revision, CASES[i].revision);
        assert_int_equal(r.dataset, CASES[i].dataset);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_repositories_are_those_of_the_hub),
        cmocka_unit_test(addresses_of_a_browser_are_names_too),
        cmocka_unit_test(names_of_files_stay_in_their_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
