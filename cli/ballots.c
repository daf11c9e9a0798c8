#include "cli/ballots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/annotator.h"
#include "cli/readable.h"
#include "cli/rejects.h"
#include "labeling/ballot.h"

/* ---- handing out ----------------------------------------------------------------------------------- */

static int print_pair(Store *store, int64_t annotator, int64_t comparison, Error *err)
{
    StorePairList pair = {0};
    Text turns = {0}, row = {0};
    bool swapped = false;
    if (store_get_pair(store, comparison, &pair, err) != 0) return -1;
    const StorePair *p = &pair.row[0];
    const int rc = store_ask_swapped(store, comparison, annotator, &swapped, err);
    const bool readable = p->template && readable_turns(&turns, p->prompt, p->template);
    ballot_put(&row, p, readable ? turns.bytes : p->prompt, swapped);
    if (rc == 0) fputs(row.bytes, stdout);
    text_free(&turns);
    text_free(&row);
    store_pairs_free(&pair);
    return rc;
}

int ballots_list(Store *store, int64_t annotator, bool imported, int limit, int64_t *n, Error *err)
{
    int64_t *id = NULL;
    size_t count = 0;
    int rc = store_list_claimable(store, annotator, imported, limit, &id, &count, err);
    for (size_t i = 0; i < count && rc == 0 && !interrupt_pending(); i++)
        rc = print_pair(store, annotator, id[i], err);
    free(id);
    *n = (int64_t)count;
    return rc;
}

/* ---- reading --------------------------------------------------------------------------------------- */

/* Rows are saved in pages, so that what a slow sender has given is soon on the disk; those of --strict at once. */
enum { PAGE = 500 };

typedef struct {
    const Context *ctx;
    Store *store;
    const BallotBatch *batch;
    const char *name; /* of the file, in messages */
    Offer offer;
    int64_t session;
    FileWriter *rejects;
    struct Read {
        Ballot ballot;
        int64_t line;
        char *text; /* as it came, for the rejects; NULL: not wanted */
    } * row;        /* (n) read, and not saved yet */
    size_t n, room;
    Text refusals;     /* as JSON */
    Text first_reason; /* of the first that was refused, which stood in first_line */
    int64_t first_line;
    int64_t lines, rows, saved, there, open, refused;
} Batch;

static int refuse(Batch *b, int64_t line, const char *text, const char *reason, Error *err)
{
    log_line("%s: line %lld: %s", b->name, (long long)line, reason);
    if (b->refused == 0) text_add(&b->first_reason, reason), b->first_line = line;
    text_format(&b->refusals, "%s{\"line\":%lld,\"reason\":", b->refused ? "," : "",
                (long long)line);
    json_put_text(&b->refusals, reason, strlen(reason));
    text_add(&b->refusals, "}");
    b->refused++;
    if (!b->rejects || !text) return 0;
    if (file_put(b->rejects, text, strlen(text), err) != 0) return -1;
    return file_put(b->rejects, "\n", 1, err);
}

static void free_rows(Batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        ballot_free(&b->row[i].ballot);
        free(b->row[i].text);
    }
    b->n = 0;
}

/* What became of the page's rows. */
static int note_fates(Batch *b, const StoreBallot *ballot, Error *err)
{
    for (size_t i = 0; i < b->n; i++) {
        char reason[160];
        b->saved += ballot[i].fate == BALLOT_ADDED;
        b->there += ballot[i].fate == BALLOT_THERE;
        if (ballot[i].fate != BALLOT_AGAINST) continue;
        snprintf(
            reason, sizeof reason,
            "pair %lld: %.60s has said otherwise (label %lld); --replace takes the row instead",
            (long long)ballot[i].comparison_id, b->batch->who, (long long)ballot[i].label_id);
        if (refuse(b, b->row[i].line, b->row[i].text, reason, err) != 0) return -1;
    }
    return 0;
}

/* Who labels here for the first time is somebody with the first row that can be saved. */
static int begin_session(Batch *b, Error *err)
{
    StoreSession row = {.ui = "import"};
    if (b->session) return 0;
    if (annotator_take(b->batch->who, b->store, &row.annotator_id, err) != 0) return -1;
    return store_begin_session(b->store, &row, &b->session, err);
}

/* `look`: what would become of them, and nothing is saved; nobody's rows stand against none. */
static int save_page(Batch *b, bool look, Error *err)
{
    if (b->n == 0 || (look && b->batch->annotator == 0)) return 0;
    if (begin_session(b, err) != 0) return -1;
    StoreBallot *ballot = mem_calloc(b->n, sizeof *ballot);
    for (size_t i = 0; i < b->n; i++) ballot[i] = b->row[i].ballot.ballot;
    const BallotTerms terms = {
        .replace = b->batch->replace, .whole = b->batch->strict, .look = look};
    int rc = store_add_ballots(b->store, b->session, ballot, b->n, terms, err);
    if (rc == 0) rc = note_fates(b, ballot, err);
    free(ballot);
    free_rows(b);
    return rc;
}

static void keep(Batch *b, const Ballot *ballot, const char *text)
{
    if (b->n == b->room) {
        b->room = b->room * 2 + 64;
        b->row = mem_realloc(b->row, b->room, sizeof *b->row);
    }
    b->row[b->n++] = (struct Read){*ballot, b->lines, b->rejects ? mem_strdup(text) : NULL};
}

static int read_row(Batch *b, const Text *line, Error *err)
{
    Ballot ballot = {0};
    b->rows++;
    const int rc = ballot_read(&ballot, b->store, &b->offer, line->bytes, line->n, err);
    if (rc < 0) return -1;
    if (rc > 0) return refuse(b, b->lines, line->bytes, err->message, err);
    if (ballot.open) b->open++;
    else keep(b, &ballot, line->bytes);
    return b->n == PAGE && !b->batch->strict ? save_page(b, false, err) : 0;
}

static bool is_blank(const Text *line)
{
    return strspn(line->bytes ? line->bytes : "", " \t") == line->n;
}

static int read_rows(Batch *b, FILE *in, Error *err)
{
    Text line = {0};
    int rc = 0, more = 0;
    while (rc == 0 && !interrupt_pending() &&
           (more = text_read_line(&line, in, TEXT_LINE_MAX)) != 0) {
        b->lines++;
        if (more < 0)
            rc = error_set(err, "%s: line %lld: longer than %d MiB", b->name, (long long)b->lines,
                           TEXT_LINE_MAX >> 20);
        else if (!is_blank(&line)) rc = read_row(b, &line, err);
    }
    if (rc == 0 && ferror(in) && !interrupt_pending())
        rc = error_set(err, "%s: cannot be read", b->name);
    text_free(&line);
    return rc;
}

/* ---- the result ------------------------------------------------------------------------------------ */

/* With --strict one refused row is one too many, and so is a part of the rows. */
static int settle(Batch *b, Error *err)
{
    const bool strict = b->batch->strict;
    if (strict && interrupt_pending())
        return error_stopped(err, "%s: stopped after line %lld; --strict: nothing was saved",
                             b->name, (long long)b->lines);
    if (save_page(b, strict && b->refused, err) != 0) return -1;
    if (strict && b->refused)
        return error_set(err, "%s: %lld of %s refused; --strict: nothing was saved", b->name,
                         (long long)b->refused, text_count(b->rows, "row"));
    return 0;
}

/* The rest is saved; whoever runs this from a script has to know all the same. */
static int tell_refused(const Batch *b, Error *err)
{
    if (b->refused == 0 || interrupt_pending()) return 0;
    if (b->refused == b->rows) {
        error_set(err, "%s: no row of %s could be taken; line %lld: %s", b->name,
                  text_thousands(b->rows), (long long)b->first_line, b->first_reason.bytes);
        return error_hint(err,
                          "what a row is: rlhf help label; to make such a file: rlhf label --list");
    }
    error_set(err, "%s: %s of %s refused, the others are saved; line %lld: %s", b->name,
              text_thousands(b->refused), text_count(b->rows, "row"), (long long)b->first_line,
              b->first_reason.bytes);
    return error_hint(err, "mend them and give the file again: what is there already adds nothing; "
                           "the refused ones alone: --rejects FILE");
}

static void report_json(const Batch *b)
{
    Text t = {0};
    text_add(&t, "{\"annotator\":");
    json_put_text(&t, b->batch->who, strlen(b->batch->who));
    text_format(&t,
                ",\"labeled\":%lld,\"there\":%lld,\"open\":%lld,\"refused\":%lld,\"refusals\":["
                "%s]}\n",
                (long long)b->saved, (long long)b->there, (long long)b->open, (long long)b->refused,
                b->refusals.n ? b->refusals.bytes : "");
    fputs(t.bytes, stdout);
    text_free(&t);
}

static void report(const Batch *b)
{
    if (b->ctx->json) report_json(b);
    else {
        printf("%s: %s saved as %s", b->name, text_count(b->saved, "label"), b->batch->who);
        if (b->there) printf(", %s there already", text_thousands(b->there));
        if (b->open) printf(", %s without a choice", text_thousands(b->open));
        if (b->refused) printf(", %s refused", text_thousands(b->refused));
        printf("\n");
    }
    if (interrupt_pending())
        log_line("stopped after line %lld; the same command goes on: what is there already is not "
                 "taken twice",
                 (long long)b->lines);
}

static int in_session(Batch *b, FILE *in, Error *err)
{
    Error late = {0};
    int rc = read_rows(b, in, err);
    if (rc == 0) rc = settle(b, err);
    const char *reason = rc != 0 ? "error" : interrupt_pending() ? "interrupted" : "done";
    if (b->session && store_end_session(b->store, b->session, reason, &late) != 0 && rc == 0) {
        *err = late;
        rc = -1;
    }
    return rc;
}

static int save(Batch *b, FILE *in, Error *err)
{
    FileWriter rejects;
    StoreCampaign campaign = {0};
    if (store_get_campaign(b->store, NULL, &campaign, err) != 0) return -1;
    b->offer = (Offer){campaign.scale, campaign.tie, campaign.both_bad};
    store_campaign_free(&campaign);
    if (b->batch->rejects) {
        if (file_begin(&rejects, b->batch->rejects, err) != 0) return -1;
        b->rejects = &rejects;
    }
    const int rc = in_session(b, in, err);
    return b->rejects ? rejects_end(&rejects, rc, err) : rc;
}

int ballots_save(const Context *ctx, Store *store, const BallotBatch *batch, Error *err)
{
    const bool standard = strcmp(batch->path, "-") == 0;
    Batch b = {.ctx = ctx,
               .store = store,
               .batch = batch,
               .name = standard ? "standard input" : batch->path};
    if (batch->rejects &&
        rejects_check("rejects", batch->rejects, "read", &batch->path, 1, err) != 0)
        return -1;
    FILE *in = standard ? stdin : fopen(batch->path, "re");
    if (!in) return error_set(err, "%s: %s", batch->path, strerror(errno));
    int rc = save(&b, in, err);
    if (rc == 0 && (b.refused < b.rows || b.rows == 0)) report(&b);
    if (rc == 0) rc = tell_refused(&b, err);
    if (!standard) fclose(in);
    free_rows(&b);
    free(b.row);
    text_free(&b.refusals);
    text_free(&b.first_reason);
    return rc;
}
