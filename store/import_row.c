#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/import.h"
#include "store/layout.h"

void import_row_free(ImportRow *row)
{
    for (int i = 0; i < row->n; i++) {
        free(row->item[i].prompt);
        free(row->item[i].words);
        free(row->item[i].chosen);
        free(row->item[i].rejected);
    }
    free(row->item);
    free(row->raw);
    free(row->refused);
    dialogue_free(&row->dialogue);
    *row = (ImportRow){0};
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == 0;
}

/* A model is not taught to say nothing; that an answer of nothing is worse, or a tie, it may be. */
static int check(const ImportRow *row, const ImportItem *item, Error *err)
{
    if (item->kind == DATA_CLASSES)
        return is_blank(item->prompt)   ? error_set(err, "text is empty")
               : is_blank(item->chosen) ? error_set(err, "label is empty")
                                        : 0;
    const StoreMessage *last = item->turns ? &row->dialogue.message[item->turns - 1] : NULL;
    if (!item->prompt && !last) return error_set(err, "no prompt: there is no message before");
    if (last && last->role != STORE_ROLES[1])
        return error_set(err, "the turn before an answer is of the %s, not of the user",
                         last->role);
    if (is_blank(last ? last->content : item->prompt)) return error_set(err, "prompt is empty");
    if (item->kind == DATA_PREFERENCES && strcmp(item->chosen, item->rejected) == 0)
        return error_set(err, "chosen is equal to rejected");
    if (item->kind == DATA_PREFERENCES && item->outcome == OUTCOME_PREF && is_blank(item->chosen))
        return error_set(err, "chosen is empty");
    if (item->kind == DATA_DEMONSTRATIONS && is_blank(item->chosen))
        return error_set(err, "completion is empty");
    return 0;
}

/* Less can be made of a row than it holds: its prompt, or its better answer; never more. */
static int narrow(ImportItem *item, DataKind wanted, Error *err)
{
    const bool better = item->kind == DATA_PREFERENCES
                            ? item->outcome == OUTCOME_PREF
                            : item->kind != DATA_JUDGEMENTS || item->good;
    if (wanted == DATA_AUTO || wanted == item->kind) return 0;
    if (wanted == DATA_CLASSES) return error_set(err, "no \"text\" and \"label\"");
    if (item->kind == DATA_CLASSES) return error_set(err, "a text and its class, no prompt");
    if (wanted == DATA_PREFERENCES) return error_set(err, "no \"chosen\" and \"rejected\"");
    if (wanted == DATA_JUDGEMENTS) return error_set(err, "no \"label\"");
    if (wanted == DATA_DEMONSTRATIONS && !item->chosen) return error_set(err, "no \"completion\"");
    if (wanted == DATA_DEMONSTRATIONS && !better)
        return error_set(err, "its answers are not said to be good");
    free(item->rejected);
    item->rejected = NULL;
    if (wanted == DATA_PROMPTS) {
        free(item->chosen);
        item->chosen = NULL;
    }
    item->kind = wanted;
    return 0;
}

/* By how much the chosen answer is better: TRL's margin, or the difference of its scores. */
static double margin_of(const cJSON *object)
{
    const double difference =
        json_number(object, "score_chosen", NAN) - json_number(object, "score_rejected", NAN);
    return isnan(difference) ? json_number(object, "margin", NAN) : difference;
}

bool import_could_be_turn(const ImportRow *row, const ImportItem *item)
{
    return item->turns == 0 && item->kind != DATA_CLASSES && !row->layout->continues;
}

/* Of the layouts whose prompts could be turns, a row has one prompt. */
static int put_in_turn(ImportRow *row, ImportItem *item, const ImportOptions *options, Error *err)
{
    Dialogue *d = &row->dialogue;
    if (item->turns > 0 || item->kind == DATA_CLASSES) return 0;
    if (!import_could_be_turn(row, item))
        return error_set(
            err, "layout %s: its prompt goes over into the answer, and is no turn of a user",
            row->layout->name);
    if (options->system) dialogue_say(d, STORE_ROLES[0], options->system);
    dialogue_say(d, STORE_ROLES[1], item->prompt);
    item->words = item->prompt;
    item->prompt = NULL;
    item->turns = d->n;
    return 0;
}

static int take(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err)
{
    if (!cJSON_IsObject(object)) return error_set(err, "not a JSON object");
    if (layout_recognise(&row->layout, object, options->layout, err) != 0) return -1;
    const int rc = row->layout->take(row, object, options, err);
    if (rc != 0) return rc;
    for (int i = 0; i < row->n; i++) {
        ImportItem *item = &row->item[i];
        if (isnan(item->margin)) item->margin = margin_of(object);
        if (options->chat && put_in_turn(row, item, options, err) != 0) return -1;
        if (narrow(item, options->kind, err) != 0 || check(row, item, err) != 0) return -1;
    }
    return 0;
}

int import_take(ImportRow *out, const cJSON *element, const ImportOptions *options, Error *err)
{
    ImportRow row = {0};
    const int rc = take(&row, element, options, err);
    if (rc == 0) *out = row;
    else import_row_free(&row);
    return rc;
}

int import_parse(ImportRow *out, const char *bytes, size_t n, const ImportOptions *options,
                 Error *err)
{
    cJSON *object = NULL;
    if (json_parse_row(&object, bytes, n, err) != 0) return -1;
    const int rc = import_take(out, object, options, err);
    cJSON_Delete(object);
    return rc;
}

int import_take_text(ImportRow *out, const char *bytes, size_t n, const ImportOptions *options,
                     Error *err)
{
    size_t at;
    if (!text_is_utf8(bytes, n, &at))
        return error_set(err, "not valid UTF-8 at byte %zu%s", at,
                         memchr(bytes, 0, n) ? "; of UTF-16: iconv -f UTF-16 -t UTF-8" : "");
    cJSON *object = cJSON_CreateObject();
    char *text = mem_strndup(bytes, n);
    cJSON_AddStringToObject(object, "prompt", text);
    const int rc = import_take(out, object, options, err);
    cJSON_Delete(object);
    free(text);
    return rc;
}

static void replace(char **text, char *by)
{
    if (!by) return;
    free(*text);
    *text = by;
}

int import_render(ImportRow *row, const ImportOptions *options, Error *err)
{
    for (int i = 0; i < row->n; i++) {
        ImportItem *item = &row->item[i];
        StoreConversation c = {.message = row->dialogue.message,
                               .n = item->turns,
                               .answer = {item->chosen, item->rejected}};
        if (item->turns == 0) continue;
        if (!options->render) return error_set(err, "conversations are not taken");
        const int rc = options->render(options->reader, &c, err);
        if (rc != 0) return rc;
        replace(&item->prompt, c.prompt);
        replace(&item->chosen, c.said[0]);
        replace(&item->rejected, c.said[1]);
        row->template = c.template;
    }
    return 0;
}
