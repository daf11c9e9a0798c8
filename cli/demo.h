/* The pieces of `rlhf demo`: its data, what it remembers, its stages, and what it shows while models learn.
 *
 *     demo_data.c      corpus and prompts
 *     demo_config.c    demo.json, checked for all stages before the first
 *     demo_state.c     demo-state.json: what is done, and what it was done with
 *     demo_plan.c      what to do with a folder that holds a demo
 *     demo_kept.c      labels by people outlive the demo that they were made in
 *     demo_stages.c    from the corpus to PPO
 *     demo_turn.c      --label: the person at the terminal chooses
 *     demo_compare.c   the comparison, the report, summary.json
 *     demo_story.c     one prompt answered again and again
 *     demo_end.c       what it came to, and what can be typed next
 */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "cli/command.h"
#include "cli/loaded.h"
#include "cli/training.h"
#include "compare/report.h"
#include "labeling/rule.h"

/* configs/demo.json, built in. */
extern const char DEMO_SETTINGS[];

typedef struct {
    int conversations, prompts, pairs, n; /* n: prompts compared on, and as many unseen ones */
} DemoSizes;

/* ---- data ---- */

/* Write corpus.jsonl, prompts.jsonl and unseen.jsonl into the present folder. */
int demo_write_data(const DemoSizes *sizes, uint64_t seed, Error *err);
/* Three conversations, and how many words there are. */
void demo_show_corpus(const DemoSizes *sizes, uint64_t seed);
/* Of 100 answers in the corpus, how many are rude, selling, rambling or about something else. */
int demo_useless_percent(uint64_t seed);

/* ---- settings ---- */

/* Whether --set or --config were given. */
bool demo_settings_given(const Context *ctx);
/* Write demo.json into `folder`: configs/demo.json with what was given.  An error, and no file, when a
 * stage could not run with them. */
int demo_settle_settings(char sha256[SHA256_HEX], const Context *ctx, const char *folder,
                         Error *err);
/* About how long a demo of the usual sizes takes here, by the settings in demo.json of the present folder and how fast this
 * machine multiplies just now; 0: not known. */
int demo_minutes(const Context *ctx);
/* Whether other settings are asked for than those in the file `there`. */
int demo_compare_settings(bool *differ, const Context *ctx, const char *there, Error *err);

/* ---- what is remembered ---- */

enum {
    DEMO_CORPUS,
    DEMO_PRETRAIN,
    DEMO_SAMPLE,
    DEMO_LABEL,
    DEMO_REWARD,
    DEMO_PPO,
    DEMO_COMPARE,
    DEMO_STAGES
};
extern const char *const DEMO_STAGE[DEMO_STAGES];

enum { DEMO_MOMENTS = 64, DEMO_TASTE_MAX = 32, DEMO_STORIES = 2 };

/* One demo folder.  It is never gone on with under another seed, taste, size or setting. */
typedef struct {
    uint64_t seed;
    char taste[DEMO_TASTE_MAX];
    bool placebo, label;
    bool turn_taken; /* of --label: taste is what the person's choices say */
    DemoSizes sizes;
    char settings_sha256[SHA256_HEX]; /* of demo.json */
    bool done[DEMO_STAGES];
    double seconds[DEMO_STAGES];
    struct {
        double accuracy, longer_wins, ceiling;
        int n;
        bool silent; /* its scores were shrunk to about nothing: PPO has nothing to follow */
    } reward;        /* on n held-out pairs */
    double kl_error; /* of the comparison; NAN: not known */
    ReportMoment moment[DEMO_STORIES][DEMO_MOMENTS]; /* of pretraining and PPO; texts are owned */
    int n_moments[DEMO_STORIES];
} DemoState;

/* demo-state.json of `folder`, and back. */
int demo_state_read(DemoState *out, const char *folder, Error *err);
int demo_state_write(const DemoState *s, const char *folder, Error *err);
void demo_state_free(DemoState *s);
/* Copies the text; later moments of the same story are dropped: a resumed run tells them again. */
void demo_state_add_moment(DemoState *s, int story, int64_t step, const char *text);
/* The first stage not done; DEMO_STAGES when all are. */
int demo_state_next(const DemoState *s);
/* SHA-256 of demo.json in `folder`. */
int demo_settings_hash(char out[SHA256_HEX], const char *folder, Error *err);

/* Whether starting again in `folder` keeps the demo that is there: its database holds labels by people, or
 * cannot be read. */
bool demo_is_kept(const char *folder);
/* Make room for a new demo: the old one is removed, or moved aside when it is to be kept, and that said. */
int demo_clear(const char *folder, Error *err);

/* ---- while models learn ---- */

/* One prompt answered as the models learn, and the rule's traits in fresh answers. */
typedef struct {
    const Rule *rule;
    DemoState *state; /* where the moments go */
    char prompt[512];
    double score[1024], kl[1024]; /* of PPO iterations first + 1 to n, in place */
    int first, n;
} DemoStory;

void demo_story_begin(DemoStory *s, const Rule *rule, DemoState *state);
/* Take over the record of a PPO run that is to be resumed, as far as there is one. */
void demo_story_recall(DemoStory *s, const char *run_folder);
/* Looks at every training step (TrainingObserver); context is the DemoStory. */
int demo_story_step(void *context, const char *kind, int64_t step, int64_t total,
                    const char *members, Policy *p, const Tokenizer *t, Error *err);
/* A prompt and two answers side by side. */
void demo_show_pair(const char *prompt, const char *a, const char *b);
/* A model's text on one line, safe to look at; the caller frees. */
char *demo_one_line(const char *text, size_t n);
/* The prompt that is answered again and again. */
void demo_show_prompt(const DemoStory *s);

/* ---- the demo ---- */

/* 5% of the labels are turned round on purpose. */
#define DEMO_ERROR_RATE "0.05"
enum { DEMO_BEST_OF = 16, DEMO_NEW_TOKENS = 96, DEMO_PEOPLE_WEIGHT = 5 };

typedef struct {
    Context *ctx;
    Context inner;             /* of the commands that the demo runs, in its folder */
    char dir[FILE_PATH_MAX];   /* as typed */
    char there[FILE_PATH_MAX]; /* the program, as one types it inside dir */
    const Rule *rule;
    DemoState state;
    DemoStory story;
    TrainingObserver observer;
    double persons_seconds; /* spent labeling: no part of a stage's time */
} Demo;

/* Zero and NULL: not given. */
typedef struct {
    const char *taste, *dir;
    bool placebo, label, again, go_on;
    DemoSizes sizes;
} DemoOptions;

typedef enum { DEMO_PLAN_NEW, DEMO_PLAN_GO_ON, DEMO_PLAN_LOOK, DEMO_PLAN_LEAVE } DemoPlan;
/* What to do with d->dir, which is there; on a terminal the person says. */
int demo_choose_plan(DemoPlan *plan, Demo *d, const DemoOptions *o, bool terminal, Error *err);

/* Print a command as one would type it, then do it. */
int demo_command(Demo *d, Error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As one would type it, without the program's name. */
void demo_show_command(const char *line);
void demo_heading(int number, const char *text);

/* One of the stages up to PPO: done, or taken up again where it was left. */
int demo_run_stage(Demo *d, int stage, Error *err);
/* The person labels, and the demo takes the taste nearest to hers. */
int demo_take_turn(Demo *d, Error *err);
/* The last stage.  `summary` is what summary.json holds; the caller frees. */
int demo_compare(Demo *d, double began, char **summary, Error *err);

/* Fill d->there: what was started as build/release/rlhf is ../build/release/rlhf one folder below. */
void demo_find_program(Demo *d);
/* `summary` is what summary.json holds. */
void demo_print_result(const Demo *d, const char *summary);

/* A line from the terminal, its first letter in lower case; 0 at its end or when a signal came. */
char demo_ask(const char *question);

#endif
