/* A fresh database in a folder of its own for each test, and rows to fill it. */
#ifndef TESTS_STORE_STORE_TEST_H
#define TESTS_STORE_STORE_TEST_H

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "store/sql.h"

static char folder[FILE_PATH_MAX], db_path[FILE_PATH_MAX + 16];
static Store *store;
static Error err;

#define OK(call)                                      \
    do {                                              \
        if ((call) != 0) fail_msg("%s", err.message); \
    } while (0)

static inline int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/rlhf-store-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(db_path, sizeof db_path, "%s/rlhf.db", folder);
    if (store_create(db_path, 1, &err) != 0 || store_open(&store, db_path, &err) != 0) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    store_close(store);
    store = NULL;
    return folder_remove(folder, &err);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* `n` prompts "question aaa", each with two different answers, compared; four transactions for all. */
static inline void add_pairs(int n)
{
    StoreModel model = {.name = "base",
                        .role = "base",
                        .weights_sha256 =
                            "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"};
    OK(store_add_model(store, &model, &err));
    StorePrompt *prompt = calloc((size_t)n, sizeof *prompt);
    StoreResponse *response = calloc(2 * (size_t)n, sizeof *response);
    StoreComparison *comparison = calloc((size_t)n, sizeof *comparison);
    char(*text)[3][32] = calloc((size_t)n, sizeof *text);
    static const int tokens[] = {5, 70000, 2};
    for (int i = 0; i < n; i++) {
        /* Letters, since digits alone do not make a prompt of another family. */
        snprintf(text[i][0], 32, "question %c%c%c", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676);
        snprintf(text[i][1], 32, "answer one to %d", i);
        snprintf(text[i][2], 32, "answer two to %d", i);
        prompt[i] = (StorePrompt){.text = text[i][0], .source = "test"};
    }
    OK(store_add_prompts(store, prompt, (size_t)n, NULL, &err));
    for (int i = 0; i < 2 * n; i++)
        response[i] = (StoreResponse){.prompt_id = prompt[i / 2].id,
                                      .model_id = model.id,
                                      .text = text[i / 2][1 + i % 2],
                                      .tokens = tokens,
                                      .n_tokens = i % 2 ? 2 : 3,
                                      .sum_logprob = i % 2 ? -2.5 : -4.5,
                                      .finish = i % 2 ? "length" : "stop",
                                      .seed = 7,
                                      .sample_no = i % 2,
                                      .sampling_json = "{\"temperature\":1}"};
    OK(store_add_responses(store, response, 2 * (size_t)n, NULL, &err));
    /* Given the wrong way round: the store puts them in order. */
    for (int i = 0; i < n; i++)
        comparison[i] = (StoreComparison){.prompt_id = prompt[i].id,
                                          .a_id = response[2 * i + 1].id,
                                          .b_id = response[2 * i].id,
                                          .origin = "random"};
    OK(store_add_comparisons(store, comparison, (size_t)n, NULL, &err));
    free(prompt);
    free(response);
    free(comparison);
    free(text);
}

static inline int64_t begin_session_of(Store *s, const char *handle, AnnotatorKind kind)
{
    int64_t annotator = 0, session = 0;
    OK(store_add_annotator(s, handle, kind, &annotator, &err));
    OK(store_begin_session(s, &(StoreSession){.annotator_id = annotator, .ui = "line"}, &session,
                           &err));
    return session;
}

/* Save a decision on a claim. */
static inline int64_t decide(Store *s, const StoreClaim *claim, Outcome outcome, int preferred)
{
    StoreDecision d = {.assignment_id = claim->assignment_id,
                       .outcome = outcome,
                       .preferred = preferred,
                       .shown_us = store_time_us() - 1000,
                       .active_ms = 1};
    int64_t id = 0;
    store_make_uuid(d.uuid);
    OK(store_save_label(s, &d, &id, &err));
    return id;
}

/* Instructions of SQLite's machine that `store` has run since work_begin, to ten.  Work is counted, since
 * time depends on the machine: what scans where it should look up runs some for each row it passes. */
enum { WORK_COUNTED = 10 };
static int64_t work_done;

static inline int work_count(void *unused)
{
    (void)unused;
    work_done += WORK_COUNTED;
    return 0;
}

static inline void work_begin(void)
{
    work_done = 0;
    sqlite3_progress_handler(store->db, WORK_COUNTED, work_count, NULL);
}

/* Run SQL behind the store's back; returns SQLite's code, and its message when one is wanted. */
static inline int raw_sql_message(const char *sql, char *message, size_t n)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(db_path, &db), SQLITE_OK);
    const int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (message) snprintf(message, n, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    return code;
}

static inline int raw_sql(const char *sql)
{
    return raw_sql_message(sql, NULL, 0);
}

static inline int64_t raw_number(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(db_path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    const int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return n;
}

#endif
