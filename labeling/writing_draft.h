/* What somebody is writing, kept in a file until it is saved or given up: a lost line or a killed program loses two
 * seconds of it.  The file is its writer's alone, and replaced by rename.  Of two programs at work the one that wrote
 * it first has it: the other neither reads nor replaces nor removes it. */
#ifndef LABELING_WRITING_DRAFT_H
#define LABELING_WRITING_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct {
    int64_t prompt_id; /* of the store that is being answered; 0: the prompt is written too */
    char *prompt, *answer;
    bool in_answer; /* where the cursor is, */
    int64_t cursor; /* before which byte of that text */
} WritingDraft;

int writing_draft_keep(const char *path, const WritingDraft *draft, Error *err);
/* *found is false when there is none, or another program that is at work has it; the texts are the caller's, for writing_draft_free. */
int writing_draft_read(const char *path, WritingDraft *out, bool *found, Error *err);
/* Absent already is no error, nor is another's. */
int writing_draft_remove(const char *path, Error *err);
void writing_draft_free(WritingDraft *draft);

#endif
