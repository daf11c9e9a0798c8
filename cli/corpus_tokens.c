#include "cli/corpus_tokens.h"

#include "base/log.h"
#include "cli/loaded.h"

static int add_document(Sequences *to, const Tokenizer *t, const char *text, int max_T, Error *err)
{
    Sequences whole = {0};
    if (add_document_tokens(&whole, t, text, err) != 0) return -1;
    const int n = sequences_pending(&whole);
    for (int at = 0; at + 1 < n; at += max_T) {
        sequences_add(to, whole.token + at, n - at < max_T ? n - at : max_T);
        sequences_end(to);
    }
    sequences_free(&whole);
    return 0;
}

int corpus_tokens_make(CorpusTokens *out, const Corpus *c, const Tokenizer *t, int max_T,
                       Error *err)
{
    Progress bar;
    int rc = 0;
    progress_begin(&bar, "tokens", c->n, "document");
    for (int i = 0; i < c->n && rc == 0; i++) {
        const bool hold_out = c->held_out ? c->held_out[i]
                                          : i % CORPUS_VALID_EVERY == CORPUS_VALID_EVERY - 1 &&
                                                out->valid.tokens < CORPUS_VALID_TOKENS;
        rc = add_document(hold_out ? &out->valid : &out->train, t, c->text[i], max_T, err);
        if (rc != 0) error_wrap(err, "document %d", i + 1);
        progress_update(&bar, i + 1, NULL);
    }
    progress_end(&bar);
    if (rc != 0) return -1;
    if (out->train.n == 0) return error_set(err, "no document has two tokens");
    return 0;
}

void corpus_tokens_free(CorpusTokens *c)
{
    sequences_free(&c->train);
    sequences_free(&c->valid);
}

Examples corpus_tokens_train(const CorpusTokens *c)
{
    return (Examples){c->train.n, c->train.token, c->train.start, NULL};
}

Examples corpus_tokens_valid(const CorpusTokens *c)
{
    return (Examples){c->valid.n, c->valid.token, c->valid.start, NULL};
}
