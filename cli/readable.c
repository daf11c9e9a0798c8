#include "cli/readable.h"

#include "policy/chat_turns.h"

static void put_turn(Text *out, const ChatTurn *turn)
{
    static const char *const NAME[] = {
        [CHAT_SYSTEM] = "System", [CHAT_USER] = "User", [CHAT_ASSISTANT] = "Assistant"};
    text_format(out, "%s%s: ", out->n ? "\n" : "", NAME[turn->role]);
    for (size_t i = 0; i < turn->n; i++) {
        text_append(out, turn->text + i, 1);
        if (turn->text[i] == '\n') text_add(out, "  ");
    }
}

bool readable_turns(Text *out, const char *prompt, const char *template)
{
    const ChatTemplate *t = NULL;
    ChatTurns turns = {0};
    Error unknown = {0};
    if (chat_template_find(&t, template, &unknown) != 0) return false;
    if (!chat_turns_split(&turns, t, prompt)) return false;
    for (int i = 0; i < turns.n; i++) put_turn(out, &turns.turn[i]);
    chat_turns_free(&turns);
    return true;
}
