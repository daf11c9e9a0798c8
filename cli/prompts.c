#include "cli/prompts.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

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
    if (rc == 0) *out = p;
    else prompts_free(&p);
    return rc;
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
