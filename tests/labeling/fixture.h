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

typedef struct {
    const char *prompt, *a, *b;
} FixturePair;

/* All in few transactions: each is an fsync. */
static inline void fixture_pairs(Store *s, const FixturePair *pair, size_t n)
{
    Error err = {0};
    StorePrompt *prompts = calloc(n, sizeof *prompts);
    StoreResponse *responses = calloc(2 * n, sizeof *responses);
    StoreComparison *comparisons = calloc(n, sizeof *comparisons);
    StoreModel m = {.name = "base", .role = "base", .path = "none"};
    if (store_add_model(s, &m, &err) != 0) fixture_fail(&err);
    for (size_t i = 0; i < n; i++)
        prompts[i] = (StorePrompt){.text = pair[i].prompt, .source = "test", .split = SPLIT_TRAIN};
    if (store_add_prompts(s, prompts, n, NULL, &err) != 0) fixture_fail(&err);
    for (size_t i = 0; i < 2 * n; i++)
        responses[i] = (StoreResponse){.prompt_id = prompts[i / 2].id,
                                       .model_id = m.id,
                                       .text = i % 2 ? pair[i / 2].b : pair[i / 2].a,
                                       .finish = "stop",
                                       .sample_no = (int)(i % 2)};
    if (store_add_responses(s, responses, 2 * n, NULL, &err) != 0) fixture_fail(&err);
    for (size_t i = 0; i < n; i++)
        comparisons[i] = (StoreComparison){.prompt_id = prompts[i].id,
                                           .a_id = responses[2 * i].id,
                                           .b_id = responses[2 * i + 1].id,
                                           .origin = "random"};
    if (store_add_comparisons(s, comparisons, n, NULL, &err) != 0) fixture_fail(&err);
    free(prompts);
    free(responses);
    free(comparisons);
}

static inline void fixture_pair(Store *s, const char *prompt, const char *a, const char *b)
{
    fixture_pairs(s, &(FixturePair){prompt, a, b}, 1);
}

/* "prompt 1", "answer one of 1", "answer two of 1, which is longer", ... */
static inline void fixture_fill(Store *s, int n)
{
    enum { LENGTH = 64 };
    if (n == 0) return;
    FixturePair *pair = calloc((size_t)n, sizeof *pair);
    char(*text)[3][LENGTH] = calloc((size_t)n, sizeof *text);
    for (int i = 0; i < n; i++) {
        snprintf(text[i][0], LENGTH, "prompt %d", i + 1);
        snprintf(text[i][1], LENGTH, "answer one of %d", i + 1);
        snprintf(text[i][2], LENGTH, "answer two of %d, which is longer", i + 1);
        pair[i] = (FixturePair){text[i][0], text[i][1], text[i][2]};
    }
    fixture_pairs(s, pair, (size_t)n);
    free(pair);
    free(text);
}

static inline Store *fixture_open(char path[FIXTURE_PATH])
{
    Error err = {0};
    Store *s = NULL;
    const char *tmp = getenv("TMPDIR");
    /* Hundreds of labels, each waiting for the disk: in memory where there is such a place. */
    if (!tmp || !*tmp) tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, FIXTURE_PATH, "%s/rlhf-labeling-XXXXXX", tmp);
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
