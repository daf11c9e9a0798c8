#include "base/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t pending;

static void note(int signal_number)
{
    if (pending && signal_number == SIGINT) _exit(128 + signal_number);
    if (pending && signal_number == SIGPIPE) return; /* Ctrl-C ends the readers of a pipe as well */
    pending = signal_number;
}

static void note_when(int signal_number)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

void interrupt_install(void)
{
    note_when(SIGINT);
    note_when(SIGTERM);
    note_when(SIGHUP);
    note_when(SIGUSR1);
    /* A full disk or a closed pipe is an error to report, not a reason to die. */
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

void interrupt_on_closed_pipe(void)
{
    note_when(SIGPIPE);
}

int interrupt_pending(void)
{
    return pending;
}

void interrupt_clear(void)
{
    pending = 0;
}

void interrupt_raise(int signal_number)
{
    pending = signal_number;
}
