#include "policy/tokenizer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/bytelevel.h"
#include "policy/tokenizer_parts.h"

static const char END_OF_TEXT[] = "<|endoftext|>";

/* ---- making -------------------------------------------------------------------------------- */

int tokenizer_check_bytes(const Vocabulary *v, Error *err)
{
    int byte_id[256];
    word_encoder_byte_ids(v, byte_id);
    for (int byte = 0; byte < 256; byte++) {
        const bool occurs = byte < 0xc0 || (byte > 0xc1 && byte < 0xf5);
        if (byte_id[byte] >= 0 || !occurs) continue;
        Text symbol = {0};
        bytelevel_spell(&symbol, &(char){(char)byte}, 1);
        error_set(err, "the byte 0x%02x has no token \"%s\"", (unsigned)byte, symbol.bytes);
        text_free(&symbol);
        return -1;
    }
    return 0;
}

int tokenizer_new(Tokenizer **out, char **tokens, int n, const AddedToken *added, int n_added,
                  const Merge *merges, int n_merges, Error *err)
{
    Tokenizer *t = mem_calloc(1, sizeof *t);
    pthread_mutex_init(&t->turn, NULL);
    t->pieces = word_memory_new();
    if (vocabulary_new(&t->vocabulary, tokens, n, err) != 0) goto fail;
    for (int i = 0; i < n_added; i++) t->vocabulary->special[added[i].id] = added[i].special;
    if (tokenizer_check_bytes(t->vocabulary, err) != 0) goto fail;
    if (added_tokens_new(&t->added, added, n_added, t->vocabulary, NULL, err) != 0) goto fail;
    t->pretokenizer = pretokenizer_new_gpt2();
    t->words =
        word_encoder_new(t->vocabulary, merges, n_merges, &(WordOptions){.bytes = true, .unk = -1});
    t->decoder = decoder_new_byte_level();
    tokenizer_finish(t);
    *out = t;
    return 0;

fail:
    tokenizer_free(t);
    return -1;
}

void tokenizer_finish(Tokenizer *t)
{
    t->eos = tokenizer_id(t, END_OF_TEXT);
    t->sha256 = mem_calloc(SHA256_HEX, 1);
}

void tokenizer_free(Tokenizer *t)
{
    if (!t) return;
    word_encoder_free(t->words);
    word_memory_free(t->pieces);
    added_tokens_free(t->added);
    vocabulary_free(t->vocabulary);
    normalizer_free(t->normalizer);
    pretokenizer_free(t->pretokenizer);
    postprocessor_free(&t->around);
    decoder_free(t->decoder);
    for (int i = 0; i < N_PARTS; i++) free(t->part[i]);
    free(t->json);
    free(t->config);
    free(t->sha256);
    pthread_mutex_destroy(&t->turn);
    free(t);
}

/* ---- encoding ------------------------------------------------------------------------------ */

static int check_text(const char *text, size_t n, Error *err)
{
    if (n > INT_MAX) return error_set(err, "the text has more than 2 GB");
    for (size_t at = 0; at < n;) {
        const int step = utf8_step(text + at, n - at);
        if (step <= 0) {
            error_set(err, "byte %zu of the text (0x%02x) is not UTF-8", at,
                      (unsigned char)text[at]);
            return error_hint(err, "convert the text, for instance with iconv -f latin1 -t utf-8");
        }
        at += (size_t)step;
    }
    return 0;
}

/* A text while it is encoded. */
typedef struct {
    Tokenizer *t;
    bool special;
    Text normal; /* of the piece at hand */
    size_t n_words;
    IdList ids;
} Encoding;

/* A piece that the steps leave whole is remembered where it was cut out, so that a word seen before is not
 * taken through the steps that come after.  One that is cut again comes again in its parts. */
static int add_piece(void *context, const Piece *piece, Error *err)
{
    Encoding *e = context;
    Tokenizer *t = e->t;
    if (pretokenizer_is_word(t->pretokenizer, piece)) {
        e->n_words++;
        return word_encoder_encode(t->words, &e->ids, piece->text, piece->n, err);
    }
    if (!piece->part) return pretokenizer_step(t->pretokenizer, piece, add_piece, e, err);

    const int what = 2 * piece->step + piece->first;
    const size_t n_words = e->n_words, n_ids = e->ids.n;
    if (word_memory_recall(t->pieces, &e->ids, what, piece->text, piece->n)) {
        e->n_words++;
        return 0;
    }
    if (pretokenizer_step(t->pretokenizer, piece, add_piece, e, err) != 0) return -1;
    if (e->n_words == n_words + 1)
        word_memory_keep(t->pieces, what, piece->text, piece->n, e->ids.ids + n_ids,
                         e->ids.n - n_ids);
    return 0;
}

/* Text between added tokens that are looked for as it is: in its normal form there may be others.
 * `first`: it is the beginning of the whole. */
static int add_plain(Encoding *e, const char *text, size_t n, bool first, Error *err)
{
    Tokenizer *t = e->t;
    if (n == 0) return 0;
    if (t->normalizer) {
        size_t cut;
        text_clear(&e->normal);
        if (normalizer_apply(t->normalizer, &e->normal, &cut, text, n, err) != 0) return -1;
        text = e->normal.bytes;
        n = e->normal.n;
        first = first && cut == 0;
    }
    AddedCursor c = {0};
    for (int id = 0; id >= 0;) {
        size_t from, to;
        id = added_tokens_next(t->added, true, &c, text, n, e->special, &from, &to);
        const Piece piece = {.text = text + from, .n = to - from, .first = first && from == 0};
        if (piece.n > 0 && add_piece(e, &piece, err) != 0) return -1;
        if (id >= 0) id_list_add(&e->ids, id);
    }
    return 0;
}

static int add_text(Encoding *e, const char *text, size_t n, Error *err)
{
    AddedCursor c = {0};
    for (int id = 0; id >= 0;) {
        size_t from, to;
        id = added_tokens_next(e->t->added, false, &c, text, n, e->special, &from, &to);
        if (add_plain(e, text + from, to - from, from == 0, err) != 0) return -1;
        if (id >= 0) id_list_add(&e->ids, id);
    }
    return 0;
}

int tokenizer_encode(const Tokenizer *t, const char *text, size_t n, bool special, int **ids,
                     int *n_ids, Error *err)
{
    if (check_text(text, n, err) != 0) return -1;
    Tokenizer *locked = (Tokenizer *)t;
    Encoding e = {
        .t = locked, .special = special, .ids = {mem_calloc(n / 3 + 4, sizeof(int)), 0, n / 3 + 4}};
    pthread_mutex_lock(&locked->turn);
    int rc = add_text(&e, text, n, err);
    pthread_mutex_unlock(&locked->turn);
    text_free(&e.normal);
    if (rc == 0 && e.ids.n > INT_MAX) rc = error_set(err, "the text has more than 2^31 tokens");
    if (rc != 0) {
        free(e.ids.ids);
        return -1;
    }
    *ids = e.ids.ids;
    *n_ids = (int)e.ids.n;
    return 0;
}

int tokenizer_encode_prompt(const Tokenizer *t, const char *text, size_t n, bool special, int **ids,
                            int *n_ids, Error *err)
{
    const IdList *front = &t->around.front;
    if (tokenizer_encode(t, text, n, special, ids, n_ids, err) != 0) return -1;
    const size_t n_text = (size_t)*n_ids, bytes = front->n * sizeof **ids;
    if (front->n == 0 || (n_text >= front->n && memcmp(*ids, front->ids, bytes) == 0)) return 0;
    *ids = mem_realloc(*ids, n_text + front->n, sizeof **ids);
    memmove(*ids + front->n, *ids, n_text * sizeof **ids);
    memcpy(*ids, front->ids, bytes);
    *n_ids += (int)front->n;
    return 0;
}

/* ---- decoding ------------------------------------------------------------------------------ */

char *tokenizer_decode(const Tokenizer *t, const int *ids, int n, bool skip_special, size_t *length)
{
    TokenStream stream = {0};
    Text text = {0};
    for (int i = 0; i < n; i++) token_stream_push(&stream, t, ids[i], skip_special, &text);
    token_stream_end(&stream, &text);
    if (length) *length = text.n;
    return text_take(&text);
}

char *tokenizer_decode_response(const Tokenizer *t, const int *ids, int n)
{
    size_t length;
    char *whole = tokenizer_decode(t, ids, n, true, &length);
    Text text = {0};
    for (size_t at = 0; at < length; at++) {
        const size_t part = strlen(whole + at);
        text_append(&text, whole + at, part);
        at += part;
        if (at < length) text_add(&text, "\xEF\xBF\xBD");
    }
    free(whole);
    return text_take(&text);
}

/* Decoders have places to work in, so decoding takes turns as encoding does. */
void token_stream_push(TokenStream *s, const Tokenizer *t, int id, bool skip_special, Text *out)
{
    if (id < 0 || id >= t->vocabulary->n || (skip_special && t->vocabulary->special[id])) return;
    Tokenizer *locked = (Tokenizer *)t;
    pthread_mutex_lock(&locked->turn);
    if (!s->decoding) s->decoding = decoding_begin(t->decoder);
    s->tokenizer = locked;
    const char *decoded = added_tokens_decoded(t->added, id);
    decoding_push(s->decoding, decoded ? decoded : t->vocabulary->token[id], out);
    pthread_mutex_unlock(&locked->turn);
}

void token_stream_end(TokenStream *s, Text *out)
{
    if (!s->decoding) return;
    pthread_mutex_lock(&s->tokenizer->turn);
    decoding_end(s->decoding, out);
    pthread_mutex_unlock(&s->tokenizer->turn);
    *s = (TokenStream){0};
}

/* ---- facts --------------------------------------------------------------------------------- */

int tokenizer_size(const Tokenizer *t)
{
    return t->vocabulary->n;
}

const char *tokenizer_token(const Tokenizer *t, int id)
{
    return id >= 0 && id < t->vocabulary->n ? t->vocabulary->token[id] : NULL;
}

void tokenizer_token_bytes(const Tokenizer *t, int id, Text *out)
{
    const char *token = tokenizer_token(t, id);
    if (!token) return;
    const char *decoded = added_tokens_decoded(t->added, id);
    if (!t->vocabulary->in_model[id]) text_add(out, decoded ? decoded : token);
    else decoder_token(t->decoder, token, out);
}

int tokenizer_id(const Tokenizer *t, const char *token)
{
    return vocabulary_find(t->vocabulary, token, strlen(token));
}

bool tokenizer_is_special(const Tokenizer *t, int id)
{
    return id >= 0 && id < t->vocabulary->n && t->vocabulary->special[id];
}

int tokenizer_eos(const Tokenizer *t)
{
    return t->eos;
}

const char *tokenizer_sha256(const Tokenizer *t)
{
    if (!*t->sha256) {
        Text json = {0};
        tokenizer_put_json(t, &json);
        sha256_hex(t->sha256, json.bytes, json.n);
        text_free(&json);
    }
    return t->sha256;
}
