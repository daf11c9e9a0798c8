#include "cli/harder_training.h"

#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/project.h"
#include "cli/project_config.h"

/* The number called `name` of the section "reward" in a file of settings, or in a run's settings.json. */
static double reward_setting(const char *file, const char *name)
{
    enum { LIMIT = 1 << 24 };
    cJSON *tree = NULL;
    Error ignored;
    if (json_read(&tree, file, LIMIT, true, &ignored) != 0) return NAN;
    const cJSON *run = cJSON_GetObjectItemCaseSensitive(tree, "settings");
    const double x =
        json_number(cJSON_GetObjectItemCaseSensitive(run ? run : tree, "reward"), name, NAN);
    cJSON_Delete(tree);
    return x;
}

/* Bytes of the base's weights; of a file that is not there, as where they are in pieces, more than any small one has. */
static int64_t weights_of(const Context *ctx)
{
    char folder[FILE_PATH_MAX], file[FILE_PATH_MAX];
    Error ignored;
    if (project_model(ctx, folder, NULL, "base", &ignored) != 0 ||
        path_join(file, folder, "model.safetensors", &ignored) != 0 || file_size(file) < 0)
        return INT64_MAX;
    return file_size(file);
}

bool harder_training(Text *arguments, const Context *ctx, const char *run)
{
    static const double HIGH = 1e-3;                /* a model of a million weights wants it */
    static const int64_t SMALL = (int64_t)40 << 20; /* bytes of its file */
    char inside[FILE_PATH_MAX], settings[FILE_PATH_MAX], file[FILE_PATH_MAX];
    Error ignored;
    snprintf(inside, sizeof inside, "runs/%s/settings.json", run);
    if (!run[0] || project_path(ctx, settings, inside, &ignored) != 0) return false;
    const double rate = reward_setting(settings, "learning_rate"),
                 epochs = reward_setting(settings, "epochs");
    const double noted =
        project_config_find(ctx, file, "reward") ? reward_setting(file, "learning_rate") : NAN;
    text_add(arguments, "");
    if (isfinite(noted) && noted > rate) return true;
    if (rate < HIGH)
        text_format(arguments, "--learning-rate %g",
                    weights_of(ctx) < SMALL ? HIGH : fmin(10 * rate, HIGH));
    else if (isfinite(epochs)) text_format(arguments, "--epochs %g", 2 * epochs);
    return true;
}
