/* Many people at once: each pair goes to exactly as many as its campaign says, whoever is quicker. */
#include <sys/wait.h>

#include "tests/long.h"
#include "tests/store/store_test.h"

enum { PEOPLE = 8, OVERLAP = 2 };

static void give_up(int status, const Error *e)
{
    fprintf(stderr, "%s\n", e->message);
    _exit(status);
}

/* In a child: label until nothing is left; the exit status says what went wrong. */
static void label_all(int who, int begin)
{
    Store *own = NULL;
    Error e;
    int64_t annotator, session;
    char name[16], byte;
    snprintf(name, sizeof name, "person %d", who);
    /* Nobody begins before all are there. */
    if (read(begin, &byte, 1) != 0) _exit(9);
    if (store_open(&own, db_path, &e) != 0) give_up(1, &e);
    if (store_add_annotator(own, name, ANNOTATOR_HUMAN, &annotator, &e) != 0) give_up(2, &e);
    if (store_begin_session(own, &(StoreSession){.annotator_id = annotator, .ui = "line"}, &session,
                            &e) != 0)
        give_up(3, &e);
    for (;;) {
        StoreClaim c = {0};
        bool found = false;
        if (store_claim_comparison(own, session, false, &c, &found, &e) != 0) give_up(4, &e);
        if (!found) break;
        StoreDecision d = {.assignment_id = c.assignment_id,
                           .outcome = OUTCOME_PREF,
                           .preferred = who % 2 ? 1 : -1,
                           .shown_us = 1};
        store_make_uuid(d.uuid);
        if (store_save_label(own, &d, NULL, &e) != 0) give_up(5, &e);
        store_claim_free(&c);
    }
    store_close(own);
    _exit(0);
}

static void set_overlap(int people)
{
    StoreCampaign c = {0};
    OK(store_get_campaign(store, NULL, &c, &err));
    c.overlap = people;
    OK(store_edit_campaign(store, &c, &err));
    store_campaign_free(&c);
}

static void eight_people_give_each_pair_exactly_two_labels(void **state)
{
    (void)state;
    const int pairs = at_length(60, 3000);
    pid_t child[PEOPLE];
    int gate[2], status = 0;
    StoreVerified verified = {0};
    add_pairs(pairs);
    set_overlap(OVERLAP);
    store_close(store);
    store = NULL;
    assert_int_equal(pipe(gate), 0);
    for (int i = 0; i < PEOPLE; i++) {
        child[i] = fork();
        if (child[i] == 0) {
            close(gate[1]);
            label_all(i, gate[0]);
        }
    }
    close(gate[0]), close(gate[1]);
    for (int i = 0; i < PEOPLE; i++) {
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("person %d ended with %d", i, status);
    }
    OK(store_open(&store, db_path, &err));
    OK(store_verify(store, &verified, &err));
    assert_int_equal(verified.labels, OVERLAP * pairs);
    assert_int_equal(raw_number("SELECT count(*) FROM assignment"), OVERLAP * pairs);
    assert_int_equal(
        raw_number("SELECT count(*) FROM (SELECT count(DISTINCT annotator_id) AS n FROM"
                   " label_current GROUP BY comparison_id) WHERE n<>2"),
        0);
}

/* Somebody holds the lock for a while. */
static void a_writer_waits_for_its_turn(void **state)
{
    (void)state;
    enum { HELD_US = 200000 };
    int told[2], status = 0;
    char byte = 'x';
    int64_t id = 0;
    assert_int_equal(pipe(told), 0);
    const pid_t child = fork();
    if (child == 0) {
        Store *own = NULL;
        Error e;
        if (store_open(&own, db_path, &e) != 0 || sql_begin(own, &e) != 0) give_up(1, &e);
        if (write(told[1], &byte, 1) != 1) give_up(2, &e);
        usleep(HELD_US);
        _exit(sql_finish(own, 0, &e) == 0 ? 0 : 3);
    }
    assert_int_equal(read(told[0], &byte, 1), 1);
    OK(store_add_annotator(store, "ada", ANNOTATOR_HUMAN, &id, &err));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(told[0]), close(told[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_writer_waits_for_its_turn),
        TEST(eight_people_give_each_pair_exactly_two_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
