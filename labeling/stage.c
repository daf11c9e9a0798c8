#include "labeling/stage.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "labeling/key.h"
#include "labeling/keyboard.h"
#include "labeling/paint.h"
#include "store/session.h"

enum { TICK_MS = 50 };
/* A loop that did not come round for so long was suspended: the terminal showed something else. */
static const double AWAY_SECONDS = 1.0;
/* What has changed is on the disk after so long: what a killed program may lose. */
static const double KEEP_SECONDS = 2.0;

static volatile sig_atomic_t continued;

static void note_continued(int signal)
{
    (void)signal;
    continued = 1;
}

/* A suspension of any length: whoever had the terminal may have changed more than its picture. */
static void watch_continued(bool on)
{
    static struct sigaction before;
    struct sigaction now = {.sa_handler = note_continued, .sa_flags = SA_RESTART};
    sigemptyset(&now.sa_mask);
    if (on) sigaction(SIGCONT, &now, &before);
    else sigaction(SIGCONT, &before, NULL);
    continued = 0;
}

/* The next key, or KEYBOARD_NONE after a tick without one; *lost says why no more will come. */
static int wait_key(const char **lost)
{
    const double before = log_clock();
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    const int ready = poll(&p, 1, TICK_MS);
    if (interrupt_pending()) {
        *lost = interrupt_pending() == SIGHUP ? STORE_HANG_UP : STORE_SIGNAL;
        return KEYBOARD_NONE;
    }
    if (ready > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL))) {
        *lost = STORE_HANG_UP;
        return KEYBOARD_NONE;
    }
    if (continued || log_clock() - before > AWAY_SECONDS) {
        continued = 0;
        return KEY_SIZE;
    }
    return keyboard_read();
}

static void show(const Stage *s)
{
    paint_begin();
    s->paint(s->state);
    paint_end();
    if (s->painted(s->state)) keyboard_forget();
}

static void resize(const Stage *s)
{
    int rows, cols;
    paint_size(&rows, &cols);
    s->resize(s->state, rows, cols);
    paint_forget();
    keyboard_renew();
}

static int loop(const Stage *s, const char **lost, Error *err)
{
    double kept = log_clock();
    bool idle = true;
    while (!*lost && !s->reason(s->state)) {
        if (s->is_old(s->state, idle)) show(s);
        const int key = wait_key(lost);
        idle = key == KEYBOARD_NONE;
        if (key == KEY_SIZE || key == KEY_CTRL_L) resize(s);
        if (!idle && !*lost && s->key(s->state, key, err) != 0) return -1;
        if (log_clock() - kept < KEEP_SECONDS) continue;
        s->keep(s->state, false);
        kept = log_clock();
    }
    return 0;
}

int stage_run(const Stage *s, const char **reason, Error *err)
{
    int rows, cols;
    const char *lost = NULL;
    if (paint_open(err) != 0) return -1;
    if (s->writes) keyboard_for_writing();
    watch_continued(true);
    paint_size(&rows, &cols);
    int rc = s->open(s->state, rows, cols, err);
    if (rc == 0) rc = loop(s, &lost, err);
    const char *said = lost ? lost : s->reason(s->state);
    if (said) *reason = said;
    const bool quit = said && strcmp(said, "quit") == 0;
    if (rc == 0 && !quit) s->keep(s->state, true);
    const bool gone = lost && strcmp(lost, STORE_HANG_UP) == 0;
    watch_continued(false);
    keyboard_close(gone);
    paint_close(gone);
    return rc;
}
