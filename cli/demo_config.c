#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/demo.h"
#include "cli/options.h"
#include "policy/model_settings.h"
#include "policy/step_work.h"
#include "policy/supervised.h"
#include "ppo/ppo.h"
#include "reward/reward.h"

/* Of all stages. */
typedef struct {
    ModelSettings model;
    SupervisedConfig pretrain;
    RewardConfig reward;
    PpoConfig ppo;
} DemoSettings;

bool demo_settings_given(const Context *ctx)
{
    return ctx->n_set > 0 || ctx->n_flag > 0 || ctx->config_file || ctx->compute_given;
}

/* The settings file `preset` with what --set and --config change. */
static int changed_settings(DemoSettings *s, Text *json, const Context *ctx, const char *preset,
                            Error *err)
{
    Config c = {0};
    config_bind(&c, &MODEL_TABLE, &s->model);
    config_bind(&c, &PRETRAIN_TABLE, &s->pretrain);
    config_bind(&c, &REWARD_TABLE, &s->reward);
    config_bind(&c, &PPO_TABLE, &s->ppo);
    if (context_settings(ctx, &c, preset, err) != 0) return -1;
    config_json(&c, json);
    return 0;
}

static int check(const DemoSettings *s, Error *err)
{
    const int context = s->model.context;
    ModelConfig shape;
    if (model_settings_config(&shape, &s->model, s->model.vocabulary, 0, err) != 0) return -1;
    if (ppo_check_settings(&s->ppo, err) != 0) return -1;
    if (s->ppo.critic_warmup >= s->ppo.iterations)
        return error_set(err, "ppo.critic_warmup %d leaves none of %d iterations to the policy",
                         s->ppo.critic_warmup, s->ppo.iterations);
    if (DEMO_NEW_TOKENS >= context)
        return error_set(err, "answers of %s leave no room for a prompt in model.context %d",
                         text_count(DEMO_NEW_TOKENS, "token"), context);
    if (s->ppo.max_new_tokens >= context)
        return error_set(err,
                         "answers of %s (ppo.max_new_tokens) leave no room for a prompt in "
                         "model.context %d",
                         text_count(s->ppo.max_new_tokens, "token"), context);
    return 0;
}

/* Unless some are changed the file stays as configs/demo.json has it, comments and all. */
int demo_settle_settings(char sha256[SHA256_HEX], const Context *ctx, const char *folder,
                         Error *err)
{
    char path[FILE_PATH_MAX];
    DemoSettings s;
    Text json = {0};
    if (path_join(path, folder, "demo.json", err) != 0) return -1;
    int rc = file_write(path, DEMO_SETTINGS, strlen(DEMO_SETTINGS), err);
    if (rc == 0) rc = changed_settings(&s, &json, ctx, path, err);
    if (rc == 0) rc = check(&s, err);
    if (rc == 0 && demo_settings_given(ctx)) rc = file_write(path, json.bytes, json.n, err);
    text_free(&json);
    return rc == 0 ? demo_settings_hash(sha256, folder, err) : -1;
}

int demo_minutes(const Context *ctx)
{
    /* What its corpus comes to.  Learning that much of it is a third of a demo, whatever the machine. */
    enum { TOKENS = 653857, LENGTH = 55, PARTS = 3, MINUTE = 60, LOOKS = 3 };
    DemoSettings s;
    ModelConfig shape;
    Text json = {0};
    Error err;
    int rc = changed_settings(&s, &json, ctx, "demo.json", &err);
    text_free(&json);
    if (rc == 0) rc = model_settings_config(&shape, &s.model, s.model.vocabulary, 0, &err);
    if (rc != 0) return 0;
    const double tokens = s.pretrain.epochs * (double)TOKENS;
    const StepWork work = trained_work(tokens / LENGTH, LENGTH, s.pretrain.max_tokens, true, false);
    /* A moment in which others use the machine says little about the minutes to come. */
    double minutes = INFINITY;
    for (int i = 0; i < LOOKS; i++) {
        const MachineSpeed speed = machine_speed_measure(&shape, work.rows, 0);
        minutes = fmin(minutes, PARTS * step_work_seconds(&work, &shape, &speed) / MINUTE);
    }
    return minutes < 1 ? 1 : (int)(minutes + 0.5);
}

int demo_compare_settings(bool *differ, const Context *ctx, const char *there, Error *err)
{
    DemoSettings s;
    Text asked = {0}, present = {0};
    Context plain = *ctx;
    plain.n_set = plain.n_flag = 0, plain.config_file = NULL, plain.compute_given = false;
    *differ = false;
    if (!demo_settings_given(ctx)) return 0;
    int rc = changed_settings(&s, &asked, ctx, there, err);
    if (rc == 0) rc = changed_settings(&s, &present, &plain, there, err);
    *differ = rc == 0 && strcmp(asked.bytes, present.bytes) != 0;
    text_free(&asked);
    text_free(&present);
    return rc;
}
