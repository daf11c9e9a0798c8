/* rlhf generate: text from a model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "cli/answer_counts.h"
#include "cli/commands.h"
#include "cli/loaded.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/printer.h"
#include "cli/project.h"
#include "policy/chat.h"

typedef struct {
    const char *model, *prompt, *system, *template;
    bool chat;
    int n, max_new_tokens, top_k, batch;
    double temperature, top_p;
    bool greedy, count;
} GenerateOptions;

static const Option OPTIONS[] = {
    MODEL_OPTION(offsetof(GenerateOptions, model), "aligned, else base"),
    {"prompt", OPTION_TEXT, offsetof(GenerateOptions, prompt), 0, 0, "TEXT",
     "exactly as the model reads it (default: standard input)"},
    {"chat", OPTION_SWITCH, offsetof(GenerateOptions, chat), 0, 0, NULL,
     "the prompt is what a user says, in the model's chat template"},
    {"system", OPTION_TEXT, offsetof(GenerateOptions, system), 0, 0, "TEXT",
     "with --chat: the system prompt"},
    {"template", OPTION_TEXT, offsetof(GenerateOptions, template), 0, 0, "NAME",
     "with --chat: the template (the model's own, where it is known)"},
    {"n", OPTION_INT, offsetof(GenerateOptions, n), 1, 100000, "N", "responses (1)"},
    {"count", OPTION_SWITCH, offsetof(GenerateOptions, count), 0, 0, NULL,
     "with --n: each different response once, with how many of them say it, the most frequent "
     "first"},
    {"max-new-tokens", OPTION_INT, offsetof(GenerateOptions, max_new_tokens), 1, 1 << 20, "N",
     "longest response (128)"},
    TEMPERATURE_OPTION(offsetof(GenerateOptions, temperature)),
    TRUNCATION_OPTIONS(offsetof(GenerateOptions, top_k), offsetof(GenerateOptions, top_p),
                       offsetof(GenerateOptions, greedy)),
    BATCH_OPTION(offsetof(GenerateOptions, batch)),
    {0},
};

static int read_prompt(char **out, const GenerateOptions *o, Error *err)
{
    Text t = {0};
    char piece[4096];
    if (o->prompt) text_add(&t, o->prompt);
    else
        for (size_t got; (got = fread(piece, 1, sizeof piece, stdin)) > 0;)
            text_append(&t, piece, got);
    const size_t n = t.n;
    size_t bad;
    *out = text_take(&t);
    if (n == 0 && !o->prompt)
        return error_usage(err, "no prompt: give --prompt TEXT, or one on standard input");
    if (text_is_utf8(*out, n, &bad)) return 0;
    return error_set(err, "the prompt: byte %zu is %s", bad + 1,
                     (*out)[bad] ? "not UTF-8" : "NUL, which no prompt may hold");
}

static void print_token(void *context, int prompt, int token, double logp)
{
    (void)prompt, (void)logp;
    printer_token(context, token);
}

static int stop_early(void *context, int finished)
{
    (void)context, (void)finished;
    return interrupt_pending();
}

static int cut_after(const Responses *r, int i)
{
    return r->finish[i] == FINISH_LENGTH ? r->start[i + 1] - r->start[i] : 0;
}

/* With its length: a response may hold NUL, and lines of its own, so a terminal is told where each begins. */
static void print_response(Printer *p, const Responses *r, int i)
{
    size_t n;
    char *text = tokenizer_decode(p->tokenizer, r->token + r->start[i],
                                  r->start[i + 1] - r->start[i], true, &n);
    if (p->terminal) printf("--- %d of %d ---\n", i + 1, r->n);
    printer_show(p, text, n);
    printer_end(p, cut_after(r, i));
    free(text);
}

static const char *finish_name(Finish f)
{
    return f == FINISH_STOP ? "stop" : "length";
}

static void print_json(const Responses *r, const Tokenizer *tokenizer)
{
    Text t = {0};
    text_add(&t, "{\"responses\":[");
    for (int i = 0; i < r->n; i++) {
        const int from = r->start[i], n = r->start[i + 1] - from;
        size_t length;
        char *text = tokenizer_decode(tokenizer, r->token + from, n, true, &length);
        text_format(&t, "%s{\"text\":", i ? "," : "");
        json_put_text(&t, text, length);
        text_add(&t, ",\"ids\":[");
        for (int k = 0; k < n; k++) text_format(&t, "%s%d", k ? "," : "", r->token[from + k]);
        text_add(&t, "],\"logprobs\":[");
        for (int k = 0; k < n; k++) {
            text_add(&t, k ? "," : "");
            json_put_number(&t, r->logp[from + k]);
        }
        text_format(&t, "],\"finish_reason\":\"%s\"}", finish_name(r->finish[i]));
        free(text);
    }
    text_add(&t, "]}");
    puts(t.bytes);
    text_free(&t);
}

static void print_counts(const Responses *r, const Tokenizer *tokenizer, bool json)
{
    int n;
    AnswerCount *counts = answer_counts_new(&n, r, tokenizer);
    if (json) answer_counts_print_json(counts, n, r->n);
    else answer_counts_print(counts, n, r->n);
    answer_counts_free(counts, n);
}

/* The prompt as the one turn of a conversation. */
static int add_turn(Sequences *out, const GenerateOptions *o, const Loaded *l, const Chat *chat,
                    const char *prompt, Error *err)
{
    const ChatMessage both[] = {{CHAT_SYSTEM, o->system}, {CHAT_USER, prompt}};
    const int skip = o->system == NULL;
    ChatText text = {0};
    ChatTokens tokens = {0};
    int rc = chat_template_render(&text, chat->template, &chat->variables, both + skip, 2 - skip,
                                  true, err);
    if (rc == 0) rc = chat_encode(&tokens, &text, l->tokenizer, err);
    if (rc == 0) sequences_add(out, tokens.id, tokens.n);
    chat_text_free(&text);
    chat_tokens_free(&tokens);
    return rc;
}

static int open_chat(Chat *out, const GenerateOptions *o, const Loaded *l, Error *err)
{
    if (!o->chat) return 0;
    if (chat_open(out, l->folder, o->template, l->tokenizer, err) != 0) return -1;
    return out->template ? 0 : chat_missing(l->folder, err);
}

/* Each with random numbers of its own. */
static int repeat_prompt(Sequences *out, uint64_t *key, const GenerateOptions *o, const Loaded *l,
                         const Chat *chat, const char *prompt, Error *err)
{
    for (int i = 0; i < o->n; i++) {
        if ((chat->template ? add_turn(out, o, l, chat, prompt, err)
                            : add_prompt_tokens(out, l->tokenizer, prompt, err)) != 0)
            return -1;
        sequences_end(out);
        key[i] = rng_item(RNG_FOR_GENERATE, (uint64_t)i);
    }
    return 0;
}

/* What fits neither the context nor the machine is refused before the weights are read. */
static int make_ready(Loaded *l, const GenerateOptions *o, const Prompts *all, Error *err)
{
    const int context = l->model->config.max_T;
    int longest;
    if (prompts_check(&longest, &l->model->config, all, err) != 0) return -1;
    if (o->max_new_tokens > context)
        log_line("an answer ends where the context of %s does: after %s", text_thousands(context),
                 text_count(context - longest, "token"));
    if (memory_plan_decoding(l, o->n < o->batch ? o->n : o->batch, longest + o->max_new_tokens,
                             err) != 0 ||
        loaded_read_unnamed(l, err) != 0)
        return -1;
    loaded_policy(l);
    return 0;
}

/* One alone has been printed as it came. */
static void print_responses(const Responses *r, const GenerateOptions *o, Printer *printer,
                            bool json)
{
    if (o->count) print_counts(r, printer->tokenizer, json);
    else if (json) print_json(r, printer->tokenizer);
    else if (o->n == 1) printer_stream_end(printer, cut_after(r, 0));
    else
        for (int i = 0; i < r->n; i++) print_response(printer, r, i);
}

static int generate(Context *ctx, const GenerateOptions *o, Loaded *l, const char *prompt,
                    Error *err)
{
    Sequences prompts = {0};
    Chat chat = {0};
    Responses r = {0};
    Printer printer = {.tokenizer = l->tokenizer, .terminal = isatty(STDOUT_FILENO)};
    uint64_t *key = mem_calloc((size_t)o->n, sizeof *key);
    const bool stream = o->n == 1 && !ctx->json;
    SamplingConfig s = {.temperature = o->temperature,
                        .max_new_tokens = o->max_new_tokens,
                        .greedy = o->greedy,
                        .top_k = o->top_k,
                        .top_p = o->top_p,
                        .stop = {tokenizer_eos(l->tokenizer)},
                        .n_stop = 1,
                        .seed = ctx->seed,
                        .batch = o->batch,
                        .on_token = stream ? print_token : NULL,
                        .on_progress = stop_early,
                        .context = &printer};
    int rc = -1;
    if (open_chat(&chat, o, l, err) != 0) goto done;
    if (chat.n_stop > 0) {
        memcpy(s.stop, chat.stop, sizeof s.stop);
        s.n_stop = chat.n_stop;
    }
    if (repeat_prompt(&prompts, key, o, l, &chat, prompt, err) != 0) goto done;
    const Prompts all = {o->n, prompts.token, prompts.start, key};
    if (make_ready(l, o, &all, err) != 0) goto done;
    rc = policy_generate(l->policy, &all, &s, &r, err);
    if (rc != 0 && stream) printer_stream_end(&printer, 0);
    if (rc != 0) goto done;
    print_responses(&r, o, &printer, ctx->json);

done:
    chat_close(&chat);
    printer_free(&printer);
    responses_free(&r);
    sequences_free(&prompts);
    free(key);
    return rc;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    GenerateOptions o = {.n = 1, .max_new_tokens = 128, .temperature = 1, .top_p = 1, .batch = 64};
    Words words;
    Loaded l = {0};
    char *prompt = NULL;
    if (options_parse(ctx, OPTIONS, &o, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (!o.chat && (o.system || o.template))
        return error_usage(err, "--%s goes with --chat", o.system ? "system" : "template");
    if (o.count && o.n == 1) return error_usage(err, "--count goes with --n: it counts responses");
    const char *name = o.model ? o.model : project_has_model(ctx, "aligned") ? "aligned" : "base";
    int rc = loaded_outline_language(&l, ctx, "model", name, NULL, err);
    if (rc == 0) rc = read_prompt(&prompt, &o, err);
    if (rc == 0) rc = generate(ctx, &o, &l, prompt, err);
    free(prompt);
    loaded_close(&l);
    return rc;
}

const Command cmd_generate = {
    .name = "generate",
    .heading = "models",
    .summary = "text from a model",
    .usage =
        "[--model MODEL] [--prompt TEXT] [--chat [--system TEXT]] [--n N [--count]] [--greedy]",
    .details =
        "The prompt is given to the model as it stands; with --chat, as a turn of its chat "
        "template "
        "(rlhf help chat);\n"
        "with --template plain or qa an answer goes on past Human: or Q:, where chat ends it.\n"
        "--count tells how sure a model is of what it says: responses are the same when their "
        "texts "
        "are, but for white\n"
        "space around them; one that was cut is not the same as one that ended.\n"
        "The same seed gives the same text, whatever --batch is.\n"
        "A terminal is shown what it would obey spelled out (<U+001B>), where each of several "
        "responses begins,\n"
        "and which were cut; a pipe or a file gets the bytes alone.",
    .options = OPTIONS,
    .project = PROJECT_OPTIONAL,
    .filter = true,
    .run = run,
};
