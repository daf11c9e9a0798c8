#include "policy/pretokenizer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/bytelevel.h"
#include "policy/characters.h"
#include "policy/component.h"

static const char GPT2_PATTERN[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/* ByteLevel is a PREFIX, a SPLIT and a SPELL, where they are asked for, in that order. */
typedef enum { PREFIX, SPELL, SPLIT, CHARACTERS, METASPACE } StepKind;
typedef enum { ISOLATED, REMOVED, MERGED_WITH_PREVIOUS, MERGED_WITH_NEXT, CONTIGUOUS } Behavior;
typedef enum { PREPEND_ALWAYS, PREPEND_FIRST, PREPEND_NEVER } PrependScheme;

typedef struct {
    StepKind kind;
    Pattern *pattern; /* SPLIT */
    Behavior behavior;
    bool invert;
    bool (*matches)(int c); /* CHARACTERS: each one is a match by itself */
    int replacement;        /* METASPACE */
    PrependScheme scheme;
    bool cut;
    Text text; /* of PREFIX, SPELL and METASPACE: what the steps after it see */
} Step;

struct Pretokenizer {
    Step step[COMPONENT_STEPS_MAX];
    int n;
};

/* ---- reading ------------------------------------------------------------------------------- */

static int choose(int *out, const cJSON *part, const char *name, const char *const *choices, int n,
                  Error *err)
{
    const char *text;
    if (component_text(&text, part, name, err) != 0) return -1;
    for (*out = 0; *out < n; ++*out)
        if (strcmp(text, choices[*out]) == 0) return 0;
    return error_set(err, "%.80s: %s \"%.80s\" is not supported", json_text(part, "type", ""), name,
                     text);
}

static int read_behavior(Step *s, const cJSON *part, Error *err)
{
    static const char *const BEHAVIORS[] = {"Isolated", "Removed", "MergedWithPrevious",
                                            "MergedWithNext", "Contiguous"};
    int behavior;
    if (choose(&behavior, part, "behavior", BEHAVIORS, 5, err) != 0) return -1;
    s->behavior = (Behavior)behavior;
    return 0;
}

static int read_metaspace(Step *s, const cJSON *part, Error *err)
{
    static const char *const SCHEMES[] = {"always", "first", "never"};
    int scheme = PREPEND_ALWAYS;
    bool prefix;
    if (component_character(&s->replacement, part, "replacement", err) != 0) return -1;
    if (component_bool_or(&s->cut, part, "split", true, err) != 0) return -1;
    if (component_bool_or(&prefix, part, "add_prefix_space", true, err) != 0) return -1;
    if (component_member(part, "prepend_scheme") &&
        choose(&scheme, part, "prepend_scheme", SCHEMES, 3, err) != 0)
        return -1;
    s->scheme = (PrependScheme)scheme;
    s->behavior = MERGED_WITH_NEXT;
    if (!prefix && scheme != PREPEND_NEVER)
        return error_set(err, "Metaspace: add_prefix_space false needs prepend_scheme never");
    return 0;
}

static int read_split(Step *s, const cJSON *part, Error *err)
{
    if (component_pattern(&s->pattern, part, err) != 0) return -1;
    if (component_bool(&s->invert, part, "invert", err) != 0) return -1;
    return read_behavior(s, part, err);
}

static int read_characters(Step *s, const cJSON *part, Error *err)
{
    bool individual;
    if (component_is(part, "Digits")) {
        s->matches = character_is_number;
        if (component_bool(&individual, part, "individual_digits", err) != 0) return -1;
        s->behavior = individual ? ISOLATED : CONTIGUOUS;
        return 0;
    }
    s->matches = character_is_punctuation;
    return component_member(part, "behavior") ? read_behavior(s, part, err) : 0;
}

/* The next step, or NULL when there are too many. */
static Step *add_step(Pretokenizer *p, StepKind kind, Error *err)
{
    if (p->n == COMPONENT_STEPS_MAX) {
        error_set(err, "more than %d steps", COMPONENT_STEPS_MAX);
        return NULL;
    }
    p->step[p->n].kind = kind;
    return &p->step[p->n++];
}

/* Two would spell the bytes of a spelling. */
static int check_single(const Pretokenizer *p, StepKind kind, const char *name, Error *err)
{
    for (int i = 0; i < p->n; i++)
        if (p->step[i].kind == kind) return error_set(err, "%s twice is not supported", name);
    return 0;
}

static int read_byte_level(Pretokenizer *p, const cJSON *part, Error *err)
{
    bool prefix, regex;
    Step *s;
    if (component_bool(&prefix, part, "add_prefix_space", err) != 0) return -1;
    if (component_bool_or(&regex, part, "use_regex", true, err) != 0) return -1;
    if (check_single(p, SPELL, "ByteLevel", err) != 0) return -1;
    if (prefix && !add_step(p, PREFIX, err)) return -1;
    if (regex) {
        if (!(s = add_step(p, SPLIT, err))) return -1;
        if (pattern_new_regex(&s->pattern, GPT2_PATTERN, err) != 0) return -1;
    }
    return add_step(p, SPELL, err) ? 0 : -1;
}

static int read_part(Pretokenizer *p, const cJSON *part, Error *err)
{
    Step *s;
    if (component_is(part, "Sequence")) {
        const cJSON *list;
        if (component_list(&list, part, "pretokenizers", err) != 0) return -1;
        for (const cJSON *item = list->child; item; item = item->next)
            if (read_part(p, item, err) != 0) return -1;
        return 0;
    }
    if (component_is(part, "ByteLevel")) return read_byte_level(p, part, err);
    if (component_is(part, "Metaspace")) {
        if (check_single(p, METASPACE, "Metaspace", err) != 0) return -1;
        return (s = add_step(p, METASPACE, err)) ? read_metaspace(s, part, err) : -1;
    }
    if (component_is(part, "Split"))
        return (s = add_step(p, SPLIT, err)) ? read_split(s, part, err) : -1;
    if (!component_is(part, "Digits") && !component_is(part, "Punctuation"))
        return component_refuse(part, err);
    return (s = add_step(p, CHARACTERS, err)) ? read_characters(s, part, err) : -1;
}

bool pretokenizer_asks_late(const Pretokenizer *p)
{
    for (int i = 1; i < p->n; i++)
        if (p->step[i].kind == METASPACE && p->step[i].scheme == PREPEND_FIRST) return true;
    return false;
}

/* A space that ByteLevel put in front of the text may be a word by itself, and the next one is first too. */
static int check_first(const Pretokenizer *p, Error *err)
{
    if (!pretokenizer_asks_late(p)) return 0;
    for (int i = 0; i < p->n && p->step[i].kind != METASPACE; i++)
        if (p->step[i].kind == PREFIX)
            return error_set(err, "prepend_scheme first after add_prefix_space is not supported");
    return 0;
}

int pretokenizer_new(Pretokenizer **out, const cJSON *part, bool bytes, Error *err)
{
    Pretokenizer *p = mem_calloc(1, sizeof *p);
    if (!component_absent(part) && (read_part(p, part, err) != 0 || check_first(p, err) != 0)) {
        pretokenizer_free(p);
        return error_wrap(err, "pre_tokenizer");
    }
    if (bytes && p->n > 0 && p->step[p->n - 1].kind == SPELL) p->n--;
    *out = p;
    return 0;
}

Pretokenizer *pretokenizer_new_gpt2(void)
{
    Pretokenizer *p = mem_calloc(1, sizeof *p);
    Error err;
    p->step[0].kind = SPLIT;
    p->n = 1;
    const int rc = pattern_new_regex(&p->step[0].pattern, GPT2_PATTERN, &err);
    assert(rc == 0);
    (void)rc;
    return p;
}

void pretokenizer_free(Pretokenizer *p)
{
    if (!p) return;
    for (int i = 0; i < COMPONENT_STEPS_MAX; i++) {
        pattern_free(p->step[i].pattern);
        text_free(&p->step[i].text);
    }
    free(p);
}

bool pretokenizer_has_byte_level(const cJSON *part, bool *last)
{
    bool any = *last = component_is(part, "ByteLevel");
    const cJSON *list = component_member(part, "pretokenizers");
    for (const cJSON *item = cJSON_IsArray(list) ? list->child : NULL; item; item = item->next)
        any = pretokenizer_has_byte_level(item, last) || any;
    return any;
}

/* ---- cutting ------------------------------------------------------------------------------- */

/* The pieces of a split: every match and everything between two, which a behavior joins or leaves out.
 * One piece waits until it is known whether the next belongs to it. */
typedef struct {
    const Step *step;
    const Piece *whole;
    PieceVisitor visit;
    void *context;
    bool waiting, waiting_match; /* waiting_match: the last piece added to what waits is a match */
    size_t begin, end;           /* of what waits */
} Pieces;

static int put_waiting(Pieces *s, Error *err)
{
    const Piece *whole = s->whole;
    const size_t n = s->end - s->begin;
    if (!s->waiting || n == 0) return 0;
    return s->visit(s->context,
                    &(Piece){.text = whole->text + s->begin,
                             .n = n,
                             .step = whole->step + 1,
                             .first = whole->first && s->begin == 0,
                             .part = n < whole->n},
                    err);
}

static int put_piece(Pieces *s, size_t begin, size_t end, bool match, Error *err)
{
    match = match != s->step->invert;
    bool joins = false;
    switch (s->step->behavior) {
    case ISOLATED: break;
    case REMOVED:
        if (match) return 0;
        break;
    case MERGED_WITH_PREVIOUS: joins = match && !s->waiting_match; break;
    case MERGED_WITH_NEXT: joins = !match && s->waiting_match; break;
    case CONTIGUOUS: joins = match == s->waiting_match; break;
    }
    if (joins && s->waiting) {
        s->end = end;
    } else {
        if (put_waiting(s, err) != 0) return -1;
        s->waiting = true;
        s->begin = begin;
        s->end = end;
    }
    s->waiting_match = match;
    return 0;
}

static int cut_by_pattern(Pieces *s, Error *err)
{
    const Piece *whole = s->whole;
    PatternCursor c = {0};
    size_t begin, end, done = 0;
    int rc;
    while ((rc = pattern_next(s->step->pattern, &c, whole->text, whole->n, &begin, &end, err)) >
           0) {
        if (done < begin && put_piece(s, done, begin, false, err) != 0) return -1;
        if (put_piece(s, begin, end, true, err) != 0) return -1;
        done = end;
    }
    if (rc < 0) return -1;
    return done < whole->n ? put_piece(s, done, whole->n, false, err) : 0;
}

static int cut_by_character(Pieces *s, Error *err)
{
    const Step *step = s->step;
    const Piece *whole = s->whole;
    size_t done = 0;
    for (size_t at = 0; at < whole->n;) {
        int length;
        const size_t begin = at;
        const int c = character_at(whole->text + at, &length);
        at += (size_t)length;
        if (step->kind == METASPACE ? c != step->replacement : !step->matches(c)) continue;
        if (done < begin && put_piece(s, done, begin, false, err) != 0) return -1;
        if (put_piece(s, begin, at, true, err) != 0) return -1;
        done = at;
    }
    return done < whole->n ? put_piece(s, done, whole->n, false, err) : 0;
}

static int cut(const Step *step, const Piece *piece, PieceVisitor visit, void *context, Error *err)
{
    Pieces s = {.step = step, .whole = piece, .visit = visit, .context = context};
    const int rc = step->kind == SPLIT ? cut_by_pattern(&s, err) : cut_by_character(&s, err);
    return rc != 0 ? -1 : put_waiting(&s, err);
}

static void put_signs(Step *s, const Piece *piece)
{
    Text *out = &s->text;
    int length;
    const int begins = character_at(piece->text, &length);
    if (begins != ' ' && begins != s->replacement &&
        (s->scheme == PREPEND_ALWAYS || (s->scheme == PREPEND_FIRST && piece->first)))
        character_add(out, s->replacement);
    for (size_t at = 0; at < piece->n;) {
        const char *space = memchr(piece->text + at, ' ', piece->n - at);
        const size_t end = space ? (size_t)(space - piece->text) : piece->n;
        text_append(out, piece->text + at, end - at);
        if (space) character_add(out, s->replacement);
        at = end + 1;
    }
}

bool pretokenizer_is_word(const Pretokenizer *p, const Piece *piece)
{
    return piece->step == p->n;
}

int pretokenizer_step(Pretokenizer *p, const Piece *piece, PieceVisitor visit, void *context,
                      Error *err)
{
    assert(piece->n > 0 && piece->step < p->n);
    Step *s = &p->step[piece->step];
    if (s->kind == SPLIT || s->kind == CHARACTERS) return cut(s, piece, visit, context, err);
    text_clear(&s->text);
    switch (s->kind) {
    case SPELL: bytelevel_spell(&s->text, piece->text, piece->n); break;
    case METASPACE: put_signs(s, piece); break;
    default:
        if (piece->text[0] != ' ') text_add(&s->text, " ");
        text_append(&s->text, piece->text, piece->n);
    }
    Piece changed = {
        .text = s->text.bytes, .n = s->text.n, .step = piece->step, .first = piece->first};
    if (s->kind == METASPACE && s->cut) return cut(s, &changed, visit, context, err);
    changed.step++;
    return visit(context, &changed, err);
}
