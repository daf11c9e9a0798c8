/* Texts with their classes, as tokens: of the store, of a file, or the thumbs that people gave to answers. */
#ifndef CLI_CLASS_TEXTS_H
#define CLI_CLASS_TEXTS_H

#include "cli/class_names.h"
#include "cli/loaded.h"
#include "reward/classifier.h"

/* Fewer texts than this train nothing, and measure nothing. */
enum { CLASS_TRAIN_MIN = 20, CLASS_HELD_OUT_MIN = 10 };

typedef struct {
    Sequences sequences;
    char **class_name; /* (n) */
    bool *held_out;    /* (n) */
    int n, too_long;   /* too_long: left out, beyond the context */
} ClassTexts;

/* Those of the store.  For training: held out are those of the valid split, and those of the test split left out;
 * else those of the test split alone, none held out. */
int class_texts_read_store(ClassTexts *out, Store *store, bool training, const Loaded *l,
                           Error *err);
/* JSON lines {"text","label"} or {"prompt","completion","label"}; a label is a text, a whole number, or true (the
 * class `up`) or false (`down`).  One text in five is held out, by a keyed hash of it, unless `whole`. */
int class_texts_read_file(ClassTexts *out, const char *path, bool whole, const Loaded *l,
                          Error *err);
/* Prompt and answer, of the classes `up` and `down`; held out are those of the valid split, and those of the test
 * split left out. */
int class_texts_read_thumbs(ClassTexts *out, Store *store, const Loaded *l, Error *err);
void class_texts_free(ClassTexts *c);
/* One row of such a file: its tokens go to `s`; *label (the caller frees) is NULL when it has none and need not. */
int class_row_read(Sequences *s, char **label, bool needed, const cJSON *row, const Tokenizer *t,
                   Error *err);

/* Those held out, or the others, with numbers for classes; a class that `names` has not got is an error. */
typedef struct {
    Sequences sequences;
    int *label; /* (n) */
    int n;
    char sha256[SHA256_HEX]; /* of tokens and labels */
} LabeledSet;
int labeled_set_take(LabeledSet *out, const ClassTexts *c, bool held_out, const ClassNames *names,
                     Error *err);
LabeledTexts labeled_texts(const LabeledSet *s);
void labeled_set_free(LabeledSet *s);

#endif
