/* Tokens that lie near to each other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/inspection.h"
#include "cli/memory_plan.h"
#include "cli/token_label.h"
#include "policy/nearest_tokens.h"

static int near_tokens(Sequences *out, Inspection *w, Error *err)
{
    Loaded *l = &w->loaded;
    const InspectOptions *o = &w->options;
    const int V = l->model->config.V;
    if (!o->near) {
        if (o->near_id >= V)
            return error_set(err, "--near-id: no token %d; they go from 0 to %d", o->near_id,
                             V - 1);
        sequences_add(out, &o->near_id, 1);
        return 0;
    }
    if (!l->tokenizer && loaded_open_tokenizer(l, err) != 0) return -1;
    const int id = tokenizer_id(l->tokenizer, o->near);
    if (id >= 0) {
        sequences_add(out, &id, 1);
        return 0;
    }
    int *ids, n;
    if (tokenizer_encode(l->tokenizer, o->near, strlen(o->near), false, &ids, &n, err) != 0)
        return error_wrap(err, "--near");
    sequences_add(out, ids, n);
    free(ids);
    return n > 0 ? 0 : error_set(err, "--near: no token is given");
}

/* "      37  0.9312  ␣lamp"; a row of no token is its id alone. */
static void print_row(const Tokenizer *t, int token, const char *cosine)
{
    Text line = {0};
    text_format(&line, "%8d%s", token, cosine);
    if (token_spelling(t, token)) {
        text_add(&line, "  ");
        token_label(&line, t, token);
    }
    puts(line.bytes);
    text_free(&line);
}

static void print_nearest(const Tokenizer *t, int token, const RankedToken *near, int n)
{
    char cosine[32];
    print_row(t, token, "");
    for (int i = 0; i < n; i++) {
        snprintf(cosine, sizeof cosine, "  %7.4f", near[i].value);
        print_row(t, near[i].token, cosine);
    }
}

static void put_nearest(Text *t, const Loaded *l, int token, const RankedToken *near, int n)
{
    text_add(t, "{");
    token_put_json(t, l->tokenizer, token);
    text_add(t, ",\"nearest\":[");
    for (int i = 0; i < n; i++) {
        text_add(t, i ? ",{" : "{");
        token_put_json(t, l->tokenizer, near[i].token);
        text_add(t, ",\"cosine\":");
        json_put_number(t, near[i].value);
        text_add(t, "}");
    }
    text_add(t, "]}");
}

static int check_output(const Loaded *l, Error *err)
{
    if (l->model->config.tied)
        return error_set(err, "%s: the output projection is the embedding; leave --output out",
                         l->model_folder);
    return model_check_predicts(l->model, err) == 0 ? 0 : error_wrap(err, "%s", l->model_folder);
}

int inspection_near(Inspection *w, Error *err)
{
    const InspectOptions *o = &w->options;
    const Model *m = w->loaded.model;
    Sequences of = {0};
    int rc = -1;
    if ((o->output && check_output(&w->loaded, err) != 0) || near_tokens(&of, w, err) != 0)
        goto done;
    if (memory_plan_weights(&w->loaded, err) != 0 || loaded_read_unnamed(&w->loaded, err) != 0)
        goto done;
    RankedToken *near = mem_calloc((size_t)o->count, sizeof *near);
    Text t = {0};
    text_add(&t, "{\"model\":");
    json_put_text(&t, w->name, strlen(w->name));
    text_format(&t, ",\"rows\":\"%s\",\"near\":[", o->output ? "output" : "embedding");
    for (int i = 0; i < sequences_pending(&of); i++) {
        const int token = of.token[i];
        const int n = nearest_tokens(near, o->count, m, o->output ? TOKENS_SAID : TOKENS_READ,
                                     token, m->config.V);
        if (i && w->ctx->json) text_add(&t, ",");
        if (w->ctx->json) put_nearest(&t, &w->loaded, token, near, n);
        else print_nearest(w->loaded.tokenizer, token, near, n);
    }
    if (w->ctx->json) printf("%s]}\n", t.bytes);
    text_free(&t);
    free(near);
    rc = 0;

done:
    sequences_free(&of);
    return rc;
}
