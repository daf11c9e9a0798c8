/* The file itself: made, opened, copied, verified. */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <stdint.h>

#include "base/error.h"

typedef struct Store Store;

/* Make a new database; an existing file is an error.  `seed` draws the sides on which answers are shown. */
int store_create(const char *path, uint64_t seed, Error *err);
/* Open one made by store_create; one of an older version is brought up to this one.  A missing, foreign, newer,
 * truncated or remote file is an error. */
int store_open(Store **out, const char *path, Error *err);
/* The same for a call that only reads: where this user may not write the file or its folder, as it stands.  Nothing
 * that writes may be asked of such a store. */
int store_open_to_read(Store **out, const char *path, Error *err);
void store_close(Store *s);
/* Now, as stored. */
int64_t store_time_us(void);
/* A copy of the whole database at `path`, checked and then renamed into place; works while others write. */
int store_backup(Store *s, const char *path, Error *err);
/* The version of SQLite, and the journal mode that is safe with it: "wal" or "truncate". */
const char *store_library(const char **journal_mode);

typedef struct {
    int64_t labels, judgements, contents; /* rows whose hash was recomputed */
} StoreVerified;
/* File structure, foreign keys, the hash of every text, the hash chains of labels and judgements. */
int store_verify(Store *s, StoreVerified *out, Error *err);

/* What a call that adds rows did with them. */
typedef struct {
    int64_t added;
    int64_t duplicate; /* already there: the row's id is filled in all the same */
    int64_t refused;   /* comparisons of two equal texts */
    int64_t moved; /* prompts put into the split their near-duplicates are in, against the wish */
} StoreAdded;

#endif
