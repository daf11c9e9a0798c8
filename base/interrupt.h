/* Ctrl-C, TERM, HUP and USR1 ask a long command to save and stop; a second one ends it at once. */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

void interrupt_install(void);
/* From here on a write to a pipe that nobody reads any more asks to stop, too: for a command that tells on
 * stdout, for minutes, what it does. */
void interrupt_on_closed_pipe(void);
/* The signal that asked to stop, or 0.  Long loops look at every step. */
int interrupt_pending(void);
/* What was asked to stop has stopped, and the program goes on. */
void interrupt_clear(void);
/* As if the signal had come: for tests and for `--stop-after`. */
void interrupt_raise(int signal_number);

#endif
