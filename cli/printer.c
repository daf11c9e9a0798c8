#include "cli/printer.h"

#include <stdio.h>
#include <string.h>

#include "labeling/visible.h"

/* How a character is shown depends on those before it in its line (tabs, marks), never on other lines. */
static void show_in_line(Printer *p, const char *bytes, size_t n, bool last)
{
    Text visible = {0};
    text_append(&p->line, bytes, n);
    /* whether a carriage return belongs to a line's end is known by what follows it */
    const bool held = !last && p->line.n > 0 && p->line.bytes[p->line.n - 1] == '\r';
    visible_append(&visible, p->line.bytes, p->line.n - held);
    if (visible.n > p->shown) fwrite(visible.bytes + p->shown, 1, visible.n - p->shown, stdout);
    p->shown = visible.n;
    text_free(&visible);
    if (p->line.n == 0 || p->line.bytes[p->line.n - 1] != '\n') return;
    text_clear(&p->line);
    p->shown = 0;
}

void printer_show(Printer *p, const char *bytes, size_t n)
{
    if (!p->terminal) {
        fwrite(bytes, 1, n, stdout);
        return;
    }
    while (n > 0) {
        const char *end = memchr(bytes, '\n', n);
        const size_t length = end ? (size_t)(end - bytes) + 1 : n;
        show_in_line(p, bytes, length, false);
        bytes += length, n -= length;
    }
}

void printer_end(Printer *p, int cut)
{
    if (p->terminal) show_in_line(p, "", 0, true);
    if (p->terminal && cut) printf(" [cut after %s]", text_count(cut, "token"));
    putchar('\n');
    text_clear(&p->line);
    p->shown = 0;
}

void printer_token(Printer *p, int token)
{
    Text t = {0};
    token_stream_push(&p->stream, p->tokenizer, token, true, &t);
    if (t.n) printer_show(p, t.bytes, t.n);
    fflush(stdout);
    text_free(&t);
}

void printer_stream_end(Printer *p, int cut)
{
    Text t = {0};
    token_stream_end(&p->stream, &t);
    if (t.n) printer_show(p, t.bytes, t.n);
    printer_end(p, cut);
    text_free(&t);
}

void printer_free(Printer *p)
{
    text_free(&p->line);
}
