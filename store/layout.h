/* The layouts that published data sets come in: a table.  A row is of the first layout whose members it has
 * all.  Private to store/. */
#ifndef STORE_LAYOUT_H
#define STORE_LAYOUT_H

#include "store/import.h"

enum { LAYOUT_KEYS = 5 };

struct Layout {
    const char *name, *about;
    /* a prompt that is a text is the beginning of the answers' text, no turn of a user */
    bool continues;
    const char *key[LAYOUT_KEYS];      /* members that are there and not null */
    bool (*fits)(const cJSON *object); /* what else has to hold; NULL: nothing */
    int (*take)(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err);
};

/* The layout of this row, among those called `wanted` (NULL: all); one of none is an error that says what was
 * wanted. */
int layout_recognise(const Layout **out, const cJSON *object, const char *wanted, Error *err);
/* The member, or NULL when it is not there or null. */
const cJSON *layout_member(const cJSON *object, const char *name);

/* How rows become items; layout_take.c and layout_published.c. */
typedef int LayoutTake(ImportRow *row, const cJSON *object, const ImportOptions *options,
                       Error *err);
LayoutTake take_prompt, take_demonstration, take_preference, take_unpaired, take_messages,
    take_alpaca, take_class;
LayoutTake take_summaries, take_shp, take_webgpt, take_arena, take_token_ids, take_ultrafeedback;

/* What they are made of. */
void layout_add_pair(ImportRow *row, const char *prompt, const char *chosen, const char *rejected);
/* Two whole conversations, or two answers to `prompt` (a text, messages, or NULL). */
int layout_add_dialogues(ImportRow *row, const cJSON *prompt, const cJSON *chosen,
                         const cJSON *rejected, Error *err);
/* A member that has to be a text. */
int layout_text(const char **out, const cJSON *object, const char *name, Error *err);

#endif
