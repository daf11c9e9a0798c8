#include "cli/ranking.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_member.h"
#include "base/mem.h"
#include "cli/evaluation.h"
#include "cli/project.h"
#include "cli/wrap.h"

enum { M = BRADLEY_TERRY_MODELS };
const char RANKING_CAUTION[] =
    "Whoever was trained on it is judged by the model it was trained on: an "
    "upper bound, not evidence.";
static const double Z = 1.959963984540054, TIE = 1e-9;

typedef struct {
    char name[FILE_PATH_MAX]; /* RUN@STEP, or the folder */
    char hash[SHA256_HEX];
    double *points; /* (n) */
    double kl, finished, distinct, words;
    double elo, low, high; /* above the first model */
} Ranked;

typedef struct {
    int K, n;                  /* models, prompts */
    char judge[FILE_PATH_MAX]; /* the reward model */
    Ranked model[M];
    WinRate wins[M][M];
    int order[M]; /* the strongest first */
    bool fitted;
} Ranking;

/* ---- answers ---------------------------------------------------------------------------------------- */

static void take_answers(Ranked *m, const Comparison *c, bool base)
{
    const Answers *a = base ? &c->base : &c->aligned;
    m->points = mem_calloc((size_t)c->n + 1, sizeof *m->points);
    memcpy(m->points, comparison_points(c, a), (size_t)c->n * sizeof *m->points);
    m->kl = base ? 0 : c->kl;
    m->finished = base ? c->base_finished : c->finished;
    m->distinct = base ? c->base_distinct : c->distinct;
    m->words = base ? c->base_words : c->words;
}

static int check_new(const Ranking *r, const Ranked *m, Error *err)
{
    for (const Ranked *other = r->model; other < m; other++)
        if (strcmp(other->hash, m->hash) == 0)
            return error_set(err, "%s and %s are the same model", other->name, m->name);
    return 0;
}

/* The base answers for every other model anew, and alike: the keys of its random numbers are those of the prompts. */
static int add_model(Ranking *r, Context *ctx, Store *store, Loaded *base, Loaded *reward,
                     const char *name, const ComparisonOptions *o, Error *err)
{
    char run[RUN_NAME_MAX];
    Loaded l = {0};
    Comparison c = {0};
    Ranked *m = &r->model[r->K];
    int rc = loaded_outline_language(&l, ctx, "model", name, base, err);
    if (rc == 0) rc = comparison_run(&c, store, base, &l, reward, o, err);
    if (rc == 0) {
        project_name_model(ctx, m->name, run, l.folder);
        snprintf(m->hash, sizeof m->hash, "%s", l.hash);
        rc = check_new(r, m, err);
    }
    if (rc == 0) {
        if (r->K == 1) {
            take_answers(&r->model[0], &c, true);
            snprintf(r->model[0].hash, sizeof r->model[0].hash, "%s", base->hash);
        }
        take_answers(m, &c, false);
        r->n = c.n;
        r->K++;
    }
    comparison_free(&c);
    loaded_close(&l);
    return rc;
}

/* ---- strengths -------------------------------------------------------------------------------------- */

static double share(double points, double other)
{
    return points - other > TIE ? 1 : other - points > TIE ? 0 : 0.5;
}

/* Every prompt is a cluster: that one model's answer to it is good decides all its games there. */
static int play(BradleyTerryGame *game, const Ranking *r)
{
    int n = 0;
    for (int p = 0; p < r->n; p++)
        for (int i = 0; i < r->K; i++)
            for (int j = i + 1; j < r->K; j++)
                game[n++] = (BradleyTerryGame){
                    i, j, share(r->model[i].points[p], r->model[j].points[p]), p};
    return n;
}

static void fit(Ranking *r)
{
    const int K = r->K;
    double strength[M], covariance[M * M];
    BradleyTerryGame *game = mem_calloc((size_t)r->n * M * M, sizeof *game);
    const int n = play(game, r);
    r->fitted = bradley_terry_fit(strength, covariance, K, game, n);
    for (int i = 0; i < K && r->fitted; i++) {
        const double variance =
            covariance[i * K + i] + covariance[0] - covariance[i] - covariance[i * K];
        const double half = Z * sqrt(fmax(0, variance)), lead = strength[i] - strength[0];
        r->model[i].elo = bradley_terry_elo(lead);
        r->model[i].low = bradley_terry_elo(lead - half);
        r->model[i].high = bradley_terry_elo(lead + half);
    }
    free(game);
}

/* By strength, or where there is none by the sum of the win rates; of equal ones the first comes first. */
static double rank_value(const Ranking *r, int i)
{
    double sum = 0;
    for (int j = 0; j < r->K; j++) sum += i == j ? 0 : r->wins[i][j].rate;
    return r->fitted ? r->model[i].elo : sum;
}

static void rank(Ranking *r)
{
    for (int i = 0; i < r->K; i++)
        for (int j = 0; j < r->K; j++)
            r->wins[i][j] = win_rate_of_scores(r->model[i].points, r->model[j].points, r->n);
    fit(r);
    for (int i = 0; i < r->K; i++) {
        int place = i;
        for (; place > 0 && rank_value(r, r->order[place - 1]) < rank_value(r, i); place--)
            r->order[place] = r->order[place - 1];
        r->order[place] = i;
    }
}

/* ---- said ------------------------------------------------------------------------------------------- */

static void print_strengths(const Ranking *r, int width)
{
    printf("\n  %-*s    Elo   95%% interval   KL  finished  distinct  words\n", width, "");
    for (int k = 0; k < r->K; k++) {
        const Ranked *m = &r->model[r->order[k]];
        char interval[32] = "", elo[16] = "-";
        if (r->fitted) snprintf(elo, sizeof elo, "%+.0f", m->elo);
        if (r->order[k] == 0) snprintf(elo, sizeof elo, "0");
        else if (r->fitted) snprintf(interval, sizeof interval, "[%+.0f, %+.0f]", m->low, m->high);
        printf("  %-*s  %5s  %13s  %3.1f  %7.0f%%  %7.0f%%  %5.1f\n", width, m->name, elo, interval,
               m->kl, 100 * m->finished, 100 * m->distinct, m->words);
    }
    wrap_print(2,
               r->fitted
                   ? "  points above %s by Bradley and Terry: 100 points win 64 times in 100\n"
                   : "  no strengths: some of the models never lose to others, so that no number "
                     "of points above %s is too high\n",
               r->model[0].name);
}

static void print_wins(const Ranking *r, int width)
{
    printf("\n  %-*s  wins over\n  %-*s", width, "", width, "");
    for (int k = 0; k < r->K; k++) printf("  %*s", width, r->model[r->order[k]].name);
    putchar('\n');
    for (int k = 0; k < r->K; k++) {
        printf("  %-*s", width, r->model[r->order[k]].name);
        for (int l = 0; l < r->K; l++)
            if (k == l) printf("  %*s", width, "-");
            else printf("  %*.2f", width, r->wins[r->order[k]][r->order[l]].rate);
        putchar('\n');
    }
}

static void print(const Ranking *r, const ComparisonOptions *o)
{
    int width = 4;
    for (int i = 0; i < r->K; i++)
        if ((int)strlen(r->model[i].name) > width) width = (int)strlen(r->model[i].name);
    printf("  %d models on %s, temperature %g, by %s%s\n", r->K, text_count(r->n, "test prompt"),
           o->temperature, o->rule ? "the rule " : "the reward model",
           o->rule ? o->rule->name : "");
    if (!o->rule) wrap_print(6, "      %s\n", RANKING_CAUTION);
    print_strengths(r, width);
    print_wins(r, width);
}

/* What decides the numbers: who judged, and how the models were asked. */
static void put_conditions(Text *t, const Ranking *r, const ComparisonOptions *o)
{
    text_format(t, "\"n\":%d,\"judge\":\"%s\"", r->n, o->rule ? "rule" : "reward");
    json_member_text(t, "rule", o->rule ? o->rule->name : NULL);
    json_member_text(t, "reward", o->rule ? NULL : r->judge);
    json_member_text(t, "source", o->source);
    json_member_text(t, "reference", r->model[0].name);
    json_member_number(t, "temperature", o->temperature);
    text_format(t, ",\"max_new_tokens\":%d,\"seed\":%llu", o->max_new_tokens,
                (unsigned long long)o->seed);
}

static void put_json(Text *t, const Ranking *r, const ComparisonOptions *o)
{
    text_add(t, "{");
    put_conditions(t, r, o);
    text_add(t, ",\"models\":[");
    for (int k = 0; k < r->K; k++) {
        const int i = r->order[k];
        const Ranked *m = &r->model[i];
        text_add(t, k ? ",{\"model\":" : "{\"model\":");
        json_put_text(t, m->name, strlen(m->name));
        json_member_text(t, "sha256", m->hash);
        json_member_number(t, "elo", r->fitted ? m->elo : NAN);
        text_add(t, ",\"ci\":[");
        json_put_number(t, r->fitted ? m->low : NAN);
        text_add(t, ",");
        json_put_number(t, r->fitted ? m->high : NAN);
        text_add(t, "],\"wins_over\":[");
        for (int l = 0; l < r->K; l++) {
            text_add(t, l ? "," : "");
            json_put_number(t, l == k ? NAN : r->wins[i][r->order[l]].rate);
        }
        text_add(t, "]");
        json_member_number(t, "kl", m->kl);
        json_member_number(t, "finished", m->finished);
        json_member_number(t, "distinct", m->distinct);
        json_member_number(t, "words", m->words);
        text_add(t, "}");
    }
    text_add(t, "]}");
}

int ranking_run(Context *ctx, Store *store, Loaded *base, Loaded *reward, const char *const *names,
                int n, const ComparisonOptions *o, Error *err)
{
    Ranking *r = mem_calloc(1, sizeof *r);
    Text json = {0};
    char run[RUN_NAME_MAX];
    int rc = 0;
    if (n > M) rc = error_usage(err, "%d models: at most %d at once", n, M);
    project_name_model(ctx, r->model[0].name, run, base->folder);
    if (reward) project_name_model(ctx, r->judge, run, reward->folder);
    r->K = 1;
    for (int i = 1; i < n && rc == 0; i++)
        rc = add_model(r, ctx, store, base, reward, names[i], o, err);
    if (rc == 0) {
        rank(r);
        put_json(&json, r, o);
        rc = store_add_evaluation(store, RANKING_RECORD, NULL, json.bytes, err);
    }
    if (rc == 0 && ctx->json) puts(json.bytes);
    else if (rc == 0) print(r, o);
    for (int i = 0; i < M; i++) free(r->model[i].points);
    free(r);
    text_free(&json);
    return rc;
}
