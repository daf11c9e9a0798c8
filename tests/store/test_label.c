#include "tests/store/store_test.h"
#include "tests/long.h"

#include <signal.h>
#include <sys/wait.h>

/* ---- decisions ------------------------------------------------------------------------------------- */

static void preference_as_shown_becomes_preference_as_stored(void **state)
{
    (void)state;
    StorePreferenceList list = {0};
    char *chosen[30] = {NULL};
    add_pairs(30);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    for (int i = 0; i < 30; i++) {
        StoreClaim c = {0};
        bool found = false;
        OK(store_claim_comparison(store, session, false, &c, &found, &err));
        const int pair = (int)c.comparison_id - 1; /* listed by their numbers, claimed otherwise */
        decide(store, &c, OUTCOME_PREF, pair % 2 ? -3 : 2);
        chosen[pair] = strdup(pair % 2 ? c.first : c.second);
        store_claim_free(&c);
    }
    OK(store_list_preferences(store, NULL, &list, &err));
    assert_int_equal(list.n, 30);
    for (int i = 0; i < 30; i++) {
        assert_string_equal(list.row[i].chosen, chosen[i]);
        assert_string_not_equal(list.row[i].rejected, chosen[i]);
        assert_int_equal(list.row[i].strength, i % 2 ? 3 : 2);
        assert_int_equal(list.row[i].first, i % 2); /* every other time the first was preferred */
        assert_string_equal(list.row[i].annotator, "ada");
        free(chosen[i]);
    }
    store_preferences_free(&list);
}

/* `sample` stores the pairs of the valid split last: of 12 pairs the ids 9 to 12.  One in five comes first all
 * the same: after four of train the first of valid, after eight the second. */
static void one_pair_in_five_is_of_the_valid_split(void **state)
{
    (void)state;
    static const int64_t order[] = {1, 2, 3, 4, 9, 5, 6, 7, 8, 10, 11, 12};
    int64_t *listed = NULL;
    size_t n = 0;
    add_pairs(12);
    OK(raw_sql("UPDATE prompt SET split='train' WHERE id<=8"));
    OK(raw_sql("UPDATE prompt SET split='valid' WHERE id>8"));
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_list_claimable(store, 1, false, 0, &listed, &n, &err));
    assert_int_equal(n, 12);
    for (int i = 0; i < 12; i++) {
        StoreClaim c = {0};
        bool found = false;
        OK(store_claim_comparison(store, session, false, &c, &found, &err));
        assert_true(found);
        assert_int_equal(c.comparison_id, order[i]);
        assert_int_equal(listed[i], order[i]);
        decide(store, &c, OUTCOME_TIE, 0);
        store_claim_free(&c);
    }
    free(listed);
}

/* RFC 9562, section 5.7: 48 bits of milliseconds since 1970, the highest first, then 7, and 10 in two bits. */
static void uuid_begins_with_the_time(void **state)
{
    (void)state;
    uint8_t uuid[16], again[16];
    const int64_t before = store_time_us() / 1000;
    store_make_uuid(uuid);
    store_make_uuid(again);
    const int64_t after = store_time_us() / 1000;
    int64_t ms = 0;
    for (int i = 0; i < 6; i++) ms = ms << 8 | uuid[i];
    assert_true(before <= ms && ms <= after);
    assert_int_equal(uuid[6] >> 4, 7);
    assert_int_equal(uuid[8] >> 6, 2);
    assert_memory_not_equal(uuid, again, sizeof uuid);
}

static void retry_with_the_same_uuid_is_one_label(void **state)
{
    (void)state;
    StoreClaim c = {0};
    bool found = false;
    add_pairs(1);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, session, false, &c, &found, &err));
    StoreDecision d = {
        .assignment_id = c.assignment_id, .outcome = OUTCOME_TIE, .shown_us = 1, .active_ms = 1};
    int64_t first = 0, second = 0;
    store_make_uuid(d.uuid);
    OK(store_save_label(store, &d, &first, &err));
    OK(store_save_label(store, &d, &second, &err));
    assert_int_equal(first, second);
    assert_int_equal(raw_number("SELECT count(*) FROM label"), 1);
    store_claim_free(&c);
}

static void undo_walks_back_and_redo_appends(void **state)
{
    (void)state;
    StoreClaim c = {0}, undone = {0};
    bool found = false;
    int64_t shown[3], left, done;
    add_pairs(3);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    for (int i = 0; i < 3; i++) {
        OK(store_claim_comparison(store, session, false, &c, &found, &err));
        shown[i] = c.comparison_id;
        decide(store, &c, OUTCOME_PREF, -1);
        store_claim_free(&c);
    }
    for (int i = 2; i >= 1; i--) {
        OK(store_undo_label(store, session, &undone, &found, &err));
        assert_true(found);
        assert_int_equal(undone.comparison_id, shown[i]);
        if (i > 1) store_claim_free(&undone);
    }
    OK(store_count_claimable(store, 1, false, &left, &done, &err));
    assert_int_equal(done, 1);
    decide(store, &undone, OUTCOME_SKIP, 0);
    OK(store_count_claimable(store, 1, false, &left, &done, &err));
    assert_int_equal(done, 2);
    /* Three given, two taken back, one given again: all six stay on record. */
    assert_int_equal(raw_number("SELECT count(*) FROM label"), 6);
    assert_int_equal(raw_number("SELECT count(*) FROM label_current"), 2);
    StoreVerified verified;
    OK(store_verify(store, &verified, &err));
    assert_int_equal(verified.labels, 6);
    store_claim_free(&undone);
}

static void nothing_to_undo_is_no_error(void **state)
{
    (void)state;
    StoreClaim c = {0};
    bool found = true;
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_undo_label(store, session, &c, &found, &err));
    assert_false(found);
}

/* ---- batches --------------------------------------------------------------------------------------- */

static int count_commit(void *commits)
{
    ++*(int *)commits;
    return 0;
}

static void rule_labels_2500_pairs_in_one_transaction(void **state)
{
    (void)state;
    enum { N = 2500 };
    static StoreVerdict verdict[N];
    StorePairList pairs = {0};
    StoreAdded added = {0};
    add_pairs(N);
    const int64_t session = begin_session_of(store, "rule:length", ANNOTATOR_RULE);
    OK(store_list_unlabeled(store, 1, 0, &pairs, &err));
    assert_int_equal(pairs.n, N);
    for (int i = 0; i < N; i++)
        verdict[i] = (StoreVerdict){.comparison_id = pairs.row[i].comparison_id,
                                    .outcome = i % 10 ? OUTCOME_PREF : OUTCOME_TIE,
                                    .preferred = i % 10 ? (i % 2 ? 1 : -1) : 0,
                                    .comment = "longer"};
    int commits = 0;
    sqlite3_commit_hook(store->db, count_commit, &commits);
    OK(store_add_labels(store, session, verdict, N, &added, &err));
    sqlite3_commit_hook(store->db, NULL, NULL);
    assert_int_equal(added.added, N);
    assert_int_equal(commits, 1);
    store_pairs_free(&pairs);

    OK(store_list_unlabeled(store, 1, 0, &pairs, &err));
    assert_int_equal(pairs.n, 0);
    OK(store_add_labels(store, session, verdict, N, &added, &err));
    assert_int_equal(added.added, 0);
    assert_int_equal(added.duplicate, N);
    StoreVerified verified;
    OK(store_verify(store, &verified, &err));
    assert_int_equal(verified.labels, N);
}

static void batch_is_all_or_nothing(void **state)
{
    (void)state;
    add_pairs(3);
    const int64_t session = begin_session_of(store, "rule:test", ANNOTATOR_RULE);
    const StoreVerdict rows[] = {{.comparison_id = 1, .preferred = 1},
                                 {.comparison_id = 99, .preferred = 1}};
    assert_int_equal(store_add_labels(store, session, rows, 2, NULL, &err), -1);
    assert_int_equal(raw_number("SELECT count(*) FROM label"), 0);
    assert_int_equal(raw_number("SELECT count(*) FROM assignment"), 0);
}

static void annotator_keeps_its_kind(void **state)
{
    (void)state;
    int64_t first = 0, second = 0;
    OK(store_add_annotator(store, "ada", ANNOTATOR_HUMAN, &first, &err));
    OK(store_add_annotator(store, "Ada", ANNOTATOR_HUMAN, &second, &err));
    assert_int_equal(first, second);
    assert_int_equal(store_add_annotator(store, "ada", ANNOTATOR_RULE, &second, &err), -1);
    assert_non_null(strstr(err.message, "is of kind human"));
}

static void skips_and_undone_labels_train_nothing(void **state)
{
    (void)state;
    static const Outcome OUTCOMES[] = {OUTCOME_PREF, OUTCOME_TIE,  OUTCOME_BOTH_BAD,
                                       OUTCOME_SKIP, OUTCOME_FLAG, OUTCOME_PREF};
    StorePreferenceList list = {0};
    StoreClaim c = {0};
    bool found = false;
    add_pairs(6);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    for (int i = 0; i < 6; i++) {
        OK(store_claim_comparison(store, session, false, &c, &found, &err));
        decide(store, &c, OUTCOMES[i], OUTCOMES[i] == OUTCOME_PREF ? 1 : 0);
        store_claim_free(&c);
    }
    OK(store_undo_label(store, session, &c, &found, &err));
    store_claim_free(&c);
    OK(store_list_preferences(store, &(StorePreferenceFilter){.human_weight = 5}, &list, &err));
    assert_int_equal(list.n, 3);
    assert_false(list.row[0].tie);
    assert_true(list.row[1].tie && list.row[2].tie);
    assert_true(list.row[0].weight == 5);
    assert_int_equal(list.row[0].n_chosen + list.row[0].n_rejected, 5);
    assert_int_equal(list.row[0].chosen_tokens[1], 70000);
    store_preferences_free(&list);
    OK(store_list_preferences(store, &(StorePreferenceFilter){.kind = ANNOTATOR_RULE}, &list,
                              &err));
    assert_int_equal(list.n, 0);
    store_preferences_free(&list);
}

/* ---- kill -9 --------------------------------------------------------------------------------------- */

/* In the child: label for ever, and say so after each label. */
static void label_until_killed(int to)
{
    Store *own = NULL;
    Error e;
    int64_t annotator, session;
    if (store_open(&own, db_path, &e) != 0 ||
        store_add_annotator(own, "ada", ANNOTATOR_HUMAN, &annotator, &e) != 0 ||
        store_begin_session(own, &(StoreSession){.annotator_id = annotator, .ui = "line"}, &session,
                            &e) != 0)
        _exit(1);
    for (;;) {
        StoreClaim c = {0};
        bool found = false;
        int64_t id = 0;
        if (store_claim_comparison(own, session, false, &c, &found, &e) != 0 || !found) _exit(2);
        StoreDecision d = {.assignment_id = c.assignment_id,
                           .outcome = OUTCOME_PREF,
                           .preferred = 1,
                           .shown_us = 1};
        store_make_uuid(d.uuid);
        if (store_save_label(own, &d, &id, &e) != 0 || write(to, &id, sizeof id) != sizeof id)
            _exit(3);
        store_claim_free(&c);
    }
}

static void killed_writer_loses_no_acknowledged_label(void **state)
{
    (void)state;
    const int kills = at_length(50, 500);
    int64_t last_acknowledged = 0, acknowledged = 0;
    add_pairs(at_length(3000, 17000));
    store_close(store);
    store = NULL;
    for (int i = 0; i < kills; i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        const pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            label_until_killed(ends[1]);
        }
        close(ends[1]);
        int64_t id;
        /* Every second one is killed in its work, however slow the machine is to begin it. */
        if (i % 2 && read(ends[0], &id, sizeof id) == sizeof id)
            last_acknowledged = id, acknowledged++;
        usleep((useconds_t)(5000 + (i * 7919) % 50000));
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        while (read(ends[0], &id, sizeof id) == sizeof id) {
            last_acknowledged = id;
            acknowledged++;
        }
        close(ends[0]);
    }
    OK(store_open(&store, db_path, &err));
    StoreVerified verified;
    OK(store_verify(store, &verified, &err));
    print_message("%d kills, %lld labels acknowledged, %lld in the file\n", kills,
                  (long long)acknowledged, (long long)verified.labels);
    assert_true(acknowledged > 0);
    assert_true(verified.labels >= acknowledged && verified.labels <= acknowledged + kills);
    assert_true(raw_number("SELECT max(id) FROM label") >= last_acknowledged);
    /* Each pair was decided once, and what a killed process held came back: none but the last is open. */
    assert_int_equal(raw_number("SELECT count(DISTINCT assignment_id) FROM label"),
                     verified.labels);
    assert_in_range(raw_number("SELECT count(*) FROM assignment") - verified.labels, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(preference_as_shown_becomes_preference_as_stored),
        TEST(one_pair_in_five_is_of_the_valid_split),
        TEST(uuid_begins_with_the_time),
        TEST(retry_with_the_same_uuid_is_one_label),
        TEST(undo_walks_back_and_redo_appends),
        TEST(nothing_to_undo_is_no_error),
        TEST(rule_labels_2500_pairs_in_one_transaction),
        TEST(batch_is_all_or_nothing),
        TEST(annotator_keeps_its_kind),
        TEST(skips_and_undone_labels_train_nothing),
        TEST(killed_writer_loses_no_acknowledged_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
