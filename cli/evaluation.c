#include "cli/evaluation.h"

#include <string.h>

#include "base/json.h"
#include "cli/project.h"

static void put_member(Text *out, const char *member, const char *name)
{
    text_format(out, "\"%s\":", member);
    json_put_text(out, name, strlen(name));
}

static void put_compared(Text *out, const char *base, const char *aligned)
{
    put_member(out, "base", base);
    text_add(out, ",");
    put_member(out, "aligned", aligned);
}

void evaluation_put_model(Text *out, const Context *ctx, const char *folder)
{
    char name[FILE_PATH_MAX], run[RUN_NAME_MAX];
    project_name_model(ctx, name, run, folder);
    put_member(out, "model", name);
}

void evaluation_put_compared(Text *out, const Context *ctx, const char *base, const char *aligned)
{
    char name[2][FILE_PATH_MAX], run[RUN_NAME_MAX];
    project_name_model(ctx, name[0], run, base);
    project_name_model(ctx, name[1], run, aligned);
    put_compared(out, name[0], name[1]);
}

int evaluation_add(Store *store, const Context *ctx, const char *command, const char *folder,
                   const char *json, Error *err)
{
    char name[FILE_PATH_MAX], run[RUN_NAME_MAX];
    project_name_model(ctx, name, run, folder);
    return store_add_evaluation(store, command, run[0] ? run : NULL, json, err);
}

static int last(char **json, Store *store, const char *command, Text *members, Error *err)
{
    int64_t created_us;
    text_add(members, "}");
    const int rc = store_last_evaluation(store, command, members->bytes, json, &created_us, err);
    text_free(members);
    return rc;
}

bool evaluation_is_chance(const char *json)
{
    cJSON *found = NULL;
    Error ignored;
    if (!json || json_parse_row(&found, json, strlen(json), &ignored) != 0) return false;
    const cJSON *ci = cJSON_GetObjectItemCaseSensitive(found, "ci"),
                *low = cJSON_GetArrayItem(ci, 0);
    const bool chance = cJSON_IsNumber(low) && low->valuedouble <= 0.5;
    cJSON_Delete(found);
    return chance;
}

bool evaluation_is_underfit(const char *json)
{
    cJSON *found = NULL;
    Error ignored;
    if (!json || json_parse_row(&found, json, strlen(json), &ignored) != 0) return false;
    const bool underfit = json_bool(found, "underfit", false);
    cJSON_Delete(found);
    return underfit;
}

int evaluation_of_reward(char **json, Store *store, const char *name, Error *err)
{
    Text members = {0};
    text_add(&members, "{");
    put_member(&members, "model", name);
    return last(json, store, "reward eval", &members, err);
}

int evaluation_of_aligned(char **json, Store *store, const char *base, const char *aligned,
                          Error *err)
{
    Text members = {0};
    text_add(&members, "{");
    put_compared(&members, base, aligned);
    return last(json, store, "compare", &members, err);
}
