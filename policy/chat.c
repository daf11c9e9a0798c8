#include "policy/chat.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "policy/tokenizer_config.h"

enum { CONFIG_MAX = 64 << 20 }; /* bytes */

/* ---- the format of a model ------------------------------------------------------------------------- */

static char *token_of(const cJSON *config, const char *role)
{
    const char *token = tokenizer_config_token(config, role);
    return token ? mem_strdup(token) : NULL;
}

static int recognise(Chat *c, const char *dir, const cJSON *config, Error *err)
{
    char path[FILE_PATH_MAX];
    char *own = NULL;
    size_t n = 0;
    if (path_join(path, dir, "chat_template.jinja", err) != 0) return -1;
    if (file_exists(path)) {
        if (file_read(&own, &n, path, CONFIG_MAX, err) != 0) return -1;
    } else if (tokenizer_config_template(config)) {
        own = mem_strdup(tokenizer_config_template(config));
        n = strlen(own);
    }
    const int rc = own ? chat_template_recognise(&c->template, own, n, err) : 0;
    free(own);
    return rc == 0 ? 0 : error_wrap(err, "%s", dir);
}

/* A tokenizer may have a token without parsing it out of a text, so it is parsed. */
static bool is_token(const Tokenizer *t, const char *spelling)
{
    int *ids = NULL, n = 0;
    Error ignored;
    if (tokenizer_encode(t, spelling, strlen(spelling), true, &ids, &n, &ignored) != 0)
        return false;
    const bool one = n == 1 && ids[0] == tokenizer_id(t, spelling);
    free(ids);
    return one;
}

static int check_tokens(const Chat *c, const char *dir, const Tokenizer *t, Error *err)
{
    const char *token;
    for (int i = 0; (token = chat_template_control(c->template, &c->variables, i)); i++)
        if (!is_token(t, token)) {
            error_set(err,
                      "%s: chat template %s is written with the token %s, which the model's "
                      "tokenizer does not have",
                      dir, chat_template_name(c->template), token);
            return error_hint(err,
                              "a model that was not trained on a chat template: --template plain");
        }
    return 0;
}

static void find_stops(Chat *c, const Tokenizer *t)
{
    const char *token;
    for (int i = 0; (token = chat_template_end(c->template, &c->variables, i)); i++)
        if (is_token(t, token) && c->n_stop < CHAT_STOPS_MAX - 1)
            c->stop[c->n_stop++] = tokenizer_id(t, token);
    if (tokenizer_eos(t) >= 0) c->stop[c->n_stop++] = tokenizer_eos(t);
}

/* tokenizer_config.json, NULL where there is none, and the variables that it names. */
static int read_config(Chat *c, cJSON **config, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, dir, "tokenizer_config.json", err) != 0) return -1;
    if (file_exists(path) && json_read(config, path, CONFIG_MAX, false, err) != 0) return -1;
    c->bos = token_of(*config, "bos_token");
    c->eos = token_of(*config, "eos_token");
    c->variables = (ChatVariables){.bos = c->bos, .eos = c->eos};
    return 0;
}

static int add_stop(int stop[CHAT_STOPS_MAX], int *n_stop, int id, Error *err)
{
    for (int i = 0; i < *n_stop; i++)
        if (stop[i] == id) return 0;
    if (*n_stop == CHAT_STOPS_MAX)
        return error_set(err, "more than %d tokens are to end an answer", CHAT_STOPS_MAX);
    stop[(*n_stop)++] = id;
    return 0;
}

int chat_add_stops(int stop[CHAT_STOPS_MAX], int *n_stop, const char *dir, const char *name,
                   const Tokenizer *t, Error *err)
{
    Chat c = {0};
    cJSON *config = NULL;
    const char *token;
    int rc = -1;
    if (read_config(&c, &config, dir, err) != 0 || chat_template_find(&c.template, name, err) != 0)
        goto done;
    rc = 0;
    for (int i = 0; rc == 0 && (token = chat_template_end(c.template, &c.variables, i)); i++)
        if (is_token(t, token)) rc = add_stop(stop, n_stop, tokenizer_id(t, token), err);

done:
    chat_close(&c);
    cJSON_Delete(config);
    return rc;
}

int chat_open(Chat *out, const char *dir, const char *name, const Tokenizer *t, Error *err)
{
    Chat c = {0};
    cJSON *config = NULL;
    int rc = -1;
    if (read_config(&c, &config, dir, err) != 0) return -1;
    if (name ? chat_template_find(&c.template, name, err) : recognise(&c, dir, config, err))
        goto done;
    if (c.template && check_tokens(&c, dir, t, err) != 0) goto done;
    if (c.template) find_stops(&c, t);
    *out = c;
    rc = 0;

done:
    if (rc != 0) chat_close(&c);
    cJSON_Delete(config);
    return rc;
}

int chat_missing(const char *dir, Error *err)
{
    error_set(err, "%s: the model has no chat template", dir);
    return error_hint(err, "it can be talked to as Human: and Assistant: with --template plain, as "
                           "Q: and A: with --template qa");
}

void chat_close(Chat *c)
{
    free(c->bos);
    free(c->eos);
    *c = (Chat){0};
}

/* ---- tokens ---------------------------------------------------------------------------------------- */

typedef struct {
    int *id, n;
} Ids;

static int encode(Ids *out, const char *bytes, size_t n, bool special, const Tokenizer *t,
                  Error *err)
{
    return tokenizer_encode(t, bytes, n, special, &out->id, &out->n, err);
}

/* The place of the first special token at or after `from`; n when there is none. */
static int next_special(const Ids *ids, int from, const Tokenizer *t)
{
    while (from < ids->n && !tokenizer_is_special(t, ids->id[from])) from++;
    return from;
}

static int spells_special(bool *out, const ChatText *text, const ChatSegment *s, const Tokenizer *t,
                          Error *err)
{
    Ids ids = {0};
    if (encode(&ids, text->text.bytes + s->begin, s->end - s->begin, true, t, err) != 0) return -1;
    *out = next_special(&ids, 0, t) < ids.n;
    free(ids.id);
    return 0;
}

int chat_spells_special(bool *out, const ChatText *text, const Tokenizer *t, Error *err)
{
    *out = false;
    for (int i = 0; i < text->n && !*out; i++)
        if (!text->segment[i].markup && spells_special(out, text, &text->segment[i], t, err) != 0)
            return -1;
    return 0;
}

static void append(ChatTokens *out, const Ids *ids)
{
    out->id = mem_realloc(out->id, (size_t)(out->n + ids->n) + 1, sizeof *out->id);
    for (int i = 0; i < ids->n; i++) out->id[out->n++] = ids->id[i];
}

/* Segments [from, to) as one string, special tokens parsed. */
static int encode_joined(ChatTokens *out, const ChatText *text, int from, int to,
                         const Tokenizer *t, Error *err)
{
    const size_t begin = text->segment[from].begin, end = text->segment[to - 1].end;
    Ids ids = {0};
    if (encode(&ids, text->text.bytes + begin, end - begin, true, t, err) != 0) return -1;
    append(out, &ids);
    free(ids.id);
    return 0;
}

static int encode_apart(ChatTokens *out, const ChatText *text, int from, int to, const Tokenizer *t,
                        Error *err)
{
    for (int i = from; i < to; i++) {
        const ChatSegment *s = &text->segment[i];
        Ids ids = {0};
        if (encode(&ids, text->text.bytes + s->begin, s->end - s->begin, s->markup, t, err) != 0)
            return -1;
        append(out, &ids);
        free(ids.id);
    }
    return 0;
}

/* Whether the special tokens of what was encoded as one string, from place `at` on, are those of its markup:
 * the end of a content and the beginning of markup could spell one together. */
static int only_of_markup(bool *out, const ChatTokens *joined, int at, const ChatText *text,
                          int from, int to, const Tokenizer *t, Error *err)
{
    const Ids all = {joined->id, joined->n};
    *out = true;
    for (int i = from; i < to; i++) {
        const ChatSegment *s = &text->segment[i];
        Ids ids = {0};
        if (!s->markup) continue;
        if (encode(&ids, text->text.bytes + s->begin, s->end - s->begin, true, t, err) != 0)
            return -1;
        for (int k = next_special(&ids, 0, t); k < ids.n; k = next_special(&ids, k + 1, t)) {
            at = next_special(&all, at, t);
            *out = *out && at < all.n && all.id[at] == ids.id[k];
            at++;
        }
        free(ids.id);
    }
    *out = *out && next_special(&all, at, t) >= all.n;
    return 0;
}

/* Segments that are all learned or all not, and none of whose contents spells a special token. */
static int encode_piece(ChatTokens *out, const ChatText *text, int from, int to, const Tokenizer *t,
                        Error *err)
{
    const int before = out->n;
    bool right = true;
    if (from == to) return 0;
    if (encode_joined(out, text, from, to, t, err) != 0) return -1;
    if (only_of_markup(&right, out, before, text, from, to, t, err) != 0) return -1;
    if (right) return 0;
    out->n = before;
    return encode_apart(out, text, from, to, t, err);
}

int chat_encode(ChatTokens *out, const ChatText *text, const Tokenizer *t, Error *err)
{
    ChatTokens tokens = {0};
    int from = 0, rc = 0;
    for (int i = 0; i < text->n && rc == 0; i++) {
        const ChatSegment *s = &text->segment[i];
        bool spells = false;
        if (s->learned != text->segment[from].learned) {
            rc = encode_piece(&tokens, text, from, i, t, err);
            from = i;
        }
        if (rc == 0 && !s->markup) rc = spells_special(&spells, text, s, t, err);
        if (rc != 0 || !spells) continue;
        rc = encode_piece(&tokens, text, from, i, t, err);
        if (rc == 0) rc = encode_apart(&tokens, text, i, i + 1, t, err);
        from = i + 1;
    }
    if (rc == 0 && from < text->n) rc = encode_piece(&tokens, text, from, text->n, t, err);
    if (rc == 0) *out = tokens;
    else chat_tokens_free(&tokens);
    return rc;
}

void chat_tokens_free(ChatTokens *tokens)
{
    free(tokens->id);
    *tokens = (ChatTokens){0};
}
