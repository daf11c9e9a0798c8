/* rlhf judge: a documented rule labels every pair that it has not labeled yet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/json_member.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include "cli/options.h"
#include "cli/project.h"
#include "cli/wrap.h"
#include "labeling/judge.h"
#include "labeling/shown.h"
#include "labeling/visible.h"

typedef struct {
    const char *rule;
    double error_rate;
    bool coin;
} JudgeOptions;

static const Option OPTIONS[] = {
    {"rule", OPTION_TEXT, offsetof(JudgeOptions, rule), 0, 0, "NAME",
     "kind, brief, salesman (the repair counter's customers), longer, shorter"},
    {"error-rate", OPTION_DOUBLE, offsetof(JudgeOptions, error_rate), 0, 1, "SHARE",
     "turn round this share of the decisions on purpose (0)"},
    {"coin", OPTION_SWITCH, offsetof(JudgeOptions, coin), 0, 0, NULL,
     "toss a coin for every pair instead: a placebo"},
    {0},
};

/* ---- what is printed ---- */

static const char *word(RuleChoice choice)
{
    return choice == RULE_A ? "a" : choice == RULE_B ? "b" : "tie";
}

static void print_text(const char *name, const char *text, size_t n)
{
    Text safe = {0};
    text_add(&safe, "");
    visible_append(&safe, text, n);
    for (const char *line = safe.bytes; line; name = "") {
        const int length = (int)strcspn(line, "\n");
        wrap_print(*name ? 4 : 0, "    %-3s %.*s\n", name, length, line);
        line = line[length] ? line + length + 1 : NULL;
    }
    text_free(&safe);
}

static void print_decision(const JudgeDecision *d, bool coin)
{
    size_t n;
    const char *text = shown_prompt(d->prompt, &n);
    printf("\n#%lld\n", (long long)d->comparison_id);
    print_text("", text, n);
    text = shown_answer(d->a, &n);
    print_text("A", text, n);
    wrap_print(2, "        %+g: %s\n", d->score_a, d->reason_a);
    text = shown_answer(d->b, &n);
    print_text("B", text, n);
    wrap_print(2, "        %+g: %s\n", d->score_b, d->reason_b);
    printf("    ->  %s%s%s\n",
           d->choice == RULE_TIE ? "a tie"
           : d->choice == RULE_A ? "A is better"
                                 : "B is better",
           d->flipped ? ", turned round on purpose" : "", coin ? ", by a coin" : "");
}

static void print_rule(const Rule *rule, const char *handle, bool coin)
{
    if (coin) {
        printf("Every label is the toss of a coin: a placebo. Saved as %s.\n", handle);
        return;
    }
    printf("The rule %s, saved as %s:\n", rule->name, handle);
    for (const char *line = rule->text; *line;) {
        const int n = (int)strcspn(line, "\n");
        wrap_print(2, "    %.*s\n", n, line);
        line += n + (line[n] == '\n');
    }
}

static double share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

static void print_result(const Rule *rule, const RuleNoise *noise, const JudgeResult *r,
                         double seconds)
{
    const int64_t decided = r->decided - r->ties;
    print_rule(rule, r->handle, noise->coin);
    for (int i = 0; i < r->n_shown; i++) print_decision(&r->shown[i], noise->coin);
    if (r->decided == 0) {
        printf("\nnothing new: all pairs have labels of %s\n", r->handle);
        return;
    }
    printf("\n%s labeled in %.1f s: %s decided, %s; the answer of more words won %.0f%%\n",
           text_count(r->decided, "pair"), seconds, text_thousands(decided),
           text_count(r->ties, "tie"), 100 * share(r->longer, decided));
    if (!noise->coin && noise->flip > 0)
        printf("%s of the decisions (%.1f%%) were turned round on purpose\n",
               text_thousands(r->flipped), 100 * share(r->flipped, decided));
}

static void print_json(const Rule *rule, const RuleNoise *noise, const JudgeResult *r,
                       double seconds)
{
    Text t = {0};
    text_add(&t, "{\"rule\":");
    json_put_text(&t, rule->name, strlen(rule->name));
    json_member_text(&t, "text", rule->text);
    json_member_text(&t, "annotator", r->handle);
    text_format(&t, ",\"coin\":%s,\"error_rate\":", noise->coin ? "true" : "false");
    json_put_number(&t, noise->flip);
    text_format(
        &t,
        ",\"seed\":%llu,\"labels\":%lld,\"decided\":%lld,\"ties\":%lld,\"turned_round\":%lld,"
        "\"longer_won\":%lld,\"seconds\":%.3f,\"shown\":[",
        (unsigned long long)noise->seed, (long long)r->decided, (long long)(r->decided - r->ties),
        (long long)r->ties, (long long)r->flipped, (long long)r->longer, seconds);
    for (int i = 0; i < r->n_shown; i++) {
        const JudgeDecision *d = &r->shown[i];
        text_format(&t, "%s{\"comparison\":%lld", i ? "," : "", (long long)d->comparison_id);
        json_member_text(&t, "prompt", d->prompt);
        json_member_text(&t, "a", d->a);
        json_member_text(&t, "b", d->b);
        json_member_text(&t, "reason_a", d->reason_a);
        json_member_text(&t, "reason_b", d->reason_b);
        json_member_text(&t, "better", word(d->choice));
        text_format(&t, ",\"turned_round\":%s}", d->flipped ? "true" : "false");
    }
    text_add(&t, "]}\n");
    fputs(t.bytes, stdout);
    text_free(&t);
}

/* A rule that finds nothing to go by says so little of each answer that most are alike to it. */
static void warn_of_ties(const Rule *rule, const RuleNoise *noise, const JudgeResult *r)
{
    if (noise->coin || 2 * r->ties <= r->decided) return;
    log_line("warning: %s of %s are ties: the rule %s finds little in these texts%s",
             text_thousands(r->ties), text_count(r->decided, "pair"), rule->name,
             rule->traits ? "; it reads only answers of a repair counter, as those of rlhf demo are"
                          : "");
}

/* How many pairs this rule has still to judge. */
static int count_open(int64_t *open, Store *store, const Rule *rule, const RuleNoise *noise,
                      Error *err)
{
    char handle[JUDGE_HANDLE];
    StoreStatus status = {0};
    judge_handle(handle, rule, noise);
    if (store_status(store, &status, err) != 0) return -1;
    *open = status.comparisons;
    for (size_t i = 0; i < status.n_annotators; i++)
        if (strcmp(status.annotator[i].handle, handle) == 0) *open -= status.annotator[i].labels;
    store_status_free(&status);
    return 0;
}

static int judge(const Context *ctx, const JudgeOptions *o, const Rule *rule, Store *store,
                 Error *err)
{
    const RuleNoise noise = {.flip = o->error_rate, .coin = o->coin, .seed = ctx->seed};
    int64_t comparisons = 0, open = 0;
    JudgeResult result = {0};
    Progress bar;
    if (store_count_comparisons(store, &comparisons, err) != 0) return -1;
    if (comparisons == 0)
        return error_set(err, "no pairs to judge yet; make some with: rlhf sample");
    if (count_open(&open, store, rule, &noise, err) != 0) return -1;
    const double began = log_clock();
    progress_begin(&bar, "judge", open, "pair");
    const int rc = judge_by_rule(store, rule, &noise, &bar, &result, err);
    progress_end(&bar);
    if (rc != 0) return -1;
    if (interrupt_pending() && !ctx->observer) log_line("stopped; the same command goes on");
    if (ctx->json) print_json(rule, &noise, &result, log_clock() - began);
    else print_result(rule, &noise, &result, log_clock() - began);
    warn_of_ties(rule, &noise, &result);
    judge_result_free(&result);
    return 0;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    JudgeOptions o = {0};
    const Rule *rule = NULL;
    Store *store = NULL;
    char path[FILE_PATH_MAX];
    int rc = -1;
    if (options_parse(ctx, OPTIONS, &o, NULL, 0, 0, argc, argv, err) != 0) goto done;
    if (rule_choose(&rule, o.rule ? o.rule : o.coin ? "longer" : NULL, err) != 0) goto done;
    if (project_path(ctx, path, "rlhf.db", err) != 0) goto done;
    if (store_open(&store, path, err) != 0) goto done;
    rc = judge(ctx, &o, rule, store, err);

done:
    store_close(store);
    return rc;
}

/* ---- score ---------------------------------------------------------------------------------------- */

static int score_line(void *context, const char *line, size_t n, Error *err)
{
    const Rule *rule = context;
    cJSON *row = NULL;
    Text out = {0}, why = {0};
    int rc = 0;
    if (json_parse_row(&row, line, n, err) != 0) return -1;
    const char *prompt = json_text(row, "prompt", NULL),
               *response = json_text(row, "response", NULL);
    if (!prompt || !response) {
        rc = error_set(err, "a row needs prompt and response as texts");
    } else {
        rule_explain(&why, rule, prompt, response);
        text_add(&out, "{\"score\":");
        json_put_number(&out, rule->score(prompt, response));
        json_member_text(&out, "reason", why.n ? why.bytes : "");
        text_add(&out, "}");
        puts(out.bytes);
    }
    text_free(&out);
    text_free(&why);
    cJSON_Delete(row);
    return rc;
}

static int run_score(Context *ctx, int argc, char **argv, Error *err)
{
    static const Option SCORE_OPTIONS[] = {{"rule", OPTION_TEXT, offsetof(JudgeOptions, rule), 0, 0,
                                            "NAME", "the rule that gives the points"},
                                           {0}};
    JudgeOptions o = {0};
    const Rule *rule = NULL;
    if (options_parse(ctx, SCORE_OPTIONS, &o, NULL, 0, 0, argc, argv, err) != 0) return -1;
    if (rule_choose(&rule, o.rule, err) != 0) return -1;
    return lines_read(NULL, score_line, (void *)rule, err);
}

static const Command CMD_SCORE = {
    .name = "score",
    .summary = "a rule's points for JSON lines of prompt and response",
    .usage = "--rule NAME < rows.jsonl",
    .details = "One {\"score\":...,\"reason\":...} for each {\"prompt\":...,\"response\":...}, as "
               "rlhf export responses\n"
               "writes them: what compare counts, without errors made on purpose.",
    .project = PROJECT_IGNORED,
    .filter = true,
    .run = run_score,
};
static const Command *const SECONDS[] = {&CMD_SCORE, NULL};

const Command cmd_judge = {
    .name = "judge",
    .heading = "people",
    .summary = "let a documented rule label the pairs",
    .usage = "--rule NAME [--error-rate SHARE]\n--coin",
    .details =
        "Labels every pair that this rule has not labeled yet. The labels are recorded as a "
        "rule's (annotator\n"
        "rule:NAME) with the reason, never as a person's. --seed draws the errors.\n"
        "kind, brief and salesman read answers of a repair counter, as those of rlhf demo are; "
        "to them other texts\n"
        "are mostly ties.  longer and shorter read any.",
    .options = OPTIONS,
    .seconds = SECONDS,
    .project = PROJECT_NEEDED,
    .run = run,
};
