/* The record of a run, read back: settings.json and metrics.jsonl of the run that a model came from. */
#ifndef CLI_RUN_RECORD_H
#define CLI_RUN_RECORD_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/error.h"
#include "base/file.h"

typedef struct {
    char folder[FILE_PATH_MAX], name[128]; /* of the run; name is "" when the model is of none */
    int64_t step;                          /* of the checkpoint, or -1 */
    char start[SHA256_HEX]; /* the weights that it began from, "" when it began from none */
    cJSON *settings;        /* {section: {name: value}}, or NULL */
    cJSON **row;            /* (n) one object per step */
    int n;
} RunRecord;

/* Of the run that `model_folder` is a checkpoint of.  A folder outside any run gives an empty record. */
int run_record_read(RunRecord *out, const char *model_folder, Error *err);
void run_record_free(RunRecord *r);

/* The steps that have a number called `name`, and that number: x, y (record.n); returns how many. */
int run_record_column(double *x, double *y, const RunRecord *r, const char *name);

/* What `reward.shrink` did at the end of a reward model's training. */
typedef struct {
    double factor;   /* the scores were multiplied by it; 1 when there is no record of shrinking */
    double accuracy; /* on the held-out pairs, of the scores before */
} Shrinkage;
int run_record_shrinkage(Shrinkage *out, const char *model_folder, Error *err);

#endif
