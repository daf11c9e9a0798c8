#include "labeling/ballot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "labeling/visible.h"

enum { SECONDS_MAX = 24 * 3600, CONFIDENCE_MAX = 9 };

/* ---- handing out ----------------------------------------------------------------------------------- */

static void put_text(Text *out, const char *name, const char *text)
{
    text_format(out, ", \"%s\": ", name);
    json_put_text(out, text, strlen(text));
}

void ballot_put(Text *out, const StorePair *pair, const char *prompt, bool swapped)
{
    text_format(out, "{\"pair\": %lld", (long long)pair->comparison_id);
    put_text(out, "prompt", prompt);
    put_text(out, "first", swapped ? pair->b : pair->a);
    put_text(out, "second", swapped ? pair->a : pair->b);
    text_format(out, ", \"order\": \"%s\", \"choice\": null}\n", swapped ? "ba" : "ab");
}

/* ---- the members of a row -------------------------------------------------------------------------- */

/* A text, or nothing (absent or null). */
static int take_text(const char **out, const cJSON *row, const char *name, Error *err)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(row, name);
    *out = cJSON_IsString(member) ? member->valuestring : NULL;
    if (!member || cJSON_IsNull(member) || *out) return 0;
    return error_set(err, "%s is no text", name);
}

/* A number in a range, `fallback` when there is none. */
static int take_number(double *out, const cJSON *row, const char *name, double min, double max,
                       double fallback, Error *err)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(row, name);
    *out = cJSON_IsNumber(member) ? member->valuedouble : fallback;
    if (!member || cJSON_IsNull(member)) return 0;
    if (!cJSON_IsNumber(member)) return error_set(err, "%s is no number", name);
    if (*out >= min && *out <= max) return 0;
    return error_set(err, "%s: %.12g is outside [%.12g, %.12g]", name, *out, min, max);
}

static int take_whole(int *out, const cJSON *row, const char *name, int min, int max, Error *err)
{
    double x = 0;
    if (take_number(&x, row, name, min, max, 0, err) != 0) return -1;
    if (x != floor(x)) return error_set(err, "%s: %.12g is no whole number", name, x);
    *out = (int)x;
    return 0;
}

/* What a person gives must not be lost to a slip of the fingers; other members are the sender's own. */
static int check_names(const cJSON *row, Error *err)
{
    static const char *const NAME[] = {"pair",    "prompt",     "first",    "second",
                                       "order",   "choice",     "strength", "comment",
                                       "reasons", "confidence", "seconds"};
    enum { N = sizeof NAME / sizeof *NAME };
    const cJSON *member;
    cJSON_ArrayForEach(member, row)
    {
        const char *near = text_nearest(member->string, NAME, N);
        if (near && !cJSON_GetObjectItemCaseSensitive(row, near))
            return error_set(err, "'%.40s' is no member of a row; did you mean %s", member->string,
                             near);
    }
    return 0;
}

/* ---- the pair and its order ------------------------------------------------------------------------ */

static int read_pair(int64_t *id, const cJSON *row, Error *err)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(row, "pair");
    const double x = cJSON_IsNumber(member) ? member->valuedouble : 0;
    if (!member) return error_set(err, "it names no pair");
    if (x < 1 || x > 1e15 || x != floor(x)) return error_set(err, "pair is no number of a pair");
    *id = (int64_t)x;
    return 0;
}

/* -1: a was shown first, 1: b was, 0: it does not say. */
static int read_order(int *first, const cJSON *row, Error *err)
{
    const char *order;
    if (take_text(&order, row, "order", err) != 0) return -1;
    *first = !order ? 0 : strcmp(order, "ab") == 0 ? -1 : 1;
    if (!order || strcmp(order, "ab") == 0 || strcmp(order, "ba") == 0) return 0;
    return error_set(err, "order: '%.40s' is neither ab nor ba", order);
}

/* Both texts, if it has them, are the pair's in that order; where it says no order they tell it. */
static int check_texts(int *first, const cJSON *row, const StorePair *pair, Error *err)
{
    const char *text[2];
    if (take_text(&text[0], row, "first", err) != 0 || take_text(&text[1], row, "second", err) != 0)
        return -1;
    if (!text[0] && !text[1]) return 0;
    if (!text[0] || !text[1]) return error_set(err, "of first and second it has one alone");
    const bool ab = strcmp(text[0], pair->a) == 0 && strcmp(text[1], pair->b) == 0,
               ba = strcmp(text[0], pair->b) == 0 && strcmp(text[1], pair->a) == 0;
    if (!ab && !ba)
        return error_set(err, "first and second are not the answers of pair %lld",
                         (long long)pair->comparison_id);
    if (*first && (*first < 0) != ab)
        return error_set(err, "first and second stand in the other order than %s",
                         *first < 0 ? "ab" : "ba");
    *first = ab ? -1 : 1;
    return 0;
}

/* ---- the choice ------------------------------------------------------------------------------------ */

static const struct {
    const char *word;
    Outcome outcome;
    int side;   /* as stored */
    bool shown; /* the side is of the order shown */
} CHOICES[] = {{"a", OUTCOME_PREF, -1, false},    {"b", OUTCOME_PREF, 1, false},
               {"first", OUTCOME_PREF, -1, true}, {"second", OUTCOME_PREF, 1, true},
               {"tie", OUTCOME_TIE, 0, false},    {"both_bad", OUTCOME_BOTH_BAD, 0, false},
               {"skip", OUTCOME_SKIP, 0, false},  {"flag", OUTCOME_FLAG, 0, false}};
enum { N_CHOICES = sizeof CHOICES / sizeof *CHOICES };

static int unknown_choice(const char *word, Error *err)
{
    const char *words[N_CHOICES];
    for (int i = 0; i < N_CHOICES; i++) words[i] = CHOICES[i].word;
    const char *near = text_nearest(word, words, N_CHOICES);
    if (near) return error_set(err, "choice: '%.40s'; did you mean %s", word, near);
    return error_set(
        err, "choice: '%.40s' is none of a, b, first, second, tie, both_bad, skip, flag", word);
}

static int read_strength(int *out, const cJSON *row, bool side, const Offer *offer, Error *err)
{
    if (take_whole(out, row, "strength", 1, offer->scale, err) != 0) return -1;
    if (*out && !side) return error_set(err, "strength goes with a side");
    if (!*out && side && offer->scale > 1)
        return error_set(err, "strength is missing: 1 to %d, by how much", offer->scale);
    if (!*out) *out = 1;
    return 0;
}

static int read_choice(StoreBallot *b, bool *open, const cJSON *row, const Offer *offer, Error *err)
{
    const char *word;
    int i = 0, strength = 0;
    if (take_text(&word, row, "choice", err) != 0) return -1;
    *open = !word || !*word;
    if (*open) return 0;
    while (i < N_CHOICES && strcmp(word, CHOICES[i].word) != 0) i++;
    if (i == N_CHOICES) return unknown_choice(word, err);
    if (CHOICES[i].shown && b->first == 0)
        return error_set(err, "%s of what? order is missing: ab or ba", word);
    if ((CHOICES[i].outcome == OUTCOME_TIE && !offer->tie) ||
        (CHOICES[i].outcome == OUTCOME_BOTH_BAD && !offer->both_bad))
        return error_set(err, "%s is not offered by the campaign", word);
    if (read_strength(&strength, row, CHOICES[i].side != 0, offer, err) != 0) return -1;
    const int turned = CHOICES[i].shown && b->first > 0 ? -1 : 1;
    b->outcome = CHOICES[i].outcome;
    b->preferred = CHOICES[i].side * turned * strength;
    return 0;
}

/* ---- reasons and the rest -------------------------------------------------------------------------- */

static bool is_reason(const char *word, size_t n, Choice of)
{
    int count;
    const Reason *reason = decision_reasons(of, &count);
    for (int i = 0; i < count; i++)
        if (strlen(reason[i].word) == n && memcmp(reason[i].word, word, n) == 0) return true;
    return false;
}

static int add_reasons(Text *all, const char *words, Choice of, Error *err)
{
    for (const char *at = words; *at; at += *at == ',') {
        const size_t n = strcspn(at, ",");
        if (!is_reason(at, n, of))
            return error_set(err, "reasons: '%.*s' is no reason to %s", n < 40 ? (int)n : 40, at,
                             of == CHOICE_SKIP ? "skip" : "flag");
        text_format(all, "%s%.*s", all->n ? "," : "", (int)n, at);
        at += n;
    }
    return 0;
}

/* One text with commas, as labels are exported, or a list of words. */
static int read_reasons(Ballot *b, const cJSON *row, Error *err)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(row, "reasons"), *word;
    const Outcome o = b->ballot.outcome;
    const Choice of = o == OUTCOME_SKIP ? CHOICE_SKIP : CHOICE_FLAG;
    Text all = {0};
    int rc = 0;
    if (!member || cJSON_IsNull(member)) return 0;
    if (o != OUTCOME_SKIP && o != OUTCOME_FLAG)
        return error_set(err, "reasons are those of a skip or a flag; a comment goes with any");
    if (cJSON_IsString(member)) rc = add_reasons(&all, member->valuestring, of, err);
    else if (!cJSON_IsArray(member)) rc = error_set(err, "reasons are no list of words");
    for (word = cJSON_IsArray(member) ? member->child : NULL; word && rc == 0; word = word->next)
        rc = cJSON_IsString(word) ? add_reasons(&all, word->valuestring, of, err)
                                  : error_set(err, "reasons are no list of words");
    if (rc == 0 && all.n) b->reasons = text_take(&all);
    b->ballot.reasons = b->reasons;
    text_free(&all);
    return rc;
}

/* As it is seen, like what is typed into the program. */
static int read_comment(Ballot *b, const cJSON *row, Error *err)
{
    const char *comment;
    Text seen = {0};
    if (take_text(&comment, row, "comment", err) != 0) return -1;
    if (comment) visible_append(&seen, comment, strlen(comment));
    if (seen.n) b->comment = text_take(&seen);
    b->ballot.comment = b->comment;
    text_free(&seen);
    return 0;
}

static int read_decision(Ballot *b, const cJSON *row, const StorePair *pair, const Offer *offer,
                         Error *err)
{
    StoreBallot *to = &b->ballot;
    double seconds = 0;
    if (read_order(&to->first, row, err) != 0) return 1;
    if (check_texts(&to->first, row, pair, err) != 0) return 1;
    if (read_choice(to, &b->open, row, offer, err) != 0) return 1;
    if (b->open) return 0;
    if (read_reasons(b, row, err) != 0 || read_comment(b, row, err) != 0) return 1;
    if (take_whole(&to->confidence, row, "confidence", 1, CONFIDENCE_MAX, err) != 0) return 1;
    if (take_number(&seconds, row, "seconds", 0, SECONDS_MAX, 0, err) != 0) return 1;
    to->active_ms = (int64_t)(1000 * seconds);
    return 0;
}

int ballot_read(Ballot *out, Store *store, const Offer *offer, const char *line, size_t n,
                Error *err)
{
    Ballot b = {0};
    cJSON *row = NULL;
    StorePairList pair = {0};
    int rc = 1;
    if (json_parse_row(&row, line, n, err) != 0) goto done;
    if (!cJSON_IsObject(row)) {
        error_set(err, "not a JSON object");
        goto done;
    }
    if (check_names(row, err) != 0) goto done;
    if (read_pair(&b.ballot.comparison_id, row, err) != 0) goto done;
    rc = store_find_votable(store, b.ballot.comparison_id, &pair, err);
    if (rc != 0) goto done;
    rc = read_decision(&b, row, &pair.row[0], offer, err);
    if (rc != 0) goto done;
    *out = b;
    b = (Ballot){0};

done:
    ballot_free(&b);
    store_pairs_free(&pair);
    cJSON_Delete(row);
    return rc;
}

void ballot_free(Ballot *b)
{
    free(b->comment);
    free(b->reasons);
    b->comment = b->reasons = NULL;
}
