#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/loaded.h"
#include "cli/loop.h"
#include "cli/project.h"
#include "cli/run_record.h"
#include "cli/wrap.h"
#include "labeling/clock.h"

/* ---- running commands ----------------------------------------------------------------------------- */

enum { ARGUMENTS = 24, LOOK_MS = 500 };

typedef struct {
    char *word[ARGUMENTS];
    int n;
} Line;

static void add(Line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(Line *line, const char *format, ...)
{
    char text[FILE_PATH_MAX + 64];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (line->n < ARGUMENTS) line->word[line->n++] = mem_strdup(text);
}

static void show(const Line *line, const Context *inner)
{
    Text t = {0};
    text_add(&t, "$ rlhf");
    for (int i = 0; i < line->n; i++) text_format(&t, " %s", line->word[i]);
    if (inner->config_file) text_add(&t, " --config loop/settings.json");
    for (int i = 0; i < inner->n_set; i++) text_format(&t, " --set %s", inner->set[i]);
    text_format(&t, " --seed %llu", (unsigned long long)inner->seed);
    if (inner->compute_given) text_format(&t, " --compute %s", inner->compute);
    putchar('\n');
    wrap_command(t.bytes);
    fflush(stdout);
    text_free(&t);
}

/* What project.json sets would come before the file with the loop's settings: those are given again. */
static int hold_settings(const Loop *l, Context *inner, const Command *c, Error *err)
{
    cJSON *project = NULL;
    if (project_read(l->ctx, &project, err) != 0) return -1;
    const cJSON *settings = cJSON_GetObjectItemCaseSensitive(project, "settings");
    for (const ConfigTable *const *t = c->sections; t && *t; t++) {
        const cJSON *section = cJSON_GetObjectItemCaseSensitive(settings, (*t)->name);
        int at = 0;
        while (at < l->config.n && l->config.table[at] != *t) at++;
        for (int i = 0; i < (*t)->n && at < l->config.n; i++) {
            const char *name = (*t)->fields[i].name;
            Text value = {0};
            if (!cJSON_GetObjectItemCaseSensitive(section, name)) continue;
            if (inner->n_set == CONTEXT_SETTINGS_MAX) break;
            text_format(&value, "%s.%s=", (*t)->name, name);
            config_value(&value, &l->config, at, i);
            inner->set[inner->n_set++] = text_take(&value);
        }
    }
    cJSON_Delete(project);
    return 0;
}

/* The command of that line, which is freed; `made` (FILE_PATH_MAX, or NULL) is Context.made. */
static int run_line(const Loop *l, Line *line, char *made, Error *err)
{
    const Command *c = command_find(line->word[0]);
    Context *inner = mem_calloc(1, sizeof *inner);
    *inner = *l->ctx;
    inner->command = c;
    inner->json = false;
    inner->led = true;
    inner->n_set = inner->n_flag = 0;
    inner->config_file = c->sections ? l->file : NULL;
    inner->seed = l->state.seed + (uint64_t)l->state.n - 1;
    inner->seed_given = true;
    inner->compute = l->state.compute;
    inner->compute_given = inner->compute_settled = l->state.compute != NULL;
    inner->made = made;
    snprintf(inner->called, sizeof inner->called, "%s", c->name);
    int rc = hold_settings(l, inner, c, err);
    if (rc == 0) {
        show(line, inner);
        rc = c->run(inner, line->n - 1, line->word + 1, err);
        if (rc != 0) error_wrap(err, "rlhf %s", c->name);
    }
    for (int i = 0; i < inner->n_flag; i++) free(inner->flag[i]);
    for (int i = 0; i < inner->n_set; i++) free((char *)inner->set[i]);
    for (int i = 0; i < line->n; i++) free(line->word[i]);
    free(inner);
    fflush(stdout);
    return rc;
}

/* ---- folders -------------------------------------------------------------------------------------- */

int loop_save(const Loop *l, Error *err)
{
    return loop_state_write(&l->state, l->folder, err);
}

/* As the state has a folder: from the project's when inside. */
static const char *stored_name(const Loop *l, const char *folder)
{
    const size_t n = strlen(l->ctx->project);
    return strncmp(folder, l->ctx->project, n) == 0 && folder[n] == '/' ? folder + n + 1 : folder;
}

/* ---- paired answers ------------------------------------------------------------------------------- */

static const Split SAMPLED[2] = {SPLIT_TRAIN, SPLIT_VALID};

static const char *source_of(const Loop *l)
{
    return l->settings.source[0] ? l->settings.source : NULL;
}

/* What --model takes: RUN@STEP where a run of the project made it, else its path; "base" for "". */
static int model_word(const Loop *l, char out[FILE_PATH_MAX], const char *stored, Error *err)
{
    char folder[FILE_PATH_MAX], run[RUN_NAME_MAX];
    snprintf(out, FILE_PATH_MAX, "base");
    if (!stored[0]) return 0;
    if (project_path(l->ctx, folder, stored, err) != 0) return -1;
    project_name_model(l->ctx, out, run, folder);
    if (!run[0]) snprintf(out, FILE_PATH_MAX, "%s", folder);
    return 0;
}

/* How many prompts of each split the model has answered, or not. */
static int count_prompts(const Loop *l, const char *model, Answered answered, int64_t n[2],
                         Error *err)
{
    Store *store = NULL;
    Loaded loaded = {0};
    int64_t id;
    int rc = open_store(&store, l->ctx, err);
    if (rc == 0) rc = loaded_open(&loaded, l->ctx, NULL, model, NULL, err);
    if (rc == 0) rc = loaded_record(&loaded, store, &id, err);
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = store_count_prompts(
            store,
            &(StorePromptFilter){
                .split = SAMPLED[i], .source = source_of(l), .answered = answered, .model_id = id},
            &n[i], err);
    loaded_close(&loaded);
    store_close(store);
    return rc;
}

void loop_share(int64_t share[2], const int64_t there[2], int64_t pairs)
{
    const int64_t total = there[0] + there[1], asked = pairs < total ? pairs : total;
    share[1] = total > 0 ? (asked * there[1] + total / 2) / total : 0;
    share[0] = asked - share[1];
}

/* What the round asks is settled before its first answer, so that a sample that was left has the rest to do and
 * no more.  The splits have shares as those to answer are. */
static int settle_answers(const Loop *l, LoopRound *r, const char *model, const int64_t have[2],
                          Error *err)
{
    int64_t open[2], share[2];
    if (r->answered[0] >= 0) return 0;
    if (count_prompts(l, model, ANSWERED_NO, open, err) != 0) return -1;
    loop_share(share, open, l->settings.pairs);
    for (int i = 0; i < 2; i++) r->answered[i] = have[i] + share[i];
    return loop_save(l, err);
}

static int ask(const Loop *l, const LoopRound *r, const char *model, const int64_t have[2],
               Error *err)
{
    for (int i = 0; i < 2 && !interrupt_pending(); i++) {
        Line line = {0};
        if (have[i] >= r->answered[i]) continue;
        add(&line, "sample");
        add(&line, "--model"), add(&line, "%s", model);
        add(&line, "--split"), add(&line, "%s", split_name(SAMPLED[i]));
        add(&line, "--limit"), add(&line, "%lld", (long long)(r->answered[i] - have[i]));
        add(&line, "--max-new-tokens"), add(&line, "%d", l->ppo.max_new_tokens);
        if (source_of(l)) add(&line, "--source"), add(&line, "%s", source_of(l));
        if (run_line(l, &line, NULL, err) != 0) return -1;
    }
    return 0;
}

static int sample(Loop *l, LoopRound *r, Error *err)
{
    char model[FILE_PATH_MAX];
    int64_t have[2], now[2];
    Error ignored;
    l->unmade = true;
    if (model_word(l, model, r->sampled, err) != 0) return -1;
    if (count_prompts(l, model, ANSWERED_YES, have, err) != 0) return -1;
    if (settle_answers(l, r, model, have, err) != 0) return -1;
    if (ask(l, r, model, have, err) == 0) return 0;
    l->unmade = count_prompts(l, model, ANSWERED_YES, now, &ignored) == 0 && now[0] == have[0] &&
                now[1] == have[1];
    return -1;
}

/* ---- labels --------------------------------------------------------------------------------------- */

int loop_count_labels(const Loop *l, int64_t *labels, int64_t *to_label, Error *err)
{
    Store *store = NULL;
    StoreStatus status = {0};
    int64_t since_us = 0;
    for (int i = 0; i < loop_state_over(&l->state); i++)
        if (l->state.round[i].reward_us > 0) since_us = l->state.round[i].reward_us;
    if (open_store(&store, l->ctx, err) != 0) return -1;
    int rc = store_count_preferences_since(store, since_us, labels, err);
    if (rc == 0) rc = store_status(store, &status, err);
    *to_label = status.comparisons - status.labeled - status.skipped;
    store_status_free(&status);
    store_close(store);
    return rc;
}

static int judge(Loop *l, Error *err)
{
    Line line = {0};
    add(&line, "judge");
    add(&line, "--rule"), add(&line, "%s", l->rule->name);
    if (l->settings.errors > 0) add(&line, "--error-rate"), add(&line, "%.10g", l->settings.errors);
    return run_line(l, &line, NULL, err);
}

static int count_people(Loop *l, LoopRound *r, Error *err)
{
    int64_t to_label;
    if (loop_count_labels(l, &r->labels, &to_label, err) != 0) return -1;
    l->waiting = r->labels < l->settings.when;
    return 0;
}

/* Looks again and again with --wait; without, whoever called looks again by the next `rlhf loop`. */
static int wait_for_people(Loop *l, LoopRound *r, Error *err)
{
    if (count_people(l, r, err) != 0) return -1;
    if (l->waiting && l->wait)
        log_line("waiting for labels: %lld of %d are there", (long long)r->labels,
                 l->settings.when);
    while (l->waiting && l->wait && !interrupt_pending()) {
        usleep(LOOK_MS * 1000);
        if (count_people(l, r, err) != 0) return -1;
    }
    return 0;
}

/* Another round on labels that were all read before would only train the same again. */
static int label(Loop *l, LoopRound *r, Error *err)
{
    int64_t to_label;
    if (!l->rule) return wait_for_people(l, r, err);
    if (judge(l, err) != 0) return -1;
    if (interrupt_pending()) return 0;
    if (loop_count_labels(l, &r->labels, &to_label, err) != 0) return -1;
    if (r->labels > 0) return 0;
    r->step = LOOP_SAMPLE, r->answered[0] = r->answered[1] = -1;
    if (loop_save(l, err) != 0) return -1;
    error_set(err, "round %d has no new labels: every prompt is answered and judged", l->state.n);
    return error_hint(err, "bring in more prompts with: rlhf import FILE, then: rlhf loop");
}

/* ---- training ------------------------------------------------------------------------------------- */

/* A run that was left goes on as it began, or not at all. */
static int train(const Loop *l, Line *line, bool resume, char *made, Error *err)
{
    if (resume) add(line, "--resume");
    if (run_line(l, line, made, err) == 0) return 0;
    return resume ? error_hint(err, "to begin that run anew instead: rlhf loop --restart") : -1;
}

/* The state of a run of the project: "" when it is not there, or never came to its settings. */
static int run_state(const Loop *l, char state[RUN_STATE_MAX], const char *name, Error *err)
{
    char inside[FILE_PATH_MAX], folder[FILE_PATH_MAX], settings[FILE_PATH_MAX];
    int64_t step;
    state[0] = 0;
    if (!name[0]) return 0;
    snprintf(inside, sizeof inside, "runs/%s", name);
    if (project_path(l->ctx, folder, inside, err) != 0) return -1;
    if (path_join(settings, folder, "settings.json", err) != 0) return -1;
    if (file_exists(settings)) project_run_state(state, &step, folder);
    return 0;
}

/* round-2-ppo, or round-2-ppo-2 where that is taken; noted before the run begins. */
static int name_run(Loop *l, char **name, const char *kind, Error *err)
{
    char path[FILE_PATH_MAX], inside[RUN_NAME_MAX];
    for (int again = 1;; again++) {
        if (again == 1) snprintf(inside, sizeof inside, "runs/round-%d-%s", l->state.n, kind);
        else snprintf(inside, sizeof inside, "runs/round-%d-%s-%d", l->state.n, kind, again);
        if (project_path(l->ctx, path, inside, err) != 0) return -1;
        if (!file_exists(path)) break;
    }
    loop_state_set(name, inside + strlen("runs/"));
    return loop_save(l, err);
}

/* Labels that came after a reward run began are not its own: one that was left starts anew with them. */
static int begin_reward(Loop *l, LoopRound *r, const char *state, Error *err)
{
    Store *store = NULL;
    int64_t newer = 0;
    if (r->reward[0]) {
        if (open_store(&store, l->ctx, err) != 0) return -1;
        const int rc = store_count_preferences_since(store, r->reward_us, &newer, err);
        store_close(store);
        if (rc != 0) return -1;
    }
    if (r->reward[0] && newer == 0 && !(l->restart && state[0])) return 0;
    r->reward_us = clock_now_us(NULL);
    return name_run(l, &r->reward, "reward", err);
}

static int train_reward(Loop *l, LoopRound *r, Error *err)
{
    char state[RUN_STATE_MAX], folder[FILE_PATH_MAX];
    Line line = {0};
    if (run_state(l, state, r->reward, err) != 0) return -1;
    if (strcmp(state, "finished") == 0) {
        if (project_model(l->ctx, folder, NULL, r->reward, err) != 0) return -1;
        return project_set_model(l->ctx, "reward", folder, err);
    }
    if (begin_reward(l, r, state, err) != 0 || run_state(l, state, r->reward, err) != 0) return -1;
    add(&line, "reward");
    add(&line, "--run"), add(&line, "%s", r->reward);
    return train(l, &line, state[0], NULL, err);
}

/* Scores that reward.shrink made 0 would leave where PPO ends to chance, and `aligned` might move there. */
static int is_silent(const Loop *l, const LoopRound *r, bool *silent, Error *err)
{
    char folder[FILE_PATH_MAX];
    Shrinkage shrunk;
    if (project_model(l->ctx, folder, NULL, r->reward, err) != 0) return -1;
    if (run_record_shrinkage(&shrunk, folder, err) != 0) return -1;
    *silent = shrunk.factor == 0;
    return 0;
}

/* A run that ended without a good end, out of its bounds, made nothing. */
static int train_policy(Loop *l, LoopRound *r, Error *err)
{
    char state[RUN_STATE_MAX], start[FILE_PATH_MAX], made[FILE_PATH_MAX] = "";
    Line line = {0};
    bool silent;
    if (is_silent(l, r, &silent, err) != 0) return -1;
    if (silent && !r->ppo[0]) {
        r->outcome = LOOP_HALTED;
        return 0;
    }
    if (run_state(l, state, r->ppo, err) != 0) return -1;
    if (!r->ppo[0] || (l->restart && state[0])) {
        if (name_run(l, &r->ppo, "ppo", err) != 0) return -1;
        state[0] = 0;
    }
    add(&line, "ppo");
    add(&line, "--run"), add(&line, "%s", r->ppo);
    add(&line, "--reward"), add(&line, "%s", r->reward);
    if (r->start[0]) {
        if (model_word(l, start, r->start, err) != 0) return -1;
        add(&line, "--model"), add(&line, "%s", start);
        add(&line, "--reference"), add(&line, "base");
    }
    if (source_of(l)) add(&line, "--source"), add(&line, "%s", source_of(l));
    if (train(l, &line, state[0], made, err) != 0) return -1;
    if (interrupt_pending() && !made[0]) return 0;
    loop_state_set(&r->candidate, stored_name(l, made));
    if (!made[0]) r->outcome = LOOP_HALTED;
    return 0;
}

/* ---- a step --------------------------------------------------------------------------------------- */

int loop_run_step(Loop *l, LoopRound *r, Error *err)
{
    const LoopStep step = r->step;
    int rc = -1;
    l->waiting = false;
    switch (step) {
    case LOOP_SAMPLE: rc = sample(l, r, err); break;
    case LOOP_LABEL: rc = label(l, r, err); break;
    case LOOP_REWARD: rc = train_reward(l, r, err); break;
    case LOOP_PPO: rc = train_policy(l, r, err); break;
    case LOOP_COMPARE: rc = loop_compare(l, r, err); break;
    case LOOP_DONE:
    case LOOP_STEPS: rc = 0; break;
    }
    if (rc != 0 || l->waiting) return rc;
    /* what PPO or the comparison brought home counts, also where a signal came after it */
    const bool brought =
        (step == LOOP_PPO && r->candidate[0]) || (step == LOOP_COMPARE && r->outcome != LOOP_OPEN);
    if (interrupt_pending() && !brought) return 0;
    r->step = (LoopStep)(step + 1);
    l->restart = false;
    return loop_save(l, err);
}
