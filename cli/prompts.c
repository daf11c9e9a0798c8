#include "cli/prompts.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "labeling/visible.h"

static int add(PromptTokens *p, const StorePrompt *row, const Loaded *l, int longest, Error *err)
{
    Sequences *s = &p->tokens;
    if (add_conversation_tokens(s, l->tokenizer, row->text, row->template, err) != 0)
        return error_wrap(err, "prompt %lld", (long long)row->id);
    if (sequences_pending(s) > longest) {
        s->tokens -= sequences_pending(s);
        p->left_out++;
        return 0;
    }
    sequences_end(s);
    p->row[p->n++] = row;
    return 0;
}

static bool are_in(const PromptTokens *p, const char *template)
{
    for (int i = 0; i < p->n; i++)
        if (p->row[i]->template && strcmp(p->row[i]->template, template) == 0) return true;
    return false;
}

static int find_stops(PromptTokens *p, const Loaded *l, Error *err)
{
    const ChatTemplate *t;
    const int eos = tokenizer_eos(l->tokenizer);
    if (eos >= 0) p->stop[p->n_stop++] = eos;
    for (int i = 0; (t = chat_template_at(i)); i++) {
        const char *name = chat_template_name(t);
        if (!are_in(p, name) ||
            chat_add_stops(p->stop, &p->n_stop, l->folder, name, l->tokenizer, err) == 0)
            continue;
        error_wrap(err, "prompts in chat template %s and others", name);
        return error_hint(err, "prompts of one source only: --source NAME");
    }
    return 0;
}

int prompts_answer_length(const Loaded *l)
{
    enum { USUAL = 128 };
    const int half = l->model->config.max_T / 2;
    return half < USUAL ? half : USUAL;
}

void prompts_fit_answers(int *tokens, const Config *c, const char *key, const Loaded *l)
{
    const int most = prompts_answer_length(l);
    if (config_is_default(c, key) && *tokens > most) *tokens = most;
}

int prompts_read(PromptTokens *out, Store *store, const StorePromptFilter *filter, const Loaded *l,
                 int max_new_tokens, Error *err)
{
    const int longest = l->model->config.max_T - max_new_tokens;
    StorePromptFilter all = *filter;
    PromptTokens p = {0};
    int rc = 0;
    all.limit = 0;
    if (longest < 1)
        return error_set(err,
                         "answers of %s leave no room for a prompt in the context of %d; "
                         "give a smaller --max-new-tokens",
                         text_count(max_new_tokens, "token"), l->model->config.max_T);
    if (store_list_prompts(store, &all, &p.list, err) != 0) return -1;
    p.row = mem_calloc(p.list.n + 1, sizeof *p.row);
    for (size_t i = 0; i < p.list.n && rc == 0; i++) {
        if (filter->limit > 0 && p.n >= filter->limit) break;
        rc = add(&p, &p.list.row[i], l, longest, err);
    }
    if (rc == 0) rc = find_stops(&p, l, err);
    if (rc == 0) *out = p;
    else prompts_free(&p);
    return rc;
}

/* A tokenizer's stop token alone needs no word. */
char *prompts_sampling_json(const PromptTokens *p, double temperature, int max_new_tokens,
                            const char *purpose)
{
    Text t = {0};
    text_format(&t, "{\"temperature\":%.17g,\"max_new_tokens\":%d", temperature, max_new_tokens);
    for (int i = 0; p->n_stop > 1 && i < p->n_stop; i++)
        text_format(&t, "%s%d", i ? "," : ",\"stop\":[", p->stop[i]);
    if (p->n_stop > 1) text_add(&t, "]");
    if (purpose) text_format(&t, ",\"purpose\":\"%s\"", purpose);
    text_add(&t, "}");
    return text_take(&t);
}

/* Those of a prompt that are special, each once: "<|im_start|> <|im_end|>". */
static char *special_tokens(const Tokenizer *t, const int *id, int n)
{
    Text names = {0};
    text_add(&names, "");
    for (int i = 0; i < n; i++) {
        int first = 0;
        while (id[first] != id[i]) first++;
        if (first < i || !tokenizer_is_special(t, id[i])) continue;
        text_add(&names, names.n ? " " : "");
        text_add(&names, tokenizer_token(t, id[i]));
    }
    return text_take(&names);
}

void prompts_show(const PromptTokens *p, int which, const Loaded *l)
{
    const int *id = p->tokens.token + p->tokens.start[which];
    const int n = p->tokens.start[which + 1] - p->tokens.start[which];
    Text safe = {0};
    size_t length;
    char *text = tokenizer_decode(l->tokenizer, id, n, false, &length);
    char *special = special_tokens(l->tokenizer, id, n);
    visible_append(&safe, text, length);
    log_line("the first prompt, as %s reads it: %s%s%s", l->name, text_count(n, "token"),
             *special ? ", special ones " : ", none of them special", special);
    for (const char *line = safe.bytes; line;) {
        const char *end = strchr(line, '\n');
        log_line("  %.*s%s", (int)(end ? end - line : (long)strlen(line)), line,
                 end ? "\u23ce" : "\u258c");
        line = end ? end + 1 : NULL;
    }
    text_free(&safe);
    free(special);
    free(text);
}

int prompts_too_long(int64_t left_out, const Loaded *l, int max_new_tokens, Error *err)
{
    const int context = l->model->config.max_T;
    return error_set(err,
                     "every prompt (%lld) is too long: answers of %s in a context of %d leave "
                     "%d for the prompt; give a smaller --max-new-tokens",
                     (long long)left_out, text_count(max_new_tokens, "token"), context,
                     context - max_new_tokens);
}

void prompts_log(int64_t left_out, const Loaded *l, int max_new_tokens)
{
    const bool one = left_out == 1;
    if (left_out > 0)
        log_line("%s %s no room for an answer of %s in the context of %d: left out",
                 text_count(left_out, "prompt"), one ? "leaves" : "leave",
                 text_count(max_new_tokens, "token"), l->model->config.max_T);
}

void prompts_free(PromptTokens *p)
{
    store_prompts_free(&p->list);
    sequences_free(&p->tokens);
    free(p->row);
    *p = (PromptTokens){0};
}
