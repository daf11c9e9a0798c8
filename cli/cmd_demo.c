/* rlhf demo: the whole loop in a fresh folder, each command as one would type it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/comparison.h"
#include "cli/demo.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/project.h"
#include "cli/wrap.h"
#include "policy/model_settings.h"
#include "policy/supervised.h"
#include "ppo/ppo.h"
#include "reward/reward.h"

static const Option OPTIONS[] = {
    {"taste", OPTION_TEXT, offsetof(DemoOptions, taste), 0, 0, "NAME",
     "what the customer likes: kind, brief or salesman (kind)"},
    {"label", OPTION_SWITCH, offsetof(DemoOptions, label), 0, 0, NULL,
     "choose for yourself: the demo takes the taste nearest to yours"},
    {"placebo", OPTION_SWITCH, offsetof(DemoOptions, placebo), 0, 0, NULL,
     "labels by coin toss: must lead nowhere"},
    {"dir", OPTION_TEXT, offsetof(DemoOptions, dir), 0, 0, "DIR", "a folder to make (rlhf-demo)"},
    {"go-on", OPTION_SWITCH, offsetof(DemoOptions, go_on), 0, 0, NULL,
     "go on with the demo that is there"},
    {"again", OPTION_SWITCH, offsetof(DemoOptions, again), 0, 0, NULL,
     "start again; a demo that people labeled in is moved aside, any other removed"},
    {"conversations", OPTION_INT, offsetof(DemoOptions, sizes.conversations), 40, 1000000, "N",
     "the base learns from (12000)"},
    {"prompts", OPTION_INT, offsetof(DemoOptions, sizes.prompts), 100, 90000, "N",
     "generated; one in ten is a test prompt (6000)"},
    {"pairs", OPTION_INT, offsetof(DemoOptions, sizes.pairs), 60, 100000, "N",
     "labeled, one in five held out (2500)"},
    {"n", OPTION_INT, offsetof(DemoOptions, sizes.n), 10, 10000, "N",
     "prompts compared on, and as many unseen ones (320)"},
    {0},
};
static const DemoSizes SIZES = {.conversations = 12000, .prompts = 6000, .pairs = 2500, .n = 320};
static const ConfigTable *const SECTIONS[] = {&MODEL_TABLE, &PRETRAIN_TABLE, &REWARD_TABLE,
                                              &PPO_TABLE, NULL};

static int given(int value, int fallback)
{
    return value > 0 ? value : fallback;
}

/* ---- begin and go on ------------------------------------------------------------------------------ */

static int enter(Demo *d, Error *err)
{
    if (chdir(d->dir) != 0) return error_set(err, "%s: %s", d->dir, strerror(errno));
    d->inner = *d->ctx;
    d->inner.json = false;
    d->inner.n_flag = d->inner.n_set = 0;
    d->inner.config_file = NULL;
    d->inner.seed = d->state.seed;
    d->inner.observer = &d->observer;
    if (!getcwd(d->inner.project, sizeof d->inner.project))
        return error_set(err, "%s: %s", d->dir, strerror(errno));
    return 0;
}

/* A folder that is to be replaced needs a name of its own: not ".", "x/.." or "/". */
static int check_name(const char *dir, Error *err)
{
    size_t n = strlen(dir);
    while (n > 0 && dir[n - 1] == '/') n--;
    size_t from = n;
    while (from > 0 && dir[from - 1] != '/') from--;
    if (n - from > 2 || (n > from && strspn(dir + from, ".") < n - from)) return 0;
    return error_usage(err, "--dir: '%.60s' is no name for a new folder", dir);
}

static int begin_new(Demo *d, const DemoOptions *o, Error *err)
{
    DemoState *s = &d->state;
    char temporary[FILE_PATH_MAX];
    Error ignored;
    demo_state_free(s);
    *s = (DemoState){.seed = d->ctx->seed,
                     .placebo = o->placebo,
                     .label = o->label,
                     .sizes = {given(o->sizes.conversations, SIZES.conversations),
                               given(o->sizes.prompts, SIZES.prompts),
                               given(o->sizes.pairs, SIZES.pairs), given(o->sizes.n, SIZES.n)}};
    snprintf(s->taste, sizeof s->taste, "%s", o->taste ? o->taste : "kind");
    if (check_name(d->dir, err) != 0) return -1;
    /* What was there goes when its place can be taken. */
    if (folder_begin(temporary, d->dir, err) != 0) return -1;
    if (demo_settle_settings(s->settings_sha256, d->ctx, temporary, err) != 0 ||
        demo_state_write(s, temporary, err) != 0 || demo_clear(d->dir, err) != 0) {
        folder_remove(temporary, &ignored);
        return -1;
    }
    return folder_commit(temporary, d->dir, err) == 0 ? enter(d, err) : -1;
}

static void introduce(const Demo *d)
{
    const DemoState *s = &d->state;
    const bool usual = memcmp(&s->sizes, &SIZES, sizeof SIZES) == 0 && !demo_settings_given(d->ctx);
    const int minutes = usual ? demo_minutes(d->ctx) : 0;
    char about[64] = "";
    if (minutes)
        snprintf(about, sizeof about, "about %s on %s, ", text_count(minutes, "minute"),
                 text_count(d->ctx->threads, "core"));
    wrap_print(0, "rlhf demo: %s      %snothing is downloaded\n\n",
               s->placebo ? "a placebo: labels that say nothing must lead nowhere."
                          : "a small model learns what people like.",
               about);
    wrap_print(0,
               "The base reads %s conversations at a repair counter.  %d of 100 answers there are "
               "useless: rude, selling, rambling, about something else.  The customer (a rule, "
               "printed below%s) picks the better of two answers, %s times, %s.  Nobody tells the "
               "model the rule.\n",
               text_thousands(s->sizes.conversations), demo_useless_percent(s->seed),
               s->label ? "; and you" : "", text_thousands(s->sizes.pairs),
               s->placebo ? "by tossing a coin" : "wrong 1 time in 20");
    if (!usual)
        wrap_text(0, "Sizes or settings are not the demo's own: the figures in its documentation "
                     "do not apply.\n");
    if (s->label) printf("  taste: the one nearest to yours\n");
    else
        wrap_print(2,
                   "  taste: %s   others: --taste kind, --taste brief, --taste salesman   choose "
                   "for yourself: --label\n",
                   s->placebo ? "none (a placebo)" : s->taste);
    fflush(stdout);
}

/* ---- running -------------------------------------------------------------------------------------- */

/* One stage, its time, and its mark in the state; a stage that was stopped is not marked. */
static int run_stage(Demo *d, int stage, char **summary, Error *err)
{
    DemoState *s = &d->state;
    const double began = log_clock();
    Error late;
    d->persons_seconds = 0;
    int rc = stage == DEMO_COMPARE ? demo_compare(d, began, summary, err)
                                   : demo_run_stage(d, stage, err);
    if (stage != DEMO_COMPARE) s->seconds[stage] += log_clock() - began - d->persons_seconds;
    s->done[stage] = rc == 0 && (!interrupt_pending() || stage == DEMO_COMPARE);
    if (demo_state_write(s, ".", rc == 0 ? err : &late) != 0) return -1;
    return rc;
}

/* A reader that has had enough of the story is not told more of it. */
static void say_stopped(const Demo *d, int stage)
{
    const bool usual = strcmp(d->dir, "rlhf-demo") == 0;
    fflush(stdout);
    if (interrupt_pending() == SIGPIPE) return;
    fprintf(stderr,
            "\nstopped in stage %s; what is done is kept.  Go on with: rlhf demo --go-on%s%s\n",
            DEMO_STAGE[stage], usual ? "" : " --dir ", usual ? "" : d->dir);
}

static int run_stages(Demo *d, char **summary, Error *err)
{
    if (!file_exists("rlhf.db") && demo_command(d, err, "init") != 0) return -1;
    for (int i = demo_state_next(&d->state); i < DEMO_STAGES; i++) {
        const int rc = run_stage(d, i, summary, err);
        if (interrupt_pending() && !d->state.done[i]) return say_stopped(d, i), 0;
        if (rc != 0) return -1;
    }
    return 0;
}

/* ---- the end -------------------------------------------------------------------------------------- */

/* The finished demo in d->dir. */
static int look(const Demo *d, bool json, Error *err)
{
    char path[FILE_PATH_MAX], *summary = NULL;
    size_t n;
    if (path_join(path, d->dir, "summary.json", err) != 0) return -1;
    if (!file_exists(path)) {
        error_set(err, "%s has no result yet", d->dir);
        return error_hint(err, "go on with: rlhf demo --go-on --dir %s", d->dir);
    }
    if (file_read(&summary, &n, path, 1 << 20, err) != 0) return -1;
    if (json) fputs(summary, stdout);
    else demo_print_result(d, summary);
    free(summary);
    return 0;
}

/* ---- the command ---------------------------------------------------------------------------------- */

static int check(const Context *ctx, const DemoOptions *o, bool terminal, Error *err)
{
    const Rule *rule = rule_find(o->taste ? o->taste : "kind");
    if (!rule || !rule->traits)
        return error_usage(err, "--taste: '%.40s' is none of kind, brief, salesman", o->taste);
    if (o->again && o->go_on) return error_usage(err, "--again and --go-on: which one?");
    if (o->label && (o->taste || o->placebo))
        return error_usage(err, "--label finds the taste itself; leave out %s",
                           o->taste ? "--taste" : "--placebo");
    if (o->label && (!terminal || ctx->json))
        return error_usage(err, "--label needs a terminal%s", ctx->json ? ", and no --json" : "");
    return 0;
}

static int run_demo(Demo *d, const DemoOptions *o, DemoPlan plan, Error *err)
{
    char *summary = NULL;
    int rc = plan == DEMO_PLAN_NEW ? begin_new(d, o, err) : enter(d, err);
    if (rc != 0) return -1;
    d->rule = rule_find(d->state.taste);
    d->observer = (TrainingObserver){demo_story_step, &d->story};
    demo_story_begin(&d->story, d->rule, &d->state);
    interrupt_on_closed_pipe();
    const int kept = d->ctx->json ? output_silence() : -1;
    if (plan == DEMO_PLAN_NEW) introduce(d);
    rc = run_stages(d, &summary, err);
    if (d->ctx->json) output_restore(kept);
    if (rc == 0 && summary && d->ctx->json) fputs(summary, stdout);
    else if (rc == 0 && summary) demo_print_result(d, summary);
    free(summary);
    return rc;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    const bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    DemoOptions o = {.dir = "rlhf-demo"};
    Demo *d = mem_calloc(1, sizeof *d);
    Words words;
    DemoPlan plan = DEMO_PLAN_NEW;
    int rc = -1;
    d->ctx = ctx;
    if (options_parse(ctx, OPTIONS, &o, &words, 0, 0, argc, argv, err) != 0) goto done;
    if (check(ctx, &o, terminal, err) != 0) goto done;
    snprintf(d->dir, sizeof d->dir, "%s", o.dir);
    demo_find_program(d);
    /* relative to where we are now, not to the demo's folder */
    char *config = ctx->config_file ? realpath(ctx->config_file, NULL) : NULL;
    if (config) ctx->config_file = config;
    rc = file_exists(d->dir) ? demo_choose_plan(&plan, d, &o, terminal && !ctx->json, err) : 0;
    if (rc == 0 && o.go_on && !file_exists(d->dir))
        rc = error_set(err, "no demo in %s to go on with", d->dir);
    if (rc == 0 && plan == DEMO_PLAN_LOOK) rc = look(d, ctx->json, err);
    else if (rc == 0 && plan != DEMO_PLAN_LEAVE) rc = run_demo(d, &o, plan, err);
    if (config) ctx->config_file = NULL;
    free(config);

done:
    demo_state_free(&d->state);
    free(d);
    return rc;
}

const Command cmd_demo = {
    .name = "demo",
    .heading = "other",
    .summary = "watch the whole loop once, nothing to download",
    .usage = "[--taste kind|brief|salesman | --label | --placebo] [--dir DIR] [--go-on | --again]",
    .details =
        "A corpus, a base model, paired answers, labels by a printed rule, a reward model, "
        "PPO, and the comparison with\n"
        "an HTML report, in a fresh folder.  --json prints what summary.json holds, and "
        "nothing else; with --placebo\n"
        "its taste is \"placebo\", and the rule of --taste (kind) still judges.  Ctrl-C stops, "
        "and so does a reader that\n"
        "leaves (| head); --go-on goes on.  Labels that people made there are never removed: "
        "--again moves such a demo\n"
        "to DIR-DATE-TIME.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .preset = DEMO_SETTINGS,
    .project = PROJECT_IGNORED,
    .run = run,
};
