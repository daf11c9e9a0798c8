/* rlhf chat: a conversation in the terminal, line by line. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/annotator.h"
#include "cli/chat_room.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/project.h"
#include "labeling/typed.h"

typedef struct {
    const char *model, *template, *system, *as, *compare;
    int max_new_tokens, top_k;
    double temperature, top_p;
    bool greedy;
} ChatOptions;

static const Option OPTIONS[] = {
    MODEL_OPTION(offsetof(ChatOptions, model), "aligned, else base"),
    {"template", OPTION_TEXT, offsetof(ChatOptions, template), 0, 0, "NAME",
     "the chat template (the model's own, where it is known)"},
    {"system", OPTION_TEXT, offsetof(ChatOptions, system), 0, 0, "TEXT", "the system prompt"},
    {"compare", OPTION_TEXT, offsetof(ChatOptions, compare), 0, 0, "TEXT",
     "base and aligned both answer TEXT"},
    {"as", OPTION_TEXT, offsetof(ChatOptions, as), 0, 0, "NAME",
     "who judges; else RLHF_ANNOTATOR, else the name of this login"},
    {"max-new-tokens", OPTION_INT, offsetof(ChatOptions, max_new_tokens), 1, 1 << 20, "N",
     "longest answer (512)"},
    TEMPERATURE_OPTION(offsetof(ChatOptions, temperature)),
    TRUNCATION_OPTIONS(offsetof(ChatOptions, top_k), offsetof(ChatOptions, top_p),
                       offsetof(ChatOptions, greedy)),
    {0},
};

/* ---- lines ----------------------------------------------------------------------------------------- */

static int obey_switch(ChatRoom *room, int who, const char *text, Error *err)
{
    (void)text;
    return chat_room_switch(room, (ChatWho)who, err);
}

static int obey_compare(ChatRoom *room, int unused, const char *text, Error *err)
{
    (void)unused;
    return chat_room_compare(room, text, err);
}

static int obey_choose(ChatRoom *room, int better, const char *text, Error *err)
{
    (void)text;
    return chat_room_choose(room, better, err);
}

static int obey_thumb(ChatRoom *room, int good, const char *text, Error *err)
{
    (void)text;
    return chat_room_thumb(room, good, err);
}

static int obey_system(ChatRoom *room, int unused, const char *text, Error *err)
{
    (void)unused;
    if (chat_room_set_system(room, text, err) != 0) return -1;
    log_line("%s", *text ? "system prompt set" : "no system prompt");
    return 0;
}

static int obey_undo(ChatRoom *room, int unused, const char *text, Error *err)
{
    (void)unused, (void)text;
    return chat_room_undo(room, err);
}

static int obey_reset(ChatRoom *room, int unused, const char *text, Error *err)
{
    (void)unused, (void)text, (void)err;
    chat_room_reset(room);
    log_line("the conversation begins anew");
    return 0;
}

static int obey_help(ChatRoom *room, int unused, const char *text, Error *err);

static const struct {
    const char *word, *argument; /* argument NULL: it takes none */
    int (*obey)(ChatRoom *room, int value, const char *text, Error *err); /* NULL: leave */
    int value;
    const char *help;
} SLASHES[] = {
    {"base", NULL, obey_switch, CHAT_BASE, "the base model answers from here on"},
    {"aligned", NULL, obey_switch, CHAT_ALIGNED, "the aligned model does"},
    {"compare", "[TEXT]", obey_compare, 0, "both answer TEXT, or the last turn again"},
    {"a", NULL, obey_choose, -1, "of these two A is better, and the conversation goes on with it"},
    {"b", NULL, obey_choose, 1, "B is"},
    {"tie", NULL, obey_choose, 0, "neither is"},
    {"good", NULL, obey_thumb, 1, "thumb up for the last answer"},
    {"bad", NULL, obey_thumb, 0, "thumb down"},
    {"system", "[TEXT]", obey_system, 0, "the system prompt from here on; none without TEXT"},
    {"undo", NULL, obey_undo, 0, "take the last turn back"},
    {"reset", NULL, obey_reset, 0, "begin anew"},
    {"help", NULL, obey_help, 0, "this list"},
    {"quit", NULL, NULL, 0, "leave"},
};
enum { N_SLASHES = sizeof SLASHES / sizeof *SLASHES };

static int obey_help(ChatRoom *room, int unused, const char *text, Error *err)
{
    (void)room, (void)unused, (void)text, (void)err;
    for (int i = 0; i < N_SLASHES; i++)
        log_line("  /%-8s%-7s %s", SLASHES[i].word, SLASHES[i].argument ? SLASHES[i].argument : "",
                 SLASHES[i].help);
    log_line("  //...            a turn that begins with a slash");
    log_line("Ctrl-C stops an answer, and at the prompt it leaves.");
    return 0;
}

static int unknown(const char *word, Error *err)
{
    const char *words[N_SLASHES];
    for (int i = 0; i < N_SLASHES; i++) words[i] = SLASHES[i].word;
    const char *near = text_nearest(word, words, N_SLASHES);
    if (near) return error_set(err, "there is no /%.40s; did you mean /%s", word, near);
    return error_set(err, "there is no /%.40s; /help lists what there is", word);
}

static int obey_slash(ChatRoom *room, char *word, bool *leave, Error *err)
{
    text_trim(word);
    char *text = word + strcspn(word, " \t");
    if (*text) {
        *text = 0;
        text = text_trim(text + 1);
    }
    for (int i = 0; i < N_SLASHES; i++) {
        if (strcmp(SLASHES[i].word, word) != 0) continue;
        if (*text && !SLASHES[i].argument)
            return error_set(err, "/%s takes nothing after it", word);
        *leave = !SLASHES[i].obey;
        return *leave ? 0 : SLASHES[i].obey(room, SLASHES[i].value, text, err);
    }
    return unknown(word, err);
}

/* A mistake is told and changes nothing. */
static void obey(ChatRoom *room, char *line, size_t n, bool *leave)
{
    Error err = {0};
    size_t bad;
    int rc = 0;
    if (n > 0 && line[n - 1] == '\r') line[--n] = 0;
    if (!text_is_utf8(line, n, &bad))
        rc = error_set(&err, "byte %zu of that is %s; nothing was said", bad + 1,
                       line[bad] ? "not UTF-8" : "NUL");
    else if (line[0] == '/' && line[1] != '/') rc = obey_slash(room, line + 1, leave, &err);
    else if (line[strspn(line, " \t")]) rc = chat_room_say(room, line + (line[0] == '/'), &err);
    if (rc != 0) chat_room_tell(&err);
}

/* Until the person or the input ends it.  Returns why, as the session says it. */
static const char *talk_on(ChatRoom *room)
{
    TypedLines lines = {.fd = STDIN_FILENO, .terminal = isatty(STDIN_FILENO)};
    Text line = {0};
    const char *reason = NULL;
    bool leave = false;
    while (!reason) {
        if (lines.terminal) {
            fputs("> ", stdout);
            fflush(stdout);
        }
        switch (typed_next(&lines, &line)) {
        case TYPED_LINE:
            obey(room, line.bytes, line.n, &leave);
            if (leave) reason = "quit";
            else if (interrupt_pending()) reason = "signal";
            break;
        case TYPED_END: reason = "input ended"; break;
        case TYPED_SIGNAL: reason = "signal"; break;
        case TYPED_HANG_UP: reason = STORE_HANG_UP; break;
        }
        if (lines.terminal && reason && strcmp(reason, "quit") != 0) putchar('\n');
    }
    typed_free(&lines);
    text_free(&line);
    return reason;
}

static int check(const Context *ctx, const ChatOptions *o, Error *err)
{
    if (ctx->json)
        return error_usage(err, "chat has no --json; for one answer: rlhf generate --chat --json");
    if (!o->compare) return 0;
    if (o->model) return error_usage(err, "--compare asks base and aligned: without --model");
    if (!o->compare[strspn(o->compare, " \t\n")])
        return error_usage(err, "--compare: a prompt is missing");
    if (text_is_utf8(o->compare, strlen(o->compare), NULL)) return 0;
    return error_usage(err, "--compare: the prompt is not UTF-8");
}

/* With --compare one prompt, with which on a terminal a conversation begins. */
static int converse(ChatRoom *room, const ChatOptions *o, const char **reason, Error *err)
{
    const bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    *reason = "error";
    if (o->compare && !terminal) {
        if (chat_room_print_both(room, o->compare, err) != 0) return -1;
        *reason = "done";
        return 0;
    }
    chat_room_welcome(room);
    if (o->compare && chat_room_compare(room, o->compare, err) != 0) return -1;
    *reason = talk_on(room);
    /* A terminal that is gone is a hang-up, whether the signal came or not. */
    if (strcmp(*reason, STORE_HANG_UP) == 0) interrupt_raise(SIGHUP);
    return 0;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    ChatOptions o = {.max_new_tokens = 512, .temperature = 1, .top_p = 1};
    if (options_parse(ctx, OPTIONS, &o, NULL, 0, 0, argc, argv, err) != 0) return -1;
    if (check(ctx, &o, err) != 0) return -1;
    const char *model = o.model                                          ? o.model
                        : o.compare || project_has_model(ctx, "aligned") ? "aligned"
                                                                         : "base";
    const ChatRoomOptions options = {.template = o.template,
                                     .system = o.system,
                                     .who = annotator_name(o.as),
                                     .settings = {.temperature = o.temperature,
                                                  .top_p = o.top_p,
                                                  .max_new_tokens = o.max_new_tokens,
                                                  .top_k = o.top_k,
                                                  .greedy = o.greedy,
                                                  .seed = ctx->seed}};
    ChatRoom *room = NULL;
    if (chat_room_open(&room, ctx, model, &options, err) != 0) return -1;
    interrupt_on_closed_pipe();
    const char *reason;
    Error late;
    const int rc = converse(room, &o, &reason, err);
    return chat_room_close(room, reason, rc == 0 ? err : &late) == 0 ? rc : -1;
}

const Command cmd_chat = {
    .name = "chat",
    .heading = "models",
    .summary = "talk with a model, and judge what it says",
    .usage = "[--model MODEL] [--template NAME] [--system TEXT] [--as NAME]\n"
             "--compare TEXT [--template NAME] [--system TEXT] [--as NAME]",
    .details =
        "A line is a turn; it works over a pipe as well.  /help lists what begins with a slash: "
        "/base and /aligned\n"
        "switch, /compare asks both, /good, /bad, /a, /b and /tie are saved as judgements and "
        "labels.  Ctrl-C stops\n"
        "an answer; at the prompt it leaves.\n"
        "The template is recognised by the model's own; --template takes: chatml, qwen2, qwen2.5, "
        "qwen3, smollm2,\n"
        "llama3, llama3.2, zephyr, mistral-v0.1, mistral-v0.2, mistral-v1, mistral-v3, "
        "mistral-nemo, gemma, gemma-3,\n"
        "and for base models qa, which is Q: and A:, and plain, which is Human: and Assistant:.\n"
        "--compare TEXT prints both answers to one prompt, and saves nothing; on a terminal it "
        "begins "
        "a conversation\n"
        "with /compare TEXT.",
    .options = OPTIONS,
    .project = PROJECT_OPTIONAL,
    .run = run,
};
