/* The units of MLPs that a text moves most. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/inspection.h"
#include "cli/token_label.h"
#include "policy/active_units.h"

enum { LABEL_COLUMNS = 14 };

static void print_unit(const Tokenizer *t, int layer, const ActiveUnit *u, int token)
{
    Text label = {0};
    token_label(&label, t, token);
    if (text_width(label.bytes, label.n) > LABEL_COLUMNS) {
        text_clear(&label);
        token_label_columns(&label, t, token, LABEL_COLUMNS);
    }
    printf("%5d %6d %9.4f %8.4f  %4d %s\n", layer, u->unit, u->value, u->mean, u->at, label.bytes);
    text_free(&label);
}

static void put_unit(Text *t, const ActiveUnit *u)
{
    text_format(t, "{\"unit\":%d,\"at\":%d,\"value\":", u->unit, u->at);
    json_put_number(t, u->value);
    text_add(t, ",\"mean\":");
    json_put_number(t, u->mean);
    text_add(t, "}");
}

/* One layer in both forms. */
static void say_layer(Text *json, const Inspection *w, const LayerTrace *trace, const int *token,
                      int layer)
{
    const int count = w->options.count < trace->F ? w->options.count : trace->F;
    ActiveUnit *unit = mem_calloc((size_t)count, sizeof *unit);
    real *all = mem_calloc((size_t)trace->T * (size_t)trace->F, sizeof *all);
    layer_trace_read_units(all, trace, layer);
    const int n = active_units(unit, count, all, trace->T, trace->F);
    text_format(json, "{\"layer\":%d,\"units\":[", layer);
    for (int i = 0; i < n; i++) {
        if (!w->ctx->json) print_unit(w->loaded.tokenizer, layer, &unit[i], token[unit[i].at]);
        if (i > 0) text_add(json, ",");
        put_unit(json, &unit[i]);
    }
    text_add(json, "]}");
    free(all);
    free(unit);
}

static void say(const Inspection *w, const LayerTrace *trace, const int *token)
{
    const int given = w->options.layer;
    const int first = given == NOT_GIVEN ? 0 : given;
    const int end = given == NOT_GIVEN ? trace->n_layer : given + 1;
    Text json = {0};
    inspection_begin_json(&json, w);
    text_add(&json, ",\"tokens\":");
    tokens_put_json(&json, w->loaded.tokenizer, token, trace->T);
    text_add(&json, ",\"layers\":[");
    if (!w->ctx->json) puts("layer   unit      peak     mean  at token");
    for (int layer = first; layer < end; layer++) {
        if (layer > first) text_add(&json, ",");
        say_layer(&json, w, trace, token, layer);
    }
    if (w->ctx->json) printf("%s]}\n", json.bytes);
    text_free(&json);
}

int inspection_units(Inspection *w, Error *err)
{
    Loaded *l = &w->loaded;
    const int n_layer = l->model->config.n_layer;
    Sequences s = {0};
    LayerTrace *trace = NULL;
    int rc = -1;
    if (w->options.layer >= n_layer) {
        error_set(err, "no layer %d; they go from 0 to %d", w->options.layer, n_layer - 1);
        goto done;
    }
    if (given_tokens_read(&s, l, &w->options.given, err) != 0) goto done;
    if (inspection_check_length(&s, err) != 0) goto done;
    if (inspection_read_to_trace(w, TRACE_UNITS, s.tokens, err) != 0) goto done;
    trace = layer_trace_new(l->model, l->adapter, TRACE_UNITS, s.token, s.tokens);
    say(w, trace, s.token);
    rc = 0;

done:
    layer_trace_free(trace);
    sequences_free(&s);
    return rc;
}
