/* rlhf show label: who decided what about what, when, and its place in the chain. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/facts.h"
#include "cli/show.h"
#include "labeling/decision.h"

static const char *kind_words(AnnotatorKind kind)
{
    switch (kind) {
    case ANNOTATOR_HUMAN: return "a person";
    case ANNOTATOR_RULE: return "a rule";
    case ANNOTATOR_LLM: return "a language model";
    case ANNOTATOR_IMPORT: return "came with a data set";
    case ANNOTATOR_ANY: break;
    }
    return "unknown";
}

const char *show_decision(char out[SHOW_DECISION], const StoreLabelRecord *l, int scale)
{
    static const char *const WORDS[] = {[OUTCOME_TIE] = "tie",
                                        [OUTCOME_BOTH_BAD] = "both are bad",
                                        [OUTCOME_SKIP] = "skipped",
                                        [OUTCOME_FLAG] = "flagged"};
    if (l->retract) {
        snprintf(out, SHOW_DECISION, "took label %lld back", (long long)l->supersedes);
    } else if (l->outcome == OUTCOME_PREF) {
        /* The scale may have been narrowed since. */
        const int strength = l->preferred < 0 ? -l->preferred : l->preferred;
        const char *degree = decision_degree(strength, strength > scale ? strength : scale);
        snprintf(out, SHOW_DECISION, "%s is %s%sbetter", l->preferred < 0 ? "a" : "b", degree,
                 *degree ? " " : "");
    } else {
        snprintf(out, SHOW_DECISION, "%s", WORDS[l->outcome]);
    }
    return out;
}

/* ---- as an object ---------------------------------------------------------------------------------- */

static void add_known(cJSON *o, const char *name, int x, int none)
{
    if (x == none) cJSON_AddNullToObject(o, name);
    else cJSON_AddNumberToObject(o, name, x);
}

cJSON *show_label_json(const StoreLabelRecord *l)
{
    cJSON *o = cJSON_CreateObject();
    facts_json_number(o, "label", l->id);
    facts_json_number(o, "pair", l->comparison_id);
    facts_json_text(o, "annotator", l->annotator);
    facts_json_text(o, "kind", annotator_kind_name(l->kind));
    facts_json_text(o, "role", l->reviewer ? "reviewer" : "annotator");
    cJSON_AddBoolToObject(o, "stands", l->stands);
    facts_json_text(o, "op", l->retract ? "retract" : "set");
    facts_json_text(o, "outcome", l->retract ? NULL : outcome_name(l->outcome));
    if (!l->retract && l->outcome == OUTCOME_PREF) cJSON_AddNumberToObject(o, "pref", l->preferred);
    else cJSON_AddNullToObject(o, "pref");
    facts_json_id(o, "supersedes", l->supersedes);
    facts_json_id(o, "superseded_by", l->superseded_by);
    facts_json_text(o, "order", l->swapped ? "ba" : "ab");
    facts_json_text(o, "layout", l->layout);
    facts_json_number(o, "shown_us", l->shown_us);
    facts_json_id(o, "first_input_us", l->first_input_us);
    facts_json_number(o, "submitted_us", l->submitted_us);
    facts_json_number(o, "active_ms", l->active_ms);
    add_known(o, "seen_a", l->seen_a, -1);
    add_known(o, "seen_b", l->seen_b, -1);
    add_known(o, "confidence", l->confidence, 0);
    facts_json_text(o, "reasons", l->reasons);
    facts_json_text(o, "comment", l->comment);
    add_known(o, "guidelines_version", l->guidelines_version, 0);
    cJSON *session = cJSON_AddObjectToObject(o, "session");
    facts_json_number(session, "id", l->session_id);
    facts_json_text(session, "ui", l->ui);
    facts_json_text(session, "version", l->version);
    facts_json_text(session, "terminal", l->terminal);
    cJSON_AddNumberToObject(session, "columns", l->columns);
    cJSON_AddNumberToObject(session, "lines", l->rows);
    facts_json_text(o, "sha256", l->hash);
    facts_json_text(o, "previous_sha256", *l->previous ? l->previous : NULL);
    return o;
}

static void print_json(const StoreLabelRecord *l, const StorePairRecord *pair,
                       const StorePromptRecord *prompt, const StoreLabelPlace *place, bool sound)
{
    cJSON *o = show_label_json(l), *chain = cJSON_AddObjectToObject(o, "chain");
    facts_json_number(chain, "place", place->place);
    facts_json_number(chain, "of", place->of);
    facts_json_id(chain, "after", place->before);
    cJSON_AddBoolToObject(chain, "sound", sound);
    facts_json_text(o, "campaign", pair->campaign);
    facts_json_number(o, "prompt_id", pair->prompt_id);
    facts_json_text(o, "prompt", prompt->prompt.text);
    facts_json_text(o, "a", pair->answer[0].response.text);
    facts_json_text(o, "b", pair->answer[1].response.text);
    facts_json_print(o);
}

/* ---- for people ------------------------------------------------------------------------------------ */

static void print_standing(const StoreLabelRecord *l)
{
    if (l->stands) facts_print("stands", "yes");
    else if (l->retract)
        facts_print("stands", "nothing: label %lld was taken back%s", (long long)l->supersedes,
                    l->superseded_by ? ", and the pair decided again" : "");
    else facts_print("stands", "no: label %lld came after it", (long long)l->superseded_by);
    if (!l->retract && l->supersedes)
        facts_print("follows", "label %lld of the same annotator", (long long)l->supersedes);
    if (!l->stands && l->retract && l->superseded_by)
        facts_print("after it", "label %lld", (long long)l->superseded_by);
}

static void print_time(const StoreLabelRecord *l)
{
    char when[FACTS_TIME], took[64] = "", first[64] = "";
    if (l->active_ms) snprintf(took, sizeof took, ", %.1f s at it", (double)l->active_ms / 1e3);
    if (l->first_input_us)
        snprintf(first, sizeof first, ", the first key after %.1f s",
                 (double)(l->first_input_us - l->shown_us) / 1e6);
    facts_print("decided", "%s%s%s", facts_time(when, l->submitted_us), took, first);
}

static void print_shown(const StoreLabelRecord *l)
{
    char seen[64] = "";
    const char *layout = !l->layout                       ? ""
                         : strcmp(l->layout, "side") == 0 ? ", side by side"
                         : strcmp(l->layout, "line") == 0 ? ", line by line"
                                                          : ", one below the other";
    if (l->seen_a >= 0 && l->seen_b >= 0)
        snprintf(seen, sizeof seen, "; in view %.0f%% of a, %.0f%% of b", l->seen_a / 10.0,
                 l->seen_b / 10.0);
    if (l->kind == ANNOTATOR_HUMAN)
        facts_print("shown", "%s first%s%s", l->swapped ? "b" : "a", layout, seen);
    if (l->confidence) facts_print("confidence", "%d of 9", l->confidence);
    if (l->reasons) facts_print("reasons", "%s", l->reasons);
    if (l->comment) facts_print("comment", "%s", l->comment);
}

static void print_who(const StoreLabelRecord *l)
{
    facts_print("annotator", "%s, %s%s", l->annotator, kind_words(l->kind),
                l->reviewer ? ", as a reviewer" : "");
    char screen[96] = "";
    if (l->terminal) snprintf(screen, sizeof screen, " on %.60s", l->terminal);
    const size_t n = strlen(screen);
    if (l->columns) snprintf(screen + n, sizeof screen - n, " %dx%d", l->columns, l->rows);
    const bool batch = l->kind == ANNOTATOR_HUMAN && strcmp(l->ui, "import") == 0;
    facts_print("session", "%lld, %s%s, program %s", (long long)l->session_id,
                batch ? "batch" : l->ui, screen, l->version);
    if (l->guidelines_version) facts_print("guidelines", "version %d", l->guidelines_version);
}

static void print_label(const StoreLabelRecord *l, const StorePairRecord *pair,
                        const StorePromptRecord *prompt, const StoreLabelPlace *place, bool sound)
{
    char words[SHOW_DECISION];
    facts_line("label %lld: %s says: %s", (long long)l->id, l->annotator,
               show_decision(words, l, pair->scale));
    print_standing(l);
    print_time(l);
    print_shown(l);
    print_who(l);
    facts_print("pair", "%lld of campaign %s, prompt %lld of the %s split", (long long)pair->id,
                pair->campaign, (long long)pair->prompt_id, split_name(prompt->prompt.split));
    facts_print("prompt", "%s", prompt->prompt.text);
    facts_print("a", "%s", pair->answer[0].response.text);
    facts_print("b", "%s", pair->answer[1].response.text);
    facts_print("chain", "%s of %s, SHA-256 %s", text_thousands(place->place),
                text_count(place->of, "label"), l->hash);
    if (place->before)
        facts_print("", "after label %lld, %s", (long long)place->before, l->previous);
    facts_print("", sound ? "computed anew: as it was given, and so is what it was given to"
                          : "computed anew: NOT as it was given");
}

/* ---- both ------------------------------------------------------------------------------------------ */

int show_label(const Context *ctx, Store *store, int64_t id, Error *err)
{
    StoreLabelRecordList list = {0};
    StorePairRecord pair = {0};
    StorePromptRecord prompt = {0};
    StoreLabelPlace place = {0};
    Error fault = {0};
    int rc = -1;
    if (store_list_label_records(store, id, 0, &list, err) != 0) goto done;
    if (list.n == 0) {
        error_set(err, "there is no label %lld here", (long long)id);
        goto done;
    }
    if (store_get_pair_record(store, list.row[0].comparison_id, &pair, err) != 0) goto done;
    if (store_get_prompt_record(store, pair.prompt_id, &prompt, err) != 0) goto done;
    rc = store_check_label(store, id, &place, &fault);
    if (ctx->json) print_json(&list.row[0], &pair, &prompt, &place, rc == 0);
    else print_label(&list.row[0], &pair, &prompt, &place, rc == 0);
    if (rc != 0) *err = fault;

done:
    store_label_records_free(&list);
    store_pair_record_free(&pair);
    store_prompt_record_free(&prompt);
    return rc;
}
