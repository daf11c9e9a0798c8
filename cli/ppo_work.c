#include "cli/ppo_work.h"

double ppo_answer_tokens(Store *store, int most)
{
    enum { LOOKED_AT = 256 };
    const StoreResponseFilter filter = {.split = SPLIT_TRAIN, .limit = LOOKED_AT};
    StoreResponseList list = {0};
    Error ignored;
    double tokens = 0;
    int n = 0;
    if (store_list_responses(store, &filter, &list, &ignored) != 0) return most;
    for (size_t i = 0; i < list.n; i++)
        if (list.row[i].n_tokens > 0)
            tokens += list.row[i].n_tokens < most ? list.row[i].n_tokens : most, n++;
    store_responses_free(&list);
    return n > 0 ? tokens / n : most;
}

/* Every answer is sampled once, and read once by the reference, the reward and the value model; then every epoch trains
 * the policy on it, and a separate value model. */
StepWork ppo_work(const PpoConfig *c, const PromptTokens *prompts, Store *store, bool adapter)
{
    const double prompt = (double)prompts->tokens.tokens / prompts->n,
                 answer = ppo_answer_tokens(store, c->max_new_tokens);
    const double answers = c->batch_size * answer, tokens = answers + c->batch_size * prompt;
    return (StepWork){
        .trunk = {3 * tokens, (c->value == VALUE_SHARED ? 1 : 2) * c->epochs * tokens, tokens},
        .head = {answers, c->epochs * answers, answers},
        .length = prompt + answer,
        .rows = tokens < c->max_tokens ? (int)tokens : c->max_tokens,
        .batch = c->generate_batch < c->batch_size ? c->generate_batch : c->batch_size,
        .adapter = adapter};
}
