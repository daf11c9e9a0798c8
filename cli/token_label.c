#include "cli/token_label.h"

#include <string.h>

#include "base/json.h"
#include "labeling/visible.h"

void token_label(Text *out, const Tokenizer *t, int id)
{
    Text bytes = {0};
    if (!token_spelling(t, id)) {
        text_format(out, "%d", id);
        return;
    }
    tokenizer_token_bytes(t, id, &bytes);
    for (size_t i = 0, n; i < bytes.n; i += n) {
        const char *at = bytes.bytes + i;
        n = strcspn(at, " \t\n\r");
        if (n > bytes.n - i) n = bytes.n - i;
        if (n > 0) visible_append(out, at, n);
        else if (*at == ' ') text_add(out, "\xe2\x90\xa3"), n = 1;
        else text_format(out, "<U+%04X>", (unsigned char)*at), n = 1;
    }
    text_free(&bytes);
}

void token_label_columns(Text *out, const Tokenizer *t, int id, int columns)
{
    Text label = {0};
    token_label(&label, t, id);
    int width = text_width(label.bytes, label.n);
    const bool cut = width > columns;
    while (cut && width > columns - 1) { /* one character less */
        do label.n--;
        while (label.n > 0 && ((unsigned char)label.bytes[label.n] & 0xC0) == 0x80);
        width = text_width(label.bytes, label.n);
    }
    text_append(out, label.bytes, label.n);
    text_format(out, "%s%*s", cut ? "~" : "", columns - width - cut, "");
    text_free(&label);
}

void probability_label(Text *out, double p)
{
    if (p < 0.0005) text_add(out, "<0.001");
    else if (p >= 0.9995 && p < 1) text_add(out, ">0.999");
    else text_format(out, "%.3f", p);
}

const char *token_spelling(const Tokenizer *t, int id)
{
    return t && id < tokenizer_size(t) ? tokenizer_token(t, id) : NULL;
}

void token_put_json(Text *out, const Tokenizer *t, int id)
{
    const char *spelling = token_spelling(t, id);
    text_format(out, "\"id\":%d,\"token\":", id);
    if (spelling) json_put_text(out, spelling, strlen(spelling));
    else text_add(out, "null");
}

void tokens_put_json(Text *out, const Tokenizer *t, const int *ids, int n)
{
    for (int i = 0; i < n; i++) {
        text_add(out, i ? ",{" : "[{");
        token_put_json(out, t, ids[i]);
        text_add(out, "}");
    }
    text_add(out, "]");
}
