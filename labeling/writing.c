#include "labeling/writing.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "labeling/shown.h"
#include "labeling/typed.h"
#include "labeling/visible.h"

typedef struct {
    Store *store;
    const WritingOptions *options;
    TypedLines reader;
    FILE *out;
    Written written;         /* what :u takes back */
    StorePromptList prompts; /* to answer */
    size_t at;
    const char *reason; /* to end, or NULL */
} Writing;

/* ---- reading --------------------------------------------------------------------------------------- */

typedef enum { READ_TEXT, READ_UNDO, READ_STOP } Read;

/* Why reading ended, unless it was at a line. */
static bool ended(Writing *w, Typed typed)
{
    switch (typed) {
    case TYPED_LINE: return false;
    case TYPED_END: w->reason = "input ended"; break;
    case TYPED_SIGNAL: w->reason = "signal"; break;
    case TYPED_HANG_UP: w->reason = STORE_HANG_UP; break;
    }
    return true;
}

/* A text of one or more lines, without white space at its edges.  At the end of the input it ends as well. */
static Read read_text(Writing *w, const char *what, Text *out)
{
    Text line = {0};
    Read got = READ_TEXT;
    text_clear(out);
    fprintf(w->out, "%s (ends with a line of one dot; :u takes the last one back, :q quits):\n",
            what);
    fflush(w->out);
    for (;;) {
        if (ended(w, typed_next(&w->reader, &line))) {
            /* Only an end that was meant makes a text of what is there. */
            if (strcmp(w->reason, "input ended") != 0) got = READ_STOP;
            break;
        }
        if (out->n == 0 && strcmp(text_trim(line.bytes), ":q") == 0) {
            w->reason = "quit";
            got = READ_STOP;
            break;
        }
        if (out->n == 0 && strcmp(line.bytes, ":u") == 0) {
            got = READ_UNDO;
            break;
        }
        if (strcmp(line.bytes, ".") == 0) break;
        text_format(out, "%s\n", line.bytes);
    }
    text_free(&line);
    if (got == READ_TEXT) {
        char *trimmed = mem_strdup(out->n ? text_trim(out->bytes) : "");
        text_clear(out);
        text_add(out, trimmed);
        free(trimmed);
        if (out->n == 0 && w->reason) got = READ_STOP;
    }
    return got;
}

/* ---- saving ---------------------------------------------------------------------------------------- */

static int save(Writing *w, const char *prompt, const char *answer, Error *err)
{
    bool added = false;
    if (written_save(&w->written, prompt, answer, &added, err) != 0) return -1;
    if (!added) {
        fputs("the same prompt and answer are there already\n\n", w->out);
    } else {
        const WrittenRow *row = &w->written.row[w->written.n - 1];
        fprintf(w->out, "saved #%lld: demonstration %lld, %s split\n\n",
                (long long)w->written.counts.written, (long long)row->id, split_name(row->split));
    }
    fflush(w->out);
    return 0;
}

static int take_back(Writing *w, Error *err)
{
    WrittenRow row = {0};
    if (w->written.n == 0) {
        fputs("nothing of this sitting to take back\n\n", w->out);
        return 0;
    }
    if (written_take_back(&w->written, &row, err) != 0) return -1;
    fprintf(w->out, "taken back: demonstration %lld\n\n", (long long)row.id);
    written_row_free(&row);
    return 0;
}

/* ---- one after the other --------------------------------------------------------------------------- */

static bool is_blank(const Text *t)
{
    return t->n == 0;
}

/* An own prompt, then its answer. */
static int write_both(Writing *w, Text *prompt, Text *answer, Error *err)
{
    Read got = read_text(w, "Prompt", prompt);
    if (got == READ_UNDO) return take_back(w, err);
    if (got == READ_STOP) return 0;
    if (is_blank(prompt)) {
        fputs("a prompt is empty\n\n", w->out);
        return 0;
    }
    do {
        if (w->reason) return 0;
        got = read_text(w, "Answer", answer);
    } while (got == READ_TEXT && is_blank(answer));
    if (got == READ_UNDO) return take_back(w, err);
    if (got == READ_STOP) return 0;
    return save(w, prompt->bytes, answer->bytes, err);
}

static void print_prompt(const Writing *w, const char *prompt)
{
    size_t n;
    Text safe = {0};
    const char *text = shown_prompt(prompt, &n);
    visible_append(&safe, text, n);
    fprintf(w->out, "Prompt, %s of %s:\n%s\n\n", text_thousands((long long)w->at + 1),
            text_thousands((long long)w->prompts.n), safe.n ? safe.bytes : "(nothing)");
    text_free(&safe);
}

/* An answer to the next prompt of the store; an empty one leaves it out. */
static int write_answer(Writing *w, Text *answer, Error *err)
{
    if (w->at == w->prompts.n) {
        w->reason = "done";
        return 0;
    }
    const char *prompt = w->prompts.row[w->at].text;
    print_prompt(w, prompt);
    const Read got = read_text(w, "Answer, or nothing to leave it out", answer);
    if (got == READ_UNDO) return take_back(w, err);
    if (got == READ_STOP) return 0;
    w->at++;
    if (is_blank(answer)) return 0;
    return save(w, prompt, answer->bytes, err);
}

int writing_run(WritingCounts *counts, Store *store, const WritingOptions *options, int in,
                FILE *out, const char **reason, Error *err)
{
    Writing w = {.store = store,
                 .options = options,
                 .reader = {.fd = in, .terminal = isatty(in)},
                 .out = out,
                 .written = {.store = store, .options = options}};
    Text prompt = {0}, answer = {0};
    int rc = options->answers_only ? store_list_undemonstrated(store, &w.prompts, err) : 0;
    while (rc == 0 && !w.reason)
        rc = options->answers_only ? write_answer(&w, &answer, err)
                                   : write_both(&w, &prompt, &answer, err);
    if (rc == 0) {
        *counts = w.written.counts;
        *reason = w.reason;
    }
    text_free(&prompt);
    text_free(&answer);
    store_prompts_free(&w.prompts);
    written_free(&w.written);
    typed_free(&w.reader);
    return rc;
}
