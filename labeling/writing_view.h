/* What the screen on which people write looks like. */
#ifndef LABELING_WRITING_VIEW_H
#define LABELING_WRITING_VIEW_H

#include "labeling/writing_desk.h"

enum { WRITING_MIN_ROWS = 12, WRITING_MIN_COLS = 40 };

/* Of the texts; rows of a page. */
int writing_view_columns(const WritingDesk *d);
int writing_view_page_rows(const WritingDesk *d);
/* All keys, into d->page. */
void writing_view_make_help(WritingDesk *d);
/* The pictures of the modes; that of the texts moves them so that the cursor is in sight. */
void writing_view_edit(WritingDesk *d);
void writing_view_help(WritingDesk *d);
void writing_view_leave(WritingDesk *d);
void writing_view_end(WritingDesk *d);
void writing_view_too_small(WritingDesk *d);

#endif
