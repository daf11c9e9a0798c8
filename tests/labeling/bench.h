/* The labeling screen without its terminal: keys in, labels out, on a clock that the test moves. */
#ifndef TESTS_LABELING_BENCH_H
#define TESTS_LABELING_BENCH_H

#include "tests/labeling/fixture.h"

#include "labeling/desk.h"

enum { MS = 1000, SECOND = 1000000, COLS = 80, ROWS = 24 };

typedef struct {
    char path[FIXTURE_PATH];
    Store *store;
    Session *session;
    Desk desk;
    int64_t now, in_view; /* since when the pair has been */
} Bench;

static inline int64_t bench_now(void *context)
{
    return ((Bench *)context)->now;
}

/* What the screen does between two keys, but for the painting. */
static inline void look(Bench *b)
{
    if (desk_painted(&b->desk)) b->in_view = b->now;
}

static inline void begin(Bench *b, SessionOptions o)
{
    Error err = {0};
    o.handle = "ada", o.ui = "tui", o.now = bench_now, o.context = b;
    if (session_begin(&b->session, b->store, &o, &err) != 0) fixture_fail(&err);
    if (desk_open(&b->desk, b->session, "ada", ROWS, COLS, &err) != 0) fixture_fail(&err);
    desk_return(&b->desk); /* past the first screen */
    look(b);
}

/* The newest label that stands, 0 without any: another one after a decision, a change and an undo. */
static inline int64_t newest(Bench *b)
{
    Error err = {0};
    StoreOwnLabelList list = {0};
    assert_int_equal(session_history(b->session, 1, &list, &err), 0);
    const int64_t id = list.n ? list.row[0].id : 0;
    store_own_labels_free(&list);
    return id;
}

static inline void bench_open(Bench *b, int pairs, int scale)
{
    Error err = {0};
    StoreCampaign campaign = {0};
    *b = (Bench){.now = store_time_us() - 3600LL * SECOND};
    b->store = fixture_open(b->path);
    fixture_fill(b->store, pairs);
    if (store_get_campaign(b->store, NULL, &campaign, &err) != 0) fixture_fail(&err);
    StoreCampaign edited = campaign;
    edited.scale = scale, edited.guidelines = "Right before kind.";
    if (store_edit_campaign(b->store, &edited, &err) != 0) fixture_fail(&err);
    store_campaign_free(&campaign);
    begin(b, (SessionOptions){0});
}

static inline void end(Bench *b, const char *reason)
{
    Error err = {0};
    desk_close(&b->desk);
    assert_int_equal(session_end(b->session, reason, &err), 0);
}

static inline void bench_close(Bench *b)
{
    end(b, "quit");
    fixture_close(b->store, b->path);
}

/* A key after a second of reading. */
static inline void press(Bench *b, int key)
{
    Error err = {0};
    b->now += SECOND;
    assert_int_equal(desk_key(&b->desk, key, &err), 0);
    look(b);
}

static inline void type(Bench *b, const char *keys)
{
    for (; *keys; keys++) press(b, *keys);
}

#endif
