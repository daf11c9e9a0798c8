/* New rows of an import that wait to go into their tables many at a time, which costs a third of one by one.  What
 * may be there already is no such row: it is looked for after what waits has gone in.  Private to store/. */
#ifndef STORE_IMPORT_ROWS_H
#define STORE_IMPORT_ROWS_H

#include "store/sql.h"

typedef struct {
    int64_t id, content_id, family;
    Split split;
} PromptRow;
typedef struct {
    int64_t id, prompt_id, content_id;
} AnswerRow;
typedef struct {
    int64_t id, prompt_id, a_id, b_id;
} PairRow;

typedef struct {
    Store *store;
    const char *source;                         /* of prompts */
    int64_t model_id, annotator_id, session_id; /* of answers and labels */
    struct {
        int64_t prompt, response, comparison;
    } next; /* ids; 0: somebody else may have added, so the table is asked */
    PromptRow prompt[SQL_ROWS];
    AnswerRow answer[SQL_ROWS];
    PairRow pair[SQL_ROWS];
    LabelRow label[SQL_ROWS];
    LabelShown shown[SQL_ROWS];
    unsigned char hash[SQL_ROWS][3][HASH_BYTES]; /* of what was shown: prompt, a, b */
    char comment[SQL_ROWS][32];
    int n_prompts, n_answers, n_pairs, n_labels;
} ImportRows;

/* The rest of the row is given; its id is filled in.  Inside the caller's transaction. */
int import_rows_prompt(ImportRows *r, PromptRow *row, Error *err);
int import_rows_answer(ImportRows *r, AnswerRow *row, Error *err);
int import_rows_pair(ImportRows *r, PairRow *row, Error *err);
/* Of a pair that has none: `hash` is what it shows, prompt, a and b; "" is no comment. */
int import_rows_label(ImportRows *r, int64_t comparison_id, Outcome outcome, int preferred,
                      const unsigned char *const hash[3], const char *comment, Error *err);
/* The split of a prompt of this family that waits; SPLIT_ANY when none does. */
Split import_rows_split(const ImportRows *r, int64_t family);
/* All that waits goes in.  To be called before a transaction ends, and before others add to these tables. */
int import_rows_flush(ImportRows *r, Error *err);

#endif
