/* What a session has counted: of this sitting, of today, of what is left. */
#include <stdlib.h>

#include "base/median.h"
#include "base/mem.h"
#include "labeling/clock.h"
#include "labeling/session_state.h"

SessionCounts session_counts(const Session *s)
{
    const PaceSummary pace = pace_summary(&s->pace);
    if (s->options.review)
        return (SessionCounts){.done = s->pace.n,
                               .left = s->left,
                               .now = s->pace.n,
                               .ties = pace.ties,
                               .seconds = pace.recent,
                               .median = pace.median,
                               .last = pace.last};
    return (SessionCounts){.done = s->decided - s->passed,
                           .passed = s->passed,
                           .today = s->today,
                           .goal = s->options.goal ? s->options.goal : s->campaign.goal,
                           .left = s->left,
                           .now = s->pace.n,
                           .skipped = pace.skipped,
                           .ties = pace.ties,
                           .seconds = pace.recent,
                           .median = pace.median,
                           .last = pace.last};
}

bool session_break_due(Session *s)
{
    return pace_break_due(&s->pace);
}

int session_awaited(Session *s, int64_t *n, double *seconds, Error *err)
{
    int64_t first_us = 0;
    *n = 0;
    if (s->options.practice || s->options.review) return 0;
    if (store_count_awaited(s->store, s->annotator_id, n, &first_us, err) != 0) return -1;
    const int64_t left = first_us - store_time_us();
    *seconds = left > 0 ? (double)left / 1e6 : 0;
    return 0;
}

int session_day(Session *s, SessionDay *out, Error *err)
{
    StoreOwnLabelList list = {0};
    if (store_list_own_labels(s->store, s->annotator_id, clock_day_begin_us(), 0, &list, err) != 0)
        return -1;
    double *seconds = mem_calloc(list.n + 1, sizeof *seconds);
    *out = (SessionDay){0};
    for (size_t i = 0; i < list.n; i++) {
        const StoreOwnLabel *l = &list.row[i];
        const bool skipped = l->outcome == OUTCOME_SKIP;
        if (l->active_ms > 0) seconds[out->timed++] = (double)l->active_ms / 1e3;
        out->seconds += (double)l->active_ms / 1e3;
        out->labels += !skipped;
        out->skipped += skipped;
        out->ties += l->outcome == OUTCOME_TIE;
    }
    out->median = median(seconds, (size_t)out->timed);
    free(seconds);
    store_own_labels_free(&list);
    return 0;
}
