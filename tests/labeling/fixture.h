/* A small store to label in: N prompts with two answers each. */
#ifndef TESTS_LABELING_FIXTURE_H
#define TESTS_LABELING_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "store/store.h"

enum { FIXTURE_PATH = 256 };

static inline void fixture_fail(const Error *err)
{
    fprintf(stderr, "%s\n", err->message);
    abort();
}

/* One comparison; the prompt is added when new. */
static inline int64_t fixture_pair(Store *s, const char *prompt, const char *a, const char *b)
{
    Error err = {0};
    StorePrompt p = {.text = prompt, .source = "test", .split = SPLIT_TRAIN};
    if (store_add_prompts(s, &p, 1, NULL, &err) != 0) fixture_fail(&err);
    StoreModel m = {.name = "base", .role = "base", .path = "none"};
    if (store_add_model(s, &m, &err) != 0) fixture_fail(&err);
    StoreResponse r[2] = {
        {.prompt_id = p.id, .model_id = m.id, .text = a, .finish = "stop", .sample_no = 0},
        {.prompt_id = p.id, .model_id = m.id, .text = b, .finish = "stop", .sample_no = 1}};
    if (store_add_responses(s, r, 2, NULL, &err) != 0) fixture_fail(&err);
    StoreComparison c = {.prompt_id = p.id, .a_id = r[0].id, .b_id = r[1].id, .origin = "random"};
    if (store_add_comparisons(s, &c, 1, NULL, &err) != 0) fixture_fail(&err);
    return c.id;
}

/* "prompt 1", "answer one of 1", "answer two of 1", ... */
static inline void fixture_fill(Store *s, int n)
{
    for (int i = 1; i <= n; i++) {
        char prompt[64], a[64], b[64];
        snprintf(prompt, sizeof prompt, "prompt %d", i);
        snprintf(a, sizeof a, "answer one of %d", i);
        snprintf(b, sizeof b, "answer two of %d, which is longer", i);
        fixture_pair(s, prompt, a, b);
    }
}

static inline Store *fixture_open(char path[FIXTURE_PATH])
{
    Error err = {0};
    Store *s = NULL;
    const char *tmp = getenv("TMPDIR");
    snprintf(path, FIXTURE_PATH, "%s/rlhf-labeling-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(path)) abort();
    strncat(path, "/rlhf.db", FIXTURE_PATH - strlen(path) - 1);
    if (store_create(path, 7, &err) != 0) fixture_fail(&err);
    if (store_open(&s, path, &err) != 0) fixture_fail(&err);
    return s;
}

static inline void fixture_close(Store *s, char path[FIXTURE_PATH])
{
    static const char *const SUFFIX[] = {"-wal", "-shm", "-journal", ""};
    store_close(s);
    for (size_t i = 0; i < sizeof SUFFIX / sizeof *SUFFIX; i++) {
        char file[FIXTURE_PATH + 16];
        snprintf(file, sizeof file, "%s%s", path, SUFFIX[i]);
        unlink(file);
    }
    *strrchr(path, '/') = 0;
    rmdir(path);
}

#endif
