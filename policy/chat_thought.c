#include "policy/chat_thought.h"

#include <string.h>

static const char BEGIN[] = "<think>", END[] = "</think>";

ChatThought chat_thought_apart(const char *answer)
{
    ChatThought t = {.text = answer, .said = answer};
    const char *end = strstr(answer, END);
    if (!end) return t;
    for (const char *at; (at = strstr(t.said, END));) t.said = at + strlen(END);
    t.said += strspn(t.said, "\n");
    for (const char *at; (at = strstr(t.text, BEGIN)) && at < end;) t.text = at + strlen(BEGIN);
    while (t.text < end && end[-1] == '\n') end--;
    while (t.text < end && *t.text == '\n') t.text++;
    t.n = (size_t)(end - t.text);
    return t;
}
