#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/tokenizer_parts.h"
#include "tests/fuzz/fuzz.h"

static const char TEXT[] = "Hello, \xc3\xa9 world's <s> 12  <|endoftext|>";
static const char *const SPECIAL[] = {"<|endoftext|>", "  "};

/* What is encoded decodes to itself. */
static void check_round_trip(const Tokenizer *t, const char *text, size_t n)
{
    Error err = {0};
    int *ids = NULL, n_ids = 0;
    size_t length;
    if (tokenizer_encode(t, text, n, n % 2, &ids, &n_ids, &err) != 0) {
        FUZZ_CLAIM(!ids && err.message[0]);
        return;
    }
    char *back = tokenizer_decode(t, ids, n_ids, false, &length);
    FUZZ_CLAIM(length == n && memcmp(back, text, n) == 0);
    free(back);
    free(ids);
}

/* A tokenizer of any kind encodes or refuses, and what it decodes to is UTF-8. */
static void check_any(const Tokenizer *t, const char *text, size_t n)
{
    Error err = {0};
    int *ids = NULL, n_ids = 0;
    size_t length;
    if (tokenizer_encode_prompt(t, text, n, true, &ids, &n_ids, &err) != 0) {
        FUZZ_CLAIM(!ids && err.message[0]);
        return;
    }
    char *back = tokenizer_decode(t, ids, n_ids, false, &length);
    for (size_t i = 0; i < length; i++)
        if (!back[i]) back[i] = '0';
    FUZZ_CLAIM(text_is_utf8(back, length, NULL));
    free(back);
    free(ids);
}

/* Any ids stream to what they decode to, which is UTF-8. */
static void check_decoding(const Tokenizer *t, const uint8_t *bytes, size_t n)
{
    int *ids = mem_calloc(n / 2, sizeof *ids);
    for (size_t i = 0; i < n / 2; i++) ids[i] = bytes[2 * i] | bytes[2 * i + 1] << 8;
    size_t length;
    char *text = tokenizer_decode(t, ids, (int)(n / 2), n % 2, &length);
    for (size_t i = 0; i < length; i++)
        if (!text[i]) text[i] = '0';
    FUZZ_CLAIM(text_is_utf8(text, length, NULL));

    TokenStream stream = {0};
    Text pieces = {0};
    for (size_t i = 0; i < n / 2; i++) token_stream_push(&stream, t, ids[i], n % 2, &pieces);
    token_stream_end(&stream, &pieces);
    FUZZ_CLAIM(pieces.n == length);
    text_free(&pieces);
    free(text);
    free(ids);
}

static void check_training(const char *bytes, size_t n)
{
    Error err = {0};
    Tokenizer *t = NULL;
    char *text = mem_strndup(bytes, n);
    const char *const one = text;
    if (tokenizer_train(&t, &one, 1, 400, SPECIAL, 1, &err) == 0)
        check_round_trip(t, text, strlen(text));
    tokenizer_free(t);
    free(text);
}

/* What is accepted can be written and read again, and is the same then. */
static void check_file(const char *json, size_t n)
{
    Error err = {0};
    Tokenizer *t = NULL, *again = NULL;
    Text written = {0};
    if (tokenizer_parse(&t, json, n, &err) != 0) {
        FUZZ_CLAIM(!t && err.message[0] && !strchr(err.message, '\n'));
        return;
    }
    check_any(t, TEXT, strlen(TEXT));
    tokenizer_put_json(t, &written);
    FUZZ_CLAIM(tokenizer_parse(&again, written.bytes, written.n, &err) == 0);
    FUZZ_CLAIM(strcmp(tokenizer_sha256(t), tokenizer_sha256(again)) == 0);
    text_free(&written);
    tokenizer_free(t);
    tokenizer_free(again);
}

/* The first byte says what the others are: a text for a small trained tokenizer, ids for it, a
 * text to train on, or, all together, a tokenizer.json. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static Tokenizer *small;
    Error err = {0};
    if (!small) {
        const char *corpus =
            "the cat sat on the mat; the cats' hats, it's 1234 \xc3\xa9\xc3\xa9 aaaaaaaaaaaa";
        FUZZ_CLAIM(tokenizer_train(&small, &corpus, 1, 300, SPECIAL, 2, &err) == 0);
    }
    if (n == 0) return 0;
    const char *rest = (const char *)bytes + 1;
    switch (bytes[0]) {
    case 't': check_round_trip(small, rest, n - 1); break;
    case 'i': check_decoding(small, bytes + 1, n - 1); break;
    case 'l': check_training(rest, n - 1); break;
    default: check_file((const char *)bytes, n);
    }
    return 0;
}
