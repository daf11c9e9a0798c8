#include "cli/given_tokens.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/id_text.h"

static void add_id(void *sequences, int id)
{
    sequences_add(sequences, &id, 1);
}

static int read_input(Text *t, Error *err)
{
    char piece[4096];
    if (isatty(STDIN_FILENO)) log_line("reading standard input; end it with Ctrl-D");
    for (size_t got; (got = fread(piece, 1, sizeof piece, stdin)) > 0;) text_append(t, piece, got);
    return ferror(stdin) ? error_set(err, "standard input: %s", strerror(errno)) : 0;
}

static int read_text(Sequences *out, Loaded *l, const GivenTokens *given, Error *err)
{
    Text t = {0};
    int *ids = NULL, n, rc = -1;
    text_add(&t, given->text ? given->text : "");
    if (!given->text && read_input(&t, err) != 0) goto done;
    if (!l->tokenizer && loaded_open_tokenizer(l, err) != 0) goto done;
    if (tokenizer_encode_prompt(l->tokenizer, t.bytes, t.n, given->special, &ids, &n, err) != 0) {
        error_wrap(err, "%s", given->text ? "--text" : "standard input");
        goto done;
    }
    sequences_add(out, ids, n);
    free(ids);
    rc = 0;

done:
    text_free(&t);
    return rc;
}

int given_tokens_read(Sequences *out, Loaded *l, const GivenTokens *given, Error *err)
{
    const ModelConfig *c = &l->model->config;
    if (given->ids && id_text_read(given->ids, c->V, add_id, out, err) != 0)
        return error_wrap(err, "--ids");
    if (!given->ids && read_text(out, l, given, err) != 0) return -1;
    sequences_end(out);
    if (out->tokens == 0) return error_set(err, "nothing to read: no token was given");
    if (out->tokens > c->max_T)
        return error_set(err, "%d tokens are beyond the context of %d", out->tokens, c->max_T);
    return 0;
}
