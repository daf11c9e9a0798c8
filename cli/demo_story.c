#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "cli/demo.h"
#include "cli/loaded.h"
#include "cli/token_view.h"
#include "cli/wrap.h"
#include "labeling/layout.h"
#include "labeling/shown.h"
#include "labeling/visible.h"

/* Requests that no split has: their numbers are beyond those of every demo. */
enum { STORY_ITEM = 1000000, LOOKED_AT = 64, LONGEST = 96, TOLD = 3 };

void demo_story_begin(DemoStory *s, const Rule *rule, DemoState *state)
{
    Text prompt = {0};
    *s = (DemoStory){.rule = rule, .state = state};
    repair_request(&prompt, state->seed, STORY_ITEM, false);
    snprintf(s->prompt, sizeof s->prompt, "%s", prompt.bytes);
    text_free(&prompt);
}

/* Answers to n prompts; the caller frees. */
static int answer(Responses *r, Policy *p, const Tokenizer *t, const char *const *prompt, int n,
                  uint64_t seed, Error *err)
{
    Sequences tokens = {0};
    uint64_t *key = mem_calloc((size_t)n, sizeof *key);
    const SamplingConfig s = {.temperature = 1,
                              .top_p = 1,
                              .max_new_tokens = LONGEST,
                              .stop = {tokenizer_eos(t)},
                              .n_stop = 1,
                              .seed = seed,
                              .batch = 64};
    int rc = 0;
    for (int i = 0; i < n && rc == 0; i++) {
        key[i] = rng_item(RNG_FOR_STORY, (uint64_t)i);
        rc = add_prompt_tokens(&tokens, t, prompt[i], err);
        sequences_end(&tokens);
    }
    if (rc == 0)
        rc = policy_generate(p, &(Prompts){n, tokens.token, tokens.start, key}, &s, r, err);
    sequences_free(&tokens);
    free(key);
    return rc;
}

/* What an untrained model says is worth one line. */
static void print_moment(int which, int64_t step, char *line, bool finished)
{
    enum { BESIDE = 18 }; /* columns of "  step     0: " and of the dots */
    if (which == 0 && step == 0) {
        const size_t n = strlen(line), fits = layout_fit(line, n, wrap_columns() - BESIDE);
        finished = finished && fits == n;
        line[fits] = 0;
    }
    wrap_print(2, which == 0 ? "  step %5lld: %s%s\n" : "  iteration %3lld: %s%s\n",
               (long long)step, line, finished ? "" : " ...");
}

static int tell(DemoStory *s, int which, int64_t step, Policy *p, const Tokenizer *t, Error *err)
{
    const char *prompt = s->prompt;
    Responses r = {0};
    if (answer(&r, p, t, &prompt, 1, s->state->seed, err) != 0) return -1;
    char *text = response_text(t, r.token, r.start[1]);
    demo_state_add_moment(s->state, which, step, text);
    char *line = demo_one_line(text, strlen(text));
    progress_hide();
    print_moment(which, step, line, r.finish[0] == FINISH_STOP);
    fflush(stdout);
    free(line);
    free(text);
    responses_free(&r);
    return 0;
}

char *demo_one_line(const char *text, size_t n)
{
    Text safe = {0};
    text_add(&safe, "");
    visible_append(&safe, text, n);
    for (char *c = safe.bytes; *c; c++)
        if (*c == '\n') *c = ' ';
    text_trim(safe.bytes);
    return text_take(&safe);
}

void demo_show_prompt(const DemoStory *s)
{
    size_t n;
    const char *shown = shown_prompt(s->prompt, &n);
    wrap_print(2, "\n  %.*s\n", (int)n, shown);
    fflush(stdout);
}

/* One sentence cut into tokens. */
static void show_tokens(const char *prompt, const Tokenizer *t)
{
    int *ids, n;
    Error ignored;
    if (tokenizer_encode(t, prompt, strlen(prompt), false, &ids, &n, &ignored) != 0) return;
    const int column = printf("\n  %d tokens: ", n) - 1;
    token_view_print(t, ids, n, column, 4);
    Text list = {0};
    for (int i = 0; i < n; i++) text_format(&list, " %d", ids[i]);
    wrap_print(2, "\n  their ids:%s\n\n", list.n ? list.bytes : "");
    text_free(&list);
    free(ids);
}

/* ---- a pair --------------------------------------------------------------------------------------- */

/* One line of at most `width` columns of *text, which moves on. */
static void print_column(const char **text, int width, bool padded)
{
    const char *c = *text;
    while (*c == ' ') c++;
    size_t n = 0, fits = 0;
    for (;; n++) {
        if (c[n] != 0 && c[n] != ' ') continue;
        if (text_width(c, n) > width) break;
        fits = n;
        if (c[n] == 0) break;
    }
    if (fits == 0) fits = layout_fit(c, n, width); /* a word longer than the column */
    const int shown = text_width(c, fits);
    printf("%.*s%*s", (int)fits, c, padded && shown < width ? width - shown : 0, "");
    *text = c + fits;
}

static void print_beside(const char *left, const char *right, int column)
{
    printf("  %-*s  |  %s\n", column, "A", "B");
    while (*left || *right) {
        printf("  ");
        print_column(&left, column, true);
        printf("  |  ");
        print_column(&right, column, false);
        putchar('\n');
    }
}

void demo_show_pair(const char *prompt, const char *a, const char *b)
{
    enum { WIDEST = 46, NARROWEST = 30, BESIDE = 7 }; /* columns of margin and bar */
    size_t n;
    const char *shown = shown_prompt(prompt, &n);
    char *left = demo_one_line(a, strlen(a)), *right = demo_one_line(b, strlen(b));
    const int half = (wrap_columns() - BESIDE) / 2;
    wrap_print(2, "\n  %.*s\n\n", (int)n, shown);
    if (half >= NARROWEST) print_beside(left, right, half < WIDEST ? half : WIDEST);
    else wrap_print(3, "  A: %s\n  B: %s\n", left, right);
    free(left);
    free(right);
}

/* ---- PPO ------------------------------------------------------------------------------------------ */

static void sparkline(const double *x, int n, const char *name)
{
    enum { COLUMNS = 40 };
    static const char *const BAR[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < n; i++) low = fmin(low, x[i]), high = fmax(high, x[i]);
    printf("%s ", name);
    for (int i = n > COLUMNS ? n - COLUMNS : 0; i < n; i++)
        fputs(BAR[high > low ? (int)(7.99 * (x[i] - low) / (high - low)) : 0], stdout);
    printf(" %.2f", n > 0 ? x[n - 1] : 0);
}

/* Some traits of the rule, by the names that it is printed with. */
static int choose_traits(const RuleTrait *told[TOLD], const Rule *rule)
{
    static const char *const NAMES[] = {"kind opener", "right first step", "selling",
                                        "at most 25 words"};
    int n = 0;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        for (int k = 0; k < rule->n_traits && n < TOLD; k++)
            if (strcmp(rule->traits[k].name, NAMES[i]) == 0) told[n++] = &rule->traits[k];
    return n;
}

/* The rule's traits in answers to fresh requests: what the policy has become, in words. */
static int show_traits(DemoStory *s, int64_t step, Policy *p, const Tokenizer *t, Error *err)
{
    Text prompt[LOOKED_AT] = {{0}};
    const char *text[LOOKED_AT];
    Responses r = {0};
    int holds[TOLD] = {0};
    const RuleTrait *told[TOLD];
    const int n_told = choose_traits(told, s->rule);
    double points = 0;
    for (int i = 0; i < LOOKED_AT; i++) {
        repair_request(&prompt[i], s->state->seed, STORY_ITEM + 1 + i, false);
        text[i] = prompt[i].bytes;
    }
    int rc = answer(&r, p, t, text, LOOKED_AT, s->state->seed, err);
    for (int i = 0; i < LOOKED_AT && rc == 0; i++) {
        RepairFacts f;
        char *said = response_text(t, r.token + r.start[i], r.start[i + 1] - r.start[i]);
        repair_facts(&f, text[i], said);
        for (int k = 0; k < n_told; k++) holds[k] += told[k]->holds(&f);
        points += s->rule->score(text[i], said) / LOOKED_AT;
        free(said);
    }
    for (int i = 0; i < LOOKED_AT; i++) text_free(&prompt[i]);
    responses_free(&r);
    if (rc != 0) return -1;
    progress_hide();
    Text shares = {0};
    for (int k = 0; k < n_told; k++)
        text_format(&shares, "%s %2d%%%s", told[k]->name, 100 * holds[k] / LOOKED_AT,
                    k + 1 < n_told ? ", " : "; ");
    wrap_print(2, "  iteration %3lld: %sthe rule gives %.1f points\n", (long long)step,
               shares.n ? shares.bytes : "", points);
    text_free(&shares);
    if (s->state->reward.silent) { /* a curve would be drawn as high as any, of next to nothing */
        if (s->n > 0)
            printf("  KL %.2f nats: the scores give nothing to follow\n", s->kl[s->n - 1]);
    } else if (s->n - s->first > 1) {
        printf("  ");
        sparkline(s->score + s->first, s->n - s->first, "score");
        sparkline(s->kl + s->first, s->n - s->first, "   KL");
        putchar('\n');
    }
    return 0;
}

/* A resumed run tells the iterations after its checkpoint again. */
static void remember(DemoStory *s, int64_t step, const cJSON *record)
{
    if (step < 1 || step > (int64_t)(sizeof s->score / sizeof *s->score)) return;
    const int i = (int)step - 1;
    if (i > s->n) s->first = i;
    s->score[i] = json_number(record, "objective/scores", 0);
    s->kl[i] = json_number(record, "objective/kl", 0);
    s->n = i + 1;
}

static void remember_members(DemoStory *s, int64_t step, const char *members)
{
    Text object = {0};
    cJSON *o = NULL;
    Error ignored;
    text_format(&object, "{%s}", members);
    if (*members && json_parse(&o, object.bytes, object.n, &ignored) == 0) remember(s, step, o);
    cJSON_Delete(o);
    text_free(&object);
}

void demo_story_recall(DemoStory *s, const char *run_folder)
{
    enum { RECORD_MAX = 1 << 26 };
    char path[FILE_PATH_MAX], *all = NULL;
    size_t n;
    Error ignored;
    if (path_join(path, run_folder, "metrics.jsonl", &ignored) != 0 ||
        file_read(&all, &n, path, RECORD_MAX, &ignored) != 0)
        return;
    for (const char *line = all; *line;) {
        const size_t length = strcspn(line, "\n");
        cJSON *o = NULL;
        if (json_parse(&o, line, length, &ignored) == 0)
            remember(s, (int64_t)json_number(o, "step", 0), o);
        cJSON_Delete(o);
        line += length + (line[length] == '\n');
    }
    free(all);
}

int demo_story_step(void *context, const char *kind, int64_t step, int64_t total,
                    const char *members, Policy *p, const Tokenizer *t, Error *err)
{
    DemoStory *s = context;
    enum { EVERY = 5 };
    if (strcmp(kind, "pretrain") == 0) {
        if (step == 0) show_tokens(s->prompt, t);
        if (step == 0 || step == 100 || step == 400 || step == 1000 || step == total)
            return tell(s, 0, step, p, t, err);
    } else if (strcmp(kind, "ppo") == 0) {
        remember_members(s, step, members);
        if (step % EVERY != 0 && step != total) return 0;
        if (show_traits(s, step, p, t, err) != 0) return -1;
        return tell(s, 1, step, p, t, err);
    }
    return 0;
}
