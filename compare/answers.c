#include "compare/answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "reward/reward.h"

static void allocate(Answers *a, int n, int tokens)
{
    *a = (Answers){.n = n};
    a->token = mem_calloc((size_t)tokens, sizeof *a->token);
    a->start = mem_calloc((size_t)n + 1, sizeof *a->start);
    a->text = mem_calloc((size_t)n, sizeof *a->text);
    a->finished = mem_calloc((size_t)n, sizeof *a->finished);
    a->logp = mem_calloc((size_t)n, sizeof *a->logp);
    a->score = mem_calloc((size_t)n, sizeof *a->score);
}

void answers_free(Answers *a)
{
    for (int i = 0; i < a->n; i++) free(a->text[i]);
    free(a->token), free(a->start), free(a->text), free(a->finished), free(a->logp), free(a->score);
    *a = (Answers){0};
}

int answers_sample(Answers *out, Policy *p, const Tokenizer *t, const Sequences *prompts,
                   const uint64_t *key, const SamplingConfig *s, Error *err)
{
    Responses r = {0};
    const Prompts in = {prompts->n, prompts->token, prompts->start, key};
    if (policy_generate(p, &in, s, &r, err) != 0) return -1;
    allocate(out, r.n, r.start[r.n]);
    memcpy(out->token, r.token, (size_t)r.start[r.n] * sizeof *r.token);
    memcpy(out->start, r.start, ((size_t)r.n + 1) * sizeof *r.start);
    for (int i = 0; i < r.n; i++) {
        const int from = r.start[i], n = r.start[i + 1] - from;
        out->text[i] = tokenizer_decode_response(t, r.token + from, n);
        out->finished[i] = r.finish[i] == FINISH_STOP;
        for (int k = 0; k < n; k++) out->logp[i] += r.logp[from + k];
    }
    responses_free(&r);
    return 0;
}

/* Prompt and answer, side by side. */
static Sequences join(const Answers *a, const Sequences *prompts)
{
    Sequences s = {0};
    for (int i = 0; i < a->n; i++) {
        sequences_add(&s, prompts->token + prompts->start[i],
                      prompts->start[i + 1] - prompts->start[i]);
        sequences_add(&s, a->token + a->start[i], a->start[i + 1] - a->start[i]);
        sequences_end(&s);
    }
    return s;
}

void answers_score(Answers *a, Policy *reward, const Sequences *prompts)
{
    Sequences s = join(a, prompts);
    reward_score(a->score, reward, s.token, s.start, s.n);
    sequences_free(&s);
}

void answers_logp(double *sum, const Answers *a, Policy *p, const Sequences *prompts,
                  double temperature)
{
    Sequences s = join(a, prompts);
    unsigned char *want = mem_calloc((size_t)s.tokens, sizeof *want);
    double *logp = mem_calloc((size_t)s.tokens, sizeof *logp);
    for (int i = 0; i < s.n; i++) {
        const int response = s.start[i] + prompts->start[i + 1] - prompts->start[i];
        memset(want + response, WANT_LOGP, (size_t)(s.start[i + 1] - response));
    }
    const TokenBatch b = {.B = s.n,
                          .N = s.tokens,
                          .token = s.token,
                          .start = s.start,
                          .want = want,
                          .temperature = temperature};
    policy_evaluate(p, &b, &(TokenTerms){.logp = logp});
    for (int i = 0; i < s.n; i++) {
        sum[i] = 0;
        for (int t = s.start[i]; t < s.start[i + 1]; t++) sum[i] += logp[t];
    }
    free(want);
    free(logp);
    sequences_free(&s);
}

int answers_best(Answers *out, int *chosen, const Answers *candidates, int of)
{
    const Answers *c = candidates;
    const int n = c->n / of;
    int differ = 0;
    allocate(out, n, c->start[c->n]);
    for (int i = 0; i < n; i++) {
        int best = i * of, worst = best;
        for (int k = i * of + 1; k < (i + 1) * of; k++) {
            if (c->score[k] > c->score[best]) best = k;
            if (c->score[k] < c->score[worst]) worst = k;
        }
        chosen[i] = best;
        differ += c->score[worst] < c->score[best];
        const int length = c->start[best + 1] - c->start[best];
        memcpy(out->token + out->start[i], c->token + c->start[best],
               (size_t)length * sizeof *c->token);
        out->start[i + 1] = out->start[i] + length;
        out->text[i] = mem_strdup(c->text[best]);
        out->finished[i] = c->finished[best];
        out->logp[i] = c->logp[best];
        out->score[i] = c->score[best];
    }
    return differ;
}
