/* rlhf logprobs: the log-probability a model gives to each token of a text. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/given_tokens.h"
#include "cli/loaded.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/project.h"
#include "cli/token_label.h"
#include "labeling/visible.h"
#include "policy/logits.h"
#include "policy/policy.h"
#include "policy/sequences.h"
#include "policy/tokenizer.h"

typedef struct {
    const char *model, *adapter;
    GivenTokens given;
    double temperature;
    int top;
    bool logits;
} LogprobsOptions;

static const Option OPTIONS[] = {
    MODEL_OPTION(offsetof(LogprobsOptions, model), "base"),
    {"adapter", OPTION_TEXT, offsetof(LogprobsOptions, adapter), 0, 0, "DIR",
     "a folder with PEFT's files: the model as seen through it"},
    GIVEN_TOKENS_OPTIONS(LogprobsOptions, given.ids, given.text, given.special),
    TEMPERATURE_OPTION(offsetof(LogprobsOptions, temperature)),
    {"top", OPTION_INT, offsetof(LogprobsOptions, top), 1, 1000, "K",
     "also the K tokens that the model held likeliest at each place, and after the last"},
    {"logits", OPTION_SWITCH, offsetof(LogprobsOptions, logits), 0, 0, NULL,
     "also the logits of what follows each token; needs --json"},
    {0},
};

typedef struct {
    Context *ctx;
    LogprobsOptions options;
    Loaded loaded; /* without a tokenizer: ids alone */
    Sequences tokens;
    double *logp;     /* (n); the first is not one */
    RankedToken *top; /* (n, top) what might follow each token; NULL without --top */
    double loss;      /* NAN for a single token */
} Logprobs;

/* ---- numbers -------------------------------------------------------------------------------------- */

static void evaluate(Logprobs *w)
{
    const int n = w->tokens.tokens;
    unsigned char *want = mem_calloc((size_t)n, 1);
    const TokenBatch b = {1, n, w->tokens.token, w->tokens.start, want, w->options.temperature};
    memset(want + 1, WANT_LOGP, (size_t)n - 1);
    w->logp = mem_calloc((size_t)n, sizeof *w->logp);
    w->loaded.policy = policy_open(w->loaded.model,
                                   &(PolicyOptions){.adapter = w->loaded.adapter, .max_tokens = n});
    policy_evaluate(w->loaded.policy, &b, &(TokenTerms){.logp = w->logp});
    for (int i = 1; i < n; i++) w->loss -= w->logp[i];
    w->loss = n > 1 ? w->loss / (n - 1) : NAN;
    free(want);
}

static void find_top(Logprobs *w)
{
    const int n = w->tokens.tokens, V = w->loaded.model->config.V;
    if (w->options.top > V) w->options.top = V;
    const size_t K = (size_t)w->options.top;
    w->top = mem_calloc((size_t)n * K, sizeof *w->top);
    for (int i = 0; i < n; i++)
        policy_likeliest(w->top + (size_t)i * K, w->loaded.policy, i, (int)K);
}

/* [{"id","token","logprob"},...]: what might follow token i. */
static void put_top(Text *t, const Logprobs *w, int i)
{
    const RankedToken *top = w->top + (size_t)i * (size_t)w->options.top;
    text_add(t, "[");
    for (int k = 0; k < w->options.top; k++) {
        text_add(t, k ? ",{" : "{");
        token_put_json(t, w->loaded.tokenizer, top[k].token);
        text_add(t, ",\"logprob\":");
        json_put_number(t, top[k].value);
        text_add(t, "}");
    }
    text_add(t, "]");
}

/* [[...],...]: a row of the vocabulary's size after each token. */
static void put_logits(Text *t, Logprobs *w)
{
    const int V = w->loaded.model->config.V;
    double *row = mem_calloc((size_t)V, sizeof *row);
    for (int i = 0; i < w->tokens.tokens; i++) {
        policy_logits(row, w->loaded.policy, i, 1);
        for (int v = 0; v < V; v++) {
            text_add(t, v ? "," : i ? ",[" : "[");
            json_put_number(t, row[v]);
        }
        text_add(t, "]");
    }
    free(row);
}

static void print_json(Logprobs *w)
{
    const int n = w->tokens.tokens;
    Text t = {0};
    text_add(&t, "{\"ids\":[");
    for (int i = 0; i < n; i++) text_format(&t, "%s%d", i ? "," : "", w->tokens.token[i]);
    text_add(&t, "],\"logprobs\":[null");
    for (int i = 1; i < n; i++) {
        text_add(&t, ",");
        json_put_number(&t, w->logp[i]);
    }
    text_add(&t, "],\"loss\":");
    json_put_number(&t, w->loss);
    if (w->top) {
        text_add(&t, ",\"top\":[null");
        for (int i = 1; i < n; i++) {
            text_add(&t, ",");
            put_top(&t, w, i - 1);
        }
        text_add(&t, "],\"next\":");
        put_top(&t, w, n - 1);
    }
    if (w->options.logits) {
        text_add(&t, ",\"logits\":[");
        put_logits(&t, w);
        text_add(&t, "]");
    }
    text_add(&t, "}");
    puts(t.bytes);
    text_free(&t);
}

/* "  0.612 Ġthe  0.103 Ġa": what might follow token i. */
static void print_top(const Logprobs *w, int i)
{
    const RankedToken *top = w->top + (size_t)i * (size_t)w->options.top;
    Text t = {0};
    for (int k = 0; k < w->options.top; k++) {
        const char *name = token_spelling(w->loaded.tokenizer, top[k].token);
        text_add(&t, "  ");
        probability_label(&t, exp(top[k].value));
        text_add(&t, " ");
        if (name) visible_append(&t, name, strlen(name));
        else text_format(&t, "%d", top[k].token);
    }
    fputs(t.bytes, stdout);
    text_free(&t);
}

static void print_lines(const Logprobs *w)
{
    const int n = w->tokens.tokens;
    Text shown = {0};
    for (int i = 0; i < n; i++) {
        const int id = w->tokens.token[i];
        const char *name = token_spelling(w->loaded.tokenizer, id);
        char number[32] = "-";
        text_clear(&shown);
        if (name) visible_append(&shown, name, strlen(name));
        const int width = text_width(shown.bytes, shown.n);
        if (i > 0) snprintf(number, sizeof number, "%.6f", w->logp[i]);
        printf("%s%*s %8d %14s", shown.n ? shown.bytes : "", width < 12 ? 12 - width : 0, "", id,
               number);
        if (w->top && i > 0) print_top(w, i - 1);
        putchar('\n');
    }
    if (w->top) {
        printf("%-36s", "next");
        print_top(w, n - 1);
        putchar('\n');
    }
    text_free(&shown);
    if (n > 1) printf("loss %.6f nats per token, perplexity %.4g\n", w->loss, exp(w->loss));
}

/* Without its weights. */
static int open_model(Logprobs *w, Error *err)
{
    Loaded *l = &w->loaded;
    char folder[FILE_PATH_MAX];
    if (project_model(w->ctx, folder, "model", w->options.model, err) != 0) return -1;
    if (loaded_outline_folder(l, w->ctx, folder, NULL, err) != 0) return -1;
    if (model_check_predicts(l->model, err) != 0) return error_wrap(err, "%s", l->folder);
    if (!w->options.adapter) return 0;
    if (l->adapter) return error_usage(err, "--adapter: %s is an adapter itself", l->folder);
    return loaded_see_through(l, w->options.adapter, err);
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    Logprobs w = {.ctx = ctx, .options = {.model = "base", .temperature = 1}};
    Words words;
    int rc = -1;
    if (options_parse(ctx, OPTIONS, &w.options, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (w.options.given.ids && w.options.given.text)
        return error_usage(err, "--ids or --text, not both");
    if (w.options.logits && !ctx->json) return error_usage(err, "--logits needs --json");
    if (open_model(&w, err) != 0) goto done;
    if (given_tokens_read(&w.tokens, &w.loaded, &w.options.given, err) != 0) goto done;
    if (memory_plan_scoring(&w.loaded, w.tokens.tokens, err) != 0 ||
        loaded_read_unnamed(&w.loaded, err) != 0)
        goto done;
    evaluate(&w);
    if (w.options.top) find_top(&w);
    if (ctx->json) print_json(&w);
    else print_lines(&w);
    rc = 0;

done:
    loaded_close(&w.loaded);
    sequences_free(&w.tokens);
    free(w.logp);
    free(w.top);
    return rc;
}

const Command cmd_logprobs = {
    .name = "logprobs",
    .heading = "models",
    .summary = "the log-probability of each token of a text",
    .usage = "[--model MODEL] [--ids 1,2,3 | --text TEXT] [--top K]",
    .details = "In nats, of each token given all before it; the first has none.  The same number, "
               "to the bit, as\n"
               "sampling and training use.  --top K says beside each token what the model would "
               "have said there,\n"
               "with probabilities, and in the last line what it would say next.",
    .options = OPTIONS,
    .project = PROJECT_OPTIONAL,
    .filter = true,
    .run = run,
};
