/* Where heads of attention look. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/heat_map.h"
#include "cli/inspection.h"
#include "cli/memory_plan.h"
#include "cli/token_label.h"

/* Rows of the lower triangle: [[1],[0.25,0.75],...] */
static void put_head(Text *t, const AttentionMap *a, int head)
{
    const size_t T = (size_t)a->T;
    double *p = mem_calloc(T * T, sizeof *p);
    attention_map_head(p, a, head);
    text_format(t, "{\"head\":%d,\"key_head\":%d,\"attention\":[", head, head / (a->NH / a->NKV));
    for (size_t i = 0; i < T; i++) {
        text_add(t, i ? ",[" : "[");
        for (size_t j = 0; j <= i; j++) {
            if (j) text_add(t, ",");
            json_put_number(t, p[i * T + j]);
        }
        text_add(t, "]");
    }
    text_add(t, "]}");
    free(p);
}

/* `head` is NOT_GIVEN for all. */
static void print_attention_json(const Inspection *w, const AttentionMap *a, const Sequences *s,
                                 int layer, int head)
{
    Text t = {0};
    text_add(&t, "{\"model\":");
    json_put_text(&t, w->name, strlen(w->name));
    text_format(&t, ",\"layer\":%d,\"tokens\":", layer);
    tokens_put_json(&t, w->loaded.tokenizer, s->token, a->T);
    text_add(&t, ",\"heads\":[");
    for (int h = head == NOT_GIVEN ? 0 : head; h < (head == NOT_GIVEN ? a->NH : head + 1); h++) {
        if (h > 0 && head == NOT_GIVEN) text_add(&t, ",");
        put_head(&t, a, h);
    }
    text_add(&t, "]}");
    puts(t.bytes);
    text_free(&t);
}

static int read_head(int *layer, int *head, const InspectOptions *o, const ModelConfig *c,
                     Error *err)
{
    char end;
    *layer = o->layer, *head = NOT_GIVEN;
    if (o->attention &&
        (sscanf(o->attention, "%9d:%9d%c", layer, head, &end) != 2 || *layer < 0 || *head < 0))
        return error_usage(err, "--attention: '%.40s' is no LAYER:HEAD, such as 0:3", o->attention);
    if (*layer >= c->n_layer)
        return error_set(err, "no layer %d; they go from 0 to %d", *layer, c->n_layer - 1);
    if (*head >= c->NH) return error_set(err, "no head %d; they go from 0 to %d", *head, c->NH - 1);
    return 0;
}

int inspection_attention(Inspection *w, Error *err)
{
    const HeatMapStyle style = heat_map_style();
    Loaded *l = &w->loaded;
    Sequences s = {0};
    AttentionMap *a = NULL;
    int layer, head, rc = -1;
    if (read_head(&layer, &head, &w->options, &l->model->config, err) != 0) goto done;
    if (given_tokens_read(&s, l, &w->options.given, err) != 0) goto done;
    if (inspection_check_length(&s, err) != 0) goto done;
    if (memory_plan_scoring(l, s.tokens, err) != 0 || loaded_read_unnamed(l, err) != 0) goto done;
    a = attention_map_new(l->model, l->adapter, layer, s.token, s.tokens);
    if (w->ctx->json) {
        print_attention_json(w, a, &s, layer, head);
    } else {
        if (head == NOT_GIVEN) heat_map_print_all(a, &style);
        else heat_map_print(a, head, s.token, l->tokenizer, &style);
        heat_map_legend(&style);
    }
    rc = 0;

done:
    attention_map_free(a);
    sequences_free(&s);
    return rc;
}
