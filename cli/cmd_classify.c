/* rlhf classify: trains a classifier of texts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/class_report.h"
#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/training.h"

typedef struct {
    TrainingFlags training;
    const char *model, *data, *valid;
    bool thumbs, no_eval;
} ClassifyOptions;

static const Option OPTIONS[] = {
    TRAINING_OPTIONS(ClassifyOptions, training),
    {"model", OPTION_TEXT, offsetof(ClassifyOptions, model), 0, 0, "MODEL",
     "the model it starts from (base)"},
    {"data", OPTION_TEXT, offsetof(ClassifyOptions, data), 0, 0, "FILE",
     "JSON lines with text and label, or prompt, completion and label, instead of what was "
     "imported; one in five "
     "is held out"},
    {"valid", OPTION_TEXT, offsetof(ClassifyOptions, valid), 0, 0, "FILE",
     "such lines to hold out, instead of some of --data"},
    {"thumbs", OPTION_SWITCH, offsetof(ClassifyOptions, thumbs), 0, 0, NULL,
     "the project's judgements of single answers: up and down"},
    {"no-eval", OPTION_SWITCH, offsetof(ClassifyOptions, no_eval), 0, 0, NULL,
     "do not measure it on held-out texts, of which there may be too few"},
    {0},
};
static const ConfigTable *const SECTIONS[] = {&CLASSIFY_TABLE, &LORA_TABLE, NULL};

typedef struct {
    Context *ctx;
    ClassifyOptions options;
    ClassifyConfig settings;
    LoraConfig lora;
    Store *store;
    Loaded base;
    ClassNames names;
    LabeledSet train, valid;
    int too_long;
    Adapter *adapter;
    Policy *policy;
    ClassifierTraining *training;
    TrainingRun run;
} Classify;

/* ---- what it learns from ---------------------------------------------------------------------------- */

static int check_texts(const Classify *w, Error *err)
{
    if (w->train.n + w->valid.n + w->too_long == 0 && !w->options.data && !w->options.thumbs) {
        error_set(err, "no texts with classes to learn from yet");
        return error_hint(err, "bring some in with: rlhf import FILE  ({\"text\": ..., \"label\": "
                               "...} on each line); or name others: --data FILE, --thumbs");
    }
    if (w->train.n == 0 && w->too_long > 0)
        return error_set(err, "every text (%d) is beyond the context of %d", w->too_long,
                         w->base.model->config.max_T);
    if (w->train.n < CLASS_TRAIN_MIN)
        return error_set(err, "%s are too few to learn from (at least %d)",
                         text_count(w->train.n, "text"), CLASS_TRAIN_MIN);
    if (w->names.n < 2)
        return error_set(err, "all %d texts are of the class '%.60s'; nothing tells classes apart",
                         w->train.n, w->names.name[0]);
    if (w->valid.n >= CLASS_HELD_OUT_MIN || w->options.no_eval) return 0;
    return error_set(err,
                     "%s held out, at least %d are needed (%d to learn from); more texts, %sor: "
                     "rlhf classify --no-eval",
                     text_count(w->valid.n, "text"), CLASS_HELD_OUT_MIN, w->train.n,
                     w->options.data ? "--valid FILE, " : "");
}

static int read_sources(ClassTexts *texts, ClassTexts *valid, const Classify *w, Error *err)
{
    const ClassifyOptions *o = &w->options;
    if (o->thumbs) return class_texts_read_thumbs(texts, w->store, &w->base, err);
    if (!o->data) return class_texts_read_store(texts, w->store, true, &w->base, err);
    if (class_texts_read_file(texts, o->data, o->valid != NULL, &w->base, err) != 0) return -1;
    return o->valid ? class_texts_read_file(valid, o->valid, true, &w->base, err) : 0;
}

/* Near-duplicates stay in one split, so all texts of a class may be where nothing is learned from. */
static void warn_of_held_out(const Classify *w)
{
    int *texts = mem_calloc((size_t)w->names.n, sizeof *texts);
    for (int i = 0; i < w->train.n; i++) texts[w->train.label[i]]++;
    for (int k = 0; k < w->names.n; k++)
        if (texts[k] == 0)
            log_line("warning: the class %s is not learned: all of its texts are held out",
                     w->names.name[k]);
    free(texts);
}

/* The same of classes that are in the test split alone, of which the model has no head. */
static int warn_of_test(const Classify *w, Error *err)
{
    StoreClassTextList list = {0};
    ClassNames told = {0};
    if (store_list_class_texts(w->store, SPLIT_TEST, &list, err) != 0) return -1;
    for (size_t i = 0; i < list.n; i++) {
        const char *name = list.row[i].class_name;
        if (class_names_find(&w->names, name) >= 0 || class_names_find(&told, name) >= 0) continue;
        class_names_add(&told, name);
        log_line("warning: the class %s is not learned: all of its texts are in the test split",
                 name);
    }
    class_names_free(&told);
    store_class_texts_free(&list);
    return 0;
}

/* The classes are those of what is learned from; a file of its own to hold out has no others. */
static int read_texts(Classify *w, Error *err)
{
    ClassTexts texts = {0}, valid = {0};
    int rc = read_sources(&texts, &valid, w, err);
    w->too_long = texts.too_long + valid.too_long;
    for (int i = 0; i < texts.n && rc == 0; i++) class_names_add(&w->names, texts.class_name[i]);
    if (rc == 0) rc = labeled_set_take(&w->train, &texts, false, &w->names, err);
    if (rc == 0)
        rc = w->options.valid ? labeled_set_take(&w->valid, &valid, false, &w->names, err)
                              : labeled_set_take(&w->valid, &texts, true, &w->names, err);
    if (rc != 0 && w->options.valid) error_wrap(err, "%s", w->options.valid);
    class_texts_free(&texts);
    class_texts_free(&valid);
    if (rc != 0 || check_texts(w, err) != 0) return -1;
    log_line("%s of %d classes to learn from, %d held out, %d beyond the context of %d left out",
             text_count(w->train.n, "text"), w->names.n, w->valid.n, w->too_long,
             w->base.model->config.max_T);
    warn_of_held_out(w);
    return w->options.data || w->options.thumbs ? 0 : warn_of_test(w, err);
}

static void put_inputs(Text *t, const Classify *w)
{
    Text names = {0};
    char hash[SHA256_HEX];
    for (int k = 0; k < w->names.n; k++) text_format(&names, "%s\n", w->names.name[k]);
    sha256_hex(hash, names.bytes, names.n);
    text_format(t,
                "{\"model\": \"%s\", \"texts\": \"%s\", \"held_out\": \"%s\", \"classes\": \"%s\"}",
                w->base.hash, w->train.sha256, w->valid.sha256, hash);
    text_free(&names);
}

/* ---- training --------------------------------------------------------------------------------------- */

static int save_names(void *context, const char *dir, Error *err)
{
    return class_names_write(&((Classify *)context)->names, dir, err);
}

static int report(Classify *w, Error *err)
{
    Text json = {0};
    if (w->run.end != TRAINING_FINISHED || w->valid.n == 0 || w->options.no_eval) {
        if (w->run.end == TRAINING_FINISHED) log_line("not measured; held-out texts: --valid FILE");
        training_report(&w->run);
        return 0;
    }
    ClassReport r = class_report_make(w->policy, &w->names, &w->valid);
    class_report_json(&json, &r, &w->names, w->ctx, w->run.model);
    const int rc = evaluation_add(w->store, w->ctx, "classify eval", w->run.model, json.bytes, err);
    if (rc == 0 && w->ctx->json)
        printf("{\"run\":\"%s\",\"steps\":%lld,\"final\":%s,\"checkpoint\":\"%s\"}\n", w->run.name,
               (long long)w->run.steps, json.bytes, w->run.model);
    else if (rc == 0) class_report_print(w->run.name, &r, &w->names, "held-out text");
    class_report_free(&r);
    text_free(&json);
    return rc;
}

static int train(Classify *w, Error *err)
{
    const int K = w->names.n;
    const LabeledTexts train = labeled_texts(&w->train), valid = labeled_texts(&w->valid);
    PolicyOptions options = classifier_options(&w->settings, K, w->ctx->seed);
    if (loaded_train_adapter(&w->adapter, &w->base, &w->lora, w->ctx->seed, err) != 0) return -1;
    options.adapter = w->adapter;
    options.recompute = w->options.training.recompute;
    w->policy = policy_open(w->base.model, &options);
    w->training = classifier_training_new(w->policy, K, &train, &valid, &w->settings, w->ctx->seed);
    Trainer trainer = classifier_trainer(w->training, save_names, w);
    const TrainingOptions o = {.name = "classify",
                               .unit = "step",
                               .save_every = w->settings.save_every,
                               .keep = w->settings.keep};
    if (train.n > 0)
        w->run.work = trained_work(w->settings.batch_size, (double)train.start[train.n] / train.n,
                                   w->settings.max_tokens, false, w->adapter != NULL);
    if (training_go(&w->run, &trainer, &o, w->policy, w->base.tokenizer, err) != 0) return -1;
    return report(w, err);
}

/* All that can be refused before the weights are read, and they. */
static int open_base(Classify *w, Error *err)
{
    if (loaded_outline(&w->base, w->ctx, "start", w->options.model, NULL, err) != 0) return -1;
    if (loaded_check_lora(&w->base, &w->lora, err) != 0 || read_texts(w, err) != 0) return -1;
    const PolicyOptions options = classifier_options(&w->settings, w->names.n, w->ctx->seed);
    const PlanTokens tokens = {(int64_t)w->settings.batch_size *
                                   sequences_longest(&w->train.sequences),
                               w->valid.sequences.tokens};
    if (memory_plan_training(&w->base, options, tokens, &w->lora, &(ModelUse){.trained = true},
                             &w->options.training, err) != 0)
        return -1;
    return loaded_read(&w->base, err);
}

static int check_options(const ClassifyOptions *o, Error *err)
{
    if (o->data && o->thumbs)
        return error_usage(err, "which texts? --data FILE or --thumbs, one of the two");
    if (o->valid && !o->data) return error_usage(err, "--valid goes with --data");
    return 0;
}

static int run_train(Context *ctx, int argc, char **argv, Error *err)
{
    Classify w = {.ctx = ctx, .options = {.model = "base"}};
    Config c = {0};
    Words words;
    Text inputs = {0};
    int rc = -1;
    config_bind(&c, &CLASSIFY_TABLE, &w.settings);
    config_bind(&c, &LORA_TABLE, &w.lora);
    if (options_parse(ctx, OPTIONS, &w.options, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (check_options(&w.options, err) != 0) return -1;
    if (training_settings(ctx, &c, "classify", &w.options.training, err) != 0) return -1;
    if (open_store(&w.store, ctx, err) != 0) goto done;
    if (open_base(&w, err) != 0) goto done;
    put_inputs(&inputs, &w);
    loaded_adopt_lora(&w.lora, &w.base);
    if (training_begin(&w.run, ctx, w.store, "classify", &w.options.training, &c, inputs.bytes,
                       err) != 0)
        goto done;
    rc = train(&w, err);

done:
    training_end(&w.run);
    classifier_training_free(w.training);
    policy_close(w.policy);
    adapter_free(w.adapter);
    labeled_set_free(&w.train);
    labeled_set_free(&w.valid);
    class_names_free(&w.names);
    loaded_close(&w.base);
    store_close(w.store);
    text_free(&inputs);
    return rc;
}

static const Command *const SECONDS[] = {&classify_eval_command, &classify_predict_command, NULL};

const Command cmd_classify = {
    .name = "classify",
    .heading = "train",
    .summary = "a classifier of texts, or of answers by thumbs up and down",
    .usage = "[--data FILE [--valid FILE] | --thumbs] [--model MODEL] [--run NAME] [--resume]",
    .details =
        "Learns from the texts with labels that rlhf import has taken, or from others.  A head "
        "for each class, read at the\n"
        "end of the text; accuracy, confusion and calibration on held-out texts: of the "
        "imported, the valid split.\n"
        "Saved as transformers' ...ForSequenceClassification with the names of the classes. "
        " The log-odds of a class\n"
        "are a reward for rlhf ppo: --reward RUN --reward-class CLASS.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .seconds = SECONDS,
    .project = PROJECT_NEEDED,
    .run = run_train,
};
