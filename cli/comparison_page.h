/* The page that comparison_report fills, for the files that fill its parts. */
#ifndef CLI_COMPARISON_PAGE_H
#define CLI_COMPARISON_PAGE_H

#include "base/mem.h"
#include "cli/comparison_report.h"
#include "cli/run_record.h"

enum {
    PAGE_FACTS = 8,
    PAGE_WINS = 6,
    PAGE_MEASURES = 8,
    PAGE_EXAMPLES = 8,
    PAGE_LINKS = 12,
    PAGE_PLOTS = 9,
    PAGE_CURVES = 3
};

typedef struct {
    const ComparisonReport *r;
    const Comparison *c;
    Store *store;      /* NULL: no project */
    const char *judge; /* "the rule kind", "the reward model" */
    RunRecord base, aligned, reward;
    void **kept; /* texts and arrays that live until the page is written */
    int n_kept, room_kept;
    ReportData data;
    ReportFact fact[PAGE_FACTS];
    ReportTrait trait[COMPARISON_TRAITS + 1];
    ReportWin win[PAGE_WINS];
    ReportMeasure measure[PAGE_MEASURES];
    ReportExample example[PAGE_EXAMPLES];
    SvgPlot plot[PAGE_PLOTS];
    SvgCurve curve[PAGE_PLOTS][PAGE_CURVES];
    ReportLink link[PAGE_LINKS];
} Page;

/* Free it with the page; returns it. */
void *page_keep(Page *p, void *item);
#define KEEP(page, ...) ((const char *)page_keep(page, mem_format(__VA_ARGS__)))

/* A time as a day by this machine's clock: "2026-11-01". */
const char *page_day(Page *p, int64_t us);

/* Of other evaluations in the project the newest of each kind; nothing where there is none. */
int page_add_people(Page *p, Error *err);
int page_add_ranking(Page *p, Error *err);
/* Prompts with the answers to them: some drawn at random, and those that gained and lost most. */
void page_add_examples(Page *p);
/* All prompts, the one on which the aligned answer loses most first. */
void page_add_prompts(Page *p);
/* What a nat of KL buys: PPO against best-of-n. */
void page_add_frontier(Page *p);
/* How the models learned: curves of their runs, and one prompt answered on the way. */
void page_add_plots(Page *p);
void page_add_stories(Page *p);
/* Where they come from: runs, labels, hashes, settings. */
void page_add_settings(Page *p);
int page_add_lineage(Page *p, Error *err);

#endif
