/* The pieces of `rlhf demo`: its data, and what it shows while models learn. */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "cli/command.h"
#include "cli/training.h"
#include "compare/report.h"
#include "labeling/rule.h"

/* configs/demo.json, built in. */
extern const char DEMO_SETTINGS[];

typedef struct {
    int conversations, prompts, unseen; /* how many of each */
} DemoSizes;

/* Write corpus.jsonl, prompts.jsonl, unseen.jsonl and demo.json into the present folder. */
int demo_write_data(const DemoSizes *sizes, uint64_t seed, Error *err);
/* Three conversations, and how many words there are. */
void demo_show_corpus(const DemoSizes *sizes, uint64_t seed);

/* One prompt answered again and again while the models learn, and the rule's traits in fresh answers. */
enum { DEMO_MOMENTS = 64 };
typedef struct {
    const Rule *rule;
    uint64_t seed;
    ReportMoment moment[2][DEMO_MOMENTS]; /* pretraining, PPO */
    int n_moments[2];
    char prompt[512];
    double score[1024], kl[1024]; /* of the PPO iterations so far */
    int iterations;
} DemoStory;

void demo_story_begin(DemoStory *s, const Rule *rule, uint64_t seed);
void demo_story_free(DemoStory *s);
/* Looks at every training step (TrainingObserver); context is the DemoStory. */
int demo_story_step(void *context, const char *kind, int64_t step, int64_t total, const char *members, Policy *p,
                    const Tokenizer *t, Error *err);

#endif
