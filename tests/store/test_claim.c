/* Pairs held for one person at a time. */
#include <signal.h>
#include <sys/wait.h>

#include "tests/store/store_test.h"

static void two_people_never_hold_the_same_pair(void **state)
{
    (void)state;
    Store *other = NULL;
    bool seen[41] = {false};
    add_pairs(40);
    OK(store_open(&other, db_path, &err));
    Store *handle[2] = {store, other};
    const int64_t session[2] = {begin_session_of(store, "ada", ANNOTATOR_HUMAN),
                                begin_session_of(other, "bob", ANNOTATOR_HUMAN)};
    for (int i = 0; i < 40; i++) {
        StoreClaim claim = {0};
        bool found = false;
        OK(store_claim_comparison(handle[i % 2], session[i % 2], false, &claim, &found, &err));
        assert_true(found);
        assert_false(seen[claim.comparison_id]);
        seen[claim.comparison_id] = true;
        /* Half are labeled, half stay held. */
        if (i % 4 < 2) decide(handle[i % 2], &claim, OUTCOME_PREF, -1);
        store_claim_free(&claim);
    }
    StoreClaim none = {0};
    bool found = true;
    OK(store_claim_comparison(store, session[0], false, &none, &found, &err));
    assert_false(found);
    store_close(other);
}

static void claim_shows_everything_in_the_order_drawn(void **state)
{
    (void)state;
    int swapped = 0;
    add_pairs(60);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    for (int i = 0; i < 60; i++) {
        StoreClaim c = {0};
        bool found = false;
        OK(store_claim_comparison(store, session, false, &c, &found, &err));
        assert_true(found && c.a_id < c.b_id);
        assert_memory_equal(c.prompt, "question ", 9);
        assert_memory_equal(c.swapped ? c.second : c.first, "answer one", 10);
        assert_memory_equal(c.swapped ? c.first : c.second, "answer two", 10);
        assert_true(c.expires_us > store_time_us());
        swapped += c.swapped;
        store_claim_free(&c);
    }
    assert_in_range(swapped, 15, 45); /* binomial(60, 1/2): 4 standard deviations */
}

static void side_does_not_depend_on_when_it_is_asked(void **state)
{
    (void)state;
    add_pairs(20);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    bool first[20];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 20; i++) {
            StoreClaim c = {0};
            bool found = false;
            OK(store_claim_comparison(store, session, false, &c, &found, &err));
            assert_int_equal(c.comparison_id, i + 1);
            if (round == 0) first[i] = c.swapped;
            else assert_int_equal(c.swapped, first[i]);
            if (i == 19) OK(store_end_session(store, session, "quit", &err));
            store_claim_free(&c);
        }
}

static void released_and_expired_pairs_come_back(void **state)
{
    (void)state;
    StoreClaim c = {0};
    bool found = false;
    add_pairs(1);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    const int64_t bob = begin_session_of(store, "bob", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, ada, false, &c, &found, &err));
    OK(store_release_claim(store, c.assignment_id, &err));
    store_claim_free(&c);
    OK(store_claim_comparison(store, bob, false, &c, &found, &err));
    assert_true(found);
    store_claim_free(&c);

    OK(store_claim_comparison(store, ada, false, &c, &found, &err));
    assert_false(found);
    assert_int_equal(raw_sql("UPDATE assignment SET expires_us=1 WHERE state='open'"), SQLITE_OK);
    OK(store_claim_comparison(store, ada, false, &c, &found, &err));
    assert_true(found);
    store_claim_free(&c);
}

static void label_after_its_lease_is_kept(void **state)
{
    (void)state;
    StoreClaim late = {0}, again = {0};
    bool found = false;
    add_pairs(1);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, ada, false, &late, &found, &err));
    assert_int_equal(raw_sql("UPDATE assignment SET expires_us=1"), SQLITE_OK);
    /* The same person was given the same pair again: both decisions land on the live assignment. */
    OK(store_claim_comparison(store, ada, false, &again, &found, &err));
    assert_true(found && again.assignment_id != late.assignment_id);
    decide(store, &late, OUTCOME_TIE, 0);
    decide(store, &again, OUTCOME_PREF, 1);
    assert_int_equal(raw_number("SELECT count(*) FROM label"), 2);
    assert_int_equal(raw_number("SELECT count(*) FROM label_current"), 1);
    store_claim_free(&late);
    store_claim_free(&again);
}

static void rules_take_no_pair_away_from_people(void **state)
{
    (void)state;
    StoreClaim c = {0};
    bool found = false;
    add_pairs(1);
    const int64_t rule = begin_session_of(store, "rule:test", ANNOTATOR_RULE);
    OK(store_add_labels(store, rule, &(StoreVerdict){.comparison_id = 1, .preferred = 1}, 1, NULL,
                        &err));
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, ada, false, &c, &found, &err));
    assert_true(found);
    store_claim_free(&c);
}

static void expect_claim(int64_t session, bool imported, int64_t comparison_id)
{
    StoreClaim c = {0};
    bool found = false;
    OK(store_claim_comparison(store, session, imported, &c, &found, &err));
    assert_int_equal(found, comparison_id != 0);
    if (found) assert_int_equal(c.comparison_id, comparison_id);
    store_claim_free(&c);
}

static void pairs_that_nobody_judged_come_first(void **state)
{
    (void)state;
    add_pairs(4);
    const int64_t rule = begin_session_of(store, "rule:test", ANNOTATOR_RULE);
    const StoreVerdict verdict[] = {{.comparison_id = 1, .preferred = 1},
                                    {.comparison_id = 3, .preferred = 1}};
    OK(store_add_labels(store, rule, verdict, 2, NULL, &err));
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    expect_claim(ada, false, 2);
    expect_claim(ada, false, 4);
    expect_claim(ada, false, 1);
    expect_claim(ada, false, 3);
    expect_claim(ada, false, 0);
}

static void imported_pairs_are_offered_last_and_only_if_asked_for(void **state)
{
    (void)state;
    int64_t left, done;
    add_pairs(3);
    assert_int_equal(raw_sql("UPDATE comparison SET origin='import' WHERE id=1"), SQLITE_OK);
    const int64_t data = begin_session_of(store, "import:set", ANNOTATOR_IMPORT);
    OK(store_add_labels(store, data, &(StoreVerdict){.comparison_id = 1, .preferred = 1}, 1, NULL,
                        &err));
    const int64_t rule = begin_session_of(store, "rule:test", ANNOTATOR_RULE);
    OK(store_add_labels(store, rule, &(StoreVerdict){.comparison_id = 2, .preferred = 1}, 1, NULL,
                        &err));
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_count_claimable(store, 3, false, &left, &done, &err));
    assert_int_equal(left, 2);
    OK(store_count_claimable(store, 3, true, &left, &done, &err));
    assert_int_equal(left, 3);
    expect_claim(ada, true, 3);
    expect_claim(ada, true, 2);
    expect_claim(ada, false, 0);
    expect_claim(ada, true, 1);
    expect_claim(ada, true, 0);
}

static void a_hung_up_session_leaves_its_pair_to_its_annotator(void **state)
{
    (void)state;
    int64_t left, done;
    add_pairs(2);
    int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    const int64_t bob = begin_session_of(store, "bob", ANNOTATOR_HUMAN);
    expect_claim(ada, false, 1);
    OK(store_end_session(store, ada, STORE_HANG_UP, &err));
    expect_claim(bob, false, 2);
    expect_claim(bob, false, 0);
    ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_count_claimable(store, 1, false, &left, &done, &err));
    assert_int_equal(left, 1);
    expect_claim(ada, false, 1);
    expect_claim(ada, false, 0);
    assert_int_equal(raw_number("SELECT count(*) FROM assignment WHERE state='open'"), 2);
    /* whoever quits gives it back, and a lease that ran out is anybody's */
    OK(store_end_session(store, ada, "quit", &err));
    expect_claim(bob, false, 1);
    OK(store_end_session(store, bob, STORE_HANG_UP, &err));
    assert_int_equal(raw_sql("UPDATE assignment SET expires_us=1 WHERE state='open'"), SQLITE_OK);
    ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    expect_claim(ada, false, 1);
    expect_claim(ada, false, 2);
}

/* Another process holds a pair and is gone, or waits on `hold` until it is told to go. */
static pid_t hold_elsewhere(const char *handle, const int hold[2])
{
    const pid_t child = fork();
    if (child != 0) return child;
    Store *own = NULL;
    StoreClaim c = {0};
    bool found = false;
    char byte = 'r';
    if (store_open(&own, db_path, &err) != 0) _exit(1);
    const int64_t session = begin_session_of(own, handle, ANNOTATOR_HUMAN);
    if (store_claim_comparison(own, session, false, &c, &found, &err) != 0 || !found) _exit(1);
    if (hold) {
        if (write(hold[1], &byte, 1) != 1) _exit(1);
        for (;;) pause();
    }
    kill(getpid(), SIGKILL);
    _exit(1);
}

static void a_killed_session_leaves_its_pair_to_its_annotator(void **state)
{
    (void)state;
    int status = 0;
    add_pairs(2);
    const pid_t child = hold_elsewhere("ada", NULL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    const int64_t bob = begin_session_of(store, "bob", ANNOTATOR_HUMAN);
    expect_claim(bob, false, 2);
    expect_claim(bob, false, 0);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    expect_claim(ada, false, 1);
    expect_claim(ada, false, 0);
    assert_int_equal(raw_number("SELECT count(*) FROM assignment"), 2); /* the same lease */
}

static void a_session_at_work_elsewhere_keeps_its_pair(void **state)
{
    (void)state;
    int hold[2], status = 0;
    char byte = 0;
    add_pairs(2);
    assert_int_equal(pipe(hold), 0);
    const pid_t child = hold_elsewhere("ada", hold);
    assert_int_equal(read(hold[0], &byte, 1), 1);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    expect_claim(ada, false, 2);
    expect_claim(ada, false, 0);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(hold[0]), close(hold[1]);
    const int64_t again = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    expect_claim(again, false, 1);
}

/* The number of a process that is gone may be another's by now. */
static void a_process_is_known_by_number_and_start(void **state)
{
    (void)state;
    char name[PROCESS_NAME], other[PROCESS_NAME];
    process_name(name);
    assert_false(process_is_gone(name));
    snprintf(other, sizeof other, "%ld 1", (long)getpid());
    if (access("/proc/self/stat", R_OK) == 0) assert_true(process_is_gone(other));
    assert_false(process_is_gone(NULL));
    assert_false(process_is_gone("x"));
}

/* What a person's ten decisions cost with n pairs judged by a rule, and by her but for the last ten. */
typedef struct {
    int64_t list, count, decide;
} Work;

static Work work_after(int n)
{
    StoreVerdict *verdict = calloc((size_t)n, sizeof *verdict);
    StorePairList pairs = {0};
    StoreClaim c = {0};
    Work w;
    bool found = false;
    int64_t left = 0, done = 0;
    add_pairs(n);
    const int64_t rule = begin_session_of(store, "rule:one", ANNOTATOR_RULE);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    for (int i = 0; i < n; i++) verdict[i] = (StoreVerdict){.comparison_id = i + 1, .preferred = 1};
    OK(store_add_labels(store, rule, verdict, (size_t)n, NULL, &err));
    OK(store_add_labels(store, ada, verdict, (size_t)n - 10, NULL, &err));
    free(verdict);
    work_begin();
    OK(store_list_unlabeled(store, 1, 0, &pairs, &err));
    w.list = work_done;
    assert_int_equal(pairs.n, 0);
    work_begin();
    OK(store_count_claimable(store, 2, false, &left, &done, &err));
    w.count = work_done;
    assert_int_equal(left, 10);
    work_begin();
    for (int i = 0; i < 10; i++) {
        OK(store_claim_comparison(store, ada, false, &c, &found, &err));
        assert_true(found);
        decide(store, &c, OUTCOME_PREF, 1);
        store_claim_free(&c);
        if (i == 5) {
            OK(store_undo_label(store, ada, &c, &found, &err));
            decide(store, &c, OUTCOME_TIE, 0);
            store_claim_free(&c);
        }
    }
    w.decide = work_done;
    return w;
}

/* Each of these runs once a decision.  Ten times the pairs are ten times the work; a scan of all
 * assignments for each pair is a hundred times. */
static void finding_work_looks_at_each_pair_once(void **state)
{
    const Work few = work_after(300);
    tear_down(state);
    assert_int_equal(set_up(state), 0);
    const Work many = work_after(3000);
    assert_true(few.list > 0 && few.count > 0 && few.decide > 0);
    assert_true(many.list <= 11 * few.list);
    assert_true(many.count <= 11 * few.count);
    assert_true(many.decide <= 11 * few.decide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_people_never_hold_the_same_pair),
        TEST(claim_shows_everything_in_the_order_drawn),
        TEST(side_does_not_depend_on_when_it_is_asked),
        TEST(released_and_expired_pairs_come_back),
        TEST(label_after_its_lease_is_kept),
        TEST(rules_take_no_pair_away_from_people),
        TEST(pairs_that_nobody_judged_come_first),
        TEST(imported_pairs_are_offered_last_and_only_if_asked_for),
        TEST(a_hung_up_session_leaves_its_pair_to_its_annotator),
        TEST(a_killed_session_leaves_its_pair_to_its_annotator),
        TEST(a_session_at_work_elsewhere_keeps_its_pair),
        TEST(a_process_is_known_by_number_and_start),
        TEST(finding_work_looks_at_each_pair_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
