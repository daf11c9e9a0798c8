/* Where a person and the models of a project talk.  Answers go to standard output, all else to the log. */
#ifndef CLI_CHAT_ROOM_H
#define CLI_CHAT_ROOM_H

#include "cli/talk.h"

typedef struct {
    const char *template; /* NULL: each model's own */
    const char *system;   /* NULL: none */
    const char *who;      /* the annotator */
    TalkSettings settings;
} ChatRoomOptions;

typedef struct ChatRoom ChatRoom;

/* With the model called `model`; the options' texts stay the caller's, and have to stay. */
int chat_room_open(ChatRoom **out, const Context *ctx, const char *model,
                   const ChatRoomOptions *options, Error *err);
/* Says who answers, and how one asks what else there is. */
void chat_room_welcome(const ChatRoom *room);
/* Tells a mistake, even when the log is quiet; the conversation goes on. */
void chat_room_tell(const Error *err);

/* A turn and its answer, which goes to standard output as it comes.  On failure nothing was said. */
int chat_room_say(ChatRoom *room, const char *text, Error *err);
/* The model that was asked for, and the two that a project has names for. */
typedef enum { CHAT_ASKED, CHAT_BASE, CHAT_ALIGNED } ChatWho;
int chat_room_switch(ChatRoom *room, ChatWho who, Error *err);
/* Base and aligned both answer `text`, or when that is empty the last turn again; which is shown first the store
 * draws by lot, and who said what is told after the choice. */
int chat_room_compare(ChatRoom *room, const char *text, Error *err);
/* The same of `text`, each under its model's name, and nothing is saved. */
int chat_room_print_both(ChatRoom *room, const char *text, Error *err);
/* Of the pair shown: -1: A is better, 1: B, 0: neither. */
int chat_room_choose(ChatRoom *room, int better, Error *err);
int chat_room_thumb(ChatRoom *room, bool good, Error *err);
/* Empty: none. */
int chat_room_set_system(ChatRoom *room, const char *text, Error *err);
/* Takes the last turn back. */
int chat_room_undo(ChatRoom *room, Error *err);
/* Forgets the conversation, but not the system prompt. */
void chat_room_reset(ChatRoom *room);

/* `reason` as in store_end_session; fails when that cannot be saved. */
int chat_room_close(ChatRoom *room, const char *reason, Error *err);

#endif
