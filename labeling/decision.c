#include "labeling/decision.h"

#include <assert.h>
#include <stdio.h>

const char *decision_degree(int strength, int scale)
{
    static const char *const DEGREE[DECISION_SCALE_MAX][DECISION_SCALE_MAX] = {
        {""},
        {"slightly", "clearly"},
        {"slightly", "clearly", "much"},
        {"barely", "slightly", "clearly", "much"}};
    assert(scale >= 1 && scale <= DECISION_SCALE_MAX && strength >= 1 && strength <= scale);
    return DEGREE[scale - 1][strength - 1];
}

const char *decision_words(char out[DECISION_WORDS], const Decision *d, int scale)
{
    static const char *const WORDS[CHOICE_N] = {"A is",     "B is",    "tie",
                                                "both bad", "skipped", "flagged"};
    const bool side = d->choice <= CHOICE_RIGHT;
    const char *degree = side ? decision_degree(d->strength, scale) : "";
    snprintf(out, DECISION_WORDS, "%s%s%s%s%s%s%s", WORDS[d->choice], *degree ? " " : "", degree,
             side ? " better" : "", d->reasons ? " (" : "", d->reasons ? d->reasons : "",
             d->reasons ? ")" : "");
    return out;
}

bool decision_offered(const Decision *d, const Offer *offer)
{
    if (d->choice == CHOICE_TIE) return offer->tie;
    if (d->choice == CHOICE_BOTH_BAD) return offer->both_bad;
    return d->choice > CHOICE_RIGHT || (d->strength >= 1 && d->strength <= offer->scale);
}

bool decision_of_digit(Decision *out, int key, const Offer *offer)
{
    const int digit = key - '0', n = offer->scale;
    if (digit < 0 || digit > 9) return false;
    if (digit == 0) *out = (Decision){.choice = CHOICE_BOTH_BAD};
    else if (digit <= n) *out = (Decision){.choice = CHOICE_LEFT, .strength = n + 1 - digit};
    else if (n == 1) *out = (Decision){.choice = CHOICE_RIGHT, .strength = digit - 1};
    else if (digit == n + 1) *out = (Decision){.choice = CHOICE_TIE};
    else *out = (Decision){.choice = CHOICE_RIGHT, .strength = digit - n - 1};
    return decision_offered(out, offer);
}

const Reason *decision_reasons(Choice choice, int *n)
{
    static const Reason SKIP[] = {
        {"subject", "I do not know the subject"},       {"language", "I do not read the language"},
        {"unclear", "the prompt cannot be understood"}, {"broken", "a text is cut off or garbled"},
        {"long", "too long to judge fairly"},           {"other", "another reason"}};
    static const Reason FLAG[] = {{"unsafe", "harmful or illegal content"},
                                  {"private", "names or data of a private person"},
                                  {"offensive", "it hurts to read"},
                                  {"broken", "a text is cut off or garbled"},
                                  {"prompt", "the prompt should not be in the set"},
                                  {"other", "something else: see the note"}};
    assert(choice == CHOICE_SKIP || choice == CHOICE_FLAG);
    *n = choice == CHOICE_SKIP ? (int)(sizeof SKIP / sizeof *SKIP)
                               : (int)(sizeof FLAG / sizeof *FLAG);
    return choice == CHOICE_SKIP ? SKIP : FLAG;
}
