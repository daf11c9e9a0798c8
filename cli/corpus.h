/* Raw text for pretraining: documents from files and folders. */
#ifndef CLI_CORPUS_H
#define CLI_CORPUS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

/* Documents in order; sha256 is of the files' bytes. */
typedef struct {
    char **text;
    char **name; /* "notes/a.txt", "more.jsonl:12" */
    int n;
    int files;
    int plain; /* documents that are whole files of plain text */
    int folders;
    char sha256[SHA256_HEX];
    /* What corpus_clean found. */
    bool *held_out; /* (n) NULL: it was not asked */
    int same, alike;
    int not_text; /* files in folders that are not UTF-8 */
    /* a line of JSON for each document and file left out: {"document", "why", "of",
     * "similarity"} */
    Text left_out;
} Corpus;

/* *.jsonl: a document per line, {"text": ...}; any other file is one document, blank lines and all; a folder is
 * all files in it and below, by name, without those whose names begin with a dot.  Text must be UTF-8; in a folder
 * a file that is not is left out. */
int corpus_read(Corpus *out, const char *const *paths, int n_paths, Error *err);
/* Leave out documents that repeat an earlier one, the same words or nearly (duplicates.h); of the others at most
 * one in `every` is held out, by the hash of its words, until `bytes` bytes are. */
void corpus_clean(Corpus *c, int every, size_t bytes);
void corpus_free(Corpus *c);

#endif
