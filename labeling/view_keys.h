/* The two rows of keys under a pair: what can be decided, and what else can be done. */
#ifndef LABELING_VIEW_KEYS_H
#define LABELING_VIEW_KEYS_H

#include "labeling/view.h"

/* With short words, or without those that matter least, where the terminal is narrow. */
void view_paint_keys(const View *v);

#endif
