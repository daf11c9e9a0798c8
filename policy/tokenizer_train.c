#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "policy/bpe_train.h"
#include "policy/bytelevel.h"
#include "policy/tokenizer_parts.h"

/* Special tokens and bytes only: what cuts the texts while the merges are learned. */
static int begin(Tokenizer **out, const char *const *special, int n_special, Error *err)
{
    unsigned char order[256];
    const int n = n_special + 256;
    char **tokens = mem_calloc((size_t)n, sizeof *tokens);
    AddedToken *added = mem_calloc((size_t)n_special, sizeof *added);
    for (int i = 0; i < n_special; i++) {
        tokens[i] = mem_strdup(special[i]);
        added[i] = (AddedToken){.id = i, .special = true};
    }
    bytelevel_order(order);
    for (int i = 0; i < 256; i++) {
        Text symbol = {0};
        bytelevel_spell(&symbol, (const char *)&order[i], 1);
        tokens[n_special + i] = text_take(&symbol);
    }
    const int rc = tokenizer_new(out, tokens, n, added, n_special, NULL, 0, err);
    free(added);
    return rc;
}

/* A text on its way to the trainer. */
typedef struct {
    BpeTrainer *trainer;
    Pretokenizer *pretokenizer;
} Counting;

static int count_piece(void *context, const Piece *piece, Error *err)
{
    Counting *c = context;
    if (!pretokenizer_is_word(c->pretokenizer, piece))
        return pretokenizer_step(c->pretokenizer, piece, count_piece, c, err);
    bpe_trainer_add(c->trainer, piece->text, piece->n);
    return 0;
}

static int count_words(BpeTrainer *trainer, Tokenizer *t, const char *text, Error *err)
{
    const size_t n = strlen(text);
    size_t bad;
    if (!text_is_utf8(text, n, &bad))
        return error_set(err, "byte %zu (0x%02x) is not UTF-8", bad, (unsigned char)text[bad]);
    Counting counting = {trainer, t->pretokenizer};
    AddedCursor c = {0};
    for (int id = 0; id >= 0;) {
        size_t from, to;
        id = added_tokens_next(t->added, false, &c, text, n, true, &from, &to);
        const Piece piece = {.text = text + from, .n = to - from, .first = from == 0};
        if (piece.n > 0 && count_piece(&counting, &piece, err) != 0) return -1;
    }
    return 0;
}

/* The tokens of `small` and one for each merge. */
static int finish(Tokenizer **out, const Tokenizer *small, const Merge *merges, int n_merges,
                  Error *err)
{
    const int n_small = tokenizer_size(small), n = n_small + n_merges;
    int n_added;
    const AddedToken *added = added_tokens_list(small->added, &n_added);
    char **tokens = mem_calloc((size_t)n, sizeof *tokens);
    for (int i = 0; i < n_small; i++) tokens[i] = mem_strdup(tokenizer_token(small, i));
    for (int i = 0; i < n_merges; i++)
        tokens[merges[i].result] =
            mem_format("%s%s", tokens[merges[i].left], tokens[merges[i].right]);
    return tokenizer_new(out, tokens, n, added, n_added, merges, n_merges, err);
}

int tokenizer_train(Tokenizer **out, const char *const *texts, int n_texts, int vocab_size,
                    const char *const *special, int n_special, Error *err)
{
    Tokenizer *small = NULL;
    BpeTrainer *trainer = bpe_trainer_new();
    Merge *merges = NULL;
    int n_merges = 0, byte_id[256], rc = -1;

    if (vocab_size < n_special + 256) {
        error_set(err, "vocab_size %d is too small: 256 bytes and %d special tokens need %d",
                  vocab_size, n_special, n_special + 256);
        goto done;
    }
    for (int i = 0; i < n_special; i++)
        if (!*special[i]) {
            error_set(err, "special token %d is empty", i);
            goto done;
        }
    if (begin(&small, special, n_special, err) != 0) goto done;
    word_encoder_byte_ids(small->vocabulary, byte_id);

    for (int i = 0; i < n_texts; i++) {
        progress_pulse("counting");
        if (count_words(trainer, small, texts[i], err) != 0) {
            error_wrap(err, "text %d", i);
            goto done;
        }
    }
    for (int i = 0; i < n_special; i++) {
        Text bytes = {0};
        bytelevel_read(&bytes, special[i], strlen(special[i]));
        bpe_trainer_reserve(trainer, bytes.bytes, bytes.n);
        text_free(&bytes);
    }
    if (bpe_trainer_learn(trainer, &merges, &n_merges, vocab_size - tokenizer_size(small),
                          tokenizer_size(small), byte_id, err) != 0)
        goto done;
    rc = finish(out, small, merges, n_merges, err);
done:
    free(merges);
    bpe_trainer_free(trainer);
    tokenizer_free(small);
    return rc;
}
