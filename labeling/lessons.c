#include "labeling/lessons.h"

#include <assert.h>

#include "base/mem.h"
#include "base/rng.h"

int lessons_read(Lessons *l, Store *store, Error *err)
{
    if (store_list_gold(store, &l->gold, err) != 0) return -1;
    l->store = store;
    if (l->gold.n > 0) return 0;
    error_set(err, "there are no practice pairs");
    return error_hint(err, "whoever runs the project makes some: rlhf campaign gold --from NAME");
}

int64_t lessons_left(const Lessons *l)
{
    return (int64_t)(l->gold.n - l->next);
}

int lessons_next(Lessons *l, StoreClaim *out, bool *found, Error *err)
{
    StorePairList list = {0};
    *found = l->next < l->gold.n;
    if (!*found) return 0;
    const StoreGold *gold = &l->gold.row[l->next];
    if (store_get_pair(l->store, gold->comparison_id, &list, err) != 0) return -1;
    const StorePair *p = list.row;
    /* Another one would practise positions. */
    l->swapped = rng_bits(0, RNG_SWAP, (uint64_t)gold->comparison_id, 0) >> 63;
    *out = (StoreClaim){.comparison_id = p->comparison_id,
                        .prompt_id = p->prompt_id,
                        .a_id = p->a_id,
                        .b_id = p->b_id,
                        .swapped = l->swapped,
                        .prompt = mem_strdup(p->prompt),
                        .template = p->template ? mem_strdup(p->template) : NULL,
                        .first = mem_strdup(l->swapped ? p->b : p->a),
                        .second = mem_strdup(l->swapped ? p->a : p->b)};
    store_pairs_free(&list);
    l->next++;
    return 0;
}

static Decision expected(const StoreGold *gold, bool swapped)
{
    const int preferred = swapped ? -gold->preferred : gold->preferred;
    if (gold->outcome == OUTCOME_TIE) return (Decision){.choice = CHOICE_TIE};
    if (gold->outcome == OUTCOME_BOTH_BAD) return (Decision){.choice = CHOICE_BOTH_BAD};
    return (Decision){.choice = preferred < 0 ? CHOICE_LEFT : CHOICE_RIGHT,
                      .strength = preferred < 0 ? -preferred : preferred};
}

/* "Equally good" and "both bad" prefer neither. */
static int side(Choice choice)
{
    return choice == CHOICE_LEFT ? -1 : choice == CHOICE_RIGHT;
}

void lessons_answer(Lessons *l, const Decision *d)
{
    assert(l->next > 0);
    const StoreGold *gold = &l->gold.row[l->next - 1];
    SessionLesson *lesson = &l->lesson;
    lesson->given = *d;
    lesson->given.note = NULL;
    lesson->expected = expected(gold, l->swapped);
    lesson->agreed = d->choice < CHOICE_SKIP && side(d->choice) == side(lesson->expected.choice);
    lesson->why = gold->why;
    lesson->right += lesson->agreed;
    lesson->of++;
}

void lessons_free(Lessons *l)
{
    store_gold_list_free(&l->gold);
}
