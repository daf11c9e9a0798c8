#include "cli/worst_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_member.h"
#include "base/mem.h"
#include "cli/facts.h"
#include "labeling/shown.h"

/* ---- finding ---------------------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* The labels a and b judge the same two answers; *turned: each chooses what the other rejects. */
static bool same_pair(const StorePreference *a, const StorePreference *b, bool *turned)
{
    *turned = same(a->chosen, b->rejected) && same(a->rejected, b->chosen);
    return same(a->prompt, b->prompt) &&
           (*turned || (same(a->chosen, b->chosen) && same(a->rejected, b->rejected)));
}

/* The pair whose labels begin at `first`. */
static WorstPair pair_at(const PreferenceSet *set, const double *chosen, const double *rejected,
                         int first)
{
    WorstPair p = {.first = first, .chosen = chosen[first], .rejected = rejected[first]};
    for (int i = first; i < set->n; i++) {
        bool turned;
        if (!same_pair(&set->row[first], &set->row[i], &turned)) break;
        p.agreed += turned ? 1 - set->target[i] : set->target[i];
        p.labels++;
    }
    p.agreed /= p.labels;
    if (p.agreed < 0.5) {
        p = (WorstPair){.first = first,
                        .labels = p.labels,
                        .chosen = p.rejected,
                        .rejected = p.chosen,
                        .turned = true,
                        .agreed = 1 - p.agreed};
    }
    p.wrong = (2 * p.agreed - 1) * (p.rejected - p.chosen);
    return p;
}

static int worst_first(const void *a, const void *b)
{
    const WorstPair *x = a, *y = b;
    if (x->wrong != y->wrong) return x->wrong < y->wrong ? 1 : -1;
    return (x->first > y->first) - (x->first < y->first);
}

WorstPairs worst_pairs_find(const PreferenceSet *set, const double *chosen, const double *rejected,
                            int limit)
{
    WorstPairs w = {.pair = mem_calloc((size_t)set->n + 1, sizeof *w.pair)};
    for (int i = 0; i < set->n;) {
        const WorstPair p = pair_at(set, chosen, rejected, i);
        if (p.wrong > 0) w.pair[w.wrong++] = p;
        i += p.labels;
    }
    qsort(w.pair, (size_t)w.wrong, sizeof *w.pair, worst_first);
    w.n = w.wrong < limit ? w.wrong : limit;
    return w;
}

void worst_pairs_free(WorstPairs *w)
{
    free(w->pair);
    *w = (WorstPairs){0};
}

/* ---- showing ---------------------------------------------------------------------------------------- */

typedef struct {
    const StorePreference *row;
    const char *chosen, *rejected;
} Sides;

static Sides sides_of(const WorstPair *p, const PreferenceSet *set)
{
    const StorePreference *row = &set->row[p->first];
    return (Sides){row, p->turned ? row->rejected : row->chosen,
                   p->turned ? row->chosen : row->rejected};
}

static void print_answer(const char *which, double score, const char *answer)
{
    char name[32];
    size_t n;
    const char *shown = shown_answer(answer, &n);
    snprintf(name, sizeof name, "%s %+.2f", which, score);
    facts_text(name, shown, n);
}

static void print_pair(const WorstPair *p, const PreferenceSet *set, int number)
{
    const Sides s = sides_of(p, set);
    size_t n;
    const char *prompt = shown_prompt(s.row->prompt, &n);
    printf("\n%d.", number);
    if (s.row->comparison_id) printf("  pair %lld", (long long)s.row->comparison_id);
    for (int i = 0; i < p->labels; i++) {
        const StorePreference *label = &set->row[p->first + i];
        if (label->annotator)
            printf("%s %s%s", i ? "," : ", labeled by", label->annotator,
                   label->tie ? " (tie)" : "");
    }
    if (p->agreed < 1) printf(": %.2f prefer the first", p->agreed);
    printf("\n");
    facts_text("prompt", prompt, n);
    print_answer("chosen", p->chosen, s.chosen);
    print_answer("rejected", p->rejected, s.rejected);
}

void worst_pairs_print(const WorstPairs *w, const PreferenceSet *set)
{
    if (w->wrong == 0) {
        printf("it orders no pair against its labels\n");
        return;
    }
    printf("\n%s ordered against the labels", text_count(w->wrong, "pair"));
    printf(w->n < w->wrong ? "; the %d that it is surest about:\n" : ", the surest first:\n", w->n);
    for (int i = 0; i < w->n; i++) print_pair(&w->pair[i], set, i + 1);
}

void worst_pairs_json(Text *t, const WorstPairs *w, const PreferenceSet *set)
{
    text_add(t, "[");
    for (int i = 0; i < w->n; i++) {
        const WorstPair *p = &w->pair[i];
        const Sides s = sides_of(p, set);
        text_format(t, "%s{\"comparison\":%lld", i ? "," : "", (long long)s.row->comparison_id);
        json_member_text(t, "prompt", s.row->prompt);
        json_member_text(t, "chosen", s.chosen);
        json_member_text(t, "rejected", s.rejected);
        text_add(t, ",\"scores\":[");
        json_put_number(t, p->chosen);
        text_add(t, ",");
        json_put_number(t, p->rejected);
        text_format(t, "],\"agreed\":%.6g,\"annotators\":[", p->agreed);
        for (int k = 0, named = 0; k < p->labels; k++) {
            const char *who = set->row[p->first + k].annotator;
            if (!who) continue;
            if (named++) text_add(t, ",");
            json_put_text(t, who, strlen(who));
        }
        text_add(t, "]}");
    }
    text_add(t, "]");
}
