#include "policy/added_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/bpe.h"
#include "policy/characters.h"
#include "policy/pattern.h"

/* Unicode's word characters (UTS 18, annex C): of a class's \w, and the joiners. */
static const char WORD_CHARACTER[] = "\\A[\\w\\u200c\\u200d]";

/* A tree of spellings: `branch` leads from a node by a byte to the next; node 0 is the root. */
typedef struct {
    PairTable branch;
    int *token; /* (n) the token that ends at the node, -1 none */
    int n, room;
    bool begins[256];
} Trie;

struct AddedTokens {
    AddedToken *token; /* (n) */
    int n;
    Trie trie[2]; /* of the tokens looked for in the text as it is, and in its normal form */
    Pattern *word;
    char **decoded; /* (n) normal forms that are not the spellings, or NULL */
    bool any_decoded;
};

static int trie_node(Trie *t)
{
    if (t->n == t->room) {
        t->room = 2 * t->room + 16;
        t->token = mem_realloc(t->token, (size_t)t->room, sizeof *t->token);
    }
    t->token[t->n] = -1;
    return t->n++;
}

/* The first of two with one spelling stays. */
static void trie_add(Trie *t, const char *spelling, size_t n, int token)
{
    int node = 0;
    if (n == 0) return;
    if (t->n == 0) trie_node(t);
    t->begins[(unsigned char)*spelling] = true;
    for (size_t i = 0; i < n; i++) {
        int *next = pair_table_place(&t->branch, node, (unsigned char)spelling[i]);
        if (*next < 0) *next = trie_node(t);
        node = *next;
    }
    if (t->token[node] < 0) t->token[node] = token;
}

/* The longest spelling at the beginning of text: its token, or -1, and its length. */
static int trie_longest(const Trie *t, const char *text, size_t n, size_t *length)
{
    int best = -1, node = 0;
    for (size_t i = 0; i < n; i++) {
        node = pair_table_find(&t->branch, node, (unsigned char)text[i]);
        if (node < 0) break;
        if (t->token[node] < 0) continue;
        best = t->token[node];
        *length = i + 1;
    }
    return best;
}

int added_tokens_new(AddedTokens **out, const AddedToken *token, int n, const Vocabulary *v,
                     Normalizer *z, Error *err)
{
    AddedTokens *a = mem_calloc(1, sizeof *a);
    Text spelling = {0};
    bool words = false;
    int rc = 0;
    a->token = mem_calloc((size_t)n, sizeof *a->token);
    a->decoded = mem_calloc((size_t)n, sizeof *a->decoded);
    a->n = n;
    if (n) memcpy(a->token, token, (size_t)n * sizeof *token);
    for (int pass = 0; pass < 2; pass++) /* special ones come first where two are spelled alike */
        for (int i = 0; i < n && rc == 0; i++) {
            const char *content = v->token[token[i].id];
            size_t cut;
            if (token[i].special == (pass == 1)) continue;
            words = words || token[i].single_word;
            text_clear(&spelling);
            rc = normalizer_apply(token[i].normalized ? z : NULL, &spelling, &cut, content,
                                  strlen(content), err);
            trie_add(&a->trie[token[i].normalized], spelling.bytes, spelling.n, i);
            if (token[i].special || strcmp(spelling.bytes ? spelling.bytes : "", content) == 0)
                continue;
            a->decoded[i] = mem_strdup(spelling.bytes ? spelling.bytes : "");
            a->any_decoded = true;
        }
    if (rc == 0 && words) rc = pattern_new_regex(&a->word, WORD_CHARACTER, err);
    text_free(&spelling);
    if (rc == 0) *out = a;
    else added_tokens_free(a);
    return rc;
}

void added_tokens_free(AddedTokens *a)
{
    if (!a) return;
    for (int i = 0; i < 2; i++) {
        pair_table_free(&a->trie[i].branch);
        free(a->trie[i].token);
    }
    for (int i = 0; i < a->n; i++) free(a->decoded[i]);
    pattern_free(a->word);
    free(a->decoded);
    free(a->token);
    free(a);
}

const AddedToken *added_tokens_list(const AddedTokens *a, int *n)
{
    *n = a->n;
    return a->token;
}

const char *added_tokens_decoded(const AddedTokens *a, int id)
{
    for (int i = 0; i < a->n && a->any_decoded; i++)
        if (a->token[i].id == id) return a->decoded[i];
    return NULL;
}

/* Whether the character text[0..n) is one of a word. */
static bool is_word(AddedTokens *a, const char *text, size_t n)
{
    PatternCursor c = {0};
    size_t begin, end;
    Error ignored; /* one character is no work */
    return pattern_next(a->word, &c, text, n, &begin, &end, &ignored) == 1;
}

static bool stands_alone(AddedTokens *a, const char *text, size_t n, size_t begin, size_t end)
{
    if (begin > 0) {
        const size_t length = (size_t)character_length_before(text, begin);
        if (is_word(a, text + begin - length, length)) return false;
    }
    int length = 0;
    if (end == n) return true;
    character_at(text + end, &length);
    return !is_word(a, text + end, (size_t)length);
}

static size_t skip_space_before(const char *text, size_t at, size_t least)
{
    while (at > least) {
        int length = character_length_before(text, at);
        if (!character_is_space(character_at(text + at - length, &length))) break;
        at -= (size_t)length;
    }
    return at;
}

static size_t skip_space_after(const char *text, size_t at, size_t n)
{
    for (int length; at < n; at += (size_t)length)
        if (!character_is_space(character_at(text + at, &length))) break;
    return at;
}

int added_tokens_next(AddedTokens *a, bool normalized, AddedCursor *c, const char *text, size_t n,
                      bool special, size_t *from, size_t *to)
{
    const Trie *trie = &a->trie[normalized];
    *from = c->done;
    for (size_t at = trie->n ? c->look : n; at < n; at++) {
        size_t length = 0;
        if (!trie->begins[(unsigned char)text[at]]) continue;
        const int found = trie_longest(trie, text + at, n - at, &length);
        if (found < 0) continue;
        const AddedToken *token = &a->token[found];
        const size_t end = at + length;
        c->look = end;
        /* What is passed over is passed over whole: nothing is looked for inside it. */
        at = end - 1;
        if (token->special && !special) continue;
        if (token->single_word && !stands_alone(a, text, n, end - length, end)) continue;
        *to = end - length;
        if (token->lstrip) *to = skip_space_before(text, *to, c->done < *to ? c->done : *to);
        if (*to < *from) *to = *from;
        const size_t done = token->rstrip ? skip_space_after(text, end, n) : end;
        if (done > c->done) c->done = done;
        return token->id;
    }
    c->look = n;
    *to = n > *from ? n : *from;
    c->done = n;
    return -1;
}
