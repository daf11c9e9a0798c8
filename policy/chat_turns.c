#include "policy/chat_turns.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What the template writes around turns; NULL where it refuses such a conversation. */
typedef struct {
    char *before_user, *before_system; /* at the beginning */
    char *system_user, *user_answer, *answer_user;
    char *end; /* after the user's last turn: what an answer follows */
} Marks;

/* No template trims or escapes them, and none holds them. */
#define S "\2S\2"
#define U "\2U\2"
#define A "\2A\2"
#define V "\2V\2"

static char *render(const ChatTemplate *t, const ChatMessage *m, int n)
{
    ChatText text = {0};
    Error refused = {0};
    char *out = NULL;
    if (chat_template_render(&text, t, NULL, m, n, true, &refused) == 0)
        out = mem_strdup(text.text.bytes);
    chat_text_free(&text);
    return out;
}

/* What stands between two words of a text; NULL is its beginning or its end. */
static char *between(const char *text, const char *after, const char *before)
{
    const char *from = text ? after ? strstr(text, after) : text : NULL;
    if (!from) return NULL;
    if (after) from += strlen(after);
    const char *to = before ? strstr(from, before) : from + strlen(from);
    return to ? mem_strndup(from, (size_t)(to - from)) : NULL;
}

static Marks marks_of(const ChatTemplate *t)
{
    const ChatMessage talk[] = {{CHAT_USER, U}, {CHAT_ASSISTANT, A}, {CHAT_USER, V}};
    const ChatMessage told[] = {{CHAT_SYSTEM, S}, {CHAT_USER, U}};
    char *of_talk = render(t, talk, 3), *of_told = render(t, told, 2);
    const Marks m = {.before_user = between(of_talk, NULL, U),
                     .user_answer = between(of_talk, U, A),
                     .answer_user = between(of_talk, A, V),
                     .end = between(of_talk, V, NULL),
                     .before_system = between(of_told, NULL, S),
                     .system_user = between(of_told, S, U)};
    free(of_talk);
    free(of_told);
    return m;
}

static void marks_free(Marks *m)
{
    char *const all[] = {m->before_user, m->before_system, m->system_user,
                         m->user_answer, m->answer_user,   m->end};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static bool begins(const char *text, const char *mark)
{
    return mark && strncmp(text, mark, strlen(mark)) == 0;
}

static void add(ChatTurns *out, ChatRole role, const char *from, const char *to)
{
    out->turn = mem_realloc(out->turn, (size_t)out->n + 1, sizeof *out->turn);
    out->turn[out->n++] = (ChatTurn){role, from, (size_t)(to - from)};
}

/* Past the beginning, and past a system turn.  NULL when it begins otherwise. */
static const char *begin(ChatTurns *out, const Marks *m, const char *prompt)
{
    if (begins(prompt, m->before_user)) return prompt + strlen(m->before_user);
    if (!begins(prompt, m->before_system)) return NULL;
    const char *from = prompt + strlen(m->before_system), *to = strstr(from, m->system_user);
    if (!to) return NULL;
    add(out, CHAT_SYSTEM, from, to);
    return to + strlen(m->system_user);
}

static bool split(ChatTurns *out, const Marks *m, const char *prompt)
{
    const char *at = begin(out, m, prompt), *end = prompt + strlen(prompt) - strlen(m->end);
    if (!at || at > end || strcmp(end, m->end) != 0) return false;
    for (;;) {
        const char *answer = strstr(at, m->user_answer);
        /* What ends the prompt may be what stands before any answer. */
        if (!answer || answer >= end) {
            add(out, CHAT_USER, at, end);
            return true;
        }
        add(out, CHAT_USER, at, answer);
        at = answer + strlen(m->user_answer);
        const char *user = strstr(at, m->answer_user);
        if (!user || user + strlen(m->answer_user) > end) return false;
        add(out, CHAT_ASSISTANT, at, user);
        at = user + strlen(m->answer_user);
    }
}

bool chat_turns_split(ChatTurns *out, const ChatTemplate *t, const char *prompt)
{
    ChatTurns turns = {0};
    Marks m = marks_of(t);
    const bool known = m.before_user && m.user_answer && *m.user_answer && m.answer_user &&
                       *m.answer_user && m.end && strlen(prompt) >= strlen(m.end);
    const bool whole = known && split(&turns, &m, prompt);
    marks_free(&m);
    if (whole) *out = turns;
    else chat_turns_free(&turns);
    return whole;
}

void chat_turns_free(ChatTurns *turns)
{
    if (!turns) return;
    free(turns->turn);
    *turns = (ChatTurns){0};
}
