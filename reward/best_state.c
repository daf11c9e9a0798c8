#include "reward/best_state.h"

#include <assert.h>
#include <math.h>

#include "base/file.h"
#include "base/json.h"

static int write_step(const char *folder, int64_t step, Error *err)
{
    char path[FILE_PATH_MAX];
    Text t = {0};
    if (path_join(path, folder, "best.json", err) != 0) return -1;
    text_format(&t, "{\"step\": %lld}\n", (long long)step);
    const int rc = file_write(path, t.bytes, t.n, err);
    text_free(&t);
    return rc;
}

/* -1: none there. */
static int64_t read_step(const char *folder)
{
    char path[FILE_PATH_MAX];
    cJSON *o = NULL;
    Error ignored;
    if (path_join(path, folder, "best.json", &ignored) != 0) return -1;
    if (json_read(&o, path, 1 << 16, false, &ignored) != 0) return -1;
    const int64_t step = (int64_t)json_number(o, "step", -1);
    cJSON_Delete(o);
    return step;
}

int best_state_offer(BestState *b, const Policy *p, double loss, int64_t step, Error *err)
{
    char temporary[FILE_PATH_MAX];
    Error ignored;
    if (!b->folder || !(loss < b->loss)) return 0;
    if (folder_begin(temporary, b->folder, err) != 0) return -1;
    if (policy_save_state(p, temporary, err) != 0 || write_step(temporary, step, err) != 0) {
        folder_remove(temporary, &ignored);
        return -1;
    }
    if (folder_commit(temporary, b->folder, err) != 0) return -1;
    b->loss = loss;
    b->step = step;
    return 0;
}

void best_state_confirm(BestState *b)
{
    if (!b->folder || b->step == 0 || read_step(b->folder) == b->step) return;
    b->loss = INFINITY;
    b->step = 0;
}

int best_state_restore(const BestState *b, Policy *p, Error *err)
{
    assert(b->folder);
    if (policy_load_state(p, b->folder, err) == 0) return 0;
    return error_wrap(err, "the state after step %lld", (long long)b->step);
}
