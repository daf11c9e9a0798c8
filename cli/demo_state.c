#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/demo.h"

enum { STATE_LIMIT = 1 << 22 };
static const char STATE_FILE[] = "demo-state.json";
static const char *const STORY[DEMO_STORIES] = {"pretrain", "ppo"};
const char *const DEMO_STAGE[DEMO_STAGES] = {"corpus", "pretrain", "sample", "label",
                                             "reward", "ppo",      "compare"};

/* ---- writing -------------------------------------------------------------------------------------- */

static void put_moments(Text *t, const DemoState *s)
{
    for (int k = 0; k < DEMO_STORIES; k++) {
        text_format(t, "%s\n    \"%s\": [", k ? "," : "", STORY[k]);
        for (int i = 0; i < s->n_moments[k]; i++) {
            const ReportMoment *m = &s->moment[k][i];
            text_format(t, "%s\n      {\"step\": %lld, \"text\": ", i ? "," : "",
                        (long long)m->step);
            json_put_text(t, m->text, strlen(m->text));
            text_add(t, "}");
        }
        text_add(t, "]");
    }
}

int demo_state_write(const DemoState *s, const char *folder, Error *err)
{
    char path[FILE_PATH_MAX];
    Text t = {0};
    if (path_join(path, folder, STATE_FILE, err) != 0) return -1;
    /* a seed has more digits than a JSON number keeps */
    text_format(
        &t,
        "{\n  \"seed\": \"%llu\",\n  \"taste\": \"%s\",\n  \"placebo\": %s,\n  \"label\": %s,\n"
        "  \"turn_taken\": %s,\n",
        (unsigned long long)s->seed, s->taste, s->placebo ? "true" : "false",
        s->label ? "true" : "false", s->turn_taken ? "true" : "false");
    text_format(&t,
                "  \"conversations\": %d,\n  \"prompts\": %d,\n  \"pairs\": %d,\n  \"n\": %d,\n"
                "  \"settings_sha256\": \"%s\",\n  \"stages\": [",
                s->sizes.conversations, s->sizes.prompts, s->sizes.pairs, s->sizes.n,
                s->settings_sha256);
    for (int i = 0; i < DEMO_STAGES; i++)
        text_format(&t, "%s\n    {\"stage\": \"%s\", \"done\": %s, \"seconds\": %.3f}",
                    i ? "," : "", DEMO_STAGE[i], s->done[i] ? "true" : "false", s->seconds[i]);
    text_format(&t,
                "],\n  \"reward\": {\"accuracy\": %.17g, \"n\": %d, \"longer_wins\": %.17g, "
                "\"ceiling\": %.17g, \"silent\": %s},\n  \"kl_error\": ",
                s->reward.accuracy, s->reward.n, s->reward.longer_wins, s->reward.ceiling,
                s->reward.silent ? "true" : "false");
    json_put_number(&t, s->kl_error);
    text_add(&t, ",\n  \"moments\": {");
    put_moments(&t, s);
    text_add(&t, "}\n}\n");
    const int rc = file_write(path, t.bytes, t.n, err);
    text_free(&t);
    return rc;
}

/* ---- reading -------------------------------------------------------------------------------------- */

static int read_stages(DemoState *s, const cJSON *tree)
{
    const cJSON *stages = cJSON_GetObjectItemCaseSensitive(tree, "stages");
    if (cJSON_GetArraySize(stages) != DEMO_STAGES) return -1;
    for (int i = 0; i < DEMO_STAGES; i++) {
        const cJSON *stage = cJSON_GetArrayItem(stages, i);
        if (strcmp(json_text(stage, "stage", ""), DEMO_STAGE[i]) != 0) return -1;
        s->done[i] = json_bool(stage, "done", false);
        s->seconds[i] = json_number(stage, "seconds", 0);
    }
    return 0;
}

static void read_moments(DemoState *s, const cJSON *tree)
{
    const cJSON *stories = cJSON_GetObjectItemCaseSensitive(tree, "moments"), *m;
    for (int k = 0; k < DEMO_STORIES; k++)
        cJSON_ArrayForEach(m, cJSON_GetObjectItemCaseSensitive(stories, STORY[k]))
            demo_state_add_moment(s, k, (int64_t)json_number(m, "step", 0),
                                  json_text(m, "text", ""));
}

static int read_tree(DemoState *s, const cJSON *tree)
{
    const char *seed = json_text(tree, "seed", NULL), *taste = json_text(tree, "taste", "");
    const cJSON *reward = cJSON_GetObjectItemCaseSensitive(tree, "reward");
    if (!seed || !rule_find(taste) || read_stages(s, tree) != 0) return -1;
    s->seed = strtoull(seed, NULL, 10);
    snprintf(s->taste, sizeof s->taste, "%s", taste);
    snprintf(s->settings_sha256, sizeof s->settings_sha256, "%s",
             json_text(tree, "settings_sha256", ""));
    s->placebo = json_bool(tree, "placebo", false);
    s->label = json_bool(tree, "label", false);
    s->turn_taken = json_bool(tree, "turn_taken", false);
    s->sizes = (DemoSizes){(int)json_number(tree, "conversations", 0),
                           (int)json_number(tree, "prompts", 0), (int)json_number(tree, "pairs", 0),
                           (int)json_number(tree, "n", 0)};
    s->reward.accuracy = json_number(reward, "accuracy", 0);
    s->reward.n = (int)json_number(reward, "n", 0);
    s->reward.longer_wins = json_number(reward, "longer_wins", 0);
    s->reward.ceiling = json_number(reward, "ceiling", 0);
    s->reward.silent = json_bool(reward, "silent", false);
    s->kl_error = json_number(tree, "kl_error", NAN);
    read_moments(s, tree);
    return 0;
}

int demo_state_read(DemoState *out, const char *folder, Error *err)
{
    char path[FILE_PATH_MAX];
    cJSON *tree = NULL;
    DemoState s = {0};
    if (path_join(path, folder, STATE_FILE, err) != 0) return -1;
    if (json_read(&tree, path, STATE_LIMIT, false, err) != 0) return -1;
    int rc = read_tree(&s, tree);
    if (rc != 0) error_set(err, "%s: not what a demo of this version writes", path);
    cJSON_Delete(tree);
    if (rc == 0) *out = s;
    else demo_state_free(&s);
    return rc;
}

void demo_state_free(DemoState *s)
{
    for (int k = 0; k < DEMO_STORIES; k++)
        for (int i = 0; i < s->n_moments[k]; i++) free((char *)s->moment[k][i].text);
    *s = (DemoState){0};
}

/* ---- use ------------------------------------------------------------------------------------------ */

void demo_state_add_moment(DemoState *s, int story, int64_t step, const char *text)
{
    int *n = &s->n_moments[story];
    ReportMoment *m = s->moment[story];
    while (*n > 0 && m[*n - 1].step >= step) free((char *)m[--*n].text);
    if (*n < DEMO_MOMENTS) m[(*n)++] = (ReportMoment){step, mem_strdup(text)};
}

int demo_state_next(const DemoState *s)
{
    int i = 0;
    while (i < DEMO_STAGES && s->done[i]) i++;
    return i;
}

int demo_settings_hash(char out[SHA256_HEX], const char *folder, Error *err)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, folder, "demo.json", err) != 0) return -1;
    return sha256_file(out, path, err);
}
