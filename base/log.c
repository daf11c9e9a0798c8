#include "base/log.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

static bool quiet;
static bool bar_stands;    /* a progress bar is on the last line of the terminal */
static Progress *standing; /* between progress_begin and progress_end */
static double (*other_clock)(void);

static void clear_bar(void)
{
    if (bar_stands) fputs("\r\033[K", stderr);
    bar_stands = false;
}

void log_line(const char *format, ...)
{
    if (quiet) return;
    clear_bar();
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void log_quiet(bool on)
{
    quiet = on;
}

bool log_is_quiet(void)
{
    return quiet;
}

void log_set_clock(double (*seconds)(void))
{
    other_clock = seconds;
}

double log_clock(void)
{
    struct timespec t;
    if (other_clock) return other_clock();
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *log_duration(char out[32], double seconds)
{
    if (!(seconds >= 0 && isfinite(seconds))) return strcpy(out, "-");
    if (seconds >= 1e9) return strcpy(out, "30 years and more");
    const long long s = (long long)(seconds + 0.5);
    if (s < 3600) snprintf(out, 32, "%lld:%02lld", s / 60, s % 60);
    else snprintf(out, 32, "%lld h %02lld min", s / 3600, s % 3600 / 60);
    return out;
}

static bool stderr_is_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static int columns(void)
{
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 10 ? w.ws_col : 80;
}

void progress_begin(Progress *p, const char *what, int64_t total, const char *unit)
{
    *p = (Progress){.total = total, .visible = !quiet};
    snprintf(p->what, sizeof p->what, "%s", what);
    snprintf(p->unit, sizeof p->unit, "%s", unit);
    p->began = log_clock();
    p->on_terminal = stderr_is_terminal();
    /* A terminal shows the bar at the first update; elsewhere the first line comes after ten seconds. */
    p->drawn = p->on_terminal ? p->began - 1 : p->began;
    standing = p->visible ? p : NULL;
}

/* What a line is made of, in its order.  The note, which is why one looks, may hold several fields. */
typedef enum { FIELD_WHAT, FIELD_COUNT, FIELD_SHARE, FIELD_RATE, FIELD_LEFT, FIELD_PHASE } Field;
enum { N_FIELDS = FIELD_PHASE + 1 };

static bool counts_bytes(const Progress *p)
{
    return strcmp(p->unit, "byte") == 0;
}

static void put_rate(Text *line, const Progress *p, double rate)
{
    if (rate > 0 && counts_bytes(p)) text_format(line, "  %s/s", text_size(rate));
    else if (rate > 0) text_format(line, rate < 10 ? "  %.2f %s/s" : "  %.0f %s/s", rate, p->unit);
}

static void put_left(Text *line, const Progress *p, double rate)
{
    char left[32];
    if (rate > 0 && p->total > p->done)
        text_format(line, "  %s left", log_duration(left, (double)(p->total - p->done) / rate));
}

static void put_count(Text *line, const Progress *p)
{
    if (counts_bytes(p)) {
        if (p->total > 0 || p->done > 0) text_format(line, "  %s", text_size((double)p->done));
        if (p->total > 0) text_format(line, " of %s", text_size((double)p->total));
        return;
    }
    if (p->total > 0)
        text_format(line, "  %s/%s %s", text_thousands(p->done), text_thousands(p->total), p->unit);
    else if (p->done > 0) text_format(line, "  %s %s", text_thousands(p->done), p->unit);
}

static void put_phase(Text *line, const Progress *p)
{
    if (p->phase) text_format(line, "  %s", p->phase);
    if (p->beats > 0) text_format(line, " %c", "-\\|/"[p->beats % 4]);
}

/* "pretrain  412/1,000 steps  41%  23.1 steps/s  0:26 left  loss 2.310", without the fields left out and
 * with the first `note` bytes of the note. */
static void describe(Text *line, const Progress *p, double now, const bool out[N_FIELDS],
                     size_t note)
{
    const double seconds = now - p->began;
    const double rate = seconds > 0 ? (double)(p->done - p->before) / seconds : 0;
    text_clear(line);
    text_add(line, p->what);
    if (!out[FIELD_COUNT]) put_count(line, p);
    if (!out[FIELD_SHARE] && p->total > 0)
        text_format(line, "  %d%%", (int)(100 * p->done / p->total));
    if (!out[FIELD_RATE]) put_rate(line, p, rate);
    if (!out[FIELD_LEFT]) put_left(line, p, rate);
    if (!out[FIELD_PHASE]) put_phase(line, p);
    if (note) text_format(line, "  %.*s", (int)note, p->note);
}

/* Without the last of its fields, which two spaces part. */
static size_t shorter_note(const char *note, size_t n)
{
    while (n > 0 && !(note[n - 1] == ' ' && note[n] == ' ')) n--;
    return n > 0 ? n - 1 : 0;
}

/* Cut where nothing else is left to leave out. */
static void cut(Text *line, int width)
{
    size_t n = line->n;
    while (n > 0 && text_width(line->bytes, n) > width) do
            n--;
        while (n > 0 && ((unsigned char)line->bytes[n] & 0xC0) == 0x80);
    line->n = n;
    line->bytes[n] = 0;
}

/* A line that wraps cannot be drawn over: whole fields are left out, the least important first, so that no
 * number loses its end. */
static void describe_within(Text *line, const Progress *p, double now, int width)
{
    static const Field LEAST_FIRST[] = {FIELD_RATE, FIELD_LEFT, FIELD_SHARE, FIELD_PHASE,
                                        FIELD_COUNT};
    bool out[N_FIELDS] = {false};
    size_t note = strlen(p->note);
    describe(line, p, now, out, note);
    for (size_t i = 0; i < sizeof LEAST_FIRST / sizeof *LEAST_FIRST; i++) {
        if (text_width(line->bytes, line->n) <= width) return;
        out[LEAST_FIRST[i]] = true;
        describe(line, p, now, out, note);
    }
    while (note > 0 && text_width(line->bytes, line->n) > width)
        describe(line, p, now, out, note = shorter_note(p->note, note));
    cut(line, width);
}

static void draw(Progress *p, double now)
{
    Text line = {0};
    describe_within(&line, p, now, p->on_terminal ? columns() - 1 : INT_MAX);
    if (p->on_terminal) {
        fprintf(stderr, "\r\033[K%s", line.bytes);
        fflush(stderr);
        bar_stands = true;
    } else {
        fprintf(stderr, "%s\n", line.bytes);
    }
    text_free(&line);
    p->drawn = now;
}

/* Whether it is time to draw again. */
static bool due(const Progress *p, double now)
{
    return now - p->drawn >= (p->on_terminal ? 0.1 : 10);
}

void progress_update(Progress *p, int64_t done, const char *note, ...)
{
    p->done = done;
    if (!p->visible) return;
    p->note[0] = 0;
    if (note) {
        va_list args;
        va_start(args, note);
        vsnprintf(p->note, sizeof p->note, note, args);
        va_end(args);
    }
    const double now = log_clock();
    p->phase = NULL, p->beats = 0;
    if (due(p, now)) draw(p, now);
}

void progress_pulse(const char *phase)
{
    Progress *p = standing;
    if (!p) return;
    const double now = log_clock();
    if (phase) p->phase = phase;
    if (!due(p, now)) return;
    p->beats += p->on_terminal;
    draw(p, now);
}

void progress_hide(void)
{
    clear_bar();
    fflush(stderr);
}

void progress_end(Progress *p)
{
    if (standing == p) standing = NULL;
    if (p->visible) clear_bar();
    p->visible = false;
}
