#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/loop.h"
#include "kernels/kernels.h"

enum { STATE_LIMIT = 1 << 26 };
static const char STATE_FILE[] = "state.json";
const char *const LOOP_STEP[LOOP_STEPS] = {"sample", "label", "reward", "ppo", "compare", "done"};
const char *const LOOP_OUTCOME[LOOP_OUTCOMES] = {"open", "moved", "held", "halted"};

#define ENTRY(...) CONFIG_ENTRY_OF(LoopConfig, __VA_ARGS__)
static const ConfigField FIELDS[] = {LOOP_CONFIG(ENTRY)};
const ConfigTable LOOP_TABLE = {"loop", FIELDS, sizeof FIELDS / sizeof *FIELDS, sizeof(LoopConfig)};

/* ---- writing -------------------------------------------------------------------------------------- */

static void put_text(Text *t, const char *name, const char *value)
{
    text_format(t, ", \"%s\": ", name);
    json_put_text(t, value, strlen(value));
}

static void put_rate(Text *t, const char *name, const LoopRate *r)
{
    text_format(t, ", \"%s\": {\"n\": %d, \"win_rate\": ", name, r->n);
    json_put_number(t, r->rate);
    text_add(t, ", \"ci\": [");
    json_put_number(t, r->low);
    text_add(t, ", ");
    json_put_number(t, r->high);
    text_add(t, "]}");
}

/* Microseconds have more digits than six, and fewer than a JSON number keeps. */
static void put_round(Text *t, const LoopRound *r)
{
    text_format(t, "{\"step\": \"%s\", \"outcome\": \"%s\"", LOOP_STEP[r->step],
                LOOP_OUTCOME[r->outcome]);
    put_text(t, "sampled", r->sampled);
    put_text(t, "start", r->start);
    put_text(t, "reward", r->reward);
    put_text(t, "ppo", r->ppo);
    put_text(t, "candidate", r->candidate);
    put_text(t, "aligned", r->aligned);
    text_format(t, ", \"answered\": [%lld, %lld], \"labels\": %lld, \"reward_us\": %lld",
                (long long)r->answered[0], (long long)r->answered[1], (long long)r->labels,
                (long long)r->reward_us);
    put_text(t, "judge", r->judge);
    put_rate(t, "rate", &r->rate);
    put_rate(t, "standing", &r->standing);
    text_add(t, "}");
}

int loop_state_write(const LoopState *s, const char *folder, Error *err)
{
    char path[FILE_PATH_MAX];
    Text t = {0};
    if (path_join(path, folder, STATE_FILE, err) != 0) return -1;
    text_format(&t, "{\n  \"seed\": \"%llu\", \"back_after\": %d", (unsigned long long)s->seed,
                s->back_after);
    if (s->compute) put_text(&t, "compute", s->compute);
    put_text(&t, "before", s->before ? s->before : "");
    text_add(&t, ",\n  \"rounds\": [");
    for (int i = 0; i < s->n; i++) {
        text_add(&t, i ? ",\n    " : "\n    ");
        put_round(&t, &s->round[i]);
    }
    text_add(&t, "]\n}\n");
    const int rc = file_write(path, t.bytes, t.n, err);
    text_free(&t);
    return rc;
}

/* ---- reading -------------------------------------------------------------------------------------- */

static int word_number(const char *word, const char *const *words, int n)
{
    int i = 0;
    while (i < n && strcmp(word, words[i]) != 0) i++;
    return i;
}

static void take_text(char **out, const cJSON *tree, const char *name)
{
    loop_state_set(out, json_text(tree, name, ""));
}

static void take_rate(LoopRate *out, const cJSON *tree, const char *name)
{
    const cJSON *rate = cJSON_GetObjectItemCaseSensitive(tree, name),
                *ci = cJSON_GetObjectItemCaseSensitive(rate, "ci"),
                *low = cJSON_GetArrayItem(ci, 0), *high = cJSON_GetArrayItem(ci, 1);
    *out = (LoopRate){.n = (int)json_number(rate, "n", 0),
                      .rate = json_number(rate, "win_rate", NAN),
                      .low = cJSON_IsNumber(low) ? low->valuedouble : NAN,
                      .high = cJSON_IsNumber(high) ? high->valuedouble : NAN};
}

static int take_round(LoopRound *r, const cJSON *tree)
{
    const int step = word_number(json_text(tree, "step", ""), LOOP_STEP, LOOP_STEPS),
              outcome = word_number(json_text(tree, "outcome", ""), LOOP_OUTCOME, LOOP_OUTCOMES);
    const cJSON *answered = cJSON_GetObjectItemCaseSensitive(tree, "answered");
    if (step == LOOP_STEPS || outcome == LOOP_OUTCOMES || cJSON_GetArraySize(answered) != 2)
        return -1;
    r->step = (LoopStep)step, r->outcome = (LoopOutcome)outcome;
    take_text(&r->sampled, tree, "sampled");
    take_text(&r->start, tree, "start");
    take_text(&r->reward, tree, "reward");
    take_text(&r->ppo, tree, "ppo");
    take_text(&r->candidate, tree, "candidate");
    take_text(&r->aligned, tree, "aligned");
    take_text(&r->judge, tree, "judge");
    for (int i = 0; i < 2; i++) {
        const cJSON *number = cJSON_GetArrayItem(answered, i);
        r->answered[i] = cJSON_IsNumber(number) ? (int64_t)number->valuedouble : 0;
    }
    r->labels = (int64_t)json_number(tree, "labels", 0);
    r->reward_us = (int64_t)json_number(tree, "reward_us", 0);
    take_rate(&r->rate, tree, "rate");
    take_rate(&r->standing, tree, "standing");
    return 0;
}

static int take_state(LoopState *s, const cJSON *tree)
{
    const char *seed = json_text(tree, "seed", NULL);
    const cJSON *rounds = cJSON_GetObjectItemCaseSensitive(tree, "rounds"), *round;
    if (!seed || !cJSON_IsArray(rounds)) return -1;
    s->seed = strtoull(seed, NULL, 10);
    Compute compute;
    if (kernels_find_compute(&compute, json_text(tree, "compute", "")) == 0)
        s->compute = kernels_compute_name(compute);
    s->back_after = (int)json_number(tree, "back_after", 0);
    take_text(&s->before, tree, "before");
    cJSON_ArrayForEach(round,
                       rounds) if (take_round(loop_state_begin_round(s), round) != 0) return -1;
    return 0;
}

int loop_state_read(LoopState *out, const char *folder, Error *err)
{
    char path[FILE_PATH_MAX];
    cJSON *tree = NULL;
    *out = (LoopState){0};
    if (path_join(path, folder, STATE_FILE, err) != 0) return -1;
    if (!file_exists(path)) return 0;
    if (json_read(&tree, path, STATE_LIMIT, false, err) != 0) return -1;
    int rc = take_state(out, tree);
    if (rc != 0) error_set(err, "%s: not what a loop of this version writes", path);
    cJSON_Delete(tree);
    return rc;
}

/* ---- use ------------------------------------------------------------------------------------------ */

void loop_state_set(char **text, const char *value)
{
    char *copy = mem_strdup(value);
    free(*text);
    *text = copy;
}

LoopRound *loop_state_begin_round(LoopState *s)
{
    s->round = mem_realloc(s->round, (size_t)s->n + 1, sizeof *s->round);
    LoopRound *r = &s->round[s->n++];
    *r = (LoopRound){.answered = {-1, -1},
                     .rate = {.rate = NAN, .low = NAN, .high = NAN},
                     .standing = {.rate = NAN, .low = NAN, .high = NAN}};
    char **texts[] = {&r->sampled,   &r->start,   &r->reward, &r->ppo,
                      &r->candidate, &r->aligned, &r->judge};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) loop_state_set(texts[i], "");
    return r;
}

static void free_round(LoopRound *r)
{
    free(r->sampled), free(r->start), free(r->reward), free(r->ppo);
    free(r->candidate), free(r->aligned), free(r->judge);
}

void loop_state_drop_round(LoopState *s)
{
    assert(s->n > 0);
    free_round(&s->round[--s->n]);
}

int loop_state_over(const LoopState *s)
{
    return s->n > 0 && s->round[s->n - 1].step != LOOP_DONE ? s->n - 1 : s->n;
}

void loop_state_free(LoopState *s)
{
    for (int i = 0; i < s->n; i++) free_round(&s->round[i]);
    free(s->round);
    free(s->before);
    *s = (LoopState){0};
}
