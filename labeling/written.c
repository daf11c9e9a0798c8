#include "labeling/written.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int written_save(Written *w, const char *prompt, const char *answer, bool *added, Error *err)
{
    const WritingForm *f = &w->options->form;
    const bool given = w->options->answers_only;
    const bool apart = *prompt && isspace((unsigned char)prompt[strlen(prompt) - 1]);
    char *source = mem_format("written:%s", w->options->writer),
         *whole = given ? mem_strdup(prompt) : mem_format("%s%s%s", f->before, prompt, f->after),
         *said = mem_format("%s%s",
                            !given  ? f->lead
                            : apart ? ""
                                    : " ",
                            answer);
    StoreDemonstration row = {.prompt = whole,
                              .response = said,
                              .source = source,
                              .split = w->options->split,
                              .annotator_id = w->options->annotator_id,
                              .session_id = w->options->session_id};
    StoreAdded all = {0};
    const int rc = store_add_demonstrations(w->store, &row, 1, &all, err);
    free(source), free(whole), free(said);
    if (rc != 0) return -1;
    *added = all.added > 0;
    if (!*added) {
        w->counts.there++;
        return 0;
    }
    w->row = mem_realloc(w->row, w->n + 1, sizeof *w->row);
    w->row[w->n++] = (WrittenRow){row.id, row.split, mem_strdup(prompt), mem_strdup(answer)};
    w->counts.written++;
    w->counts.by_split[row.split]++;
    return 0;
}

int written_take_back(Written *w, WrittenRow *out, Error *err)
{
    bool removed = false;
    assert(w->n > 0);
    if (store_remove_demonstration(w->store, w->row[w->n - 1].id, w->options->annotator_id,
                                   &removed, err) != 0)
        return -1;
    *out = w->row[--w->n];
    w->counts.written -= removed;
    w->counts.by_split[out->split] -= removed;
    return 0;
}

void written_row_free(WrittenRow *row)
{
    free(row->prompt);
    free(row->answer);
    *row = (WrittenRow){0};
}

void written_free(Written *w)
{
    for (size_t i = 0; i < w->n; i++) written_row_free(&w->row[i]);
    free(w->row);
}
