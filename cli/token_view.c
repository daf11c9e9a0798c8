#include "cli/token_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/wrap.h"
#include "labeling/visible.h"

static void next_line(int *column, int indent)
{
    printf("\n%*s", indent, "");
    *column = indent;
}

/* Line ends as a sign, and nothing that a terminal would obey. */
static char *shown(const char *piece, size_t n)
{
    Text t = {0};
    text_add(&t, "");
    for (size_t i = 0; i < n; i++) {
        if (piece[i] == '\n') {
            text_add(&t, "\u23ce");
            continue;
        }
        const size_t run = strcspn(piece + i, "\n");
        visible_append(&t, piece + i, i + run < n ? run : n - i);
        i += (i + run < n ? run : n - i) - 1;
    }
    return text_take(&t);
}

/* Pieces (n) of tokens that had to wait for the last, which has the text of all: each character to the token that
 * completes it.  Not where the text is something else than what the tokens spell: U+FFFD. */
static void spread(Text *piece, const Tokenizer *t, const int *ids, int n)
{
    Text spelled = {0}, *last = &piece[n - 1];
    size_t *end = mem_calloc((size_t)n, sizeof *end);
    for (int i = 0; i < n; i++) {
        tokenizer_token_bytes(t, ids[i], &spelled);
        end[i] = spelled.n;
    }
    /* a space in front of the whole text may have been left out */
    size_t done = spelled.n > last->n ? spelled.n - last->n : 0;
    if (spelled.n >= last->n && memcmp(spelled.bytes + done, last->bytes, last->n) == 0) {
        text_clear(last);
        for (int i = 0; i < n; i++) {
            if (end[i] <= done) continue;
            if (i + 1 < n && !text_is_utf8(spelled.bytes + done, end[i] - done, NULL)) continue;
            text_append(&piece[i], spelled.bytes + done, end[i] - done);
            done = end[i];
        }
    }
    free(end);
    text_free(&spelled);
}

/* What each token brings to the text of all (n): a character's bytes come with the last of its tokens. */
static Text *pieces_of(const Tokenizer *t, const int *ids, int n)
{
    Text *piece = mem_calloc((size_t)n, sizeof *piece);
    TokenStream stream = {0};
    for (int i = 0, waiting = 0; i < n; i++) {
        token_stream_push(&stream, t, ids[i], false, &piece[i]);
        if (i + 1 == n) token_stream_end(&stream, &piece[i]);
        if (piece[i].n == 0) continue;
        spread(piece + waiting, t, ids + waiting, i + 1 - waiting);
        waiting = i + 1;
    }
    return piece;
}

void token_view_print(const Tokenizer *t, const int *ids, int n, int column, int indent)
{
    const bool colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    Text *piece = pieces_of(t, ids, n);
    bool ended = false;
    for (int i = 0; i < n; i++) {
        char *text = shown(piece[i].bytes, piece[i].n);
        const int width = text_width(text, strlen(text)) + !colour;
        if (ended || (column > indent && column + width > wrap_columns()))
            next_line(&column, indent);
        column += width;
        if (colour) printf("\033[%dm%s\033[0m", i % 2 ? 46 : 43, text);
        else printf("%s|", text);
        ended = piece[i].n > 0 && piece[i].bytes[piece[i].n - 1] == '\n';
        text_free(&piece[i]);
        free(text);
    }
    free(piece);
}
