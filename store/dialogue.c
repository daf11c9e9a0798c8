#include "store/dialogue.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const char *const STORE_ROLES[3] = {"system", "user", "assistant"};

/* What a role is called elsewhere. */
static const struct {
    const char *name;
    int role;
} ROLES[] = {{"system", 0}, {"developer", 0}, {"user", 1},
             {"human", 1},  {"gpt", 2},       {"assistant", 2}};

static const char *role_of(const char *name)
{
    for (size_t i = 0; name && i < sizeof ROLES / sizeof *ROLES; i++)
        if (strcmp(ROLES[i].name, name) == 0) return STORE_ROLES[ROLES[i].role];
    return NULL;
}

static void take(Dialogue *d, const char *role, char *content)
{
    d->message = mem_realloc(d->message, (size_t)d->n + 1, sizeof *d->message);
    d->message[d->n++] = (StoreMessage){role, content};
}

void dialogue_say(Dialogue *d, const char *role, const char *content)
{
    take(d, role, mem_strdup(content));
}

/* A text, or its parts: [{"type": "text", "text": ...}, ...]; NULL for anything else.  The caller frees. */
static char *content_of(const cJSON *content)
{
    Text t = {0};
    if (cJSON_IsString(content)) return mem_strdup(content->valuestring);
    if (!cJSON_IsArray(content)) return NULL;
    const cJSON *part;
    cJSON_ArrayForEach(part, content)
    {
        const char *text = json_text(part, "text", NULL);
        if (!text || strcmp(json_text(part, "type", "text"), "text") != 0) {
            text_free(&t);
            return NULL;
        }
        text_add(&t, text);
    }
    return text_take(&t);
}

static int read_message(Dialogue *d, const cJSON *message, Error *err)
{
    const int number = d->n + 1;
    if (!cJSON_IsObject(message)) return error_set(err, "message %d is no object", number);
    const char *name = json_text(message, "role", json_text(message, "from", NULL));
    const cJSON *content = cJSON_GetObjectItemCaseSensitive(message, "content");
    if (!content) content = cJSON_GetObjectItemCaseSensitive(message, "value");
    if (!name) return error_set(err, "message %d has no \"role\"", number);
    const char *role = role_of(name);
    if (!role)
        return error_set(err, "message %d is of the role \"%.40s\": not system, user or assistant",
                         number, name);
    if (number > DIALOGUE_MAX) return error_set(err, "more than %d messages", DIALOGUE_MAX);
    char *text = content_of(content);
    if (!text) return error_set(err, "message %d is no text (tools and images are not)", number);
    take(d, role, text);
    return 0;
}

int dialogue_read(Dialogue *d, const cJSON *value, Error *err)
{
    if (cJSON_IsObject(value)) return read_message(d, value, err);
    const cJSON *message;
    cJSON_ArrayForEach(message, value) if (read_message(d, message, err) != 0) return -1;
    return 0;
}

void dialogue_append(Dialogue *d, Dialogue *from)
{
    for (int i = 0; i < from->n; i++)
        take(d, from->message[i].role, (char *)from->message[i].content);
    free(from->message);
    *from = (Dialogue){0};
}

void dialogue_cut(Dialogue *d, int n)
{
    while (d->n > n) free((char *)d->message[--d->n].content);
}

int dialogue_shared(const Dialogue *a, const Dialogue *b)
{
    int n = 0;
    while (n < a->n && n < b->n && a->message[n].role == b->message[n].role &&
           strcmp(a->message[n].content, b->message[n].content) == 0)
        n++;
    return n;
}

void dialogue_free(Dialogue *d)
{
    dialogue_cut(d, 0);
    free(d->message);
    *d = (Dialogue){0};
}
