#include "cli/chat_room.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/base_change.h"
#include "cli/memory_plan.h"
#include "cli/printer.h"
#include "cli/talk_record.h"

enum { N_SPEAKERS = CHAT_ALIGNED + 1 };

/* Two answers to one turn, before the person has chosen. */
typedef struct {
    Answer shown[2]; /* A and B */
    StoreClaim held;
    int64_t shown_us;
    bool open;
} Choice;

struct ChatRoom {
    const Context *ctx;
    ChatRoomOptions options;
    const char *name[N_SPEAKERS];
    Speaker speaker[N_SPEAKERS];
    ChatWho now;
    Talk talk;
    Answer last;
    Choice choice;
    TalkRecord record;
    int answers;  /* of this sitting */
    int left_out; /* messages that the newest answer was given without */
};

void chat_room_tell(const Error *err)
{
    fprintf(stderr, "%s\n", err->message);
    if (err->hint[0]) fprintf(stderr, "  %s\n", err->hint);
}

/* ---- who speaks ------------------------------------------------------------------------------------ */

/* A model that goes by two of the names is there once. */
static ChatWho copy_of(const ChatRoom *room, ChatWho who)
{
    return strcmp(room->name[who], room->name[CHAT_ASKED]) == 0 ? CHAT_ASKED : who;
}

/* Without weights, so that what was asked for can be checked first. */
static int outline_speaker(ChatRoom *room, ChatWho who, Error *err)
{
    const Loaded *first = NULL; /* whose weights the others may share */
    for (int i = 0; i < N_SPEAKERS && !first; i++)
        if (room->speaker[i].loaded.model && !room->speaker[i].loaded.beside)
            first = &room->speaker[i].loaded;
    return speaker_open(&room->speaker[copy_of(room, who)], room->ctx, room->name[who],
                        room->options.template, first, err);
}

/* Of all that are in the room, and an answer of this one. */
static int plan_memory(const ChatRoom *room, const Speaker *by, Error *err)
{
    MemoryPlan plan = {0};
    for (int i = 0; i < N_SPEAKERS; i++)
        if (room->speaker[i].loaded.model)
            memory_plan_add_weights(&plan, &room->speaker[i].loaded, &(ModelUse){.predicts = true});
    memory_plan_add_sampling(&plan, &by->loaded, 1, room->options.settings.max_new_tokens);
    return memory_plan_check(&plan, "a smaller --max-new-tokens takes less", err);
}

static Speaker *open_speaker(ChatRoom *room, ChatWho who, Error *err)
{
    Speaker *s = &room->speaker[copy_of(room, who)];
    if (s->loaded.policy) return s;
    if (outline_speaker(room, who, err) != 0) return NULL;
    if (plan_memory(room, s, err) == 0 && speaker_read(s, err) == 0) return s;
    speaker_close(s);
    return NULL;
}

static void announce(const ChatRoom *room)
{
    const ChatWho who = copy_of(room, room->now);
    log_line("%s answers, in the chat template %s", room->name[who],
             chat_template_name(room->speaker[who].chat.template));
}

int chat_room_switch(ChatRoom *room, ChatWho who, Error *err)
{
    if (!open_speaker(room, who, err)) return -1;
    room->now = who;
    announce(room);
    return 0;
}

/* ---- answers --------------------------------------------------------------------------------------- */

static void forget_answers(ChatRoom *room)
{
    Error ignored;
    answer_free(&room->last);
    if (!room->choice.open) return;
    talk_record_release(&room->record, &room->choice.held, &ignored);
    log_line("nobody chose from pair %lld: rlhf label offers it",
             (long long)room->choice.held.comparison_id);
    store_claim_free(&room->choice.held);
    answer_free(&room->choice.shown[0]);
    answer_free(&room->choice.shown[1]);
    room->choice = (Choice){0};
}

/* An answer on its way to standard output, without white space at its beginning. */
typedef struct {
    Printer printer;
    bool begun;
} Paper;

static Paper paper_of(const Speaker *s)
{
    return (Paper){
        .printer = {.tokenizer = s->loaded.tokenizer, .terminal = isatty(STDOUT_FILENO)}};
}

static void print_piece(void *context, const char *bytes, size_t n)
{
    Paper *paper = context;
    while (!paper->begun && n > 0 && strchr(" \t\r\n", *bytes)) bytes++, n--;
    if (n == 0) return;
    paper->begun = true;
    printer_show(&paper->printer, bytes, n);
    fflush(stdout);
}

static void print_end(const Answer *a, Paper *paper)
{
    printer_end(&paper->printer, a->end == ANSWER_CUT ? a->n : 0);
    printer_free(&paper->printer);
    fflush(stdout);
    if (a->end == ANSWER_STOPPED) log_line("stopped");
}

/* Bytes of whole characters that fit into a line of the log. */
static size_t beginning(const char *text)
{
    enum { MOST = 40 };
    size_t n = strcspn(text, "\n");
    if (n > MOST)
        for (n = MOST; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;) n--;
    return n;
}

/* Turns are counted from 1, and told when they are left out, not ever after. */
static void tell_left_out(ChatRoom *room, const Answer *a)
{
    const int from = room->left_out / 2 + 1, to = a->left_out / 2;
    if (to < from) return;
    const char *first = room->talk.message[2 * (from - 1)].content;
    char turns[64];
    snprintf(turns, sizeof turns, to > from ? "turns %d to %d" : "turn %d", from, to);
    log_line("the context of %d tokens is full: left out from here on: %s (\"%.*s\")",
             a->by->loaded.model->config.max_T, turns, (int)beginning(first), first);
    room->left_out = a->left_out;
}

/* What was said stays in the conversation without white space at its edges. */
static void keep_text(ChatRoom *room, const Answer *a)
{
    char *said = mem_strdup(a->text);
    talk_say(&room->talk, CHAT_ASSISTANT, text_trim(said));
    free(said);
}

static void keep_answer(ChatRoom *room, Answer *a)
{
    keep_text(room, a);
    answer_free(&room->last);
    room->last = *a;
    *a = (Answer){0};
}

/* The model in hand answers the newest message.  On failure that message is taken back. */
static int answer(ChatRoom *room, Error *err)
{
    Speaker *by = &room->speaker[copy_of(room, room->now)];
    Paper paper = paper_of(by);
    Answer a = {0};
    if (talk_answer(&a, &room->talk, by, &room->options.settings, room->answers, print_piece,
                    &paper, err) != 0) {
        talk_drop(&room->talk);
        return -1;
    }
    room->answers++;
    print_end(&a, &paper);
    tell_left_out(room, &a);
    if (a.end == ANSWER_STOPPED && !*a.text) {
        talk_drop(&room->talk);
        answer_free(&a);
        log_line("nothing was said; the turn is taken back");
        return 0;
    }
    keep_answer(room, &a);
    return 0;
}

int chat_room_say(ChatRoom *room, const char *text, Error *err)
{
    forget_answers(room);
    talk_say(&room->talk, CHAT_USER, text);
    return answer(room, err);
}

/* ---- two answers ----------------------------------------------------------------------------------- */

static void print_whole(const Answer *a, const char *head)
{
    Paper paper = paper_of(a->by);
    printf("%s:\n", head);
    print_piece(&paper, a->text, strlen(a->text));
    print_end(a, &paper);
}

/* Both models answer, unseen, so that the store can draw which is shown first. */
static int ask_both(ChatRoom *room, Answer both[2], Error *err)
{
    static const ChatWho WHO[] = {CHAT_BASE, CHAT_ALIGNED};
    Speaker *by[2];
    for (int i = 0; i < 2; i++)
        if (!(by[i] = open_speaker(room, WHO[i], err))) return -1;
    if (!loaded_same_tokenizer(&by[0]->loaded, &by[1]->loaded)) {
        error_set(err, "aligned has another tokenizer than base: it does not come from this base");
        return base_change_hint(room->ctx, err);
    }
    log_line("base and aligned are answering ...");
    for (int i = 0; i < 2; i++) {
        if (talk_answer(&both[i], &room->talk, by[i], &room->options.settings, room->answers, NULL,
                        NULL, err) != 0)
            return -1;
        room->answers++;
        if (both[i].end == ANSWER_STOPPED) return error_stopped(err, "stopped; there is no pair");
    }
    return 0;
}

/* What cannot be saved can still be read. */
static void show_named(ChatRoom *room, Answer both[2], const Error *reason)
{
    print_whole(&both[0], "base");
    print_whole(&both[1], "aligned");
    chat_room_tell(reason);
    keep_answer(room, &both[room->now == CHAT_ALIGNED]);
}

/* Until the person chooses, the conversation goes on with the answer of the model in hand. */
static void show_both(ChatRoom *room, Answer both[2])
{
    Choice *c = &room->choice;
    bool equal = false;
    StoreClaim held = {0};
    Error err = {0};
    tell_left_out(room, &both[0]);
    if (talk_record_pair(&room->record, &both[0], &both[1], &held, &equal, &err) != 0) {
        show_named(room, both, &err);
        return;
    }
    if (equal) {
        print_whole(&both[0], "both");
        keep_answer(room, &both[room->now == CHAT_ALIGNED]);
        return;
    }
    const int first = strcmp(held.first, both[0].text) == 0 ? 0 : 1;
    print_whole(&both[first], "A");
    print_whole(&both[!first], "B");
    keep_text(room, &both[room->now == CHAT_ALIGNED]);
    *c = (Choice){.shown = {both[first], both[!first]},
                  .held = held,
                  .shown_us = store_time_us(),
                  .open = true};
    both[0] = both[1] = (Answer){0};
    log_line("which is better? /a, /b or /tie");
}

/* What was stopped here ends the program, as Ctrl-C does elsewhere. */
int chat_room_print_both(ChatRoom *room, const char *text, Error *err)
{
    Answer both[2] = {0};
    talk_say(&room->talk, CHAT_USER, text);
    const int rc = ask_both(room, both, err);
    if (rc == 0) {
        print_whole(&both[0], "base");
        print_whole(&both[1], "aligned");
    } else if (err->stopped && !interrupt_pending()) {
        interrupt_raise(SIGINT);
    }
    answer_free(&both[0]);
    answer_free(&both[1]);
    return rc;
}

/* The newest turn, or a new one. */
int chat_room_compare(ChatRoom *room, const char *text, Error *err)
{
    Answer both[2] = {0};
    Talk *t = &room->talk;
    if (!*text && t->n == 0)
        return error_set(err, "there is no turn to compare answers to; /compare TEXT");
    char *old = *text ? NULL : mem_strdup(t->message[t->n - 1].content);
    forget_answers(room);
    if (*text) talk_say(t, CHAT_USER, text);
    else talk_drop(t);
    const int rc = ask_both(room, both, err);
    if (rc == 0) show_both(room, both);
    if (rc != 0 && *text) talk_drop(t);
    if (rc != 0 && old) talk_say(t, CHAT_ASSISTANT, old);
    answer_free(&both[0]);
    answer_free(&both[1]);
    free(old);
    return rc;
}

/* -1: A is better, 1: B, 0: neither. */
int chat_room_choose(ChatRoom *room, int better, Error *err)
{
    Choice *c = &room->choice;
    int64_t label = 0;
    if (!c->open) return error_set(err, "there is no pair to choose from; /compare makes one");
    if (talk_record_choice(&room->record, &c->held, better, c->shown_us, &label, err) != 0)
        return -1;
    const char *a = c->shown[0].by == &room->speaker[copy_of(room, CHAT_BASE)] ? "base" : "aligned";
    log_line("saved: %s (label %lld); A was %s, B %s",
             better < 0   ? "A is better"
             : better > 0 ? "B is better"
                          : "tie",
             (long long)label, a, *a == 'b' ? "aligned" : "base");
    if (better != 0) {
        talk_drop(&room->talk);
        keep_answer(room, &c->shown[better > 0]);
    }
    store_claim_free(&c->held);
    answer_free(&c->shown[0]);
    answer_free(&c->shown[1]);
    *c = (Choice){0};
    return 0;
}

int chat_room_thumb(ChatRoom *room, bool good, Error *err)
{
    int64_t id = 0;
    if (room->choice.open) return error_set(err, "first choose: /a, /b or /tie");
    if (!room->last.by) return error_set(err, "there is no answer to judge");
    if (talk_record_thumb(&room->record, &room->last, good, &id, err) != 0) return -1;
    log_line("saved: %s (judgement %lld)", good ? "good" : "bad", (long long)id);
    return 0;
}

/* ---- the conversation ------------------------------------------------------------------------------ */

/* A template may have no place for one: told now, and not with the next turn. */
int chat_room_set_system(ChatRoom *room, const char *text, Error *err)
{
    const Speaker *s = &room->speaker[copy_of(room, room->now)];
    const ChatMessage m[] = {{CHAT_SYSTEM, text}, {CHAT_USER, "."}};
    ChatText rendered = {0};
    if (*text &&
        chat_template_render(&rendered, s->chat.template, &s->chat.variables, m, 2, true, err) != 0)
        return -1;
    chat_text_free(&rendered);
    free(room->talk.system);
    room->talk.system = *text ? mem_strdup(text) : NULL;
    return 0;
}

void chat_room_reset(ChatRoom *room)
{
    forget_answers(room);
    while (room->talk.n > 0) talk_drop(&room->talk);
    room->left_out = 0;
}

int chat_room_undo(ChatRoom *room, Error *err)
{
    if (room->talk.n == 0) return error_set(err, "there is no turn to take back");
    forget_answers(room);
    talk_drop(&room->talk);
    talk_drop(&room->talk);
    room->left_out = 0;
    log_line("the last turn is taken back; %s left", text_count(room->talk.n / 2, "turn"));
    return 0;
}

/* ---- open and close -------------------------------------------------------------------------------- */

int chat_room_open(ChatRoom **out, const Context *ctx, const char *model,
                   const ChatRoomOptions *options, Error *err)
{
    ChatRoom *room = mem_calloc(1, sizeof *room);
    *room = (ChatRoom){.ctx = ctx,
                       .options = *options,
                       .name = {model, "base", "aligned"},
                       .record = {.ctx = ctx, .who = options->who, .settings = options->settings}};
    for (ChatWho who = CHAT_BASE; who <= CHAT_ALIGNED; who++)
        if (strcmp(model, room->name[who]) == 0) room->now = who;
    const ChatTemplate *known;
    Error later;
    if ((options->template && chat_template_find(&known, options->template, err) != 0) ||
        outline_speaker(room, room->now, err) != 0 ||
        (options->system && chat_room_set_system(room, options->system, err) != 0) ||
        !open_speaker(room, room->now, err)) {
        chat_room_close(room, "error", &later);
        return -1;
    }
    *out = room;
    return 0;
}

void chat_room_welcome(const ChatRoom *room)
{
    announce(room);
    log_line("a line is a turn; /help lists what else there is");
}

int chat_room_close(ChatRoom *room, const char *reason, Error *err)
{
    forget_answers(room);
    const int rc = talk_record_close(&room->record, reason, err);
    for (int i = 0; i < N_SPEAKERS; i++)
        if (room->speaker[i].loaded.beside) speaker_close(&room->speaker[i]);
    for (int i = 0; i < N_SPEAKERS; i++) speaker_close(&room->speaker[i]);
    talk_free(&room->talk);
    free(room);
    return rc;
}
