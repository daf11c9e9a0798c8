/* What import cannot read without a model: conversations, which become text in its chat template, and texts
 * that are given as token ids.  The model's folder is opened when the first row asks for it, its weights never. */
#ifndef CLI_IMPORT_READER_H
#define CLI_IMPORT_READER_H

#include "cli/command.h"
#include "policy/chat.h"
#include "store/store.h"

typedef struct {
    const Context *ctx;
    const char *model;    /* NULL: the project's base, where it has one */
    const char *template; /* NULL: the model's own, else plain */
    bool chat_prompts; /* plain prompts are written in it as well, so it is an error to have none */
    char folder[FILE_PATH_MAX];
    Tokenizer *tokenizer; /* NULL until a row asked for it, and of plain text */
    Chat chat;            /* template NULL: not asked for yet */
    bool is_gpt2;         /* the tokenizer was looked at, and has the ids of GPT-2 */
} ImportReader;

/* Members of ImportOptions, with an ImportReader as `reader`. */
int import_reader_render(void *reader, StoreConversation *conversation, Error *err);
int import_reader_decode(void *reader, char **text, const int *token, int n, Error *err);
void import_reader_close(ImportReader *r);
/* The name of the chat template of the model that is there, NULL when there is none that could be used. */
const char *import_reader_template(ImportReader *r);
/* Says, where the project has prompts that are plain text and the model a chat template, how they become turns of it.
 * `model` may be NULL: the base. */
int import_reader_say_plain(const Context *ctx, Store *store, const char *model, Error *err);

#endif
