/* A run as somebody sees it who watches it: how far it is, what its numbers do.  Read from the files of the run
 * alone, so from any terminal, while it works and after. */
#ifndef CLI_RUN_VIEW_H
#define CLI_RUN_VIEW_H

#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"
#include "cli/project.h"

typedef struct {
    double *x; /* (n) in the order of steps */
    int n, room;
} Series;

enum { RUN_VIEW_SERIES = 20 };

typedef struct {
    char name[RUN_NAME_MAX], folder[FILE_PATH_MAX];
    char kind[RUN_KIND_MAX];   /* the first section of its settings: pretrain, sft, reward, ppo */
    char state[RUN_STATE_MAX]; /* as `rlhf runs` says it */
    int64_t step, total;       /* of the last record; -1: not known */
    Series series[RUN_VIEW_SERIES];
    Text last;    /* the last record, as it stands in metrics.jsonl */
    Text samples; /* lines: the last answers to held-out prompts, if any */
    off_t read;   /* bytes of it so far */
    ino_t inode;
} RunView;

/* The run of that name; NULL: the newest that works, else the newest. */
int run_view_open(RunView *v, const Context *ctx, const char *name, Error *err);
/* Take in what is new; a line that is not whole yet waits.  1 when there was something. */
int run_view_refresh(RunView *v);
void run_view_close(RunView *v);

/* The view, some lines of at most `columns`; unicode: sparklines of block characters. */
void run_view_put(Text *out, const RunView *v, int columns, bool unicode);
/* One line: "ppo-1  12/40  reward 1.17  KL 2.24  24.1 s each  0:11:14 left". */
void run_view_put_line(Text *out, const RunView *v);
/* {"run":...,"state":...,"step":...,"total":...,"seconds_left":...,"last":{...}} */
void run_view_put_json(Text *out, const RunView *v);

/* `width` characters of the shape of x (n), the lowest number at the bottom: means where there are more numbers
 * than places. */
void sparkline(Text *out, const double *x, int n, int width, bool unicode);
/* The same with `low` at the bottom and `high` at the top. */
void sparkline_between(Text *out, const double *x, int n, int width, double low, double high,
                       bool unicode);

#endif
