/* A small menu over the foot of the answers: one key chooses and saves. */
#include <stdio.h>

#include "base/text.h"
#include "labeling/desk.h"

static void add_reasons(Desk *d, Choice choice, Text *t)
{
    int n;
    const Reason *reason = decision_reasons(choice, &n);
    for (int i = 0; i < n; i++) {
        text_format(t, "%d  %s\n", i + 1, reason[i].about);
        d->menu[d->n_menu++] = (Decision){.choice = choice, .reasons = reason[i].word};
    }
    d->menu_from = '1';
}

/* The digits that mean the same without the menu. */
static void add_degrees(Desk *d, Choice choice, Text *t)
{
    const Offer *offer = &d->view.offer;
    for (int digit = '1'; digit <= '9'; digit++) {
        Decision decision;
        if (!decision_of_digit(&decision, digit, offer) || decision.choice != choice) continue;
        if (d->n_menu == 0) d->menu_from = digit;
        text_format(t, "%c  %s better\n", digit, decision_degree(decision.strength, offer->scale));
        d->menu[d->n_menu++] = decision;
    }
}

void desk_open_menu(Desk *d, Choice choice)
{
    static const char *const TITLE[CHOICE_N] = {
        "A is better: how much?", "B is better: how much?", "", "", "Skip: why?", "Flag: why?"};
    Text t = {0};
    if (!session_ready(d->session)) {
        desk_say(d, PAINT_DIM, "too quick: that key came before you could have read this pair");
        return;
    }
    session_touch(d->session);
    d->n_menu = 0;
    if (choice >= CHOICE_SKIP) add_reasons(d, choice, &t);
    else add_degrees(d, choice, &t);
    layout_make(&d->text, t.bytes, t.n, view_page_box(&d->view).cols);
    snprintf(d->title, sizeof d->title, "%s", TITLE[choice]);
    text_free(&t);
    desk_enter(d, &MODE_MENU);
}

static bool is_reasons(const Desk *d)
{
    return d->menu[0].choice >= CHOICE_SKIP;
}

static int menu_key(Desk *d, int key, Error *err)
{
    const Choice choice = d->menu[0].choice;
    const int i = key - d->menu_from;
    const bool again = (choice == CHOICE_SKIP && (key == 's' || key == 'S')) ||
                       (choice == CHOICE_FLAG && (key == 'f' || key == 'F'));
    if (i >= 0 && i < d->n_menu) {
        desk_return(d);
        return desk_decide(d, d->menu[i], err);
    }
    if (is_reasons(d) && (key == KEY_RETURN || again)) {
        desk_return(d);
        return desk_decide(d, (Decision){.choice = choice}, err);
    }
    if (key == KEY_ESCAPE || key == 'q') {
        session_touch(d->session);
        desk_return(d);
        desk_say(d, PAINT_DIM, "nothing is decided");
    }
    return 0;
}

static void menu_paint(const Desk *d)
{
    char keys[DESK_TITLE];
    snprintf(keys, sizeof keys, "%c to %c chooses and saves%s; Esc goes back", d->menu_from,
             d->menu_from + d->n_menu - 1, is_reasons(d) ? ", Enter saves without a reason" : "");
    view_paint_pair(&d->view);
    view_paint_sheet(&d->view, d->title, &d->text, 0, keys);
}

const Mode MODE_MENU = {.over_pair = true, .key = menu_key, .paint = menu_paint};
