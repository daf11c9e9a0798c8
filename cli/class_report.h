/* What `classify` and `classify eval` say of a classifier. */
#ifndef CLI_CLASS_REPORT_H
#define CLI_CLASS_REPORT_H

#include "cli/class_texts.h"

/* A classifier by its name, ready to use, with the names of its classes; "" is the newest run of classify. */
int classifier_open(Loaded *l, ClassNames *names, const Context *ctx, const char *name, Error *err);

typedef struct {
    ClassScores scores;
    long *confusion; /* (K,K) class, said; class_report_free */
    int n;
} ClassReport;
ClassReport class_report_make(Policy *p, const ClassNames *names, const LabeledSet *texts);
void class_report_free(ClassReport *r);
/* One JSON object, with the model's name. */
void class_report_json(Text *t, const ClassReport *r, const ClassNames *names, const Context *ctx,
                       const char *folder);
/* `what` the texts are: "held-out text". */
void class_report_print(const char *name, const ClassReport *r, const ClassNames *names,
                        const char *what);

#endif
