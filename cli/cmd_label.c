/* rlhf label: a person chooses the better of two answers. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/annotator.h"
#include "cli/ballots.h"
#include "cli/commands.h"
#include "cli/dispute_places.h"
#include "cli/label_none.h"
#include "cli/label_pairs.h"
#include "cli/options.h"
#include "cli/project.h"
#include "cli/next_line.h"
#include "cli/readable.h"
#include "labeling/line.h"
#include "labeling/review.h"
#include "labeling/screen.h"
#include "labeling/session.h"

typedef struct {
    const char *as, *campaign, *review, *rejects, *path;
    bool line, imported, practice, restricted, batch, list, strict, replace;
    int limit, goal;
    const int64_t *only; /* (n_only) the pairs to label; NULL: those that are open */
    size_t n_only;
} LabelOptions;

enum { PRACTICE_PAIRS = 10 /* unless --limit says how many */ };

static const Option OPTIONS[] = {
    {"as", OPTION_TEXT, offsetof(LabelOptions, as), 0, 0, "NAME",
     "who labels (rlhf annotators); else RLHF_ANNOTATOR, else the name of this login"},
    {"campaign", OPTION_TEXT, offsetof(LabelOptions, campaign), 0, 0, "NAME",
     "pairs of that campaign (default)"},
    {"line", OPTION_SWITCH, offsetof(LabelOptions, line), 0, 0, NULL,
     "line by line: without a terminal, or for a screen reader"},
    {"imported", OPTION_SWITCH, offsetof(LabelOptions, imported), 0, 0, NULL,
     "after all others, pairs that came with a data set and its label"},
    {"review", OPTION_TEXT, offsetof(LabelOptions, review), 0, 0, "WHAT",
     "disagree: settle the pairs that people differ on; who chose what is told after each"},
    {"limit", OPTION_INT, offsetof(LabelOptions, limit), 1, 1e9, "N", "end after so many pairs"},
    {"goal", OPTION_INT, offsetof(LabelOptions, goal), 1, 1e9, "N",
     "pairs to label today; else the campaign's"},
    {"practice", OPTION_SWITCH, offsetof(LabelOptions, practice), 0, 0, NULL,
     "ten pairs whose answer is known, which it tells after each; nothing is saved"},
    {"list", OPTION_SWITCH, offsetof(LabelOptions, list), 0, 0, NULL,
     "print the pairs as JSON lines, to be decided elsewhere: all, on a terminal 20; nothing is "
     "held"},
    {"batch", OPTION_SWITCH, offsetof(LabelOptions, batch), 0, 0, NULL,
     "save such lines, with choices, from FILE or standard input"},
    {"strict", OPTION_SWITCH, offsetof(LabelOptions, strict), 0, 0, NULL,
     "save nothing of a batch with a bad line"},
    {"replace", OPTION_SWITCH, offsetof(LabelOptions, replace), 0, 0, NULL,
     "a line of a batch may take the place of a label of the same person"},
    {"rejects", OPTION_TEXT, offsetof(LabelOptions, rejects), 0, 0, "FILE",
     "write the refused lines of a batch there"},
    {"restricted", OPTION_SWITCH, offsetof(LabelOptions, restricted), 0, 0, NULL,
     "for a login that may only label: Ctrl-Z does nothing; needs --as, and --project or the "
     "folder"},
    {0},
};

/* As it has to be typed by the same person, and not by whoever this login is. */
static void say_undo(const LabelOptions *o)
{
    const bool other = strcmp(o->campaign, STORE_CAMPAIGN) != 0;
    Text who = {0};
    text_add(&who, "");
    if (o->as) text_add_word(&who, o->as);
    printf("; all saved\nUndo the last: rlhf label%s%s%s%s%s, then u\n", o->as ? " --as " : "",
           who.bytes, other ? " --campaign " : "", other ? o->campaign : "",
           o->line ? " --line" : "");
    text_free(&who);
}

/* What is known at the end, before the session goes. */
typedef struct {
    SessionCounts counts;
    SessionDay day;
    SessionLesson lesson;
} Result;

static void report_json(const char *who, const Result *r)
{
    const SessionCounts *c = &r->counts;
    Text t = {0};
    text_add(&t, "{\"annotator\":");
    json_put_text(&t, who, strlen(who));
    text_format(&t,
                ",\"labeled\":%lld,\"ties\":%lld,\"skipped\":%lld,\"today\":%lld,\"done\":%lld,"
                "\"left\":%lld,\"median_seconds\":%.3f,\"goal\":%lld,\"today_seconds\":%.3f}\n",
                (long long)(c->now - c->skipped), (long long)c->ties, (long long)c->skipped,
                (long long)c->today, (long long)c->done, (long long)c->left, c->median,
                (long long)c->goal, r->day.seconds);
    fputs(t.bytes, stdout);
    text_free(&t);
}

/* " in 12:30 (median 4 s)": of those that came with a time. */
static void print_time(const SessionDay *d)
{
    char time[32];
    if (d->timed == 0) {
        printf(" (median -)");
        return;
    }
    printf(" in %s (median %.0f s", log_duration(time, d->seconds), d->median);
    if (d->timed < d->labels + d->skipped) printf(" of the %s timed", text_thousands(d->timed));
    printf(")");
}

static void report_day(const LabelOptions *o, const char *who, const Result *r)
{
    const SessionCounts *c = &r->counts;
    const SessionDay *d = &r->day;
    if (d->labels + d->skipped > 0) {
        printf("today %s", text_thousands(d->labels));
        if (c->goal) printf(" of %s", text_thousands(c->goal));
        print_time(d);
        printf(", %s skipped, %s", text_thousands(d->skipped), text_count(d->ties, "tie"));
        say_undo(o);
    }
    if (c->now == 0) printf("nothing new from %s", who);
    else
        printf("%s labeled as %s this time, %s skipped", text_count(c->now - c->skipped, "pair"),
               who, text_thousands(c->skipped));
    printf("; %s left\n", text_thousands(c->left));
}

static void report_practice(const Context *ctx, const char *who, const SessionLesson *l)
{
    if (ctx->json) {
        Text t = {0};
        text_add(&t, "{\"annotator\":");
        json_put_text(&t, who, strlen(who));
        text_format(&t, ",\"practice\":%d,\"as_expected\":%d}\n", l->of, l->right);
        fputs(t.bytes, stdout);
        text_free(&t);
        return;
    }
    printf("practice: %d of %s as expected; nothing was saved\n", l->right,
           text_count(l->of, "pair"));
}

static void report(const Context *ctx, const LabelOptions *o, const char *who, const Result *r)
{
    if (o->practice) report_practice(ctx, who, &r->lesson);
    else if (ctx->json) report_json(who, r);
    else report_day(o, who, r);
}

static int check(const LabelOptions *o, bool terminal, Error *err)
{
    if (o->review && strcmp(o->review, "disagree") != 0)
        return error_usage(err, "--review: '%.40s' is nothing to review; disagree", o->review);
    if (o->review && o->practice)
        return error_usage(err, "--review settles pairs, --practice saves nothing; choose one");

    if (o->as && !o->as[strspn(o->as, " \t")]) return error_usage(err, "--as: a name is missing");
    if (!o->line && !o->review && !terminal)
        return error_usage(err,
                           "this is not a terminal; line mode: rlhf label --line, from a file: "
                           "rlhf label --batch < answers.jsonl");
    if (o->restricted && !o->as)
        return error_usage(err, "--restricted needs --as: who labels is not for the login to say");
    if (o->restricted && getenv("RLHF_PROJECT"))
        return error_usage(err,
                           "--restricted: RLHF_PROJECT is set; name the project with --project");
    return 0;
}

/* There is no shell behind this login to come back from. */
static void restrict_signals(void)
{
    signal(SIGTSTP, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
}

static int label_in(Session *s, const Context *ctx, const LabelOptions *o, const char *who,
                    const char **reason, Result *result, Error *err)
{
    const int rc = o->line ? line_run(s, STDIN_FILENO, ctx->json ? stderr : stdout, reason, err)
                           : screen_run(s, who, reason, err);
    result->counts = session_counts(s);
    result->lesson = *session_lesson(s);
    return rc == 0 ? session_day(s, &result->day, err) : -1;
}

/* Nothing is left to label: what is, is told to whoever may do it. */
static int say_next(const Context *ctx, const LabelOptions *o, Store *store, Error *err)
{
    if (o->practice || o->only || o->restricted || interrupt_pending()) return 0;
    return next_line_print(ctx, store, err);
}

static SessionOptions session_options(const LabelOptions *o, const char *who)
{
    struct winsize size = {0};
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    return (SessionOptions){.handle = who,
                            .ui = o->line ? "line" : "tui",
                            .terminal = getenv("TERM"),
                            .columns = size.ws_col,
                            .rows = size.ws_row,
                            .only = o->only,
                            .n_only = (int64_t)o->n_only,
                            .imported = o->imported,
                            .practice = o->practice,
                            .limit = o->practice && !o->limit ? PRACTICE_PAIRS : o->limit,
                            .goal = o->goal,
                            .readable = readable_turns,
                            .unguarded = !isatty(STDIN_FILENO)};
}

/* Who is nobody here yet does not become somebody by looking for pairs where there are none. */
static int find_any(bool *any, const LabelOptions *o, Store *store, int64_t annotator, Error *err)
{
    int64_t left = 1, done = 0;
    if (annotator == 0 && !o->practice && !o->only &&
        store_count_claimable(store, 0, o->imported, &left, &done, err) != 0)
        return -1;
    *any = left > 0;
    return 0;
}

static int label(const Context *ctx, const LabelOptions *o, Store *store, Error *err)
{
    const bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (check(o, terminal, err) != 0) return -1;
    const char *who = annotator_name(o->as), *reason = NULL;
    int64_t annotator = 0;
    bool any = false;
    if (annotator_find(who, store, &annotator, err) != 0) return -1;
    if (find_any(&any, o, store, annotator, err) != 0) return -1;
    if (!any) return label_none(ctx, store, who, 0, o->campaign, o->imported, err);
    if (o->restricted) restrict_signals();
    const SessionOptions options = session_options(o, who);
    Session *session = NULL;
    if (session_begin(&session, store, &options, err) != 0) return -1;
    Result result = {.counts = session_counts(session)};
    const SessionCounts *c = &result.counts;
    int rc = c->left + c->done + c->passed == 0
                 ? label_none(ctx, store, who, annotator, o->campaign, o->imported, err)
                 : label_in(session, ctx, o, who, &reason, &result, err);
    Error late = {0};
    if (session_end(session, reason ? reason : "error", &late) != 0 && rc == 0) {
        *err = late;
        rc = -1;
    }
    if (rc != 0) return -1;
    /* A terminal that is gone reads no report; the exit status says so too. */
    if (reason && strcmp(reason, STORE_HANG_UP) == 0) return interrupt_raise(SIGHUP), 0;
    report(ctx, o, who, &result);
    return c->left == 0 ? say_next(ctx, o, store, err) : 0;
}

static void report_review(const Context *ctx, const char *who, const ReviewCounts *c,
                          const char *elsewhere)
{
    if (ctx->json) {
        Text t = {0};
        json_put_text(&t, who, strlen(who));
        printf("{\"reviewer\":%s,\"settled\":%lld,\"skipped\":%lld,\"left\":%lld,"
               "\"elsewhere\":{%s}}\n",
               t.bytes, (long long)c->settled, (long long)c->skipped, (long long)c->left,
               elsewhere);
        text_free(&t);
        return;
    }
    printf("%s settled by %s, %s left\n%s", text_count(c->settled, "pair"), who,
           text_thousands(c->left), elsewhere);
}

static int review_line(const Context *ctx, Store *store, int64_t annotator, ReviewCounts *counts,
                       const char **reason, Error *err)
{
    int64_t session = 0;
    Error late = {0};
    const StoreSession row = {.annotator_id = annotator, .ui = "line", .terminal = getenv("TERM")};
    if (store_begin_session(store, &row, &session, err) != 0) return -1;
    const int rc = review_run(counts, store, session, annotator, STDIN_FILENO,
                              ctx->json ? stderr : stdout, reason, err);
    if (store_end_session(store, session, *reason, &late) == 0 || rc != 0) return rc;
    *err = late;
    return -1;
}

static int review_screen(const LabelOptions *o, Store *store, const char *who, ReviewCounts *counts,
                         const char **reason, Error *err)
{
    struct winsize size = {0};
    Session *session = NULL;
    Error late = {0};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    const SessionOptions options = {.handle = who,
                                    .ui = "tui",
                                    .terminal = getenv("TERM"),
                                    .columns = size.ws_col,
                                    .rows = size.ws_row,
                                    .review = true,
                                    .limit = o->limit,
                                    .readable = readable_turns};
    if (session_begin(&session, store, &options, err) != 0) return -1;
    *reason = "done";
    const int rc = session_counts(session).left ? screen_run(session, who, reason, err) : 0;
    const SessionCounts c = session_counts(session);
    *counts = (ReviewCounts){c.now, session_aside(session), c.left};
    if (session_end(session, rc == 0 ? *reason : "error", &late) == 0 || rc != 0) return rc;
    *err = late;
    return -1;
}

static int review(const Context *ctx, const LabelOptions *o, Store *store, Error *err)
{
    const char *who = annotator_name(o->as), *reason = "error";
    const bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    int64_t annotator = 0, n = 0;
    ReviewCounts counts = {0};
    if (check(o, terminal, err) != 0) return -1;
    if (annotator_find(who, store, &annotator, err) != 0) return -1;
    if (o->restricted) restrict_signals();
    if (dispute_explain_none(&n, store, annotator, err) != 0) return -1;
    if (n > 0 && annotator_take(who, store, &annotator, err) != 0) return -1;
    const int rc = annotator == 0 ? 0
                   : terminal && !o->line
                       ? review_screen(o, store, who, &counts, &reason, err)
                       : review_line(ctx, store, annotator, &counts, &reason, err);
    if (rc != 0) return -1;
    if (strcmp(reason, STORE_HANG_UP) == 0) {
        interrupt_raise(SIGHUP);
        return 0;
    }
    Text elsewhere = {0};
    text_add(&elsewhere, "");
    const int put =
        dispute_put_elsewhere(&elsewhere, ctx, o->campaign, o->as, store, annotator, err);
    if (put == 0) report_review(ctx, who, &counts, elsewhere.bytes);
    text_free(&elsewhere);
    return put;
}

/* ---- decided elsewhere ----------------------------------------------------------------------------- */

static int check_batch(const LabelOptions *o, Error *err)
{
    const bool ballots = o->batch || o->list;
    if (!o->batch && o->path) return error_usage(err, "unexpected '%.60s'", o->path);
    if (!o->batch && (o->strict || o->replace || o->rejects))
        return error_usage(err, "--strict, --replace and --rejects go with --batch");
    if (o->batch && o->list) return error_usage(err, "--list or --batch?");
    if (ballots && (o->line || o->review || o->practice || o->restricted || o->goal))
        return error_usage(err,
                           "--%s asks nobody: --line, --review, --practice, --restricted and "
                           "--goal do not go with it",
                           o->batch ? "batch" : "list");
    if (o->batch && (o->limit || o->imported))
        return error_usage(err, "--limit and --imported go with --list, not with --batch");
    if (o->batch && !o->path && isatty(STDIN_FILENO))
        return error_usage(err,
                           "which file? rlhf label --batch FILE, or: rlhf label --batch < FILE");
    return 0;
}

/* A terminal gets the first ones unless it says how many; a file or a pipe all of them. */
static int list(const Context *ctx, const LabelOptions *o, Store *store, const char *who,
                int64_t annotator, Error *err)
{
    enum { ON_A_TERMINAL = 20 };
    int64_t n = 0, left = 0, done = 0;
    const bool brief = !o->limit && isatty(STDOUT_FILENO);
    const bool other = strcmp(o->campaign, STORE_CAMPAIGN) != 0;
    if (store_count_claimable(store, annotator, o->imported, &left, &done, err) != 0) return -1;
    if (ballots_list(store, annotator, o->imported, brief ? ON_A_TERMINAL : o->limit, &n, err) != 0)
        return -1;
    if (n == 0 && done == 0)
        return label_none(ctx, store, who, annotator, o->campaign, o->imported, err);
    if (n == 0) {
        log_line("nothing is left for %s, who has decided %s; what comes next: rlhf status", who,
                 text_count(done, "pair"));
        return 0;
    }
    log_line("%s%s%s for %s; fill in \"choice\", then: rlhf label --batch%s%s%s%s < FILE",
             n < left ? text_thousands(n) : "", n < left ? " of " : "", text_count(left, "pair"),
             who, o->as ? " --as " : "", o->as ? o->as : "", other ? " --campaign " : "",
             other ? o->campaign : "");
    if (brief && n < left) log_line("all of them: rlhf label --list > FILE; so many: --limit N");
    return 0;
}

static int elsewhere(const Context *ctx, const LabelOptions *o, Store *store, Error *err)
{
    const char *who = annotator_name(o->as);
    int64_t annotator = 0;
    if (annotator_find(who, store, &annotator, err) != 0) return -1;
    if (o->list) return list(ctx, o, store, who, annotator, err);
    return ballots_save(ctx, store,
                        &(BallotBatch){.path = o->path ? o->path : "-",
                                       .who = who,
                                       .annotator = annotator,
                                       .rejects = o->rejects,
                                       .strict = o->strict,
                                       .replace = o->replace},
                        err);
}

int label_pairs(const Context *ctx, Store *store, const int64_t *comparison, size_t n,
                const char *as, bool line, Error *err)
{
    return label(
        ctx,
        &(LabelOptions){
            .as = as, .campaign = STORE_CAMPAIGN, .line = line, .only = comparison, .n_only = n},
        store, err);
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    LabelOptions o = {.campaign = STORE_CAMPAIGN};
    Words words = {0};
    Store *store = NULL;
    char path[FILE_PATH_MAX];
    int rc = -1;
    if (options_parse(ctx, OPTIONS, &o, &words, 0, 1, argc, argv, err) != 0) goto done;
    o.path = words.n ? words.word[0] : NULL;
    if (check_batch(&o, err) != 0) goto done;
    if (project_path(ctx, path, "rlhf.db", err) != 0) goto done;
    if (store_open(&store, path, err) != 0) goto done;
    if (store_use_campaign(store, o.campaign, err) != 0) goto done;
    if (!o.practice && store_check_open(store, err) != 0) goto done;
    rc = o.batch || o.list ? elsewhere(ctx, &o, store, err)
         : o.review        ? review(ctx, &o, store, err)
                           : label(ctx, &o, store, err);

done:
    store_close(store);
    return rc;
}

const Command cmd_label = {
    .name = "label",
    .heading = "people",
    .summary = "choose the better of two answers, in the terminal",
    .usage = "[--as NAME] [--campaign NAME] [--line] [--limit N] [--goal N] [--practice] "
             "[--restricted]\n"
             "--list [--as NAME] [--campaign NAME] [--limit N]\n"
             "--batch [FILE] [--as NAME] [--campaign NAME] [--strict] [--replace] [--rejects FILE]",
    .details =
        "One key a pair: a or b for the better answer, t for a tie, 0 when both are bad, s to "
        "skip, u to undo,\n"
        "? for all keys: flags, notes, the guidelines, differences, zoom, your labels so far.\n"
        "A choice is on the disk before the screen says saved; quit whenever you like.\n"
        "Offered are pairs that nobody has judged, oldest first, then those that rules "
        "alone have judged; one\n"
        "in five is of the valid split, on which the reward model is measured.  A pair goes to one "
        "person, or to as\n"
        "many as its campaign says.\n"
        "A line of --list is {\"pair\", \"prompt\", \"first\", \"second\", \"order\", "
        "\"choice\": null}; --batch takes it back with\n"
        "  choice      first or second, as that line has them (order ab: a of the store is first; "
        "ba: b is); a or b,\n"
        "              as the store has them (rlhf show pair); tie, both_bad, skip or flag; null "
        "is not decided yet\n"
        "  strength    by how much, 1 to the campaign's scale\n"
        "  comment, reasons (of a skip or flag), confidence (1 to 9), seconds (at it): as wanted\n"
        "Needed are pair and choice, with first or second also order or both texts.  A line that "
        "is there already adds\n"
        "nothing.",
    .options = OPTIONS,
    .project = PROJECT_NEEDED,
    .run = run,
};
