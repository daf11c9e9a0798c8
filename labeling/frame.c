#include "labeling/frame.h"

enum { HEADER = 1, TITLE = 1, FOOT = 1, STATUS = 1 };

static int min(int a, int b)
{
    return a < b ? a : b;
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

void frame_columns(Frame *f, int rows, int cols, int only)
{
    *f = (Frame){.rows = rows, .cols = cols, .only = only};
    f->too_small = rows < FRAME_MIN_ROWS || cols < FRAME_MIN_COLS;
    f->stacked = only || cols < FRAME_SIDE_COLS;
    f->prompt = (Box){.col = 1, .cols = max(2, min(cols - 2, FRAME_TEXT_MAX))};
    if (f->stacked) {
        f->answer[0] = f->answer[1] = f->prompt;
        return;
    }
    f->divider = cols / 2;
    /* One empty column on either side of a text. */
    const int width = min(cols - f->divider - 3, FRAME_TEXT_MAX);
    f->answer[0] = (Box){.col = 1, .cols = width};
    f->answer[1] = (Box){.col = f->divider + 2, .cols = width};
}

/* The answer that stands alone takes what both would; the other has no rows. */
static void give_to_one(Frame *f, int body)
{
    const int i = f->only - 1;
    f->title[i] = f->title[0];
    f->answer[i].row = f->title[i] + TITLE;
    f->answer[i].rows = body;
    f->answer[!i].rows = 0;
}

void frame_rows(Frame *f, int prompt_lines, int left_lines, int right_lines)
{
    const int titles = TITLE + (f->stacked && !f->only ? 2 : 1) * TITLE;
    const int room = max(0, f->rows - HEADER - titles - FOOT - FRAME_KEYS - STATUS);
    /* The same room for both, and a line to say so when one is empty. */
    const int longer = max(1, max(left_lines, right_lines));
    const int wanted = f->stacked && !f->only ? 2 * longer : longer;
    const int least = max(1, room / 3);
    const int prompt = min(prompt_lines, max(least, room - wanted));
    /* Short texts side by side get an empty row around them. */
    const int air = !f->stacked && room - prompt - wanted >= 3;
    const int body = max(0, room - prompt - 3 * air);

    f->prompt_title = HEADER;
    f->prompt.row = f->prompt_title + TITLE + air;
    f->prompt.rows = prompt;
    f->title[0] = f->prompt.row + prompt + air;
    f->answer[0].row = f->title[0] + TITLE + air;
    f->answer[0].rows = f->stacked ? body / 2 : body;
    f->title[1] = f->stacked ? f->answer[0].row + body / 2 : f->title[0];
    f->answer[1].row = f->title[1] + TITLE + air;
    f->answer[1].rows = f->answer[0].rows;
    if (f->only) give_to_one(f, body);
    f->foot = f->rows - STATUS - FRAME_KEYS - FOOT;
    f->keys = f->foot + FOOT;
    f->status = f->keys + FRAME_KEYS;
}
