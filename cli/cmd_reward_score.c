/* rlhf reward score: the score of each row of prompt and response. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include "cli/options.h"
#include "cli/reward_report.h"
#include "reward/reward.h"

/* The tokens of a prompt or response as PPO had them: member `name` of the row, `ids`, that spells `text`, its
 * member `of`. */
static int add_ids(Sequences *s, const Loaded *l, const char *of, const char *text,
                   const char *name, const cJSON *ids, Error *err)
{
    const int n = cJSON_GetArraySize(ids), V = tokenizer_size(l->tokenizer), at = s->tokens;
    const cJSON *id;
    if (!cJSON_IsArray(ids) || n == 0) return error_set(err, "%s is no list of token ids", name);
    cJSON_ArrayForEach(id, ids)
    {
        if (!cJSON_IsNumber(id) || !(id->valuedouble >= 0 && id->valuedouble < V) ||
            id->valuedouble != id->valueint)
            return error_set(err, "%s: a token id is a whole number in [0, %d]", name, V - 1);
        sequences_add(s, &id->valueint, 1);
    }
    char *spelled = response_text(l->tokenizer, s->token + at, n);
    const bool same = strcmp(spelled, text) == 0;
    free(spelled);
    return same ? 0 : error_set(err, "%s is not the text of %s: another tokenizer's?", of, name);
}

static int read_row(Sequences *s, const Loaded *l, const cJSON *row, Error *err)
{
    const int max_T = l->model->config.max_T;
    const char *prompt = json_text(row, "prompt", NULL),
               *response = json_text(row, "response", NULL);
    const cJSON *ids = cJSON_GetObjectItemCaseSensitive(row, "ids"),
                *prompt_ids = cJSON_GetObjectItemCaseSensitive(row, "prompt_ids");
    if (!prompt || !response) return error_set(err, "a row needs prompt and response as texts");
    if ((prompt_ids ? add_ids(s, l, "prompt", prompt, "prompt_ids", prompt_ids, err)
                    : add_prompt_tokens(s, l->tokenizer, prompt, err)) != 0)
        return -1;
    if ((ids ? add_ids(s, l, "response", response, "ids", ids, err)
             : add_response_tokens(s, l->tokenizer, response, NULL, NULL, 0, err)) != 0)
        return -1;
    sequences_end(s);
    if (s->tokens <= max_T) return 0;
    return error_set(err, "%d tokens are beyond the context of %d", s->tokens, max_T);
}

static int score_line(void *context, const char *line, size_t n, Error *err)
{
    const Loaded *l = context;
    cJSON *row = NULL;
    Sequences s = {0};
    Text t = {0};
    double score;
    if (json_parse_row(&row, line, n, err) != 0) return -1;
    const int rc = read_row(&s, l, row, err);
    if (rc == 0) {
        reward_score(&score, l->policy, s.token, s.start, 1);
        json_put_number(&t, score);
        printf("{\"score\":%s}\n", t.bytes);
    }
    text_free(&t);
    sequences_free(&s);
    cJSON_Delete(row);
    return rc;
}

typedef struct {
    const char *model, *class;
} ScoreOptions;

static const Option OPTIONS[] = {
    {"model", OPTION_TEXT, offsetof(ScoreOptions, model), 0, 0, "MODEL", "a reward model (reward)"},
    {"class", OPTION_TEXT, offsetof(ScoreOptions, class), 0, 0, "CLASS",
     "of a classifier: the class whose log-odds are the score"},
    {0},
};

static int run_score(Context *ctx, int argc, char **argv, Error *err)
{
    ScoreOptions o = {.model = "reward"};
    Words words;
    Loaded l = {0};
    if (options_parse(ctx, OPTIONS, &o, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (reward_open(&l, ctx, o.model, o.class, err) != 0) return -1;
    const int rc = lines_read(NULL, score_line, &l, err);
    loaded_close(&l);
    return rc;
}

const Command reward_score_command = {
    .name = "score",
    .summary = "scores for JSON lines of prompt and response",
    .usage = "[--model MODEL] < rows.jsonl",
    .details =
        "One {\"score\":...} for each {\"prompt\":...,\"response\":...}: what PPO would "
        "see, to the bit.\nWith \"prompt_ids\" and \"ids\", as in answers.jsonl of rlhf ppo, the "
        "prompt and the response are those tokens\nand no others.",
    .project = PROJECT_OPTIONAL,
    .options = OPTIONS,
    .filter = true,
    .run = run_score,
};
