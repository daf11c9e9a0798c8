/* rlhf reward: trains a reward model. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/policy_samples.h"
#include "cli/prompts.h"
#include "cli/next_line.h"
#include "cli/reward_curve.h"
#include "cli/reward_report.h"
#include "cli/run_record.h"
#include "cli/training.h"

typedef struct {
    TrainingFlags training;
    const char *model, *campaign;
    bool no_eval, force, curve;
} RewardOptions;

static const Option OPTIONS[] = {
    TRAINING_OPTIONS(RewardOptions, training),
    {"model", OPTION_TEXT, offsetof(RewardOptions, model), 0, 0, "MODEL",
     "the model it starts from (base)"},
    {"campaign", OPTION_TEXT, offsetof(RewardOptions, campaign), 0, 0, "NAME",
     "labels of that campaign alone (all that are to train on)"},
    {"no-eval", OPTION_SWITCH, offsetof(RewardOptions, no_eval), 0, 0, NULL,
     "do not measure it on held-out pairs, of which there may be too few"},
    {"force", OPTION_SWITCH, offsetof(RewardOptions, force), 0, 0, NULL,
     "train although all labels are ties, or prefer the same side"},
    {"curve", OPTION_SWITCH, offsetof(RewardOptions, curve), 0, 0, NULL,
     "instead of a run: the accuracy that an eighth, a quarter, half and all of the labels reach"},
    {0},
};
static const ConfigTable *const SECTIONS[] = {&REWARD_TABLE, &LORA_TABLE, NULL};

typedef struct {
    Context *ctx;
    RewardOptions options;
    RewardConfig settings;
    LoraConfig lora;
    int64_t campaign_id; /* 0 all that are to train on */
    Store *store;
    Loaded base;
    PreferenceSet train, valid;
    Sequences samples; /* answers of the base to normalize on */
    char best[FILE_PATH_MAX];
    Adapter *adapter;
    Policy *policy;
    RewardTraining *training;
    TrainingRun run;
} Reward;

static int check_pairs(const Reward *w, int max_T, Error *err)
{
    const int n = w->train.n;
    if (n == 0 && w->train.too_long > 0)
        return error_set(
            err, "every label (%d) is of a pair too long for the context of %d with its prompt",
            w->train.too_long, max_T);
    if (n == 0 && w->train.dropped > 0)
        return error_set(err, "every label (%d) is a tie, and reward.ties=drop leaves them out",
                         w->train.dropped);
    if (n == 0) return error_set(err, "no labels to learn from yet; make some with: rlhf label");
    if (n < PREFERENCES_TRAIN_MIN)
        return error_set(err, "%s of the train split, too few to learn from (at least %d); %s",
                         text_count(n, "label"), PREFERENCES_TRAIN_MIN, "label more: rlhf label");
    if (!w->options.no_eval && preferences_check_held_out(&w->train, &w->valid, w->store, err) != 0)
        return -1;
    if (w->valid.n == 0 && (w->settings.shrink || w->settings.keep_best))
        return error_set(err,
                         "reward.%s goes by held-out pairs and there are none; label more, "
                         "or: --set reward.%s=false",
                         w->settings.shrink ? "shrink" : "keep_best",
                         w->settings.shrink ? "shrink" : "keep_best");
    return w->options.force ? 0 : preferences_check_sides(&w->train, err);
}

/* What was labeled to measure by would measure nothing any more. */
static int find_campaign(int64_t *id, Store *store, const char *name, Error *err)
{
    StoreCampaign c = {0};
    if (!name) return 0;
    if (store_get_campaign(store, name, &c, err) != 0) return -1;
    const Purpose purpose = c.purpose;
    *id = c.id;
    store_campaign_free(&c);
    if (purpose == PURPOSE_TRAIN) return 0;
    return error_set(err, "campaign %s is to %s: its labels are never trained on", name,
                     purpose == PURPOSE_EVALUATE ? "evaluate" : "practise");
}

static int read_pairs(Reward *w, Error *err)
{
    const int max_T = w->base.model->config.max_T;
    const RewardConfig *c = &w->settings;
    const PreferenceReading train = {.filter = {.split = SPLIT_TRAIN,
                                                .campaign_id = w->campaign_id,
                                                .human_weight = c->people_weight},
                                     .strength_weight = c->strength_weight,
                                     .margin = c->margin,
                                     .drop_ties = c->ties == TIES_DROP};
    const PreferenceReading valid = {
        .filter = {.split = SPLIT_VALID, .campaign_id = w->campaign_id}};
    if (preferences_read(&w->train, w->store, &train, w->base.tokenizer, max_T, err) != 0)
        return -1;
    if (preferences_read(&w->valid, w->store, &valid, w->base.tokenizer, max_T, err) != 0)
        return -1;
    if (check_pairs(w, max_T, err) != 0) return -1;
    log_line("%s to learn from (%s, %d by people), %d held out, %d beyond the context of %d left "
             "out",
             text_count(w->train.n, "label"), text_count(w->train.ties, "tie"), w->train.people,
             w->valid.n, w->train.too_long + w->valid.too_long, max_T);
    if (w->train.dropped > 0) log_line("%s left out", text_count(w->train.dropped, "tie"));
    return 0;
}

static int say_shrinkage(Shrinkage *s, const Reward *w, Error *err)
{
    if (run_record_shrinkage(s, w->run.model, err) != 0) return -1;
    if (s->factor > 0)
        log_line("scores shrunk to %.2f of their size, which the held-out pairs confirm",
                 s->factor);
    else
        log_line(
            "the held-out pairs cannot tell this model from chance: its scores are now all 0, and "
            "PPO has nothing to follow but its penalties (reward.shrink)");
    return 0;
}

/* Scores of 0 are all equal and would be right on one half of any pairs: what the model had learned is
 * its accuracy before.  Any other factor leaves their order as it is. */
static int evaluate_and_report(Reward *w, Error *err)
{
    const Pairs valid = preferences_pairs(&w->valid);
    const bool finished = w->run.end == TRAINING_FINISHED;
    Shrinkage shrunk = {.factor = 1};
    Text json = {0};
    if (finished && w->settings.shrink && say_shrinkage(&shrunk, w, err) != 0) return -1;
    if (!finished || valid.n == 0 || w->options.no_eval) {
        if (finished) log_line("how often it is right was not measured: rlhf reward eval");
        training_report(&w->run);
        return 0;
    }
    RewardEvaluation e = reward_measure(w->policy, &valid, NULL, NULL), learned = {0};
    const NoiseCeiling ceiling = noise_ceiling(&w->valid, &w->train);
    if (shrunk.factor == 0) e.accuracy = shrunk.accuracy;
    const bool asked_why = shrunk.factor > 0 && reward_report_is_chance(&e);
    if (asked_why) {
        const Pairs train = preferences_pairs(&w->train);
        learned = reward_measure_learned(w->policy, &train);
    }
    reward_report_json(&json, &e, &ceiling,
                       asked_why && reward_report_is_underfit(&learned, e.accuracy), w->ctx,
                       w->run.model);
    const int rc = evaluation_add(w->store, w->ctx, "reward eval", w->run.model, json.bytes, err);
    if (rc == 0 && w->ctx->json)
        printf("{\"run\":\"%s\",\"steps\":%lld,\"final\":%s,\"checkpoint\":\"%s\"}\n", w->run.name,
               (long long)w->run.steps, json.bytes, w->run.model);
    else if (rc == 0) {
        reward_report_print(w->run.name, &e, &ceiling, NULL,
                            shrunk.factor == 0 ? " before shrinking" : "", false);
        if (asked_why) reward_report_cause(&learned, e.accuracy, w->settings.learning_rate);
    }
    text_free(&json);
    return rc;
}

/* Before anything is trained, for the base is trained in place. */
static int draw_samples(Reward *w, Error *err)
{
    const RewardConfig *c = &w->settings;
    if (!c->normalize || c->normalize_samples == 0) return 0;
    return policy_samples_draw(&w->samples, w->ctx, w->store, &w->base, c->normalize_samples,
                               c->normalize_tokens, err);
}

static RewardData data_of(Reward *w)
{
    return (RewardData){.train = preferences_pairs(&w->train),
                        .held_out = preferences_pairs(&w->valid),
                        .samples = {w->samples.n, w->samples.token, w->samples.start},
                        .best_folder = w->best};
}

static int train(Reward *w, Error *err)
{
    const RewardData data = data_of(w);
    PolicyOptions options = reward_options(&w->settings, w->ctx->seed);
    if (!w->run.dry && path_join(w->best, w->run.folder, "best", err) != 0) return -1;
    if (loaded_train_adapter(&w->adapter, &w->base, &w->lora, w->ctx->seed, err) != 0) return -1;
    options.adapter = w->adapter;
    options.recompute = w->options.training.recompute;
    w->policy = policy_open(w->base.model, &options);
    w->training = reward_training_new(w->policy, &data, &w->settings, w->ctx->seed);
    Trainer trainer = reward_trainer(w->training);
    const TrainingOptions o = {.name = "reward",
                               .unit = "step",
                               .save_every = w->settings.save_every,
                               .keep = w->settings.keep};
    const Pairs *pairs = &data.train;
    if (pairs->n > 0)
        w->run.work = trained_work(2.0 * w->settings.batch_size,
                                   (double)pairs->start[2 * pairs->n] / (2 * pairs->n),
                                   w->settings.max_tokens, false, w->adapter != NULL);
    if (training_go(&w->run, &trainer, &o, w->policy, w->base.tokenizer, err) != 0) return -1;
    if (w->run.end == TRAINING_FINISHED && !w->run.dry && folder_remove(w->best, err) != 0)
        return -1;
    if (w->run.end == TRAINING_FINISHED && training_name_model(&w->run, "reward", err) != 0)
        return -1;
    return evaluate_and_report(w, err);
}

/* All that can be refused before the weights are read, and they. */
static int open_base(Reward *w, Error *err)
{
    if (loaded_outline(&w->base, w->ctx, "start", w->options.model, NULL, err) != 0) return -1;
    if (loaded_check_lora(&w->base, &w->lora, err) != 0 || read_pairs(w, err) != 0) return -1;
    const PlanTokens tokens = {(int64_t)w->settings.batch_size * 2 *
                                   sequences_longest(&w->train.sequences),
                               w->valid.sequences.tokens};
    if (memory_plan_training(&w->base, reward_options(&w->settings, w->ctx->seed), tokens, &w->lora,
                             &(ModelUse){.trained = true}, &w->options.training, err) != 0)
        return -1;
    return loaded_read(&w->base, err);
}

static void warn_of_ties(const RewardConfig *c)
{
    static const char *const TIES[] = {
        [TIES_HALF] = "half", [TIES_DROP] = "drop", [TIES_DAVIDSON] = "davidson"};
    if (c->tie_nu > 0 && c->ties != TIES_DAVIDSON)
        log_line(
            "warning: reward.tie_nu is of reward.ties=davidson; with ties=%s it changes nothing",
            TIES[c->ties]);
}

static int curve(Reward *w, Error *err)
{
    const Pairs train = preferences_pairs(&w->train), valid = preferences_pairs(&w->valid);
    if (valid.n == 0)
        return error_set(err, "--curve measures on held-out pairs and there are none");
    loaded_adopt_lora(&w->lora, &w->base);
    loaded_close(&w->base); /* each point opens it anew */
    return reward_curve(w->ctx, w->options.model, &train, &valid, &w->settings, &w->lora, err);
}

static int run_train(Context *ctx, int argc, char **argv, Error *err)
{
    Reward w = {.ctx = ctx, .options = {.model = "base"}};
    Config c = {0};
    Words words;
    char inputs[512];
    int rc = -1;
    config_bind(&c, &REWARD_TABLE, &w.settings);
    config_bind(&c, &LORA_TABLE, &w.lora);
    if (options_parse(ctx, OPTIONS, &w.options, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (training_settings(ctx, &c, "reward", &w.options.training, err) != 0) return -1;
    warn_of_ties(&w.settings);
    if (open_store(&w.store, ctx, err) != 0) goto done;
    if (find_campaign(&w.campaign_id, w.store, w.options.campaign, err) != 0) goto done;
    if (open_base(&w, err) != 0) goto done;
    if (w.options.curve) {
        rc = curve(&w, err);
        goto done;
    }
    prompts_fit_answers(&w.settings.normalize_tokens, &c, "reward.normalize_tokens", &w.base);
    if (draw_samples(&w, err) != 0) goto done;
    snprintf(inputs, sizeof inputs, "{\"model\": \"%s\", \"pairs\": \"%s\", \"held_out\": \"%s\"}",
             w.base.hash, w.train.sha256, w.valid.sha256);
    loaded_adopt_lora(&w.lora, &w.base);
    if (training_begin(&w.run, ctx, w.store, "reward", &w.options.training, &c, inputs, err) != 0)
        goto done;
    rc = train(&w, err);
    const bool finished = w.run.end == TRAINING_FINISHED && !w.run.dry;
    training_end(&w.run); /* it is at work until here */
    if (rc == 0 && finished) rc = next_line_print(ctx, w.store, err);

done:
    training_end(&w.run);
    reward_training_free(w.training);
    policy_close(w.policy);
    adapter_free(w.adapter);
    preferences_free(&w.train);
    preferences_free(&w.valid);
    sequences_free(&w.samples);
    loaded_close(&w.base);
    store_close(w.store);
    return rc;
}

static const Command *const SECONDS[] = {&reward_eval_command, &reward_score_command, NULL};

const Command cmd_reward = {
    .name = "reward",
    .heading = "train",
    .summary = "a reward model from the labels",
    .usage = "[--model MODEL] [--campaign NAME] [--run NAME] [--resume]\n"
             "[--model MODEL] [--campaign NAME] --curve",
    .details = "Bradley-Terry on the train split; accuracy on the valid split.  The finished run "
               "becomes `reward`.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .seconds = SECONDS,
    .project = PROJECT_NEEDED,
    .run = run_train,
};
