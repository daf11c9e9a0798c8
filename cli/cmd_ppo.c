/* rlhf ppo: fine-tunes the base against the reward model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/base_change.h"
#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/loaded.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/ppo_samples.h"
#include "cli/ppo_work.h"
#include "cli/prompts.h"
#include "cli/reward_report.h"
#include "cli/run_record.h"
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
    SOURCE_OPTION(offsetof(PpoOptions, source)),
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
    const Config *config; /* both */
    Store *store;
    Loaded start, reference, reward;
    Model *policy_model, *value_model; /* NULL where adapters are trained over shared weights */
    Adapter *policy_adapter, *value_adapter;
    PromptTokens prompts, held_out;
    Room *room; /* of all policies' passes: never two hold one */
    PpoInputs in;
    Ppo *ppo;
    TrainingRun run;
} PpoRun;

/* What only shows and chooses: without any, training is the same. */
static int read_held_out(PpoRun *r, const Loaded *tight, Error *err)
{
    const PpoConfig *c = &r->settings;
    const int most =
        c->eval_every > 0 && c->eval_prompts > PPO_SAMPLES ? c->eval_prompts : PPO_SAMPLES;
    const StorePromptFilter filter = {
        .split = SPLIT_VALID, .source = r->options.source, .limit = most};
    if (c->show_every == 0 && c->eval_every == 0) return 0;
    if (prompts_read(&r->held_out, r->store, &filter, tight, c->max_new_tokens, err) != 0)
        return -1;
    if (r->held_out.n == 0 && c->eval_every > 0)
        log_line("no prompts of the valid split: no win rates, and the last checkpoint is taken");
    return 0;
}

/* Of the policy and the reward model the one with the shorter context. */
static const Loaded *tightest(const PpoRun *r)
{
    return r->reward.model->config.max_T < r->start.model->config.max_T ? &r->reward : &r->start;
}

/* The longest answer must fit after every prompt, in the policy's context and in the reward model's. */
static int read_prompts(PpoRun *r, Error *err)
{
    const StorePromptFilter filter = {.split = SPLIT_TRAIN, .source = r->options.source};
    const Loaded *tight = tightest(r);
    if (prompts_read(&r->prompts, r->store, &filter, tight, r->settings.max_new_tokens, err) != 0)
        return -1;
    if (r->prompts.n == 0 && r->prompts.left_out > 0)
        return prompts_too_long(r->prompts.left_out, tight, r->settings.max_new_tokens, err);
    if (r->prompts.n == 0 && r->options.source)
        return error_set(err, "no train prompts of source %s; of any: leave out --source",
                         r->options.source);
    if (r->prompts.n == 0)
        return error_set(err, "no train prompts yet; bring some in with: rlhf import FILE");
    prompts_log(r->prompts.left_out, tight, r->settings.max_new_tokens);
    return read_held_out(r, tight, err);
}

static bool is_shared(const PpoRun *r)
{
    return r->settings.value == VALUE_SHARED;
}

/* A frozen one as loaded_policy opens it; weights that several have open are one base. */
static PpoModel frozen(const Loaded *l)
{
    return (PpoModel){
        .base = l->beside ? l->beside->model : l->model,
        .config = &l->model->config,
        .options = {.adapter = l->adapter, .heads = loaded_heads(l), .max_tokens = SCORING_TOKENS}};
}

/* Frozen weights in memory once for all that are seen through them; full training has copies. */
static PpoMemory plan_memory(const PpoRun *r, Adapter *of_policy, Adapter *of_value, bool recompute)
{
    const PpoConfig *c = &r->settings;
    const int most = c->batch_size > r->held_out.n ? c->batch_size : r->held_out.n;
    const int longest = sequences_longest(&r->prompts.tokens),
              held_out = sequences_longest(&r->held_out.tokens);
    PpoModels m = {.policy = frozen(&r->start),
                   .reference = frozen(&r->reference),
                   .value = frozen(&r->reward),
                   .reward = frozen(&r->reward),
                   .longest = (longest > held_out ? longest : held_out) + c->max_new_tokens,
                   .together = c->generate_batch < most ? c->generate_batch : most};
    m.policy.options = ppo_policy_options(c), m.value.options = ppo_value_options(c);
    m.policy.options.adapter = of_policy, m.value.options.adapter = of_value;
    m.policy.options.recompute = m.value.options.recompute = recompute;
    if (!of_policy) m.policy.base = &r->policy_model, m.value.base = &r->value_model;
    if (is_shared(r)) m.value.base = NULL;
    return ppo_memory(&m, c);
}

static int check_memory(PpoRun *r, Error *err)
{
    TrainingFlags *flags = &r->options.training;
    MemoryPlan plan[2] = {{.tell = flags->dry_run}, {.tell = flags->dry_run}};
    Adapter *policy = loaded_planned_adapter(&r->start, &r->lora),
            *value = loaded_planned_adapter(&r->reward, &r->lora);
    for (int again = 0; again < 2; again++) {
        const PpoMemory memory = plan_memory(r, policy, value, again);
        memory_plan_add_ppo(&plan[again], &memory);
    }
    const int rc =
        memory_plan_check(memory_plan_choose(&plan[0], &plan[1], &flags->recompute),
                          policy ? "a smaller ppo.max_tokens or ppo.generate_batch takes less"
                                 : "adapters take less: --set lora.rank=16",
                          err);
    adapter_free(policy);
    adapter_free(value);
    return rc;
}

/* The trained policy and value model: copies of what they start from, or adapters over the weights that
 * the frozen ones have open. */
static int open_trained(PpoRun *r, Error *err)
{
    const uint64_t seed = r->ctx->seed;
    PolicyOptions policy = ppo_policy_options(&r->settings);
    PolicyOptions value = ppo_value_options(&r->settings);
    const bool lora = r->lora.rank > 0;
    if (loaded_train_adapter(&r->policy_adapter, &r->start, &r->lora, seed, err) != 0) return -1;
    if (!is_shared(r) &&
        loaded_train_adapter(&r->value_adapter, &r->reward, &r->lora, seed + 1, err) != 0)
        return -1;
    policy.adapter = r->policy_adapter, value.adapter = r->value_adapter;
    policy.recompute = value.recompute = r->options.training.recompute;
    policy.room = value.room = r->room;
    if (!r->policy_adapter && loaded_model(&r->policy_model, r->ctx, r->start.folder, err) != 0)
        return -1;
    r->in.policy = policy_open(lora ? r->start.model : r->policy_model, &policy);
    r->in.value = r->in.policy;
    if (is_shared(r)) return 0;
    r->in.value = NULL;
    if (!r->value_adapter && loaded_model(&r->value_model, r->ctx, r->reward.folder, err) != 0)
        return -1;
    r->in.value = policy_open(lora ? r->reward.model : r->value_model, &value);
    return 0;
}

static int open_policies(PpoRun *r, Error *err)
{
    r->room = r->reference.room = r->reward.room = room_new();
    loaded_policy(&r->reference);
    loaded_policy(&r->reward);
    r->in =
        (PpoInputs){.reference = r->reference.policy,
                    .aligned_before = strcmp(r->start.hash, r->reference.hash) != 0,
                    .reward = r->reward.policy,
                    .prompts = {r->prompts.n, r->prompts.tokens.token, r->prompts.tokens.start},
                    .held_out = {r->held_out.n, r->held_out.tokens.token, r->held_out.tokens.start},
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

static int keep_answers(PpoRun *r, int64_t step, Error *err)
{
    const Rollout *o = ppo_rollout(r->ppo);
    int rc = 0;
    for (int b = 0; b < o->B && rc == 0; b++) {
        Text t = {0};
        put_answer(&t, o, b, r->start.tokenizer);
        rc = run_record_answer(r->run.run, step, t.bytes, err);
        text_free(&t);
    }
    return rc;
}

/* What tells rubbish that is liked from answers that are. */
static void say_shares(int64_t step, const PpoMetrics *m)
{
    log_line(
        "after %lld: score %.2f, KL %.2f, %.0f tokens an answer; finished %.0f%%, distinct %.0f%%",
        (long long)step, m->scores, m->kl, m->response_length, 100 * m->finished,
        100 * m->distinct);
}

/* Held-out answers after the first iteration, every show_every, and at the end. */
static int after_step(void *context, int64_t step, const char *members, Error *err)
{
    PpoRun *r = context;
    const int every = r->settings.show_every;
    (void)members;
    if (step > 0 && r->run.run->answers && keep_answers(r, step, err) != 0) return -1;
    if (every == 0 || (step != 1 && step % every != 0 && step != r->settings.iterations)) return 0;
    if (step == 0) return 0;
    if (r->in.held_out.n > 0 && run_keep_samples(r->run.run, err) != 0) return -1;
    say_shares(step, ppo_metrics(r->ppo));
    return ppo_samples_take(r->run.run, &r->in, &r->settings, r->start.tokenizer, step, err);
}

static void hash_prompts(char out[SHA256_HEX], const PromptTokens *p)
{
    const Sequences *s = &p->tokens;
    sha256_parts(out,
                 (const HashPart[]){{s->token, (size_t)s->tokens * sizeof *s->token},
                                    {s->start, (size_t)p->n * sizeof *s->start}},
                 2);
}

static void say_data(const PpoRun *r)
{
    const int64_t episodes = (int64_t)r->settings.iterations * r->settings.batch_size;
    log_line("%s to answer, %s left out, %s: each %.1f times; %s",
             text_count(r->prompts.n, "train prompt"), text_thousands(r->prompts.left_out),
             text_count(episodes, "episode"), (double)episodes / r->prompts.n,
             text_count((long long)r->start.model->parameters.n, "weight"));
}

/* A rate by the model that was trained against is an upper bound: one that is not above one half says enough. */
static void say_best(int64_t best, double rate)
{
    log_line("best on held-out prompts: after %lld, wins %.2f of them against the reference by the "
             "reward model",
             (long long)best, rate);
    if (rate <= 0.5)
        log_line("warning: that is no more than the reference wins against it: nothing was gained; "
                 "docs/guide.md, \"When it does not work\"");
}

/* The best of the run on held-out prompts, where that was asked for; else its last.  A run that left its bounds, were
 * it with its last iteration, has no good end, so without a best there is nothing to call aligned. */
static int name_aligned(PpoRun *r, Error *err)
{
    double rate;
    const int64_t best = ppo_best(r->ppo, &rate);
    const bool ended = r->run.end == TRAINING_FINISHED;
    const char *beyond = ended ? ppo_out_of_bounds(r->ppo) : NULL;
    const bool taken = !r->run.dry && r->run.end != TRAINING_STOPPED && best >= 0 &&
                       training_take_step(&r->run, best, err) == 0;
    if (beyond) log_line("halted with its last iteration: %s", beyond);
    if (taken) say_best(best, rate);
    if (!taken && (!ended || beyond)) return 0;
    if (!taken && r->settings.eval_every > 0 && r->in.held_out.n > 0)
        log_line("warning: no look at held-out prompts found sound answers (too few end by "
                 "themselves, or differ): its last checkpoint is taken, read what it says; "
                 "docs/guide.md, \"The reward is hacked\"");
    return training_name_model(&r->run, "aligned", err);
}

static int train(PpoRun *r, Error *err)
{
    r->ppo = ppo_new(&r->in, &r->settings);
    r->run.work = ppo_work(&r->settings, &r->prompts, r->store, r->policy_adapter != NULL);
    r->run.typical = r->settings.critic_warmup;
    if (r->run.dry) say_data(r);
    Trainer trainer = ppo_trainer(r->ppo);
    const TrainingOptions o = {.name = "ppo",
                               .unit = "iteration",
                               .save_every = r->settings.save_every,
                               .keep = r->settings.keep,
                               .after_step = after_step,
                               .context = r};
    if (training_go(&r->run, &trainer, &o, r->in.policy, r->start.tokenizer, err) != 0) return -1;
    if (name_aligned(r, err) != 0) return -1;
    training_report(&r->run);
    if (r->run.end == TRAINING_FINISHED && !ppo_out_of_bounds(r->ppo) && !r->run.dry &&
        !r->ctx->json && !r->ctx->observer && !r->ctx->made)
        printf("whether its answers are better, on prompts it never saw: rlhf compare\n");
    return 0;
}

/* KL to a model that the policy never was says nothing of how far it has moved. */
static int check_reference(const Loaded *policy, const Loaded *reference, Error *err)
{
    if (!loaded_same_tokenizer(policy, reference))
        return error_set(err, "the reference %s has another tokenizer than the policy %s",
                         reference->name, policy->name);
    if (loaded_same_shape(policy, reference)) return 0;
    const ModelConfig *r = &reference->model->config, *p = &policy->model->config;
    error_set(err,
              "the reference %s is a %s of %d layers, %d wide, the policy %s a %s of %d, %d wide: "
              "it did not begin as that",
              reference->name, model_config_family(r->family), r->n_layer, r->C, policy->name,
              model_config_family(p->family), p->n_layer, p->C);
    return error_hint(err, "--reference names the model that the policy was trained from; without "
                           "it, it is the policy as it is now");
}

/* All that can be refused before any weights are read. */
static int open_outlines(PpoRun *r, Error *err)
{
    const PpoOptions *o = &r->options;
    if (!o->reward && !project_has_model(r->ctx, "reward"))
        return error_set(err, "no reward model yet; train one with: rlhf reward");
    if (loaded_outline_language(&r->start, r->ctx, "policy", o->model, NULL, err) != 0 ||
        loaded_outline_language(&r->reference, r->ctx, o->reference ? "reference" : NULL,
                                o->reference ? o->reference : o->model, &r->start, err) != 0 ||
        loaded_outline(&r->reward, r->ctx, "reward model", o->reward ? o->reward : "reward",
                       &r->start, err) != 0)
        return -1;
    if (reward_choose(&r->reward, o->reward_class, err) != 0) return -1;
    if (!loaded_same_tokenizer(&r->start, &r->reward)) {
        error_set(err, "the reward model %s has another tokenizer than the policy %s",
                  r->reward.name, r->start.name);
        return base_change_hint(r->ctx, err);
    }
    if (check_reference(&r->start, &r->reference, err) != 0 ||
        loaded_check_lora(&r->start, &r->lora, err) != 0 ||
        loaded_check_lora(&r->reward, &r->lora, err) != 0)
        return -1;
    return 0;
}

/* A policy that follows such scores drifts along their noise.  Who watches says so in a way of its own. */
static int warn_of_chance(const PpoRun *r, Error *err)
{
    char name[FILE_PATH_MAX], run[RUN_NAME_MAX], *found = NULL;
    Shrinkage shrunk;
    project_name_model(r->ctx, name, run, r->reward.folder);
    if (run_record_shrinkage(&shrunk, r->reward.folder, err) != 0) return -1;
    if (evaluation_of_reward(&found, r->store, name, err) != 0) return -1;
    if (evaluation_is_chance(found) && !r->ctx->observer)
        log_line("warning: the held-out pairs cannot tell the reward model %s from chance, and PPO "
                 "%s: label more (rlhf label) and train another (rlhf reward) "
                 "first; docs/guide.md, \"When it does not work\"",
                 name, shrunk.factor > 0 ? "follows its noise" : "has no scores to follow");
    free(found);
    return 0;
}

static void warn_of_warmup(const PpoRun *r)
{
    const PpoConfig *c = &r->settings;
    if (c->critic_warmup >= c->iterations && !r->ctx->observer)
        log_line("warning: ppo.critic_warmup %d leaves none of the %d ppo.iterations for the "
                 "policy to learn in",
                 c->critic_warmup, c->iterations);
}

static int open_all(PpoRun *r, Error *err)
{
    if (open_store(&r->store, r->ctx, err) != 0 || open_outlines(r, err) != 0) return -1;
    prompts_fit_answers(&r->settings.max_new_tokens, r->config, "ppo.max_new_tokens", tightest(r));
    if (warn_of_chance(r, err) != 0 || read_prompts(r, err) != 0 || check_memory(r, err) != 0)
        return -1;
    if (loaded_read(&r->start, err) != 0 || loaded_read(&r->reference, err) != 0 ||
        loaded_read(&r->reward, err) != 0)
        return -1;
    warn_of_warmup(r);
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
    r.config = &c;
    if (options_parse(ctx, OPTIONS, &r.options, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (training_settings(ctx, &c, "ppo", &r.options.training, err) != 0) return -1;
    if (ppo_check_settings(&r.settings, err) != 0) return -1;
    if (open_all(&r, err) != 0) {
        training_refuse(ctx, "ppo", &r.options.training, err);
        goto done;
    }
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
    if (r.options.answers && r.run.run && run_keep_answers(r.run.run, err) != 0) goto done;
    rc = train(&r, err);

done:
    training_end(&r.run);
    ppo_free(r.ppo);
    if (r.in.value != r.in.policy) policy_close(r.in.value);
    policy_close(r.in.policy);
    adapter_free(r.policy_adapter);
    adapter_free(r.value_adapter);
    model_free(r.policy_model);
    model_free(r.value_model);
    prompts_free(&r.prompts);
    prompts_free(&r.held_out);
    loaded_close(&r.reference);
    loaded_close(&r.reward);
    loaded_close(&r.start);
    room_free(r.room);
    store_close(r.store);
    return rc;
}

const Command cmd_ppo = {
    .name = "ppo",
    .heading = "train",
    .summary = "align the base by PPO against the reward model",
    .usage =
        "[--model MODEL [--reference MODEL]] [--reward MODEL] [--run NAME] [--resume] [--answers]",
    .details = "The reference is the frozen starting model; the value model starts from the reward "
               "model.  The finished\n"
               "run becomes `aligned`, its best checkpoint where ppo.eval_every asks for one.  A "
               "second round, after labels of the aligned model's answers "
               "and a new reward model:\n"
               "rlhf ppo --model aligned --reference base",
    .options = OPTIONS,
    .sections = SECTIONS,
    .project = PROJECT_NEEDED,
    .run = run,
};
