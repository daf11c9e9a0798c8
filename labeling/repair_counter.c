#include "labeling/repair_counter.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "labeling/repair_phrases.h"

/* ---- pairs ---- */

enum { PAIRS = 100, UNSEEN = 12, PART_REPEATS_MAX = 6 };
/* Which pairs are unseen belongs to the world, not to a run: another seed has the same ones. */
static const uint64_t WORLD_SEED = 4;

typedef struct {
    int thing, trouble;
} Pair;

/* All pairs, the unseen ones first. */
static void list_pairs(Pair pairs[PAIRS])
{
    int order[PAIRS], n = 0;
    rng_permutation(order, PAIRS, WORLD_SEED, RNG_SPLIT, 0);
    for (int k = 0; k < REPAIR_TROUBLES; k++)
        for (int t = 0; t < REPAIR_THINGS; t++)
            if (REPAIR_THING[t].kind == REPAIR_TROUBLE[k].kind) pairs[order[n++]] = (Pair){t, k};
    assert(n == PAIRS);
}

int repair_pair_count(bool unseen)
{
    return unseen ? UNSEEN : PAIRS;
}

static bool pair_is_unseen(Pair p)
{
    Pair pairs[PAIRS];
    list_pairs(pairs);
    for (int i = 0; i < UNSEEN; i++)
        if (pairs[i].thing == p.thing && pairs[i].trouble == p.trouble) return true;
    return false;
}

/* ---- choices ---- */

/* The draws of one text, numbered in the order in which they are made. */
typedef struct {
    uint64_t seed;
    RngStream stream;
    uint64_t item, position;
} Draw;

static double draw_uniform(Draw *d)
{
    return rng_uniform(d->seed, d->stream, d->item, d->position++);
}

static int draw_below(Draw *d, int n)
{
    return rng_below(n, d->seed, d->stream, d->item, d->position++);
}

static const char *draw_phrase(Draw *d, const char *const *list)
{
    int n = 0;
    while (list[n]) n++;
    return list[draw_below(d, n)];
}

static Pair draw_pair(Draw *d, bool unseen)
{
    Pair pairs[PAIRS];
    list_pairs(pairs);
    return unseen ? pairs[draw_below(d, UNSEEN)] : pairs[UNSEEN + draw_below(d, PAIRS - UNSEEN)];
}

/* ---- writing ---- */

/* What the braces of a frame stand for: {t} the thing, {s} what was said, {a} {b} {c} another frame. */
typedef struct {
    const char *thing, *said, *inner;
} Fill;

static void add_frame(Text *t, const char *frame, const Fill *fill)
{
    for (const char *at = frame; *at; at++) {
        if (*at != '{') {
            text_append(t, at, 1);
            continue;
        }
        if (at[1] == 't') text_add(t, fill->thing);
        else if (at[1] == 's') text_add(t, fill->said);
        else add_frame(t, fill->inner, fill);
        at += 2;
    }
}

/* One more phrase, with a space before it; an empty one adds nothing. */
static void add_phrase(Text *t, const char *phrase)
{
    if (*phrase == 0) return;
    text_add(t, " ");
    text_add(t, phrase);
}

static void add_filled(Text *t, const char *frame, const Fill *fill)
{
    text_add(t, " ");
    add_frame(t, frame, fill);
}

static const char *add_request(Text *t, Draw *d, Pair p)
{
    const char *said = REPAIR_TROUBLE[p.trouble].said[draw_below(d, REPAIR_WAYS)];
    text_add(t, "Q:");
    add_phrase(t, draw_phrase(d, REPAIR_HELLO));
    add_phrase(t, draw_phrase(d, REPAIR_WHO));
    add_phrase(t, REPAIR_THING[p.thing].name);
    add_phrase(t, said);
    add_phrase(t, draw_phrase(d, REPAIR_WHEN));
    add_phrase(t, ".");
    add_phrase(t, draw_phrase(d, REPAIR_ASK));
    text_add(t, "\nA:");
    return said;
}

static void add_ramble(Text *t, Draw *d)
{
    add_phrase(t, draw_phrase(d, REPAIR_RAMBLE_WHO));
    add_phrase(t, draw_phrase(d, REPAIR_RAMBLE_DID));
    add_phrase(t, draw_phrase(d, REPAIR_RAMBLE_WHAT));
    add_phrase(t, draw_phrase(d, REPAIR_RAMBLE_WHERE));
    add_phrase(t, ".");
}

static void add_pitch(Text *t, Draw *d)
{
    add_phrase(t, draw_phrase(d, REPAIR_PITCH_BUY));
    add_phrase(t, draw_phrase(d, REPAIR_PITCH_FINE));
    add_phrase(t, draw_phrase(d, REPAIR_PITCH_WARE));
    add_phrase(t, draw_phrase(d, REPAIR_PITCH_PRICE));
}

/* How often an answer has each part. */
static const double P_RIGHT = 0.92; /* it is about what was asked */
static const double P_KIND = 0.22, P_PLAIN = 0.25, P_RUDE = 0.25;
static const double P_NAME = 0.55, P_CAUSE = 0.40, P_FIRST = 0.60, P_SECOND = 0.30;
static const double P_RAMBLE = 0.38, P_PITCH = 0.27, P_BYE = 0.25;

static int add_opener(Text *t, Draw *d)
{
    const double u = draw_uniform(d);
    if (u < P_KIND) {
        add_phrase(t, draw_phrase(d, REPAIR_KIND_1));
        add_phrase(t, draw_phrase(d, REPAIR_KIND_2));
    } else if (u < P_KIND + P_PLAIN) {
        add_phrase(t, draw_phrase(d, REPAIR_PLAIN));
    } else if (u < P_KIND + P_PLAIN + P_RUDE) {
        add_phrase(t, draw_phrase(d, REPAIR_RUDE_1));
        add_phrase(t, draw_phrase(d, REPAIR_RUDE_2));
    } else {
        return 0;
    }
    return 1;
}

typedef enum { PART_FIRST, PART_SECOND, PART_RAMBLE, PART_PITCH } Part;

/* Put `part` as often as chance has it at random places among the n parts; returns the new n. */
static int scatter(Part *parts, int n, Part part, double chance, Draw *d)
{
    for (int k = 0; k < PART_REPEATS_MAX && draw_uniform(d) < chance; k++) {
        const int at = draw_below(d, n + 1);
        memmove(parts + at + 1, parts + at, (size_t)(n - at) * sizeof *parts);
        parts[at] = part;
        n++;
    }
    return n;
}

/* Steps with rambling and pitches strewn in between; returns how many parts were added. */
static int add_middle(Text *t, Draw *d, const RepairTrouble *k, Fill *fill)
{
    Part parts[2 + 2 * PART_REPEATS_MAX];
    int n = 0;
    if (draw_uniform(d) < P_FIRST) {
        parts[n++] = PART_FIRST;
        if (draw_uniform(d) < P_SECOND / P_FIRST) parts[n++] = PART_SECOND;
    }
    n = scatter(parts, n, PART_RAMBLE, P_RAMBLE, d);
    n = scatter(parts, n, PART_PITCH, P_PITCH, d);
    for (int i = 0; i < n; i++) {
        switch (parts[i]) {
        case PART_FIRST:
            fill->inner = k->step[draw_below(d, REPAIR_WAYS)];
            add_filled(t, draw_phrase(d, REPAIR_FIRST), fill);
            break;
        case PART_SECOND:
            fill->inner = k->second[draw_below(d, REPAIR_WAYS)];
            add_filled(t, draw_phrase(d, REPAIR_SECOND), fill);
            break;
        case PART_RAMBLE: add_ramble(t, d); break;
        case PART_PITCH: add_pitch(t, d); break;
        }
    }
    return n;
}

static void add_answer(Text *t, Draw *d, Pair p, const char *said)
{
    if (draw_uniform(d) >= P_RIGHT) {
        p = draw_pair(d, false);
        said = REPAIR_TROUBLE[p.trouble].said[draw_below(d, REPAIR_WAYS)];
    }
    const RepairTrouble *k = &REPAIR_TROUBLE[p.trouble];
    Fill fill = {.thing = REPAIR_THING[p.thing].name, .said = said};

    int parts = add_opener(t, d);
    if (draw_uniform(d) < P_NAME) {
        add_filled(t, draw_phrase(d, REPAIR_NAME), &fill);
        parts++;
    }
    if (draw_uniform(d) < P_CAUSE) {
        fill.inner = k->cause[draw_below(d, REPAIR_WAYS)];
        add_filled(t, draw_phrase(d, REPAIR_CAUSE), &fill);
        parts++;
    }
    parts += add_middle(t, d, k, &fill);
    if (draw_uniform(d) < P_BYE) {
        add_phrase(t, draw_phrase(d, REPAIR_BYE));
        parts++;
    }
    if (parts < 2) { /* hardly an answer: say something */
        add_filled(t, draw_phrase(d, REPAIR_NAME), &fill);
        add_ramble(t, d);
    }
}

void repair_conversation(Text *prompt, Text *response, uint64_t seed, int item)
{
    Draw d = {seed, RNG_CORPUS, (uint64_t)item, 0};
    const Pair p = draw_pair(&d, false);
    const char *said = add_request(prompt, &d, p);
    add_answer(response, &d, p, said);
}

void repair_request(Text *prompt, uint64_t seed, int item, bool unseen)
{
    Draw d = {seed, RNG_PROMPTS, 2 * (uint64_t)item + unseen, 0};
    add_request(prompt, &d, draw_pair(&d, unseen));
}

/* ---- reading ---- */

/* The text as " word word . " in lower case, marks apart and "!" as ".", so that phrases can be found at
 * word borders however it was typed.  The caller frees. */
static char *spell(int *words, const char *text)
{
    char *out = mem_calloc(3 * strlen(text) + 3, 1);
    char *to = out;
    *to++ = ' ';
    *words = 0;
    for (const char *at = text; *at; at++) {
        const unsigned char c = (unsigned char)*at;
        const bool mark = strchr(".,?!:;", c) != NULL;
        if (isspace(c)) {
            if (to[-1] != ' ') *to++ = ' ';
            continue;
        }
        if (mark && to[-1] != ' ') *to++ = ' ';
        *words += to[-1] == ' ';
        *to++ = c == '!' ? '.' : (char)tolower(c);
        if (mark) *to++ = ' ';
    }
    if (to[-1] != ' ') *to++ = ' ';
    *to = 0;
    return out;
}

/* The thing whose word stands here, or -1. */
static int thing_at(const char *at)
{
    for (int t = 0; t < REPAIR_THINGS; t++) {
        const char *name = REPAIR_THING[t].name;
        if (*at != *name) continue;
        const size_t n = strlen(name);
        if (strncmp(at, name, n) == 0 && at[n] == ' ') return t;
    }
    return -1;
}

/* True when `phrase` stands here, with the name of the thing for {t}; its full stop may be missing. */
static bool says(const char *at, const char *phrase, int thing)
{
    for (; *phrase && strcmp(phrase, " .") != 0 && strcmp(phrase, " ,") != 0; phrase++) {
        if (*phrase == '{') {
            if (thing < 0 || thing_at(at) != thing) return false;
            at += strlen(REPAIR_THING[thing].name);
            phrase += 2;
        } else if (*at++ != *phrase) {
            return false;
        }
    }
    return *at == ' ';
}

static bool says_any(const char *at, const char *const *list, int n, int thing)
{
    for (int i = 0; i < n && list[i]; i++)
        if (*at == *list[i] && says(at, list[i], thing)) return true;
    return false;
}

/* True when a first step for any trouble begins here: its words up to the thing, and any thing. */
static bool begins_step(const char *at)
{
    for (int k = 0; k < REPAIR_TROUBLES; k++) {
        for (int i = 0; i < REPAIR_WAYS; i++) {
            const char *step = REPAIR_TROUBLE[k].step[i];
            if (*at != *step) continue;
            const size_t n = strcspn(step, "{");
            if (strncmp(at, step, n) == 0 && thing_at(at + n) >= 0) return true;
        }
    }
    return false;
}

/* The first word after this one, or NULL. */
static const char *next_word(const char *at)
{
    at = strchr(at, ' ');
    return at && at[1] ? at + 1 : NULL;
}

/* Which thing has which trouble. */
static Pair find_pair(const char *prompt)
{
    Pair p = {-1, -1};
    int words;
    char *text = spell(&words, prompt);
    for (const char *at = text; at; at = next_word(at)) {
        if (p.thing < 0) p.thing = thing_at(at);
        for (int k = 0; p.thing >= 0 && p.trouble < 0 && k < REPAIR_TROUBLES; k++)
            if (REPAIR_TROUBLE[k].kind == REPAIR_THING[p.thing].kind &&
                says_any(at, REPAIR_TROUBLE[k].said, REPAIR_WAYS, -1))
                p.trouble = k;
    }
    free(text);
    return p;
}

/* True when two sentences of the text are equal. */
static bool repeats_itself(const char *text)
{
    const char *start[64];
    size_t length[64];
    int n = 0;
    for (const char *at = text + 1; *at && n < 64;) {
        const size_t run = strcspn(at, ".?");
        if (run > 1) {
            for (int i = 0; i < n; i++)
                if (length[i] == run && memcmp(start[i], at, run) == 0) return true;
            start[n] = at;
            length[n++] = run;
        }
        at += run + (at[run] != 0);
        at += *at == ' ';
    }
    return false;
}

enum { ANY = 1 << 10 };
static const char *const PITCH_WORDS[] = {"buy", "order", "pay", "coins", NULL};

void repair_facts(RepairFacts *out, const char *prompt, const char *response)
{
    RepairFacts f = {0};
    const Pair p = find_pair(prompt);
    f.thing = p.thing;
    f.trouble = p.trouble;
    f.unseen = p.trouble >= 0 && pair_is_unseen(p);
    const RepairTrouble *k = p.trouble >= 0 ? &REPAIR_TROUBLE[p.trouble] : NULL;

    char *text = spell(&f.words, response);
    for (const char *at = next_word(text); at; at = next_word(at)) {
        const int thing = thing_at(at);
        f.names |= thing >= 0 && thing == p.thing;
        f.wrong |= thing >= 0 && thing != p.thing;
        f.warm = f.warm || says_any(at, REPAIR_KIND_2, ANY, -1);
        f.rude =
            f.rude || says_any(at, REPAIR_RUDE_1, ANY, -1) || says_any(at, REPAIR_RUDE_2, ANY, -1);
        f.step = f.step || begins_step(at);
        f.pitch = f.pitch || says_any(at, REPAIR_PITCH_BUY, ANY, -1) ||
                  says_any(at, PITCH_WORDS, ANY, -1);
        f.ramble = f.ramble || says_any(at, REPAIR_RAMBLE_DID, ANY, -1) ||
                   says_any(at, REPAIR_RAMBLE_WHAT, ANY, -1);
        f.bye = f.bye || says_any(at, REPAIR_BYE, ANY, -1);
        if (k == NULL) continue;
        f.cause = f.cause || says_any(at, k->cause, REPAIR_WAYS, -1);
        f.right_step = f.right_step || says_any(at, k->step, REPAIR_WAYS, p.thing);
        f.second = f.second || says_any(at, k->second, REPAIR_WAYS, -1);
    }
    const size_t n = strlen(text);
    f.ended = n >= 2 && (text[n - 2] == '.' || text[n - 2] == '?');
    f.twice = repeats_itself(text);
    free(text);
    *out = f;
}
