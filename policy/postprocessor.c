#include "policy/postprocessor.h"

#include <stdlib.h>
#include <string.h>

#include "policy/component.h"

static int add(IdList *list, int id, Error *err)
{
    if (list->n >= POSTPROCESSOR_IDS_MAX)
        return error_set(err, "more than %d ids before or after a text", POSTPROCESSOR_IDS_MAX);
    id_list_add(list, id);
    return 0;
}

static int append(IdList *list, const IdList *more, Error *err)
{
    for (size_t i = 0; i < more->n; i++)
        if (add(list, more->ids[i], err) != 0) return -1;
    return 0;
}

static int add_id(IdList *list, const cJSON *id, int n_ids, Error *err)
{
    if (!cJSON_IsNumber(id) || !(id->valuedouble >= 0 && id->valuedouble < n_ids) ||
        id->valuedouble != (int)id->valuedouble)
        return error_set(err, "an id that is not in 0..%d", n_ids - 1);
    return add(list, (int)id->valuedouble, err);
}

/* {"SpecialToken": {"id": NAME}}: the ids that special_tokens has for the name.  One at least, so that the
 * bound on ids is one on pieces too, each of which is looked up. */
static int add_special(IdList *list, const cJSON *piece, const cJSON *part, int n_ids, Error *err)
{
    const char *name = json_text(piece, "id", NULL);
    const cJSON *token =
        name ? component_member(component_member(part, "special_tokens"), name) : NULL;
    const cJSON *ids = component_member(token, "ids");
    if (!cJSON_IsArray(ids) || !ids->child)
        return error_set(err, "special_tokens has no ids for \"%.80s\"", name ? name : "");
    for (const cJSON *id = ids->child; id; id = id->next)
        if (add_id(list, id, n_ids, err) != 0)
            return error_wrap(err, "special_tokens: \"%.80s\"", name);
    return 0;
}

static int read_template(Postprocessor *p, const cJSON *part, int n_ids, Error *err)
{
    const cJSON *single;
    bool seen = false;
    if (component_list(&single, part, "single", err) != 0) return -1;
    for (const cJSON *item = single->child; item; item = item->next) {
        const cJSON *special = component_member(item, "SpecialToken"),
                    *sequence = component_member(item, "Sequence");
        if (special) {
            if (add_special(seen ? &p->back : &p->front, special, part, n_ids, err) != 0) return -1;
        } else if (seen || strcmp(json_text(sequence, "id", ""), "A") != 0) {
            return error_set(err, "single: a template other than tokens around one Sequence A "
                                  "is not supported");
        } else {
            seen = true;
        }
    }
    return seen ? 0 : error_set(err, "single has no Sequence A");
}

/* [spelling, id] */
static int read_pair(IdList *list, const cJSON *part, const char *name, int n_ids, Error *err)
{
    const cJSON *pair = component_member(part, name);
    if (cJSON_GetArraySize(pair) != 2 || !cJSON_IsString(pair->child))
        return error_set(err, "%s is not a token and its id", name);
    return add_id(list, pair->child->next, n_ids, err);
}

static int read_simple(Postprocessor *p, const cJSON *part, int n_ids, Error *err)
{
    if (component_is(part, "ByteLevel")) return 0;
    if (component_is(part, "TemplateProcessing")) return read_template(p, part, n_ids, err);
    if (!component_is(part, "BertProcessing") && !component_is(part, "RobertaProcessing"))
        return component_refuse(part, err);
    if (read_pair(&p->front, part, "cls", n_ids, err) != 0) return -1;
    return read_pair(&p->back, part, "sep", n_ids, err);
}

/* Of two in a Sequence the second puts its ids around those of the first. */
static int read_part(Postprocessor *p, const cJSON *part, int n_ids, Error *err)
{
    if (component_is(part, "Sequence")) {
        const cJSON *list;
        if (component_list(&list, part, "processors", err) != 0) return -1;
        for (const cJSON *item = list->child; item; item = item->next)
            if (read_part(p, item, n_ids, err) != 0) return -1;
        return 0;
    }
    Postprocessor outer = {0};
    int rc = read_simple(&outer, part, n_ids, err);
    if (rc == 0) rc = append(&outer.front, &p->front, err);
    if (rc == 0) rc = append(&p->back, &outer.back, err);
    free(p->front.ids);
    p->front = outer.front;
    free(outer.back.ids);
    return rc;
}

int postprocessor_read(Postprocessor *out, const cJSON *part, int n_ids, Error *err)
{
    Postprocessor p = {0};
    if (!component_absent(part) && read_part(&p, part, n_ids, err) != 0) {
        postprocessor_free(&p);
        return error_wrap(err, "post_processor");
    }
    *out = p;
    return 0;
}

void postprocessor_free(Postprocessor *p)
{
    free(p->front.ids);
    free(p->back.ids);
    *p = (Postprocessor){0};
}
