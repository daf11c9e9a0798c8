/* Clocks and limits of rlhf bench. */
#include "cli/bench.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/median.h"
#include "base/mem.h"
#include "base/rng.h"
#include "kernels/kernels.h"

/* ---- clocks ----------------------------------------------------------------------------------------- */

enum { FMA_ROUNDS = 50000 }; /* a few milliseconds */

static Compute timed;

void bench_count_in(Compute compute)
{
    timed = compute;
}

/* Multiply-adds a second, right now. */
static double fma_rate(void)
{
    const double began = log_clock(), done = limit_fma(FMA_ROUNDS, timed);
    return done / (log_clock() - began);
}

/* A sample is of so many calls that the clock's grain and the threads' waking do not show. */
static int calls_per_sample(void (*call)(void *context), void *context)
{
    enum { MOST = 10000 };
    const double shortest = 5e-3;
    call(context);
    const double began = log_clock();
    call(context);
    const double once = log_clock() - began;
    if (once * MOST < shortest) return MOST;
    return once < shortest ? 1 + (int)(shortest / once) : 1;
}

int bench_time(BenchTime *out, void (*call)(void *context), void *context, double budget,
               Error *err)
{
    enum { SAMPLES_MAX = 512, SAMPLES_MIN = 3 };
    double seconds[SAMPLES_MAX], capacity[SAMPLES_MAX];
    const int calls = calls_per_sample(call, context);
    const double end = log_clock() + budget;
    double before = fma_rate();
    int n = 0;
    while (n < SAMPLES_MAX && (n < SAMPLES_MIN || log_clock() < end)) {
        const double began = log_clock();
        for (int i = 0; i < calls; i++) call(context);
        seconds[n] = (log_clock() - began) / calls;
        const double after = fma_rate();
        capacity[n] = seconds[n] * (before + after) / 2;
        before = after;
        n++;
        if (interrupt_pending()) return error_stopped(err, "stopped");
    }
    out->seconds = median(seconds, (size_t)n);
    out->capacity = median(capacity, (size_t)n);
    out->calls = n * calls;
    return 0;
}

int *bench_tokens(int n, int V)
{
    int *token = mem_calloc((size_t)n, sizeof *token);
    for (int i = 0; i < n; i++) token[i] = rng_below(V, 1, RNG_BENCH, 0, (uint64_t)i);
    return token;
}

int bench_numbers(int *out, int *n, int most, const char *option, const char *text, int limit,
                  Error *err)
{
    const char *at = text;
    *n = 0;
    while (isdigit((unsigned char)*at) && *n < most) {
        char *end;
        const long number = strtol(at, &end, 10);
        if (number < 1 || number > limit) break;
        out[(*n)++] = (int)number;
        at = end;
        if (*at != ',') break;
        at++;
    }
    if (*at == '\0' && *n > 0 && at[-1] != ',') return 0;
    return error_usage(err, "--%s: '%.40s' is not up to %d numbers from 1 to %d, such as 1,8,64",
                       option, text, most, limit);
}

static double peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024 / 1e6;
}

/* ---- the machine ------------------------------------------------------------------------------------ */

/* Far more than caches hold. */
static const size_t READ_FLOATS = (size_t)64 << 20;

BenchLimits bench_limits(void)
{
    enum { TIMES = 15, READS = 5 };
    double fma[TIMES], read[READS];
    const double peak = peak_mb();
    real *buffer = buffer_new(READ_FLOATS);
    /* Pages that nobody wrote are all one page, which caches hold. */
    buffer_zero(buffer, READ_FLOATS);
    for (int i = 0; i < TIMES; i++) fma[i] = fma_rate();
    for (int i = 0; i < READS; i++) {
        const double began = log_clock(), bytes = limit_read(buffer, READ_FLOATS);
        read[i] = bytes / (log_clock() - began);
    }
    buffer_free(buffer);
    return (BenchLimits){peak, median(fma, TIMES), median(read, READS)};
}

void bench_say_load(void)
{
    double load;
    if (getloadavg(&load, 1) != 1 || load < 0.5) return;
    log_line("others are at work on this machine (load %.1f): figures are lower than they could be",
             load);
}

void bench_print_limits(const Context *ctx, const BenchLimits *l)
{
    printf(
        "limits: %.0f GFLOP/s of %s in registers, %.1f GB/s from memory; %s, %s; peak memory %.0f "
        "MB\n",
        2e-9 * l->fma, kernels_compute_name(timed), 1e-9 * l->read, kernels_name(),
        text_count(ctx->threads, "thread"), l->peak_mb);
}

void bench_put_limits(Text *t, const Context *ctx, const BenchLimits *l)
{
    text_format(t, "\"instructions\":\"%s\",\"compute\":\"%s\",\"threads\":%d,\"gflops_limit\":",
                kernels_name(), kernels_compute_name(timed), ctx->threads);
    json_put_number(t, 2e-9 * l->fma);
    text_add(t, ",\"read_gbps_limit\":");
    json_put_number(t, 1e-9 * l->read);
    text_add(t, ",\"peak_rss_mb\":");
    json_put_number(t, l->peak_mb);
}
