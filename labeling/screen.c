#include "labeling/screen.h"

#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "labeling/desk.h"

enum { TICK_MS = 50, NO_KEY = -1 };
/* A loop that did not come round for so long was suspended: the terminal showed something else. */
static const double AWAY_SECONDS = 1.0;
/* A note or a place is on the disk after so long: what a killed program may lose. */
static const double KEEP_SECONDS = 2.0;

static int translate(int code)
{
    static const struct {
        int curses, key;
    } KEYS[] = {
        {KEY_UP, KEY_UP_ARROW},       {KEY_DOWN, KEY_DOWN_ARROW}, {KEY_LEFT, KEY_LEFT_ARROW},
        {KEY_RIGHT, KEY_RIGHT_ARROW}, {KEY_PPAGE, KEY_PAGE_UP},   {KEY_NPAGE, KEY_PAGE_DOWN},
        {KEY_HOME, KEY_TO_BEGIN},     {KEY_END, KEY_TO_END},      {KEY_DC, KEY_DELETE},
        {KEY_BACKSPACE, KEY_RUBOUT},  {KEY_ENTER, KEY_RETURN},    {KEY_F(1), KEY_HELP_F1},
        {KEY_RESIZE, KEY_SIZE}};
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if (KEYS[i].curses == code) return KEYS[i].key;
    return NO_KEY;
}

static int read_key(void)
{
    wint_t c;
    const int got = get_wch(&c);
    if (got == KEY_CODE_YES) return translate((int)c);
    if (got == ERR) return NO_KEY;
    return c == '\n' ? KEY_RETURN : (int)c;
}

/* The next key, or NO_KEY after a tick without one. */
static int wait_key(Desk *d)
{
    const double before = log_clock();
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    const int ready = poll(&p, 1, TICK_MS);
    if (interrupt_pending()) {
        d->reason = interrupt_pending() == SIGHUP ? STORE_HANG_UP : STORE_SIGNAL;
        return NO_KEY;
    }
    if (ready > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL))) {
        d->reason = STORE_HANG_UP;
        return NO_KEY;
    }
    if (log_clock() - before > AWAY_SECONDS) return KEY_SIZE;
    return read_key();
}

static void show(Desk *d)
{
    paint_begin();
    desk_paint(d);
    paint_end();
    if (desk_painted(d)) flushinp();
}

static void resize(Desk *d)
{
    int rows, cols;
    paint_size(&rows, &cols);
    desk_resize(d, rows, cols);
    paint_forget();
}

static int loop(Desk *d, Error *err)
{
    double kept = log_clock();
    while (!d->reason) {
        if (desk_is_old(d)) show(d);
        const int key = wait_key(d);
        if (key == KEY_SIZE || key == KEY_CTRL_L) resize(d);
        if (key != NO_KEY && !d->reason && desk_key(d, key, err) != 0) return -1;
        if (log_clock() - kept < KEEP_SECONDS) continue;
        desk_keep(d);
        kept = log_clock();
    }
    return 0;
}

int screen_run(Session *session, const char *who, const char **reason, Error *err)
{
    Desk d;
    int rows, cols;
    if (paint_open(err) != 0) return -1;
    paint_size(&rows, &cols);
    int rc = desk_open(&d, session, who, rows, cols, err);
    if (rc == 0) rc = loop(&d, err);
    const bool quit = d.reason && strcmp(d.reason, "quit") == 0;
    /* Whoever comes back opens this pair as it was; one who quits gives it back. */
    if (rc == 0 && !quit) desk_keep_now(&d);
    *reason = d.reason;
    paint_close(d.reason && strcmp(d.reason, STORE_HANG_UP) == 0);
    desk_close(&d);
    return rc;
}
