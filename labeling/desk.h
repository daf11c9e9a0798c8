/* The labeling screen without its terminal: keys in, labels and a picture out.  One key decides and is saved;
 * the picture says so only when the label is on the disk, and `u` takes it back.
 *
 * What stands on the screen is a Mode: comparing the pair, or something laid over it or in its place.  Each is
 * one file, mode_*.c, with two functions; there is no switch over modes. */
#ifndef LABELING_DESK_H
#define LABELING_DESK_H

#include <stdbool.h>

#include "labeling/editor.h"
#include "labeling/key.h"
#include "labeling/view.h"

typedef struct Desk Desk;

typedef struct {
    bool over_pair; /* the pair stays in view: nothing begins anew when the mode ends */
    int (*key)(Desk *d, int key, Error *err);
    void (*paint)(const Desk *d);
} Mode;
extern const Mode MODE_COMPARE, /* the pair */
    MODE_PAGE,                  /* a text: help, the guidelines, the whole prompt */
    MODE_MENU,                  /* why skipped or flagged, how much better */
    MODE_NOTE,                  /* the note being written */
    MODE_HISTORY,               /* labels given, to look at again */
    MODE_LESSON,                /* what a practice pair teaches */
    MODE_VOTES,                 /* what people said of a pair that a reviewer has settled */
    MODE_END;                   /* no pair is left */

enum { DESK_MENU_MAX = 9, DESK_TITLE = 96 };

struct Desk {
    Session *session;
    View view;
    const Mode *mode;
    bool covered; /* the pair is not known to be in view: tell the session when it is painted */
    bool dirty;   /* the picture has changed */
    const char *reason; /* to end, or NULL */

    Layout text; /* of a page, a menu, a lesson */
    char title[DESK_TITLE];
    int top;              /* first line of a page, first row of the history */
    bool guidelines_next; /* after this page come the guidelines */
    Decision menu[DESK_MENU_MAX];
    int n_menu;
    int menu_from;     /* the key of the first */
    Editor note;       /* that goes with the decision */
    char *note_before; /* as it was when the editor opened */
    StoreOwnLabelList history;
    int at;      /* row of the history under the bar */
    bool unkept; /* note or place have changed since the last desk_keep */
};

/* Takes the first pair in hand and stands before it.  The session stays the caller's. */
int desk_open(Desk *d, Session *session, const char *who, int rows, int cols, Error *err);
void desk_close(Desk *d);

/* A key arrives.  d->reason is set when it ends the session. */
int desk_key(Desk *d, int key, Error *err);
void desk_resize(Desk *d, int rows, int cols);
/* Paint, between paint_begin and paint_end. */
void desk_paint(Desk *d);
/* The picture is on the terminal.  True when a pair has come into view with it: whatever was typed until here
 * was typed at something else, and the caller forgets it. */
bool desk_painted(Desk *d);
/* Keep note and place on the disk, if they have changed.  That it cannot is said on the screen. */
void desk_keep(Desk *d);
/* Whether they have changed or not: the time spent is kept too. */
void desk_keep_now(Desk *d);
/* Would a picture painted now be another? */
bool desk_is_old(const Desk *d);

/* ---- for the modes --------------------------------------------------------------------------------- */

void desk_say(Desk *d, Paint tone, const char *format, ...) __attribute__((format(printf, 3, 4)));
void desk_enter(Desk *d, const Mode *mode);
/* Back to the pair, or to the last page when there is none. */
void desk_return(Desk *d);
/* Put the pair in hand before the reader. */
int desk_take_pair(Desk *d, Error *err);
int desk_decide(Desk *d, Decision decision, Error *err);
int desk_undo(Desk *d, Error *err);
/* A page of text. */
void desk_open_page(Desk *d, const char *title, const char *text, size_t n);
void desk_open_help(Desk *d);
void desk_open_welcome(Desk *d);
void desk_open_guidelines(Desk *d);
/* A menu of reasons (CHOICE_SKIP, CHOICE_FLAG), or of degrees (CHOICE_LEFT, CHOICE_RIGHT). */
void desk_open_menu(Desk *d, Choice choice);
void desk_open_note(Desk *d);
void desk_open_lesson(Desk *d);
void desk_open_votes(Desk *d, const Decision *given, int64_t label);
/* In review: leave the pair for another time. */
int desk_put_aside(Desk *d, Error *err);
int desk_open_history(Desk *d, Error *err);

#endif
