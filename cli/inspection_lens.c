/* What each layer would say next. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/inspection.h"
#include "cli/token_label.h"
#include "cli/wrap.h"
#include "policy/logit_lens.h"

enum { LEVEL_NAME = 12 /* columns */ };

/* "  layer 3     0.612 ␣the  0.103 ␣a": as many tokens as the line has room for, at least one. */
static void print_level(const Tokenizer *t, int level, const RankedToken *next, int n)
{
    const int columns = wrap_columns();
    Text line = {0}, item = {0};
    text_format(&line, "  %-*s", LEVEL_NAME - 2, inspection_level_name(level));
    for (int i = 0; i < n; i++) {
        text_clear(&item);
        text_add(&item, "  ");
        probability_label(&item, exp(next[i].value));
        text_add(&item, " ");
        token_label(&item, t, next[i].token);
        if (i > 0 && text_width(line.bytes, line.n) + text_width(item.bytes, item.n) > columns)
            break;
        text_append(&line, item.bytes, item.n);
    }
    puts(line.bytes);
    text_free(&item);
    text_free(&line);
}

static void put_level(Text *out, const Tokenizer *t, int level, const RankedToken *next, int n)
{
    text_format(out, "%s{\"level\":%d,\"next\":[", level ? "," : "", level);
    for (int i = 0; i < n; i++) {
        text_add(out, i ? ",{" : "{");
        token_put_json(out, t, next[i].token);
        text_add(out, ",\"logprob\":");
        json_put_number(out, next[i].value);
        text_add(out, "}");
    }
    text_add(out, "]}");
}

/* The heading of both forms, then a row for each level. */
static void say(const Inspection *w, const LayerTrace *trace, const int *token, int at)
{
    Model *m = w->loaded.model;
    const Tokenizer *tokenizer = w->loaded.tokenizer;
    const int K = w->options.count < m->config.V ? w->options.count : m->config.V;
    RankedToken *next = mem_calloc((size_t)K, sizeof *next);
    Text json = {0}, label = {0};
    inspection_begin_json(&json, w);
    text_add(&json, ",\"tokens\":");
    tokens_put_json(&json, tokenizer, token, trace->T);
    text_format(&json, ",\"at\":%d,\"levels\":[", at);
    token_label(&label, tokenizer, token[at]);
    if (!w->ctx->json) printf("after token %d, %s\n", at, label.bytes);
    for (int level = 0; level <= trace->n_layer; level++) {
        logit_lens(next, m, trace, level, at, K);
        if (w->ctx->json) put_level(&json, tokenizer, level, next, K);
        else print_level(tokenizer, level, next, K);
    }
    if (w->ctx->json) printf("%s]}\n", json.bytes);
    text_free(&label);
    text_free(&json);
    free(next);
}

int inspection_lens(Inspection *w, Error *err)
{
    Loaded *l = &w->loaded;
    Sequences s = {0};
    LayerTrace *trace = NULL;
    int rc = -1;
    if (model_check_predicts(l->model, err) != 0) {
        error_wrap(err, "%s", l->folder);
        goto done;
    }
    if (given_tokens_read(&s, l, &w->options.given, err) != 0) goto done;
    if (inspection_check_length(&s, err) != 0) goto done;
    const int at = w->options.at == NOT_GIVEN ? s.tokens - 1 : w->options.at;
    if (at >= s.tokens) {
        error_set(err, "--at: no token %d; they go from 0 to %d", at, s.tokens - 1);
        goto done;
    }
    if (inspection_read_to_trace(w, TRACE_RESIDUAL, s.tokens, err) != 0) goto done;
    trace = layer_trace_new(l->model, l->adapter, TRACE_RESIDUAL, s.token, s.tokens);
    say(w, trace, s.token, at);
    rc = 0;

done:
    layer_trace_free(trace);
    sequences_free(&s);
    return rc;
}
