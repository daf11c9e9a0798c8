#include "labeling/view_keys.h"

#include <stdio.h>
#include <string.h>

enum { KEYS_MAX = 2 * DECISION_SCALE_MAX + 4, LABEL_MAX = 24, GAP_MAX = 3 };

typedef struct {
    char key[4], full[LABEL_MAX], brief[LABEL_MAX];
    bool spare; /* goes first when there is no room */
} Key;

typedef struct {
    Key key[KEYS_MAX];
    int n;
} Row;

static void add(Row *row, const char *key, const char *full, const char *brief, bool spare)
{
    Key *k = &row->key[row->n++];
    snprintf(k->key, sizeof k->key, "%s", key);
    snprintf(k->full, sizeof k->full, "%s", full);
    snprintf(k->brief, sizeof k->brief, "%s", brief);
    k->spare = spare;
}

static void add_degrees(Row *row, const Offer *offer)
{
    for (int digit = 1; digit <= 2 * offer->scale + 1; digit++) {
        char key[2] = {(char)('0' + digit), 0}, full[LABEL_MAX], brief[LABEL_MAX];
        Decision d;
        if (!decision_of_digit(&d, *key, offer)) continue;
        const bool tie = d.choice == CHOICE_TIE;
        const char side = d.choice == CHOICE_LEFT ? 'A' : 'B';
        if (tie) snprintf(full, sizeof full, "tie");
        else snprintf(full, sizeof full, "%c %s", side, decision_degree(d.strength, offer->scale));
        snprintf(brief, sizeof brief, "%s", tie ? "=" : side == 'A' ? "A" : "B");
        for (int i = 1; i < d.strength && !tie; i++)
            strncat(brief, "+", sizeof brief - strlen(brief) - 1);
        add(row, key, full, brief, false);
    }
}

static void fill(Row *choices, Row *others, const View *v)
{
    const Offer *offer = &v->offer;
    const bool graded = offer->scale > 1;
    Row *rest = graded ? others : choices;
    if (graded) {
        add_degrees(choices, offer);
    } else {
        add(choices, "a", "A is better", "A", false);
        add(choices, "b", "B is better", "B", false);
        if (offer->tie) add(choices, "t", "tie", "tie", false);
    }
    if (offer->both_bad) add(rest, "0", "both bad", "bad", false);
    add(rest, "s", v->review ? "later" : "skip", v->review ? "later" : "skip", false);
    if (!v->review) add(rest, "f", "flag", "flag", false);
    add(others, "u", "undo", "undo", false);
    add(others, "n", "note", "note", false);
    if (v->guided) add(others, "g", "guidelines", "guide", false);
    add(others, "d", "diff", "diff", true);
    add(others, "z", "zoom", "zoom", true);
    if (!v->review) add(others, "h", "history", "hist", true);
    add(others, "?", "help", "", false);
    add(others, "q", "quit", "quit", false);
}

static int width(const Row *row, bool full, int gap)
{
    int all = -gap;
    for (int i = 0; i < row->n; i++) {
        const size_t n = strlen(full ? row->key[i].full : row->key[i].brief);
        all += (int)strlen(row->key[i].key) + (n > 0) + (int)n + gap;
    }
    return all;
}

/* Take out the last spare key.  False when there is none. */
static bool spare_one(Row *row)
{
    for (int i = row->n - 1; i >= 0; i--) {
        if (!row->key[i].spare) continue;
        memmove(&row->key[i], &row->key[i + 1], (size_t)(row->n - 1 - i) * sizeof *row->key);
        row->n--;
        return true;
    }
    return false;
}

static void paint(const View *v, Row *row, int at_row, bool dim)
{
    const int cols = v->frame.cols - 2;
    bool full = true;
    while (width(row, true, 1) > cols && spare_one(row)) continue;
    if (width(row, true, 1) > cols) full = false;
    int gap = GAP_MAX;
    while (gap > 1 && width(row, full, gap) > cols) gap--;
    int at = 1;
    for (int i = 0; i < row->n; i++) {
        const char *label = full ? row->key[i].full : row->key[i].brief;
        at += paint_text(at_row, at, cols - at + 1, row->key[i].key, dim ? PAINT_DIM : PAINT_BOLD);
        at += *label != 0;
        at += paint_text(at_row, at, cols - at + 1, label, dim ? PAINT_DIM : PAINT_PLAIN);
        at += gap;
    }
}

void view_paint_keys(const View *v)
{
    Row choices = {0}, others = {0};
    fill(&choices, &others, v);
    paint(v, &choices, v->frame.keys, !v->ready);
    paint(v, &others, v->frame.keys + 1, false);
}
