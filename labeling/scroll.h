/* Keys that move through a page of text which is longer than its place on the screen. */
#ifndef LABELING_SCROLL_H
#define LABELING_SCROLL_H

#include <stdbool.h>

/* By arrows, j and k a line; by space, PgDn and PgUp a page; by Home, <, End, > and G to its ends.  `top` is the first
 * line in view of n, of which `rows` have room; it stays within the text.  False when the key is none of these, or
 * nothing is out of sight, or space stands at the end of what has been read: then it may mean something else. */
bool scroll_key(int *top, int n, int rows, int key);

#endif
