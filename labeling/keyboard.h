/* Keys from the terminal that paint_open has taken. */
#ifndef LABELING_KEYBOARD_H
#define LABELING_KEYBOARD_H

#include <stdbool.h>

enum { KEYBOARD_NONE = -1 };

/* For a screen on which people write: keys with Ctrl and Alt, Ctrl-S and Ctrl-Q as keys and not as brakes of the
 * terminal, and what is pasted set apart from what is typed (bracketed paste), where the terminal can. */
void keyboard_for_writing(void);
/* Once more: whoever had the terminal meanwhile may have changed that. */
void keyboard_renew(void);
/* Before paint_close; `silent` when the terminal is gone. */
void keyboard_close(bool silent);
/* The next key (labeling/key.h), or KEYBOARD_NONE when none is waiting. */
int keyboard_read(void);
/* Forget what is waiting. */
void keyboard_forget(void);

#endif
