/* What people found, for the page of a comparison. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/comparison_page.h"
#include "cli/evaluation.h"
#include "cli/people_result.h"

enum { FACTS = 7, CAUTIONS = 4 };

typedef struct {
    ReportPeople shown; /* first: what the page is given */
    ReportFact fact[FACTS];
    const char *caution[CAUTIONS];
} People;

static void add_fact(People *people, const char *name, const char *value)
{
    people->fact[people->shown.n_facts++] = (ReportFact){name, value, NULL};
}

static void add_caution(People *people, const char *sentence)
{
    people->caution[people->shown.n_cautions++] = sentence;
}

/* Of what `put` says; nothing when it says nothing. */
static void add_put(Page *p, People *people, const char *name,
                    void (*put)(Text *out, const PeopleResult *r), const PeopleResult *r)
{
    Text t = {0};
    put(&t, r);
    if (t.n) add_fact(people, name, page_keep(p, text_take(&t)));
    text_free(&t);
}

static const char *when(Page *p, const PeopleResult *r, int64_t created_us)
{
    const char *first = page_day(p, r->first_us), *last = page_day(p, r->last_us);
    const bool one = strcmp(first, last) == 0;
    return KEEP(p, "%s%s%s; both models answered on %s", first, one ? "" : " to ", one ? "" : last,
                page_day(p, created_us));
}

static void add_facts(Page *p, People *people, const PeopleResult *r, int64_t created_us)
{
    if (r->equal > 0)
        add_fact(people, "equal answers",
                 KEEP(p, "to %s: ties, not asked", text_count(r->equal, "more prompt")));
    if (r->labels == 0) return;
    add_fact(people, "verdict",
             KEEP(p, "%s%s (%s)", verdict_name(r->verdict), r->labeled < r->pairs ? " so far" : "",
                  r->reasons.n ? r->reasons.bytes : ""));
    add_fact(people, "labels", KEEP(p, "%s", text_thousands(r->labels)));
    add_put(p, people, "by whom", people_result_put_who, r);
    add_put(p, people, "agreement", people_result_put_agreement, r);
    add_put(p, people, "sides", people_result_put_position, r);
    add_fact(people, "when", when(p, r, created_us));
}

static void add_cautions(Page *p, People *people, const PeopleResult *r, bool same_models)
{
    if (!same_models) add_caution(people, "Of other models than the rest of this page.");
    if (r->labeled < r->pairs)
        add_caution(people, KEEP(p, "%s still to label: a result so far.",
                                 text_count(r->pairs - r->labeled, "pair")));
    if (r->n_people == 1)
        add_caution(people, "One person's choices: what others would choose is not known.");
    if (r->labels > 0)
        add_caution(people, "The interval says what other prompts of this kind may give, not what "
                            "other people may.");
}

static void show(Page *p, const cJSON *record, const PeopleResult *r, int64_t created_us,
                 bool same_models)
{
    People *people = page_keep(p, mem_calloc(1, sizeof *people));
    people->shown = (ReportPeople){
        .name = KEEP(p, "%s against %s", json_text(record, "aligned", "aligned"),
                     json_text(record, "base", "base")),
        .judge = KEEP(p, "by people, %d of %s labeled in %s", r->labeled,
                      text_count(r->pairs, "pair"), json_text(record, "campaign", "")),
        .wins = r->wins,
        .facts = people->fact,
        .cautions = people->caution};
    add_facts(p, people, r, created_us);
    add_cautions(p, people, r, same_models);
    p->data.people = &people->shown;
}

typedef struct {
    char *json;
    int64_t created_us;
} Record;

/* The newest with these members, "" or ended by a comma, that somebody has labeled; else the newest with them. */
static int find_record(Record *out, Store *store, const StoreCampaignList *campaigns,
                       const char *members, Error *err)
{
    Text wanted = {0};
    int rc = 0;
    for (size_t i = campaigns->n; i-- > 0 && rc == 0 && !out->json;) {
        const StoreCampaign *c = &campaigns->row[i];
        if (c->purpose != PURPOSE_EVALUATE || c->labels == 0) continue;
        text_clear(&wanted);
        text_format(&wanted, "{%s\"campaign\":", members);
        json_put_text(&wanted, c->name, strlen(c->name));
        text_add(&wanted, "}");
        rc = store_last_evaluation(store, PEOPLE_RECORD, wanted.bytes, &out->json, &out->created_us,
                                   err);
    }
    if (rc == 0 && !out->json) {
        text_clear(&wanted);
        text_format(&wanted, "{%.*s}", (int)(*members ? strlen(members) - 1 : 0), members);
        rc = store_last_evaluation(store, PEOPLE_RECORD, wanted.bytes, &out->json, &out->created_us,
                                   err);
    }
    text_free(&wanted);
    return rc;
}

/* Of these two models, else of any. */
static int find(Record *out, bool *same_models, const Page *p, Error *err)
{
    StoreCampaignList campaigns = {0};
    Text members = {0};
    if (store_list_campaigns(p->store, &campaigns, err) != 0) return -1;
    evaluation_put_compared(&members, p->r->ctx, p->r->base->folder, p->r->aligned->folder);
    text_add(&members, ",");
    int rc = find_record(out, p->store, &campaigns, members.bytes, err);
    *same_models = rc == 0 && out->json;
    if (rc == 0 && !out->json) rc = find_record(out, p->store, &campaigns, "", err);
    text_free(&members);
    store_campaigns_free(&campaigns);
    return rc;
}

int page_add_people(Page *p, Error *err)
{
    Record found = {0};
    cJSON *record = NULL;
    PeopleResult r = {0};
    bool same_models;
    if (find(&found, &same_models, p, err) != 0) return -1;
    if (!found.json) return 0;
    int rc = json_parse_row(&record, found.json, strlen(found.json), err);
    if (rc == 0) rc = people_result_read(&r, p->store, record, err);
    if (rc == 0) show(p, record, &r, found.created_us, same_models);
    people_result_free(&r);
    cJSON_Delete(record);
    free(found.json);
    return rc;
}
