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
#include "cli/people_result.h"
#include "cli/wrap.h"

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

/* eval-N, the first that is free, with the guidelines that people label by.  One grade: the result counts who wins, not
 * by how much. */
static int new_campaign(char name[CAMPAIGN_NAME_MAX], Store *store, Error *err)
{
    StoreCampaignList list = {0};
    const char *guidelines = NULL;
    int last = 0, n;
    if (store_list_terms(store, &list, err) != 0) return -1;
    for (size_t i = 0; i < list.n; i++) {
        if (sscanf(list.row[i].name, "eval-%d", &n) == 1 && n > last) last = n;
        if (strcmp(list.row[i].name, STORE_CAMPAIGN) == 0) guidelines = list.row[i].guidelines;
    }
    snprintf(name, CAMPAIGN_NAME_MAX, "eval-%d", last + 1);
    const StoreCampaign campaign = {.name = name,
                                    .title = "Which answer is better?",
                                    .guidelines = guidelines,
                                    .purpose = PURPOSE_EVALUATE,
                                    .scale = 1,
                                    .tie = true,
                                    .both_bad = true,
                                    .overlap = 1,
                                    .lease_s = LEASE_S};
    int64_t id;
    const int rc = store_add_campaign(store, &campaign, &id, err);
    store_campaigns_free(&list);
    return rc;
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
        rc = evaluation_add(store, ctx, PEOPLE_RECORD, aligned->folder, record.bytes, err);
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

static void print_result(const PeopleResult *r, const cJSON *record, bool closed)
{
    const char *campaign = json_text(record, "campaign", "");
    Text who = {0}, agreement = {0}, position = {0};
    printf("  %s against %s, by people: %d of %s labeled in %s\n", json_text(record, "aligned", ""),
           json_text(record, "base", ""), r->labeled, text_count(r->pairs, "pair"), campaign);
    if (r->equal > 0)
        printf("  to %s both gave the same answer: ties\n", text_count(r->equal, "more prompt"));
    if (r->labeled > 0) {
        printf("  aligned beats base %.2f [%.2f, %.2f]; won %d, lost %d, tied %d; sign test p = "
               "%.2g\n",
               r->wins.rate, r->wins.low, r->wins.high, r->wins.wins, r->wins.losses, r->wins.ties,
               r->wins.p);
        people_result_put_who(&who, r);
        people_result_put_agreement(&agreement, r);
        people_result_put_position(&position, r);
        wrap_print(2, "  %s by %s; %s\n", text_count(r->labels, "label"), who.bytes,
                   agreement.bytes);
        if (position.n) wrap_print(2, "  %s\n", position.bytes);
        printf("\n  verdict%s: %s (%s)\n", r->labeled < r->pairs ? " so far" : "",
               verdict_name(r->verdict), r->reasons.n ? r->reasons.bytes : "");
    }
    if (r->labeled < r->pairs && closed)
        printf("  campaign %s is closed; to go on: rlhf campaign open %s, then rlhf label "
               "--campaign %s\n",
               campaign, campaign, campaign);
    else if (r->labeled < r->pairs) printf("  to go on: rlhf label --campaign %s\n", campaign);
    text_free(&who);
    text_free(&agreement);
    text_free(&position);
}

static void put_people(Text *t, const PeopleResult *r)
{
    text_add(t, ",\"annotators\":[");
    for (int i = 0; i < r->n_people; i++) {
        text_add(t, i ? ",{\"annotator\":" : "{\"annotator\":");
        json_put_text(t, r->person[i].handle, strlen(r->person[i].handle));
        text_format(t, ",\"labels\":%d}", r->person[i].labels);
    }
    text_format(t, "],\"agreement\":");
    json_put_number(t, r->agreement);
    text_format(t, ",\"agreement_pairs\":%d", r->shared);
}

static void print_json(const PeopleResult *r, const cJSON *record)
{
    Text t = {0};
    text_format(&t, "{\"campaign\":\"%s\",\"pairs\":%d,\"labeled\":%d,\"labels\":%lld,\"equal\":%d",
                json_text(record, "campaign", ""), r->pairs, r->labeled, (long long)r->labels,
                r->equal);
    text_format(&t, ",\"n\":%d,\"wins\":%d,\"ties\":%d,\"losses\":%d,\"win_rate\":%.6g", r->wins.n,
                r->wins.wins, r->wins.ties, r->wins.losses, r->wins.rate);
    text_format(&t, ",\"ci\":[%.6g,%.6g],\"p\":%.6g", r->wins.low, r->wins.high, r->wins.p);
    text_format(&t, ",\"position\":{\"first\":%d,\"n\":%d,\"p\":%.6g}", r->position.first,
                r->position.n, r->position.p);
    put_people(&t, r);
    if (r->labeled > 0) text_format(&t, ",\"verdict\":\"%s\"}", verdict_name(r->verdict));
    else text_add(&t, ",\"verdict\":null}");
    puts(t.bytes);
    text_free(&t);
}

static int tell(const Context *ctx, Store *store, const char *json, Error *err)
{
    cJSON *record = NULL;
    PeopleResult r = {0};
    StoreCampaign campaign = {0};
    if (json_parse_row(&record, json, strlen(json), err) != 0) return -1;
    int rc = people_result_read(&r, store, record, err);
    if (rc == 0) rc = store_get_campaign(store, json_text(record, "campaign", ""), &campaign, err);
    if (rc == 0 && ctx->json) print_json(&r, record);
    else if (rc == 0) print_result(&r, record, campaign.closed);
    store_campaign_free(&campaign);
    people_result_free(&r);
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
    int rc = store_last_evaluation(store, PEOPLE_RECORD, members.bytes, &json, &created_us, err);
    if (rc == 0)
        rc = json ? tell(ctx, store, json, err)
                  : ask(ctx, store, base, aligned, o, settings.bytes, err);
    free(json);
    text_free(&settings);
    text_free(&members);
    return rc;
}
