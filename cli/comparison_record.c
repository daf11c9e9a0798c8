#include "cli/comparison_record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/json_member.h"
#include "cli/evaluation.h"
#include "cli/project.h"

static void member(Text *t, const char *name, double x)
{
    text_format(t, ",\"%s\":", name);
    json_put_number(t, x);
}

void comparison_traits_json(Text *t, const Comparison *c)
{
    text_add(t, "{");
    for (int i = 0; i < c->n_traits; i++) {
        text_add(t, i ? "," : "");
        json_put_text(t, c->trait[i].name, strlen(c->trait[i].name));
        text_format(t, ":{\"base\":%.6g", (double)c->trait[i].base / c->n);
        if (c->best.n) text_format(t, ",\"best_of\":%.6g", (double)c->trait[i].best / c->n);
        text_format(t, ",\"aligned\":%.6g", (double)c->trait[i].aligned / c->n);
        text_add(t, "}");
    }
    text_add(t, "}");
}

void comparison_answers_json(Text *t, const Comparison *c)
{
    member(t, "finished", c->finished);
    member(t, "distinct", c->distinct);
    member(t, "verbatim", c->verbatim);
    member(t, "length_ratio", c->length_ratio);
}

void comparison_base_answers_json(Text *t, const Comparison *c)
{
    member(t, "base_finished", c->base_finished);
    member(t, "base_distinct", c->base_distinct);
    member(t, "base_verbatim", c->base_verbatim);
}

static void put_measures(Text *t, const Comparison *c)
{
    const WinRate *w = c->aligned_points ? &c->by_rule : &c->by_reward;
    text_format(
        t, "\"n\":%d,\"wins\":%d,\"ties\":%d,\"losses\":%d,\"win_rate\":%.6g,\"ci\":[%.6g,%.6g]",
        w->n, w->wins, w->ties, w->losses, w->rate, w->low, w->high);
    member(t, "p", w->p);
    text_format(t, ",\"judge\":\"%s\"", c->aligned_points ? "rule" : "reward");
    member(t, "win_rate_by_reward", c->scored ? c->by_reward.rate : NAN);
    member(t, "kl", c->kl);
    member(t, "kl_error", c->kl_error);
    comparison_answers_json(t, c);
    for (int k = 0; k < COMPARISON_RUNS; k++) {
        char name[32];
        snprintf(name, sizeof name, "distinct_%d", k + 1);
        member(t, name, c->distinct_runs[k]);
        snprintf(name, sizeof name, "base_distinct_%d", k + 1);
        member(t, name, c->base_distinct_runs[k]);
    }
    member(t, "base_logp_own", c->base_logp_own);
    member(t, "base_logp_of_aligned", c->base_logp_of_aligned);
    if (c->best.n) {
        text_format(
            t, ",\"best_of\":{\"win_rate\":%.6g,\"ci\":[%.6g,%.6g],\"best_against_base\":%.6g}",
            c->against_best.rate, c->against_best.low, c->against_best.high,
            c->best_against_base.rate);
    }
    if (c->n_traits > 0) {
        text_format(t, ",\"all_right_base\":%.6g,\"all_right_aligned\":%.6g,\"traits\":",
                    (double)c->base_all_right / c->n, (double)c->all_right / c->n);
        comparison_traits_json(t, c);
    }
    text_format(t, ",\"verdict\":\"%s\"", verdict_name(c->verdict));
}

static void put_options(Text *t, const ComparisonOptions *o)
{
    text_format(t, ",\"options\":{\"best_of\":%d,\"max_new_tokens\":%d,\"seed\":%llu", o->best_of,
                o->max_new_tokens, (unsigned long long)o->seed);
    member(t, "temperature", o->temperature);
    json_member_text(t, "rule", o->rule ? o->rule->name : NULL);
    json_member_text(t, "source", o->source);
    text_add(t, "}");
}

static void put_models(Text *t, const Context *ctx, const ComparedModels *m)
{
    char name[FILE_PATH_MAX], run[RUN_NAME_MAX];
    text_add(t, ",");
    evaluation_put_compared(t, ctx, m->base->folder, m->aligned->folder);
    if (m->reward) {
        project_name_model(ctx, name, run, m->reward->folder);
        json_member_text(t, "reward", name);
    }
    text_format(t, ",\"sha256\":{\"base\":\"%s\"", m->base->hash);
    json_member_text(t, "aligned", m->aligned->hash);
    if (m->reward) json_member_text(t, "reward", m->reward->hash);
    text_add(t, "}");
}

/* A row of the table of prompts: ids of the answers in the store, and their scores by the reward model. */
static void put_row(Text *t, const Comparison *c, int i)
{
    text_format(t, "{\"prompt\":%lld,\"base\":%lld,\"aligned\":%lld", (long long)c->prompt_id[i],
                (long long)c->base_id[i], (long long)c->aligned_id[i]);
    member(t, "base_score", c->base.score[i]);
    member(t, "aligned_score", c->aligned.score[i]);
    if (c->best.n) {
        text_format(t, ",\"best\":%lld", (long long)c->best_id[i]);
        member(t, "best_score", c->best.score[i]);
    }
    if (c->aligned_points) {
        member(t, "base_points", c->base_points[i]);
        member(t, "aligned_points", c->aligned_points[i]);
    }
    text_add(t, "}");
}

static void put_answers(Text *t, const Comparison *c)
{
    if (c->best.n) {
        text_format(t, ",\"best_chosen\":%d,\"frontier\":[", c->best_chosen);
        for (int i = 0; i < c->n_frontier; i++) {
            text_format(t, "%s{\"n\":%d", i ? "," : "", c->frontier[i].n);
            member(t, "score", c->frontier[i].score);
            text_add(t, "}");
        }
        text_add(t, "]");
    }
    text_add(t, ",\"answers\":[");
    for (int i = 0; i < c->n; i++) {
        if (i) text_add(t, ",");
        put_row(t, c, i);
    }
    text_add(t, "]");
}

int comparison_remember(Text *json, Store *store, const Context *ctx, const Comparison *c,
                        const ComparisonOptions *o, const ComparedModels *models, Error *err)
{
    text_add(json, "{");
    put_measures(json, c);
    member(json, "base_verbatim", c->base_verbatim);
    put_models(json, ctx, models);
    put_options(json, o);
    put_answers(json, c);
    text_add(json, "}");
    return evaluation_add(store, ctx, "compare", models->aligned->folder, json->bytes, err);
}
