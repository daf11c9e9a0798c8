#include "cli/live_settings.h"

#include <string.h>

#include "base/json.h"

static void put_change(Text *event, Text *said, const char *key, const cJSON *was, const cJSON *is)
{
    char *old = cJSON_PrintUnformatted(was), *new = cJSON_PrintUnformatted(is);
    text_format(event, "%s\"%s\":{\"was\":%s,\"is\":%s}", event->n ? "," : "", key, old, new);
    text_format(said, "%s%s was %s and is %s", said->n ? "; " : "", key, old, new);
    cJSON_free(old);
    cJSON_free(new);
}

/* One section; false when something else than live settings differs. */
static bool compare_section(Text *event, Text *said, const cJSON *old, const cJSON *new,
                            const Config *c)
{
    const cJSON *member;
    int known = 0;
    cJSON_ArrayForEach(member, new)
    {
        const cJSON *was = cJSON_GetObjectItemCaseSensitive(old, member->string);
        char key[128];
        snprintf(key, sizeof key, "%.60s.%.60s", new->string, member->string);
        known += was != NULL;
        if (was ? cJSON_Compare(was, member, true) : config_is_default(c, key)) continue;
        if (!was || !config_is_live(c, key)) return false;
        put_change(event, said, key, was, member);
    }
    return known == cJSON_GetArraySize(old);
}

static bool compare(Text *event, Text *said, const cJSON *old, const cJSON *new, const Config *c)
{
    const cJSON *member;
    if (!cJSON_IsObject(old) || !cJSON_IsObject(new)) return false;
    if (cJSON_GetArraySize(old) != cJSON_GetArraySize(new)) return false;
    cJSON_ArrayForEach(member, new)
    {
        const cJSON *was = cJSON_GetObjectItemCaseSensitive(old, member->string);
        if (strcmp(member->string, "settings") != 0) {
            if (!cJSON_Compare(was, member, true)) return false;
            continue;
        }
        const cJSON *section;
        if (cJSON_GetArraySize(was) != cJSON_GetArraySize(member)) return false;
        cJSON_ArrayForEach(section, member)
        {
            const cJSON *before = cJSON_GetObjectItemCaseSensitive(was, section->string);
            if (!compare_section(event, said, before, section, c)) return false;
        }
    }
    return true;
}

/* The seed of 64 bits does not fit JSON's numbers: its digits. */
static bool same_seed(const char *old, const char *new)
{
    const size_t a = strcspn(old, ","), b = strcspn(new, ",");
    return a == b && memcmp(old, new, a) == 0;
}

bool live_settings_allow(Text *event, Text *said, const char *old, const char *new, const Config *c)
{
    Text changes = {0}, words = {0};
    cJSON *was = NULL, *is = NULL;
    Error ignored;
    const bool allowed = same_seed(old, new) && json_parse(&was, old, strlen(old), &ignored) == 0 &&
                         json_parse(&is, new, strlen(new), &ignored) == 0 &&
                         compare(&changes, &words, was, is, c);
    if (allowed && changes.n > 0) {
        text_format(event, "\"event\":\"settings\",\"settings\":{%s}", changes.bytes);
        text_add(said, words.bytes);
    }
    cJSON_Delete(was);
    cJSON_Delete(is);
    text_free(&changes);
    text_free(&words);
    return allowed;
}
