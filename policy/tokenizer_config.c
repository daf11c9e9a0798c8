#include "policy/tokenizer_config.h"

#include <stdlib.h>
#include <string.h>

#include "policy/component.h"
#include "policy/tokenizer_parts.h"

const char *tokenizer_config_token(const cJSON *config, const char *role)
{
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(config, role);
    return json_text(config, role, json_text(object, "content", NULL));
}

static cJSON_bool is_token(const cJSON *value)
{
    return cJSON_IsString(value) || json_text(value, "content", NULL);
}

static cJSON_bool is_template(const cJSON *value)
{
    const cJSON *item;
    if (cJSON_IsString(value)) return true;
    if (!cJSON_IsArray(value) && !cJSON_IsObject(value)) return false;
    cJSON_ArrayForEach(item, value)
    {
        if (cJSON_IsObject(value)
                ? !cJSON_IsString(item)
                : !json_text(item, "name", NULL) || !json_text(item, "template", NULL))
            return false;
    }
    return true;
}

/* Whether the members that are read here are of the types that they have to be; null is as not there. */
static int check_types(const cJSON *config, Error *err)
{
    static const char TOKEN[] = "a text or an object with its \"content\"",
                      TRUTH[] = "true or false";
    static const struct {
        const char *name;
        cJSON_bool (*is)(const cJSON *value);
        const char *what;
    } MEMBER[] = {{"bos_token", is_token, TOKEN},
                  {"eos_token", is_token, TOKEN},
                  {"unk_token", is_token, TOKEN},
                  {"pad_token", is_token, TOKEN},
                  {"add_bos_token", cJSON_IsBool, TRUTH},
                  {"add_eos_token", cJSON_IsBool, TRUTH},
                  {"add_prefix_space", cJSON_IsBool, TRUTH},
                  {"tokenizer_class", cJSON_IsString, "a text"},
                  {"additional_special_tokens", cJSON_IsArray, "a list"},
                  {"added_tokens_decoder", cJSON_IsObject, "an object"},
                  {"chat_template", is_template, "a text or a list of named ones"}};
    if (!cJSON_IsObject(config)) return error_set(err, "not a JSON object");
    for (size_t i = 0; i < sizeof MEMBER / sizeof *MEMBER; i++) {
        const cJSON *value = component_member(config, MEMBER[i].name);
        if (value && !cJSON_IsNull(value) && !MEMBER[i].is(value))
            return error_set(err, "%s is not %s", MEMBER[i].name, MEMBER[i].what);
    }
    return 0;
}

const char *tokenizer_config_template(const cJSON *config)
{
    const cJSON *item, *list = cJSON_GetObjectItemCaseSensitive(config, "chat_template");
    if (cJSON_IsObject(list)) return json_text(list, "default", NULL);
    if (!cJSON_IsArray(list)) return json_text(config, "chat_template", NULL);
    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(json_text(item, "name", ""), "default") == 0)
            return json_text(item, "template", NULL);
    }
    return NULL;
}

/* The id of a role's token, -1 when there is none. */
static int read_token(int *id, const Tokenizer *t, const cJSON *config, const char *name,
                      Error *err)
{
    const char *token = tokenizer_config_token(config, name);
    *id = token ? tokenizer_id(t, token) : -1;
    if (!token || *id >= 0) return 0;
    return error_set(err, "%s \"%.80s\" is not a token of tokenizer.json", name, token);
}

/* add_bos_token decides, where it is there, whatever the post-processor puts in front: transformers makes
 * a new one of it. */
static int read_beginning(Tokenizer *t, const cJSON *config, Error *err)
{
    const cJSON *add = component_member(config, "add_bos_token");
    int bos;
    if (!cJSON_IsBool(add)) return 0;
    if (cJSON_IsFalse(add)) {
        t->around.front.n = 0;
        return 0;
    }
    if (read_token(&bos, t, config, "bos_token", err) != 0) return -1;
    if (bos < 0) return error_set(err, "add_bos_token is true, and there is no bos_token");
    t->around.front.n = 0;
    id_list_add(&t->around.front, bos);
    return 0;
}

int tokenizer_read_config(Tokenizer *t, const char *path, Error *err)
{
    cJSON *config = NULL;
    char *text = NULL;
    size_t n;
    int eos, rc = -1;
    if (!file_exists(path)) return 0;
    if (file_read(&text, &n, path, TOKENIZER_JSON_MAX, err) != 0) return -1;
    if (json_parse(&config, text, n, err) != 0 || check_types(config, err) != 0 ||
        read_token(&eos, t, config, "eos_token", err) != 0 || read_beginning(t, config, err) != 0) {
        error_wrap(err, "%s", path);
        goto done;
    }
    if (eos >= 0) t->eos = eos;
    t->config = text;
    text = NULL;
    rc = 0;
done:
    free(text);
    cJSON_Delete(config);
    return rc;
}
