/* rlhf ppo: fine-tunes the base against the reward model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/loaded.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/prompts.h"
#include "cli/reward_report.h"
#include "cli/training.h"
#include "ppo/ppo.h"
#include "ppo/rollout.h"

typedef struct {
    TrainingFlags training;
    const char *model, *reference, *reward, *reward_class, *source;
    bool answers;
} PpoOptions;

static const Option OPTIONS[] = {
    TRAINING_OPTIONS(PpoOptions, training),
    {"model", OPTION_TEXT, offsetof(PpoOptions, model), 0, 0, "MODEL", "the model to align (base)"},
    {"reference", OPTION_TEXT, offsetof(PpoOptions, reference), 0, 0, "MODEL",
     "the frozen model that KL is measured to (a copy of --model); to go on from an aligned model: "
     "base"},
    {"reward", OPTION_TEXT, offsetof(PpoOptions, reward), 0, 0, "MODEL",
     "the reward model (reward)"},
    {"reward-class", OPTION_TEXT, offsetof(PpoOptions, reward_class), 0, 0, "CLASS",
     "of a classifier: the class whose log-odds are the score"},
    {"source", OPTION_TEXT, offsetof(PpoOptions, source), 0, 0, "NAME",
     "prompts of one source only"},
    {"answers", OPTION_SWITCH, offsetof(PpoOptions, answers), 0, 0, NULL,
     "keep every answer with its score in the run's answers.jsonl; --resume goes on with it"},
    {0},
};
static const ConfigTable *const SECTIONS[] = {&PPO_TABLE, &LORA_TABLE, NULL};

typedef struct {
    Context *ctx;
    PpoOptions options;
    PpoConfig settings;
    LoraConfig lora;
    Store *store;
    Loaded start, reference, reward;
    Model *policy_model, *value_model; /* NULL where adapters are trained over shared weights */
    Adapter *policy_adapter, *value_adapter;
    PromptTokens prompts;
    PpoInputs in;
    Ppo *ppo;
    TrainingRun run;
} PpoRun;

/* The longest answer must fit after every prompt, in the policy's context and in the reward model's. */
static int read_prompts(PpoRun *r, Error *err)
{
    const StorePromptFilter filter = {.split = SPLIT_TRAIN, .source = r->options.source};
    const Loaded *tight =
        r->reward.model->config.max_T < r->start.model->config.max_T ? &r->reward : &r->start;
    if (prompts_read(&r->prompts, r->store, &filter, tight, r->settings.max_new_tokens, err) != 0)
        return -1;
    if (r->prompts.n == 0 && r->prompts.left_out > 0)
        return prompts_too_long(r->prompts.left_out, tight, r->settings.max_new_tokens, err);
    if (r->prompts.n == 0)
        return error_set(err, "no train prompts yet; bring some in with: rlhf import FILE");
    prompts_log(r->prompts.left_out, tight, r->settings.max_new_tokens);
    return 0;
}

/* Frozen weights in memory once for all that are seen through them; full training has two more copies. */
static int check_memory(const PpoRun *r, const PolicyOptions *policy, const PolicyOptions *value,
                        Error *err)
{
    const ModelConfig *c = &r->start.model->config, *v = &r->reward.model->config;
    const bool lora = policy->adapter != NULL;
    const ModelUse learns = {.predicts = true, .trained = true, .predictions_trained = true};
    const ModelUse scores = {.trained = lora};
    MemoryPlan plan = {0};
    memory_plan_add(&plan, "frozen weights",
                    model_memory(c, lora ? &learns : &(ModelUse){.predicts = true}) +
                        (r->reward.shared ? 0 : model_memory(v, &scores)) +
                        (r->reference.shared ? 0 : model_memory(c, &(ModelUse){.predicts = true})));
    memory_plan_add(&plan, "policy",
                    policy_memory(c, policy) + (lora ? 0 : model_memory(c, &learns)));
    memory_plan_add(&plan, "value model",
                    policy_memory(v, value) +
                        (lora ? 0 : model_memory(v, &(ModelUse){.trained = true})));
    memory_plan_add(&plan, "scoring", scoring_memory(&r->reference) + scoring_memory(&r->reward));
    memory_plan_add(
        &plan, "sampling",
        decoding_memory(c, lora ? policy->adapter->low : 0, r->settings.generate_batch,
                        sequences_longest(&r->prompts.tokens) + r->settings.max_new_tokens));
    return memory_plan_check(&plan,
                             lora ? "a smaller ppo.max_tokens or ppo.generate_batch takes less"
                                  : "adapters take less: --set lora.rank=16",
                             err);
}

/* The trained policy and value model: copies of what they start from, or adapters over the weights that
 * the frozen ones have open. */
static int open_trained(PpoRun *r, Error *err)
{
    const AdapterConfig lora = adapter_config(&r->lora);
    const uint64_t seed = r->ctx->seed;
    PolicyOptions policy = ppo_policy_options(&r->settings);
    PolicyOptions value = ppo_value_options(&r->settings);
    if (loaded_train_adapter(&r->policy_adapter, &r->start, &lora, seed, err) != 0 ||
        loaded_train_adapter(&r->value_adapter, &r->reward, &lora, seed + 1, err) != 0)
        return -1;
    policy.adapter = r->policy_adapter, value.adapter = r->value_adapter;
    if (check_memory(r, &policy, &value, err) != 0) return -1;
    if (!r->policy_adapter && (model_open(&r->policy_model, r->start.folder, err) != 0 ||
                               model_open(&r->value_model, r->reward.folder, err) != 0))
        return -1;
    r->in.policy = policy_open(lora.rank ? r->start.model : r->policy_model, &policy);
    r->in.value = policy_open(lora.rank ? r->reward.model : r->value_model, &value);
    return 0;
}

static int open_policies(PpoRun *r, Error *err)
{
    loaded_policy(&r->reference);
    loaded_policy(&r->reward);
    r->in = (PpoInputs){.reference = r->reference.policy,
                        .aligned_before = strcmp(r->start.hash, r->reference.hash) != 0,
                        .reward = r->reward.policy,
                        .prompts = {r->prompts.n, r->prompts.tokens.token, r->prompts.tokens.start},
                        .n_stop = r->prompts.n_stop,
                        .seed = r->ctx->seed};
    memcpy(r->in.stop, r->prompts.stop, sizeof r->in.stop);
    if (open_trained(r, err) != 0) return -1;
    return ppo_check(&r->settings, &r->in, err);
}

static void put_ids(Text *t, const char *name, const int *token, int n)
{
    text_format(t, ",\"%s\":[", name);
    for (int i = 0; i < n; i++) text_format(t, "%s%d", i ? "," : "", token[i]);
    text_add(t, "]");
}

/* As `reward score` takes it: the tokens themselves too, since a text may be cut into others, and that of a
 * conversation is without the tokens of its template. */
static void put_answer(Text *t, const Rollout *o, int b, const Tokenizer *tokenizer)
{
    const int from = o->start[b], at = o->response[b], end = o->start[b + 1];
    char *prompt = response_text(tokenizer, o->token + from, at - from);
    char *response = response_text(tokenizer, o->token + at, end - at);
    text_add(t, "\"prompt\":");
    json_put_text(t, prompt, strlen(prompt));
    put_ids(t, "prompt_ids", o->token + from, at - from);
    text_add(t, ",\"response\":");
    json_put_text(t, response, strlen(response));
    put_ids(t, "ids", o->token + at, end - at);
    text_add(t, ",\"score\":");
    json_put_number(t, o->raw_score[b]);
    text_add(t, ",\"kl\":");
    json_put_number(t, rollout_kl(o, b));
    text_format(t, ",\"finished\":%s", o->finished[b] ? "true" : "false");
    free(prompt);
    free(response);
}

static int keep_answers(void *context, int64_t step, const char *members, Error *err)
{
    PpoRun *r = context;
    const Rollout *o = ppo_rollout(r->ppo);
    int rc = 0;
    (void)members;
    for (int b = 0; step > 0 && r->run.run->answers && b < o->B && rc == 0; b++) {
        Text t = {0};
        put_answer(&t, o, b, r->start.tokenizer);
        rc = run_record_answer(r->run.run, step, t.bytes, err);
        text_free(&t);
    }
    return rc;
}

static void hash_prompts(char out[SHA256_HEX], const PromptTokens *p)
{
    const Sequences *s = &p->tokens;
    sha256_parts(out,
                 (const HashPart[]){{s->token, (size_t)s->tokens * sizeof *s->token},
                                    {s->start, (size_t)p->n * sizeof *s->start}},
                 2);
}

static int train(PpoRun *r, Error *err)
{
    r->ppo = ppo_new(&r->in, &r->settings);
    Trainer trainer = ppo_trainer(r->ppo);
    const TrainingOptions o = {.name = "ppo",
                               .unit = "iteration",
                               .save_every = r->settings.save_every,
                               .keep = r->settings.keep,
                               .after_step = keep_answers,
                               .context = r};
    if (training_go(&r->run, &trainer, &o, r->in.policy, r->start.tokenizer, err) != 0) return -1;
    if (r->run.end == TRAINING_FINISHED && training_name_model(&r->run, "aligned", err) != 0)
        return -1;
    training_report(&r->run);
    return 0;
}

static int open_all(PpoRun *r, Error *err)
{
    const char *reward = r->options.reward ? r->options.reward : "reward";
    if (open_store(&r->store, r->ctx, err) != 0) return -1;
    if (!r->options.reward && !project_has_model(r->ctx, "reward"))
        return error_set(err, "no reward model yet; train one with: rlhf reward");
    if (loaded_open_language(&r->start, r->ctx, "policy", r->options.model, NULL, err) != 0)
        return -1;
    if (loaded_open_language(&r->reference, r->ctx, NULL,
                             r->options.reference ? r->options.reference : r->options.model,
                             &r->start, err) != 0)
        return -1;
    if (loaded_open(&r->reward, r->ctx, "reward model", reward, &r->start, err) != 0) return -1;
    if (reward_choose(&r->reward, r->options.reward_class, err) != 0) return -1;
    if (!loaded_same_tokenizer(&r->start, &r->reward))
        return error_set(err, "the reward model %s has another tokenizer than the policy %s",
                         r->reward.folder, r->start.folder);
    if (!loaded_same_tokenizer(&r->start, &r->reference))
        return error_set(err, "the reference %s has another tokenizer than the policy %s",
                         r->reference.folder, r->start.folder);
    if (read_prompts(r, err) != 0) return -1;
    return open_policies(r, err);
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    PpoRun r = {.ctx = ctx, .options = {.model = "base"}};
    Config c = {0};
    Words words;
    char inputs[512], prompts[SHA256_HEX], class[48] = "";
    int rc = -1;
    config_bind(&c, &PPO_TABLE, &r.settings);
    config_bind(&c, &LORA_TABLE, &r.lora);
    if (options_parse(ctx, OPTIONS, &r.options, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (training_settings(ctx, &c, "ppo", &r.options.training, err) != 0) return -1;
    if (ppo_check_settings(&r.settings, err) != 0) return -1;
    if (open_all(&r, err) != 0) goto done;
    hash_prompts(prompts, &r.prompts);
    if (loaded_heads(&r.reward) > 1)
        snprintf(class, sizeof class, ", \"reward_class\": %d", r.reward.score_class);
    snprintf(
        inputs, sizeof inputs,
        "{\"model\": \"%s\", \"reference\": \"%s\", \"reward\": \"%s\", \"prompts\": \"%s\"%s}",
        r.start.hash, r.reference.hash, r.reward.hash, prompts, class);
    loaded_adopt_lora(&r.lora, &r.start);
    if (training_begin(&r.run, ctx, r.store, "ppo", &r.options.training, &c, inputs, err) != 0)
        goto done;
    if (r.options.answers && run_keep_answers(r.run.run, err) != 0) goto done;
    rc = train(&r, err);

done:
    training_end(&r.run);
    ppo_free(r.ppo);
    policy_close(r.in.policy);
    policy_close(r.in.value);
    adapter_free(r.policy_adapter);
    adapter_free(r.value_adapter);
    model_free(r.policy_model);
    model_free(r.value_model);
    prompts_free(&r.prompts);
    loaded_close(&r.reference);
    loaded_close(&r.reward);
    loaded_close(&r.start);
    store_close(r.store);
    return rc;
}

const Command cmd_ppo = {
    .name = "ppo",
    .heading = "train",
    .summary = "align the base by PPO against the reward model",
    .usage =
        "[--model MODEL [--reference MODEL]] [--reward MODEL] [--run NAME] [--resume] [--answers]",
    .details =
        "The reference is the frozen starting model; the value model starts from the reward "
        "model.  The finished\n"
        "run becomes `aligned`.  A second round, after labels of the aligned model's answers "
        "and a new reward model:\n"
        "rlhf ppo --model aligned --reference base",
    .options = OPTIONS,
    .sections = SECTIONS,
    .project = PROJECT_NEEDED,
    .run = run,
};
