/* What tokenizer_config.json says beside tokenizer.json: the stop token, and whether texts begin with a
 * token of their own. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "policy/component.h"
#include "policy/tokenizer_parts.h"

/* A token is a text or an object with a content; null and absent are none, which is the id -1. */
static int read_token(int *id, const Tokenizer *t, const cJSON *config, const char *name,
                      Error *err)
{
    const char *token = json_text(config, name, NULL);
    if (!token) token = json_text(component_member(config, name), "content", NULL);
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
    if (json_parse(&config, text, n, err) != 0 ||
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
