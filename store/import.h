/* One row of a data set, understood.  Private to store/. */
#ifndef STORE_IMPORT_H
#define STORE_IMPORT_H

#include "base/json.h"
#include "store/dialogue.h"
#include "store/import_rows.h"
#include "store/import_texts.h"
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
    int64_t
        family; /* of the prompt, once the row is kept; and the numbers of its texts in the batch: */
    int prompt_text, chosen_text, rejected_text;
} ImportItem;

typedef struct {
    int64_t line;
    const Layout *layout;
    Dialogue dialogue;
    /* that the prompts of a dialogue are written in; NULL: none with tokens */
    const char *template;
    ImportItem *item; /* (n) */
    int n;
    char *raw;     /* the line as it came, when rejects are kept */
    char *refused; /* why the row is not taken; NULL: it is */
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
/* A line of plain text, which is a prompt as it stands. */
int import_take_text(ImportRow *out, const char *bytes, size_t n, const ImportOptions *options,
                     Error *err);
/* Dialogues become prompts and answers by options->render. */
int import_render(ImportRow *row, const ImportOptions *options, Error *err);
void import_row_free(ImportRow *row);

/* Rows that go into the store together. */
typedef struct {
    ImportRow *row;
    size_t n_rows, n_taken, n_bytes; /* taken: not refused */
    ImportTexts texts;
    int64_t offset; /* in the file, of the end of the last */
} ImportBatch;

/* What is on its way into the store. */
typedef struct {
    Store *store;
    const ImportOptions *options;
    ImportResult *result;
    ImportRows
        rows; /* that wait; of its source, model, annotator and session the last three come with the
                        first answer or verdict */
    ImportTexts *texts; /* of the batch that is stored now */
} ImportTarget;

/* Inside the caller's transaction, the texts being there.  -1 with a message that begins with the file is an error;
 * 1 is a row that contradicts what is there, whose reason stands in err. */
int import_store(ImportTarget *to, const ImportRow *row, Error *err);

#endif
