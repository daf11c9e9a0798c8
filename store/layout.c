#include "store/layout.h"

#include <string.h>

#include "base/text.h"

/* HH-RLHF's raw form: two whole dialogues as text. */
static bool is_hh(const cJSON *object)
{
    const cJSON *chosen = layout_member(object, "chosen");
    return !layout_member(object, "prompt") && cJSON_IsString(chosen) &&
           strstr(chosen->valuestring, "\n\nAssistant:");
}

static bool has_no_prompt(const cJSON *object)
{
    return !layout_member(object, "prompt");
}

static bool has_no_answers(const cJSON *object)
{
    return !layout_member(object, "chosen") && !layout_member(object, "rejected");
}

/* clang-format off */
static const Layout TABLE[] = {
    {"summarize-from-feedback", "a post, two summaries, a choice", false, {"info", "summaries", "choice"}, NULL, take_summaries},
    {"shp", "Stanford Human Preferences: two comments, A or B", false, {"history", "human_ref_A", "human_ref_B", "labels"}, NULL, take_shp},
    {"webgpt", "WebGPT comparisons: two answers with scores", false, {"question", "answer_0", "answer_1", "score_0", "score_1"}, NULL, take_webgpt},
    {"arena", "Chatbot Arena: two conversations, a winner", false, {"conversation_a", "conversation_b", "winner"}, NULL, take_arena},
    {"lm-human-preferences", "OpenAI's token ids, the best of several", true, {"query", "sample0", "sample1", "best"}, NULL, take_token_ids},
    {"ultrafeedback", "an instruction, completions with scores", false, {"instruction", "completions"}, NULL, take_ultrafeedback},
    {"hh", "HH-RLHF: whole dialogues, chosen and rejected", true, {"chosen", "rejected"}, is_hh, take_preference},
    {"sharegpt", "ShareGPT: conversations, also with chosen and rejected", false, {"conversations"}, NULL, take_messages},
    {"alpaca", "an instruction, its output or chosen and rejected", false, {"instruction"}, NULL, take_alpaca},
    {"implicit", "chosen and rejected, which begin with the prompt", true, {"chosen", "rejected"}, has_no_prompt, take_preference},
    {"preference", "prompt, chosen, rejected", false, {"prompt", "chosen", "rejected"}, NULL, take_preference},
    {"unpaired", "prompt, completion, label", false, {"prompt", "completion", "label"}, NULL, take_unpaired},
    {"demonstration", "prompt, completion", false, {"prompt", "completion"}, NULL, take_demonstration},
    {"demonstration", "prompt, response", false, {"prompt", "response"}, NULL, take_demonstration},
    {"messages", "a conversation", false, {"messages"}, NULL, take_messages},
    {"prompt", "prompt", false, {"prompt"}, has_no_answers, take_prompt},
    {"class", "a text and its class", false, {"text", "label"}, NULL, take_class},
};
/* clang-format on */
enum { N_LAYOUTS = sizeof TABLE / sizeof *TABLE };

const cJSON *layout_member(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return member && !cJSON_IsNull(member) ? member : NULL;
}

/* The member that is missing, or NULL. */
static const char *lacks(const Layout *l, const cJSON *object)
{
    for (int i = 0; i < LAYOUT_KEYS && l->key[i]; i++)
        if (!layout_member(object, l->key[i])) return l->key[i];
    return NULL;
}

/* Rows that are nearly of a layout are told what they lack. */
static int unknown(const cJSON *object, Error *err)
{
    const bool chosen = layout_member(object, "chosen"),
               rejected = layout_member(object, "rejected");
    if (chosen || rejected)
        return error_set(err, "\"%s\" without \"%s\"", chosen ? "chosen" : "rejected",
                         chosen ? "rejected" : "chosen");
    if (layout_member(object, "text"))
        return error_set(err,
                         "unknown form: \"text\" without \"label\"; raw text is what rlhf pretrain "
                         "reads");
    return error_set(err, "unknown form: wanted \"prompt\" (with \"chosen\" and \"rejected\", or "
                          "with \"completion\"), \"messages\", or another of rlhf help import");
}

static bool fits(const Layout *l, const cJSON *object)
{
    return !lacks(l, object) && (!l->fits || l->fits(object));
}

int layout_recognise(const Layout **out, const cJSON *object, const char *wanted, Error *err)
{
    const Layout *named = NULL;
    for (int i = 0; i < N_LAYOUTS; i++) {
        const Layout *l = &TABLE[i];
        if (wanted && strcmp(l->name, wanted) != 0) continue;
        named = wanted ? l : NULL;
        if (!fits(l, object)) continue;
        *out = l;
        return 0;
    }
    if (!named) return unknown(object, err);
    const char *missing = lacks(named, object);
    if (!missing) return error_set(err, "not of layout %s (%s)", wanted, named->about);
    return error_set(err, "no \"%s\", which layout %s has", missing, wanted);
}

int store_layout_check(const char *name, Error *err)
{
    Text names = {0};
    for (int i = 0; i < N_LAYOUTS; i++) {
        if (strcmp(TABLE[i].name, name) == 0) {
            text_free(&names);
            return 0;
        }
        if (i == 0 || strcmp(TABLE[i].name, TABLE[i - 1].name) != 0)
            text_format(&names, "%s%s", i ? ", " : "", TABLE[i].name);
    }
    error_usage(err, "%.60s: unknown layout (one of %s)", name, names.bytes);
    text_free(&names);
    return -1;
}
