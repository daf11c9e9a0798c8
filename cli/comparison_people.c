#include "cli/comparison_people.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/comparison_record.h"
#include "cli/evaluation.h"
#include "cli/wrap.h"
#include "compare/position_test.h"

#define RECORD "compare people"
enum { LEASE_S = 600, CAMPAIGN_NAME_MAX = 32 };

/* ---- asking ----------------------------------------------------------------------------------------- */

/* What tells one comparison from another: the models, the prompts, how they were answered. */
static void put_settings(Text *t, const Context *ctx, const Loaded *base, const Loaded *aligned,
                         const ComparisonOptions *o)
{
    const char *source = o->source ? o->source : "";
    evaluation_put_compared(t, ctx, base->folder, aligned->folder);
    text_add(t, ",\"source\":");
    json_put_text(t, source, strlen(source));
    text_format(t, ",\"asked\":%d,\"max_new_tokens\":%d,\"seed\":%llu,\"temperature\":", o->n,
                o->max_new_tokens, (unsigned long long)o->seed);
    json_put_number(t, o->temperature);
}

/* eval-N, the first that is free. */
static int new_campaign(char name[CAMPAIGN_NAME_MAX], Store *store, Error *err)
{
    StoreCampaignList list = {0};
    int last = 0, n;
    if (store_list_campaigns(store, &list, err) != 0) return -1;
    for (size_t i = 0; i < list.n; i++)
        if (sscanf(list.row[i].name, "eval-%d", &n) == 1 && n > last) last = n;
    store_campaigns_free(&list);
    snprintf(name, CAMPAIGN_NAME_MAX, "eval-%d", last + 1);
    const StoreCampaign campaign = {.name = name,
                                    .title = "Which answer is better?",
                                    .purpose = PURPOSE_EVALUATE,
                                    .scale = 1,
                                    .tie = true,
                                    .both_bad = true,
                                    .overlap = 1,
                                    .lease_s = LEASE_S};
    int64_t id;
    return store_add_campaign(store, &campaign, &id, err);
}

static int queue_pairs(StoreAdded *added, Store *store, const Comparison *c, const char *campaign,
                       Error *err)
{
    StoreComparison *row = mem_calloc((size_t)c->n + 1, sizeof *row);
    for (int i = 0; i < c->n; i++)
        row[i] = (StoreComparison){.prompt_id = c->prompt_id[i],
                                   .a_id = c->base_id[i],
                                   .b_id = c->aligned_id[i],
                                   .origin = "random"};
    int rc = store_use_campaign(store, campaign, err);
    if (rc == 0) rc = store_add_comparisons(store, row, (size_t)c->n, added, err);
    free(row);
    return rc;
}

static void put_record(Text *t, const Comparison *c, const char *campaign, int64_t equal,
                       const char *settings)
{
    text_format(t, "{\"campaign\":\"%s\",\"n\":%d,\"equal\":%lld,%s", campaign, c->n,
                (long long)equal, settings);
    comparison_answers_json(t, c);
    comparison_base_answers_json(t, c);
    text_add(t, ",\"aligned_answers\":[");
    for (int i = 0; i < c->n; i++)
        text_format(t, "%s%lld", i ? "," : "", (long long)c->aligned_id[i]);
    text_add(t, "]}");
}

static int ask(Context *ctx, Store *store, Loaded *base, Loaded *aligned,
               const ComparisonOptions *o, const char *settings, Error *err)
{
    Comparison c;
    StoreAdded added = {0};
    Text record = {0};
    char campaign[CAMPAIGN_NAME_MAX];
    if (comparison_run(&c, store, base, aligned, NULL, o, err) != 0) return -1;
    int rc = new_campaign(campaign, store, err);
    if (rc == 0) rc = queue_pairs(&added, store, &c, campaign, err);
    if (rc == 0) {
        put_record(&record, &c, campaign, added.refused, settings);
        rc = evaluation_add(store, ctx, RECORD, aligned->folder, record.bytes, err);
    }
    if (rc == 0 && ctx->json)
        printf("{\"campaign\":\"%s\",\"pairs\":%lld,\"equal\":%lld}\n", campaign,
               (long long)added.added, (long long)added.refused);
    else if (rc == 0) {
        printf("%s queued as %s: rlhf label --campaign %s\n", text_count(added.added, "pair"),
               campaign, campaign);
        if (added.refused > 0)
            printf("to %s both gave the same answer: a tie, and not asked\n",
                   text_count(added.refused, "prompt"));
        printf("the result so far: this command once more\n");
    }
    text_free(&record);
    comparison_free(&c);
    return rc;
}

/* ---- the result so far ------------------------------------------------------------------------------ */

typedef struct {
    WinRate wins;          /* of the aligned model, one decision per pair, equal answers as ties */
    PositionTest position; /* one decision per label */
    int pairs, labeled;    /* pairs to label, and those with a label that counts */
    int64_t labels;
    Verdict verdict;
    Text reasons;
} PeopleResult;

static int by_id(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* The labels of a pair stand side by side; most votes decide, as many for each are a tie. */
static void count(PeopleResult *r, const StorePreferenceList *list, const int64_t *aligned, int n)
{
    int wins = 0, ties = 0, losses = 0, first = 0, second = 0;
    for (size_t i = 0; i < list->n;) {
        const int64_t pair = list->row[i].comparison_id;
        int votes = 0;
        for (; i < list->n && list->row[i].comparison_id == pair; i++) {
            const StorePreference *p = &list->row[i];
            if (p->tie) continue;
            const bool won = bsearch(&p->chosen_id, aligned, (size_t)n, sizeof *aligned, by_id);
            votes += won ? 1 : -1;
            first += p->first, second += !p->first;
        }
        wins += votes > 0, losses += votes < 0, ties += votes == 0;
    }
    r->labeled = wins + ties + losses;
    r->labels = (int64_t)list->n;
    r->wins = win_rate_of_counts(wins, ties, losses);
    r->position = position_test(first, second);
}

static void add_equal(PeopleResult *r, int equal)
{
    r->wins = win_rate_of_counts(r->wins.wins, r->wins.ties + equal, r->wins.losses);
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

static void print_position(const PositionTest *t)
{
    if (t->n == 0) return;
    wrap_print(
        2, "  the answer shown first was chosen %d times of %d: %.2f [%.2f, %.2f], p = %.2g%s\n",
        t->first, t->n, t->share, t->low, t->high, t->p,
        t->p < 0.05 ? "; sides are drawn by lot, so a habit of choosing one makes the result "
                      "noisier and does not move it"
                    : "");
}

static void print_result(const PeopleResult *r, const cJSON *record)
{
    const char *campaign = json_text(record, "campaign", "");
    const int equal = (int)json_number(record, "equal", 0);
    printf("  %s against %s, by people: %d of %s labeled in %s\n", json_text(record, "aligned", ""),
           json_text(record, "base", ""), r->labeled, text_count(r->pairs, "pair"), campaign);
    if (equal > 0)
        printf("  to %s both gave the same answer: ties\n", text_count(equal, "more prompt"));
    if (r->labeled > 0) {
        printf("  aligned beats base %.2f [%.2f, %.2f]; won %d, lost %d, tied %d; sign test p = "
               "%.2g\n",
               r->wins.rate, r->wins.low, r->wins.high, r->wins.wins, r->wins.losses, r->wins.ties,
               r->wins.p);
        print_position(&r->position);
        printf("\n  verdict%s: %s (%s)\n", r->labeled < r->pairs ? " so far" : "",
               verdict_name(r->verdict), r->reasons.n ? r->reasons.bytes : "");
    }
    if (r->labeled < r->pairs) printf("  to go on: rlhf label --campaign %s\n", campaign);
}

static void print_json(const PeopleResult *r, const cJSON *record)
{
    Text t = {0};
    text_format(&t, "{\"campaign\":\"%s\",\"pairs\":%d,\"labeled\":%d,\"labels\":%lld,\"equal\":%d",
                json_text(record, "campaign", ""), r->pairs, r->labeled, (long long)r->labels,
                (int)json_number(record, "equal", 0));
    text_format(&t, ",\"n\":%d,\"wins\":%d,\"ties\":%d,\"losses\":%d,\"win_rate\":%.6g", r->wins.n,
                r->wins.wins, r->wins.ties, r->wins.losses, r->wins.rate);
    text_format(&t, ",\"ci\":[%.6g,%.6g],\"p\":%.6g", r->wins.low, r->wins.high, r->wins.p);
    text_format(&t,
                ",\"position\":{\"first\":%d,\"n\":%d,\"p\":%.6g},\"verdict\":", r->position.first,
                r->position.n, r->position.p);
    if (r->labeled > 0) text_format(&t, "\"%s\"}", verdict_name(r->verdict));
    else text_add(&t, "null}");
    puts(t.bytes);
    text_free(&t);
}

static int tell(const Context *ctx, Store *store, const char *json, Error *err)
{
    cJSON *record = NULL;
    PeopleResult r = {0};
    if (json_parse_row(&record, json, strlen(json), err) != 0) return -1;
    const int rc = read_labels(&r, store, record, err);
    if (rc == 0) {
        if (r.labeled > 0) add_equal(&r, (int)json_number(record, "equal", 0));
        decide(&r, record);
        if (ctx->json) print_json(&r, record);
        else print_result(&r, record);
    }
    text_free(&r.reasons);
    cJSON_Delete(record);
    return rc;
}

int comparison_by_people(Context *ctx, Store *store, Loaded *base, Loaded *aligned,
                         const ComparisonOptions *o, Error *err)
{
    Text settings = {0}, members = {0};
    char *json = NULL;
    int64_t created_us;
    put_settings(&settings, ctx, base, aligned, o);
    text_format(&members, "{%s}", settings.bytes);
    int rc = store_last_evaluation(store, RECORD, members.bytes, &json, &created_us, err);
    if (rc == 0)
        rc = json ? tell(ctx, store, json, err)
                  : ask(ctx, store, base, aligned, o, settings.bytes, err);
    free(json);
    text_free(&settings);
    text_free(&members);
    return rc;
}
