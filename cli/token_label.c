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
