/* rlhf logprobs: the log-probability a model gives to each token of a text. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/loaded.h"
#include "cli/options.h"
#include "cli/project.h"
#include "policy/logits.h"
#include "policy/policy.h"
#include "policy/sequences.h"
#include "policy/tokenizer.h"

typedef struct {
    const char *model, *adapter, *ids, *text;
    double temperature;
    bool logits, special;
} LogprobsOptions;

static const Option OPTIONS[] = {
    {"model", OPTION_TEXT, offsetof(LogprobsOptions, model), 0, 0, "MODEL",
     "a name, a run, a folder or what was pulled: org/name (base)"},
    {"adapter", OPTION_TEXT, offsetof(LogprobsOptions, adapter), 0, 0, "DIR",
     "a folder with PEFT's files: the model as seen through it"},
    {"ids", OPTION_TEXT, offsetof(LogprobsOptions, ids), 0, 0, "1,2,3",
     "token ids; needs no tokenizer"},
    {"text", OPTION_TEXT, offsetof(LogprobsOptions, text), 0, 0, "TEXT",
     "exactly as the model reads it (default: standard input)"},
    {"special", OPTION_SWITCH, offsetof(LogprobsOptions, special), 0, 0, NULL,
     "special tokens spelled out in the text become their ids"},
    {"temperature", OPTION_DOUBLE, offsetof(LogprobsOptions, temperature), 0.01, 100, "T",
     "divides the logits (1)"},
    {"logits", OPTION_SWITCH, offsetof(LogprobsOptions, logits), 0, 0, NULL,
     "also the logits of what follows each token; needs --json"},
    {0},
};

typedef struct {
    Context *ctx;
    LogprobsOptions options;
    Loaded loaded; /* without a tokenizer: ids alone */
    Sequences tokens;
    double *logp; /* (n); the first is not one */
    double loss;  /* NAN for a single token */
} Logprobs;

/* ---- tokens --------------------------------------------------------------------------------------- */

static int read_ids(Logprobs *w, Error *err)
{
    static const char BETWEEN[] = " \t\r\n,[]";
    for (const char *at = w->options.ids; *at;) {
        const size_t n = strcspn(at, BETWEEN);
        if (n == 0) {
            at++;
            continue;
        }
        char *end;
        errno = 0;
        const long id = isdigit((unsigned char)*at) ? strtol(at, &end, 10) : -1;
        if (id < 0 || errno || end != at + n)
            return error_usage(err, "--ids: '%.*s' is not an id", n < 40 ? (int)n : 40, at);
        if (id >= w->loaded.model->config.V)
            return error_set(err, "--ids: %ld is outside [0, %d]", id,
                             w->loaded.model->config.V - 1);
        sequences_add(&w->tokens, &(int){(int)id}, 1);
        at = end;
    }
    return 0;
}

static int read_text(Logprobs *w, Error *err)
{
    Text t = {0};
    int *ids = NULL, n;
    char piece[4096];
    int rc = -1;
    if (w->options.text) text_add(&t, w->options.text);
    else
        for (size_t got; (got = fread(piece, 1, sizeof piece, stdin)) > 0;)
            text_append(&t, piece, got);
    text_add(&t, "");
    if (loaded_open_tokenizer(&w->loaded, err) != 0) goto done;
    if (tokenizer_encode_prompt(w->loaded.tokenizer, t.bytes, t.n, w->options.special, &ids, &n,
                                err) != 0) {
        error_wrap(err, "%s", w->options.text ? "--text" : "standard input");
        goto done;
    }
    sequences_add(&w->tokens, ids, n);
    free(ids);
    rc = 0;

done:
    text_free(&t);
    return rc;
}

static int read_tokens(Logprobs *w, Error *err)
{
    const int max_T = w->loaded.model->config.max_T;
    if ((w->options.ids ? read_ids(w, err) : read_text(w, err)) != 0) return -1;
    sequences_end(&w->tokens);
    if (w->tokens.tokens == 0) return error_set(err, "nothing to read: no token was given");
    if (w->tokens.tokens > max_T)
        return error_set(err, "%d tokens are beyond the context of %d", w->tokens.tokens, max_T);
    return 0;
}

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
    if (w->options.logits) {
        text_add(&t, ",\"logits\":[");
        put_logits(&t, w);
        text_add(&t, "]");
    }
    text_add(&t, "}");
    puts(t.bytes);
    text_free(&t);
}

static void print_lines(const Logprobs *w)
{
    const int n = w->tokens.tokens;
    for (int i = 0; i < n; i++) {
        const int id = w->tokens.token[i];
        const char *name = w->loaded.tokenizer ? tokenizer_token(w->loaded.tokenizer, id) : NULL;
        char number[32] = "-";
        if (i > 0) snprintf(number, sizeof number, "%.6f", w->logp[i]);
        printf("%-12s %8d %14s\n", name ? name : "", id, number);
    }
    if (n > 1) printf("loss %.6f nats per token, perplexity %.4g\n", w->loss, exp(w->loss));
}

static int open_model(Logprobs *w, Error *err)
{
    Loaded *l = &w->loaded;
    char folder[FILE_PATH_MAX];
    if (project_model(w->ctx, folder, "model", w->options.model, err) != 0) return -1;
    if (loaded_open_weights(l, w->ctx, folder, NULL, err) != 0) return -1;
    if (model_check_predicts(l->model, err) != 0) return error_wrap(err, "%s", l->folder);
    if (!w->options.adapter) return 0;
    if (l->adapter) return error_usage(err, "--adapter: %s is an adapter itself", l->folder);
    return adapter_open(&l->adapter, l->model, w->options.adapter, err);
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    Logprobs w = {.ctx = ctx, .options = {.model = "base", .temperature = 1}};
    Words words;
    int rc = -1;
    if (options_parse(ctx, OPTIONS, &w.options, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (w.options.ids && w.options.text) return error_usage(err, "--ids or --text, not both");
    if (w.options.logits && !ctx->json) return error_usage(err, "--logits needs --json");
    if (open_model(&w, err) != 0) goto done;
    if (read_tokens(&w, err) != 0) goto done;
    evaluate(&w);
    if (ctx->json) print_json(&w);
    else print_lines(&w);
    rc = 0;

done:
    loaded_close(&w.loaded);
    sequences_free(&w.tokens);
    free(w.logp);
    return rc;
}

const Command cmd_logprobs = {
    .name = "logprobs",
    .heading = "models",
    .summary = "the log-probability of each token of a text",
    .usage = "[--model MODEL] [--ids 1,2,3 | --text TEXT]",
    .details = "In nats, of each token given all before it; the first has none.  The same number, "
               "to the bit, as\n"
               "sampling and training use.",
    .options = OPTIONS,
    .project = PROJECT_OPTIONAL,
    .filter = true,
    .run = run,
};
