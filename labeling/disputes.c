#include "labeling/disputes.h"

#include <stdlib.h>

#include "base/mem.h"

int disputes_next(Disputes *d, StoreClaim *out, bool *found, Error *err)
{
    return store_claim_disagreed(d->store, d->session_id, d->after, out, found, err);
}

int disputes_left(const Disputes *d, int64_t *out, Error *err)
{
    return store_count_disagreed(d->store, d->annotator_id, out, err);
}

int disputes_put_aside(Disputes *d, const StoreClaim *claim, Error *err)
{
    if (store_release_claim(d->store, claim->assignment_id, err) != 0) return -1;
    if (claim->comparison_id > d->after) d->after = claim->comparison_id;
    d->n_aside++;
    return 0;
}

void disputes_begin_again(Disputes *d)
{
    d->after = d->n_aside = 0;
}

static Decision decision_of(const StoreVote *v, bool swapped, int scale)
{
    static const Choice CHOICE[] = {[OUTCOME_TIE] = CHOICE_TIE,
                                    [OUTCOME_BOTH_BAD] = CHOICE_BOTH_BAD,
                                    [OUTCOME_SKIP] = CHOICE_SKIP,
                                    [OUTCOME_FLAG] = CHOICE_FLAG};
    const int preferred = swapped ? -v->preferred : v->preferred, strength = abs(preferred);
    if (v->outcome != OUTCOME_PREF)
        return (Decision){.choice = CHOICE[v->outcome], .reasons = v->reasons, .note = v->comment};
    return (Decision){.choice = preferred < 0 ? CHOICE_LEFT : CHOICE_RIGHT,
                      .strength = strength < scale ? strength : scale,
                      .note = v->comment};
}

int disputes_read_votes(Disputes *d, const StoreClaim *claim, Error *err)
{
    StoreVoteList list = {0};
    if (store_list_votes(d->store, claim->comparison_id, &list, err) != 0) return -1;
    store_votes_free(&d->list);
    d->list = list;
    d->vote = mem_realloc(d->vote, list.n + 1, sizeof *d->vote);
    for (size_t i = 0; i < list.n; i++)
        d->vote[i] =
            (Vote){list.row[i].annotator, decision_of(&list.row[i], claim->swapped, d->scale)};
    return 0;
}

void disputes_free(Disputes *d)
{
    store_votes_free(&d->list);
    free(d->vote);
}
