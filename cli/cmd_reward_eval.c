/* rlhf reward eval: how often a reward model is right, and where it is not. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/options.h"
#include "cli/label_pairs.h"
#include "cli/project.h"
#include "cli/next_line.h"
#include "cli/reward_report.h"
#include "cli/worst_pairs.h"

typedef struct {
    const char *model, *class, *data, *as;
    int worst;
    bool review, line;
} EvalOptions;

static const Option OPTIONS[] = {
    {"model", OPTION_TEXT, offsetof(EvalOptions, model), 0, 0, "MODEL", "a reward model (reward)"},
    {"class", OPTION_TEXT, offsetof(EvalOptions, class), 0, 0, "CLASS",
     "of a classifier: the class whose log-odds are the score"},
    {"data", OPTION_TEXT, offsetof(EvalOptions, data), 0, 0, "FILE",
     "JSON lines with prompt, chosen, rejected (default: the store's valid split)"},
    {"worst", OPTION_INT, offsetof(EvalOptions, worst), 1, 1e6, "N",
     "show the pairs that it orders against their labels, the N that it is surest about"},
    {"review", OPTION_SWITCH, offsetof(EvalOptions, review), 0, 0, NULL,
     "label these pairs (20 unless --worst says how many) once more, now"},
    {"as", OPTION_TEXT, offsetof(EvalOptions, as), 0, 0, "NAME", "who reviews, as in rlhf label"},
    {"line", OPTION_SWITCH, offsetof(EvalOptions, line), 0, 0, NULL,
     "review line by line, as in rlhf label"},
    {0},
};
enum { WORST = 20 };

typedef struct {
    Context *ctx;
    EvalOptions options;
    Loaded model;
    PreferenceSet pairs;
    Store *store; /* NULL: the pairs are of a file */
    double *chosen, *rejected;
    WorstPairs worst;
} Eval;

static int read_pairs(Eval *w, Error *err)
{
    const EvalOptions *o = &w->options;
    const Loaded *l = &w->model;
    const int max_T = l->model->config.max_T;
    const bool keep = o->worst > 0;
    if (o->data) return preferences_read_file(&w->pairs, o->data, keep, l->tokenizer, max_T, err);
    if (!*w->ctx->project)
        return error_usage(err, "which pairs? --data FILE, or inside a project its valid split");
    if (open_store(&w->store, w->ctx, err) != 0) return -1;
    const PreferenceReading reading = {.filter = {.split = SPLIT_VALID}, .keep = keep};
    return preferences_read(&w->pairs, w->store, &reading, l->tokenizer, max_T, err);
}

/* Whether it learned what it was trained on was found when it was trained, and stays true. */
static int was_underfit(bool *out, const Eval *w, Error *err)
{
    char name[FILE_PATH_MAX], run[RUN_NAME_MAX], *before = NULL;
    *out = false;
    if (!w->store) return 0;
    project_name_model(w->ctx, name, run, w->model.folder);
    if (evaluation_of_reward(&before, w->store, name, err) != 0) return -1;
    *out = evaluation_is_underfit(before);
    free(before);
    return 0;
}

static void print_json(const Eval *w, Text *json)
{
    if (w->options.worst > 0) {
        json->bytes[--json->n] = 0; /* one object with one more member */
        text_add(json, ",\"worst\":");
        worst_pairs_json(json, &w->worst, &w->pairs);
        text_add(json, "}");
    }
    fprintf(w->options.review ? stderr : stdout, "%s\n", json->bytes);
}

static int report(const Eval *w, const RewardEvaluation *e, Error *err)
{
    const EvalOptions *o = &w->options;
    const NoiseCeiling ceiling = noise_ceiling(&w->pairs, NULL);
    Text json = {0};
    bool underfit;
    if (was_underfit(&underfit, w, err) != 0) return -1;
    reward_report_json(&json, e, &ceiling, underfit, w->ctx, w->model.folder);
    int rc = 0;
    if (w->store)
        rc = evaluation_add(w->store, w->ctx, "reward eval", w->model.folder, json.bytes, err);
    if (rc == 0 && w->ctx->json) print_json(w, &json);
    else if (rc == 0) {
        reward_report_print(o->model, e, &ceiling, o->data, "", o->worst > 0);
        if (o->worst > 0 && !o->review) worst_pairs_print(&w->worst, &w->pairs);
        if (w->store && !o->review && project_is_model(w->ctx, w->model.folder, "reward"))
            rc = next_line_print(w->ctx, w->store, err);
    }
    text_free(&json);
    return rc;
}

static int review(const Eval *w, Error *err)
{
    const WorstPairs *worst = &w->worst;
    const size_t n = (size_t)worst->n;
    if (n == 0) {
        printf("it orders no pair against its labels: nothing to review\n");
        return 0;
    }
    int64_t *comparison = mem_calloc(n, sizeof *comparison);
    for (size_t i = 0; i < n; i++) comparison[i] = w->pairs.row[worst->pair[i].first].comparison_id;
    const int rc =
        label_pairs(w->ctx, w->store, comparison, n, w->options.as, w->options.line, err);
    free(comparison);
    return rc;
}

static int evaluate(Eval *w, Error *err)
{
    const EvalOptions *o = &w->options;
    if (reward_open(&w->model, w->ctx, o->model, o->class, err) != 0) return -1;
    if (read_pairs(w, err) != 0) return -1;
    if (w->pairs.n == 0) return error_set(err, "no pairs to evaluate on");
    const Pairs p = preferences_pairs(&w->pairs);
    w->chosen = mem_calloc((size_t)p.n, sizeof *w->chosen);
    w->rejected = mem_calloc((size_t)p.n, sizeof *w->rejected);
    const RewardEvaluation e = reward_measure(w->model.policy, &p, w->chosen, w->rejected);
    if (o->worst > 0) w->worst = worst_pairs_find(&w->pairs, w->chosen, w->rejected, o->worst);
    if (report(w, &e, err) != 0) return -1;
    return o->review ? review(w, err) : 0;
}

static int run_eval(Context *ctx, int argc, char **argv, Error *err)
{
    Eval w = {.ctx = ctx, .options = {.model = "reward"}};
    EvalOptions *o = &w.options;
    Words words;
    if (options_parse(ctx, OPTIONS, o, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (o->review && o->data)
        return error_usage(err,
                           "--review is for the project's pairs; --data FILE has none of them");
    if (o->review && o->worst == 0) o->worst = WORST;
    const int rc = evaluate(&w, err);
    worst_pairs_free(&w.worst);
    free(w.chosen);
    free(w.rejected);
    preferences_free(&w.pairs);
    loaded_close(&w.model);
    store_close(w.store);
    return rc;
}

const Command reward_eval_command = {
    .name = "eval",
    .summary = "accuracy of a reward model on held-out pairs, or those of a file",
    .usage = "[--model MODEL] [--data FILE] [--worst N]\n--review [--worst N] [--as NAME] [--line]",
    .details = "Ties count half, and a pair counts once, its labels averaged.  Beside it stands "
               "what always choosing the answer of more tokens reaches,\n"
               "and what nobody can do better than, where that is known: from pairs that several "
               "people labeled, or from\nthe errors that a rule made on purpose.",
    .options = OPTIONS,
    .project = PROJECT_OPTIONAL,
    .run = run_eval,
};
