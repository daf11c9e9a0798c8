/* The log: plain lines on stderr, key=value.  Libraries print nothing else. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* A line on stderr, unless quiet; clears a progress bar that stands there first. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_quiet(bool quiet);
bool log_is_quiet(void);
/* Seconds from a monotonic clock. */
double log_clock(void);
/* Tests put a clock of their own in its place; NULL: back to the system's. */
void log_set_clock(double (*seconds)(void));

/* A progress bar on stderr: rate, ETA, and a short note (the current loss); redrawn at most ten times a
 * second on a terminal, a plain line every ten seconds elsewhere, nothing when quiet.
 *
 *     Progress bar;
 *     progress_begin(&bar, "pretrain", n_steps, "step");
 *     ... progress_update(&bar, step, "loss %.3f", loss);
 *     progress_end(&bar);
 *
 * Of the unit "byte" it shows kB, MB and GB. */
typedef struct {
    char what[64], unit[16], note[128];
    const char *phase; /* of progress_pulse; NULL between them */
    int64_t done, total;
    /* done by an earlier call, and no part of the rate; may be set after progress_begin */
    int64_t before;
    double began, drawn;
    int beats;
    bool on_terminal, visible;
} Progress;
void progress_begin(Progress *p, const char *what, int64_t total, const char *unit);
void progress_update(Progress *p, int64_t done, const char *note, ...)
    __attribute__((format(printf, 3, 4)));
void progress_end(Progress *p);
/* Deep inside a long step: draw the bar that stands again, now and then, with what is being done
 * ("sampling"; NULL: as before), so that no terminal is silent for a second.  Costs a look at the clock,
 * and nothing where no bar stands. */
void progress_pulse(const char *phase);
/* Before printing on stdout: takes the bar off the terminal until it is drawn again. */
void progress_hide(void);
/* 75 -> "1:15", 4000 -> "1 h 07 min", 1e9 -> "30 years and more", none -> "-"; into out (32). */
const char *log_duration(char out[32], double seconds);

#endif
