#include "cli/training_time.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

enum { PROBE_TOKENS = 256 };
/* Multiply-adds that any machine does in less than the ten minutes from which a guess is told. */
static const double SMALL_WORK = 1e11;

StepWork supervised_work(const SupervisedConfig *c, const Examples *e)
{
    const double tokens = e->n > 0 ? (double)e->start[e->n] / e->n : 0;
    return (StepWork){3 * tokens * c->batch_size, WANT_LOGP};
}

static double forward_seconds(Policy *p, unsigned char want)
{
    const ModelConfig *c = policy_config(p);
    const int T = c->max_T < PROBE_TOKENS ? c->max_T : PROBE_TOKENS;
    int *token = mem_calloc((size_t)T, sizeof *token);
    unsigned char *asked = mem_calloc((size_t)T, sizeof *asked);
    double *out = mem_calloc((size_t)T, sizeof *out);
    for (int t = 0; t < T; t++) token[t] = t % c->V;
    for (int t = 1; t < T; t++) asked[t] = want;
    const int start[] = {0, T};
    const TokenBatch b = {
        .B = 1, .N = T, .token = token, .start = start, .want = asked, .temperature = 1};
    TokenTerms terms = {.logp = want == WANT_LOGP ? out : NULL,
                        .value = want == WANT_VALUE ? out : NULL};
    double began = 0;
    for (int i = 0; i < 2; i++) { /* the first one makes room */
        began = log_clock();
        policy_evaluate(p, &b, &terms);
    }
    const double seconds = (log_clock() - began) / T;
    free(token);
    free(asked);
    free(out);
    return seconds;
}

double training_time_guess(Policy *p, const StepWork *work, int64_t steps)
{
    const double tokens = work->forward_tokens * (double)steps;
    if (tokens * (double)policy_model(p)->parameters.n < SMALL_WORK) return 0;
    return tokens * forward_seconds(p, work->want);
}
