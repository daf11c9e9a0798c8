#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "labeling/ballot.h"
#include "tests/fuzz/fuzz.h"

static Store *store;
static char folder[] = "/tmp/rlhf-fuzz-XXXXXX";

static void remove_store(void)
{
    Error err;
    store_close(store);
    folder_remove(folder, &err);
}

/* One pair, 1: a is "yes", b is "no". */
static void make_store(void)
{
    Error err = {0};
    char path[64];
    StoreModel model = {.name = "base", .role = "base"};
    StorePrompt prompt = {.text = "is it?", .source = "fuzz"};
    FUZZ_CLAIM(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/rlhf.db", folder);
    FUZZ_CLAIM(store_create(path, 1, &err) == 0 && store_open(&store, path, &err) == 0);
    atexit(remove_store);
    FUZZ_CLAIM(store_add_model(store, &model, &err) == 0);
    FUZZ_CLAIM(store_add_prompts(store, &prompt, 1, NULL, &err) == 0);
    StoreResponse answer[] = {
        {.prompt_id = prompt.id, .model_id = model.id, .text = "yes"},
        {.prompt_id = prompt.id, .model_id = model.id, .text = "no", .sample_no = 1}};
    const StorePairing pairing = {0, 1};
    FUZZ_CLAIM(store_add_answers(store, answer, 2, &pairing, 1, NULL, &err) == 0);
}

/* What is taken is of the pair and within what the campaign offers; what is refused is told in one line. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const Offer OFFER[] = {{1, true, true}, {3, false, true}};
    if (!store) make_store();
    for (int i = 0; i < 2; i++) {
        Ballot b = {0};
        Error err = {0};
        const int rc = ballot_read(&b, store, &OFFER[i], (const char *)bytes, n, &err);
        FUZZ_CLAIM(rc == 0 || rc == 1);
        FUZZ_CLAIM((rc == 1) == (err.message[0] != 0) && !strpbrk(err.message, "\n\r\033"));
        if (rc == 0) {
            const int by = abs(b.ballot.preferred);
            FUZZ_CLAIM(b.ballot.comparison_id == 1);
            FUZZ_CLAIM(b.open || (b.ballot.outcome == OUTCOME_PREF) == (by > 0));
            FUZZ_CLAIM(by <= OFFER[i].scale && (b.open || by == 0 || abs(b.ballot.first) <= 1));
            FUZZ_CLAIM(OFFER[i].tie || b.open || b.ballot.outcome != OUTCOME_TIE);
            FUZZ_CLAIM(b.ballot.active_ms >= 0 && b.ballot.confidence >= 0 &&
                       b.ballot.confidence <= 9);
        }
        ballot_free(&b);
    }
    return 0;
}
