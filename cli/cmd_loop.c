/* rlhf loop: rounds of sample, label, reward, PPO and compare, from one settings file. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/run_lock.h"
#include "cli/commands.h"
#include "cli/detach.h"
#include "cli/loop.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/project.h"
#include "cli/prompts.h"

enum { LOOK_MS = 50 };

typedef struct {
    bool status, back, wait, restart, stop, dry_run, give_up;
    bool detach; /* seen to by main (cli/detach.h) */
    int steps;
} LoopOptions;

static const Option OPTIONS[] = {
    {"status", OPTION_SWITCH, offsetof(LoopOptions, status), 0, 0, NULL,
     "the rounds so far, and what comes next; changes nothing"},
    {"wait", OPTION_SWITCH, offsetof(LoopOptions, wait), 0, 0, NULL,
     "where people are needed, look again and again instead of ending"},
    {"detach", OPTION_SWITCH, offsetof(LoopOptions, detach), 0, 0, NULL,
     "go on without this terminal, and wait for people where they are needed"},
    {"stop", OPTION_SWITCH, offsetof(LoopOptions, stop), 0, 0, NULL,
     "save and end the loop that is at work; rlhf loop goes on from there"},
    {"dry-run", OPTION_SWITCH, offsetof(LoopOptions, dry_run), 0, 0, NULL,
     "say what the rounds would do: each step, settings, memory, the time; changes nothing on the "
     "disk"},
    {"steps", OPTION_INT, offsetof(LoopOptions, steps), 1, 1000000, "N",
     "end after N steps of this call; a later call goes on"},
    {"restart", OPTION_SWITCH, offsetof(LoopOptions, restart), 0, 0, NULL,
     "the training run that was left is not resumed: a new one takes its place"},
    {"back", OPTION_SWITCH, offsetof(LoopOptions, back), 0, 0, NULL,
     "aligned is again what it was after ROUND (0: before the first), or before it last moved"},
    {"give-up", OPTION_SWITCH, offsetof(LoopOptions, give_up), 0, 0, NULL,
     "leave the round under way: what it made stays, aligned as it is, and the next rlhf loop "
     "begins a round anew"},
    {0},
};
static const ConfigTable *const SECTIONS[] = {&LOOP_TABLE, &REWARD_TABLE, &PPO_TABLE, &LORA_TABLE,
                                              NULL};

/* ---- settings ------------------------------------------------------------------------------------- */

/* Those that the loop goes on with, changed by what is given; the first time, those of the project too. */
static int read_settings(Loop *l, Error *err)
{
    Context *alone = mem_calloc(1, sizeof *alone);
    const bool there = file_exists(l->file);
    *alone = *l->ctx;
    if (there) alone->project[0] = 0;
    config_bind(&l->config, &LOOP_TABLE, &l->settings);
    config_bind(&l->config, &REWARD_TABLE, &l->reward);
    config_bind(&l->config, &PPO_TABLE, &l->ppo);
    config_bind(&l->config, &LORA_TABLE, &l->lora);
    int rc = context_settings(alone, &l->config, there ? l->file : NULL, err);
    free(alone);
    if (rc == 0) rc = ppo_check_settings(&l->ppo, err);
    if (rc == 0 && l->settings.judge[0]) rc = rule_choose(&l->rule, l->settings.judge, err);
    if (rc == 0 && !l->rule && l->settings.errors > 0)
        rc = error_usage(err, "loop.errors are a rule's; name one: --judge RULE");
    return rc;
}

static int write_settings(const Loop *l, Error *err)
{
    Text json = {0};
    config_json(&l->config, &json);
    const int rc = file_write(l->file, json.bytes, json.n, err);
    text_free(&json);
    return rc;
}

/* ---- rounds --------------------------------------------------------------------------------------- */

/* The newest policy shows best where the reward model was wrong, so its answers are labeled, also when it was
 * held back; after --back it is what stands. */
static int begin_round(Loop *l, Error *err)
{
    LoopState *s = &l->state;
    char aligned[FILE_PATH_MAX];
    if (project_model_path(l->ctx, aligned, "aligned", err) != 0) return -1;
    LoopRound *r = loop_state_begin_round(s);
    const LoopRound *last = s->n > 1 ? &s->round[s->n - 2] : NULL;
    if (!last) loop_state_set(&s->before, aligned);
    loop_state_set(&r->start, l->settings.start == 0 ? aligned : "");
    const bool newest = last && last->candidate[0] && s->back_after != s->n - 1;
    loop_state_set(&r->sampled, newest ? last->candidate : aligned);
    return loop_save(l, err);
}

/* Settings of a loop without a round would be a trap: what is begun next begins with its own. */
static int drop_round(Loop *l, Error *err)
{
    char path[FILE_PATH_MAX];
    loop_state_drop_round(&l->state);
    if (l->state.n > 0) return loop_save(l, err);
    if (path_join(path, l->folder, "state.json", err) != 0) return -1;
    if (folder_remove(path, err) != 0) return -1;
    return folder_remove(l->file, err);
}

/* A round that has made nothing is not left behind; any other can go on, or be given up. */
static int round_failed(Loop *l, bool begun, Error *err)
{
    const LoopRound *r = &l->state.round[l->state.n - 1];
    Error ignored;
    if (begun && r->step == LOOP_SAMPLE && l->unmade) {
        drop_round(l, &ignored);
        return -1;
    }
    if (err->hint[0]) return -1;
    return error_hint(err, "then it goes on with: rlhf loop; to give the round up: rlhf loop "
                           "--give-up");
}

static void say_stopped(const Loop *l)
{
    const LoopState *s = &l->state;
    log_line("stopped in step %s of round %d; what is done is kept.  Go on with: rlhf loop",
             s->n > 0 ? LOOP_STEP[s->round[s->n - 1].step] : LOOP_STEP[0], s->n);
}

static int run_rounds(Loop *l, int steps, Error *err)
{
    LoopState *s = &l->state;
    int done = 0;
    bool begun = false;
    while (loop_state_over(s) < l->settings.rounds && (steps == 0 || done < steps)) {
        if (loop_state_over(s) == s->n) {
            if (begin_round(l, err) != 0) return -1;
            begun = true;
        }
        LoopRound *r = &s->round[s->n - 1];
        const LoopStep step = r->step;
        if (loop_run_step(l, r, err) != 0) return round_failed(l, begun, err);
        if (interrupt_pending()) return say_stopped(l), 0;
        if (l->waiting || r->step == step) return 0;
        done++;
    }
    return 0;
}

/* ---- beside the terminal --------------------------------------------------------------------------- */

/* What can be wrong before the first step is told where it was typed. */
static int leave_terminal(Loop *l, Error *err)
{
    char base[FILE_PATH_MAX];
    if (l->ctx->detach == 0) return 0;
    if (project_model(l->ctx, base, NULL, "base", err) != 0) return -1;
    return detach_ready(
        l->ctx,
        &(Detached){"loop", l->folder, "rlhf loop --status, rlhf watch", "rlhf loop --stop"}, err);
}

static int stop(Loop *l, Error *err)
{
    const int asked = run_lock_signal(l->folder, SIGTERM, err);
    if (asked == 0) return error_set(err, "no loop is at work in this project");
    if (asked < 0) return -1;
    log_line("asked to stop; what is done is kept, and a run under way is saved");
    while (run_lock_is_held(l->folder, NULL)) {
        if (interrupt_pending())
            return error_stopped(err, "the loop was asked to stop and has not ended yet; rlhf loop "
                                      "--status tells");
        poll(NULL, 0, LOOK_MS);
    }
    loop_state_free(&l->state);
    if (loop_state_read(&l->state, l->folder, err) != 0) return -1;
    return loop_report(l, err);
}

/* ---- back ----------------------------------------------------------------------------------------- */

/* What was aligned when round k was over; 0: before the first. */
static const char *aligned_after(const LoopState *s, int k)
{
    return k > 0 ? s->round[k - 1].aligned : s->before;
}

static int choose_round(int *round, const Loop *l, const char *aligned, const Words *words,
                        Error *err)
{
    const int over = loop_state_over(&l->state);
    if (words->n > 0) {
        char *end;
        const long asked = strtol(words->word[0], &end, 10);
        if (words->word[0][0] < '0' || words->word[0][0] > '9' || *end || asked > over)
            return error_usage(err, "--back: '%.40s' is no round from 0 to %d", words->word[0],
                               over);
        *round = (int)asked;
        return 0;
    }
    for (*round = over - 1; *round >= 0; --*round)
        if (strcmp(aligned_after(&l->state, *round), aligned) != 0) return 0;
    return error_set(err, "no round has moved aligned: there is nothing to go back to");
}

static int go_back(Loop *l, const Words *words, Error *err)
{
    char aligned[FILE_PATH_MAX], folder[FILE_PATH_MAX] = "", inside[FILE_PATH_MAX];
    int round = 0;
    if (project_model_path(l->ctx, aligned, "aligned", err) != 0) return -1;
    if (choose_round(&round, l, aligned, words, err) != 0) return -1;
    const char *to = aligned_after(&l->state, round);
    if (to[0] && project_path(l->ctx, folder, to, err) != 0) return -1;
    if (to[0] && !project_model_inside(inside, folder))
        return error_set(err, "round %d: its model is gone: no config.json in %s", round, folder);
    l->state.back_after = loop_state_over(&l->state);
    if (loop_save(l, err) != 0 || project_set_model(l->ctx, "aligned", folder, err) != 0) return -1;
    log_line("aligned is again what it was %s round %d%s%s", round > 0 ? "after" : "before",
             round > 0 ? round : 1, to[0] ? ": " : ": none", to);
    return loop_report(l, err);
}

/* ---- giving up ------------------------------------------------------------------------------------- */

static int give_up(Loop *l, Error *err)
{
    LoopState *s = &l->state;
    if (loop_state_over(s) == s->n)
        return error_set(err, "no round is under way: there is nothing to give up");
    const int round = s->n;
    const LoopStep step = s->round[round - 1].step;
    if (drop_round(l, err) != 0) return -1;
    log_line("round %d is given up in step %s; its answers, labels and runs stay, and aligned as "
             "it is",
             round, LOOP_STEP[step]);
    return loop_report(l, err);
}

/* ---- the command ---------------------------------------------------------------------------------- */

static int open_loop(Loop *l, Error *err)
{
    if (project_path(l->ctx, l->folder, "loop", err) != 0) return -1;
    if (path_join(l->file, l->folder, "settings.json", err) != 0) return -1;
    if (loop_state_read(&l->state, l->folder, err) != 0) return -1;
    if (l->state.n == 0 || l->ctx->seed_given) l->state.seed = l->ctx->seed;
    if (l->ctx->compute_given) l->state.compute = l->ctx->compute;
    return read_settings(l, err);
}

/* PPO and the comparison have to have room after a prompt too; the base that is refused later has none. */
static void fit_answers(Loop *l)
{
    Loaded base = {0};
    Error ignored;
    if (!project_has_model(l->ctx, "base")) return;
    if (loaded_outline_language(&base, l->ctx, NULL, "base", NULL, &ignored) != 0) return;
    prompts_fit_answers(&l->ppo.max_new_tokens, &l->config, "ppo.max_new_tokens", &base);
    prompts_fit_answers(&l->reward.normalize_tokens, &l->config, "reward.normalize_tokens", &base);
    loaded_close(&base);
}

static int take_lock(int *lock, const Loop *l, Error *err)
{
    pid_t holder = 0;
    char kill[64] = "";
    if (folder_make(l->folder, err) != 0) return -1;
    if (run_lock_take(lock, l->folder, err) == 0) return 0;
    if (!run_lock_is_held(l->folder, &holder)) return -1;
    error_set(err, "another rlhf loop is at work in %s", l->ctx->project);
    if (holder > 0) snprintf(kill, sizeof kill, "; end it: kill %lld", (long long)holder);
    return error_hint(err, "look at it: rlhf loop --status%s", kill);
}

static int run_locked(Loop *l, const LoopOptions *o, const Words *words, Error *err)
{
    int lock = -1, rc = -1;
    if (take_lock(&lock, l, err) != 0) goto done;
    /* what another process may have done before it let go */
    loop_state_free(&l->state);
    l->config = (Config){0}, l->rule = NULL;
    if (open_loop(l, err) != 0) goto done;
    if (o->back) {
        rc = go_back(l, words, err);
        goto done;
    }
    if (o->give_up) {
        rc = give_up(l, err);
        goto done;
    }
    fit_answers(l);
    if (write_settings(l, err) != 0 || leave_terminal(l, err) != 0) goto done;
    const int kept = l->ctx->json ? output_silence() : -1;
    rc = run_rounds(l, o->steps, err);
    if (l->ctx->json) output_restore(kept);
    if (rc == 0) rc = loop_report(l, err);

done:
    if (lock >= 0) close(lock);
    return rc;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    Loop *l = mem_calloc(1, sizeof *l);
    LoopOptions o = {0};
    Words words;
    int rc = -1;
    l->ctx = ctx;
    if (options_parse(ctx, OPTIONS, &o, &words, 0, 1, argc, argv, err) != 0) goto done;
    if (words.n > 0 && !o.back) {
        error_usage(err, "unexpected '%.60s'", words.word[0]);
        goto done;
    }
    if (o.back + o.status + o.stop + o.dry_run + o.give_up > 1) {
        error_usage(err, "--back, --status, --stop, --give-up and --dry-run: which one?");
        goto done;
    }
    if (o.dry_run && o.detach) {
        error_usage(err, "--dry-run changes nothing; leave out --detach");
        goto done;
    }
    l->wait = o.wait, l->restart = o.restart;
    if (open_loop(l, err) != 0) goto done;
    if (o.detach && !l->rule) l->wait = true; /* nobody is there to begin it again */
    l->at_work = o.status && run_lock_is_held(l->folder, NULL);
    const bool begins = !o.status && !o.back && !o.stop && !o.give_up;
    if (begins) fit_answers(l);
    if (begins && !run_lock_is_held(l->folder, NULL) && loop_check(l, err) != 0) goto done;
    rc = o.status    ? loop_report(l, err)
         : o.stop    ? stop(l, err)
         : o.dry_run ? loop_plan(l, err)
                     : run_locked(l, &o, &words, err);

done:
    loop_state_free(&l->state);
    free(l);
    return rc;
}

const Command cmd_loop = {
    .name = "loop",
    .heading = "train",
    .summary = "rounds of sample, label, reward, PPO, compare, one after another",
    .usage = "[--rounds N] [--judge RULE [--errors SHARE] | --when N [--wait]] [--steps N] "
             "[--restart] [--detach]\n"
             "--dry-run\n"
             "--status\n"
             "--stop\n"
             "--back [ROUND]\n"
             "--give-up",
    .details =
        "Each round: the newest policy answers, its pairs are labeled, a reward model is trained "
        "on "
        "all labels, PPO goes on\n"
        "from `aligned`, and `aligned` moves when its win rate against the base on valid prompts "
        "did not fall.  People label\n"
        "unless --judge names a rule: then the command ends where it waits for them, and goes on "
        "when it is given again.\n"
        "So it does after Ctrl-C or a kill, with the settings that it began with and what is given "
        "to change them.\n"
        "A round that is not to go on is given up: rlhf loop --give-up.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .project = PROJECT_NEEDED,
    .run = run,
};
