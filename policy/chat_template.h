/* Chat templates: a conversation as the text that a family of models was trained on.
 *
 * A template is one row of a table: its name, how it is recognised, how it renders.  Models carry theirs as a
 * Jinja program; there is no interpreter of Jinja here, so a program is recognised by its SHA-256, with line
 * ends, escaped line ends and the ends of the text made equal.  Nothing weaker would do: <|im_start|> stands in
 * a hundred templates, which differ in a default system prompt, a stripped space, a line for tools.  The marks
 * of a family (<|im_start|>, [INST]) only serve to say which rows a program that is not recognised resembles;
 * the person chooses.
 *
 * A row renders what the published template renders for system, user and assistant, without tools, and refuses
 * what that refuses.  The beginning-of-text token is part of the text where the template writes it, and nothing
 * may be put in front of it. */
#ifndef POLICY_CHAT_TEMPLATE_H
#define POLICY_CHAT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "policy/chat_text.h"

typedef enum { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT } ChatRole;
const char *chat_role_name(ChatRole role);

typedef struct {
    ChatRole role;
    const char *content; /* UTF-8 */
} ChatMessage;

typedef struct ChatTemplate ChatTemplate;

/* Row i of the table, or NULL behind the last. */
const ChatTemplate *chat_template_at(int i);
const char *chat_template_name(const ChatTemplate *t);
/* By name; an unknown one is an error that lists the names. */
int chat_template_find(const ChatTemplate **out, const char *name, Error *err);
/* By the n bytes of a model's own template; the error for one that is not known says how to choose. */
int chat_template_recognise(const ChatTemplate **out, const char *source, size_t n, Error *err);

/* What a model may have of its own; NULL is what the family has. */
typedef struct {
    const char *bos, *eos; /* the tokens as spelled */
    const char *date;      /* "26 Jul 2024", where the template tells the model a date */
} ChatVariables;

/* Token i without which the format means nothing: they must be tokens of the vocabulary.  NULL behind the last. */
const char *chat_template_control(const ChatTemplate *t, const ChatVariables *v, int i);
/* Token i that ends a turn, the template's own before others of the family; a vocabulary need not have all. */
const char *chat_template_end(const ChatTemplate *t, const ChatVariables *v, int i);
/* Text that ends an answer, of a format without tokens of its own; else NULL. */
const char *chat_template_end_text(const ChatTemplate *t);

/* `prompt`: end with what an answer follows.  What the template refuses is an error. */
int chat_template_render(ChatText *out, const ChatTemplate *t, const ChatVariables *v,
                         const ChatMessage *message, int n, bool prompt, Error *err);
/* An answer as the model says it: with what the template leads it in by, trimmed where it trims, without the
 * end.  The caller frees. */
char *chat_template_say(const ChatTemplate *t, const ChatVariables *v, const char *content);

#endif
