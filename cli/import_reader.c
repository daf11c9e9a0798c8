#include "cli/import_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/loaded.h"
#include "cli/project.h"

enum { NO_ROW = -2 }; /* as in ImportOptions: the import ends */

/* ---- the model ------------------------------------------------------------------------------------- */

static int open_tokenizer(ImportReader *r, Error *err)
{
    char folder[FILE_PATH_MAX];
    if (r->tokenizer) return 0;
    if (project_model(r->ctx, folder, NULL, r->model ? r->model : "base", err) != 0) return -1;
    if (tokenizer_in(folder)) snprintf(r->folder, sizeof r->folder, "%s", folder);
    else if (loaded_base_folder(r->folder, r->ctx, folder, err) != 0) return -1;
    return tokenizer_open(&r->tokenizer, r->folder, err);
}

static int open_plain(ImportReader *r, const char *why, Error *err)
{
    log_line("conversations become plain text, Human: and Assistant:%s", why);
    return chat_template_find(&r->chat.template, "plain", err);
}

/* The template is the model's, since its markup has to be tokens of the vocabulary. */
static int open_chat(ImportReader *r, Error *err)
{
    if (r->chat.template) return 0;
    if (r->template && strcmp(r->template, "plain") == 0) return open_plain(r, "", err);
    if (!r->model && !project_has_model(r->ctx, "base")) {
        if (!r->template && !r->chat_prompts)
            return open_plain(r, ", since there is no base with a chat template yet", err);
        if (r->template)
            error_set(err, "--template %s: there is no base yet whose tokens could be those of it",
                      r->template);
        else error_set(err, "--chat: there is no base yet whose chat template it could be");
        return error_hint(err, "name a model with --model, or take --template plain");
    }
    if (open_tokenizer(r, err) != 0 ||
        chat_open(&r->chat, r->folder, r->template, r->tokenizer, err) != 0)
        return -1;
    if (!r->chat.template && r->chat_prompts) return chat_missing(r->folder, err);
    if (!r->chat.template) return open_plain(r, ", since the model has no chat template", err);
    log_line("%s are written in the chat template %s, of %s",
             r->chat_prompts ? "prompts" : "conversations", chat_template_name(r->chat.template),
             r->folder);
    return 0;
}

const char *import_reader_template(ImportReader *r)
{
    Error ignored;
    Chat chat = {0};
    if (!r->model && !project_has_model(r->ctx, "base")) return NULL;
    if (open_tokenizer(r, &ignored) != 0 ||
        chat_open(&chat, r->folder, r->template, r->tokenizer, &ignored) != 0)
        return NULL;
    const char *name = chat.template ? chat_template_name(chat.template) : NULL;
    chat_close(&chat);
    return name;
}

int import_reader_say_plain(const Context *ctx, Store *store, const char *model, Error *err)
{
    ImportReader reader = {.ctx = ctx, .model = model};
    int64_t n = 0;
    if (store_count_prompts(store, &(StorePromptFilter){.plain = true}, &n, err) != 0) return -1;
    const char *template = n > 0 ? import_reader_template(&reader) : NULL;
    if (template)
        log_line("%s %s plain text, and %s has the chat template %s; to ask in turns of it: rlhf "
                 "import FILE --chat",
                 text_count(n, "prompt"), n == 1 ? "is" : "are", model ? model : "base", template);
    import_reader_close(&reader);
    return 0;
}

/* ---- conversations --------------------------------------------------------------------------------- */

static ChatRole role_of(const char *role)
{
    static const ChatRole ROLE[] = {CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT};
    int i = 0;
    while (role != STORE_ROLES[i]) i++;
    return ROLE[i];
}

static int render_prompt(const ImportReader *r, StoreConversation *c, ChatText *out, Error *err)
{
    ChatMessage *message = mem_calloc((size_t)c->n, sizeof *message);
    for (int i = 0; i < c->n; i++)
        message[i] = (ChatMessage){role_of(c->message[i].role), c->message[i].content};
    const int rc =
        chat_template_render(out, r->chat.template, &r->chat.variables, message, c->n, true, err);
    free(message);
    return rc;
}

/* In a prompt that is written in a template special tokens spelled out are tokens, so nobody's words may
 * spell one. */
int import_reader_render(void *reader, StoreConversation *c, Error *err)
{
    ImportReader *r = reader;
    ChatText text = {0};
    bool spells = false;
    if (open_chat(r, err) != 0) return NO_ROW;
    const ChatTemplate *t = r->chat.template;
    const bool markup = chat_template_control(t, &r->chat.variables, 0) != NULL;
    int rc = render_prompt(r, c, &text, err);
    if (rc == 0 && markup) rc = chat_spells_special(&spells, &text, r->tokenizer, err);
    if (rc == 0 && spells) rc = error_set(err, "somebody's words spell a special token");
    if (rc == 0) {
        c->prompt = text_take(&text.text);
        c->template = markup ? chat_template_name(t) : NULL;
        for (int i = 0; i < 2; i++)
            if (c->answer[i]) c->said[i] = chat_template_say(t, &r->chat.variables, c->answer[i]);
    }
    chat_text_free(&text);
    return rc;
}

/* ---- token ids ------------------------------------------------------------------------------------- */

/* OpenAI's data sets were written with GPT-2's vocabulary, in which these are the ids. */
static bool is_gpt2(const Tokenizer *t)
{
    return tokenizer_size(t) > 50256 && tokenizer_id(t, "Hello") == 15496 &&
           tokenizer_id(t, "<|endoftext|>") == 50256;
}

int import_reader_decode(void *reader, char **text, const int *token, int n, Error *err)
{
    ImportReader *r = reader;
    if (!r->is_gpt2) {
        if (open_tokenizer(r, err) != 0) {
            error_wrap(err, "the texts are token ids of GPT-2");
            error_hint(err, "name a model with its tokenizer: --model DIR");
            return NO_ROW;
        }
        if (!is_gpt2(r->tokenizer)) {
            error_set(err, "%s: the texts are token ids of GPT-2, and its tokenizer is another",
                      r->folder);
            error_hint(err, "name a model with GPT-2's: --model DIR");
            return NO_ROW;
        }
        r->is_gpt2 = true;
    }
    *text = response_text(r->tokenizer, token, n);
    return 0;
}

void import_reader_close(ImportReader *r)
{
    chat_close(&r->chat);
    tokenizer_free(r->tokenizer);
    r->tokenizer = NULL;
}
