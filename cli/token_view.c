#include "cli/token_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void token_view_print(const Tokenizer *t, const int *ids, int n, int column, int indent)
{
    const bool colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    TokenStream stream = {0};
    bool ended = false;
    for (int i = 0; i < n; i++) {
        Text piece = {0}; /* as part of the whole: a character's bytes with its last token */
        token_stream_push(&stream, t, ids[i], false, &piece);
        if (i + 1 == n) token_stream_end(&stream, &piece);
        char *text = shown(piece.bytes, piece.n);
        const int width = text_width(text, strlen(text)) + !colour;
        if (ended || (column > indent && column + width > wrap_columns()))
            next_line(&column, indent);
        column += width;
        if (colour) printf("\033[%dm%s\033[0m", i % 2 ? 46 : 43, text);
        else printf("%s|", text);
        ended = piece.n > 0 && piece.bytes[piece.n - 1] == '\n';
        text_free(&piece);
        free(text);
    }
}
