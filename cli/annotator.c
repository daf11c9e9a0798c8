#include "cli/annotator.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"

enum { NAME_BYTES_MAX = 60 };

const char *annotator_name(const char *as)
{
    const char *name = as ? as : getenv("RLHF_ANNOTATOR");
    if (name && *name) return name;
    const struct passwd *user = getpwuid(geteuid());
    return user && *user->pw_name ? user->pw_name : "annotator";
}

int annotator_check_name(const char *name, Error *err)
{
    if (!name[strspn(name, " \t")]) return error_usage(err, "a name is missing");
    if (strchr(name, ':'))
        return error_usage(err, "annotator '%.60s': a person's name has no colon", name);
    if (strlen(name) > NAME_BYTES_MAX || !text_is_utf8(name, strlen(name), NULL))
        return error_usage(err, "annotator '%.60s': a name is UTF-8, at most %d bytes", name,
                           NAME_BYTES_MAX);
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127)
            return error_usage(err, "a name has no control characters");
    return 0;
}

/* A command that ends with a name, which a shell has to read as one. */
static int hint_for(const char *name, const char *command, Error *err)
{
    Text word = {0};
    text_add_word(&word, name);
    error_hint(err, "%s %.100s", command, word.bytes);
    text_free(&word);
    return -1;
}

static int unknown(const char *name, const StorePersonList *people, Error *err)
{
    Text all = {0};
    for (size_t i = 0; i < people->n; i++)
        text_format(&all, "%s%s", i > 0 ? ", " : "", people->row[i].handle);
    error_set(err, "there is no annotator '%.60s' here; there are %.200s", name, all.bytes);
    text_free(&all);
    return hint_for(name, "say who you are with --as NAME, or add the name: rlhf annotators add",
                    err);
}

static int look_up(const char *name, const StorePersonList *people, int64_t *id, Error *err)
{
    for (size_t i = 0; i < people->n; i++) {
        const StorePerson *p = &people->row[i];
        /* as the schema compares them */
        if (strcasecmp(p->handle, name) != 0) continue;
        if (p->disabled) {
            error_set(err, "annotator %s is disabled", p->handle);
            return hint_for(p->handle,
                            "whoever runs the project can undo that: rlhf annotators enable", err);
        }
        *id = p->id;
        return 0;
    }
    return people->n > 1 ? unknown(name, people, err) : 0;
}

int annotator_find(const char *name, Store *store, int64_t *id, Error *err)
{
    StorePersonList people = {0};
    int64_t found = 0;
    if (annotator_check_name(name, err) != 0) return -1;
    if (store_list_people(store, &people, err) != 0) return -1;
    int rc = look_up(name, &people, &found, err);
    store_people_free(&people);
    if (rc == 0) *id = found;
    return rc;
}

int annotator_take(const char *name, Store *store, int64_t *id, Error *err)
{
    int64_t found = 0;
    if (annotator_find(name, store, &found, err) != 0) return -1;
    if (found == 0 && store_add_annotator(store, name, ANNOTATOR_HUMAN, &found, err) != 0)
        return -1;
    *id = found;
    return 0;
}
