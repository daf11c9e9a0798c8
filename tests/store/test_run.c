#include "tests/store/store_test.h"

#include <sys/resource.h>
#include <signal.h>

static void run_taken_up_again_keeps_its_row(void **state)
{
    (void)state;
    StoreRunList list = {0};
    StoreRun run = {
        .name = "ppo-1", .kind = "ppo", .settings_json = "{\"lr\":1}", .seed = ~(uint64_t)0};
    OK(store_begin_run(store, &run, &err));
    OK(store_end_run(store, "ppo-1", "stopped", NULL, &err));
    const int64_t id = run.id;
    OK(store_begin_run(store, &run, &err));
    assert_int_equal(run.id, id);
    OK(store_end_run(store, "ppo-1", "finished", "{\"kl\":8}", &err));
    OK(store_begin_run(store, &(StoreRun){.name = "reward-1", .kind = "reward"}, &err));

    OK(store_list_runs(store, NULL, &list, &err));
    assert_int_equal(list.n, 2);
    assert_string_equal(list.row[0].name, "reward-1");
    assert_string_equal(list.row[0].state, "running");
    assert_int_equal(list.row[0].ended_us, 0);
    assert_string_equal(list.row[1].result_json, "{\"kl\":8}");
    assert_true(list.row[1].seed == ~(uint64_t)0);
    store_runs_free(&list);
    OK(store_list_runs(store, "ppo", &list, &err));
    assert_int_equal(list.n, 1);
    store_runs_free(&list);
}

static void run_name_belongs_to_one_kind(void **state)
{
    (void)state;
    OK(store_begin_run(store, &(StoreRun){.name = "x", .kind = "ppo"}, &err));
    assert_int_equal(store_begin_run(store, &(StoreRun){.name = "x", .kind = "sft"}, &err), -1);
    assert_non_null(strstr(err.message, "run x is there already"));
    assert_int_equal(store_end_run(store, "y", "finished", NULL, &err), -1);
    assert_non_null(strstr(err.message, "there is no run y"));
}

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    assert_int_equal(store_add_evaluation(store, "compare", NULL, "{", &err), -1);
    assert_int_equal(
        store_begin_run(store, &(StoreRun){.name = "x", .kind = "y", .settings_json = "x"}, &err),
        -1);
    OK(store_add_evaluation(store, "compare", "ppo-1", "{\"wins\":1}", &err));
}

static void last_evaluation(const char *members, const char *wanted)
{
    char *json = NULL;
    int64_t when = 1;
    OK(store_last_evaluation(store, "compare", members, &json, &when, &err));
    assert_true((when > 0) == (wanted != NULL));
    if (wanted) assert_string_equal(json, wanted);
    else assert_null(json);
    free(json);
}

static void the_last_evaluation_is_of_its_name_and_models(void **state)
{
    (void)state;
    static const char FIRST[] = "{\"base\":\"b\",\"aligned\":\"ppo-1@4\",\"wins\":1}",
                      AGAIN[] = "{\"wins\":2,\"base\":\"b\",\"aligned\":\"ppo-1@4\"}",
                      OTHER[] = "{\"base\":\"c\",\"aligned\":\"ppo-1@4\"}";
    last_evaluation(NULL, NULL);
    OK(store_add_evaluation(store, "compare", "ppo-1", FIRST, &err));
    OK(store_add_evaluation(store, "compare", "ppo-1", AGAIN, &err));
    OK(store_add_evaluation(store, "compare", "ppo-1", OTHER, &err));
    OK(store_add_evaluation(store, "reward eval", "ppo-1", FIRST, &err));
    OK(store_add_evaluation(store, "compare", "ppo-1", "{\"wins\":5}", &err));
    last_evaluation("{\"base\":\"b\",\"aligned\":\"ppo-1@4\"}", AGAIN);
    last_evaluation("{\"aligned\":\"ppo-1@4\"}", OTHER);
    last_evaluation("{\"aligned\":\"ppo-1@5\"}", NULL);
    last_evaluation(NULL, "{\"wins\":5}");
}

static void preferences_since_are_the_newer_ones(void **state)
{
    (void)state;
    StoreStatus status = {0};
    int64_t before = -1, n = -1, later = -1;
    add_pairs(40);
    const int64_t rule = begin_session_of(store, "rule:test", ANNOTATOR_RULE);
    const StoreVerdict first = {.comparison_id = 1, .preferred = 1};
    OK(store_add_labels(store, rule, &first, 1, NULL, &err));
    OK(store_count_preferences_since(store, 0, &before, &err));
    const int64_t since = store_time_us() + 1;
    while (store_time_us() <= since) continue;
    StoreVerdict verdict[30];
    for (int i = 0; i < 30; i++)
        verdict[i] = (StoreVerdict){.comparison_id = 2 + i, .preferred = -1};
    verdict[0] = (StoreVerdict){.comparison_id = 2, .outcome = OUTCOME_SKIP};
    OK(store_add_labels(store, rule, verdict, 30, NULL, &err));
    OK(store_status(store, &status, &err));
    OK(store_count_preferences_since(store, 0, &n, &err));
    assert_int_equal(n, status.preferences[SPLIT_TRAIN] + status.preferences[SPLIT_VALID]);
    OK(store_count_preferences_since(store, since, &later, &err));
    assert_true(later > 0);
    assert_int_equal(later, n - before);
    store_status_free(&status);
}

static void status_counts_everything(void **state)
{
    (void)state;
    StoreStatus status = {0};
    add_pairs(4);
    const int64_t rule = begin_session_of(store, "rule:test", ANNOTATOR_RULE);
    const StoreVerdict verdict[] = {{.comparison_id = 1, .preferred = 1},
                                    {.comparison_id = 2, .outcome = OUTCOME_SKIP}};
    OK(store_add_labels(store, rule, verdict, 2, NULL, &err));
    StoreClaim c = {0};
    bool found = false;
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, ada, false, &c, &found, &err));
    decide(store, &c, OUTCOME_TIE, 0);
    store_claim_free(&c);
    StorePrompt alone = {.text = "unanswered", .source = "test", .split = SPLIT_VALID};
    OK(store_add_prompts(store, &alone, 1, NULL, &err));
    OK(store_status(store, &status, &err));
    assert_int_equal(status.prompts[SPLIT_ANY], 5);
    assert_int_equal(
        status.prompts[SPLIT_TRAIN] + status.prompts[SPLIT_VALID] + status.prompts[SPLIT_TEST], 5);
    assert_int_equal(status.responses, 8);
    assert_int_equal(status.comparisons, 4);
    assert_int_equal(status.labeled, 2); /* she is given one that the rule left */
    assert_int_equal(status.skipped, 1);
    assert_int_equal(status.undecided[SPLIT_ANY], 1);
    assert_int_equal(status.unanswered[SPLIT_ANY], 1);
    assert_int_equal(status.unanswered[SPLIT_VALID], 1);
    assert_int_equal(status.labels_by_kind[ANNOTATOR_ANY], 3);
    assert_int_equal(status.labels_by_kind[ANNOTATOR_HUMAN], 1);
    assert_int_equal(status.preferences[SPLIT_ANY], 2);
    assert_int_equal(status.n_annotators, 2);
    assert_string_equal(status.annotator[0].handle, "rule:test");
    assert_int_equal(status.annotator[0].labels, 1);
    store_status_free(&status);
}

/* ---- backup ---------------------------------------------------------------------------------------- */

static void backup_is_a_whole_database(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX + 64];
    Store *copy = NULL;
    int64_t n = 0;
    add_pairs(50);
    snprintf(path, sizeof path, "%s/backup.db", folder);
    for (int i = 0; i < 2; i++)
        OK(store_backup(store, path, &err)); /* the second replaces the first */
    add_pairs(1);
    OK(store_open(&copy, path, &err));
    OK(store_count_comparisons(copy, &n, &err));
    assert_int_equal(n, 50);
    StoreVerified verified;
    OK(store_verify(copy, &verified, &err));
    store_close(copy);
    char **names = NULL;
    int n_names = 0;
    OK(folder_list(&names, &n_names, folder, &err));
    for (int i = 0; i < n_names; i++) assert_null(strstr(names[i], "tmp"));
    folder_list_free(names, n_names);
}

static void backup_never_replaces_its_own_source(void **state)
{
    (void)state;
    assert_int_equal(store_backup(store, db_path, &err), -1);
    assert_non_null(strstr(err.message, "is the database itself"));
    assert_int_equal(store_backup(store, "/nonexistent/x.db", &err), -1);
}

static void backup_works_while_another_handle_writes(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX + 64];
    Store *other = NULL;
    snprintf(path, sizeof path, "%s/backup.db", folder);
    OK(store_open(&other, db_path, &err));
    add_pairs(10);
    OK(store_backup(other, path, &err));
    add_pairs(20);
    store_close(other);
}

/* ---- a full disk ----------------------------------------------------------------------------------- */

/* A limit on the size of files stands in for the disk: SQLite is refused the write all the same. */
static void full_disk_is_an_error_and_loses_nothing(void **state)
{
    (void)state;
    struct rlimit old, small;
    int64_t n = 0;
    add_pairs(20);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = (rlim_t)file_size(db_path);
    setrlimit(RLIMIT_FSIZE, &small);
    int rc = 0;
    static char text[20000];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 50 && rc == 0; i++) {
        text[i] = 'y';
        rc = store_add_prompts(store, &(StorePrompt){.text = text, .source = "x"}, 1, NULL, &err);
    }
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(rc, -1);
    assert_non_null(strstr(err.message, "rlhf.db"));
    assert_true(err.hint[0] != 0);
    StoreVerified verified;
    OK(store_verify(store, &verified, &err));
    OK(store_count_comparisons(store, &n, &err));
    assert_int_equal(n, 20);
    OK(store_add_prompts(store, &(StorePrompt){.text = "after", .source = "x"}, 1, NULL, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(run_taken_up_again_keeps_its_row),
        TEST(run_name_belongs_to_one_kind),
        TEST(what_is_no_json_is_refused),
        TEST(the_last_evaluation_is_of_its_name_and_models),
        TEST(preferences_since_are_the_newer_ones),
        TEST(status_counts_everything),
        TEST(backup_is_a_whole_database),
        TEST(backup_never_replaces_its_own_source),
        TEST(backup_works_while_another_handle_writes),
        TEST(full_disk_is_an_error_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
