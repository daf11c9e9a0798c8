#include "cli/reward_report.h"

#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/class_names.h"
#include "cli/evaluation.h"
#include "cli/memory_plan.h"
#include "cli/wrap.h"
#include "compare/win_rate.h"
#include "reward/calibration.h"

int reward_choose(Loaded *l, const char *class, Error *err)
{
    const int heads = loaded_heads(l);
    if (heads == 0) return error_set(err, "%s: no reward model (it has no score head)", l->folder);
    if (heads > 1)
        return class_names_choose(&l->score_class, l->folder, heads, class ? class : "", err);
    if (class)
        return error_set(err, "%s is a reward model and has no classes to choose from", l->folder);
    return 0;
}

int reward_open(Loaded *l, const Context *ctx, const char *name, const char *class, Error *err)
{
    if (loaded_outline(l, ctx, "reward model", name, NULL, err) != 0) return -1;
    if (reward_choose(l, class, err) != 0 || memory_plan_scoring(l, SCORING_TOKENS, err) != 0 ||
        loaded_read(l, err) != 0) {
        loaded_close(l);
        return -1;
    }
    loaded_policy(l);
    return 0;
}

RewardEvaluation reward_measure(Policy *p, const Pairs *pairs, double *chosen, double *rejected)
{
    Progress bar;
    progress_begin(&bar, "held-out pairs", 0, "");
    progress_pulse("scoring");
    const RewardEvaluation e = reward_evaluate(p, pairs, chosen, rejected);
    progress_end(&bar);
    return e;
}

/* People first: their agreement is measured, on both splits.  A rule's own errors are known where all labels are
 * a rule's. */
NoiseCeiling noise_ceiling(const PreferenceSet *held_out, const PreferenceSet *other)
{
    Overlap o = held_out->overlap;
    NoiseCeiling c = {.agreement = NAN, .ceiling = NAN};
    if (other) o.pairs += other->overlap.pairs, o.agreed += other->overlap.agreed;
    c.overlap = o.pairs;
    if (o.pairs >= OVERLAP_MIN) {
        c.agreement = (double)o.agreed / o.pairs;
        c.ceiling = agreement_ceiling(c.agreement);
    } else if (held_out->n > 0 && held_out->by_rules == held_out->n) {
        c.by_rule = true;
        c.ceiling = held_out->rules_right / held_out->n;
    }
    return c;
}

void reward_report_json(Text *t, const RewardEvaluation *e, const NoiseCeiling *c, bool underfit,
                        const Context *ctx, const char *folder)
{
    double low, high;
    wilson_interval(&low, &high, e->accuracy * e->n, e->n);
    text_add(t, "{");
    evaluation_put_model(t, ctx, folder);
    text_format(t,
                ",\"accuracy\":%.6g,\"n\":%d,\"ci\":[%.6g,%.6g],\"loss\":%.6g,\"ece\":%.6g,"
                "\"longer_wins\":%.6g,"
                "\"length_correlation\":%.6g,\"margin\":%.6g,\"overlap\":%d,\"agreement\":",
                e->accuracy, e->n, low, high, e->loss, e->calibration_error, e->longer_wins,
                e->length_correlation, e->margin, c->overlap);
    json_put_number(t, c->agreement);
    text_add(t, ",\"ceiling\":");
    json_put_number(t, c->ceiling);
    text_add(t, underfit ? ",\"underfit\":true}" : "}");
}

/* What follows from it.  What comes next is for next_line.h to say. */
static void print_conclusion(const RewardEvaluation *e, double low, double high, bool held_out,
                             bool worst_follow)
{
    if (e->all_equal) {
        printf("all its scores are equal: PPO would have nothing to follow\n");
        return;
    }
    wrap_print(
        2,
        "how sure it is of them is off by %.2f (calibration error); score and length go together "
        "by %.2f (correlation)\n",
        e->calibration_error, e->length_correlation);
    if (held_out && e->n > 0 && e->accuracy <= e->longer_wins)
        printf("no better than choosing the answer of more tokens: it may have learned length and "
               "nothing "
               "else\n");
    if (held_out && e->accuracy < 1 && !worst_follow)
        printf("the pairs it gets most wrong: rlhf reward eval --worst 20\n");
    if (low <= 0.5)
        printf("%s\n", high < 0.5 ? "worse than chance: the whole interval is below 0.5"
                                  : "it cannot be told from chance: the interval holds 0.5");
}

void reward_report_print(const char *name, const RewardEvaluation *e, const NoiseCeiling *c,
                         const char *file, const char *when, bool worst_follow)
{
    double low, high;
    char labels[32] = "";
    wilson_interval(&low, &high, e->accuracy * e->n, e->n);
    if (e->labels > e->n) snprintf(labels, sizeof labels, " (%s)", text_count(e->labels, "label"));
    printf("%s: right on %.10g of %s%s%s%s%s: %.2f [%.2f, %.2f]; always choosing the "
           "answer of more tokens %.2f",
           name, round(10 * e->accuracy * e->n) / 10,
           text_count(e->n, file ? "pair" : "held-out pair"), file ? " of " : "", file ? file : "",
           labels, when, e->accuracy, low, high, e->longer_wins);
    if (isfinite(c->agreement))
        printf("; people agree with each other %.2f (ceiling about %.2f)", c->agreement,
               c->ceiling);
    else if (c->by_rule) printf("; the rule itself %.2f", c->ceiling);
    printf("\n");
    print_conclusion(e, low, high, !file, worst_follow);
}

RewardEvaluation reward_measure_learned(Policy *p, const Pairs *pairs)
{
    enum { ASKED = 512 };
    Pairs some = *pairs;
    if (some.n > ASKED) some.n = ASKED;
    return reward_measure(p, &some, NULL, NULL);
}

bool reward_report_is_chance(const RewardEvaluation *e)
{
    double low, high;
    wilson_interval(&low, &high, e->accuracy * e->n, e->n);
    return low <= 0.5;
}

/* What was learned by heart is ordered nearly without error, and better than what was held out; less is noise that
 * was fitted. */
bool reward_report_is_underfit(const RewardEvaluation *learned, double held_out)
{
    static const double LEARNED = 0.65, MARGIN = 0.05;
    return learned->all_equal || learned->accuracy < LEARNED ||
           learned->accuracy < held_out + MARGIN || reward_report_is_chance(learned);
}

void reward_report_cause(const RewardEvaluation *learned, double held_out, double learning_rate)
{
    static const double SMALL_MODELS = 1e-3;
    printf("of %s that it has just learned from it is right on %.2f: ",
           text_count(learned->n, "pair"), learned->accuracy);
    if (reward_report_is_underfit(learned, held_out))
        printf("it has not learned those either; before more labels try %s%g%s or more --epochs\n",
               learning_rate < SMALL_MODELS ? "a higher --learning-rate than "
                                            : "another --learning-rate than ",
               learning_rate,
               learning_rate < SMALL_MODELS ? " (models of a million weights want 1e-3)," : ",");
    else
        printf(
            "it knows those, and little that holds for others: more labels, or fewer --epochs\n");
}
