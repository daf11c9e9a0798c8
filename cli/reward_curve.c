#include "cli/reward_curve.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/shuffle.h"
#include "base/text.h"
#include "cli/memory_plan.h"
#include "cli/preferences.h"
#include "cli/reward_report.h"
#include "compare/win_rate.h"
#include "policy/sequences.h"
#include "reward/evaluation.h"

typedef struct {
    int labels;
    RewardEvaluation on; /* the held-out pairs */
    /* those it learned from; only where `on` cannot be told from chance */
    RewardEvaluation learned;
} Point;

typedef struct {
    const Context *ctx;
    const char *model;
    const Pairs *train, *held_out;
    RewardConfig settings;
    const LoraConfig *lora;
} Curve;

/* ---- some of the labels ----------------------------------------------------------------------------- */

typedef struct {
    Sequences sequences;
    double *target, *weight, *margin;
} Share;

/* n labels, the first that training comes to, where they stand: all of them are what a run trains on. */
static Pairs take_share(Share *s, const Pairs *from, int n, uint64_t seed)
{
    Shuffle order = shuffle_new(from->n, seed);
    bool *drawn = mem_calloc((size_t)from->n, sizeof *drawn);
    int taken = 0;
    s->target = mem_calloc((size_t)n, sizeof *s->target);
    s->weight = mem_calloc((size_t)n, sizeof *s->weight);
    if (from->margin) s->margin = mem_calloc((size_t)n, sizeof *s->margin);
    for (int i = 0; i < n; i++) drawn[shuffle_at(&order, i)] = true;
    for (int k = 0; k < from->n; k++) {
        if (!drawn[k]) continue;
        for (int side = 2 * k; side < 2 * k + 2; side++) {
            sequences_add(&s->sequences, from->token + from->start[side],
                          from->start[side + 1] - from->start[side]);
            sequences_end(&s->sequences);
        }
        s->target[taken] = from->target[k];
        s->weight[taken] = from->weight[k];
        if (s->margin) s->margin[taken] = from->margin[k];
        taken++;
    }
    free(drawn);
    shuffle_free(&order);
    return (Pairs){n, s->sequences.token, s->sequences.start, s->target, s->weight, s->margin};
}

static void share_free(Share *s)
{
    sequences_free(&s->sequences);
    free(s->target);
    free(s->weight);
    free(s->margin);
}

/* ---- one training ----------------------------------------------------------------------------------- */

static int run_steps(Trainer *t, int labels, Error *err)
{
    char name[64];
    Progress bar;
    int rc = 0;
    snprintf(name, sizeof name, "%s", text_count(labels, "label"));
    progress_begin(&bar, name, t->total, "step");
    for (int64_t at = 0; at < t->total && rc == 0; at++) {
        Text members = {0}, note = {0};
        rc = t->step(t->self, at, &members, &note, err);
        if (rc == 0) progress_update(&bar, at + 1, "%s", note.bytes);
        if (rc == 0 && interrupt_pending()) rc = error_stopped(err, "stopped; nothing was kept");
        text_free(&members);
        text_free(&note);
    }
    progress_end(&bar);
    return rc;
}

/* Without what needs held-out pairs along the way, and without a scale: neither changes the order of scores. */
static int train_point(Point *p, const Curve *c, Error *err)
{
    const uint64_t seed = c->ctx->seed;
    PolicyOptions options = reward_options(&c->settings, seed);
    Loaded base = {0};
    Adapter *adapter = NULL;
    Policy *policy = NULL;
    RewardTraining *training = NULL;
    Share share = {0};
    int rc = -1;
    if (loaded_open(&base, c->ctx, NULL, c->model, NULL, err) != 0) return -1;
    if (loaded_train_adapter(&adapter, &base, c->lora, seed, err) != 0) goto done;
    options.adapter = adapter;
    policy = policy_open(base.model, &options);
    const RewardData data = {.train = take_share(&share, c->train, p->labels, seed)};
    training = reward_training_new(policy, &data, &c->settings, seed);
    Trainer trainer = reward_trainer(training);
    rc = run_steps(&trainer, p->labels, err);
    if (rc == 0) p->on = reward_evaluate(policy, c->held_out, NULL, NULL);
    if (rc == 0 && reward_report_is_chance(&p->on))
        p->learned = reward_measure_learned(policy, &data.train);

done:
    reward_training_free(training);
    policy_close(policy);
    adapter_free(adapter);
    share_free(&share);
    loaded_close(&base);
    return rc;
}

/* ---- all of them ------------------------------------------------------------------------------------ */

static void print_json(const Point *point, int n)
{
    printf("{\"n\":%d,\"points\":[", point->on.n);
    for (int i = 0; i < n; i++) {
        const RewardEvaluation *e = &point[i].on;
        double low, high;
        wilson_interval(&low, &high, e->accuracy * e->n, e->n);
        printf("%s{\"labels\":%d,\"accuracy\":%.6g,\"ci\":[%.6g,%.6g],\"loss\":%.6g}", i ? "," : "",
               point[i].labels, e->accuracy, low, high, e->loss);
    }
    printf("]}\n");
}

static void print_point(const Point *p)
{
    const RewardEvaluation *e = &p->on;
    double low, high;
    wilson_interval(&low, &high, e->accuracy * e->n, e->n);
    printf("%14s  right on %.2f [%.2f, %.2f] of %s\n", text_count(p->labels, "label"), e->accuracy,
           low, high, text_count(e->n, "held-out pair"));
}

int reward_curve(const Context *ctx, const char *model, const Pairs *train, const Pairs *held_out,
                 const RewardConfig *settings, const LoraConfig *lora, Error *err)
{
    Curve c = {ctx, model, train, held_out, *settings, lora};
    Point point[CURVE_POINTS];
    int n = 0;
    c.settings.normalize = c.settings.shrink = c.settings.keep_best = false;
    c.settings.valid_every = 0;
    for (int i = CURVE_POINTS - 1; i >= 0; i--) {
        const int labels = train->n >> i;
        if (labels < PREFERENCES_TRAIN_MIN) continue;
        point[n] = (Point){.labels = labels};
        if (train_point(&point[n], &c, err) != 0) return -1;
        if (!ctx->json) print_point(&point[n]);
        fflush(stdout);
        n++;
    }
    if (ctx->json) print_json(point, n);
    else if (n > 1)
        printf("the last doubling: %+.2f; a curve that still rises asks for more labels\n",
               point[n - 1].on.accuracy - point[n - 2].on.accuracy);
    if (!ctx->json && n > 0 && reward_report_is_chance(&point[n - 1].on))
        reward_report_cause(&point[n - 1].learned, point[n - 1].on.accuracy,
                            settings->learning_rate);
    return 0;
}
