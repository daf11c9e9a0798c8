/* The screen on which people write, without its terminal: keys in, demonstrations and a picture out.
 *
 * Its rule: what is pasted is text and nothing else.  No key that saves, leaves or drops anything counts while
 * something is pasted, nor in the 250 ms behind it or behind a question that has just come up. */
#ifndef LABELING_WRITING_DESK_H
#define LABELING_WRITING_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "labeling/key.h"
#include "labeling/layout.h"
#include "labeling/paint.h"
#include "labeling/textarea.h"
#include "labeling/written.h"

enum { WRITING_PROMPT, WRITING_ANSWER, WRITING_PARTS };
enum {
    WRITING_GUARD_US = 250000,
    WRITING_PASTE_US = 5000000 /* so long without a character no paste goes on */
};
enum { WRITING_MESSAGE = 256 };

typedef struct WritingDesk WritingDesk;

/* What stands on the screen; each is a pair of functions, there is no switch over modes. */
typedef struct {
    int (*key)(WritingDesk *d, int key, Error *err);
    void (*paint)(WritingDesk *d);
} WritingMode;
extern const WritingMode WRITING_EDIT, /* the two texts */
    WRITING_HELP,                      /* all keys */
    WRITING_LEAVE,                     /* what becomes of a text that is not saved? */
    WRITING_END;                       /* no prompt of the store is left */

struct WritingDesk {
    Written written;
    const char *draft; /* the path of its file; NULL: none is kept */
    int64_t (*now)(void *context);
    void *context;

    StorePromptList prompts; /* to answer, when they are the store's */
    size_t at;
    Layout given; /* the prompt at `at` */
    int given_top;
    TextArea area[WRITING_PARTS]; /* the prompt's is empty when it is given */
    int focus;                    /* where keys go */

    const WritingMode *mode;
    int rows, cols;
    int body[WRITING_PARTS]; /* rows of each text, as painted last */
    Layout page;             /* of help */
    int page_top;
    bool pasting, dirty, unkept;
    int left_out;       /* characters of what is being pasted that were not taken */
    int last;           /* the key before this one */
    int64_t key_us;     /* when the newest key came */
    int64_t guarded_us; /* since when keys that save or leave wait */
    char message[WRITING_MESSAGE];
    Paint tone;
    const char *reason; /* to end, or NULL */
};

/* Everything given is borrowed.  draft: where what is begun is kept, and found again, or NULL; now: microseconds,
 * never going back, or NULL for the clock. */
typedef struct {
    Store *store;
    const WritingOptions *options;
    const char *draft;
    int64_t (*now)(void *context);
    void *context;
} WritingDeskOptions;
int writing_desk_open(WritingDesk *d, const WritingDeskOptions *options, int rows, int cols,
                      Error *err);
int writing_desk_key(WritingDesk *d, int key, Error *err);
void writing_desk_resize(WritingDesk *d, int rows, int cols);
/* Between paint_begin and paint_end. */
void writing_desk_paint(WritingDesk *d);
/* Keep the draft on the disk, if it has changed.  That it cannot is said on the screen. */
void writing_desk_keep(WritingDesk *d);
/* Something is written that is not saved. */
bool writing_desk_is_unsaved(const WritingDesk *d);
void writing_desk_close(WritingDesk *d);

/* ---- for its modes and pictures -------------------------------------------------------------------- */

bool writing_desk_is_given(const WritingDesk *d); /* the prompt is the store's */
/* The prompt at d->at, or the end. */
void writing_desk_show_given(WritingDesk *d);
/* Show what was begun in an earlier sitting; remove its file. */
void writing_desk_take_up_draft(WritingDesk *d);
void writing_desk_drop_draft(WritingDesk *d);
void writing_desk_say(WritingDesk *d, Paint tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
