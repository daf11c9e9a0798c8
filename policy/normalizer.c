#include "policy/normalizer.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "policy/characters.h"
#include "policy/component.h"
#include "policy/normal_form.h"

typedef enum { FORM, LOWERCASE, STRIP, PREPEND, REPLACE } StepKind;

typedef struct {
    StepKind kind;
    NormalForm form;
    bool left, right; /* STRIP */
    char *content;    /* PREPEND, REPLACE */
    Pattern *pattern;
} Step;

struct Normalizer {
    Step step[COMPONENT_STEPS_MAX];
    int n;
    size_t growth;
    Text half[2]; /* what a step reads and what it writes, in turn */
};

/* ---- reading ------------------------------------------------------------------------------- */

static int read_content(Step *s, const cJSON *part, const char *name, Error *err)
{
    const char *content;
    if (component_text(&content, part, name, err) != 0) return -1;
    s->content = mem_strdup(content);
    return 0;
}

static int read_step(Step *s, const cJSON *part, Error *err)
{
    if (component_is(part, "Lowercase")) {
        s->kind = LOWERCASE;
        return 0;
    }
    if (component_is(part, "Strip")) {
        s->kind = STRIP;
        if (component_bool(&s->left, part, "strip_left", err) != 0) return -1;
        return component_bool(&s->right, part, "strip_right", err);
    }
    if (component_is(part, "Prepend")) {
        s->kind = PREPEND;
        return read_content(s, part, "prepend", err);
    }
    if (component_is(part, "Replace")) {
        s->kind = REPLACE;
        if (component_pattern(&s->pattern, part, err) != 0) return -1;
        return read_content(s, part, "content", err);
    }
    s->kind = FORM;
    if (normal_form_named(&s->form, json_text(part, "type", ""))) return 0;
    return component_refuse(part, err);
}

static int read_part(Normalizer *z, const cJSON *part, Error *err)
{
    if (!component_is(part, "Sequence")) {
        if (z->n == COMPONENT_STEPS_MAX)
            return error_set(err, "more than %d steps", COMPONENT_STEPS_MAX);
        Step *s = &z->step[z->n++];
        if (read_step(s, part, err) != 0) return -1;
        if (s->kind == REPLACE) z->growth *= pattern_growth(s->pattern, strlen(s->content));
        if (z->growth > COMPONENT_GROWTH_MAX)
            return error_set(err, "Replace could make a text more than %d times as long",
                             COMPONENT_GROWTH_MAX);
        return 0;
    }
    const cJSON *list;
    if (component_list(&list, part, "normalizers", err) != 0) return -1;
    for (const cJSON *item = list->child; item; item = item->next)
        if (read_part(z, item, err) != 0) return -1;
    return 0;
}

int normalizer_new(Normalizer **out, const cJSON *part, Error *err)
{
    *out = NULL;
    if (component_absent(part)) return 0;
    Normalizer *z = mem_calloc(1, sizeof *z);
    z->growth = 1;
    if (read_part(z, part, err) != 0) {
        normalizer_free(z);
        return error_wrap(err, "normalizer");
    }
    *out = z;
    return 0;
}

void normalizer_free(Normalizer *z)
{
    if (!z) return;
    for (int i = 0; i < z->n; i++) {
        free(z->step[i].content);
        pattern_free(z->step[i].pattern);
    }
    text_free(&z->half[0]);
    text_free(&z->half[1]);
    free(z);
}

bool normalizer_prepends(const Normalizer *z)
{
    for (int i = 0; z && i < z->n; i++)
        if (z->step[i].kind == PREPEND) return true;
    return false;
}

/* ---- the steps ----------------------------------------------------------------------------- */

/* U+0130 is the one character whose lower case is two. */
static void put_lowercase(Text *out, const char *text, size_t n)
{
    int length;
    for (size_t at = 0; at < n; at += (size_t)length) {
        const int c = character_at(text + at, &length);
        if (c == 0x130) text_add(out, "i\xcc\x87");
        else character_add(out, utf8proc_tolower(c));
    }
}

static size_t put_stripped(const Step *s, Text *out, const char *text, size_t n)
{
    size_t begin = 0;
    for (int length; s->left && begin < n; begin += (size_t)length)
        if (!character_is_space(character_at(text + begin, &length))) break;
    while (s->right && n > begin) {
        int length = character_length_before(text, n);
        if (!character_is_space(character_at(text + n - length, &length))) break;
        n -= (size_t)length;
    }
    text_append(out, text + begin, n - begin);
    return begin;
}

static int put_replaced(const Step *s, Text *out, size_t *cut, const char *text, size_t n,
                        Error *err)
{
    PatternCursor c = {0};
    size_t begin, end, done = 0;
    int rc;
    while ((rc = pattern_next(s->pattern, &c, text, n, &begin, &end, err)) > 0) {
        text_append(out, text + done, begin - done);
        text_add(out, s->content);
        done = end;
        if (out->n == 0) *cut += end - begin;
    }
    text_append(out, text + done, n - done);
    return rc;
}

static int put_step(const Step *s, Text *out, size_t *cut, const char *text, size_t n, Error *err)
{
    switch (s->kind) {
    case FORM: return normal_form_append(out, text, n, s->form, err);
    case LOWERCASE: put_lowercase(out, text, n); return 0;
    case STRIP: *cut += put_stripped(s, out, text, n); return 0;
    case PREPEND: text_add(out, s->content); break;
    case REPLACE: return put_replaced(s, out, cut, text, n, err);
    }
    text_append(out, text, n);
    return 0;
}

int normalizer_apply(Normalizer *z, Text *out, size_t *cut, const char *text, size_t n, Error *err)
{
    *cut = 0;
    for (int i = 0; z && i < z->n && n > 0; i++) {
        Text *next = &z->half[i % 2];
        text_clear(next);
        if (put_step(&z->step[i], next, cut, text, n, err) != 0) return -1;
        text = next->bytes;
        n = next->n;
    }
    text_append(out, text, n);
    return 0;
}
