#include "policy/component.h"

#include <string.h>

#include "policy/characters.h"

const cJSON *component_member(const cJSON *part, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(part, name);
}

bool component_is(const cJSON *part, const char *type)
{
    return strcmp(json_text(part, "type", ""), type) == 0;
}

bool component_absent(const cJSON *part)
{
    return !part || cJSON_IsNull(part);
}

int component_refuse(const cJSON *part, Error *err)
{
    const char *type = json_text(part, "type", NULL);
    if (!type) return error_set(err, "no type");
    return error_set(err, "%.80s is not supported", type);
}

static int missing(const cJSON *part, const char *name, const char *wanted, Error *err)
{
    return error_set(err, "%.80s: %s is not %s", json_text(part, "type", "a part"), name, wanted);
}

int component_bool(bool *out, const cJSON *part, const char *name, Error *err)
{
    const cJSON *value = component_member(part, name);
    if (!cJSON_IsBool(value)) return missing(part, name, "true or false", err);
    *out = cJSON_IsTrue(value);
    return 0;
}

int component_bool_or(bool *out, const cJSON *part, const char *name, bool absent, Error *err)
{
    *out = absent;
    return component_member(part, name) ? component_bool(out, part, name, err) : 0;
}

int component_text(const char **out, const cJSON *part, const char *name, Error *err)
{
    const cJSON *value = component_member(part, name);
    if (!cJSON_IsString(value)) return missing(part, name, "a text", err);
    if (strlen(value->valuestring) > COMPONENT_CONTENT_MAX)
        return missing(part, name, "a text of at most 256 bytes", err);
    *out = value->valuestring;
    return 0;
}

int component_character(int *out, const cJSON *part, const char *name, Error *err)
{
    const char *text = "";
    if (component_text(&text, part, name, err) != 0) return -1;
    *out = character_only(text);
    return *out < 0 ? missing(part, name, "one character", err) : 0;
}

int component_count(int *out, const cJSON *part, const char *name, int most, Error *err)
{
    const cJSON *value = component_member(part, name);
    const bool number =
        cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble <= most;
    *out = number ? (int)value->valuedouble : 0;
    if (number && *out == value->valuedouble) return 0;
    return error_set(err, "%.80s: %s is not a whole number from 0 to %d",
                     json_text(part, "type", "a part"), name, most);
}

int component_pattern(Pattern **out, const cJSON *part, Error *err)
{
    const cJSON *pattern = component_member(part, "pattern");
    const cJSON *string = component_member(pattern, "String"),
                *regex = component_member(pattern, "Regex");
    if (cJSON_GetArraySize(pattern) != 1 || !cJSON_IsString(string ? string : regex))
        return missing(part, "pattern", "{\"String\": text} or {\"Regex\": text}", err);
    if (string && !*string->valuestring) return missing(part, "pattern", "a text to look for", err);
    if (string) {
        *out = pattern_new_string(string->valuestring);
        return 0;
    }
    if (pattern_new_regex(out, regex->valuestring, err) == 0) return 0;
    return error_wrap(err, "%.80s", json_text(part, "type", ""));
}

int component_list(const cJSON **out, const cJSON *part, const char *name, Error *err)
{
    const cJSON *list = component_member(part, name);
    bool objects = cJSON_IsArray(list);
    for (const cJSON *item = objects ? list->child : NULL; item; item = item->next)
        objects = objects && cJSON_IsObject(item);
    if (!objects) return missing(part, name, "a list of objects", err);
    *out = list;
    return 0;
}
