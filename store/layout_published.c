/* The layouts of single data sets, as they were published. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/layout.h"

/* OpenAI, summarize-from-feedback (Stiennon et al. 2020): what their models read before a summary. */
static char *post_prompt(const cJSON *info)
{
    const char *post = json_text(info, "post", NULL), *article = json_text(info, "article", NULL);
    if (post)
        return mem_format("SUBREDDIT: r/%s\n\nTITLE: %s\n\nPOST: %s\n\nTL;DR:",
                          json_text(info, "subreddit", ""), json_text(info, "title", ""), post);
    return article ? mem_format("Article: %s\n\nTL;DR:", article) : NULL;
}

int take_summaries(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err)
{
    (void)options;
    const cJSON *summaries = layout_member(object, "summaries");
    const double choice = json_number(object, "choice", -1);
    const char *text[2] = {json_text(cJSON_GetArrayItem(summaries, 0), "text", NULL),
                           json_text(cJSON_GetArrayItem(summaries, 1), "text", NULL)};
    if (cJSON_GetArraySize(summaries) != 2 || !text[0] || !text[1])
        return error_set(err, "\"summaries\" are not two with a \"text\" each");
    if (choice != 0 && choice != 1) return error_set(err, "\"choice\" is neither 0 nor 1");
    char *prompt = post_prompt(layout_member(object, "info"));
    if (!prompt) return error_set(err, "\"info\" has neither a \"post\" nor an \"article\"");
    layout_add_pair(row, prompt, text[choice == 1], text[choice == 0]);
    free(prompt);
    return 0;
}

/* Stanford Human Preferences: 1 when comment A is preferred. */
int take_shp(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err)
{
    (void)options;
    const char *prompt = NULL, *a = NULL, *b = NULL;
    const double label = json_number(object, "labels", -1);
    if (layout_text(&prompt, object, "history", err) != 0 ||
        layout_text(&a, object, "human_ref_A", err) != 0 ||
        layout_text(&b, object, "human_ref_B", err) != 0)
        return -1;
    if (label != 0 && label != 1) return error_set(err, "\"labels\" is neither 0 nor 1");
    layout_add_pair(row, prompt, label == 1 ? a : b, label == 1 ? b : a);
    return 0;
}

int take_webgpt(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err)
{
    (void)options;
    const char *prompt = NULL, *answer[2] = {NULL, NULL};
    const double by = json_number(object, "score_1", NAN) - json_number(object, "score_0", NAN);
    if (layout_text(&answer[0], object, "answer_0", err) != 0 ||
        layout_text(&answer[1], object, "answer_1", err) != 0)
        return -1;
    if (layout_text(&prompt, layout_member(object, "question"), "full_text", err) != 0)
        return error_wrap(err, "\"question\"");
    if (isnan(by)) return error_set(err, "\"score_0\" or \"score_1\" is no number");
    layout_add_pair(row, prompt, answer[by > 0], answer[by <= 0]);
    if (by == 0) row->item[0].outcome = OUTCOME_TIE;
    return 0;
}

int take_arena(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err)
{
    (void)options;
    static const struct {
        const char *name;
        bool b;
        Outcome outcome;
    } WINNER[] = {{"model_a", false, OUTCOME_PREF},
                  {"model_b", true, OUTCOME_PREF},
                  {"tie", false, OUTCOME_TIE},
                  {"tie (bothbad)", false, OUTCOME_BOTH_BAD}};
    const char *winner = NULL;
    const cJSON *a = layout_member(object, "conversation_a"),
                *b = layout_member(object, "conversation_b");
    if (layout_text(&winner, object, "winner", err) != 0) return -1;
    for (size_t i = 0; i < sizeof WINNER / sizeof *WINNER; i++) {
        if (strcmp(winner, WINNER[i].name) != 0) continue;
        const bool turn = WINNER[i].b;
        if (layout_add_dialogues(row, NULL, turn ? b : a, turn ? a : b, err) != 0) return -1;
        row->item[0].outcome = WINNER[i].outcome;
        return 0;
    }
    return error_set(err, "\"winner\" is \"%.40s\": not model_a, model_b or a tie", winner);
}

/* ---- OpenAI's lm-human-preferences ----------------------------------------------------------------- */

/* GPT-2's ids end at 50256; queries and samples shorter than the others are filled up with this one. */
enum { PADDING = 50259 };

static int read_tokens(char **out, const cJSON *list, const char *name,
                       const ImportOptions *options, Error *err)
{
    const int n = cJSON_GetArraySize(list);
    int *token = mem_calloc((size_t)n + 1, sizeof *token), kept = 0, rc = 0;
    const cJSON *id;
    if (!cJSON_IsArray(list)) rc = error_set(err, "\"%s\" is no list of token ids", name);
    else cJSON_ArrayForEach(id, list)
        {
            const double x = cJSON_IsNumber(id) ? id->valuedouble : -1;
            if (x < 0 || x > PADDING || x != floor(x))
                rc = error_set(err, "\"%s\" holds what is no token id of GPT-2", name);
            else if (x != PADDING) token[kept++] = (int)x;
        }
    if (rc == 0 && !options->decode) rc = error_set(err, "token ids are not taken");
    if (rc == 0) rc = options->decode(options->reader, out, token, kept, err);
    free(token);
    return rc;
}

/* The best of a row's samples against each of the others. */
int take_token_ids(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err)
{
    enum { SAMPLES_MAX = 16 };
    char name[24], *prompt = NULL, *sample[SAMPLES_MAX] = {0};
    const double best = json_number(object, "best", -1);
    int n = 0;
    int rc = read_tokens(&prompt, layout_member(object, "query"), "query", options, err);
    for (; rc == 0 && n < SAMPLES_MAX; n++) {
        snprintf(name, sizeof name, "sample%d", n);
        const cJSON *tokens = layout_member(object, name);
        if (!tokens) break;
        rc = read_tokens(&sample[n], tokens, name, options, err);
    }
    if (rc == 0 && (best < 0 || best >= n || best != floor(best)))
        rc = error_set(err, "\"best\" is none of the %d samples", n);
    for (int i = 0; rc == 0 && i < n; i++)
        if (i != (int)best && strcmp(sample[i], sample[(int)best]) != 0)
            layout_add_pair(row, prompt, sample[(int)best], sample[i]);
    if (rc == 0 && row->n == 0) rc = error_set(err, "all samples are equal");
    for (int i = 0; i < SAMPLES_MAX; i++) free(sample[i]);
    free(prompt);
    return rc;
}

/* ---- UltraFeedback as published, four completions with scores --------------------------------------- */

static double score_of(const cJSON *completion)
{
    return json_text(completion, "response", NULL) ? json_number(completion, "overall_score", NAN)
                                                   : NAN;
}

/* The best completion against each that is scored lower. */
int take_ultrafeedback(ImportRow *row, const cJSON *object, const ImportOptions *options,
                       Error *err)
{
    (void)options;
    const cJSON *completions = layout_member(object, "completions"), *best = NULL, *c;
    const char *instruction = NULL;
    if (layout_text(&instruction, object, "instruction", err) != 0) return -1;
    dialogue_say(&row->dialogue, STORE_ROLES[1], instruction);
    cJSON_ArrayForEach(c, completions)
    {
        if (isnan(score_of(c)))
            return error_set(err, "a completion lacks \"response\" or \"overall_score\"");
        if (!best || score_of(c) > score_of(best)) best = c;
    }
    cJSON_ArrayForEach(c, completions)
    {
        if (score_of(c) == score_of(best)) continue;
        layout_add_pair(row, NULL, json_text(best, "response", ""), json_text(c, "response", ""));
        row->item[row->n - 1].margin = score_of(best) - score_of(c);
    }
    return row->n ? 0 : error_set(err, "no completion is scored above another");
}
