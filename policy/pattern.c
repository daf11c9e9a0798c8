#include "policy/pattern.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"
#include "base/text.h"

/* The insides of classes.  \s is Unicode's White_Space; PCRE2's own is either ASCII or, with
 * PCRE2_UCP, holds U+180E too, which is no white space since Unicode 6.3. */
#define SPACE                                                                                      \
    "\\x{9}-\\x{d} \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}" \
    "\\x{3000}"
#define NO_SPACE                                                                              \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}!-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}" \
    "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"            \
    "\\x{3001}-\\x{10ffff}"
/* Oniguruma's \w.  By itself it has the numbers of Latin-1 that are no digits too, in a class it has not. */
#define WORD       "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}"
#define WORD_ALONE WORD "\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}"

enum {
    REGEX_MAX = 1 << 16, /* bytes; the longest published one has about 600 */
    JIT_STACK_MAX = 1 << 20,
    STEPS_MIN = 10000000, /* of one search, beside STEPS_PER_BYTE for each byte of the text */
    STEPS_PER_BYTE = 16,
};

struct Pattern {
    char *string; /* what is looked for, or NULL: */
    size_t n;
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    bool jit;
};

/* ---- translation --------------------------------------------------------------------------- */

/* A pattern while it is translated. */
typedef struct {
    const char *begin, *at;
    const char *class_begin; /* its first member while inside [...], else NULL */
    int depth,
        caseless_from; /* groups around `at`, and the depth from which they ignore case, 0: none */
    Text out;
    Error *err;
} Translation;

static int refuse(Translation *t, const char *what)
{
    return error_set(t->err, "the pattern \"%.200s\": %s is not supported", t->begin, what);
}

static int refuse_escape(Translation *t)
{
    char what[32];
    snprintf(what, sizeof what, isgraph((unsigned char)*t->at) ? "\\%c" : "\\ at its end", *t->at);
    return refuse(t, what);
}

/* \p{Name}, at the p.  A name of one or two letters is a general category in both engines; a longer
 * one is a script, which PCRE2 would extend by the characters that other scripts use as well. */
static int put_property(Translation *t)
{
    const char *name = t->at + 2, *close = strchr(t->at, '}');
    if (t->at[1] != '{' || !close) return refuse(t, "a \\p without a name in braces");
    const bool negated = (*t->at == 'P') != (*name == '^');
    if (*name == '^') name++;
    const size_t n = (size_t)(close - name);
    for (size_t i = 0; i < n; i++)
        if (!isalpha((unsigned char)name[i]) && name[i] != '_') return refuse(t, "such a \\p{}");
    if (n == 0) return refuse(t, "such a \\p{}");
    if (t->caseless_from && n == 2 && name[0] == 'L' && strchr("ult", name[1]))
        return refuse(t, "a letter case inside (?i:");
    text_format(&t->out, "\\%c{%s%.*s}", negated ? 'P' : 'p', n > 2 ? "sc:" : "", (int)n, name);
    t->at = close + 1;
    return 0;
}

/* A character by its number, at the x or u: \x{1F600}, \x41, \u0041. */
static int put_numbered(Translation *t)
{
    const bool braces = t->at[1] == '{';
    const char *digits = t->at + 1 + braces;
    const size_t n = strspn(digits, "0123456789abcdefABCDEF");
    const size_t used = braces ? n : *t->at == 'x' ? 2 : 4;
    if (n < used || n == 0 || (braces && (*t->at == 'u' || digits[n] != '}' || n > 6)))
        return refuse(t, "such a \\x or \\u");
    text_format(&t->out, "\\x{%.*s}", (int)used, digits);
    t->at = digits + used + braces;
    return 0;
}

/* Whether a hyphen makes the escape at t->at the end of a range. */
static bool in_range(const Translation *t)
{
    if (!t->class_begin || !strchr("sSdDw", *t->at)) return false;
    return (t->at[1] == '-' && t->at[2] != ']') || (t->at - 2 > t->class_begin && t->at[-2] == '-');
}

static int put_class_name(Translation *t)
{
    static const struct {
        char name;
        const char *inside, *outside;
    } CLASSES[] = {
        {'s', SPACE, "[" SPACE "]"},
        {'S', NO_SPACE, "[^" SPACE "]"},
        {'d', "\\p{Nd}", "\\p{Nd}"},
        {'D', "\\P{Nd}", "\\P{Nd}"},
        {'w', WORD, "[" WORD_ALONE "]"},
        {'W', NULL, "[^" WORD_ALONE "]"},
        {'n', "\\n", "\\n"},
        {'r', "\\r", "\\r"},
        {'t', "\\t", "\\t"},
        {'f', "\\f", "\\f"},
        {'v', "\\x{b}", "\\x{b}"},
        {'a', "\\a", "\\a"},
        {'e', "\\e", "\\e"},
        {'A', NULL, "\\A"},
        {'z', NULL, "\\z"},
        {'Z', NULL, "\\Z"},
        {'b', NULL,
         "(?:(?<=[" WORD_ALONE "])(?![" WORD_ALONE "])|(?<![" WORD_ALONE "])(?=[" WORD_ALONE "]))"},
    };
    for (size_t i = 0; i < sizeof CLASSES / sizeof *CLASSES; i++) {
        if (CLASSES[i].name != *t->at) continue;
        const char *put = t->class_begin ? CLASSES[i].inside : CLASSES[i].outside;
        if (!put) return refuse_escape(t);
        if (in_range(t)) return refuse(t, "a range to or from a class");
        text_add(&t->out, put);
        t->at++;
        return 0;
    }
    return refuse_escape(t);
}

/* After a backslash. */
static int put_escape(Translation *t)
{
    if (*t->at == 'p' || *t->at == 'P') return put_property(t);
    if (*t->at == 'x' || *t->at == 'u') return put_numbered(t);
    if (isalnum((unsigned char)*t->at)) return put_class_name(t);
    if (!*t->at || (unsigned char)*t->at >= 0x80) return refuse_escape(t);
    text_format(&t->out, "\\%c", *t->at++);
    return 0;
}

/* At a parenthesis.  (?i) in the middle reaches over a | in one engine and not in the other; (* begins
 * a command of PCRE2. */
static int put_group(Translation *t)
{
    static const char *const KINDS[] = {"(?:", "(?i:", "(?=", "(?!", "(?<=", "(?<!", "(?>"};
    if (t->at == t->begin && strncmp(t->at, "(?i)", 4) == 0) {
        text_add(&t->out, "(?i)");
        t->at += 4;
        t->caseless_from = -1;
        return 0;
    }
    t->depth++;
    if (t->at[1] == '*') return refuse(t, "(*");
    if (t->at[1] != '?') {
        text_append(&t->out, t->at++, 1);
        return 0;
    }
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (strncmp(t->at, KINDS[i], strlen(KINDS[i])) == 0) {
            if (i == 1 && !t->caseless_from) t->caseless_from = t->depth;
            text_add(&t->out, KINDS[i]);
            t->at += strlen(KINDS[i]);
            return 0;
        }
    return refuse(t, "this kind of group");
}

/* At a brace: {n}, {n,} or {n,m}.  What follows may mean two things: {n}? is lazy in one engine and
 * optional in the other, }+ possessive or repeated; {,n} is a repetition in one and text in the other. */
static int put_repetition(Translation *t)
{
    const char *at = t->at + 1;
    const size_t first = strspn(at, "0123456789");
    at += first;
    const bool exact = *at != ',';
    if (!exact) at += 1 + strspn(at + 1, "0123456789");
    if (first == 0 || *at != '}') return refuse(t, "such a {");
    if (at[1] == '+' || (exact && at[1] == '?')) return refuse(t, "}+ or }?");
    text_append(&t->out, t->at, (size_t)(at + 1 - t->at));
    t->at = at + 1;
    return 0;
}

/* One character inside [...]. */
static int put_in_class(Translation *t)
{
    if (*t->at == '[') return refuse(t, "a class inside a class");
    if (strncmp(t->at, "&&", 2) == 0) return refuse(t, "&& in a class");
    if (*t->at == ']' && t->at == t->class_begin) return refuse(t, "an empty class");
    if (*t->at == ']') t->class_begin = NULL;
    text_append(&t->out, t->at++, 1);
    return 0;
}

static int put_outside(Translation *t)
{
    if (*t->at == '(') return put_group(t);
    if (*t->at == '{') return put_repetition(t);
    if (*t->at == ')' && t->caseless_from == t->depth--) t->caseless_from = 0;
    const bool opens = *t->at == '[';
    text_append(&t->out, t->at++, 1);
    if (opens && *t->at == '^') text_append(&t->out, t->at++, 1);
    if (opens) t->class_begin = t->at;
    return 0;
}

static int translate(Translation *t)
{
    for (t->at = t->begin; *t->at;) {
        if (*t->at == '\\') {
            t->at++;
            if (put_escape(t) != 0) return -1;
        } else if ((t->class_begin ? put_in_class(t) : put_outside(t)) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- making -------------------------------------------------------------------------------- */

/* From a place inside a run of white space \s+$ matches only what it does from the run's beginning, but
 * a run that ends elsewhere would be read again from each of its characters. */
static const char *linear_form(const char *regex)
{
    return strcmp(regex, "\\s+$") == 0 ? "(?<!\\s)\\s+$" : regex;
}

static int compile(Pattern *p, const char *regex, const char *translated, Error *err)
{
    int why;
    PCRE2_SIZE where;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    assert(context);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    p->code =
        pcre2_compile((PCRE2_SPTR)translated, PCRE2_ZERO_TERMINATED,
                      PCRE2_UTF | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &why, &where, context);
    pcre2_compile_context_free(context);
    if (!p->code) {
        PCRE2_UCHAR reason[256];
        pcre2_get_error_message(why, reason, sizeof reason);
        return error_set(err, "the pattern \"%.200s\": %s", regex, (const char *)reason);
    }
    /* Where no memory may be made executable this fails, and the interpreter gives the same matches. */
    p->jit = pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE) == 0;
    p->match = pcre2_match_data_create(1, NULL);
    p->context = pcre2_match_context_create(NULL);
    p->stack = p->jit ? pcre2_jit_stack_create(1 << 15, JIT_STACK_MAX, NULL) : NULL;
    assert(p->match && p->context);
    if (p->stack) pcre2_jit_stack_assign(p->context, NULL, p->stack);
    return 0;
}

int pattern_new_regex(Pattern **out, const char *regex, Error *err)
{
    if (strlen(regex) > REGEX_MAX)
        return error_set(err, "a pattern of more than %d bytes", REGEX_MAX);
    Translation t = {.begin = linear_form(regex), .err = err};
    Pattern *p = mem_calloc(1, sizeof *p);
    int rc = translate(&t);
    if (rc == 0) rc = compile(p, regex, t.out.bytes ? t.out.bytes : "", err);
    if (rc == 0) *out = p;
    else pattern_free(p);
    text_free(&t.out);
    return rc;
}

Pattern *pattern_new_string(const char *string)
{
    assert(*string);
    Pattern *p = mem_calloc(1, sizeof *p);
    p->string = mem_strdup(string);
    p->n = strlen(string);
    return p;
}

void pattern_free(Pattern *p)
{
    if (!p) return;
    pcre2_match_data_free(p->match);
    pcre2_match_context_free(p->context);
    pcre2_jit_stack_free(p->stack);
    pcre2_code_free(p->code);
    free(p->string);
    free(p);
}

size_t pattern_growth(const Pattern *p, size_t n)
{
    return p->string ? n / p->n + 1 : n + 1;
}

/* ---- matching ------------------------------------------------------------------------------ */

static int search(Pattern *p, const char *text, size_t n, size_t from, size_t *begin, size_t *end,
                  Error *err)
{
    if (p->string) {
        const char *at = memmem(text + from, n - from, p->string, p->n);
        if (!at) return 0;
        *begin = (size_t)(at - text);
        *end = *begin + p->n;
        return 1;
    }
    const size_t steps = STEPS_MIN + STEPS_PER_BYTE * (n - from);
    pcre2_set_match_limit(p->context, steps < UINT32_MAX ? (uint32_t)steps : UINT32_MAX);
    PCRE2_SPTR subject = (PCRE2_SPTR)text;
    int rc = PCRE2_ERROR_JIT_STACKLIMIT;
    if (p->jit) rc = pcre2_jit_match(p->code, subject, n, from, 0, p->match, p->context);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(p->code, subject, n, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, p->match,
                         p->context);
    if (rc == PCRE2_ERROR_NOMATCH) return 0;
    if (rc < 0) {
        PCRE2_UCHAR reason[256];
        pcre2_get_error_message(rc, reason, sizeof reason);
        return error_set(err, "a pattern of tokenizer.json: %s at byte %zu of the text",
                         (const char *)reason, from);
    }
    *begin = pcre2_get_ovector_pointer(p->match)[0];
    *end = pcre2_get_ovector_pointer(p->match)[1];
    return 1;
}

int pattern_next(Pattern *p, PatternCursor *c, const char *text, size_t n, size_t *begin,
                 size_t *end, Error *err)
{
    while (c->at <= n) {
        const int rc = search(p, text, n, c->at, begin, end, err);
        if (rc <= 0) return rc;
        const bool repeated = *begin == *end && c->matched && c->last_end == *end;
        if (!repeated) {
            c->at = c->last_end = *end;
            c->matched = true;
            return 1;
        }
        for (c->at++; c->at < n && (text[c->at] & 0xc0) == 0x80;) c->at++;
    }
    return 0;
}
