#include "cli/talk.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"

int speaker_open(Speaker *s, const Context *ctx, const char *name, const char *template,
                 const Loaded *beside, Error *err)
{
    if (s->loaded.model) return 0;
    if (loaded_outline_language(&s->loaded, ctx, "model", name, beside, err) != 0) return -1;
    if (chat_open(&s->chat, s->loaded.folder, template, s->loaded.tokenizer, err) != 0) goto fail;
    if (!s->chat.template) {
        chat_missing(s->loaded.folder, err);
        goto fail;
    }
    return 0;

fail:
    speaker_close(s);
    return -1;
}

int speaker_read(Speaker *s, Error *err)
{
    if (loaded_read_unnamed(&s->loaded, err) != 0) return -1;
    loaded_policy(&s->loaded);
    return 0;
}

void speaker_close(Speaker *s)
{
    chat_close(&s->chat);
    loaded_close(&s->loaded);
    *s = (Speaker){0};
}

/* ---- what was said --------------------------------------------------------------------------------- */

void talk_say(Talk *t, ChatRole role, const char *content)
{
    t->message = mem_realloc(t->message, (size_t)t->n + 1, sizeof *t->message);
    t->message[t->n++] = (ChatMessage){role, mem_strdup(content)};
}

void talk_drop(Talk *t)
{
    free((char *)t->message[--t->n].content);
}

void talk_free(Talk *t)
{
    while (t->n > 0) talk_drop(t);
    free(t->message);
    free(t->system);
    *t = (Talk){0};
}

/* ---- the prompt ------------------------------------------------------------------------------------ */

typedef struct {
    ChatText text;
    ChatTokens tokens;
} Prompt;

static void prompt_free(Prompt *p)
{
    chat_text_free(&p->text);
    chat_tokens_free(&p->tokens);
}

/* The conversation from message `from` on. */
static int make_prompt(Prompt *out, const Talk *t, int from, const Speaker *by, Error *err)
{
    const int n = t->n - from, system = t->system != NULL;
    ChatMessage *m = mem_calloc((size_t)n + 1, sizeof *m);
    Prompt p = {0};
    if (system) m[0] = (ChatMessage){CHAT_SYSTEM, t->system};
    memcpy(m + system, t->message + from, (size_t)n * sizeof *m);
    int rc = chat_template_render(&p.text, by->chat.template, &by->chat.variables, m, n + system,
                                  true, err);
    if (rc == 0) rc = chat_encode(&p.tokens, &p.text, by->loaded.tokenizer, err);
    if (rc == 0) *out = p;
    else prompt_free(&p);
    free(m);
    return rc;
}

/* Room that an answer is given before old turns are: what was asked for, or a quarter of the context. */
static int room_for_answer(const Speaker *by, const TalkSettings *s)
{
    const int quarter = by->loaded.model->config.max_T / 4;
    return s->max_new_tokens < quarter ? s->max_new_tokens : quarter > 0 ? quarter : 1;
}

/* A turn is left out with its answer, so that the user's begins what is left. */
static int fit_prompt(Prompt *out, int *left_out, const Talk *t, const Speaker *by,
                      const TalkSettings *s, Error *err)
{
    const int context = by->loaded.model->config.max_T, most = context - room_for_answer(by, s);
    for (int from = 0;; from += 2) {
        if (make_prompt(out, t, from, by, err) != 0) return -1;
        *left_out = from;
        if (out->tokens.n <= most) return 0;
        if (from + 2 < t->n) {
            prompt_free(out);
            continue;
        }
        if (out->tokens.n < context) return 0;
        error_set(err, "that has %s; the context of %d leaves no room to answer",
                  text_count(out->tokens.n, "token"), context);
        prompt_free(out);
        return -1;
    }
}

/* ---- the answer ------------------------------------------------------------------------------------ */

/* An answer as it comes. */
typedef struct {
    const Tokenizer *tokenizer;
    const char *end_text;
    void (*on_text)(void *context, const char *bytes, size_t n);
    void *context;
    TokenStream stream;
    Text text;
    size_t shown;
    int *token;
    int n;
    double logprob;
    bool ended; /* by end_text */
} Stream;

/* Bytes at the end that may be the beginning of the end text. */
static size_t held_back(const Stream *s)
{
    size_t most = s->end_text ? strlen(s->end_text) : 0;
    if (most > s->text.n) most = s->text.n;
    for (size_t n = most; n > 0; n--)
        if (memcmp(s->text.bytes + s->text.n - n, s->end_text, n) == 0) return n;
    return 0;
}

/* memmem, since a model may say NUL. */
static void look_for_end(Stream *s)
{
    const char *at = s->end_text && s->text.n
                         ? memmem(s->text.bytes, s->text.n, s->end_text, strlen(s->end_text))
                         : NULL;
    if (!at) return;
    s->text.n = (size_t)(at - s->text.bytes);
    s->text.bytes[s->text.n] = 0;
    s->ended = true;
}

static void show(Stream *s, bool last)
{
    const size_t until = s->text.n - (last ? 0 : held_back(s));
    if (s->on_text && until > s->shown)
        s->on_text(s->context, s->text.bytes + s->shown, until - s->shown);
    if (until > s->shown) s->shown = until;
}

static void take_token(void *context, int prompt, int token, double logp)
{
    Stream *s = context;
    (void)prompt;
    s->token = mem_realloc(s->token, (size_t)s->n + 1, sizeof *s->token);
    s->token[s->n++] = token;
    s->logprob += logp;
    if (s->ended) return;
    token_stream_push(&s->stream, s->tokenizer, token, true, &s->text);
    look_for_end(s);
    show(s, false);
}

static int stop_early(void *context, int finished)
{
    const Stream *s = context;
    (void)finished;
    return s->ended || interrupt_pending();
}

static void finish(Answer *out, Stream *s, const Responses *r, bool whole)
{
    token_stream_end(&s->stream, &s->text);
    show(s, true);
    out->end = s->ended                      ? ANSWER_ENDED
               : !whole                      ? ANSWER_STOPPED
               : r->finish[0] == FINISH_STOP ? ANSWER_ENDED
                                             : ANSWER_CUT;
    out->logprob = NAN;
    text_add(&s->text, "");
    if (s->ended) {
        out->text = text_take(&s->text);
    } else {
        out->text = response_text(s->tokenizer, s->token, s->n);
        out->token = s->token, s->token = NULL;
        out->n = s->n;
        out->logprob = s->logprob;
    }
}

static int generate(Answer *out, const Prompt *p, Speaker *by, const TalkSettings *settings,
                    Stream *stream, Error *err)
{
    const int start[] = {0, p->tokens.n};
    const uint64_t key = rng_item(RNG_FOR_CHAT, (uint64_t)out->number);
    Responses r = {0};
    SamplingConfig s = {.temperature = settings->temperature,
                        .max_new_tokens = settings->max_new_tokens,
                        .greedy = settings->greedy,
                        .top_k = settings->top_k,
                        .top_p = settings->top_p,
                        .n_stop = by->chat.n_stop,
                        .seed = settings->seed,
                        .batch = 1,
                        .on_token = take_token,
                        .on_progress = stop_early,
                        .context = stream};
    memcpy(s.stop, by->chat.stop, sizeof s.stop);
    const int rc =
        policy_generate(by->loaded.policy, &(Prompts){1, p->tokens.id, start, &key}, &s, &r, err);
    /* it was the answer that was to stop; what asks the program to stop is still pending */
    const bool stopped = rc != 0 && err->stopped;
    if (stopped && interrupt_pending() == SIGINT) interrupt_clear();
    if (rc == 0 || stopped) finish(out, stream, &r, rc == 0);
    responses_free(&r);
    return rc == 0 || stopped ? 0 : -1;
}

int talk_answer(Answer *out, const Talk *t, Speaker *by, const TalkSettings *settings, int number,
                void (*on_text)(void *context, const char *bytes, size_t n), void *context,
                Error *err)
{
    Prompt p = {0};
    Answer a = {.by = by, .number = number};
    Stream stream = {.tokenizer = by->loaded.tokenizer,
                     .end_text = chat_template_end_text(by->chat.template),
                     .on_text = on_text,
                     .context = context};
    if (fit_prompt(&p, &a.left_out, t, by, settings, err) != 0) return -1;
    a.prompt = mem_strdup(p.text.text.bytes);
    int rc = chat_spells_special(&a.spells, &p.text, by->loaded.tokenizer, err);
    if (rc == 0) rc = generate(&a, &p, by, settings, &stream, err);
    if (rc == 0) *out = a;
    else answer_free(&a);
    prompt_free(&p);
    text_free(&stream.text);
    free(stream.token);
    return rc;
}

void answer_free(Answer *a)
{
    free(a->prompt);
    free(a->text);
    free(a->token);
    *a = (Answer){0};
}
