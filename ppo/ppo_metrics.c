#include "ppo/ppo_metrics.h"

#include <assert.h>
#include <stddef.h>

#include "base/json.h"
#include "ppo/kl_control.h"

#define METRIC(name, member)               \
    {                                      \
        name, offsetof(PpoMetrics, member) \
    }
static const struct {
    const char *name;
    size_t offset;
} METRICS[] = {
    METRIC("episode", episode),
    METRIC("eps", eps),
    METRIC("lr", lr),
    METRIC("objective/kl", kl),
    METRIC("objective/kl_k3", kl_k3),
    METRIC("objective/kl_coef", kl_coef),
    METRIC("objective/entropy", entropy),
    METRIC("objective/non_score_reward", non_score_reward),
    METRIC("objective/rlhf_reward", rlhf_reward),
    METRIC("objective/scores", scores),
    METRIC("objective/response_length", response_length),
    METRIC("objective/finished", finished),
    METRIC("objective/distinct", distinct),
    METRIC("policy/approxkl_avg", approxkl),
    METRIC("policy/clipfrac_avg", clipfrac),
    METRIC("policy/entropy_avg", policy_entropy),
    METRIC("loss/policy_avg", policy_loss),
    METRIC("loss/value_avg", value_loss),
    METRIC("val/clipfrac_avg", value_clipfrac),
    METRIC("val/error", value_error),
    METRIC("val/explained_variance", explained_variance),
    METRIC("val/ratio", ratio),
    METRIC("val/ratio_var", ratio_var),
    METRIC("val/ratio_max", ratio_max),
    METRIC("val/num_eos_tokens", num_eos_tokens),
    METRIC("policy/skipped", skipped),
    METRIC("policy/passes", passes),
    METRIC("time/sampling", sampling),
    METRIC("time/scoring", scoring),
    METRIC("time/updating", updating),
};
#undef METRIC

void ppo_metrics_rollout(PpoMetrics *m, const double *logp, const double *ref_logp,
                         const int *start, const double *score, const bool *finished, int B,
                         double kl_coef)
{
    assert(B > 0);
    const int N = start[B] - start[0];
    const KlEstimate kl = kl_estimate(logp + start[0], ref_logp + start[0], N);
    double logp_sum = 0, score_sum = 0;
    int ended = 0;
    for (int i = start[0]; i < start[B]; i++) logp_sum += logp[i];
    for (int b = 0; b < B; b++) {
        score_sum += score[b];
        ended += finished[b];
    }
    m->kl = kl.k1 / B;
    m->kl_k3 = kl.k3 / B;
    m->kl_coef = kl_coef;
    m->entropy = -logp_sum / B;
    m->non_score_reward = -kl_coef * m->kl;
    m->scores = score_sum / B;
    m->rlhf_reward = m->scores + m->non_score_reward;
    m->response_length = (double)N / B;
    m->num_eos_tokens = ended;
    m->finished = (double)ended / B;
}

void ppo_metrics_update(PpoMetrics *m, const PpoPolicySums *policy, const PpoValueSums *value,
                        double entropy)
{
    if (policy->n > 0) {
        const double n = (double)policy->n;
        m->policy_entropy = entropy / n;
        m->approxkl = policy->approx_kl / n;
        m->clipfrac = policy->clipped / n;
        m->policy_loss = policy->loss / n;
        m->ratio = policy->ratio / n;
        m->ratio_var = policy->ratio_squared / n - m->ratio * m->ratio;
        m->ratio_max = policy->ratio_max;
    }
    if (value->n > 0) {
        const double n = (double)value->n;
        m->value_loss = value->loss / n;
        m->value_clipfrac = value->clipped / n;
        m->value_error = value->error / n;
        m->explained_variance = ppo_explained_variance(value);
    }
}

int ppo_metrics_count(void)
{
    return sizeof METRICS / sizeof *METRICS;
}

const char *ppo_metrics_name(int i)
{
    assert(i >= 0 && i < ppo_metrics_count());
    return METRICS[i].name;
}

double ppo_metrics_value(const PpoMetrics *m, int i)
{
    assert(i >= 0 && i < ppo_metrics_count());
    return *(const double *)(const void *)((const char *)m + METRICS[i].offset);
}

void ppo_metrics_json(const PpoMetrics *m, Text *out)
{
    for (int i = 0; i < ppo_metrics_count(); i++) {
        text_format(out, "%s\"%s\":", i ? "," : "", ppo_metrics_name(i));
        json_put_number(out, ppo_metrics_value(m, i));
    }
}
