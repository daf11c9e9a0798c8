/* Raw text for pretraining: documents from files. */
#ifndef CLI_CORPUS_H
#define CLI_CORPUS_H

#include "base/error.h"
#include "base/file.h"

/* Documents in order; sha256 is of the files' bytes. */
typedef struct {
    char **text;
    int n;
    int plain; /* documents that are whole files of plain text */
    char sha256[SHA256_HEX];
} Corpus;

/* *.jsonl: a document per line, {"text": ...}; any other file is one document, blank lines and all.
 * Text must be UTF-8. */
int corpus_read(Corpus *out, const char *const *paths, int n_paths, Error *err);
void corpus_free(Corpus *c);

#endif
