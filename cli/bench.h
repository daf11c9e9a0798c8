/* What the second words of rlhf bench share: shapes, clocks, and the machine's own limits beside every figure.
 *
 * A machine that others use too is not the same from one second to the next.  So what it can do at most is measured
 * between the calls of what is timed, and figures are medians. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "base/text.h"
#include "cli/command.h"
#include "policy/model.h"

/* ---- shapes ----------------------------------------------------------------------------------------- */

typedef struct {
    const char *shape; /* a published one; NULL: that of the model settings */
    const char *model; /* a model of the project, a folder, a repository: its shape */
} BenchShape;
#define BENCH_SHAPE_OPTIONS(type, member)                                                       \
    {"shape",                                                                                   \
     OPTION_TEXT,                                                                               \
     offsetof(type, member.shape),                                                              \
     0,                                                                                         \
     0,                                                                                         \
     "SHAPE",                                                                                   \
     "of a published model: gpt2, smollm2-135m, qwen2.5-0.5b, llama-3.2-1b (that of the model " \
     "settings)"},                                                                              \
    {                                                                                           \
        "model", OPTION_TEXT, offsetof(type, member.model), 0, 0, "MODEL",                      \
            "the shape of that model"                                                           \
    }
/* Reads the settings, too: those of the model, and of the sections that `others` has bound already (NULL: none). */
int bench_shape(ModelConfig *out, const BenchShape *from, Context *ctx, Config *others, Error *err);
/* "4 layers of width 128, vocabulary of 1,024, 0.9 M weights"; in one of a few rotating buffers */
const char *bench_shape_name(const ModelConfig *c);

/* Multiply-adds of the forward: of one token in the matrices of all blocks; of one token in the output projection;
 * of a sequence of T tokens in attention. */
double bench_block_work(const ModelConfig *c);
double bench_head_work(const ModelConfig *c);
double bench_attention_work(const ModelConfig *c, int T);

/* ---- clocks ----------------------------------------------------------------------------------------- */

typedef struct {
    double seconds;  /* of one call */
    double capacity; /* multiply-adds that the machine could have done meanwhile, at most */
    int calls;
} BenchTime;
/* Call once unmeasured, then for `budget` seconds and three times at least.  A signal ends it: -1. */
int bench_time(BenchTime *out, void (*call)(void *context), void *context, double budget,
               Error *err);
/* What is timed from here on multiplies so: its capacity, and the limits, are those of such products. */
void bench_count_in(Compute compute);
/* n tokens of V, each as likely. */
int *bench_tokens(int n, int V);
/* "1,8,64": up to `most` numbers from 1 to `limit`, the value of an option of that name. */
int bench_numbers(int *out, int *n, int most, const char *option, const char *text, int limit,
                  Error *err);

/* ---- reports ---------------------------------------------------------------------------------------- */

/* What the machine does at most, by medians of some tenths of a second; measured after the work, whose memory it
 * notes first. */
typedef struct {
    double peak_mb; /* most memory that this process has held, in 10^6 bytes */
    double fma;     /* multiply-adds per second, in registers, on all threads */
    double read;    /* bytes per second, from memory, on all threads */
} BenchLimits;
BenchLimits bench_limits(void);
/* On the log, where others are at work here: figures are low then. */
void bench_say_load(void);
/* "limits: 301 GFLOP/s in registers, 21.0 GB/s from memory; avx512, 2 threads; peak memory 56 MB" */
void bench_print_limits(const Context *ctx, const BenchLimits *l);
/* Members of a JSON object, without braces: "instructions", "threads", "gflops_limit", "read_gbps_limit",
 * "peak_rss_mb". */
void bench_put_limits(Text *t, const Context *ctx, const BenchLimits *l);

#endif
