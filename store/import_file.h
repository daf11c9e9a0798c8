/* A file of rows, read batch by batch.  Private to store/; it does not touch the database. */
#ifndef STORE_IMPORT_FILE_H
#define STORE_IMPORT_FILE_H

#include "store/import.h"
#include "store/import_form.h"
#include "store/line_reader.h"

typedef struct {
    const ImportOptions *options;
    LineReader lines;
    ImportForm form;
    const char *unit;     /* as in ImportResult */
    Text all;             /* a JSON array, */
    cJSON *array;         /* parsed; NULL: lines */
    const cJSON *element; /* the next one */
    size_t full, most;    /* rows that the next batch takes, and those of a large one */
    bool shared;          /* people are at work meanwhile: batches stay small */
    bool stopped;         /* by a signal */
} ImportFile;

int import_file_open(ImportFile *r, const char *path, const ImportOptions *options, Error *err);
/* By how it looks: lines, objects of several lines, or an array? */
int import_file_begin(ImportFile *r, Error *err);
/* 1: the batch is full; 0: it is the last; -1: an error, and the batch has what came before it in a broken file.  A
 * strict import is one batch, and its first bad row an error. */
int import_file_next(ImportFile *r, ImportBatch *out, Error *err);
/* Writing a batch took too long: the ones to come are half as large. */
void import_file_ask_less(ImportFile *r);
void import_file_close(ImportFile *r);

/* Empty, to be filled again. */
void import_batch_clear(ImportBatch *batch);
void import_batch_free(ImportBatch *batch);

#endif
