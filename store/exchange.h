/* Import and export. */
#ifndef STORE_EXCHANGE_H
#define STORE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "store/database.h"
#include "store/label.h"
#include "store/prompt.h"

typedef enum {
    DATA_AUTO,
    DATA_PROMPTS,
    DATA_DEMONSTRATIONS,
    DATA_PREFERENCES,
    DATA_JUDGEMENTS,
    DATA_CLASSES, /* texts with a class each */
    DATA_LABELS,
    DATA_RESPONSES
} DataKind;
int data_kind_parse(DataKind *out, const char *name, Error *err);

/* A message of a conversation that is imported. */
typedef struct {
    const char *role; /* one of STORE_ROLES, the same pointer */
    const char *content;
} StoreMessage;
extern const char *const STORE_ROLES[3]; /* system, user, assistant */

/* What a conversation is to become: the texts that a model reads and says. */
typedef struct {
    const StoreMessage *message; /* (n) what the answers follow */
    int n;
    const char *answer[2];  /* as somebody wrote them; NULL: none */
    char *prompt, *said[2]; /* filled in; the store frees them */
    const char *template;   /* filled in: as in StorePrompt; stays as long as the import */
} StoreConversation;

/* An unknown name is wrong use. */
int store_layout_check(const char *name, Error *err);

typedef struct {
    DataKind kind;      /* DATA_AUTO: by the names in each row */
    const char *layout; /* that all rows are of; NULL: by the names in each row */
    /* (n_classes) of labels that are whole numbers, the first of 0; NULL: in digits */
    char *const *class_name;
    int n_classes;
    bool lines;         /* the file is text: each line that is not blank is a prompt as it stands */
    const char *source; /* NULL: the file's name without folders and endings */
    bool chat;          /* a prompt that is a text becomes the one turn of a user, to be rendered */
    const char *system; /* with chat: the turn before it; NULL: none */
    Split split;        /* SPLIT_ANY: by keyed hash */
    FileWriter *rejects; /* refused lines go here as they came; the caller commits; may be NULL */
    FileWriter *reasons; /* and why they were, a line each: "FILE: line 3: ..."; likewise */
    bool strict;         /* the first bad row ends the import and nothing of it is kept */
    /* Conversations and texts given as token ids, which store/ cannot read: 0, or -1 when this one cannot be
     * taken, with the reason in err, or -2 when none can be and the import ends.  NULL refuses them. */
    int (*render)(void *reader, StoreConversation *conversation, Error *err);
    int (*decode)(void *reader, char **text, const int *token, int n, Error *err);
    void *reader;
    /* Called after each batch with bytes read (of a .gz: compressed) and the file's size, 0 if unknown. */
    void (*on_progress)(void *context, int64_t bytes, int64_t total);
    void *context;
} ImportOptions;

enum { IMPORT_SAMPLES = 3, IMPORT_REFUSALS = 5 };
typedef struct {
    int64_t line;
    char reason[256];
} ImportRefusal;
typedef struct {
    const char *layout, *about; /* its name, and what it is in a few words */
    DataKind kind;
    const char *prompt;
    /* a demonstration and a judgement have no rejected, a prompt neither; the chosen of a text is its class */
    const char *chosen, *rejected;
    Outcome outcome; /* of a preference: pref, tie, both_bad */
    bool good;       /* of a judgement */
    int64_t line;
} ImportSample;
typedef struct {
    int64_t taken, duplicate, refused; /* rows */
    /* new in the store; moved as in StoreAdded */
    int64_t prompts, demonstrations, comparisons, judgements, class_texts, moved;
    int64_t
        own_pairs; /* that models here answered: no new comparisons, but labels of the import's */
    int64_t by_split[SPLIT_N]; /* taken rows */
    /* taken rows whose prompt is a text that ImportOptions.chat would have made a turn */
    int64_t as_is;
    int64_t stays[SPLIT_N]; /* duplicates whose prompt is there, and not in the split asked for */
    const char *unit;       /* of `line` below: "line", or "element" of a JSON array */
    ImportRefusal refusal[IMPORT_REFUSALS]; /* the first refused rows, by line */
    int64_t lines;                          /* read */
    bool stopped;                           /* a signal ended it after them */
    int n_samples;
    ImportSample sample[IMPORT_SAMPLES]; /* the first rows taken, as understood */
} ImportResult;
/* JSON lines, JSON objects of several lines, or one JSON array of rows, plain or gzip; "-" is standard input.  Each row is recognised by its
 * members (docs/formats.md has the layouts).  Bad rows are refused with line and reason, the others taken; an
 * import with no row to take is an error.  A signal ends it after the row it is at, and what was read is kept; a
 * strict one then fails. */
int store_import(Store *s, const char *path, const ImportOptions *options, ImportResult *out,
                 Error *err);
void store_import_free(ImportResult *result);
/* "prompts.jsonl: 2,391 rows taken, 9 refused" */
void store_import_summary(const ImportResult *result, const char *path, char *out, size_t n);

typedef enum { EXPORT_EXPLICIT, EXPORT_HH } ExportForm;
/* JSON lines in TRL's explicit form, preferences also in HH-RLHF's raw one (prompt and answer as one text,
 * whatever the prompt is); DATA_LABELS: every label row with its history, as it was given;
 * DATA_RESPONSES: every answer with what made it; DATA_JUDGEMENTS: those that stand, in TRL's unpaired form;
 * DATA_CLASSES: {"text", "label"}.
 * `rows` may be NULL. */
int store_export(Store *s, DataKind kind, ExportForm form, Split split, FILE *to, int64_t *rows,
                 Error *err);

#endif
