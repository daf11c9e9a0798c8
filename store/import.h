/* One row of a data set, understood.  Private to store/. */
#ifndef STORE_IMPORT_H
#define STORE_IMPORT_H

#include "base/json.h"
#include "store/dialogue.h"
#include "store/store.h"

typedef struct Layout Layout; /* layout.h */

/* What a row adds to the store; most rows are one item. */
typedef struct {
    DataKind kind;   /* prompts, demonstrations, preferences, judgements or classes */
    int turns;       /* of the row's dialogue, which the answers follow; 0: the prompt is a text */
    char *prompt;    /* as the model reads it; of a dialogue NULL until it is rendered */
    char *words;     /* the prompt as it was written, where it was made a turn; else NULL */
    char *chosen;    /* the answer; of a tie the first one; of a prompt NULL; of a text its class */
    char *rejected;  /* of preferences alone */
    Outcome outcome; /* of a preference: pref, tie, both_bad */
    double margin;   /* by which chosen is better, where a data set says; else NAN */
    bool good;       /* of a judgement */
} ImportItem;

typedef struct {
    int64_t line;
    const Layout *layout;
    Dialogue dialogue;
    /* that the prompts of a dialogue are written in; NULL: none with tokens */
    const char *template;
    ImportItem *item; /* (n) */
    int n;
    char *raw; /* the line as it came, when rejects are kept */
} ImportRow;

/* A row that is not taken makes them return -1, and what it is not taken for stands in err->message, without
 * file and line; what ends the whole import, -2 (IMPORT_CANNOT). */
enum { IMPORT_CANNOT = -2 };

/* Whether the item's prompt is a text that could be the turn of a user. */
bool import_could_be_turn(const ImportRow *row, const ImportItem *item);
/* Understand one line, dialogues not yet rendered. */
int import_parse(ImportRow *out, const char *bytes, size_t n, const ImportOptions *options,
                 Error *err);
/* The same of an element of an array. */
int import_take(ImportRow *out, const cJSON *element, const ImportOptions *options, Error *err);
/* Dialogues become prompts and answers by options->render. */
int import_render(ImportRow *row, const ImportOptions *options, Error *err);
void import_row_free(ImportRow *row);

typedef struct ImportLabels ImportLabels;

/* What has been understood so far of one file, on its way into the store. */
typedef struct {
    Store *store;
    const ImportOptions *options;
    ImportResult *result;
    char *source;
    int64_t model_id, session_id, annotator_id; /* of answers and verdicts, once the first came */
    ImportLabels *labels; /* that are not in the store yet; the caller frees */
} ImportTarget;

/* Inside the caller's transaction.  -1 with a message that begins with the file is an error; 1 is a row that
 * contradicts what is there, whose reason stands in err. */
int import_store(ImportTarget *to, const ImportRow *row, Error *err);
/* To be called before the transaction ends: what waits goes into it. */
int import_flush(ImportTarget *to, Error *err);

#endif
