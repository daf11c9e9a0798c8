/* The pair itself: choosing, scrolling, and the ways to everything else. */
#include "labeling/desk.h"

/* A side: at once on a scale of 1, else how much is asked. */
static int decide_side(Desk *d, Choice choice, Error *err)
{
    if (d->view.offer.scale == 1)
        return desk_decide(d, (Decision){.choice = choice, .strength = 1}, err);
    desk_open_menu(d, choice);
    return 0;
}

static int decide_if_offered(Desk *d, Choice choice, Error *err)
{
    const Decision decision = {.choice = choice};
    if (decision_offered(&decision, &d->view.offer)) return desk_decide(d, decision, err);
    desk_say(d, PAINT_DIM, "%s is not asked for here",
             choice == CHOICE_TIE ? "a tie" : "\"both bad\"");
    return 0;
}

/* A reviewer owes nobody a reason: the pair waits, for the same reviewer or another. */
static int skip(Desk *d, Error *err)
{
    if (session_is_review(d->session)) return desk_put_aside(d, err);
    desk_open_menu(d, CHOICE_SKIP);
    return 0;
}

static void flag(Desk *d)
{
    if (session_is_review(d->session))
        desk_say(d, PAINT_DIM, "a flag settles nothing; s leaves the pair for another time");
    else desk_open_menu(d, CHOICE_FLAG);
}

/* Of what can be typed; what a terminal sends by itself is passed over. */
static void say_no_key(Desk *d, int key)
{
    if (key > ' ' && key < 0x7f)
        desk_say(d, PAINT_DIM, "%c does nothing here; ? lists the keys", key);
}

static int choice_key(Desk *d, int key, Error *err)
{
    Decision decision;
    if (decision_of_digit(&decision, key, &d->view.offer)) return desk_decide(d, decision, err);
    switch (key) {
    case 'a':
    case 'A':
    case KEY_LEFT_ARROW: return decide_side(d, CHOICE_LEFT, err);
    case 'b':
    case 'B':
    case KEY_RIGHT_ARROW: return decide_side(d, CHOICE_RIGHT, err);
    case 't':
    case 'T':
    case '=': return decide_if_offered(d, CHOICE_TIE, err);
    case '0': return decide_if_offered(d, CHOICE_BOTH_BAD, err);
    case 's':
    case 'S': return skip(d, err);
    case 'f':
    case 'F': flag(d); return 0;
    default: say_no_key(d, key); return 0;
    }
}

static int other_key(Desk *d, int key, Error *err)
{
    switch (key) {
    case 'u':
    case 'U': return desk_undo(d, err);
    case 'n':
    case 'N': desk_open_note(d); return 0;
    case 'h':
    case 'H': return desk_open_history(d, err);
    case 'g': desk_open_guidelines(d); return 0;
    case 'p':
    case 'P': desk_open_page(d, "Prompt", d->view.prompt.text, d->view.prompt.bytes); return 0;
    case '?':
    case KEY_HELP_F1: desk_open_help(d); return 0;
    case 'q':
    case 'Q': d->reason = "quit"; return 0;
    default: return choice_key(d, key, err);
    }
}

/* Leaving a label of the history as it is. */
static int leave_amended(Desk *d, Error *err)
{
    session_put_back(d->session);
    if (desk_take_pair(d, err) != 0) return -1;
    desk_say(d, PAINT_DIM, "left as it was");
    return 0;
}

static int compare_key(Desk *d, int key, Error *err)
{
    if (key == KEY_ESCAPE && d->view.amended && !d->view.frame.only) return leave_amended(d, err);
    if (!view_key(&d->view, key)) return other_key(d, key, err);
    session_touch(d->session);
    d->unkept = true;
    if (key == 'd' || key == 'D')
        desk_say(d, PAINT_DIM,
                 d->view.diff ? "underlined: words that the other answer has not; d ends it"
                              : "differences are no longer underlined");
    return 0;
}

static void compare_paint(const Desk *d)
{
    view_paint_pair(&d->view);
}

const Mode MODE_COMPARE = {.over_pair = true, .key = compare_key, .paint = compare_paint};
