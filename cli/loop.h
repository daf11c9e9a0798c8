/* The pieces of `rlhf loop`: rounds of sample, label, reward, PPO and compare in one project.
 *
 *     loop_state.c     loop/state.json: what each round came to, and where the one under way stands
 *     loop_check.c     what would stop a round later, refused before its first step
 *     loop_plan.c      what the rounds would do and take
 *     loop_steps.c     one step: a command run as one would type it, or people waited for
 *     loop_compare.c   held-out answers judged, and whether `aligned` moves
 *     loop_report.c    rounds as a table, a picture and JSON
 *
 * A step is done when the state says so, and the state is replaced by rename: whatever was killed is taken up
 * again by the same command, with the same bits. */
#ifndef CLI_LOOP_H
#define CLI_LOOP_H

#include "base/config.h"
#include "base/text.h"
#include "cli/command.h"
#include "labeling/rule.h"
#include "policy/adapter.h"
#include "ppo/ppo.h"
#include "reward/reward.h"
#include "store/store.h"

/* clang-format off */
/*    type    name      default    min  max        source  meaning */
#define LOOP_CONFIG(X) \
    X(int,    rounds,   3,         1,   1000000,   "",     "rounds in all") \
    X(text,   judge,    "",        0,   0,         "",     "rule that labels, and judges held-out answers; empty: people label, and the round's reward model judges") \
    X(double, errors,   0,         0,   1,         "",     "share of the rule's labels turned round on purpose") \
    X(int,    when,     200,       1,   1000000000, "",    "new labels that a round waits for when people label") \
    X(int,    pairs,    500,       1,   1000000000, "",    "prompts answered twice in a round, train and valid together") \
    X(int,    held_out, 300,       1,   1000000,   "",     "valid prompts that win rates are measured on, at the most") \
    X(text,   source,   "",        0,   0,         "",     "prompts of one source only; empty: all") \
    X(choice, start,    "aligned", "aligned|base", 0, "",  "where PPO of a round starts")
/* clang-format on */
typedef struct {
    LOOP_CONFIG(CONFIG_MEMBER)
} LoopConfig;
extern const ConfigTable LOOP_TABLE;

/* ---- what is remembered ---- */

typedef enum {
    LOOP_SAMPLE,
    LOOP_LABEL,
    LOOP_REWARD,
    LOOP_PPO,
    LOOP_COMPARE,
    LOOP_DONE,
    LOOP_STEPS
} LoopStep;
extern const char *const LOOP_STEP[LOOP_STEPS];

/* What became of a round's policy: it is aligned now, or its held-out win rate fell, or PPO halted without one, or was
 * left out, since the reward model's scores say nothing. */
typedef enum { LOOP_OPEN, LOOP_MOVED, LOOP_HELD, LOOP_HALTED, LOOP_OUTCOMES } LoopOutcome;
extern const char *const LOOP_OUTCOME[LOOP_OUTCOMES];

/* How often a model beats the base on n held-out prompts, with its 95% interval; the base itself: 1/2, n 0. */
typedef struct {
    int n;
    double rate, low, high;
} LoopRate;

/* Folders of models are written from the project's when inside; "" stands for none, or for the base. */
typedef struct {
    LoopStep step; /* the first that is not done */
    LoopOutcome outcome;
    char *sampled;      /* whose answers were labeled */
    char *start;        /* where PPO starts */
    char *reward, *ppo; /* names of runs; "" until they begin */
    char *candidate;    /* what PPO made */
    char *aligned;      /* what was aligned when the round was over */
    /* prompts of train and valid that `sampled` has to have answered; -1: not settled */
    int64_t answered[2];
    int64_t labels;    /* that no reward model of an earlier round has read */
    int64_t reward_us; /* when its reward model began to read labels */
    /* of its win rates: the name of a rule, or "reward", the round's reward model; "" until there are */
    char *judge;
    LoopRate rate, standing; /* of the candidate, and of what was aligned before it, by one judge */
} LoopRound;

typedef struct {
    uint64_t seed;
    const char *compute; /* of --compute (kernels_compute_name); NULL: as project and models say */
    char *before;        /* aligned before the first round */
    int back_after;      /* rounds that were over when --back was given last; 0: never */
    LoopRound *round;
    int n; /* rounds begun */
} LoopState;

/* loop/state.json in the folder `loop`; without one the state is empty.  loop_state_free also after a failure. */
int loop_state_read(LoopState *out, const char *folder, Error *err);
int loop_state_write(const LoopState *s, const char *folder, Error *err);
void loop_state_free(LoopState *s);
/* A new round, all "". */
LoopRound *loop_state_begin_round(LoopState *s);
/* The newest round is none any more. */
void loop_state_drop_round(LoopState *s);
/* Put a copy of `value` in the place of *text. */
void loop_state_set(char **text, const char *value);
/* Rounds that are over. */
int loop_state_over(const LoopState *s);

/* ---- the loop ---- */

typedef struct {
    Context *ctx;
    char folder[FILE_PATH_MAX]; /* PROJECT/loop */
    char file[FILE_PATH_MAX];   /* PROJECT/loop/settings.json: of the commands that it runs */
    LoopConfig settings;
    RewardConfig reward;
    PpoConfig ppo;
    LoraConfig lora;
    Config config;    /* these four */
    const Rule *rule; /* NULL: people label */
    LoopState state;
    bool wait;    /* for people, looking again and again */
    bool restart; /* a training run that was left is not resumed: a new one takes its place */
    bool at_work; /* another process is */
    bool waiting; /* people are needed before the step can be done */
    bool unmade;  /* a sample that failed had no answer yet */
} Loop;

/* Refuses what contradicts itself, and a round that could not come to its end: without prompts, or with too few
 * labels to be had. */
int loop_check(const Loop *l, Error *err);
/* What the next round would come to; [0]: train, [1]: valid. */
typedef struct {
    int64_t prompts[2], asked[2]; /* that it can ask, and asks */
    int64_t usable[2];            /* labels that a reward model could read once all is labeled */
    int64_t fresh;                /* and of them in both splits, those that none has read */
} LoopOutlook;
int loop_look_ahead(const Loop *l, LoopOutlook *out, Error *err);
/* --dry-run: the rounds, what each step would do, the memory and the time of its training; changes nothing. */
int loop_plan(const Loop *l, Error *err);
/* How many of `pairs` prompts are of train and of valid, when so many of each are there. */
void loop_share(int64_t share[2], const int64_t there[2], int64_t pairs);
/* The first step of round r that is not done.  Where people are needed, l->waiting is set and nothing is lost;
 * after a signal the step is not done, and 0 is returned. */
int loop_run_step(Loop *l, LoopRound *r, Error *err);
/* The step LOOP_COMPARE: by one judge on the same valid prompts, the candidate and what is aligned, each
 * against the base; aligned moves when its rate does not fall. */
int loop_compare(Loop *l, LoopRound *r, Error *err);
int loop_save(const Loop *l, Error *err);

/* Labels that no reward model of an earlier round has read, and pairs that nobody has labeled. */
int loop_count_labels(const Loop *l, int64_t *labels, int64_t *to_label, Error *err);

/* The rounds: a table and a picture, or one JSON object. */
int loop_report(const Loop *l, Error *err);

#endif
