#include "cli/import_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/wrap.h"

/* One line of at most about 90 columns, quoted as JSON, the middle left out. */
static void log_text(const char *label, const char *text)
{
    enum { HEAD = 48, TAIL = 32 };
    size_t n = strlen(text), head = n, tail = n;
    if (n > HEAD + TAIL) {
        for (head = HEAD; (text[head] & 0xC0) == 0x80;) head--;
        for (tail = n - TAIL; (text[tail] & 0xC0) == 0x80;) tail++;
    }
    Text t = {0};
    json_put_text(&t, text, head);
    if (tail < n) {
        t.n--; /* the closing quote */
        Text rest = {0};
        json_put_text(&rest, text + tail, n - tail);
        text_format(&t, " ... %s", rest.bytes + 1);
        text_free(&rest);
    }
    log_line("    %-11s%s", label, t.bytes);
    text_free(&t);
}

static int refusals(const ImportResult *r)
{
    return r->refused < IMPORT_REFUSALS ? (int)r->refused : IMPORT_REFUSALS;
}

static void print_refusals(const ImportResult *r)
{
    const int n = refusals(r);
    for (int i = 0; i < n; i++)
        printf("  refused %s %" PRId64 ": %s\n", r->unit, r->refusal[i].line, r->refusal[i].reason);
    if (r->refused > n) printf("  and %s more\n", text_thousands(r->refused - n));
}

/* Eight in ten of few families is sometimes all of them. */
static void print_lacking(const ImportResult *r)
{
    enum { ENOUGH = 20 };
    const int64_t valid = r->by_split[SPLIT_VALID], test = r->by_split[SPLIT_TEST];
    if (r->by_split[SPLIT_TRAIN] + valid + test < ENOUGH || (valid > 0 && test > 0)) return;
    printf("  none for %s: the rows are few, or near-duplicates, which stay together; say --split "
           "to choose\n",
           valid + test == 0 ? "valid and test"
           : valid == 0      ? "valid"
                             : "test");
}

/* "prompts 20, demonstrations 0, comparisons 10"; of texts with classes nothing but their number. */
static void put_new(Text *t, const ImportResult *r)
{
    if (r->class_texts == 0 || r->prompts > 0)
        text_format(t, "prompts %s, demonstrations %s, comparisons %s", text_thousands(r->prompts),
                    text_thousands(r->demonstrations), text_thousands(r->comparisons));
    if (r->judgements) text_format(t, ", judgements %s", text_thousands(r->judgements));
    if (r->class_texts)
        text_format(t, "%stexts with a class %s", t->n ? ", " : "", text_thousands(r->class_texts));
}

void import_report_print(const ImportResult *r, const char *name, bool split_given)
{
    char summary[1024];
    Text news = {0};
    store_import_summary(r, name, summary, sizeof summary);
    printf("%s\n", summary);
    print_refusals(r);
    put_new(&news, r);
    wrap_print(2, "  new: %s; rows: train %s, valid %s, test %s\n", news.bytes,
               text_thousands(r->by_split[SPLIT_TRAIN]), text_thousands(r->by_split[SPLIT_VALID]),
               text_thousands(r->by_split[SPLIT_TEST]));
    text_free(&news);
    if (r->own_pairs)
        printf("  %s there already, with answers of models here: %s, beside those of others\n",
               text_count(r->own_pairs, "pair"),
               r->own_pairs == 1 ? "it has the label of the import now"
                                 : "they have the labels of the import now");
    if (!split_given) print_lacking(r);
    if (r->moved)
        printf("  %s moved into the split that near-duplicates are in\n",
               text_count(r->moved, "row"));
}

void import_report_samples(const ImportResult *r)
{
    static const char *const OUTCOME[][2] = {
        {"chosen", "rejected"}, {"tied", "with"}, {"bad", "and bad"}};
    for (int i = 0; i < r->n_samples; i++) {
        const ImportSample *s = &r->sample[i];
        const char *const *pair = OUTCOME[s->outcome <= OUTCOME_BOTH_BAD ? s->outcome : 0];
        log_line("  %s %" PRId64 ": %s (%s)", r->unit, s->line, s->layout, s->about);
        log_text(s->kind == DATA_CLASSES ? "text" : "prompt", s->prompt);
        if (s->kind == DATA_CLASSES) log_text("class", s->chosen);
        if (s->kind == DATA_PREFERENCES)
            log_text(pair[0], s->chosen), log_text(pair[1], s->rejected);
        if (s->kind == DATA_DEMONSTRATIONS) log_text("completion", s->chosen);
        if (s->kind == DATA_JUDGEMENTS) log_text(s->good ? "good" : "bad", s->chosen);
    }
}

void import_report_json(Text *t, const ImportResult *r, const char *name)
{
    text_add(t, t->n ? ",{\"file\":" : "{\"file\":");
    json_put_text(t, name, strlen(name));
    text_format(t,
                ",\"taken\":%" PRId64 ",\"duplicate\":%" PRId64 ",\"refused\":%" PRId64
                ",\"prompts\":%" PRId64 ",\"demonstrations\":%" PRId64 ",\"comparisons\":%" PRId64
                ",\"own_pairs\":%" PRId64 ",\"classes\":%" PRId64 ",\"judgements\":%" PRId64
                ",\"layout\":",
                r->taken, r->duplicate, r->refused, r->prompts, r->demonstrations, r->comparisons,
                r->own_pairs, r->class_texts, r->judgements);
    if (r->n_samples) text_format(t, "\"%s\"", r->sample[0].layout);
    else text_add(t, "null");
    text_add(t, ",\"refusals\":[");
    for (int i = 0; i < refusals(r); i++) {
        text_format(t, "%s{\"line\":%" PRId64 ",\"reason\":", i ? "," : "", r->refusal[i].line);
        json_put_text(t, r->refusal[i].reason, strlen(r->refusal[i].reason));
        text_add(t, "}");
    }
    text_add(t, "]}");
}
