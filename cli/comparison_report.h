/* The HTML page of a comparison: what was gained, by whom judged, from which labels and runs. */
#ifndef CLI_COMPARISON_REPORT_H
#define CLI_COMPARISON_REPORT_H

#include "cli/comparison.h"
#include "compare/report.h"

/* Whatever is NULL is left out of the page. */
typedef struct {
    const Context *ctx;
    const Comparison *main, *unseen;
    const ComparisonOptions *options;
    const Loaded *base, *aligned, *reward;
    const char *title, *lead;
    double error_rate; /* of the rule's labels, turned round on purpose */
    bool coin;         /* the labels were coin tosses */
    const ReportStory *stories;
    int n_stories;
    double reward_accuracy, reward_ceiling, reward_longer; /* 0: not known */
} ComparisonReport;

/* Curves come from the metrics.jsonl of the runs that the models are checkpoints of. */
int comparison_report(const ComparisonReport *r, const char *path, Error *err);
/* The same for a terminal of that many columns. */
int comparison_report_text(Text *out, const ComparisonReport *r, int columns, Error *err);

#endif
