/* Ctrl-C, TERM, HUP and USR1 ask a long command to save and stop; a second one ends it at once. */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

void interrupt_install(void);
/* The signal that asked to stop, or 0.  Long loops look at every step. */
int interrupt_pending(void);
/* As if the signal had come: for tests and for `--stop-after`. */
void interrupt_raise(int signal_number);

#endif
