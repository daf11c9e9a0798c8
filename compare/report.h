/* The report of an alignment run as one HTML page: no other file, no network, light and dark, phone to
 * wide screen.  The data are plain strings and numbers, all borrowed; every text is escaped.
 *
 * Whatever is NULL, NAN or of length 0 is left out. */
#ifndef COMPARE_REPORT_H
#define COMPARE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "compare/svg.h"
#include "compare/verdict.h"

/* A name and a value, already as text; `note` is small print below it. */
typedef struct {
    const char *name, *value, *note;
} ReportFact;

/* How often a trait occurs in the answers: counts of n; a negative count is not known. */
typedef struct {
    const char *name;
    bool wanted; /* else a fault */
    int base, n_base, best, n_best, aligned, n_aligned;
} ReportTrait;

typedef struct {
    const char *name;  /* "aligned against base" */
    const char *judge; /* "by the rule kind, 300 test prompts" */
    WinRate wins;
    const char *caution; /* why this judge is no evidence; NULL: it is some */
} ReportWin;

/* An answer with its score by the judge and the reasons. */
typedef struct {
    const char *text;
    double score;
    const char *reasons;
} ReportAnswer;

typedef struct {
    const char *prompt;
    ReportAnswer base, best, aligned;
} ReportExample;

/* What is counted over all answers of a model, as text: "words an answer", "28.4", "31.7". */
typedef struct {
    const char *name, *base, *aligned;
} ReportMeasure;

/* One link of the chain that led here: "labels", "2,500 by the rule kind, 5% turned round", a hash. */
typedef struct {
    const char *step, *detail, *hash;
} ReportLink;

/* One prompt answered as training went on. */
typedef struct {
    int64_t step;
    const char *text;
} ReportMoment;
typedef struct {
    const char *title, *prompt;
    const ReportMoment *moments;
    int n;
} ReportStory;

/* What people found who saw pairs without knowing whose answers they were. */
typedef struct {
    const char *name, *judge; /* as of a ReportWin */
    WinRate wins;             /* n 0: nobody has labeled yet */
    const ReportFact *facts;  /* who, how many labels, how often they agree, when */
    int n_facts;
    const char *const *cautions; /* what the number does not show, a sentence each */
    int n_cautions;
} ReportPeople;

/* One of several models on the same prompts. */
typedef struct {
    const char *name;
    double elo, low, high; /* points, with a 95% interval; NAN: none could be fitted */
    double kl, finished, distinct, words; /* nats, shares of 1, words an answer */
    /* (n) win rates against each, in the order of the rows; NAN against itself */
    const double *wins_over;
} ReportRank;

typedef struct {
    const char *lead;      /* by whom judged, on what, when */
    const char *reference; /* the model that the points are above; its own are 0 */
    const ReportRank *row; /* the strongest first */
    int n;
    const char *caution; /* as of a ReportWin */
} ReportRanking;

typedef struct {
    const char *title, *lead; /* a sentence or two below the title */
    Verdict verdict;
    const char *verdict_reasons; /* NULL: no verdict is shown */
    const char *verdict_meaning; /* a sentence or two below it */
    const ReportFact *summary;   /* a handful of large numbers */
    int n_summary;
    /* What the labels follow, printed line by line, with a sentence above and small print below. */
    const char *rule_text, *rule_lead, *rule_note;
    const ReportTrait *traits;
    int n_traits;
    int best_of; /* of best-of-n: 16 */
    const ReportWin *wins;
    int n_wins;
    const ReportPeople *people;
    const ReportRanking *ranking;
    const ReportMeasure *measures;
    int n_measures;
    const ReportExample *examples;
    int n_examples;
    const ReportExample
        *prompts; /* all of them, the one that lost most first; best-of-n is not shown */
    int n_prompts;
    const char *examples_lead; /* whose scores these are, how the prompts were picked */
    const SvgPlot *plots;
    int n_plots;
    const ReportStory *stories;
    int n_stories;
    const ReportLink *lineage;
    int n_lineage;
    const ReportFact *settings;
    int n_settings;
    uint64_t seed;
    const char *version, *date; /* of the program; when the page was made */
} ReportData;

/* The page as text. */
void report_html(Text *out, const ReportData *data);
/* The page as a file, replaced by rename. */
int report_write(const ReportData *data, const char *path, Error *err);

#endif
