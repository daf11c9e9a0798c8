#include "policy/tokenizer.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/bytelevel.h"
#include "policy/tokenizer_parts.h"

static const char END_OF_TEXT[] = "<|endoftext|>";

/* ---- making -------------------------------------------------------------------------------- */

/* The slot of the spelling, or the empty one where it belongs. */
static int *slot_of(const Tokenizer *t, const char *token, size_t n)
{
    for (size_t i = bpe_hash(token, n) & (t->room - 1);; i = (i + 1) & (t->room - 1)) {
        const int id = t->slots[i];
        if (id < 0 || (strncmp(t->token[id], token, n) == 0 && t->token[id][n] == 0))
            return &t->slots[i];
    }
}

int tokenizer_find(const Tokenizer *t, const char *token, size_t n)
{
    return *slot_of(t, token, n);
}

static int index_tokens(Tokenizer *t, Error *err)
{
    t->room = 64;
    while (t->room < 2 * (size_t)t->n) t->room *= 2;
    t->slots = mem_calloc(t->room, sizeof *t->slots);
    t->end = mem_calloc((size_t)t->n, sizeof *t->end);
    for (size_t i = 0; i < t->room; i++) t->slots[i] = -1;
    for (int id = 0; id < t->n; id++) {
        int *slot = slot_of(t, t->token[id], strlen(t->token[id]));
        if (*slot >= 0)
            return error_set(err, "tokens %d and %d are both \"%.80s\"", *slot, id, t->token[id]);
        *slot = id;
        bytelevel_read(&t->bytes, t->token[id]);
        t->end[id] = t->bytes.n;
    }
    return 0;
}

/* Added tokens with the tokenizer they belong to, for sorting. */
typedef struct {
    AddedToken token;
    size_t length;
} Sized;

static int longest_first(const void *a, const void *b)
{
    const Sized *x = a, *y = b;
    if (x->length != y->length) return x->length > y->length ? -1 : 1;
    return x->token.id < y->token.id ? -1 : x->token.id > y->token.id;
}

static void set_added(Tokenizer *t, const AddedToken *added, int n)
{
    Sized *sized = mem_calloc((size_t)n, sizeof *sized);
    for (int i = 0; i < n; i++) sized[i] = (Sized){added[i], strlen(t->token[added[i].id])};
    qsort(sized, (size_t)n, sizeof *sized, longest_first);
    t->added = mem_calloc((size_t)n, sizeof *t->added);
    t->n_added = n;
    for (int i = 0; i < n; i++) {
        t->added[i] = sized[i].token;
        t->special[added[i].id] = added[i].special;
        t->added_begins[(unsigned char)t->token[added[i].id][0]] = true;
    }
    free(sized);
}

int tokenizer_new(Tokenizer **out, char **tokens, int n, const AddedToken *added, int n_added,
                  Error *err)
{
    Tokenizer *t = mem_calloc(1, sizeof *t);
    t->token = tokens;
    t->n = n;
    t->special = mem_calloc((size_t)n, sizeof *t->special);
    pthread_mutex_init(&t->turn, NULL);
    if (index_tokens(t, err) != 0) {
        tokenizer_free(t);
        return -1;
    }
    set_added(t, added, n_added);
    t->eos = tokenizer_id(t, END_OF_TEXT);
    *out = t;
    return 0;
}

int tokenizer_byte_ids(const Tokenizer *t, int *byte_id, Error *err)
{
    Text symbol = {0};
    int rc = 0;
    for (int byte = 0; byte < 256 && rc == 0; byte++) {
        const char c = (char)byte;
        text_clear(&symbol);
        bytelevel_spell(&symbol, &c, 1);
        byte_id[byte] = tokenizer_find(t, symbol.bytes, symbol.n);
        if (byte_id[byte] < 0)
            rc =
                error_set(err, "the byte 0x%02x has no token \"%s\"", (unsigned)byte, symbol.bytes);
    }
    text_free(&symbol);
    return rc;
}

int tokenizer_set_merges(Tokenizer *t, const Merge *merges, int n, Error *err)
{
    int byte_id[256];
    Text json = {0};
    if (tokenizer_byte_ids(t, byte_id, err) != 0) return -1;
    t->bpe = bpe_new(merges, n, byte_id);
    t->pretokenizer = pretokenizer_new();
    tokenizer_put_json(t, &json);
    sha256_hex(t->sha256, json.bytes, json.n);
    text_free(&json);
    return 0;
}

void tokenizer_free(Tokenizer *t)
{
    if (!t) return;
    for (int i = 0; i < t->n; i++) free(t->token[i]);
    free(t->token);
    free(t->slots);
    free(t->end);
    free(t->special);
    free(t->added);
    text_free(&t->bytes);
    bpe_free(t->bpe);
    pretokenizer_free(t->pretokenizer);
    pthread_mutex_destroy(&t->turn);
    free(t);
}

/* ---- encoding ------------------------------------------------------------------------------ */

size_t tokenizer_next_added(const Tokenizer *t, const char *text, size_t n, size_t from,
                            bool special, int *id)
{
    *id = -1;
    if (t->n_added == 0) return n;
    for (size_t at = from; at < n; at++) {
        if (!t->added_begins[(unsigned char)text[at]]) continue;
        for (int i = 0; i < t->n_added; i++) {
            const AddedToken *a = &t->added[i];
            const char *token = t->token[a->id];
            const size_t length = strlen(token);
            if ((a->special && !special) || length > n - at ||
                memcmp(text + at, token, length) != 0)
                continue;
            *id = a->id;
            return at;
        }
    }
    return n;
}

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

int tokenizer_encode(const Tokenizer *t, const char *text, size_t n, bool special, int **ids,
                     int *n_ids, Error *err)
{
    if (check_text(text, n, err) != 0) return -1;
    IdList list = {mem_calloc(n / 3 + 4, sizeof(int)), 0, n / 3 + 4};
    Tokenizer *locked = (Tokenizer *)t;
    pthread_mutex_lock(&locked->turn);
    for (size_t at = 0; at < n;) {
        int id;
        const size_t cut = tokenizer_next_added(t, text, n, at, special, &id);
        /* The pattern looks ahead, but not beyond an added token. */
        for (size_t from = 0, end = cut - at, to; from < end; from = to) {
            to = pretokenizer_next(t->pretokenizer, text + at, end, from);
            bpe_encode(t->bpe, &list, text + at + from, to - from);
        }
        at = cut;
        if (id >= 0) {
            id_list_add(&list, id);
            at += strlen(t->token[id]);
        }
    }
    pthread_mutex_unlock(&locked->turn);
    *ids = list.ids;
    *n_ids = (int)list.n;
    return 0;
}

/* ---- decoding ------------------------------------------------------------------------------ */

static void put_bytes(const Tokenizer *t, Text *out, int id, bool skip_special)
{
    if (id < 0 || id >= t->n || (skip_special && t->special[id])) return;
    const size_t begin = id ? t->end[id - 1] : 0;
    text_append(out, t->bytes.bytes + begin, t->end[id] - begin);
}

char *tokenizer_decode(const Tokenizer *t, const int *ids, int n, bool skip_special, size_t *length)
{
    Text bytes = {0}, text = {0};
    for (int i = 0; i < n; i++) put_bytes(t, &bytes, ids[i], skip_special);
    utf8_repair(&text, bytes.bytes, bytes.n, true);
    text_free(&bytes);
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

void token_stream_push(TokenStream *s, const Tokenizer *t, int id, bool skip_special, Text *out)
{
    Text bytes = {0};
    text_append(&bytes, s->held, (size_t)s->n);
    put_bytes(t, &bytes, id, skip_special);
    const size_t used = utf8_repair(out, bytes.bytes, bytes.n, false);
    s->n = (int)(bytes.n - used);
    assert(s->n < (int)sizeof s->held);
    memcpy(s->held, bytes.bytes + used, (size_t)s->n);
    text_free(&bytes);
}

void token_stream_end(TokenStream *s, Text *out)
{
    utf8_repair(out, s->held, (size_t)s->n, true);
    s->n = 0;
}

/* ---- facts --------------------------------------------------------------------------------- */

int tokenizer_size(const Tokenizer *t)
{
    return t->n;
}

const char *tokenizer_token(const Tokenizer *t, int id)
{
    return id >= 0 && id < t->n ? t->token[id] : NULL;
}

int tokenizer_id(const Tokenizer *t, const char *token)
{
    return tokenizer_find(t, token, strlen(token));
}

bool tokenizer_is_special(const Tokenizer *t, int id)
{
    return id >= 0 && id < t->n && t->special[id];
}

int tokenizer_eos(const Tokenizer *t)
{
    return t->eos;
}

const char *tokenizer_sha256(const Tokenizer *t)
{
    return t->sha256;
}
