/* A conversation as text of which every stretch is known: the template's or somebody's, learned or not. */
#ifndef POLICY_CHAT_TEXT_H
#define POLICY_CHAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* A stretch of the rendered text, never empty. */
typedef struct {
    size_t begin, end; /* bytes */
    bool markup; /* the template's: tokens spelled out in it are tokens; else somebody's words */
    /* what the model itself says: all from where an answer begins up to and with the token that
     * ends the turn, and not the line end behind that */
    bool learned;
} ChatSegment;

typedef struct {
    Text text;
    ChatSegment *segment; /* (n) end to end over the text */
    int n;
} ChatText;

/* Append n bytes; next to a stretch of the same kind they become part of it. */
void chat_text_put(ChatText *out, const char *bytes, size_t n, bool markup, bool learned);
/* Move both ends of a stretch of text (n) inwards over white space, as Python's str.strip does. */
void chat_text_trim(const char **text, size_t *n);
void chat_text_free(ChatText *text);

#endif
