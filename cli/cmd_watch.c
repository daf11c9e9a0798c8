/* rlhf watch: a run as it goes, from any terminal. */
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/run_view.h"
#include "cli/wrap.h"

typedef struct {
    bool once;
} WatchOptions;

static const Option OPTIONS[] = {
    {"once", OPTION_SWITCH, offsetof(WatchOptions, once), 0, 0, NULL,
     "show it as it is now and end"},
    {0},
};

enum { LOOK_MS = 500 };

/* By the names that locales have, without changing the program's own. */
static bool terminal_is_utf8(void)
{
    static const char *const NAMES[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(NAMES[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
    }
    return false;
}

static void print_view(const RunView *v)
{
    Text t = {0};
    run_view_put(&t, v, wrap_columns(), terminal_is_utf8());
    fputs(t.bytes, stdout);
    text_free(&t);
}

static void print_json(const RunView *v)
{
    Text t = {0};
    run_view_put_json(&t, v);
    fputs(t.bytes, stdout);
    text_free(&t);
}

static bool works(const RunView *v)
{
    return strcmp(v->state, "running") == 0;
}

/* ---- without a terminal: a line for what is new --------------------------------------------------- */

static void follow_lines(RunView *v)
{
    bool news = true;
    for (;;) {
        const bool ended = !works(v);
        if (news || ended) {
            Text t = {0};
            run_view_put_line(&t, v);
            fputs(t.bytes, stdout);
            fflush(stdout);
            text_free(&t);
        }
        if (ended || interrupt_pending()) return;
        poll(NULL, 0, LOOK_MS);
        news = run_view_refresh(v);
    }
}

/* ---- on a terminal: drawn over itself ------------------------------------------------------------- */

/* The bytes of a line of n that fit in so many columns, whole characters. */
static size_t fitting(const char *line, size_t n, int columns)
{
    while (n > 0 && text_width(line, n) > columns) do
            n--;
        while (n > 0 && ((unsigned char)line[n] & 0xC0) == 0x80);
    return n;
}

/* A line that wraps could not be drawn over; a view leaves nothing of the one before.  With `keys`, what can be
 * typed stands below while the run works. */
static int draw(const RunView *v, int lines_before, bool keys)
{
    const int columns = wrap_columns() - 1;
    Text t = {0};
    int lines = 0;
    run_view_put(&t, v, columns, terminal_is_utf8());
    if (keys && works(v))
        text_format(&t, "q: leave, it goes on; to end it: rlhf stop %s\n", v->name);
    if (lines_before > 0) printf("\033[%dA", lines_before);
    for (char *line = t.bytes, *end; *line; line = end + 1, lines++) {
        end = strchr(line, '\n');
        printf("\r\033[K%.*s\n", (int)fitting(line, (size_t)(end - line), columns), line);
    }
    for (int i = lines; i < lines_before; i++, lines++) printf("\r\033[K\n");
    fflush(stdout);
    text_free(&t);
    return lines;
}

/* Whether q was typed before it is time to look again. */
static bool asked_to_leave(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    char key = 0;
    if (poll(&in, 1, LOOK_MS) != 1) return false;
    if (read(STDIN_FILENO, &key, 1) != 1) return true; /* the terminal is gone */
    return key == 'q' || key == 'Q';
}

static void follow_screen(RunView *v)
{
    struct termios before, typing;
    const bool keys = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    if (keys) {
        typing = before;
        typing.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &typing);
    }
    int lines = draw(v, 0, keys);
    while (works(v) && !interrupt_pending()) {
        if (keys && asked_to_leave()) break;
        if (!keys) poll(NULL, 0, LOOK_MS);
        run_view_refresh(v);
        lines = draw(v, lines, keys);
    }
    if (keys) tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

static int watch(Context *ctx, int argc, char **argv, Error *err)
{
    WatchOptions o = {0};
    Words words;
    RunView v;
    const char *term = getenv("TERM");
    if (options_parse(ctx, OPTIONS, &o, &words, 0, 1, argc, argv, err) != 0) return -1;
    if (run_view_open(&v, ctx, words.n > 0 ? words.word[0] : NULL, err) != 0) return -1;
    interrupt_on_closed_pipe();
    if (ctx->json) print_json(&v);
    else if (o.once || (!works(&v) && isatty(STDOUT_FILENO))) print_view(&v);
    else if (isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0) follow_screen(&v);
    else follow_lines(&v);
    run_view_close(&v);
    return 0;
}

const Command cmd_watch = {
    .name = "watch",
    .heading = "watch",
    .summary = "a run as it goes: its numbers, phases, the time left",
    .usage = "[RUN] [--once]",
    .details = "Without RUN the newest that works, else the newest.  It reads the files of the "
               "run, so any "
               "terminal will do,\n"
               "also over ssh, and the run does not notice.  Ends when the run does; q leaves it "
               "running.  "
               "Where standard\n"
               "output is no terminal, a line for each look that finds something new.",
    .options = OPTIONS,
    .project = PROJECT_NEEDED,
    .run = watch,
};
