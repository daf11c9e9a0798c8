/* rlhf reward: trains a reward model; rlhf reward eval, rlhf reward score use it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/memory_plan.h"
#include "cli/options.h"
#include "cli/preferences.h"
#include "cli/run_record.h"
#include "cli/training.h"
#include "compare/win_rate.h"
#include "reward/reward.h"

/* ---- what an evaluation says ---------------------------------------------------------------------- */

static RewardEvaluation evaluate(Policy *p, const Pairs *pairs)
{
    Progress bar;
    progress_begin(&bar, "held-out pairs", 0, "");
    progress_pulse("scoring");
    const RewardEvaluation e = reward_evaluate(p, pairs, NULL, NULL);
    progress_end(&bar);
    return e;
}

static void evaluation_json(Text *t, const RewardEvaluation *e, const Context *ctx,
                            const char *folder)
{
    double low, high;
    wilson_interval(&low, &high, e->accuracy * e->n, e->n);
    text_add(t, "{");
    evaluation_put_model(t, ctx, folder);
    text_format(t,
                ",\"accuracy\":%.6g,\"n\":%d,\"ci\":[%.6g,%.6g],\"loss\":%.6g,\"ece\":%.6g,"
                "\"longer_wins\":%.6g,"
                "\"length_correlation\":%.6g,\"margin\":%.6g}",
                e->accuracy, e->n, low, high, e->loss, e->calibration_error, e->longer_wins,
                e->length_correlation, e->margin);
}

/* What follows from it.  Pairs of a file may be those that the model learned from: no reason to go on. */
static void print_conclusion(const RewardEvaluation *e, double low, double high, bool held_out)
{
    if (e->all_equal) {
        printf("all its scores are equal: PPO would have nothing to follow; label more first\n");
        return;
    }
    printf("calibration error %.2f; correlation of score and length %.2f%s\n", e->calibration_error,
           e->length_correlation, held_out && low > 0.5 ? "; go on: rlhf ppo" : "");
    if (low <= 0.5)
        printf("%s; label more before rlhf ppo, or see docs/guide.md, \"When it does not work\"\n",
               high < 0.5 ? "worse than chance: the whole interval is below 0.5"
                          : "it cannot be told from chance: the interval holds 0.5");
}

/* `file`: of the pairs, NULL for those held out; `when`: "", or " before shrinking" */
static void print_evaluation(const char *name, const RewardEvaluation *e, const char *file,
                             const char *when)
{
    double low, high;
    char labels[32] = "";
    wilson_interval(&low, &high, e->accuracy * e->n, e->n);
    if (e->labels > e->n) snprintf(labels, sizeof labels, " (%s)", text_count(e->labels, "label"));
    printf("%s: right on %.10g of %s%s%s%s%s: %.2f [%.2f, %.2f]; longer answer wins %.2f\n", name,
           round(10 * e->accuracy * e->n) / 10, text_count(e->n, file ? "pair" : "held-out pair"),
           file ? " of " : "", file ? file : "", labels, when, e->accuracy, low, high,
           e->longer_wins);
    print_conclusion(e, low, high, !file);
}

/* ---- training ------------------------------------------------------------------------------------- */

typedef struct {
    TrainingFlags training;
    const char *model, *campaign;
    bool no_eval, force;
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
     "train although all labels prefer the same side"},
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
    Adapter *adapter;
    Policy *policy;
    RewardTraining *training;
    TrainingRun run;
} Reward;

static int check_pairs(const Reward *w, int max_T, Error *err)
{
    const int n = w->train.n, judged = n - w->train.ties;
    if (n == 0 && w->train.too_long > 0)
        return error_set(
            err, "every label (%d) is of a pair too long for the context of %d with its prompt",
            w->train.too_long, max_T);
    if (n == 0) return error_set(err, "no labels to learn from yet; make some with: rlhf label");
    if (n < PREFERENCES_TRAIN_MIN)
        return error_set(err, "%s of the train split, too few to learn from (at least %d); %s",
                         text_count(n, "label"), PREFERENCES_TRAIN_MIN, "label more: rlhf label");
    if (!w->options.no_eval && preferences_check_held_out(&w->train, &w->valid, w->store, err) != 0)
        return -1;
    if (w->valid.n == 0 && w->settings.shrink)
        return error_set(err,
                         "reward.shrink goes by held-out pairs and there are none; label more, "
                         "or: --set reward.shrink=false");
    if (judged > PREFERENCES_TRAIN_MIN &&
        (w->train.first_better == 0 || w->train.first_better == judged) && !w->options.force)
        return error_set(
            err,
            "all %d labels prefer the %s stored answer; refusing to train on a habit (--force)",
            judged, w->train.first_better ? "first" : "second");
    return 0;
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
    const StorePreferenceFilter train = {.split = SPLIT_TRAIN,
                                         .campaign_id = w->campaign_id,
                                         .human_weight = w->settings.people_weight},
                                valid = {.split = SPLIT_VALID, .campaign_id = w->campaign_id};
    if (preferences_read(&w->train, w->store, &train, w->base.tokenizer, max_T, err) != 0)
        return -1;
    if (preferences_read(&w->valid, w->store, &valid, w->base.tokenizer, max_T, err) != 0)
        return -1;
    if (check_pairs(w, max_T, err) != 0) return -1;
    log_line("%s to learn from (%s, %d by people), %d held out, %d beyond the context of %d left "
             "out",
             text_count(w->train.n, "label"), text_count(w->train.ties, "tie"), w->train.people,
             w->valid.n, w->train.too_long + w->valid.too_long, max_T);
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
    int rc = 0;
    if (finished && w->settings.shrink && say_shrinkage(&shrunk, w, err) != 0) return -1;
    if (!finished || valid.n == 0 || w->options.no_eval) {
        if (finished) log_line("not measured; held-out pairs: rlhf reward eval; go on: rlhf ppo");
        training_report(&w->run);
        return 0;
    }
    RewardEvaluation e = evaluate(w->policy, &valid);
    if (shrunk.factor == 0) e.accuracy = shrunk.accuracy;
    evaluation_json(&json, &e, w->ctx, w->run.model);
    rc = evaluation_add(w->store, w->ctx, "reward eval", w->run.model, json.bytes, err);
    if (rc == 0 && w->ctx->json)
        printf("{\"run\":\"%s\",\"steps\":%lld,\"final\":%s,\"checkpoint\":\"%s\"}\n", w->run.name,
               (long long)w->run.steps, json.bytes, w->run.model);
    else if (rc == 0)
        print_evaluation(w->run.name, &e, NULL, shrunk.factor == 0 ? " before shrinking" : "");
    text_free(&json);
    return rc;
}

static int train(Reward *w, Error *err)
{
    const AdapterConfig lora = adapter_config(&w->lora);
    PolicyOptions options = reward_options(&w->settings, w->ctx->seed);
    const Pairs pairs = preferences_pairs(&w->train), held_out = preferences_pairs(&w->valid);
    if (loaded_train_adapter(&w->adapter, &w->base, &lora, w->ctx->seed, err) != 0) return -1;
    options.adapter = w->adapter;
    if (memory_plan_training(&w->base, &options, &(ModelUse){.trained = true}, err) != 0) return -1;
    w->policy = policy_open(w->base.model, &options);
    w->training = reward_training_new(w->policy, &pairs, &held_out, &w->settings, w->ctx->seed);
    Trainer trainer = reward_trainer(w->training);
    const TrainingOptions o = {.name = "reward",
                               .unit = "step",
                               .save_every = w->settings.save_every,
                               .keep = w->settings.keep};
    if (training_go(&w->run, &trainer, &o, w->policy, w->base.tokenizer, err) != 0) return -1;
    if (w->run.end == TRAINING_FINISHED && training_name_model(&w->run, "reward", err) != 0)
        return -1;
    return evaluate_and_report(w, err);
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
    if (open_store(&w.store, ctx, err) != 0) goto done;
    if (find_campaign(&w.campaign_id, w.store, w.options.campaign, err) != 0) goto done;
    if (loaded_open(&w.base, ctx, "start", w.options.model, NULL, err) != 0) goto done;
    if (read_pairs(&w, err) != 0) goto done;
    snprintf(inputs, sizeof inputs, "{\"model\": \"%s\", \"pairs\": \"%s\", \"held_out\": \"%s\"}",
             w.base.hash, w.train.sha256, w.valid.sha256);
    loaded_adopt_lora(&w.lora, &w.base);
    if (training_begin(&w.run, ctx, w.store, "reward", &w.options.training, &c, inputs, err) != 0)
        goto done;
    rc = train(&w, err);

done:
    training_end(&w.run);
    reward_training_free(w.training);
    policy_close(w.policy);
    adapter_free(w.adapter);
    preferences_free(&w.train);
    preferences_free(&w.valid);
    loaded_close(&w.base);
    store_close(w.store);
    return rc;
}

/* ---- eval and score ------------------------------------------------------------------------------- */

typedef struct {
    const char *model, *data;
} EvalOptions;

static const Option EVAL_OPTIONS[] = {
    {"model", OPTION_TEXT, offsetof(EvalOptions, model), 0, 0, "MODEL", "a reward model (reward)"},
    {"data", OPTION_TEXT, offsetof(EvalOptions, data), 0, 0, "FILE",
     "JSON lines with prompt, chosen, rejected (default: the store's valid split)"},
    {0},
};

static int open_reward(Loaded *l, const Context *ctx, const char *name, Error *err)
{
    if (loaded_open(l, ctx, "reward model", name, NULL, err) != 0) return -1;
    if (loaded_heads(l) != 1) {
        error_set(err, "%s: no reward model (it has no score head)", l->folder);
        loaded_close(l);
        return -1;
    }
    loaded_policy(l);
    return 0;
}

/* `store` is opened when its valid split is read. */
static int read_held_out(PreferenceSet *p, Store **store, const Context *ctx, const EvalOptions *o,
                         const Loaded *l, Error *err)
{
    const int max_T = l->model->config.max_T;
    if (o->data) return preferences_read_file(p, o->data, l->tokenizer, max_T, err);
    if (!*ctx->project)
        return error_usage(err, "which pairs? --data FILE, or inside a project its valid split");
    if (open_store(store, ctx, err) != 0) return -1;
    return preferences_read(p, *store, &(StorePreferenceFilter){.split = SPLIT_VALID}, l->tokenizer,
                            max_T, err);
}

static int run_eval(Context *ctx, int argc, char **argv, Error *err)
{
    EvalOptions o = {.model = "reward"};
    Words words;
    Loaded l = {0};
    PreferenceSet pairs = {0};
    Store *store = NULL;
    Text json = {0};
    int rc = -1;
    if (options_parse(ctx, EVAL_OPTIONS, &o, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (open_reward(&l, ctx, o.model, err) != 0) return -1;
    if (read_held_out(&pairs, &store, ctx, &o, &l, err) != 0) goto done;
    if (pairs.n == 0) {
        error_set(err, "no pairs to evaluate on");
        goto done;
    }
    const Pairs p = preferences_pairs(&pairs);
    const RewardEvaluation e = evaluate(l.policy, &p);
    evaluation_json(&json, &e, ctx, l.folder);
    if (store && evaluation_add(store, ctx, "reward eval", l.folder, json.bytes, err) != 0)
        goto done;
    if (ctx->json) puts(json.bytes);
    else print_evaluation(o.model, &e, o.data, "");
    rc = 0;

done:
    text_free(&json);
    preferences_free(&pairs);
    loaded_close(&l);
    store_close(store);
    return rc;
}

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

static int score_line(const Loaded *l, const char *line, size_t n, Error *err)
{
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

static int run_score(Context *ctx, int argc, char **argv, Error *err)
{
    EvalOptions o = {.model = "reward"};
    static const Option SCORE_OPTIONS[] = {{"model", OPTION_TEXT, offsetof(EvalOptions, model), 0,
                                            0, "MODEL", "a reward model (reward)"},
                                           {0}};
    Words words;
    Loaded l = {0};
    Text line = {0};
    long number = 0;
    int rc = 0;
    if (options_parse(ctx, SCORE_OPTIONS, &o, &words, 0, 0, argc, argv, err) != 0) return -1;
    if (open_reward(&l, ctx, o.model, err) != 0) return -1;
    for (int more; rc == 0 && (more = text_read_line(&line, stdin, TEXT_LINE_MAX)) != 0;) {
        number++;
        if (more < 0) rc = error_set(err, "longer than %d MiB", TEXT_LINE_MAX >> 20);
        else if (line.n > 0) rc = score_line(&l, line.bytes, line.n, err);
        if (rc != 0) error_wrap(err, "line %ld", number);
    }
    text_free(&line);
    loaded_close(&l);
    return rc;
}

static const Command CMD_EVAL = {
    .name = "eval",
    .summary = "accuracy of a reward model on held-out pairs, or those of a file",
    .usage = "[--model MODEL] [--data FILE]",
    .details = "Ties count half, and a pair counts once, its labels averaged.  Beside it stands "
               "what \"the longer answer wins\" reaches.",
    .options = EVAL_OPTIONS,
    .project = PROJECT_OPTIONAL,
    .run = run_eval,
};
static const Command CMD_SCORE = {
    .name = "score",
    .summary = "scores for JSON lines of prompt and response",
    .usage = "[--model MODEL] < rows.jsonl",
    .details =
        "One {\"score\":...} for each {\"prompt\":...,\"response\":...}: what PPO would "
        "see, to the bit.\nWith \"prompt_ids\" and \"ids\", as in answers.jsonl of rlhf ppo, the "
        "prompt and the response are those tokens\nand no others.",
    .project = PROJECT_OPTIONAL,
    .filter = true,
    .run = run_score,
};
static const Command *const SECONDS[] = {&CMD_EVAL, &CMD_SCORE, NULL};

const Command cmd_reward = {
    .name = "reward",
    .heading = "train",
    .summary = "a reward model from the labels",
    .usage = "[--model MODEL] [--campaign NAME] [--run NAME] [--resume]",
    .details = "Bradley-Terry on the train split; accuracy on the valid split.  The finished run "
               "becomes `reward`.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .seconds = SECONDS,
    .project = PROJECT_NEEDED,
    .run = run_train,
};
