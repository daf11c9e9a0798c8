#include "reward/best_state.h"

#include <assert.h>

#include "base/file.h"

int best_state_offer(BestState *b, const Policy *p, double loss, int64_t step, Error *err)
{
    char temporary[FILE_PATH_MAX];
    Error ignored;
    if (!b->folder || !(loss < b->loss)) return 0;
    if (folder_begin(temporary, b->folder, err) != 0) return -1;
    if (policy_save_state(p, temporary, err) != 0) {
        folder_remove(temporary, &ignored);
        return -1;
    }
    if (folder_commit(temporary, b->folder, err) != 0) return -1;
    b->loss = loss;
    b->step = step;
    return 0;
}

int best_state_restore(const BestState *b, Policy *p, Error *err)
{
    assert(b->folder);
    if (policy_load_state(p, b->folder, err) == 0) return 0;
    return error_wrap(err, "the state after step %lld", (long long)b->step);
}
