/* rlhf classify eval and predict: a classifier on texts of a file, and on those of standard input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/class_report.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include "cli/options.h"

typedef struct {
    const char *model, *data;
} EvalOptions;

/* clang-format off */
#define CLASSIFIER_OPTION {"model", OPTION_TEXT, offsetof(EvalOptions, model), 0, 0, "MODEL", "a classifier (the newest run of classify)"}
/* clang-format on */
static const Option EVAL_OPTIONS[] = {
    {"data", OPTION_TEXT, offsetof(EvalOptions, data), 0, 0, "FILE",
     "JSON lines with text and label, or prompt, completion and label (the imported texts of the "
     "test split)"},
    CLASSIFIER_OPTION,
    {0},
};
static const Option PREDICT_OPTIONS[] = {CLASSIFIER_OPTION, {0}};

/* ---- eval ------------------------------------------------------------------------------------------- */

static int read_texts(ClassTexts *out, const Context *ctx, const EvalOptions *o, const Loaded *l,
                      Error *err)
{
    Store *store = NULL;
    if (o->data) return class_texts_read_file(out, o->data, true, l, err);
    if (open_store(&store, ctx, err) != 0) return -1;
    const int rc = class_texts_read_store(out, store, false, l, err);
    store_close(store);
    return rc;
}

static int evaluate(const Context *ctx, const EvalOptions *o, const Loaded *l,
                    const ClassNames *names, Error *err)
{
    const char *which = o->data ? o->data : "the test split";
    ClassTexts texts = {0};
    LabeledSet set = {0};
    Text json = {0};
    int rc = -1;
    if (read_texts(&texts, ctx, o, l, err) != 0) return -1;
    if (labeled_set_take(&set, &texts, false, names, err) != 0) error_wrap(err, "%s", which);
    else if (set.n == 0) error_set(err, "%s: no texts to evaluate on", which);
    else rc = 0;
    if (rc == 0) {
        ClassReport r = class_report_make(l->policy, names, &set);
        class_report_json(&json, &r, names, ctx, l->folder);
        if (ctx->json) puts(json.bytes);
        else class_report_print(l->name, &r, names, "text");
        class_report_free(&r);
    }
    text_free(&json);
    labeled_set_free(&set);
    class_texts_free(&texts);
    return rc;
}

static int run_eval(Context *ctx, int argc, char **argv, Error *err)
{
    EvalOptions o = {.model = ""};
    Words words;
    Loaded l = {0};
    ClassNames names = {0};
    if (options_parse(ctx, EVAL_OPTIONS, &o, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (!o.data && !*ctx->project)
        return error_usage(err, "which texts? --data FILE, or those of a project");
    if (classifier_open(&l, &names, ctx, o.model, err) != 0) return -1;
    const int rc = evaluate(ctx, &o, &l, &names, err);
    class_names_free(&names);
    loaded_close(&l);
    return rc;
}

/* ---- predict ---------------------------------------------------------------------------------------- */

static void print_prediction(const double *logit, const ClassNames *names)
{
    const int K = names->n;
    double *p = mem_calloc((size_t)K, sizeof *p);
    const char *said = names->name[class_likeliest(logit, K)];
    Text t = {0};
    class_probabilities(p, logit, K);
    text_add(&t, "{\"label\":");
    json_put_text(&t, said, strlen(said));
    text_add(&t, ",\"p\":{");
    for (int k = 0; k < K; k++) {
        if (k) text_add(&t, ",");
        json_put_text(&t, names->name[k], strlen(names->name[k]));
        text_add(&t, ":");
        json_put_number(&t, p[k]);
    }
    text_add(&t, "}}");
    puts(t.bytes);
    text_free(&t);
    free(p);
}

typedef struct {
    Loaded l;
    ClassNames names;
} Predicting;

static int predict_line(void *context, const char *line, size_t n, Error *err)
{
    const Predicting *p = context;
    const Loaded *l = &p->l;
    const ClassNames *names = &p->names;
    const int max_T = l->model->config.max_T;
    cJSON *row = NULL;
    Sequences s = {0};
    char *label = NULL;
    if (json_parse_row(&row, line, n, err) != 0) return -1;
    int rc = class_row_read(&s, &label, false, row, l->tokenizer, err);
    if (rc == 0 && sequences_pending(&s) > max_T)
        rc = error_set(err, "%d tokens are beyond the context of %d", sequences_pending(&s), max_T);
    if (rc == 0) {
        double *logit = mem_calloc((size_t)names->n, sizeof *logit);
        sequences_end(&s);
        classifier_logits(logit, l->policy, names->n, s.token, s.start, 1);
        print_prediction(logit, names);
        free(logit);
    }
    free(label);
    sequences_free(&s);
    cJSON_Delete(row);
    return rc;
}

static int run_predict(Context *ctx, int argc, char **argv, Error *err)
{
    EvalOptions o = {.model = ""};
    Words words;
    Predicting p = {0};
    if (options_parse(ctx, PREDICT_OPTIONS, &o, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (classifier_open(&p.l, &p.names, ctx, o.model, err) != 0) return -1;
    const int rc = lines_read(NULL, predict_line, &p, err);
    class_names_free(&p.names);
    loaded_close(&p.l);
    return rc;
}

const Command classify_eval_command = {
    .name = "eval",
    .summary = "accuracy, confusion and calibration of a classifier on the test split, or a file",
    .usage = "[--data FILE] [--model MODEL]",
    .options = EVAL_OPTIONS,
    .project = PROJECT_OPTIONAL,
    .run = run_eval,
};
const Command classify_predict_command = {
    .name = "predict",
    .summary = "the class of each of JSON lines",
    .usage = "[--model MODEL] < rows.jsonl",
    .details = "One {\"label\":...,\"p\":{CLASS:...}} for each {\"text\":...} or "
               "{\"prompt\":...,\"completion\":...}.",
    .options = PREDICT_OPTIONS,
    .project = PROJECT_OPTIONAL,
    .filter = true,
    .run = run_predict,
};
