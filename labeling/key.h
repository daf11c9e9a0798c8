/* A key as the screens see it: a Unicode character, or one of these, which stand above them all. */
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
    KEY_BACK_TAB,
    KEY_WORD_LEFT, /* Ctrl or Alt and an arrow */
    KEY_WORD_RIGHT,
    KEY_TEXT_BEGIN, /* Ctrl and Home */
    KEY_TEXT_END,
    KEY_PASTE_BEGIN, /* what comes until KEY_PASTE_END was pasted, not typed */
    KEY_PASTE_END,
    KEY_SIZE, /* the terminal has another size, or showed something else meanwhile */

    KEY_CTRL_A = 1,
    KEY_CTRL_E = 5,
    KEY_CTRL_G = 7,
    KEY_CTRL_H = 8,
    KEY_TAB = 9,
    KEY_LINE_FEED = 10,
    KEY_CTRL_K = 11,
    KEY_CTRL_L = 12,
    KEY_RETURN = 13,
    KEY_CTRL_N = 14,
    KEY_CTRL_P = 16,
    KEY_CTRL_S = 19,
    KEY_CTRL_T = 20,
    KEY_CTRL_U = 21,
    KEY_CTRL_W = 23,
    KEY_CTRL_X = 24,
    KEY_CTRL_Y = 25,
    KEY_ESCAPE = 27,
    KEY_RUBOUT = 127
};

#endif
