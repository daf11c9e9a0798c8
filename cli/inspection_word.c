/* How one word's vectors part in two contexts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/inspection.h"
#include "cli/token_label.h"
#include "policy/cosine.h"

/* One of the two texts, and the token that holds the last byte of the word there. */
typedef struct {
    const char *option;
    Sequences s;
    int at;
    LayerTrace *trace;
} Side;

/* The last place of the word in what the tokens spell. */
static int find_word(Side *side, const Tokenizer *t, const char *word, Error *err)
{
    const size_t n = strlen(word);
    size_t end = 0; /* of the word, in bytes of the text */
    Text spelled = {0};
    for (int i = 0; i < side->s.tokens; i++) tokenizer_token_bytes(t, side->s.token[i], &spelled);
    for (size_t i = 0; i + n <= spelled.n; i++)
        if (memcmp(spelled.bytes + i, word, n) == 0) end = i + n;
    text_clear(&spelled);
    for (side->at = 0; end > 0; side->at++) {
        tokenizer_token_bytes(t, side->s.token[side->at], &spelled);
        if (spelled.n >= end) break;
    }
    text_free(&spelled);
    if (end > 0) return 0;
    return error_set(err, "--word: '%.40s' does not occur in %s", word, side->option);
}

static int read_side(Side *side, Inspection *w, const GivenTokens *given, Error *err)
{
    if (given_tokens_read(&side->s, &w->loaded, given, err) != 0) return -1;
    if (inspection_check_length(&side->s, err) != 0) return -1;
    return find_word(side, w->loaded.tokenizer, w->options.word, err);
}

typedef struct {
    double word, mean; /* cosines: of the word's two vectors, and over all pairs of the texts' */
} Nearness;

static Nearness nearness(const Side side[2], int level)
{
    const int C = side[0].trace->C;
    real *x[2];
    for (int k = 0; k < 2; k++) {
        x[k] = mem_calloc((size_t)side[k].s.tokens * (size_t)C, sizeof(real));
        layer_trace_read_residual(x[k], side[k].trace, level);
    }
    const Nearness out = {
        cosine(x[0] + (size_t)side[0].at * (size_t)C, x[1] + (size_t)side[1].at * (size_t)C, C),
        cosine_mean(x[0], side[0].s.tokens, x[1], side[1].s.tokens, C)};
    free(x[0]);
    free(x[1]);
    return out;
}

static void print_place(const Side *side, const Tokenizer *t)
{
    Text label = {0};
    token_label(&label, t, side->s.token[side->at]);
    printf("%s: token %d, %s\n", side->option, side->at, label.bytes);
    text_free(&label);
}

static void print_levels(const Inspection *w, const Side side[2])
{
    for (int k = 0; k < 2; k++) print_place(&side[k], w->loaded.tokenizer);
    printf("%-12s %9s %9s\n", "  cosine of", "the word", "any two");
    for (int level = 0; level <= side[0].trace->n_layer; level++) {
        const Nearness near = nearness(side, level);
        printf("  %-10s %9.4f %9.4f\n", inspection_level_name(level), near.word, near.mean);
    }
}

static void print_levels_json(const Inspection *w, const Side side[2])
{
    Text t = {0};
    inspection_begin_json(&t, w);
    text_add(&t, ",\"word\":");
    json_put_text(&t, w->options.word, strlen(w->options.word));
    text_add(&t, ",\"texts\":[");
    for (int k = 0; k < 2; k++) {
        text_format(&t, "%s{\"at\":%d,\"tokens\":", k ? "," : "", side[k].at);
        tokens_put_json(&t, w->loaded.tokenizer, side[k].s.token, side[k].s.tokens);
        text_add(&t, "}");
    }
    text_add(&t, "],\"levels\":[");
    for (int level = 0; level <= side[0].trace->n_layer; level++) {
        const Nearness near = nearness(side, level);
        text_format(&t, "%s{\"level\":%d,\"cosine\":", level ? "," : "", level);
        json_put_number(&t, near.word);
        text_add(&t, ",\"mean\":");
        json_put_number(&t, near.mean);
        text_add(&t, "}");
    }
    text_add(&t, "]}");
    puts(t.bytes);
    text_free(&t);
}

int inspection_word(Inspection *w, Error *err)
{
    Loaded *l = &w->loaded;
    const InspectOptions *o = &w->options;
    Side side[2] = {{.option = "--text"}, {.option = "--beside"}};
    const GivenTokens other = {.text = o->beside, .special = o->given.special};
    int rc = -1;
    if (!*o->word) {
        error_usage(err, "--word: no word is given");
        goto done;
    }
    if (read_side(&side[0], w, &o->given, err) != 0 || read_side(&side[1], w, &other, err) != 0)
        goto done;
    const int tokens = side[0].s.tokens + side[1].s.tokens;
    if (inspection_read_to_trace(w, TRACE_RESIDUAL, tokens, err) != 0) goto done;
    for (int k = 0; k < 2; k++)
        side[k].trace = layer_trace_new(l->model, l->adapter, TRACE_RESIDUAL, side[k].s.token,
                                        side[k].s.tokens);
    if (w->ctx->json) print_levels_json(w, side);
    else print_levels(w, side);
    rc = 0;

done:
    for (int k = 0; k < 2; k++) {
        layer_trace_free(side[k].trace);
        sequences_free(&side[k].s);
    }
    return rc;
}
