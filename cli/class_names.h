/* The names of a classifier's classes: in order of their bytes, and in the model's folder as transformers has
 * them. */
#ifndef CLI_CLASS_NAMES_H
#define CLI_CLASS_NAMES_H

#include "base/error.h"

typedef struct {
    char **name;
    int n;
} ClassNames;

/* Its place, or -1. */
int class_names_find(const ClassNames *c, const char *name);
/* Unless it is there, at its place in the order; those after it move. */
void class_names_add(ClassNames *c, const char *name);
void class_names_free(ClassNames *c);
/* The names in a file, one a line, in that order: what whole numbers from 0 on stand for. */
int class_names_read_lines(ClassNames *out, const char *path, Error *err);

/* Into a folder that a policy has been saved in: id2label and label2id of config.json, or, where an adapter has none,
 * {"id2label": ..., "label2id": ...} as classes.json. */
int class_names_write(const ClassNames *c, const char *folder, Error *err);
/* Of a model with n > 1 heads; the order is that of the heads. */
int class_names_read(ClassNames *out, const char *folder, int n, Error *err);
/* The place of `name` among those of a classifier with n heads; "" or an unknown one is an error that lists them. */
int class_names_choose(int *index, const char *folder, int n, const char *name, Error *err);

#endif
