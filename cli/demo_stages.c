#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/demo.h"
#include "cli/options.h"
#include "cli/preferences.h"
#include "cli/project.h"
#include "cli/run_record.h"
#include "cli/wrap.h"
#include "labeling/shown.h"
#include "reward/evaluation.h"

/* ---- running commands ----------------------------------------------------------------------------- */

enum { ARGUMENTS = 24, LINE_MAX_BYTES = 512 };

void demo_show_command(const char *line)
{
    char *whole = mem_format("$ rlhf %s", line);
    putchar('\n');
    wrap_command(whole);
    fflush(stdout);
    free(whole);
}

int demo_command(Demo *d, Error *err, const char *format, ...)
{
    char line[LINE_MAX_BYTES], *word[ARGUMENTS], *argv[ARGUMENTS];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    demo_show_command(line);

    const Context before = d->inner;
    int n = 0, argc = 0, rc = 0;
    for (char *w = strtok(line, " "); w && n < ARGUMENTS; w = strtok(NULL, " ")) word[n++] = w;
    for (int i = 0; i < n && rc >= 0; i++) {
        rc = options_global(&d->inner, n, word, &i, err);
        if (rc == 0) argv[argc++] = word[i];
    }
    if (rc >= 0) {
        const Command *c = command_find(argv[0]);
        d->inner.command = c;
        snprintf(d->inner.called, sizeof d->inner.called, "%s", argv[0]);
        rc = c->run(&d->inner, argc - 1, argv + 1, err);
    }
    if (rc != 0) error_wrap(err, "rlhf %s", word[0]);
    for (int i = 0; i < d->inner.n_flag; i++) free(d->inner.flag[i]);
    d->inner = before;
    fflush(stdout);
    return rc;
}

void demo_heading(int number, const char *text)
{
    wrap_print(3, "\n%d  %s\n", number, text);
    fflush(stdout);
}

/* ---- corpus, base, pairs -------------------------------------------------------------------------- */

static int make_corpus(Demo *d, Error *err)
{
    demo_heading(1, "The world: a corpus that this program makes up");
    if (demo_write_data(&d->state.sizes, d->state.seed, err) != 0) return -1;
    demo_show_corpus(&d->state.sizes, d->state.seed);
    fflush(stdout);
    if (demo_command(d, err, "import prompts.jsonl --source requests") != 0) return -1;
    /* the numbers of prompts, and with them all samples, follow the order in which they came */
    if (interrupt_pending()) return 0;
    return demo_command(d, err, "import unseen.jsonl --source unseen --split test");
}

/* A training command; a run that was left is taken up again, one that ended is done. */
static int train(Demo *d, const char *kind, const char *arguments, const char *result, Error *err)
{
    char name[RUN_NAME_MAX], folder[FILE_PATH_MAX], state[RUN_STATE_MAX], settings[FILE_PATH_MAX];
    int64_t step;
    Error none;
    bool there = project_run(&d->inner, name, folder, NULL, kind, &none) == 0 &&
                 path_join(settings, folder, "settings.json", &none) == 0 && file_exists(settings);
    if (there) project_run_state(state, &step, folder);
    if (there && strcmp(state, "finished") == 0 && project_has_model(&d->inner, result)) {
        printf("\n  %s is finished: %s\n", name, text_count(step, "step"));
        return 0;
    }
    if (there && strcmp(kind, "ppo") == 0) demo_story_recall(&d->story, folder);
    return demo_command(d, err, "%s %s%s", kind, arguments, there ? " --resume" : "");
}

static int pretrain(Demo *d, Error *err)
{
    demo_heading(2,
                 "The base: reads the corpus, token by token.  One prompt, answered as it learns:");
    demo_show_prompt(&d->story);
    return train(d, "pretrain", "corpus.jsonl --config demo.json", "base", err);
}

static int show_pair(Demo *d, Error *err)
{
    Store *store = NULL;
    StorePairList list = {0};
    if (open_store(&store, &d->inner, err) != 0) return -1;
    const int rc = store_get_pair(store, 1, &list, err);
    if (rc == 0 && list.n > 0) demo_show_pair(list.row[0].prompt, list.row[0].a, list.row[0].b);
    store_pairs_free(&list);
    store_close(store);
    return rc;
}

/* How many requests of a split the base has answered: pairs are stored as they come, so a sample that was
 * left has only the rest to do. */
static int count_answered(Demo *d, Split split, int *n, Error *err)
{
    Store *store = NULL;
    StorePromptList list = {0};
    const StorePromptFilter filter = {
        .split = split, .source = "requests", .answered = ANSWERED_YES};
    if (open_store(&store, &d->inner, err) != 0) return -1;
    const int rc = store_list_prompts(store, &filter, &list, err);
    *n = (int)list.n;
    store_prompts_free(&list);
    store_close(store);
    return rc;
}

static int sample_split(Demo *d, Split split, int wanted, Error *err)
{
    int answered;
    if (count_answered(d, split, &answered, err) != 0) return -1;
    if (answered >= wanted) return 0;
    return demo_command(d, err,
                        "sample --split %s --source requests --limit %d --max-new-tokens %d",
                        split_name(split), wanted - answered, DEMO_NEW_TOKENS);
}

static int sample(Demo *d, Error *err)
{
    const int held_out = d->state.sizes.pairs / 5;
    demo_heading(3, "Paired answers: the base answers each request twice");
    if (sample_split(d, SPLIT_TRAIN, d->state.sizes.pairs - held_out, err) != 0) return -1;
    if (interrupt_pending()) return 0;
    if (sample_split(d, SPLIT_VALID, held_out, err) != 0) return -1;
    return show_pair(d, err);
}

static int label(Demo *d, Error *err)
{
    if (d->state.label && !d->state.turn_taken && demo_take_turn(d, err) != 0) return -1;
    if (interrupt_pending()) return 0;
    demo_heading(4, d->state.placebo ? "Labels by coin toss: a placebo" : "The customer chooses");
    if (d->state.placebo) return demo_command(d, err, "judge --rule %s --coin", d->rule->name);
    return demo_command(d, err, "judge --rule %s --error-rate " DEMO_ERROR_RATE, d->rule->name);
}

/* ---- reward model --------------------------------------------------------------------------------- */

/* The accuracy of somebody who knows the rule by heart, on the held-out labels: the errors made on purpose
 * and the ties are out of anybody's reach. */
static double ceiling(const StorePreferenceList *list, const Rule *rule)
{
    double right = 0;
    for (size_t i = 0; i < list->n; i++) {
        const StorePreference *p = &list->row[i];
        const double margin =
            rule->score(p->prompt, p->chosen) - rule->score(p->prompt, p->rejected);
        right += p->tie || margin == 0 ? 0.5 : margin > 0;
    }
    return list->n > 0 ? right / (double)list->n : 0;
}

static void show_answer(const char *what, double score, const StorePreference *row, bool chosen)
{
    size_t n;
    const char *shown = shown_answer(chosen ? row->chosen : row->rejected, &n);
    char *line = demo_one_line(shown, n);
    wrap_print(2, "  %s (%+.1f): %s\n", what, score, line);
    free(line);
}

/* Of the held-out answers, the one with the highest score and the one with the lowest. */
static void show_likes(const StorePreferenceList *list, const double *chosen,
                       const double *rejected)
{
    int best = 0, worst = 0;
    const int n = (int)list->n;
#define SCORE(i) ((i) % 2 ? rejected[(i) / 2] : chosen[(i) / 2])
    for (int i = 1; i < 2 * n; i++) {
        if (SCORE(i) > SCORE(best)) best = i;
        if (SCORE(i) < SCORE(worst)) worst = i;
    }
    printf("\n  of the held-out answers\n");
    show_answer("it likes best ", SCORE(best), &list->row[best / 2], best % 2 == 0);
    show_answer("it likes least", SCORE(worst), &list->row[worst / 2], worst % 2 == 0);
#undef SCORE
}

/* Shrunk to less than a tenth, scores no longer weigh anything beside the KL penalty. */
static void account_for_shrinking(DemoState *s, const Shrinkage *shrunk)
{
    s->reward.silent = shrunk->factor < 0.1;
    if (shrunk->factor == 0)
        s->reward.accuracy = shrunk->accuracy; /* equal scores are half right */
}

static void say_silence(double factor)
{
    wrap_print(0,
               "\n  The scores say nothing: for all that the held-out labels can tell they are "
               "chance, so they were shrunk to %.2f of their size.  PPO has nothing to follow now "
               "but its penalties, and the answers should stay what they are.\n",
               factor);
}

/* On the rule's labels alone: its ceiling is known. */
static int evaluate(Demo *d, Store *store, Loaded *reward, Error *err)
{
    const StorePreferenceFilter filter = {.split = SPLIT_VALID, .kind = ANNOTATOR_RULE};
    StorePreferenceList list = {0};
    PreferenceSet set = {0};
    Shrinkage shrunk;
    Progress bar;
    int rc = -1;
    if (run_record_shrinkage(&shrunk, reward->folder, err) != 0) return -1;
    if (store_list_preferences(store, &filter, &list, err) != 0) return -1;
    if (preferences_read(&set, store, &(PreferenceReading){.filter = filter}, reward->tokenizer,
                         reward->model->config.max_T, err) != 0)
        goto done;
    const Pairs pairs = preferences_pairs(&set);
    double *chosen = mem_calloc((size_t)set.n + 1, sizeof *chosen),
           *rejected = mem_calloc((size_t)set.n + 1, sizeof *rejected);
    loaded_policy(reward);
    progress_begin(&bar, "held-out pairs", 0, "");
    progress_pulse("scoring");
    const RewardEvaluation e = reward_evaluate(reward->policy, &pairs, chosen, rejected);
    progress_end(&bar);
    d->state.reward.accuracy = e.accuracy, d->state.reward.n = e.n;
    d->state.reward.longer_wins = e.longer_wins;
    d->state.reward.ceiling = ceiling(&list, d->rule);
    account_for_shrinking(&d->state, &shrunk);
    wrap_print(2,
               "\n  accuracy on %d held-out pairs %.3f; the answer of more tokens wins %.3f; who "
               "knows the rule "
               "by heart reaches %.3f\n",
               e.n, d->state.reward.accuracy, e.longer_wins, d->state.reward.ceiling);
    if (d->state.reward.silent) say_silence(shrunk.factor);
    else if (set.n == (int)list.n && set.n > 0) show_likes(&list, chosen, rejected);
    free(chosen);
    free(rejected);
    rc = 0;

done:
    preferences_free(&set);
    store_preferences_free(&list);
    return rc;
}

static int train_reward(Demo *d, Error *err)
{
    char arguments[128];
    Store *store = NULL;
    Loaded reward = {0};
    demo_heading(5,
                 d->state.placebo
                     ? "The reward model: looks for a pattern in coin tosses, and should find none"
                     : "The reward model: learns to predict the choices");
    snprintf(arguments, sizeof arguments, "--config demo.json");
    if (d->state.label)
        snprintf(arguments, sizeof arguments, "--config demo.json --set reward.people_weight=%d",
                 DEMO_PEOPLE_WEIGHT);
    int rc = train(d, "reward", arguments, "reward", err);
    if (rc != 0 || interrupt_pending()) return rc;
    if (open_store(&store, &d->inner, err) != 0) return -1;
    rc = loaded_open(&reward, &d->inner, NULL, "reward", NULL, err);
    if (rc == 0) rc = evaluate(d, store, &reward, err);
    loaded_close(&reward);
    store_close(store);
    return rc;
}

/* ---- PPO ------------------------------------------------------------------------------------------ */

static int align(Demo *d, Error *err)
{
    demo_heading(6, d->state.reward.silent
                        ? "PPO: the scores say nothing, so the policy should stay where the base is"
                    : d->state.placebo
                        ? "PPO: the policy follows what the scores make of coin tosses: noise"
                        : "PPO: the policy learns to be preferred, and pays for every nat it "
                          "moves away from the base");
    demo_show_prompt(&d->story);
    return train(d, "ppo", "--config demo.json", "aligned", err);
}

int demo_run_stage(Demo *d, int stage, Error *err)
{
    static int (*const RUN[DEMO_COMPARE])(Demo *, Error *) = {make_corpus, pretrain,     sample,
                                                              label,       train_reward, align};
    return RUN[stage](d, err);
}
