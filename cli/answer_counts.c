#include "cli/answer_counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/wrap.h"
#include "labeling/visible.h"

/* Equal answers side by side, the first of them first. */
static int by_text(const void *x, const void *y)
{
    const AnswerCount *a = x, *b = y;
    const int order = strcmp(a->text, b->text);
    if (order != 0) return order;
    return a->cut != b->cut ? (a->cut ? 1 : -1) : a->first - b->first;
}

static int by_count(const void *x, const void *y)
{
    const AnswerCount *a = x, *b = y;
    return a->count != b->count ? b->count - a->count : a->first - b->first;
}

/* Of a sorted array, the first of each kind with the count of all; the others are freed. */
static int fold(AnswerCount *c, int n)
{
    int kinds = 0;
    for (int i = 0; i < n; i++) {
        AnswerCount *last = kinds > 0 ? &c[kinds - 1] : NULL;
        if (last && last->cut == c[i].cut && strcmp(last->text, c[i].text) == 0) {
            last->count++;
            free(c[i].text);
        } else {
            c[kinds++] = c[i];
        }
    }
    return kinds;
}

AnswerCount *answer_counts_new(int *n, const Responses *r, const Tokenizer *t)
{
    AnswerCount *c = mem_calloc((size_t)r->n + 1, sizeof *c);
    for (int i = 0; i < r->n; i++) {
        const int from = r->start[i];
        c[i] = (AnswerCount){.text = text_trim(tokenizer_decode_response(t, r->token + from,
                                                                         r->start[i + 1] - from)),
                             .cut = r->finish[i] == FINISH_LENGTH,
                             .first = i,
                             .count = 1};
    }
    qsort(c, (size_t)r->n, sizeof *c, by_text);
    *n = fold(c, r->n);
    qsort(c, (size_t)*n, sizeof *c, by_count);
    return c;
}

void answer_counts_free(AnswerCount *counts, int n)
{
    for (int i = 0; i < n; i++) free(counts[i].text);
    free(counts);
}

/* "  13  65.0%  text"; further lines of a text stand below its first. */
static void print_count(const AnswerCount *c, int answers)
{
    Text line = {0}, shown = {0};
    visible_append(&shown, c->text, strlen(c->text));
    if (c->cut) text_add(&shown, shown.n ? " [cut]" : "[cut]");
    text_format(&line, "%6d %5.1f%%  ", c->count, 100.0 * c->count / answers);
    const int indent = (int)line.n, hang = indent - (int)strspn(line.bytes, " ");
    char *rest = shown.n ? shown.bytes : "[nothing]", *at;
    for (int i = 0; (at = strsep(&rest, "\n")) != NULL; i++) {
        if (i > 0) text_clear(&line), text_format(&line, "%*s", indent, "");
        text_add(&line, at);
        wrap_text(i > 0 ? 0 : hang, line.bytes);
        putchar('\n');
    }
    text_free(&shown);
    text_free(&line);
}

void answer_counts_print(const AnswerCount *counts, int n, int answers)
{
    int cut = 0;
    for (int i = 0; i < n; i++) {
        print_count(&counts[i], answers);
        if (counts[i].cut) cut += counts[i].count;
    }
    printf("%s, %s different", text_count(answers, "answer"), text_thousands(n));
    if (cut > 0) printf("; %s cut", text_thousands(cut));
    putchar('\n');
}

void answer_counts_print_json(const AnswerCount *counts, int n, int answers)
{
    Text t = {0};
    text_format(&t, "{\"answers\":%d,\"different\":%d,\"counts\":[", answers, n);
    for (int i = 0; i < n; i++) {
        text_add(&t, i ? ",{\"text\":" : "{\"text\":");
        json_put_text(&t, counts[i].text, strlen(counts[i].text));
        text_format(&t, ",\"finish_reason\":\"%s\",\"count\":%d}",
                    counts[i].cut ? "length" : "stop", counts[i].count);
    }
    text_add(&t, "]}");
    puts(t.bytes);
    text_free(&t);
}
