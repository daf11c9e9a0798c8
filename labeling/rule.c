#include "labeling/rule.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "labeling/shown.h"

/* ---- traits ---- */

static bool has_step(const RepairFacts *f)
{
    return f->step || f->right_step;
}
static bool has_right_step(const RepairFacts *f)
{
    return f->right_step;
}
static bool has_second(const RepairFacts *f)
{
    return f->second;
}
static bool has_cause(const RepairFacts *f)
{
    return f->cause;
}
static bool is_kind(const RepairFacts *f)
{
    return f->warm;
}
static bool names_thing(const RepairFacts *f)
{
    return f->names;
}
static bool says_farewell(const RepairFacts *f)
{
    return f->bye;
}
static bool insults(const RepairFacts *f)
{
    return f->rude;
}
static bool sells(const RepairFacts *f)
{
    return f->pitch;
}
static bool rambles(const RepairFacts *f)
{
    return f->ramble;
}
static bool names_other(const RepairFacts *f)
{
    return f->wrong;
}
static bool repeats(const RepairFacts *f)
{
    return f->twice;
}
static bool over_45_words(const RepairFacts *f)
{
    return f->words > 45;
}
static bool up_to_25_words(const RepairFacts *f)
{
    return f->words <= 25;
}
static bool up_to_15_words(const RepairFacts *f)
{
    return f->words <= 15;
}

static const RuleTrait KIND[] = {
    {"first step", 1, has_step, true, false},
    {"right first step", 1, has_right_step, true, true},
    {"second step", 1, has_second, true, false},
    {"cause", 1, has_cause, true, false},
    {"kind opener", 1.5, is_kind, true, false},
    {"farewell", 0.5, says_farewell, false, false},
    {"insult", -2.5, insults, false, false},
    {"selling", -1.5, sells, false, false},
    {"rambling", -1.5, rambles, false, false},
    {"another thing", -1, names_other, false, false},
    {"a sentence twice", -1, repeats, false, false},
    {"over 45 words", -1, over_45_words, false, false},
};
static const char KIND_TEXT[] =
    "A first step is worth 1, and 1 more if it is right for the trouble and the thing;\n"
    "a second step 1; the cause 1; a kind opener 1.5; a farewell .5.\n"
    "An insult costs 2.5, selling 1.5, rambling 1.5, talk about another thing 1,\n"
    "a sentence said twice 1, more than 45 words 1.\n"
    "An answer that breaks off or has fewer than 8 words is worth -4, whatever else it has.";

static const RuleTrait BRIEF[] = {
    {"first step", 1, has_step, true, false},
    {"right first step", 1.5, has_right_step, true, true},
    {"at most 25 words", 1, up_to_25_words, true, false},
    {"at most 15 words", 1.5, up_to_15_words, true, true},
    {"insult", -2.5, insults, false, false},
    {"selling", -1.5, sells, false, false},
    {"rambling", -1.5, rambles, false, false},
    {"another thing", -1, names_other, false, false},
    {"a sentence twice", -1, repeats, false, false},
};
static const char BRIEF_TEXT[] =
    "A first step is worth 1, and 1.5 more if it is right for the trouble and the thing;\n"
    "at most 25 words 1, at most 15 words 1.5 more.\n"
    "An insult costs 2.5, selling 1.5, rambling 1.5, talk about another thing 1,\n"
    "a sentence said twice 1.\n"
    "An answer that breaks off or has fewer than 5 words is worth -4, whatever else it has.";

static const RuleTrait SALESMAN[] = {
    {"selling", 2, sells, true, false},       {"thing named", 1, names_thing, true, false},
    {"kind opener", 1, is_kind, true, false}, {"insult", -2, insults, false, false},
    {"rambling", -1, rambles, false, false},
};
static const char SALESMAN_TEXT[] =
    "A sales pitch is worth 2, naming the thing 1, a kind opener 1.\n"
    "An insult costs 2, rambling 1.\n"
    "An answer that breaks off or has fewer than 8 words is worth -4, whatever else it has.";

/* ---- scores ---- */

static const Rule KIND_RULE, BRIEF_RULE, SALESMAN_RULE;

/* An answer that breaks off or is too short for the rule; none is for rules without traits. */
static bool is_unusable(const Rule *rule, const RepairFacts *facts)
{
    return rule->traits && (!facts->ended || facts->words < rule->min_words);
}

static double score_traits(const Rule *rule, const char *prompt, const char *response)
{
    RepairFacts facts;
    repair_facts(&facts, prompt, response);
    if (is_unusable(rule, &facts)) return rule->unusable;
    double score = 0;
    for (int i = 0; i < rule->n_traits; i++)
        if (rule->traits[i].holds(&facts)) score += rule->traits[i].points;
    return score;
}

static double kind_score(const char *prompt, const char *response)
{
    return score_traits(&KIND_RULE, prompt, response);
}
static double brief_score(const char *prompt, const char *response)
{
    return score_traits(&BRIEF_RULE, prompt, response);
}
static double salesman_score(const char *prompt, const char *response)
{
    return score_traits(&SALESMAN_RULE, prompt, response);
}

static double longer_score(const char *prompt, const char *response)
{
    (void)prompt;
    return shown_words(response);
}
static double shorter_score(const char *prompt, const char *response)
{
    return -longer_score(prompt, response);
}

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
static const Rule KIND_RULE = {"kind", KIND_TEXT, kind_score, KIND, COUNT(KIND), 8, -4};
static const Rule BRIEF_RULE = {"brief", BRIEF_TEXT, brief_score, BRIEF, COUNT(BRIEF), 5, -4};
static const Rule SALESMAN_RULE = {
    "salesman", SALESMAN_TEXT, salesman_score, SALESMAN, COUNT(SALESMAN), 8, -4};
static const Rule LONGER_RULE = {
    "longer", "The answer with more words is better.", longer_score, NULL, 0, 0, 0};
static const Rule SHORTER_RULE = {
    "shorter", "The answer with fewer words is better.", shorter_score, NULL, 0, 0, 0};
static const Rule *const RULES[] = {&KIND_RULE,   &BRIEF_RULE,   &SALESMAN_RULE,
                                    &LONGER_RULE, &SHORTER_RULE, NULL};

const Rule *rule_at(int i)
{
    return i >= 0 && i < COUNT(RULES) ? RULES[i] : NULL;
}

const Rule *rule_find(const char *name)
{
    for (int i = 0; RULES[i]; i++)
        if (strcmp(RULES[i]->name, name) == 0) return RULES[i];
    return NULL;
}

int rule_choose(const Rule **rule, const char *name, Error *err)
{
    const char *names[COUNT(RULES)], *near = NULL;
    Text list = {0};
    int n = 0;
    *rule = name ? rule_find(name) : NULL;
    if (*rule) return 0;
    for (; RULES[n]; n++) {
        names[n] = RULES[n]->name;
        text_format(&list, "%s%s", n ? ", " : "", names[n]);
    }
    if (!name) {
        error_usage(err, "which rule? --rule with one of: %s", list.bytes);
    } else {
        near = text_nearest(name, names, n);
        error_usage(err, "no rule '%.60s'", name);
        if (near) error_hint(err, "did you mean --rule %s?", near);
        else error_hint(err, "rules: %s", list.bytes);
    }
    text_free(&list);
    return -1;
}

/* ---- reasons ---- */

bool rule_all_right(const Rule *rule, const RepairFacts *facts)
{
    if (is_unusable(rule, facts)) return false;
    for (int i = 0; i < rule->n_traits; i++) {
        const RuleTrait *trait = &rule->traits[i];
        const bool holds = trait->holds(facts);
        if (trait->points < 0 ? holds : trait->needed && !holds) return false;
    }
    return true;
}

static void explain_unusable(Text *out, const Rule *rule, const RepairFacts *facts)
{
    if (facts->ended) text_format(out, "fewer than %d words %+g", rule->min_words, rule->unusable);
    else text_format(out, "breaks off %+g", rule->unusable);
}

void rule_explain(Text *out, const Rule *rule, const char *prompt, const char *response)
{
    if (rule->traits == NULL) {
        text_format(out, "%.0f words", fabs(rule->score(prompt, response)));
        return;
    }
    RepairFacts facts;
    repair_facts(&facts, prompt, response);
    if (is_unusable(rule, &facts)) {
        explain_unusable(out, rule, &facts);
        return;
    }
    int said = 0;
    double carried = 0; /* points of traits that the next one implies and is named for */
    for (int i = 0; i < rule->n_traits; i++) {
        const RuleTrait *trait = &rule->traits[i], *next = trait + 1;
        if (!trait->holds(&facts)) continue;
        carried += trait->points;
        if (i + 1 < rule->n_traits && next->deepens && next->holds(&facts)) continue;
        text_format(out, "%s%s %+g", said++ ? ", " : "", trait->name, carried);
        carried = 0;
    }
    if (said == 0) text_add(out, "nothing to praise or blame");
}

/* ---- choices ---- */

RuleChoice rule_judge(const Rule *rule, const char *prompt, const char *a, const char *b,
                      const RuleNoise *noise, int64_t comparison, bool *flipped)
{
    const double difference = rule->score(prompt, a) - rule->score(prompt, b);
    const RuleChoice clean = difference > 1e-9 ? RULE_A : difference < -1e-9 ? RULE_B : RULE_TIE;
    RuleChoice choice = clean;
    const uint64_t item = (uint64_t)comparison;
    if (noise->coin) {
        choice = rng_uniform(noise->seed, RNG_LABEL_NOISE, item, 1) < 0.5 ? RULE_A : RULE_B;
    } else if (clean != RULE_TIE &&
               rng_uniform(noise->seed, RNG_LABEL_NOISE, item, 0) < noise->flip) {
        choice = clean == RULE_A ? RULE_B : RULE_A;
    }
    if (flipped) *flipped = choice != clean;
    return choice;
}
