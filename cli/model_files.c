#include "cli/model_files.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "policy/adapter.h"

enum { CONFIG_MAX = 16 << 20 };

/* A checkpoint has weights beside the model that only a resume needs. */
static bool is_of_model(const char *name)
{
    return text_ends(name, ".safetensors") && strcmp(name, "optimizer.safetensors") != 0;
}

int64_t model_files_bytes(const char *folder)
{
    char **names = NULL, path[FILE_PATH_MAX];
    int n = 0;
    int64_t bytes = 0;
    Error ignored;
    if (folder_list(&names, &n, folder, &ignored) != 0) return 0;
    for (int i = 0; i < n; i++) {
        if (!is_of_model(names[i]) || path_join(path, folder, names[i], &ignored) != 0) continue;
        const int64_t size = file_size(path);
        if (size > 0) bytes += size;
    }
    folder_list_free(names, n);
    return bytes;
}

/* transformers writes id2label for models with a head alone, of two classes unless told otherwise. */
static void describe(char out[MODEL_FILES_KIND], const cJSON *config)
{
    const cJSON *architectures = cJSON_GetObjectItemCaseSensitive(config, "architectures");
    const cJSON *first = cJSON_GetArrayItem(architectures, 0);
    const char *name = cJSON_IsString(first) ? first->valuestring : "";
    const int classes = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(config, "id2label"));
    const char *type = json_text(config, "model_type", "");
    if (!text_ends(name, "ForSequenceClassification"))
        snprintf(out, MODEL_FILES_KIND, "%.40s", type);
    else if (classes == 1) snprintf(out, MODEL_FILES_KIND, "%.40s reward model", type);
    else snprintf(out, MODEL_FILES_KIND, "%.40s classifier of %d", type, classes);
}

void model_files_kind(char out[MODEL_FILES_KIND], const char *folder)
{
    char path[FILE_PATH_MAX];
    cJSON *config = NULL;
    Error ignored;
    out[0] = 0;
    if (path_join(path, folder, "config.json", &ignored) != 0) return;
    if (!file_exists(path)) {
        if (adapter_in(folder)) snprintf(out, MODEL_FILES_KIND, "adapter");
        return;
    }
    if (json_read(&config, path, CONFIG_MAX, false, &ignored) == 0) describe(out, config);
    cJSON_Delete(config);
}
