#include "policy/decoder.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/bytelevel.h"
#include "policy/characters.h"
#include "policy/component.h"

typedef enum { JOIN, BYTE_LEVEL, BYTE_FALLBACK, FUSE, METASPACE, REPLACE, STRIP } StepKind;

typedef struct {
    StepKind kind;
    bool whole;    /* what comes in is pieces of one token, since a step before made one of all */
    int character; /* METASPACE, STRIP */
    int start, stop;
    bool prefixed; /* METASPACE: the first token begins with a sign that stands for nothing */
    Pattern *pattern;
    char *content;
} Step;

struct Decoder {
    Step step[COMPONENT_STEPS_MAX];
    int n;
    size_t growth;
};

/* Where a step stands in the sequence. */
typedef struct {
    Text held;
    int stripped; /* STRIP of the whole: characters taken from its beginning */
    bool begun;   /* something was put out, or for METASPACE and JOIN a token came */
} Standing;

struct Decoding {
    const Decoder *decoder;
    Standing at[COMPONENT_STEPS_MAX];
};

/* ---- reading ------------------------------------------------------------------------------- */

static int read_metaspace(Step *s, const cJSON *part, Error *err)
{
    const cJSON *scheme = component_member(part, "prepend_scheme");
    s->kind = METASPACE;
    s->prefixed = !cJSON_IsString(scheme) || strcmp(scheme->valuestring, "never") != 0;
    return component_character(&s->character, part, "replacement", err);
}

static int read_strip(Step *s, const cJSON *part, Error *err)
{
    enum { STRIP_MAX = 1 << 20 };
    s->kind = STRIP;
    if (component_character(&s->character, part, "content", err) != 0) return -1;
    if (component_count(&s->start, part, "start", STRIP_MAX, err) != 0) return -1;
    return component_count(&s->stop, part, "stop", STRIP_MAX, err);
}

static int read_replace(Decoder *d, Step *s, const cJSON *part, Error *err)
{
    const char *content;
    s->kind = REPLACE;
    if (component_pattern(&s->pattern, part, err) != 0) return -1;
    if (component_text(&content, part, "content", err) != 0) return -1;
    s->content = mem_strdup(content);
    d->growth *= pattern_growth(s->pattern, strlen(content));
    if (d->growth <= COMPONENT_GROWTH_MAX) return 0;
    return error_set(err, "Replace could make a text more than %d times as long",
                     COMPONENT_GROWTH_MAX);
}

static int read_part(Decoder *d, const cJSON *part, Error *err)
{
    if (component_is(part, "Sequence")) {
        const cJSON *list;
        if (component_list(&list, part, "decoders", err) != 0) return -1;
        for (const cJSON *item = list->child; item; item = item->next)
            if (read_part(d, item, err) != 0) return -1;
        return 0;
    }
    if (d->n == COMPONENT_STEPS_MAX)
        return error_set(err, "more than %d steps", COMPONENT_STEPS_MAX);
    Step *s = &d->step[d->n++];
    for (int i = 0; i + 1 < d->n; i++)
        if (d->step[i].kind == FUSE || d->step[i].kind == BYTE_LEVEL) s->whole = true;
    if (component_is(part, "Metaspace")) return read_metaspace(s, part, err);
    if (component_is(part, "Strip")) return read_strip(s, part, err);
    if (component_is(part, "Replace")) return read_replace(d, s, part, err);
    if (component_is(part, "ByteLevel")) s->kind = BYTE_LEVEL;
    else if (component_is(part, "ByteFallback")) s->kind = BYTE_FALLBACK;
    else if (component_is(part, "Fuse")) s->kind = FUSE;
    else return component_refuse(part, err);
    return 0;
}

int decoder_new(Decoder **out, const cJSON *part, Error *err)
{
    Decoder *d = mem_calloc(1, sizeof *d);
    d->growth = 1;
    if (component_absent(part)) {
        d->n = 1; /* of the kind JOIN */
    } else if (read_part(d, part, err) != 0) {
        decoder_free(d);
        return error_wrap(err, "decoder");
    }
    *out = d;
    return 0;
}

Decoder *decoder_new_byte_level(void)
{
    Decoder *d = mem_calloc(1, sizeof *d);
    d->n = 1;
    d->step[0].kind = BYTE_LEVEL;
    return d;
}

void decoder_free(Decoder *d)
{
    if (!d) return;
    for (int i = 0; i < d->n; i++) {
        pattern_free(d->step[i].pattern);
        free(d->step[i].content);
    }
    free(d);
}

/* ---- the steps ----------------------------------------------------------------------------- */

static void push(Decoding *s, int i, const char *token, size_t n, Text *out);

/* The byte of "<0x0A>", or -1. */
static int fallback_byte(const char *token, size_t n)
{
    if (n != 6 || strncmp(token, "<0x", 3) != 0 || token[5] != '>') return -1;
    if (!isxdigit((unsigned char)token[3]) || !isxdigit((unsigned char)token[4])) return -1;
    return (int)strtol(token + 3, NULL, 16);
}

/* A run of byte tokens that is not UTF-8 as a whole becomes one U+FFFD for each. */
static void push_run(Decoding *s, int i, Text *out)
{
    Text *run = &s->at[i].held;
    bool valid = true;
    for (size_t at = 0; at < run->n && valid;) {
        const int step = utf8_step(run->bytes + at, run->n - at);
        valid = step > 0;
        at += (size_t)(valid ? step : 0);
    }
    if (run->n > 0 && valid) push(s, i + 1, run->bytes, run->n, out);
    for (size_t k = 0; k < run->n && !valid; k++) push(s, i + 1, "\xef\xbf\xbd", 3, out);
    text_clear(run);
}

static void byte_fallback(Decoding *s, int i, const char *token, size_t n, Text *out)
{
    const int byte = fallback_byte(token, n);
    if (byte >= 0) {
        text_append(&s->at[i].held, &(char){(char)byte}, 1);
        return;
    }
    push_run(s, i, out);
    push(s, i + 1, token, n, out);
}

/* What is not complete UTF-8 yet waits. */
static void byte_level(Decoding *s, int i, const char *token, size_t n, bool last, Text *out)
{
    Text *held = &s->at[i].held, text = {0};
    bytelevel_read(held, token, n);
    const size_t used = utf8_repair(&text, held->bytes, held->n, last);
    if (used) memmove(held->bytes, held->bytes + used, held->n - used);
    held->n -= used;
    if (text.n > 0) push(s, i + 1, text.bytes, text.n, out);
    text_free(&text);
}

static void metaspace(Decoding *s, int i, const char *token, size_t n, Text *out)
{
    const Step *step = &s->decoder->step[i];
    const bool first = step->whole || !s->at[i].begun;
    Text text = {0};
    s->at[i].begun = true;
    for (size_t at = 0; at < n;) {
        int length;
        const bool sign = character_at(token + at, &length) == step->character;
        if (!sign) text_append(&text, token + at, (size_t)length);
        else if (!first || !step->prefixed) text_add(&text, " ");
        at += (size_t)length;
    }
    push(s, i + 1, text.bytes ? text.bytes : "", text.n, out);
    text_free(&text);
}

static void replace(Decoding *s, int i, const char *token, size_t n, Text *out)
{
    const Step *step = &s->decoder->step[i];
    PatternCursor c = {0};
    Text text = {0};
    size_t begin, end, done = 0;
    Error ignored; /* decoding is total: a search that is given up finds no more */
    while (n > 0 && pattern_next(step->pattern, &c, token, n, &begin, &end, &ignored) > 0) {
        text_append(&text, token + done, begin - done);
        text_add(&text, step->content);
        done = end;
    }
    text_append(&text, token + done, n - done);
    push(s, i + 1, text.bytes, text.n, out);
    text_free(&text);
}

static void strip_token(Decoding *s, int i, const char *token, size_t n, Text *out)
{
    const Step *step = &s->decoder->step[i];
    size_t begin = 0;
    int length;
    for (int k = 0; k < step->start && begin < n; k++, begin += (size_t)length)
        if (character_at(token + begin, &length) != step->character) break;
    for (int k = 0; k < step->stop && n > begin; k++, n -= (size_t)length) {
        const int before = character_length_before(token, n);
        if (character_at(token + n - before, &length) != step->character) break;
    }
    push(s, i + 1, token + begin, n - begin, out);
}

/* The same of all pieces together: characters that may turn out to be at the end wait. */
static void strip_whole(Decoding *s, int i, const char *piece, size_t n, Text *out)
{
    const Step *step = &s->decoder->step[i];
    Standing *standing = &s->at[i];
    Text *held = &standing->held;
    for (size_t at = 0; at < n;) {
        int length;
        const bool match = character_at(piece + at, &length) == step->character;
        if (match && !standing->begun && standing->stripped < step->start) {
            standing->stripped++;
        } else {
            standing->begun = true;
            text_append(held, piece + at, (size_t)length);
        }
        at += (size_t)length;
    }
    size_t end = held->n;
    for (int k = 0; k < step->stop && end > 0; k++) {
        int length = character_length_before(held->bytes, end);
        if (character_at(held->bytes + end - length, &length) != step->character) break;
        end -= (size_t)length;
    }
    if (end == 0) return;
    push(s, i + 1, held->bytes, end, out);
    memmove(held->bytes, held->bytes + end, held->n - end);
    held->n -= end;
}

/* Of pieces of one token all are needed before the step can be done. */
static bool wants_whole(const Step *step)
{
    return step->whole &&
           (step->kind == REPLACE || step->kind == BYTE_LEVEL || step->kind == BYTE_FALLBACK);
}

static void push_step(Decoding *s, int i, const char *token, size_t n, Text *out)
{
    switch (s->decoder->step[i].kind) {
    case JOIN:
        if (s->at[i].begun) text_add(out, " ");
        s->at[i].begun = true;
        push(s, i + 1, token, n, out);
        break;
    case BYTE_LEVEL: byte_level(s, i, token, n, false, out); break;
    case BYTE_FALLBACK: byte_fallback(s, i, token, n, out); break;
    case FUSE: push(s, i + 1, token, n, out); break;
    case METASPACE: metaspace(s, i, token, n, out); break;
    case REPLACE: replace(s, i, token, n, out); break;
    case STRIP:
        if (s->decoder->step[i].whole) strip_whole(s, i, token, n, out);
        else strip_token(s, i, token, n, out);
        break;
    }
}

static void push(Decoding *s, int i, const char *token, size_t n, Text *out)
{
    if (i == s->decoder->n) text_append(out, token, n);
    else if (wants_whole(&s->decoder->step[i])) text_append(&s->at[i].held, token, n);
    else push_step(s, i, token, n, out);
}

static bool has_step(const Decoder *d, StepKind kind)
{
    for (int i = 0; i < d->n; i++)
        if (d->step[i].kind == kind) return true;
    return false;
}

void decoder_token(const Decoder *d, const char *token, Text *out)
{
    static const char SPACE_SIGN[] = "\xe2\x96\x81";
    const size_t n = strlen(token);
    const int byte = has_step(d, BYTE_FALLBACK) ? fallback_byte(token, n) : -1;
    if (has_step(d, BYTE_LEVEL)) {
        bytelevel_read(out, token, n);
        return;
    }
    if (byte >= 0) {
        text_append(out, &(char){(char)byte}, 1);
        return;
    }
    for (const char *sign; (sign = strstr(token, SPACE_SIGN)); token = sign + strlen(SPACE_SIGN)) {
        text_append(out, token, (size_t)(sign - token));
        text_add(out, " ");
    }
    text_add(out, token);
}

Decoding *decoding_begin(const Decoder *d)
{
    Decoding *s = mem_calloc(1, sizeof *s);
    s->decoder = d;
    return s;
}

void decoding_push(Decoding *s, const char *token, Text *out)
{
    push(s, 0, token, strlen(token), out);
}

static void end_step(Decoding *s, int i, Text *out)
{
    const Step *step = &s->decoder->step[i];
    if (wants_whole(step)) {
        Text whole = s->at[i].held;
        s->at[i].held = (Text){0};
        push_step(s, i, whole.bytes ? whole.bytes : "", whole.n, out);
        text_free(&whole);
    }
    if (step->kind == BYTE_FALLBACK) push_run(s, i, out);
    if (step->kind == BYTE_LEVEL) byte_level(s, i, "", 0, true, out);
}

void decoding_end(Decoding *s, Text *out)
{
    for (int i = 0; i < s->decoder->n; i++) {
        end_step(s, i, out);
        text_free(&s->at[i].held);
    }
    free(s);
}
