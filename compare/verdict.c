#include "compare/verdict.h"

#include <math.h>
#include <stdbool.h>

/* An answer set is broken when a share is beyond the limit and beyond the base's own by more than the
 * slack: a base that is often cut off does not make an aligned model broken. */
static const double FINISHED_MIN = 0.95, DISTINCT_MIN = 0.90, VERBATIM_MAX = 0.05, SLACK = 0.02;

/* A win rate this near to one half is none worth a training: six wins in ten at the most. */
static const double SAME = 0.1;

static void add_reason(Text *reasons, const char *what, double share, double base)
{
    if (reasons == NULL) return;
    text_format(reasons, "%s%s %.0f%%", reasons->n ? ", " : "", what, 100 * share);
    if (!isnan(base)) text_format(reasons, " (base %.0f%%)", 100 * base);
}

/* Comparisons with NAN are false, so what is not known breaks nothing. */
static bool is_broken(const VerdictFacts *f, Text *reasons)
{
    bool broken = false;
    if (f->finished < FINISHED_MIN && !(f->finished >= f->base_finished - SLACK)) {
        add_reason(reasons, "finished answers", f->finished, f->base_finished);
        broken = true;
    }
    if (f->distinct < DISTINCT_MIN && !(f->distinct >= f->base_distinct - SLACK)) {
        add_reason(reasons, "different answers", f->distinct, f->base_distinct);
        broken = true;
    }
    if (f->verbatim > VERBATIM_MAX && !(f->verbatim <= f->base_verbatim + SLACK)) {
        add_reason(reasons, "copied answers", f->verbatim, f->base_verbatim);
        broken = true;
    }
    return broken;
}

Verdict verdict_of(const VerdictFacts *f, Text *reasons)
{
    const WinRate *w = &f->wins;
    if (w->n && w->low > 0.5 && is_broken(f, reasons)) return VERDICT_BROKEN;
    if (reasons) text_format(reasons, "win rate %.3f [%.3f, %.3f]", w->rate, w->low, w->high);
    if (w->n && w->low > 0.5) return VERDICT_BETTER;
    if (w->n && w->high < 0.5) return VERDICT_WORSE;
    const bool narrow = w->low >= 0.5 - SAME && w->high <= 0.5 + SAME;
    return narrow ? VERDICT_NO_DIFFERENCE : VERDICT_CANNOT_TELL;
}

const char *verdict_name(Verdict verdict)
{
    static const char *const NAMES[] = {
        [VERDICT_BETTER] = "better",
        [VERDICT_NO_DIFFERENCE] = "no difference",
        [VERDICT_CANNOT_TELL] = "cannot tell",
        [VERDICT_BROKEN] = "better by the score but broken",
        [VERDICT_WORSE] = "worse",
    };
    return NAMES[verdict];
}

const char *verdict_meaning(Verdict verdict)
{
    static const char *const MEANINGS[] = {
        [VERDICT_BETTER] = "The whole interval is above 0.5, even odds, and the answers are sound.",
        [VERDICT_NO_DIFFERENCE] = "The interval holds 0.5, even odds, and is narrow: if "
                                  "either is better, then by little.",
        [VERDICT_CANNOT_TELL] =
            "The interval holds 0.5, even odds, and is wide: either may be better.  More test "
            "prompts make it narrower.",
        [VERDICT_BROKEN] = "It wins more often than it loses, but its answers are cut off, alike "
                           "or copied, as said "
                           "above: read some before you believe the number.",
        [VERDICT_WORSE] = "The whole interval is below 0.5, even odds.",
    };
    return MEANINGS[verdict];
}
