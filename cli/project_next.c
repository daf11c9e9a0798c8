#include "cli/project_next.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/run_lock.h"
#include "base/text.h"
#include "cli/base_change.h"
#include "cli/harder_training.h"
#include "cli/class_texts.h"
#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/loop.h"
#include "cli/next_line.h"
#include "cli/preferences.h"
#include "cli/project_config.h"

enum {
    ENOUGH_LABELS =
        60, /* are worth a reward model, the first or another, while there are more pairs to label */
    WORTH_ASKING =
        10 /* pairs, or labels when no more pairs are: fewer change no reward model, and so nothing here */
};

#define GUIDE "docs/guide.md, \"When it does not work\""

/* The first proposal stands. */
static void propose(ProjectStatus *s, const char *command, const char *arguments, const char *why)
{
    if (s->next[0] || !command_find(command)) return;
    s->command = command_find(command)->name;
    snprintf(s->next, sizeof s->next, "rlhf %s%s%s", command, arguments[0] ? " " : "", arguments);
    snprintf(s->why, sizeof s->why, "%s", why);
}

/* ---- a run at work, or broken off -------------------------------------------------------------------- */

static const StoreRun *recorded(const StoreRunList *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->row[i].name, name) == 0) return &list->row[i];
    return NULL;
}

/* What a run reads may have changed since; then it refuses to go on. */
static int is_passed_by(bool *passed, const ProjectStatus *s, const StoreRun *run, Store *store,
                        Error *err)
{
    int64_t newer = 0;
    *passed = strcmp(run->kind, "pretrain") == 0 && s->base.there && !s->base.run[0];
    if (strcmp(run->kind, "ppo") == 0) *passed = s->reward.started_us > run->started_us;
    if (strcmp(run->kind, "reward") != 0) return 0;
    if (store_count_preferences_since(store, run->started_us, &newer, err) != 0) return -1;
    *passed = newer > 0;
    return 0;
}

/* PPO from a model aligned before, as its inputs tell. */
static bool is_second_round(const StoreRun *run)
{
    cJSON *inputs = NULL;
    Error ignored;
    if (strcmp(run->kind, "ppo") != 0 ||
        json_parse_row(&inputs, run->inputs_json, strlen(run->inputs_json), &ignored) != 0)
        return false;
    const bool second =
        strcmp(json_text(inputs, "model", ""), json_text(inputs, "reference", "")) != 0;
    cJSON_Delete(inputs);
    return second;
}

static void propose_resume(ProjectStatus *s, const StoreRun *run, const char *state, int64_t step)
{
    const bool pretrain = strcmp(run->kind, "pretrain") == 0;
    Text arguments = {0}, why = {0};
    text_format(&arguments, "%s%s--resume --run %s", pretrain ? "FILE... " : "",
                is_second_round(run) ? "--model aligned --reference base " : "", run->name);
    text_format(&why, "%s %s%s%s", run->name, state, step > 0 ? " after " : "",
                step > 0 ? text_count(step, "step") : "");
    text_add(&why, pretrain ? "; FILE: the same files as before"
                            : "; give --model, --source and the like again if it had them");
    propose(s, run->kind, arguments.bytes, why.bytes);
    text_free(&arguments);
    text_free(&why);
}

/* When a run was last heard of. */
static int64_t last_us(const StoreRun *run)
{
    return run->ended_us > 0 ? run->ended_us : run->started_us;
}

/* A run and what it is doing. */
typedef struct {
    const StoreRun *run;
    char state[RUN_STATE_MAX];
    int64_t step;
} Standing;

/* Another of its kind that was begun later has finished: it was given up for that one, whenever it was stopped. */
static bool is_given_up(const StoreRun *run, const StoreRunList *list, const char *runs)
{
    for (size_t i = 0; i < list->n; i++) {
        const StoreRun *other = &list->row[i];
        char folder[FILE_PATH_MAX], state[RUN_STATE_MAX];
        Error ignored;
        int64_t step;
        if (strcmp(other->kind, run->kind) != 0 || other->started_us <= run->started_us) continue;
        if (path_join(folder, runs, other->name, &ignored) != 0) continue;
        project_run_state(state, &step, folder);
        if (strcmp(state, "finished") == 0) return true;
    }
    return false;
}

/* The newest run that was stopped or died, unless another was at work after it, which has changed what it reads or
 * does its work: one that has finished since, however early it began.  Those of the loop are its own to resume. */
static bool newest_interrupted(Standing *out, const Context *ctx, const StoreRunList *list,
                               const char *runs, char *const *names, int n)
{
    int64_t others = 0;
    Standing found = {0};
    for (int i = 0; i < n; i++) {
        Standing s = {.run = recorded(list, names[i])};
        char folder[FILE_PATH_MAX];
        Error ignored;
        if (!s.run || path_join(folder, runs, names[i], &ignored) != 0) continue;
        project_run_state(s.state, &s.step, folder);
        const int64_t at = last_us(s.run);
        if (strcmp(s.state, "finished") == 0 && at > others) others = at;
        if (strcmp(s.state, "stopped") != 0 && strcmp(s.state, "died") != 0) continue;
        if (project_run_is_of_loop(ctx, names[i]) || is_given_up(s.run, list, runs)) continue;
        if (!found.run || at >= last_us(found.run)) found = s;
    }
    *out = found;
    return found.run && last_us(found.run) > others;
}

/* What is at work is watched: with what it makes another command comes next. */
static void propose_watch(ProjectStatus *s, const char *root, char *const *names, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        char folder[FILE_PATH_MAX], state[RUN_STATE_MAX];
        Error ignored;
        Text why = {0};
        int64_t step;
        if (path_join(folder, root, names[i], &ignored) != 0) continue;
        project_run_state(state, &step, folder);
        if (strcmp(state, "running") != 0) continue;
        text_format(&why, "%s is running", names[i]);
        propose(s, "watch", names[i], why.bytes);
        text_free(&why);
    }
}

static int find_run(ProjectStatus *s, const Context *ctx, Store *store, Error *err)
{
    char **names = NULL, root[FILE_PATH_MAX];
    StoreRunList list = {0};
    Standing broken;
    int n = 0, rc = -1;
    bool passed = false;
    if (project_path(ctx, root, "runs", err) != 0) return -1;
    if (project_list_runs(ctx, &names, &n, err) != 0) return -1;
    propose_watch(s, root, names, n);
    if (store_list_runs(store, NULL, &list, err) != 0) goto done;
    if (newest_interrupted(&broken, ctx, &list, root, names, n)) {
        if (is_passed_by(&passed, s, broken.run, store, err) != 0) goto done;
        if (!passed) propose_resume(s, broken.run, broken.state, broken.step);
    }
    rc = 0;

done:
    store_runs_free(&list);
    folder_list_free(names, n);
    return rc;
}

/* ---- labels --------------------------------------------------------------------------------------- */

static int64_t lacking(const ProjectStatus *s, Split split, int64_t enough)
{
    const int64_t there = s->store.preferences[split];
    return there < enough ? enough - there : 0;
}

static bool has_pairs(const ProjectStatus *s)
{
    return s->left.unjudged >= WORTH_ASKING;
}

/* Labels that another reward model is worth. */
static bool has_new_labels(const ProjectStatus *s)
{
    return s->newer >= (has_pairs(s) ? ENOUGH_LABELS : WORTH_ASKING);
}

static void propose_opening(ProjectStatus *s, const char *campaign, const char *after)
{
    Text arguments = {0}, why = {0};
    text_format(&arguments, "open %s", campaign);
    text_format(&why, "campaign %s is closed; then rlhf %s", campaign, after);
    propose(s, "campaign", arguments.bytes, why.bytes);
    text_free(&arguments);
    text_free(&why);
}

static void propose_labeling(ProjectStatus *s, const char *why)
{
    Text arguments = {0};
    const LabelingLeft *left = &s->left;
    text_add(&arguments, "");
    if (left->unjudged == 0 && left->unjudged_closed > 0) propose_opening(s, left->closed, "label");
    if (*left->campaign && strcmp(left->campaign, STORE_CAMPAIGN) != 0)
        text_format(&arguments, "--campaign %s", left->campaign);
    propose(s, "label", arguments.bytes, why);
    text_free(&arguments);
}

/* The pairs that it makes are of the default campaign. */
static void propose_sampling(ProjectStatus *s, const char *arguments, const char *why)
{
    if (s->left.default_closed) propose_opening(s, STORE_CAMPAIGN, "sample");
    propose(s, "sample", arguments, why);
}

static bool has_open_prompts(const ProjectStatus *s)
{
    return s->store.unanswered[SPLIT_TRAIN] + s->store.unanswered[SPLIT_VALID] > 0;
}

/* Labels that prompts and pairs of the valid split cannot give: no labeling mends that. */
static void propose_valid_prompts(ProjectStatus *s, int64_t held_out)
{
    const StoreStatus *d = &s->store;
    Text why = {0};
    if (preferences_source(d, SPLIT_VALID, held_out) != LABELS_BY_IMPORTING) return;
    text_format(&why,
                "the valid split has prompts for %s of the %d labels to hold out; then sample",
                text_thousands(d->preferences[SPLIT_VALID] + d->undecided[SPLIT_VALID] +
                               d->unanswered[SPLIT_VALID]),
                PREFERENCES_HELD_OUT_MIN);
    propose(s, "import", "MORE --split valid", why.bytes);
    text_free(&why);
}

/* Labels until `rlhf reward` has enough of them; it refuses fewer. */
static void propose_labels(ProjectStatus *s)
{
    const int64_t train = lacking(s, SPLIT_TRAIN, PREFERENCES_TRAIN_MIN),
                  held_out = lacking(s, SPLIT_VALID, PREFERENCES_HELD_OUT_MIN);
    const LabelSource of_train = preferences_source(&s->store, SPLIT_TRAIN, train),
                      of_valid = preferences_source(&s->store, SPLIT_VALID, held_out);
    Text why = {0};
    text_add(&why, "choose the better answers");
    if (train + held_out > 0) {
        text_clear(&why);
        text_format(&why, "%s needed: %s to learn from, %s to hold out",
                    text_count(train + held_out, "more label"), text_thousands(train),
                    text_thousands(held_out));
        propose_valid_prompts(s, held_out);
        if (of_train == LABELS_BY_IMPORTING) propose(s, "import", "FILE", why.bytes);
        if (of_train == LABELS_BY_SAMPLING || of_valid == LABELS_BY_SAMPLING)
            propose_sampling(s, "", why.bytes);
        propose_labeling(s, why.bytes);
    }
    if (has_pairs(s) && s->store.preferences[SPLIT_ANY] < ENOUGH_LABELS)
        propose_labeling(s, why.bytes);
    text_free(&why);
}

/* ---- what was measured ---------------------------------------------------------------------------- */

static bool reward_is_chance(const ProjectStatus *s)
{
    return evaluation_is_chance(s->reward.found);
}

/* What `compare` said when it did not say "better"; else "". */
static void read_verdict(char verdict[48], const ProjectStatus *s)
{
    cJSON *found = NULL;
    Error ignored;
    const char *json = s->aligned.found;
    verdict[0] = 0;
    if (!json || json_parse_row(&found, json, strlen(json), &ignored) != 0) return;
    const char *said = json_text(found, "verdict", "");
    if (strcmp(said, "better") != 0) snprintf(verdict, 48, "%s", said);
    cJSON_Delete(found);
}

/* What has not learned the very labels that it read is no reason for more of them. */
static void propose_harder_training(ProjectStatus *s, const Context *ctx)
{
    Text arguments = {0};
    if (!evaluation_is_underfit(s->reward.found)) return;
    if (harder_training(&arguments, ctx, s->reward.run))
        propose(s, "reward", arguments.bytes,
                "it has not learned its own pairs either: a higher learning rate, or more epochs");
    text_free(&arguments);
}

/* More labels before anything is trained on what they taught. */
static void propose_more_labels(ProjectStatus *s, const char *finding)
{
    Text why = {0};
    text_format(&why, "%s: more labels first; " GUIDE, finding);
    if (has_new_labels(s)) {
        text_clear(&why);
        text_format(&why, "%s newer than the reward model", text_count(s->newer, "label"));
        propose(s, "reward", "", why.bytes);
    }
    if (has_pairs(s)) propose_labeling(s, why.bytes);
    if (has_open_prompts(s)) propose_sampling(s, "", why.bytes);
    propose(s, "import", "FILE", why.bytes);
    text_free(&why);
}

static void propose_after_chance(ProjectStatus *s, const Context *ctx)
{
    propose_harder_training(s, ctx);
    propose_more_labels(s, "the reward model cannot be told from chance");
}

/* "cannot tell" was said of some of the test prompts: all of them may tell, by the same judge. */
static void propose_more_prompts(ProjectStatus *s)
{
    cJSON *found = NULL;
    Text arguments = {0};
    Error ignored;
    const int64_t prompts = s->store.prompts[SPLIT_TEST];
    const char *json = s->aligned.found;
    if (!json || json_parse_row(&found, json, strlen(json), &ignored) != 0) return;
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(found, "options");
    const char *rule = json_text(options, "rule", "");
    const bool all = options && !json_text(options, "source", "")[0];
    text_format(&arguments, "--n %lld%s%s", (long long)prompts, rule[0] ? " --rule " : "", rule);
    if (all && strcmp(json_text(found, "verdict", ""), "cannot tell") == 0 &&
        json_number(found, "n", 0) < (double)prompts)
        propose(s, "compare", arguments.bytes,
                "compare cannot tell yet: more test prompts narrow its interval");
    cJSON_Delete(found);
    text_free(&arguments);
}

/* Pairs that wait for people in a campaign of their own, where `rlhf label` alone does not come by. */
static int find_evaluation(ProjectStatus *s, Store *store, Error *err)
{
    StoreCampaignList list = {0};
    int rc = store_list_terms(store, &list, err);
    for (size_t i = 0; i < list.n && rc == 0; i++) {
        int64_t wanting = 0;
        if (list.row[i].purpose != PURPOSE_EVALUATE) continue;
        Text arguments = {0}, why = {0};
        rc = store_count_wanting(store, list.row[i].id, &wanting, err);
        text_format(&arguments, "--campaign %s", list.row[i].name);
        text_format(&why, "%s to judge in it, to evaluate", text_count(wanting, "pair"));
        if (rc == 0 && wanting > 0) propose(s, "label", arguments.bytes, why.bytes);
        text_free(&arguments);
        text_free(&why);
    }
    store_campaigns_free(&list);
    return rc;
}

/* ---- the chain ------------------------------------------------------------------------------------ */

/* The way round once more, from the aligned model's own answers. */
static void propose_round(ProjectStatus *s)
{
    Text why = {0};
    text_format(&why, "%s newer than the reward model; then a second round",
                text_count(s->newer, "label"));
    if (has_new_labels(s)) propose(s, "reward", "", why.bytes);
    if (has_pairs(s))
        propose_labeling(s, "more labels for a second round: reward, then ppo from aligned");
    propose_sampling(s, "--model aligned", "its own answers to label, for a second round");
    text_free(&why);
}

/* With both models there: what the comparison said decides where to go on from. */
static void propose_after_comparison(ProjectStatus *s, const Context *ctx)
{
    char verdict[48];
    Text finding = {0};
    const bool new_reward = s->aligned.ended_us > 0 && s->reward.ended_us > s->aligned.ended_us;
    read_verdict(verdict, s);
    text_format(&finding, "compare said: %s", verdict);
    if (new_reward && reward_is_chance(s)) propose_after_chance(s, ctx);
    if (new_reward && verdict[0])
        propose(s, "ppo", "", "from the base again, with the new reward model");
    if (new_reward)
        propose(s, "ppo", "--model aligned --reference base",
                "a second round, with the new reward model");
    if (verdict[0]) propose_more_prompts(s);
    if (verdict[0]) propose_more_labels(s, finding.bytes);
    propose_round(s);
    text_free(&finding);
}

/* A project of texts with classes and nothing else. */
static void propose_classifier(ProjectStatus *s, const Context *ctx)
{
    const StoreStatus *d = &s->store;
    char newest[RUN_NAME_MAX] = "", folder[FILE_PATH_MAX];
    Error ignored;
    Text why = {0};
    if (d->prompts[SPLIT_ANY] > 0 || d->class_texts[SPLIT_ANY] == 0) return;
    if (project_run(ctx, newest, folder, NULL, "classify", &ignored) == 0) return;
    if (!s->base.there) propose(s, "init", "--base DIR", "name the model that is to learn classes");
    text_format(&why, "more texts: %d to learn from and %d to hold out, of two classes or more",
                CLASS_TRAIN_MIN, CLASS_HELD_OUT_MIN);
    if (d->class_texts[SPLIT_TRAIN] < CLASS_TRAIN_MIN ||
        d->class_texts[SPLIT_VALID] < CLASS_HELD_OUT_MIN || d->classes < 2)
        propose(s, "import", "FILE", why.bytes);
    propose(s, "classify", "", "learn the classes of the texts");
    text_free(&why);
}

/* Nothing that comes next would work with models of two tokenizers. */
static void find_changed_base(ProjectStatus *s, const Context *ctx)
{
    char base[FILE_PATH_MAX], run[RUN_NAME_MAX];
    Error none;
    Text arguments = {0}, why = {0};
    if (!s->base.there || project_model(ctx, base, NULL, "base", &none) != 0) return;
    const char *other = base_change_find(ctx, base);
    if (!other) return;
    text_format(&arguments, "--base %s", base_change_back(run, ctx, other) ? run : "MODEL");
    text_format(&why, "the base was changed: %s has another tokenizer, and does not come from it",
                other);
    propose(s, "init", arguments.bytes, why.bytes);
    text_free(&arguments);
    text_free(&why);
}

static void find_missing(ProjectStatus *s, const Context *ctx)
{
    if (s->store.prompts[SPLIT_ANY] == 0)
        propose(s, "import", "FILE", "prompts or comparisons, one JSON object a line");
    if (!s->base.there) propose(s, "pretrain", "FILE...", "a base model of your own, from texts");
    if (!s->base.there) propose(s, "init", "--base DIR", "or name the folder of a base model");
    if (s->store.comparisons == 0) propose_sampling(s, "", "two answers to each prompt");
    if (!s->reward.there) propose_labels(s);
    if (!s->reward.there) propose(s, "reward", "", "learn what the labels prefer");
    if (!s->aligned.there && reward_is_chance(s)) propose_after_chance(s, ctx);
    if (!s->aligned.there) propose(s, "ppo", "", "train the policy towards it");
    if (!s->aligned.found) propose(s, "compare", "", "base against aligned");
    propose_after_comparison(s, ctx);
}

/* Its runs are its own to resume: by themselves they would move aligned without a comparison.  A state that cannot
 * be read is told of by `rlhf loop`. */
static void find_loop(ProjectStatus *s, const Context *ctx)
{
    char folder[FILE_PATH_MAX];
    LoopState loop = {0};
    Text why = {0};
    Error ignored;
    if (project_path(ctx, folder, "loop", &ignored) != 0) return;
    const bool at_work = run_lock_is_held(folder, NULL);
    if (loop_state_read(&loop, folder, &ignored) == 0 && loop_state_over(&loop) < loop.n) {
        text_format(&why, "%sround %d %s %s%s", at_work ? "rlhf loop is at work: " : "", loop.n,
                    at_work ? "is at" : "goes on with", LOOP_STEP[loop.round[loop.n - 1].step],
                    at_work ? "" : "; to give it up: rlhf loop --give-up");
        propose(s, "loop", at_work ? "--status" : "", why.bytes);
    }
    text_free(&why);
    loop_state_free(&loop);
}

int project_next_find(ProjectStatus *s, const Context *ctx, Store *store, Error *err)
{
    find_changed_base(s, ctx);
    find_loop(s, ctx);
    if (find_run(s, ctx, store, err) != 0) return -1;
    if (find_evaluation(s, store, err) != 0) return -1;
    propose_classifier(s, ctx);
    find_missing(s, ctx);
    next_line_complete(s, ctx);
    return 0;
}
