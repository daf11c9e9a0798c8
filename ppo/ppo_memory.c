#include "ppo/ppo_memory.h"

#include <stdint.h>

#include "policy/memory.h"

enum { ROLES = 4 };

typedef struct {
    const PpoModel
        *role[ROLES]; /* policy, reference, value, reward; a shared value is the policy */
    const PpoModels *of;
    const PpoConfig *settings;
} Plan;

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static bool first_of_base(const Plan *p, int i)
{
    for (int k = 0; k < i; k++)
        if (p->role[k]->base == p->role[i]->base) return false;
    return true;
}

/* All that is ever done with these weights: what is packed of them stays as long as they are in use. */
static ModelUse use_of(const Plan *p, const void *base)
{
    ModelUse use = {0};
    for (int i = 0; i < ROLES; i++) {
        const PpoModel *m = p->role[i];
        const bool predicts = m == &p->of->policy || m == &p->of->reference;
        if (m->base != base) continue;
        use.predicts |= predicts;
        use.trained |= m->options.train;
        use.predictions_trained |= m->options.train && predicts;
        use.changed |= m->options.train && !m->options.adapter;
    }
    return use;
}

static size_t packed_of(const Plan *p, const PpoModel *m)
{
    const ModelUse use = use_of(p, m->base);
    return model_memory(m->config, &use) - model_memory(m->config, NULL);
}

/* Of one or both. */
static size_t packed(const Plan *p, const PpoModel *one, const PpoModel *other)
{
    return packed_of(p, one) + (other->base != one->base ? packed_of(p, other) : 0);
}

/* A pass over so many sequences, or as many of them as a micro-batch holds. */
static size_t pass(const Plan *p, const PpoModel *m, int sequences, bool gradient)
{
    const int64_t all = (int64_t)sequences * p->of->longest, limit = m->options.max_tokens;
    const int64_t some = all < limit ? all : limit;
    return pass_memory(m->config, &m->options, (int)(some > p->of->longest ? some : p->of->longest),
                       gradient);
}

static size_t sampling(const Plan *p)
{
    const PpoModel *m = &p->of->policy;
    const int low = m->options.adapter ? m->options.adapter->low : 0;
    return packed(p, m, m) + decoding_memory(m->config, low, p->of->together, p->of->longest);
}

/* The room only grows, from one model to the next. */
static size_t scoring(const Plan *p, size_t *room)
{
    const int B = p->settings->batch_size;
    const PpoModel *const model[] = {p->role[1], p->role[3], p->role[2]};
    size_t most = 0;
    for (int i = 0; i < 3; i++) {
        *room = larger(*room, pass(p, model[i], B, false));
        most = larger(most, packed(p, p->role[0], model[i]) + *room);
    }
    return most;
}

static size_t updating(const Plan *p, size_t room)
{
    const int B = p->settings->minibatch_size;
    room = larger(room, pass(p, p->role[0], B, true));
    room = larger(room, pass(p, p->role[2], B, true));
    return packed(p, p->role[0], p->role[2]) + room;
}

static void take_fullest(PpoMemory *m, const char *name, size_t bytes)
{
    if (bytes > m->phase) m->phase = bytes, m->name = name;
}

PpoMemory ppo_memory(const PpoModels *of, const PpoConfig *c)
{
    const bool shared = !of->value.base;
    const Plan p = {
        .role = {&of->policy, &of->reference, shared ? &of->policy : &of->value, &of->reward},
        .of = of,
        .settings = c};
    PpoMemory m = {0};
    size_t room = 0;
    for (int i = 0; i < ROLES; i++)
        if (first_of_base(&p, i)) m.weights += model_memory(p.role[i]->config, NULL);
    m.weights += policy_weights_memory(of->reference.config, &of->reference.options) +
                 policy_weights_memory(of->reward.config, &of->reward.options);
    m.policy = policy_weights_memory(of->policy.config, &of->policy.options);
    m.value = shared ? 0 : policy_weights_memory(of->value.config, &of->value.options);
    take_fullest(&m, "sampling", sampling(&p));
    take_fullest(&m, "scoring", scoring(&p, &room));
    take_fullest(&m, "updating", updating(&p, room));
    return m;
}

size_t ppo_memory_total(const PpoMemory *m)
{
    return m->weights + m->policy + m->value + m->phase;
}
