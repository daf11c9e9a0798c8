#include "cli/people_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static int by_id(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* 1 where it is the aligned model's answer that was chosen, -1 the other, 0 a tie; ids (n) ascend. */
static int side_of(const StorePreference *p, const int64_t *aligned, int n)
{
    if (p->tie) return 0;
    return bsearch(&p->chosen_id, aligned, (size_t)n, sizeof *aligned, by_id) ? 1 : -1;
}

static double agree(int a, int b)
{
    return a == b ? 1 : a == 0 || b == 0 ? 0.5 : 0;
}

/* Mean over all twos of n labels of one pair. */
static double mean_agreement(const int *side, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        for (int k = i + 1; k < n; k++) sum += agree(side[i], side[k]);
    return sum / (n * (n - 1) / 2.);
}

static void count_person(PeopleResult *r, const char *handle)
{
    int i = 0;
    while (i < r->n_people && strcmp(r->person[i].handle, handle) != 0) i++;
    if (i == r->n_people) {
        r->person = mem_realloc(r->person, (size_t)i + 1, sizeof *r->person);
        r->person[r->n_people++] = (PeopleLabels){.handle = mem_strdup(handle)};
    }
    r->person[i].labels++;
    for (; i > 0 && r->person[i].labels > r->person[i - 1].labels; i--) {
        const PeopleLabels swapped = r->person[i];
        r->person[i] = r->person[i - 1], r->person[i - 1] = swapped;
    }
}

static void count_label(PeopleResult *r, const StorePreference *p, int *first, int *second)
{
    if (!p->tie) *first += p->first, *second += !p->first;
    if (r->first_us == 0 || p->submitted_us < r->first_us) r->first_us = p->submitted_us;
    if (p->submitted_us > r->last_us) r->last_us = p->submitted_us;
    count_person(r, p->annotator);
}

/* The labels of a pair stand side by side; most votes decide, as many for each are a tie. */
static void count(PeopleResult *r, const StorePreferenceList *list, const int64_t *aligned, int n)
{
    int wins = 0, ties = 0, losses = 0, first = 0, second = 0;
    double agreed = 0;
    int *side = mem_calloc(list->n + 1, sizeof *side);
    for (size_t i = 0; i < list->n;) {
        const int64_t pair = list->row[i].comparison_id;
        int votes = 0, labels = 0;
        for (; i < list->n && list->row[i].comparison_id == pair; i++) {
            side[labels] = side_of(&list->row[i], aligned, n);
            votes += side[labels++];
            count_label(r, &list->row[i], &first, &second);
        }
        wins += votes > 0, losses += votes < 0, ties += votes == 0;
        if (labels > 1) agreed += mean_agreement(side, labels), r->shared++;
    }
    free(side);
    r->labeled = wins + ties + losses;
    r->labels = (int64_t)list->n;
    r->wins = win_rate_of_counts(wins, r->labeled > 0 ? ties + r->equal : 0, losses);
    r->position = position_test(first, second);
    r->agreement = r->shared > 0 ? agreed / r->shared : NAN;
    wilson_interval(&r->agreement_low, &r->agreement_high, agreed, r->shared);
}

static int read_labels(PeopleResult *r, Store *store, const cJSON *record, Error *err)
{
    const cJSON *ids = cJSON_GetObjectItemCaseSensitive(record, "aligned_answers"), *id;
    StoreCampaign campaign = {0};
    StorePreferenceList list = {0};
    if (store_get_campaign(store, json_text(record, "campaign", ""), &campaign, err) != 0)
        return -1;
    const StorePreferenceFilter filter = {
        .kind = ANNOTATOR_HUMAN, .purpose = PURPOSE_EVALUATE, .campaign_id = campaign.id};
    const int rc = store_list_preferences(store, &filter, &list, err);
    int64_t *aligned = mem_calloc((size_t)cJSON_GetArraySize(ids) + 1, sizeof *aligned);
    int n = 0;
    cJSON_ArrayForEach(id, ids) aligned[n++] = (int64_t)id->valuedouble;
    qsort(aligned, (size_t)n, sizeof *aligned, by_id);
    if (rc == 0) count(r, &list, aligned, n);
    r->pairs = (int)campaign.comparisons;
    free(aligned);
    store_preferences_free(&list);
    store_campaign_free(&campaign);
    return rc;
}

static void decide(PeopleResult *r, const cJSON *record)
{
    const VerdictFacts facts = {.wins = r->wins,
                                .finished = json_number(record, "finished", NAN),
                                .base_finished = json_number(record, "base_finished", NAN),
                                .distinct = json_number(record, "distinct", NAN),
                                .base_distinct = json_number(record, "base_distinct", NAN),
                                .verbatim = json_number(record, "verbatim", NAN),
                                .base_verbatim = json_number(record, "base_verbatim", NAN)};
    r->verdict = verdict_of(&facts, &r->reasons);
}

int people_result_read(PeopleResult *out, Store *store, const cJSON *record, Error *err)
{
    PeopleResult r = {.equal = (int)json_number(record, "equal", 0)};
    if (read_labels(&r, store, record, err) != 0) {
        people_result_free(&r);
        return -1;
    }
    decide(&r, record);
    *out = r;
    return 0;
}

void people_result_free(PeopleResult *r)
{
    for (int i = 0; i < r->n_people; i++) free(r->person[i].handle);
    free(r->person);
    text_free(&r->reasons);
    *r = (PeopleResult){0};
}

void people_result_put_who(Text *out, const PeopleResult *r)
{
    for (int i = 0; i < r->n_people; i++)
        text_format(out, "%s%s %d", i ? ", " : "", r->person[i].handle, r->person[i].labels);
}

void people_result_put_agreement(Text *out, const PeopleResult *r)
{
    if (r->shared == 0)
        text_add(out, "no pair was labeled by two people, so whether they agree is not known");
    else
        text_format(out, "two people agree on %.2f [%.2f, %.2f] of the %s that several labeled",
                    r->agreement, r->agreement_low, r->agreement_high,
                    text_count(r->shared, "pair"));
}

void people_result_put_position(Text *out, const PeopleResult *r)
{
    const PositionTest *t = &r->position;
    if (t->n == 0) return;
    text_format(out, "the answer shown first was chosen %s of %d: %.2f [%.2f, %.2f], p = %.2g",
                text_count(t->first, "time"), t->n, t->share, t->low, t->high, t->p);
    if (t->p < 0.05)
        text_add(out, "; sides are drawn by lot, so a habit of choosing one makes the result "
                      "noisier and does not move it");
}
