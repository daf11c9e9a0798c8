#include "labeling/pace.h"

#include <stdlib.h>
#include <string.h>

#include "base/median.h"
#include "base/mem.h"

enum { RECENT = 20 };

void pace_add(Pace *p, int64_t comparison_id, Choice choice, double seconds)
{
    if (p->n == p->room) {
        p->room = p->room * 2 + 64;
        p->decision = mem_realloc(p->decision, (size_t)p->room, sizeof *p->decision);
    }
    p->decision[p->n++] = (PaceDecision){comparison_id, choice, seconds};
    p->active += seconds;
}

void pace_forget(Pace *p, int64_t comparison_id)
{
    for (int i = p->n - 1; i >= 0; i--) {
        if (p->decision[i].comparison_id != comparison_id) continue;
        memmove(&p->decision[i], &p->decision[i + 1], (size_t)(p->n - 1 - i) * sizeof *p->decision);
        p->n--;
        return;
    }
}

PaceSummary pace_summary(const Pace *p)
{
    PaceSummary s = {0};
    if (p->n == 0) return s;
    double *seconds = mem_calloc((size_t)p->n, sizeof *seconds), sum = 0;
    const int recent = p->n < RECENT ? p->n : RECENT;
    for (int i = 0; i < p->n; i++) {
        s.skipped += p->decision[i].choice == CHOICE_SKIP;
        s.ties += p->decision[i].choice == CHOICE_TIE;
        seconds[i] = p->decision[i].seconds;
        if (i >= p->n - recent) sum += seconds[i];
    }
    s.recent = sum / recent;
    s.last = seconds[p->n - 1];
    s.median = median(seconds, (size_t)p->n);
    free(seconds);
    return s;
}

bool pace_break_due(Pace *p)
{
    if (p->break_told || p->active < PACE_BREAK_S) return false;
    p->break_told = true;
    return true;
}

void pace_free(Pace *p)
{
    free(p->decision);
    *p = (Pace){0};
}
