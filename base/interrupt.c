#include "base/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t pending;

static void note(int signal_number)
{
    if (pending && signal_number == SIGINT) _exit(128 + signal_number);
    pending = signal_number;
}

void interrupt_install(void)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    /* A full disk or a closed pipe is an error to report, not a reason to die. */
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

int interrupt_pending(void)
{
    return pending;
}

void interrupt_raise(int signal_number)
{
    pending = signal_number;
}
