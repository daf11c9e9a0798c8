#include "cli/project_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/preferences.h"

/* So many labels are worth a reward model while there are more pairs to label. */
enum { ENOUGH_LABELS = 60 };

/* ---- the models ----------------------------------------------------------------------------------- */

static int read_times(StatusModel *m, Store *store, Error *err)
{
    StoreRunList runs = {0};
    if (store_list_runs(store, NULL, &runs, err) != 0) return -1;
    for (size_t i = 0; i < runs.n; i++)
        if (strcmp(runs.row[i].name, m->run) == 0)
            m->started_us = runs.row[i].started_us, m->ended_us = runs.row[i].ended_us;
    store_runs_free(&runs);
    return 0;
}

static int read_model(StatusModel *m, const Context *ctx, Store *store, const char *name,
                      Error *err)
{
    char folder[FILE_PATH_MAX];
    Error gone;
    if (project_model_path(ctx, m->path, name, err) != 0) return -1;
    if (!m->path[0]) return 0;
    m->there = project_model(ctx, folder, NULL, name, &gone) == 0;
    if (!m->there && m->path[0] == '/') snprintf(folder, sizeof folder, "%s", m->path);
    else if (!m->there && project_path(ctx, folder, m->path, err) != 0) return -1;
    project_name_model(ctx, m->name, m->run, folder);
    return m->run[0] ? read_times(m, store, err) : 0;
}

/* ---- what comes next ------------------------------------------------------------------------------ */

static void propose(ProjectStatus *s, const char *command, const char *arguments, const char *why)
{
    if (s->next[0] || !command_find(command)) return;
    snprintf(s->next, sizeof s->next, "rlhf %s%s%s", command, arguments[0] ? " " : "", arguments);
    snprintf(s->why, sizeof s->why, "%s", why);
}

static int64_t lacking(const ProjectStatus *s, Split split, int64_t enough)
{
    const int64_t there = s->store.preferences[split];
    return there < enough ? enough - there : 0;
}

/* Labels until `rlhf reward` has enough of them; it refuses fewer. */
static void propose_labels(ProjectStatus *s)
{
    const int64_t to_do = s->store.comparisons - s->store.labeled - s->store.skipped;
    const int64_t train = lacking(s, SPLIT_TRAIN, PREFERENCES_TRAIN_MIN),
                  held_out = lacking(s, SPLIT_VALID, PREFERENCES_HELD_OUT_MIN);
    Text why = {0};
    text_add(&why, "choose the better answers");
    if (train + held_out > 0) {
        text_clear(&why);
        text_format(&why, "%s needed: %s to learn from, %s to hold out",
                    text_count(train + held_out, "more label"), text_thousands(train),
                    text_thousands(held_out));
        if (to_do > 0) propose(s, "label", "", why.bytes);
        else if (s->open_prompts) propose(s, "sample", "", why.bytes);
        else propose(s, "import", "FILE", why.bytes);
    }
    if (to_do > 0 && s->store.preferences[SPLIT_ANY] < ENOUGH_LABELS)
        propose(s, "label", "", why.bytes);
    text_free(&why);
}

/* The way round once more, from the aligned model's own answers. */
static void propose_round(ProjectStatus *s)
{
    const int64_t to_do = s->store.comparisons - s->store.labeled - s->store.skipped;
    Text why = {0};
    text_format(&why, "%s newer than the reward model; then a second round",
                text_count(s->newer, "label"));
    if (s->aligned.ended_us > 0 && s->reward.ended_us > s->aligned.ended_us)
        propose(s, "ppo", "--model aligned --reference base",
                "a second round, with the new reward model");
    if (s->newer >= ENOUGH_LABELS || (s->newer > 0 && to_do == 0))
        propose(s, "reward", "", why.bytes);
    if (to_do > 0)
        propose(s, "label", "", "more labels for a second round: reward, then ppo from aligned");
    propose(s, "sample", "--model aligned", "its own answers to label, for a second round");
    text_free(&why);
}

/* The chain from nothing to an aligned model; the first link that is missing comes next. */
static void find_next(ProjectStatus *s)
{
    if (s->store.prompts[SPLIT_ANY] == 0)
        propose(s, "import", "FILE", "prompts or comparisons, one JSON object a line");
    if (!s->base.there) propose(s, "pretrain", "", "a base model of your own");
    if (!s->base.there) propose(s, "init", "--base DIR", "or name the folder of a base model");
    if (s->store.comparisons == 0) propose(s, "sample", "", "two answers to each prompt");
    if (!s->reward.there) propose_labels(s);
    if (!s->reward.there) propose(s, "reward", "", "learn what the labels prefer");
    if (!s->aligned.there) propose(s, "ppo", "", "train the policy towards it");
    if (!s->aligned.found) propose(s, "compare", "", "base against aligned");
    propose_round(s);
}

/* ---- all of it ------------------------------------------------------------------------------------ */

/* One is enough to know. */
static int find_open_prompts(ProjectStatus *s, Store *store, Error *err)
{
    for (Split split = SPLIT_TRAIN; split <= SPLIT_VALID; split++) {
        StorePromptList list = {0};
        const StorePromptFilter filter = {.split = split, .answered = ANSWERED_NO, .limit = 1};
        if (store_list_prompts(store, &filter, &list, err) != 0) return -1;
        s->open_prompts |= list.n > 0;
        store_prompts_free(&list);
    }
    return 0;
}

int project_status_read(ProjectStatus *out, const Context *ctx, Store *store, Error *err)
{
    ProjectStatus s = {0};
    int rc = -1;
    if (store_status(store, &s.store, err) != 0) goto done;
    if (find_open_prompts(&s, store, err) != 0) goto done;
    if (read_model(&s.base, ctx, store, "base", err) != 0) goto done;
    if (read_model(&s.reward, ctx, store, "reward", err) != 0) goto done;
    if (read_model(&s.aligned, ctx, store, "aligned", err) != 0) goto done;
    if (evaluation_of_reward(&s.reward.found, store, s.reward.name, err) != 0) goto done;
    if (evaluation_of_aligned(&s.aligned.found, store, s.base.name, s.aligned.name, err) != 0)
        goto done;
    if (s.reward.started_us > 0 &&
        store_count_preferences_since(store, s.reward.started_us, &s.newer, err) != 0)
        goto done;
    find_next(&s);
    *out = s;
    rc = 0;

done:
    if (rc != 0) project_status_free(&s);
    return rc;
}

void project_status_free(ProjectStatus *s)
{
    free(s->base.found);
    free(s->reward.found);
    free(s->aligned.found);
    store_status_free(&s->store);
    *s = (ProjectStatus){0};
}
