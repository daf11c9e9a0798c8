/* rlhf show prompt: its text, where it came from, and the pairs that were made of answers to it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/facts.h"
#include "cli/readable.h"
#include "cli/show.h"

static void print_json(const StorePromptRecord *r)
{
    cJSON *o = cJSON_CreateObject();
    facts_json_number(o, "prompt", r->prompt.id);
    facts_json_text(o, "text", r->prompt.text);
    facts_json_text(o, "sha256", r->hash);
    facts_json_text(o, "source", r->prompt.source);
    facts_json_text(o, "split", split_name(r->prompt.split));
    facts_json_text(o, "template", r->prompt.template);
    facts_json_number(o, "created_us", r->created_us);
    facts_json_number(o, "near_duplicates", r->family);
    facts_json_number(o, "responses", r->responses);
    facts_json_number(o, "demonstrations", r->demonstrations);
    cJSON *redacted = r->redacted_by ? cJSON_AddObjectToObject(o, "redacted") : NULL;
    if (!redacted) cJSON_AddNullToObject(o, "redacted");
    else {
        facts_json_text(redacted, "by", r->redacted_by);
        facts_json_text(redacted, "why", r->redacted_why);
        facts_json_number(redacted, "at_us", r->redacted_us);
    }
    cJSON *pairs = cJSON_AddArrayToObject(o, "pairs");
    for (size_t i = 0; i < r->n_pairs; i++) {
        cJSON *pair = cJSON_CreateObject();
        facts_json_number(pair, "pair", r->pair[i].id);
        facts_json_text(pair, "campaign", r->pair[i].campaign);
        facts_json_number(pair, "labels", r->pair[i].labels);
        facts_json_number(pair, "standing", r->pair[i].standing);
        cJSON_AddItemToArray(pairs, pair);
    }
    facts_json_print(o);
}

static void print_pairs(const StorePromptRecord *r)
{
    if (r->n_pairs == 0) facts_print("pairs", "none");
    for (size_t i = 0; i < r->n_pairs; i++) {
        const StorePromptPair *p = &r->pair[i];
        char name[32];
        snprintf(name, sizeof name, "pair %lld", (long long)p->id);
        facts_print(name, "of campaign %s, %s, of which %lld %s", p->campaign,
                    text_count(p->labels, "label"), (long long)p->standing,
                    p->standing == 1 ? "stands" : "stand");
    }
}

static void print_prompt(const StorePromptRecord *r)
{
    const StorePrompt *p = &r->prompt;
    char when[FACTS_TIME];
    Text turns = {0};
    facts_line("prompt %lld: of the %s split, from %s", (long long)p->id, split_name(p->split),
               p->source);
    if (r->redacted_by)
        facts_print("redacted", "%s, by %s%s%s: its text was taken out for good",
                    facts_time(when, r->redacted_us), r->redacted_by,
                    r->redacted_why ? ", since: " : "", r->redacted_why ? r->redacted_why : "");
    facts_text("text", p->text, strlen(p->text));
    if (p->template) {
        facts_print("template", "%s", p->template);
        if (!r->redacted_by && readable_turns(&turns, p->text, p->template))
            facts_text("as turns", turns.bytes, turns.n);
    }
    facts_print("SHA-256", "%s", r->hash);
    facts_print("came in", "%s", facts_time(when, r->created_us));
    if (r->family) facts_print("near duplicates", "%s", text_count(r->family, "other prompt"));
    facts_print("answers", "%s, %s", text_count(r->responses, "response"),
                text_count(r->demonstrations, "demonstration"));
    print_pairs(r);
    text_free(&turns);
}

int show_prompt(const Context *ctx, Store *store, int64_t id, Error *err)
{
    StorePromptRecord r = {0};
    if (store_get_prompt_record(store, id, &r, err) != 0) return -1;
    if (ctx->json) print_json(&r);
    else print_prompt(&r);
    store_prompt_record_free(&r);
    return 0;
}
