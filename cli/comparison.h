/* Base against aligned on prompts that no training saw, judged by a rule or by the reward model. */
#ifndef CLI_COMPARISON_H
#define CLI_COMPARISON_H

#include "cli/loaded.h"
#include "compare/answers.h"
#include "compare/trait.h"
#include "compare/verdict.h"
#include "compare/win_rate.h"
#include "labeling/rule.h"

enum { COMPARISON_TRAITS = 24, COMPARISON_RUNS = 2, COMPARISON_FRONTIER = 12 };

typedef struct {
    Split split; /* SPLIT_VALID: no answer is stored, for `sample` would take it for one of its own;
                         * else the test prompts */
    const char *source; /* prompts of one source only; NULL: all */
    int n;              /* prompts at the most */
    int best_of;        /* candidates of the baseline; 0: none */
    int max_new_tokens, batch;
    double temperature;
    uint64_t seed;
    const Rule *rule;          /* NULL: the reward model judges, or people */
    bool people;               /* they will: nothing is judged now */
    const char *const *corpus; /* what a verbatim answer is looked for in; may be NULL */
    int n_corpus;
    bool quiet; /* no progress bar */
} ComparisonOptions;

/* How often a trait of the rule occurs. */
typedef struct {
    const char *name;
    bool wanted;
    int base, best, aligned;
} ComparisonTrait;

/* Mean score by the reward model of the best of n. */
typedef struct {
    int n;
    double score;
} FrontierPoint;

typedef struct {
    int n;
    char **prompt;
    char **
        turns; /* (n) of a prompt in a chat template, as people read it; NULL: as it stands, and of all when NULL */
    int64_t *prompt_id;
    int64_t *base_id, *aligned_id, *best_id;            /* (n) the answers in the store */
    Answers base, aligned, best;                        /* best.n is 0 without a baseline */
    double *base_points, *aligned_points, *best_points; /* by the rule; NULL without one */
    bool scored;                /* there is a reward model, and its scores */
    WinRate by_rule, by_reward; /* aligned against base */
    WinRate against_best; /* aligned against best-of-n, by the rule, else by the reward model */
    WinRate best_against_base;
    int best_chosen; /* prompts whose candidates have different scores: there was something to choose */
    FrontierPoint frontier[COMPARISON_FRONTIER]; /* of n = 1, 2, 4, ... up to best_of */
    int n_frontier;
    double kl;       /* mean over answers of log p_aligned - log p_base, nats */
    double kl_error; /* its standard error; NAN of one answer */
    double finished, base_finished, distinct, base_distinct, verbatim, base_verbatim;
    double distinct_runs[COMPARISON_RUNS],
        base_distinct_runs[COMPARISON_RUNS]; /* distinct-1 and -2; NAN without such a run */
    double words, base_words, length_ratio;  /* mean words of an answer */
    double base_logp_own;                    /* of the base, per token of its own answers */
    double base_logp_of_aligned;             /* likewise of the aligned model's */
    int all_right, base_all_right, best_all_right;
    ComparisonTrait trait[COMPARISON_TRAITS];
    int n_traits;
    Verdict verdict;
    Text reasons;
} Comparison;

/* Reads the weights of models that are outlines; samples, scores, judges, and stores every answer with its
 * seed so that anybody can recompute it. `reward` may be NULL when there is a rule and no baseline. */
int comparison_run(Comparison *out, Store *store, Loaded *base, Loaded *aligned, Loaded *reward,
                   const ComparisonOptions *o, Error *err);
/* The two halves of what follows from answers and scores: of the texts, and who wins, by o->rule or the scores. */
void comparison_measure_texts(Comparison *c, const ComparisonOptions *o);
void comparison_judge(Comparison *c, const ComparisonOptions *o);
void comparison_free(Comparison *c);
/* Prompt i, in the chat template of that name (NULL: none), and as people read it; prompt and turns (n) are there. */
void comparison_take_prompt(Comparison *c, int i, const char *text, const char *template);
/* Prompt i as people read it. */
const char *comparison_prompt(const Comparison *c, int i);
/* Scores (n) of these answers by the judge of the comparison: the rule when there is one, else the reward model. */
const double *comparison_points(const Comparison *c, const Answers *a);
/* By how much the aligned answer to prompt i scores above the base's. */
double comparison_gain(const Comparison *c, int i);
/* Why a win by the reward model is no evidence: it is what the one or the other was made to please. */
typedef enum { CONTEST_ALIGNED_BASE, CONTEST_ALIGNED_BEST, CONTEST_BEST_BASE } Contest;
const char *comparison_caution(const WinRate *by_reward, Contest contest);
/* "2.3 ±0.2": a KL with the half-width of its 95% interval, to the decimals that the interval allows; a
 * sampled KL may be below 0.  The error may be NAN: not known. */
const char *comparison_kl_text(char out[48], double kl, double error);
/* "best of 16: at most 1.8": what the baseline costs in KL. */
const char *comparison_best_text(char out[96], const Comparison *c, int best_of);

#endif
