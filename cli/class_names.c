#include "cli/class_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

enum { CONFIG_LIMIT = 1 << 20, NUMBER = 16 };

int class_names_find(const ClassNames *c, const char *name)
{
    for (int i = 0; i < c->n; i++)
        if (strcmp(c->name[i], name) == 0) return i;
    return -1;
}

void class_names_add(ClassNames *c, const char *name)
{
    int at = 0;
    if (class_names_find(c, name) >= 0) return;
    while (at < c->n && strcmp(c->name[at], name) < 0) at++;
    c->name = mem_realloc(c->name, (size_t)c->n + 1, sizeof *c->name);
    memmove(c->name + at + 1, c->name + at, (size_t)(c->n++ - at) * sizeof *c->name);
    c->name[at] = mem_strdup(name);
}

void class_names_free(ClassNames *c)
{
    for (int i = 0; i < c->n; i++) free(c->name[i]);
    free(c->name);
    *c = (ClassNames){0};
}

static int add_line(ClassNames *c, const char *name, Error *err)
{
    if (!*name) return error_set(err, "it is empty");
    const int at = class_names_find(c, name);
    if (at >= 0) return error_set(err, "'%.60s' is the name of %d already", name, at);
    c->name = mem_realloc(c->name, (size_t)c->n + 1, sizeof *c->name);
    c->name[c->n++] = mem_strdup(name);
    return 0;
}

int class_names_read_lines(ClassNames *out, const char *path, Error *err)
{
    enum { NAME_MAX_BYTES = 1000 };
    ClassNames c = {0};
    Text line = {0};
    int rc = 0;
    FILE *f = fopen(path, "re");
    if (!f) return error_set(err, "%s: %s", path, strerror(errno));
    for (int more; rc == 0 && (more = text_read_line(&line, f, NAME_MAX_BYTES)) != 0;) {
        rc = more < 0 ? error_set(err, "longer than %d bytes", NAME_MAX_BYTES)
                      : add_line(&c, line.bytes ? line.bytes : "", err);
        if (rc != 0) error_wrap(err, "%s: line %d", path, c.n + 1);
    }
    if (rc == 0 && ferror(f)) rc = error_set(err, "%s: cannot be read", path);
    if (rc == 0 && c.n == 0) rc = error_set(err, "%s: there are no names in it", path);
    fclose(f);
    text_free(&line);
    if (rc == 0) *out = c;
    else class_names_free(&c);
    return rc;
}

/* config.json, or classes.json where there is none. */
static int find_file(char path[FILE_PATH_MAX], bool *is_config, const char *folder, Error *err)
{
    if (path_join(path, folder, "config.json", err) != 0) return -1;
    *is_config = file_exists(path);
    return *is_config ? 0 : path_join(path, folder, "classes.json", err);
}

static void put_tables(cJSON *o, const ClassNames *c)
{
    cJSON *names = cJSON_CreateObject(), *ids = cJSON_CreateObject();
    for (int i = 0; i < c->n; i++) {
        char number[NUMBER];
        snprintf(number, sizeof number, "%d", i);
        cJSON_AddStringToObject(names, number, c->name[i]);
        cJSON_AddNumberToObject(ids, c->name[i], i);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(o, "id2label");
    cJSON_DeleteItemFromObjectCaseSensitive(o, "label2id");
    cJSON_AddItemToObject(o, "id2label", names);
    cJSON_AddItemToObject(o, "label2id", ids);
}

int class_names_write(const ClassNames *c, const char *folder, Error *err)
{
    char path[FILE_PATH_MAX];
    bool is_config;
    cJSON *o = NULL;
    if (find_file(path, &is_config, folder, err) != 0) return -1;
    if (is_config && json_read(&o, path, CONFIG_LIMIT, false, err) != 0) return -1;
    if (!o) o = cJSON_CreateObject();
    put_tables(o, c);
    char *printed = cJSON_Print(o);
    Text t = {0};
    text_add(&t, printed);
    text_add(&t, "\n");
    const int rc = file_write(path, t.bytes, t.n, err);
    text_free(&t);
    cJSON_free(printed);
    cJSON_Delete(o);
    return rc;
}

static int take_names(ClassNames *c, const cJSON *table, int n, Error *err)
{
    if (cJSON_GetArraySize(table) != n)
        return error_set(err, "id2label does not name %d classes", n);
    c->name = mem_calloc((size_t)n, sizeof *c->name);
    for (; c->n < n; c->n++) {
        char number[NUMBER];
        snprintf(number, sizeof number, "%d", c->n);
        const char *name = json_text(table, number, NULL);
        if (!name || class_names_find(c, name) >= 0)
            return error_set(err, "id2label has no name of its own for class %d", c->n);
        c->name[c->n] = mem_strdup(name);
    }
    return 0;
}

int class_names_read(ClassNames *out, const char *folder, int n, Error *err)
{
    char path[FILE_PATH_MAX];
    bool is_config;
    cJSON *o = NULL;
    ClassNames c = {0};
    if (n < 2) return error_set(err, "%s: no classifier (it has no heads for classes)", folder);
    if (find_file(path, &is_config, folder, err) != 0) return -1;
    if (json_read(&o, path, CONFIG_LIMIT, false, err) != 0) return -1;
    const int rc = take_names(&c, cJSON_GetObjectItemCaseSensitive(o, "id2label"), n, err);
    cJSON_Delete(o);
    if (rc == 0) *out = c;
    else class_names_free(&c);
    return rc == 0 ? 0 : error_wrap(err, "%s", path);
}

int class_names_choose(int *index, const char *folder, int n, const char *name, Error *err)
{
    ClassNames c = {0};
    Text list = {0};
    if (class_names_read(&c, folder, n, err) != 0) return -1;
    *index = class_names_find(&c, name);
    for (int i = 0; i < c.n; i++) text_format(&list, "%s%s", i ? ", " : "", c.name[i]);
    if (*index < 0 && *name)
        error_set(err, "%s: there is no class '%.60s'; it has: %s", folder, name, list.bytes);
    else if (*index < 0)
        error_set(err, "%s is a classifier: which class? It has: %s", folder, list.bytes);
    text_free(&list);
    class_names_free(&c);
    return *index < 0 ? -1 : 0;
}
