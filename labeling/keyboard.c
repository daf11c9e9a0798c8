#include "labeling/keyboard.h"

#include <ncurses.h>
#include <stdio.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "labeling/key.h"

/* Codes of our own begin above those of ncurses. */
enum { OWN_CODE = KEY_MAX + 1, ESCAPE_MS = 100 };

/* What terminals send that ncurses has no name for. */
static const struct {
    const char *sequence;
    int key;
} SEQUENCES[] = {
    {"\033[200~", KEY_PASTE_BEGIN}, {"\033[201~", KEY_PASTE_END}, {"\033[1;5D", KEY_WORD_LEFT},
    {"\033[1;5C", KEY_WORD_RIGHT},  {"\033[1;3D", KEY_WORD_LEFT}, {"\033[1;3C", KEY_WORD_RIGHT},
    {"\033b", KEY_WORD_LEFT},       {"\033f", KEY_WORD_RIGHT},    {"\033[1;5H", KEY_TEXT_BEGIN},
    {"\033[1;5F", KEY_TEXT_END},
};
enum { SEQUENCE_N = sizeof SEQUENCES / sizeof *SEQUENCES };

static bool writing;

/* Terminals that speak ANSI ignore a mode they do not know; others might print it. */
static void send_mode(const char *mode)
{
    const char *cup = tigetstr("cup");
    if (!cup || strncmp(cup, "\033[", 2) != 0) return;
    fputs(mode, stdout);
    fflush(stdout);
}

static void release_brakes(void)
{
    struct termios t;
    if (tcgetattr(STDIN_FILENO, &t) != 0) return;
    t.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
    tcsetattr(STDIN_FILENO, TCSANOW, &t);
    def_prog_mode(); /* ncurses goes back to these after a suspension */
}

void keyboard_for_writing(void)
{
    writing = true;
    for (int i = 0; i < SEQUENCE_N; i++) define_key(SEQUENCES[i].sequence, OWN_CODE + i);
    /* Over a slow line a sequence comes in pieces, and Esc alone has no hurry here. */
    set_escdelay(ESCAPE_MS);
    keyboard_renew();
}

void keyboard_renew(void)
{
    if (!writing) return;
    release_brakes();
    send_mode("\033[?2004h");
}

void keyboard_close(bool silent)
{
    if (writing && !silent) send_mode("\033[?2004l");
    writing = false;
}

static int translate(int code)
{
    static const struct {
        int curses, key;
    } KEYS[] = {
        {KEY_UP, KEY_UP_ARROW},       {KEY_DOWN, KEY_DOWN_ARROW}, {KEY_LEFT, KEY_LEFT_ARROW},
        {KEY_RIGHT, KEY_RIGHT_ARROW}, {KEY_PPAGE, KEY_PAGE_UP},   {KEY_NPAGE, KEY_PAGE_DOWN},
        {KEY_HOME, KEY_TO_BEGIN},     {KEY_END, KEY_TO_END},      {KEY_DC, KEY_DELETE},
        {KEY_BACKSPACE, KEY_RUBOUT},  {KEY_ENTER, KEY_RETURN},    {KEY_F(1), KEY_HELP_F1},
        {KEY_BTAB, KEY_BACK_TAB},     {KEY_RESIZE, KEY_SIZE}};
    if (code >= OWN_CODE && code < OWN_CODE + SEQUENCE_N) return SEQUENCES[code - OWN_CODE].key;
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if (KEYS[i].curses == code) return KEYS[i].key;
    return KEYBOARD_NONE;
}

int keyboard_read(void)
{
    wint_t c;
    const int got = get_wch(&c);
    if (got == KEY_CODE_YES) return translate((int)c);
    return got == ERR ? KEYBOARD_NONE : (int)c;
}

void keyboard_forget(void)
{
    flushinp();
}
