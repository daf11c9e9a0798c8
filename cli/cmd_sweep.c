/* rlhf sweep: what more weights and more text would bring, from a few small runs. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/corpus_tokens.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/sweep_report.h"
#include "compare/html.h"
#include "policy/model_settings.h"
#include "policy/parameter_count.h"
#include "policy/supervised.h"

/* Amounts of data are 1/8, 1/4, 1/2 and all of the sequences, the first of them in order. */
enum { SIZES_MAX = 5, SIZES = 4, AMOUNTS = 4 };
enum { MODEL_WIDTH_MAX = 65536 }; /* as of the setting */

typedef struct {
    const char *widths, *report;
    double minutes;
} SweepOptions;

static const Option OPTIONS[] = {
    {"widths", OPTION_TEXT, offsetof(SweepOptions, widths), 0, 0, "W,W,...",
     "2 to 5 widths of the models (1/4, 1/2, 3/4 and all of model.width)"},
    {"minutes", OPTION_DOUBLE, offsetof(SweepOptions, minutes), 0.001, 100000, "M",
     "after so many the fit is made of the runs that are done (15)"},
    {"report", OPTION_TEXT, offsetof(SweepOptions, report), 0, 0, "FILE",
     "also a page with the losses drawn"},
    {0},
};
static const ConfigTable *const SECTIONS[] = {&PRETRAIN_TABLE, &MODEL_TABLE, NULL};
static const char END_OF_TEXT[] = "<|endoftext|>";

typedef struct {
    Context *ctx;
    SweepOptions options;
    SupervisedConfig settings;
    ModelSettings shape;
    int width[SIZES_MAX], sizes;
    Corpus corpus;
    Tokenizer *tokenizer;
    CorpusTokens tokens;
    double deadline; /* of log_clock */
    ScalingPoint point[SIZES_MAX * AMOUNTS];
    SweepResult result;
} Sweep;

/* Ascending and different. */
static int read_widths(Sweep *s, Error *err)
{
    static const char WHAT[] = "is not 2 to 5 widths, ascending, such as 32,64,96,128";
    const char *at = s->options.widths;
    while (*at && s->sizes < SIZES_MAX && isdigit((unsigned char)*at)) {
        char *end;
        const long width = strtol(at, &end, 10);
        if (width > MODEL_WIDTH_MAX || (s->sizes > 0 && width <= s->width[s->sizes - 1])) break;
        s->width[s->sizes++] = (int)width;
        at = *end == ',' && end[1] ? end + 1 : end;
    }
    if (*at || s->sizes < 2)
        return error_usage(err, "--widths: '%.40s' %s", s->options.widths, WHAT);
    return 0;
}

/* Quarters of the width that the settings name, cut to an even width of each head. */
static int choose_widths(Sweep *s, Error *err)
{
    const int step = 2 * s->shape.heads;
    if (s->options.widths) return read_widths(s, err);
    for (int i = 1; i <= SIZES; i++) s->width[i - 1] = s->shape.width * i / SIZES / step * step;
    s->sizes = SIZES;
    if (s->width[0] > 0 && s->width[0] < s->width[1]) return 0;
    return error_set(err, "model.width %d is too narrow for %d sizes with %s; name them: --widths",
                     s->shape.width, SIZES, text_count(s->shape.heads, "head"));
}

static int model_of(ModelConfig *out, const Sweep *s, int width, Error *err)
{
    ModelSettings shape = s->shape;
    const int V = s->tokenizer ? tokenizer_size(s->tokenizer) : shape.vocabulary;
    shape.width = width;
    const int eos = s->tokenizer ? tokenizer_eos(s->tokenizer) : 0;
    return model_settings_config(out, &shape, V, eos, err);
}

/* All sizes have to be possible, and the largest to fit. */
static int check_sizes(const Sweep *s, Error *err)
{
    const ModelUse use = {.predicts = true, .trained = true, .predictions_trained = true};
    const PolicyOptions options = supervised_options(&s->settings);
    MemoryPlan plan = {0};
    ModelConfig c;
    for (int i = 0; i < s->sizes; i++)
        if (model_of(&c, s, s->width[i], err) != 0) return -1;
    memory_plan_add(&plan, "weights", model_memory(&c, &use));
    memory_plan_add(&plan, "training", policy_memory(&c, &options));
    return memory_plan_check(&plan, "a smaller pretrain.max_tokens or widths take less", err);
}

static int read_corpus(Sweep *s, const Words *words, Error *err)
{
    const char *special[] = {END_OF_TEXT};
    if (corpus_read(&s->corpus, words->word, words->n, err) != 0) return -1;
    if (tokenizer_train(&s->tokenizer, (const char *const *)s->corpus.text, s->corpus.n,
                        s->shape.vocabulary, special, 1, err) != 0)
        return -1;
    if (corpus_tokens_make(&s->tokens, &s->corpus, s->tokenizer, s->shape.context, err) != 0)
        return -1;
    if (s->tokens.valid.n == 0)
        return error_set(err,
                         "nothing would be held out to measure by: that begins at %d documents",
                         CORPUS_VALID_EVERY);
    return 0;
}

/* 1 when the run is done, 0 when there was no time for it, -1. */
static int train(Supervised *supervised, const Sweep *s, Error *err)
{
    Trainer t = supervised_trainer(supervised);
    Text members = {0}, note = {0};
    int rc = 1;
    for (int64_t step = 0; step < t.total && rc == 1; step++) {
        text_clear(&members), text_clear(&note);
        if (t.step(t.self, step, &members, &note, err) != 0) rc = -1;
        else if (interrupt_pending())
            rc = error_stopped(err, "stopped after %s", text_count(s->result.n, "run"));
        else if (log_clock() > s->deadline) rc = 0;
    }
    text_free(&members);
    text_free(&note);
    return rc;
}

/* One size on the first 1/part of the sequences: as train. */
static int measure(Sweep *s, int width, int part, Error *err)
{
    Examples examples = corpus_tokens_train(&s->tokens);
    const Examples valid = corpus_tokens_valid(&s->tokens);
    const PolicyOptions options = supervised_options(&s->settings);
    ScalingPoint *point = &s->point[s->result.n];
    ParameterCount count;
    ModelConfig c;
    if (model_of(&c, s, width, err) != 0) return -1;
    examples.n = (examples.n + part - 1) / part;
    Model *m = model_new(&c, s->ctx->seed);
    Policy *p = policy_open(m, &options);
    Supervised *supervised = supervised_new(p, &examples, &valid, &s->settings, s->ctx->seed);
    const int rc = train(supervised, s, err);
    if (rc == 1) {
        parameter_count(&count, &c, 0);
        *point =
            (ScalingPoint){(double)count.total, s->settings.epochs * examples.start[examples.n],
                           supervised_loss(p, &valid)};
        s->result.n++;
        log_line("%s, %s: held out %.4f", text_count(count.total, "weight"),
                 text_count((long long)point->D, "token"), point->loss);
    }
    supervised_free(supervised);
    policy_close(p);
    model_free(m);
    return rc;
}

/* The cheap ones first: when time is up, what is done spans sizes and data. */
static int measure_all(Sweep *s, Error *err)
{
    s->result.point = s->point;
    s->deadline = log_clock() + 60 * s->options.minutes;
    for (int amount = 0; amount < AMOUNTS; amount++)
        for (int i = 0; i < s->sizes; i++) {
            const int rc = measure(s, s->width[i], 1 << (AMOUNTS - 1 - amount), err);
            if (rc == 1) continue;
            s->result.left_out = s->sizes * AMOUNTS - s->result.n;
            return rc;
        }
    return 0;
}

static int report(Sweep *s, Error *err)
{
    SweepResult *r = &s->result;
    Error why;
    if (scaling_law_fit(&r->law, s->point, r->n, &why) != 0) r->no_fit = why.message;
    if (s->ctx->json) sweep_print_json(r);
    else sweep_print(r);
    return s->options.report ? sweep_write_page(r, s->options.report, err) : 0;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    Sweep s = {.ctx = ctx, .options = {.minutes = 15}};
    Words words;
    Config c = {0};
    int rc = -1;
    config_bind(&c, &PRETRAIN_TABLE, &s.settings);
    config_bind(&c, &MODEL_TABLE, &s.shape);
    if (options_parse(ctx, OPTIONS, &s.options, &words, 1, WORDS_MAX, argc, argv, err) != 0)
        return -1;
    if (context_settings(ctx, &c, NULL, err) != 0) return -1;
    s.settings.steps = 0; /* the data decide */
    s.settings.valid_every = 0;
    if (s.options.report && output_check(ctx, s.options.report, HTML_GENERATOR, false, err) != 0)
        goto done;
    if (choose_widths(&s, err) != 0 || check_sizes(&s, err) != 0) goto done;
    if (read_corpus(&s, &words, err) != 0) goto done;
    if (measure_all(&s, err) == 0) rc = report(&s, err);

done:
    tokenizer_free(s.tokenizer);
    corpus_tokens_free(&s.tokens);
    corpus_free(&s.corpus);
    return rc;
}

const Command cmd_sweep = {
    .name = "sweep",
    .heading = "train",
    .summary = "what more weights and more text would bring, from small runs",
    .usage = "FILE|FOLDER... [--widths W,W,...] [--minutes M] [--report FILE]",
    .details =
        "Pretrains models of four widths on 1/8, 1/4, 1/2 and all of the text, with the settings "
        "of "
        "`rlhf pretrain` but\n"
        "its steps, and fits loss = E + a/N^p + b/D^q to what they lose on documents held out: N "
        "weights, D tokens read.\n"
        "E is what no size and no text would take away.  Intervals are of 95%; wide ones say that "
        "the runs are too alike.\n"
        "One learning rate serves all sizes.  Nothing is kept of the models.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .project = PROJECT_OPTIONAL,
    .run = run,
};
