#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_member.h"
#include "base/mem.h"
#include "cli/loaded.h"
#include "cli/loop.h"
#include "cli/project.h"
#include "cli/run_view.h"
#include "cli/wrap.h"

enum { BAR = 20, PICTURE = 60 };

/* What the project has beside the rounds. */
typedef struct {
    char aligned[FILE_PATH_MAX];
    int64_t labels, to_label; /* as loop_count_labels */
    int64_t test_prompts;
} Facts;

/* ---- names and numbers ---------------------------------------------------------------------------- */

/* RUN@STEP of a folder as the state has it; "" of none. */
static void name_of(const Loop *l, char name[FILE_PATH_MAX], const char *stored)
{
    char folder[FILE_PATH_MAX], run[RUN_NAME_MAX];
    Error ignored;
    name[0] = 0;
    if (stored[0] && project_path(l->ctx, folder, stored, &ignored) == 0)
        project_name_model(l->ctx, name, run, folder);
}

/* Win rates of the rounds that measured one; the caller frees. */
static double *win_rates(const LoopState *s, int *n)
{
    double *rate = mem_calloc((size_t)s->n + 1, sizeof *rate);
    *n = 0;
    for (int i = 0; i < s->n; i++)
        if (s->round[i].step == LOOP_DONE && isfinite(s->round[i].rate.rate))
            rate[(*n)++] = s->round[i].rate.rate;
    return rate;
}

/* From the lowest end of an interval to the highest, so that what may be chance looks level. */
static void put_picture(Text *out, const LoopState *s)
{
    int n;
    double *rate = win_rates(s, &n), low = 1, high = 0;
    text_add(out, "");
    for (int i = 0; i < s->n; i++) {
        const LoopRate *r = &s->round[i].rate;
        if (isfinite(r->low)) low = fmin(low, r->low), high = fmax(high, r->high);
    }
    if (n > 0) sparkline_between(out, rate, n, PICTURE, low, high, true);
    free(rate);
}

/* Who judged all the rounds that measured something: a rule, or "reward"; "" where they differ.  An earlier
 * version did not note it: the judge of today. */
static const char *judge_of(const Loop *l)
{
    const char *judge = NULL;
    for (int i = 0; i < l->state.n; i++) {
        const LoopRound *r = &l->state.round[i];
        const char *its = r->judge[0] ? r->judge : l->rule ? l->rule->name : "reward";
        if (r->step != LOOP_DONE || !isfinite(r->rate.rate)) continue;
        if (judge && strcmp(judge, its) != 0) return "";
        judge = its;
    }
    return judge ? judge : "";
}

/* ---- JSON ----------------------------------------------------------------------------------------- */

static void put_name(Text *t, const Loop *l, const char *member, const char *stored)
{
    char name[FILE_PATH_MAX];
    name_of(l, name, stored);
    json_member_text(t, member, name[0] ? name : NULL);
}

static void put_round(Text *t, const Loop *l, int i)
{
    const LoopRound *r = &l->state.round[i];
    text_format(t, "%s{\"round\":%d,\"step\":\"%s\",\"outcome\":\"%s\",\"labels\":%lld",
                i ? "," : "", i + 1, LOOP_STEP[r->step], LOOP_OUTCOME[r->outcome],
                (long long)r->labels);
    json_member_text(t, "reward", r->reward);
    json_member_text(t, "ppo", r->ppo);
    json_member_text(t, "judge", r->judge);
    put_name(t, l, "sampled", r->sampled);
    put_name(t, l, "candidate", r->candidate);
    put_name(t, l, "aligned", r->aligned);
    text_format(t, ",\"n\":%d,\"win_rate\":", r->rate.n);
    json_put_number(t, r->rate.rate);
    text_add(t, ",\"ci\":[");
    json_put_number(t, r->rate.low);
    text_add(t, ",");
    json_put_number(t, r->rate.high);
    text_add(t, "],\"standing\":");
    json_put_number(t, r->standing.rate);
    text_add(t, "}");
}

static void put_json(Text *t, const Loop *l, const Facts *f)
{
    const LoopState *s = &l->state;
    int n;
    double *rate = win_rates(s, &n);
    Text picture = {0};
    put_picture(&picture, s);
    text_add(t, "{\"rounds\":[");
    for (int i = 0; i < s->n; i++) put_round(t, l, i);
    text_format(t, "],\"over\":%d,\"of\":%d,\"step\":\"%s\",\"running\":%s,\"waiting\":%s",
                loop_state_over(s), l->settings.rounds,
                s->n > 0 ? LOOP_STEP[s->round[s->n - 1].step] : LOOP_STEP[0],
                l->at_work ? "true" : "false", l->waiting ? "true" : "false");
    text_format(t, ",\"labels\":%lld,\"when\":%d,\"to_label\":%lld", (long long)f->labels,
                l->settings.when, (long long)f->to_label);
    json_member_text(t, "judge", l->rule ? l->rule->name : "reward");
    put_name(t, l, "aligned", f->aligned);
    text_add(t, ",\"win_rates\":[");
    for (int i = 0; i < n; i++) {
        text_add(t, i ? "," : "");
        json_put_number(t, rate[i]);
    }
    text_add(t, "]");
    json_member_text(t, "picture", picture.bytes);
    text_add(t, "}");
    text_free(&picture);
    free(rate);
}

/* ---- the table ------------------------------------------------------------------------------------ */

static void print_bar(double share)
{
    const int full = (int)(share * BAR + 0.5);
    for (int i = 0; i < BAR; i++) fputs(i < full ? "█" : "░", stdout);
}

static void print_round(const Loop *l, int i)
{
    const LoopRound *r = &l->state.round[i];
    char name[FILE_PATH_MAX];
    printf("%5d  %6lld  ", i + 1, (long long)r->labels);
    if (r->step != LOOP_DONE) {
        printf("in step %s\n", LOOP_STEP[r->step]);
        return;
    }
    if (r->outcome == LOOP_HALTED) {
        puts(r->ppo[0] ? "PPO halted: nothing to compare"
                       : "the reward model's scores are all 0: no PPO");
        return;
    }
    print_bar(r->rate.rate);
    name_of(l, name, r->outcome == LOOP_MOVED ? r->aligned : r->candidate);
    printf("  %.3f [%.3f, %.3f]  %.3f  %s%s\n", r->rate.rate, r->rate.low, r->rate.high,
           r->standing.rate, r->outcome == LOOP_MOVED ? "aligned = " : "held back: ", name);
}

/* The gate has chosen by the valid prompts; the test prompts chose nothing. */
static void print_test(const Loop *l)
{
    const LoopConfig *c = &l->settings;
    Text line = {0};
    text_add(&line, "rlhf compare ");
    if (l->rule) text_format(&line, "--rule %s", l->rule->name);
    else text_add(&line, "--by people");
    text_format(&line, " --max-new-tokens %d", l->ppo.max_new_tokens);
    if (c->source[0]) text_format(&line, " --source %s", c->source);
    printf("  on test prompts, which have chosen nothing: %s\n", line.bytes);
    text_free(&line);
}

static void print_next(const Loop *l, const Facts *f)
{
    const LoopState *s = &l->state;
    const LoopStep step = s->n > 0 ? s->round[s->n - 1].step : LOOP_DONE;
    const bool waits = step == LOOP_LABEL && !l->rule && f->labels < l->settings.when;
    if (l->at_work && waits) {
        printf("\na process waits for people in round %d: %lld of %d new labels, %s without any\n"
               "  choose the better answers: rlhf label\n",
               s->n, (long long)f->labels, l->settings.when, text_count(f->to_label, "pair"));
    } else if (l->at_work) {
        printf("\na process is at work on round %d: %s\n", s->n, LOOP_STEP[step]);
    } else if (waits) {
        printf("\nround %d waits for people: %lld of %d new labels, %s without any\n", s->n,
               (long long)f->labels, l->settings.when, text_count(f->to_label, "pair"));
        if (f->to_label == 0)
            printf("  too few pairs: rlhf import FILE and rlhf sample, or fewer labels: rlhf loop "
                   "--when %lld\n",
                   (long long)(f->labels > 0 ? f->labels : 1));
        else printf("  choose the better answers: rlhf label\n  then: rlhf loop\n");
    } else if (step != LOOP_DONE) {
        printf("\nround %d goes on with %s: rlhf loop; to give it up: rlhf loop --give-up\n", s->n,
               LOOP_STEP[step]);
    } else if (s->n >= l->settings.rounds) {
        printf("\n%s done; one more: rlhf loop --rounds %d\n", text_count(s->n, "round"), s->n + 1);
        if (f->aligned[0] && f->test_prompts > 0) print_test(l);
    } else {
        printf("\nnext round: rlhf loop\n");
    }
}

static void print_picture(const Loop *l)
{
    int n;
    double *rate = win_rates(&l->state, &n), low = 1, high = 0;
    Text picture = {0};
    for (int i = 0; i < n; i++) low = fmin(low, rate[i]), high = fmax(high, rate[i]);
    put_picture(&picture, &l->state);
    if (n > 0) {
        const char *judge = judge_of(l);
        const bool models = strcmp(judge, "reward") == 0;
        printf("\nwin rate over rounds  %s  from %.2f to %.2f, on held-out prompts, by %s\n",
               picture.bytes, low, high,
               models     ? "the round's reward model"
               : judge[0] ? judge
                          : "different judges");
        if (models)
            wrap_text(2, "  Each round is judged by another reward model, the one that its policy "
                         "was trained on: an upper bound, not evidence.\n");
        else if (!judge[0]) puts("  Rates of different judges say nothing beside each other.");
    }
    text_free(&picture);
    free(rate);
}

static void print_table(const Loop *l, const Facts *f)
{
    const LoopState *s = &l->state;
    char name[FILE_PATH_MAX];
    if (s->n == 0) {
        printf("no round yet; begin with: rlhf loop\n");
        return;
    }
    name_of(l, name, f->aligned);
    printf("\nround  labels  %-20s  beats the base        before\n", "");
    for (int i = 0; i < s->n; i++) print_round(l, i);
    print_picture(l);
    printf("aligned: %s\n", name[0] ? name : "none yet");
    print_next(l, f);
}

static int find_facts(const Loop *l, Facts *f, Error *err)
{
    const char *source = l->settings.source;
    const StorePromptFilter tests = {.split = SPLIT_TEST, .source = source[0] ? source : NULL};
    Store *store = NULL;
    if (project_model_path(l->ctx, f->aligned, "aligned", err) != 0) return -1;
    if (loop_count_labels(l, &f->labels, &f->to_label, err) != 0) return -1;
    if (open_store(&store, l->ctx, err) != 0) return -1;
    const int rc = store_count_prompts(store, &tests, &f->test_prompts, err);
    store_close(store);
    return rc;
}

int loop_report(const Loop *l, Error *err)
{
    Facts f = {0};
    Text json = {0};
    if (find_facts(l, &f, err) != 0) return -1;
    if (l->ctx->json) {
        put_json(&json, l, &f);
        puts(json.bytes);
        text_free(&json);
    } else {
        print_table(l, &f);
    }
    return 0;
}
