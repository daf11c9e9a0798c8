/* rlhf pretrain: a language model from raw text, with a tokenizer of its own unless it has one. */
#include <stdio.h>
#include <stdlib.h>

#include "base/config_key.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/corpus_tokens.h"
#include "cli/loaded.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/training.h"
#include "policy/model_settings.h"
#include "policy/supervised.h"

typedef struct {
    TrainingFlags training;
    const char *model, *tokenizer;
    bool distinct;
} PretrainOptions;

static const Option OPTIONS[] = {
    TRAINING_OPTIONS(PretrainOptions, training),
    {"model", OPTION_TEXT, offsetof(PretrainOptions, model), 0, 0, "MODEL",
     "start from these weights instead of random ones"},
    {"tokenizer", OPTION_TEXT, offsetof(PretrainOptions, tokenizer), 0, 0, "DIR",
     "use the tokenizer of this folder instead of a new one"},
    {"distinct", OPTION_SWITCH, offsetof(PretrainOptions, distinct), 0, 0, NULL,
     "leave out documents that repeat others, as is always done with folders"},
    {0},
};
static const ConfigTable *const SECTIONS[] = {&PRETRAIN_TABLE, &MODEL_TABLE, NULL};
static const char END_OF_TEXT[] = "<|endoftext|>";

/* Of documents that are held out by their hash, before there is a tokenizer to count with. */
enum { BYTES_A_TOKEN = 4 };
/* A new model with more is warned of.  Twenty tokens a weight are what training makes best use of (Hoffmann et
 * al. 2022); this is one part in two hundred of that. */
enum { WEIGHTS_A_TOKEN_MAX = 10 };

typedef struct {
    Context *ctx;
    PretrainOptions options;
    SupervisedConfig settings;
    ModelSettings shape;
    Corpus corpus;
    Loaded start; /* with --model, until its weights are read */
    Tokenizer *tokenizer;
    Model *model;
    Policy *policy;
    CorpusTokens tokens;
    Supervised *supervised;
    Store *store;
    TrainingRun run;
    char tokenizer_dir[FILE_PATH_MAX];
} Pretrain;

static int make_tokenizer(Pretrain *p, Error *err)
{
    char path[FILE_PATH_MAX];
    Progress bar;
    if (p->tokenizer) return 0;
    if (path_join(path, p->tokenizer_dir, "tokenizer.json", err) != 0) return -1;
    if (p->options.training.resume && file_exists(path))
        return tokenizer_open(&p->tokenizer, p->tokenizer_dir, err);
    const char *special[] = {END_OF_TEXT};
    progress_begin(&bar, "tokenizer", 0, "");
    const int rc = tokenizer_train(&p->tokenizer, (const char *const *)p->corpus.text, p->corpus.n,
                                   p->shape.vocabulary, special, 1, err);
    progress_end(&bar);
    return rc;
}

static int check_memory(Pretrain *p, const ModelConfig *c, Error *err)
{
    const ModelUse use = {
        .predicts = true, .trained = true, .predictions_trained = true, .changed = true};
    TrainingFlags *flags = &p->options.training;
    PolicyOptions options = supervised_options(&p->settings);
    MemoryPlan plan[2] = {{.tell = flags->dry_run}, {.tell = flags->dry_run}};
    for (int again = 0; again < 2; again++) {
        options.recompute = again;
        memory_plan_add(&plan[again], "weights", model_memory(c, &use));
        memory_plan_add(&plan[again], "training", policy_memory(c, &options));
    }
    return memory_plan_check(memory_plan_choose(&plan[0], &plan[1], &flags->recompute),
                             p->options.model ? "a smaller pretrain.max_tokens takes less"
                                              : "a smaller pretrain.max_tokens or model.width "
                                                "takes less",
                             err);
}

static int open_model(Pretrain *p, Error *err)
{
    Loaded *l = &p->start;
    if (loaded_outline_language(l, p->ctx, "base", p->options.model, NULL, err) != 0) return -1;
    if (l->adapter)
        return error_set(err, "%s is an adapter; pretraining changes all weights of a whole model",
                         l->name);
    return check_memory(p, &l->model->config, err);
}

/* A new model has as many tokens as its tokenizer, which may have learned fewer than the settings allow. */
static int check_shape(Pretrain *p, Error *err)
{
    ModelConfig config;
    if (p->options.tokenizer && tokenizer_open(&p->tokenizer, p->options.tokenizer, err) != 0)
        return -1;
    const int V = p->tokenizer ? tokenizer_size(p->tokenizer) : p->shape.vocabulary;
    if (model_settings_config(&config, &p->shape, V, 0, err) != 0) return -1;
    return check_memory(p, &config, err);
}

/* A file of settings may hold a shape that is meant for other runs; who types one means this. */
static int check_given(const Pretrain *p, const Config *c, Error *err)
{
    const int s = config_section(c, MODEL_TABLE.name);
    for (int i = 0; p->options.model && i < MODEL_TABLE.n; i++)
        if (c->origin[s][i] >= CONFIG_FROM_SET)
            return error_usage(err,
                               "model.%s is of a new model, and --model %s has its own; leave out "
                               "one of them",
                               MODEL_TABLE.fields[i].name, p->options.model);
    return 0;
}

static int make_model(Pretrain *p, Error *err)
{
    ModelConfig config;
    if (p->options.model) {
        if (loaded_read(&p->start, err) != 0) return -1;
        p->model = p->start.model, p->tokenizer = p->start.tokenizer;
        p->start = (Loaded){0};
        return 0;
    }
    if (make_tokenizer(p, err) != 0) return -1;
    if (model_settings_config(&config, &p->shape, tokenizer_size(p->tokenizer),
                              tokenizer_eos(p->tokenizer), err) != 0)
        return -1;
    p->model = model_new(&config, p->ctx->seed);
    return 0;
}

/* How the files were understood: a book in one file is one document, and then nothing is held out. */
static void say_what_was_read(const Pretrain *p)
{
    const ModelConfig *config = &p->model->config;
    log_line("%s, %s of text in %s, vocabulary %s",
             text_count((long long)p->model->parameters.n, "weight"),
             text_count(p->tokens.train.tokens, "token"), text_count(p->corpus.n, "document"),
             text_thousands(config->V));
    if (p->corpus.plain)
        log_line("plain text: %s, each one document, cut every %d tokens; documents of their own: "
                 "a .jsonl with {\"text\": ...} a line",
                 text_count(p->corpus.plain, "file"), config->max_T);
    if (!p->options.model &&
        (double)p->tokens.train.tokens * WEIGHTS_A_TOKEN_MAX < (double)p->model->parameters.n)
        log_line("that is very little text for so many weights: expect a model that knows it by "
                 "heart and little else; use more text, or a smaller --width and --layers");
    if (p->tokens.valid.n == 0)
        log_line("nothing is held out: that begins at %d documents", CORPUS_VALID_EVERY);
}

/* Whatever is left out is written down beside the run. */
static int say_what_was_left_out(const Pretrain *p, Error *err)
{
    const Corpus *c = &p->corpus;
    char path[FILE_PATH_MAX];
    if (!c->held_out) return 0;
    log_line("%s in %s: left out %s with the words of another, %s nearly the same as another, %s "
             "that %s not UTF-8",
             text_count(c->n + c->same + c->alike, "document"), text_count(c->files, "file"),
             text_thousands(c->same), text_thousands(c->alike), text_count(c->not_text, "file"),
             c->not_text == 1 ? "is" : "are");
    if (c->left_out.n == 0) return 0;
    if (path_join(path, p->run.folder, "left-out.jsonl", err) != 0) return -1;
    log_line("which and why: %s", path);
    return file_write(path, c->left_out.bytes, c->left_out.n, err);
}

static int train(Pretrain *p, Error *err)
{
    PolicyOptions options = supervised_options(&p->settings);
    options.recompute = p->options.training.recompute;
    const Examples examples = corpus_tokens_train(&p->tokens);
    const Examples valid = corpus_tokens_valid(&p->tokens);
    if (!p->run.dry && (folder_make(p->tokenizer_dir, err) != 0 ||
                        tokenizer_save(p->tokenizer, p->tokenizer_dir, err) != 0))
        return -1;
    model_set_companions(p->model, p->tokenizer_dir);
    say_what_was_read(p);
    p->policy = policy_open(p->model, &options);
    p->supervised = supervised_new(p->policy, &examples, &valid, &p->settings, p->ctx->seed);
    Trainer trainer = supervised_trainer(p->supervised);
    const TrainingOptions o = {.name = "pretrain",
                               .unit = "step",
                               .save_every = p->settings.save_every,
                               .keep = p->settings.keep};
    p->run.work = supervised_work(&p->settings, &examples, false);
    if (training_go(&p->run, &trainer, &o, p->policy, p->tokenizer, err) != 0) return -1;
    if (p->run.end == TRAINING_FINISHED && training_name_model(&p->run, "base", err) != 0)
        return -1;
    training_report(&p->run);
    return 0;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    Pretrain p = {.ctx = ctx};
    Words words;
    Config c = {0};
    int rc = -1;
    config_bind(&c, &PRETRAIN_TABLE, &p.settings);
    config_bind(&c, &MODEL_TABLE, &p.shape);
    if (options_parse(ctx, OPTIONS, &p.options, &words, 1, WORDS_MAX, argc, argv, err) != 0)
        return -1;
    if (training_settings(ctx, &c, "pretrain", &p.options.training, err) != 0) return -1;
    if (check_given(&p, &c, err) != 0) goto done;
    if ((p.options.model ? open_model(&p, err) : check_shape(&p, err)) != 0) goto done;
    if (corpus_read(&p.corpus, words.word, words.n, err) != 0) goto done;
    if (p.corpus.folders > 0 || p.options.distinct)
        corpus_clean(&p.corpus, CORPUS_VALID_EVERY, (size_t)CORPUS_VALID_TOKENS * BYTES_A_TOKEN);
    if (open_store(&p.store, ctx, err) != 0) goto done;
    char inputs[128];
    snprintf(inputs, sizeof inputs, "{\"corpus\": \"%s\"}", p.corpus.sha256);
    if (training_begin(&p.run, ctx, p.store, "pretrain", &p.options.training, &c, inputs, err) != 0)
        goto done;
    if (path_join(p.tokenizer_dir, p.run.folder, "tokenizer", err) != 0) goto done;
    if (say_what_was_left_out(&p, err) != 0 || make_model(&p, err) != 0) goto done;
    if (corpus_tokens_make(&p.tokens, &p.corpus, p.tokenizer, p.model->config.max_T, err) != 0)
        goto done;
    rc = train(&p, err);

done:
    training_end(&p.run);
    supervised_free(p.supervised);
    policy_close(p.policy);
    loaded_close(&p.start);
    model_free(p.model);
    tokenizer_free(p.tokenizer);
    corpus_tokens_free(&p.tokens);
    corpus_free(&p.corpus);
    store_close(p.store);
    return rc;
}

const Command cmd_pretrain = {
    .name = "pretrain",
    .heading = "train",
    .summary = "a base model from raw text",
    .usage = "FILE|FOLDER... [--model MODEL | --tokenizer DIR] [--run NAME] [--resume]",
    .details =
        "Trains a byte-level BPE tokenizer on the text, then a transformer of the shape in "
        "the `model` settings.\n"
        "*.jsonl has a document per line, {\"text\": ...}; any other file is plain text and one "
        "document, blank lines\n"
        "and all.  What is longer than the context is cut there.  One document in 20 is "
        "held out, so of fewer none\n"
        "is.  Of a FOLDER all files are read, and documents left out that repeat an earlier one: "
        "the same words, or\n"
        "four in five runs of five words; which and why is in the run's left-out.jsonl.  The "
        "finished run becomes\nthe project's `base`.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .project = PROJECT_NEEDED,
    .run = run,
};
