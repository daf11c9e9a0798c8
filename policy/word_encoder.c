#include "policy/word_encoder.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/bytelevel.h"
#include "policy/characters.h"
#include "policy/word_memory.h"

/* SentencePiece's sign for a space. */
static const char SPACE_SIGN[] = "\xe2\x96\x81";

struct WordEncoder {
    const Vocabulary *vocabulary;
    WordOptions options;
    Bpe *bpe;
    int byte_id[256];     /* of words of bytes */
    int fallback_id[256]; /* of bytes of characters that have no token */
    bool sign_begins;     /* no merge reaches over the place before a sign for a space */
    IdList units;
    WordMemory *memory;
};

/* ---- making -------------------------------------------------------------------------------- */

void word_encoder_byte_ids(const Vocabulary *v, int *byte_id)
{
    Text symbol = {0};
    for (int byte = 0; byte < 256; byte++) {
        const char c = (char)byte;
        text_clear(&symbol);
        bytelevel_spell(&symbol, &c, 1);
        byte_id[byte] = vocabulary_find_in_model(v, symbol.bytes, symbol.n);
    }
    text_free(&symbol);
}

static void find_fallback(WordEncoder *w)
{
    for (int byte = 0; byte < 256; byte++) {
        char name[8];
        const int n = snprintf(name, sizeof name, "<0x%02X>", (unsigned)byte);
        w->fallback_id[byte] = vocabulary_find_in_model(w->vocabulary, name, (size_t)n);
    }
}

/* A whole text may be one word.  Where no merge makes a token with a sign for a space behind anything but
 * another one, the words between the signs never meet, and each is encoded, and remembered, by itself.
 * (With ignore_merges the whole text could be a token.) */
static bool sign_begins_words(const Vocabulary *v, const Merge *merges, int n)
{
    const size_t length = strlen(SPACE_SIGN);
    if (vocabulary_find_in_model(v, SPACE_SIGN, length) < 0) return false;
    for (int i = 0; i < n; i++) {
        const char *token = v->token[merges[i].result], *at = token;
        while (strncmp(at, SPACE_SIGN, length) == 0) at += length;
        if (strstr(at, SPACE_SIGN)) return false;
    }
    return true;
}

WordEncoder *word_encoder_new(const Vocabulary *v, const Merge *merges, int n,
                              const WordOptions *options)
{
    WordEncoder *w = mem_calloc(1, sizeof *w);
    w->vocabulary = v;
    w->options = *options;
    w->bpe = bpe_new(merges, n);
    w->memory = word_memory_new();
    word_encoder_byte_ids(v, w->byte_id);
    find_fallback(w);
    w->sign_begins = !options->bytes && !options->ignore_merges && sign_begins_words(v, merges, n);
    return w;
}

void word_encoder_free(WordEncoder *w)
{
    if (!w) return;
    bpe_free(w->bpe);
    free(w->units.ids);
    word_memory_free(w->memory);
    free(w);
}

const Merge *word_encoder_merges(const WordEncoder *w, int *n)
{
    return bpe_merges(w->bpe, n);
}

const WordOptions *word_encoder_options(const WordEncoder *w)
{
    return &w->options;
}

/* ---- units --------------------------------------------------------------------------------- */

static bool add_fallback(WordEncoder *w, const char *character, int length)
{
    for (int i = 0; i < length; i++)
        if (w->fallback_id[(unsigned char)character[i]] < 0) return false;
    for (int i = 0; i < length; i++)
        id_list_add(&w->units, w->fallback_id[(unsigned char)character[i]]);
    return true;
}

/* An unknown token is added when the next character that has a token of its own comes, as the published
 * engine does it: behind bytes that stand between. */
static int add_characters(WordEncoder *w, const char *word, size_t n, Error *err)
{
    const WordOptions *o = &w->options;
    int unknown = 0, length;
    for (size_t at = 0; at < n; at += (size_t)length) {
        const int c = character_at(word + at, &length);
        const int id = vocabulary_find_in_model(w->vocabulary, word + at, (size_t)length);
        if (id >= 0) {
            if (unknown) id_list_add(&w->units, o->unk);
            unknown = 0;
            id_list_add(&w->units, id);
            continue;
        }
        if (o->byte_fallback && add_fallback(w, word + at, length)) continue;
        if (o->unk < 0)
            return error_set(err, "the character U+%04X has no token in this tokenizer",
                             (unsigned)c);
        if (unknown && !o->fuse_unk) id_list_add(&w->units, o->unk);
        unknown = 1;
    }
    if (unknown) id_list_add(&w->units, o->unk);
    return 0;
}

static int whole_word(const WordEncoder *w, const char *word, size_t n)
{
    if (!w->options.bytes) return vocabulary_find_in_model(w->vocabulary, word, n);
    Text spelled = {0};
    bytelevel_spell(&spelled, word, n);
    const int id = vocabulary_find_in_model(w->vocabulary, spelled.bytes, spelled.n);
    text_free(&spelled);
    return id;
}

static int encode_afresh(WordEncoder *w, IdList *out, const char *word, size_t n, Error *err)
{
    const int whole = w->options.ignore_merges ? whole_word(w, word, n) : -1;
    if (whole >= 0) {
        id_list_add(out, whole);
        return 0;
    }
    w->units.n = 0;
    if (!w->options.bytes) {
        if (add_characters(w, word, n, err) != 0) return -1;
    } else {
        for (size_t i = 0; i < n; i++) id_list_add(&w->units, w->byte_id[(unsigned char)word[i]]);
    }
    bpe_merge(w->bpe, out, w->units.ids, w->units.n);
    return 0;
}

/* ---- remembering --------------------------------------------------------------------------- */

static int encode_remembered(WordEncoder *w, IdList *out, const char *word, size_t n, Error *err)
{
    if (word_memory_recall(w->memory, out, 0, word, n)) return 0;
    const size_t before = out->n;
    if (encode_afresh(w, out, word, n, err) != 0) return -1;
    word_memory_keep(w->memory, 0, word, n, out->ids + before, out->n - before);
    return 0;
}

/* Where the word after the signs at `at` ends: before the next sign. */
static size_t before_next_sign(const char *word, size_t n, size_t at)
{
    const size_t length = strlen(SPACE_SIGN);
    while (n - at >= length && memcmp(word + at, SPACE_SIGN, length) == 0) at += length;
    const char *sign = memmem(word + at, n - at, SPACE_SIGN, length);
    return sign ? (size_t)(sign - word) : n;
}

int word_encoder_encode(WordEncoder *w, IdList *out, const char *word, size_t n, Error *err)
{
    assert(n > 0);
    if (!w->sign_begins || n <= WORD_MEMORY_BYTES_MAX)
        return encode_remembered(w, out, word, n, err);
    for (size_t at = 0, end; at < n; at = end) {
        end = before_next_sign(word, n, at);
        if (encode_remembered(w, out, word + at, end - at, err) != 0) return -1;
    }
    return 0;
}
