/* A key as the labeling screen sees it: a Unicode character, or one of these, which stand above them all. */
#ifndef LABELING_KEY_H
#define LABELING_KEY_H

enum {
    KEY_UP_ARROW = 0x110000,
    KEY_DOWN_ARROW,
    KEY_LEFT_ARROW,
    KEY_RIGHT_ARROW,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_TO_BEGIN,
    KEY_TO_END,
    KEY_DELETE,
    KEY_HELP_F1,
    KEY_SIZE, /* the terminal has another size, or showed something else meanwhile */

    KEY_CTRL_A = 1,
    KEY_CTRL_E = 5,
    KEY_CTRL_H = 8,
    KEY_TAB = 9,
    KEY_CTRL_K = 11,
    KEY_CTRL_L = 12,
    KEY_RETURN = 13,
    KEY_CTRL_U = 21,
    KEY_CTRL_W = 23,
    KEY_ESCAPE = 27,
    KEY_RUBOUT = 127
};

#endif
