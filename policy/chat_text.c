#include "policy/chat_text.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "policy/bytelevel.h"

void chat_text_put(ChatText *out, const char *bytes, size_t n, bool markup, bool learned)
{
    if (n == 0) return;
    ChatSegment *last = out->n ? &out->segment[out->n - 1] : NULL;
    const size_t begin = out->text.n;
    text_append(&out->text, bytes, n);
    if (last && last->markup == markup && last->learned == learned) {
        last->end = out->text.n;
        return;
    }
    out->segment = mem_realloc(out->segment, (size_t)out->n + 1, sizeof *out->segment);
    out->segment[out->n++] = (ChatSegment){begin, out->text.n, markup, learned};
}

/* What Python's str.strip takes off, as Jinja's trim does. */
static bool is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}

static uint32_t decode(const char *bytes, size_t n)
{
    static const unsigned char FIRST[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = (unsigned char)bytes[0] & FIRST[n];
    for (size_t i = 1; i < n; i++) c = c << 6 | ((unsigned char)bytes[i] & 0x3f);
    return c;
}

void chat_text_trim(const char **text, size_t *n)
{
    size_t begin = 0, end = 0;
    bool any = false;
    for (size_t at = 0; at < *n;) {
        const int step = utf8_step(*text + at, *n - at);
        const size_t length = step > 0 ? (size_t)step : 1;
        if (step <= 0 || !is_space(decode(*text + at, length))) {
            if (!any) begin = at;
            any = true;
            end = at + length;
        }
        at += length;
    }
    *text += begin;
    *n = end - begin;
}

void chat_text_free(ChatText *text)
{
    text_free(&text->text);
    free(text->segment);
    *text = (ChatText){0};
}
