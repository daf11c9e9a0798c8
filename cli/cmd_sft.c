/* rlhf sft: supervised fine-tuning on the demonstrations. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/loaded.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/training.h"
#include "policy/supervised.h"

typedef struct {
    TrainingFlags training;
    const char *model;
} SftOptions;

static const Option OPTIONS[] = {
    TRAINING_OPTIONS(SftOptions, training),
    {"model", OPTION_TEXT, offsetof(SftOptions, model), 0, 0, "MODEL",
     "the model it starts from (base)"},
    {0},
};
static const ConfigTable *const SECTIONS[] = {&SFT_TABLE, &LORA_TABLE, NULL};

/* Demonstrations of one split as tokens; only those of the response are learned. */
typedef struct {
    ExampleSet examples;
    int n, too_long; /* demonstrations, of a conversation several in one example; those left out */
} DemonstrationSet;

typedef struct {
    Context *ctx;
    SftOptions options;
    SupervisedConfig settings;
    LoraConfig lora;
    Store *store;
    Loaded base;
    DemonstrationSet train, valid;
    Adapter *adapter;
    Policy *policy;
    Supervised *supervised;
    TrainingRun run;
} Sft;

/* A pair that does not fit is left out: cut short, it would teach to break off. */
static int add_demonstration(DemonstrationSet *d, const Loaded *l, const StoreDemonstration *row,
                             Error *err)
{
    Sequences one = {0};
    int rc = add_conversation_tokens(&one, l->tokenizer, row->prompt, row->template, err);
    const int prompt = sequences_pending(&one);
    if (rc == 0)
        rc = add_response_tokens(&one, l->tokenizer, row->response, row->template, NULL, 0, err);
    const int n = sequences_pending(&one);
    if (rc == 0 && n > l->model->config.max_T) d->too_long++;
    else if (rc == 0) {
        example_set_add(&d->examples, one.token, n, prompt);
        d->n++;
    }
    sequences_free(&one);
    return rc == 0 ? 0 : error_wrap(err, "demonstration %lld", (long long)row->id);
}

static int read_demonstrations(DemonstrationSet *d, const Sft *w, Split split, Error *err)
{
    StoreDemonstrationList list = {0};
    int rc = store_list_demonstrations(w->store, split, &list, err);
    if (rc != 0) return -1;
    for (size_t i = 0; i < list.n && rc == 0; i++)
        rc = add_demonstration(d, &w->base, &list.row[i], err);
    store_demonstrations_free(&list);
    example_set_fold(&d->examples);
    return rc;
}

/* Which tokens are learned is told by where the prompts end, but for examples of several answers. */
static void hash_demonstrations(char out[SHA256_HEX], const DemonstrationSet *d)
{
    const Examples e = example_set_examples(&d->examples);
    const size_t n = (size_t)e.n;
    const size_t tokens = n ? (size_t)e.start[n] : 0;
    int *prompt = mem_calloc(n + 1, sizeof *prompt);
    for (int i = 0; i < e.n; i++)
        while (prompt[i] < e.start[i + 1] - e.start[i] && !e.learned[e.start[i] + prompt[i]])
            prompt[i]++;
    sha256_parts(out,
                 (const HashPart[]){{e.token, tokens * sizeof *e.token},
                                    {e.start, n * sizeof *e.start},
                                    {prompt, n * sizeof *prompt},
                                    {e.learned, tokens}},
                 e.n < d->n ? 4 : 3);
    free(prompt);
}

static int no_demonstrations(Store *store, Error *err)
{
    StoreStatus status;
    if (store_status(store, &status, err) != 0) return -1;
    const long long held_out = status.demonstrations;
    store_status_free(&status);
    if (held_out > 0) {
        error_set(err, "none of %s is in the train split", text_count(held_out, "demonstration"));
        return error_hint(
            err,
            "bring in others for it: rlhf import FILE --split train, or rlhf write --split train");
    }
    error_set(err, "no demonstrations to learn from yet");
    return error_hint(err, "bring some in with: rlhf import FILE  ({\"prompt\": ..., "
                           "\"completion\": ...} on each line)");
}

static int read_all(Sft *w, Error *err)
{
    const int max_T = w->base.model->config.max_T;
    if (read_demonstrations(&w->train, w, SPLIT_TRAIN, err) != 0) return -1;
    if (read_demonstrations(&w->valid, w, SPLIT_VALID, err) != 0) return -1;
    const int too_long = w->train.too_long + w->valid.too_long;
    if (w->train.n == 0 && w->train.too_long > 0)
        return error_set(err, "%s, all beyond the context of %d tokens",
                         text_count(too_long, "demonstration"), max_T);
    if (w->train.n == 0) return no_demonstrations(w->store, err);
    const int sequences = w->train.examples.sequences.n;
    log_line("%s to learn from%s%s, %s held out, %s beyond the context of %d left out",
             text_count(w->train.n, "demonstration"), sequences < w->train.n ? ", in " : "",
             sequences < w->train.n ? text_count(sequences, "sequence") : "",
             text_thousands(w->valid.n), text_thousands(too_long), max_T);
    if (w->valid.n == 0)
        log_line("%s too few to hold any out: what it learns cannot be told from what it comes to "
                 "know by heart; others to measure on: rlhf import FILE --split valid",
                 w->train.n == 1 ? "1 demonstration is" : "these are");
    return 0;
}

static int train(Sft *w, Error *err)
{
    PolicyOptions options = supervised_options(&w->settings);
    const Examples train = example_set_examples(&w->train.examples),
                   valid = example_set_examples(&w->valid.examples);
    if (loaded_train_adapter(&w->adapter, &w->base, &w->lora, w->ctx->seed, err) != 0) return -1;
    options.adapter = w->adapter;
    options.recompute = w->options.training.recompute;
    w->policy = policy_open(w->base.model, &options);
    w->supervised = supervised_new(w->policy, &train, &valid, &w->settings, w->ctx->seed);
    Trainer trainer = supervised_trainer(w->supervised);
    const TrainingOptions o = {.name = "sft",
                               .unit = "step",
                               .save_every = w->settings.save_every,
                               .keep = w->settings.keep};
    w->run.work = supervised_work(&w->settings, &train, w->adapter != NULL);
    if (training_go(&w->run, &trainer, &o, w->policy, w->base.tokenizer, err) != 0) return -1;
    if (w->run.end == TRAINING_FINISHED) {
        log_line("%s has learned from %s in %s", w->run.name,
                 text_count(w->train.n, "demonstration"), text_count(w->run.steps, "step"));
        if (training_name_model(&w->run, "base", err) != 0) return -1;
    }
    training_report(&w->run);
    return 0;
}

/* All that can be refused before the weights are read, and they. */
static int open_base(Sft *w, Error *err)
{
    const ModelUse use = {.predicts = true, .trained = true, .predictions_trained = true};
    if (loaded_outline_language(&w->base, w->ctx, "start", w->options.model, NULL, err) != 0)
        return -1;
    if (loaded_check_lora(&w->base, &w->lora, err) != 0 || read_all(w, err) != 0) return -1;
    const PlanTokens tokens = {(int64_t)w->settings.batch_size *
                                   sequences_longest(&w->train.examples.sequences),
                               w->valid.examples.sequences.tokens};
    if (memory_plan_training(&w->base, supervised_options(&w->settings), tokens, &w->lora, &use,
                             &w->options.training, err) != 0)
        return -1;
    return loaded_read(&w->base, err);
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    Sft w = {.ctx = ctx, .options = {.model = "base"}};
    Config c = {0};
    Words words;
    Text inputs = {0};
    char train_hash[SHA256_HEX], valid_hash[SHA256_HEX];
    int rc = -1;
    config_bind(&c, &SFT_TABLE, &w.settings);
    config_bind(&c, &LORA_TABLE, &w.lora);
    if (options_parse(ctx, OPTIONS, &w.options, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (training_settings(ctx, &c, "sft", &w.options.training, err) != 0) return -1;
    if (open_store(&w.store, ctx, err) != 0) goto done;
    if (open_base(&w, err) != 0) goto done;
    hash_demonstrations(train_hash, &w.train);
    hash_demonstrations(valid_hash, &w.valid);
    text_format(&inputs, "{\"model\": \"%s\", \"train\": \"%s\", \"valid\": \"%s\"}", w.base.hash,
                train_hash, valid_hash);
    loaded_adopt_lora(&w.lora, &w.base);
    if (training_begin(&w.run, ctx, w.store, "sft", &w.options.training, &c, inputs.bytes, err) !=
        0)
        goto done;
    rc = train(&w, err);

done:
    training_end(&w.run);
    supervised_free(w.supervised);
    policy_close(w.policy);
    adapter_free(w.adapter);
    example_set_free(&w.train.examples);
    example_set_free(&w.valid.examples);
    loaded_close(&w.base);
    store_close(w.store);
    text_free(&inputs);
    return rc;
}

const Command cmd_sft = {
    .name = "sft",
    .heading = "train",
    .summary = "supervised fine-tuning on the demonstrations",
    .usage = "[--model MODEL] [--run NAME] [--resume]",
    .details = "Learns the responses of the train split, not the prompts, and all answers of a "
               "conversation in one pass;\n"
               "the loss on the valid split is measured.  The finished run becomes the project's "
               "`base`: sampling, reward\n"
               "and PPO start from it.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .project = PROJECT_NEEDED,
    .run = run,
};
