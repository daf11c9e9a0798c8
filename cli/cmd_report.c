/* rlhf report: the page of a comparison that is there, or the same in the terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/comparison_recall.h"
#include "cli/comparison_report.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/project.h"
#include "cli/wrap.h"
#include "compare/html.h"

typedef struct {
    const char *out;
    bool text;
} ReportOptions;

static const Option OPTIONS[] = {
    {"out", OPTION_TEXT, offsetof(ReportOptions, out), 0, 0, "FILE",
     "where the page goes; an earlier report is replaced (report.html)"},
    {"text", OPTION_SWITCH, offsetof(ReportOptions, text), 0, 0, NULL,
     "in the terminal instead, curves and all"},
    {0},
};

/* What `compare` would have noted for this model. */
static int name_of(char name[FILE_PATH_MAX], const Context *ctx, const char *given, Error *err)
{
    char folder[FILE_PATH_MAX], run[RUN_NAME_MAX];
    if (project_model(ctx, folder, NULL, given, err) != 0) return -1;
    project_name_model(ctx, name, run, folder);
    return 0;
}

/* The path, the size, and over ssh how the page gets to where a browser is. */
static void say_where(const char *path)
{
    struct stat s;
    char host[256] = "HOST";
    char *full = realpath(path, NULL);
    if (stat(path, &s) == 0) printf("%s: %s\n", path, text_size((double)s.st_size));
    if (getenv("SSH_CONNECTION") && full) {
        gethostname(host, sizeof host - 1);
        printf("from your own machine: scp %s:%s .\n", host, full);
    }
    free(full);
}

static int make(const ComparisonReport *r, const ReportOptions *o, Error *err)
{
    if (!o->text) {
        if (comparison_report(r, o->out, err) != 0) return -1;
        say_where(o->out);
        return 0;
    }
    Text t = {0};
    const int rc = comparison_report_text(&t, r, wrap_columns(), err);
    if (rc == 0) wrap_text(2, t.bytes);
    text_free(&t);
    return rc;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    static const char HERE[] = "report.html";
    ReportOptions o = {.out = HERE};
    Words words;
    Store *store = NULL;
    RecalledComparison c = {0};
    char base[FILE_PATH_MAX], aligned[FILE_PATH_MAX];
    int rc = -1;
    if (options_parse(ctx, OPTIONS, &o, &words, 0, 2, argc, argv, err) != 0) return -1;
    if (words.n == 1) return error_usage(err, "which two models? rlhf report BASE ALIGNED");
    if (!o.text && output_check(ctx, o.out, HTML_GENERATOR, false, err) != 0)
        return o.out == HERE ? error_hint(err, "elsewhere: rlhf report --out FILE") : -1;
    if (words.n == 2 && (name_of(base, ctx, words.word[0], err) != 0 ||
                         name_of(aligned, ctx, words.word[1], err) != 0))
        return -1;
    if (open_store_to_read(&store, ctx, err) != 0) return -1;
    if (comparison_recall(&c, ctx, store, words.n ? base : NULL, words.n ? aligned : NULL, err) ==
        0) {
        const ComparisonReport report = {.ctx = ctx,
                                         .main = &c.result,
                                         .options = &c.options,
                                         .base = &c.base,
                                         .aligned = &c.aligned,
                                         .reward = c.has_reward ? &c.reward : NULL};
        rc = make(&report, &o, err);
        comparison_recall_free(&c);
    }
    store_close(store);
    return rc;
}

const Command cmd_report = {
    .name = "report",
    .heading = "watch",
    .summary = "what compare found last, as a page or in the terminal",
    .usage = "[BASE ALIGNED] [--out FILE]\n[BASE ALIGNED] --text",
    .details =
        "No model is asked again: the answers are in the database.  With it stand the newest "
        "ranking of several models,\n"
        "and what people found in a campaign of compare --by people.",
    .options = OPTIONS,
    .project = PROJECT_NEEDED,
    .run = run,
};
