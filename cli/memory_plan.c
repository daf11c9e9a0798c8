#include "cli/memory_plan.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/job_memory.h"

/* What a small model takes is no news. */
static const size_t WORTH_TELLING = (size_t)256 << 20;

void memory_plan_add(MemoryPlan *p, const char *what, size_t bytes)
{
    int i = 0;
    while (i < p->n && strcmp(p->part[i].what, what) != 0) i++;
    assert(i < MEMORY_PARTS_MAX);
    if (i == p->n) p->part[p->n++].what = what;
    p->part[i].bytes += bytes;
}

void memory_plan_add_weights(MemoryPlan *p, const Loaded *l, const ModelUse *use)
{
    memory_plan_add(p, "weights", l->beside ? 0 : model_memory(&l->model->config, use));
}

void memory_plan_add_scoring(MemoryPlan *p, const Loaded *l)
{
    memory_plan_add(p, "scoring", scoring_memory(&l->model->config, l->adapter, loaded_heads(l)));
}

void memory_plan_add_sampling(MemoryPlan *p, const Loaded *l, int batch, int longest)
{
    memory_plan_add(p, "sampling", sampling_memory(&l->model->config, l->adapter, batch, longest));
}

void memory_plan_add_ppo(MemoryPlan *p, const PpoMemory *m)
{
    memory_plan_add(p, "weights", m->weights);
    memory_plan_add(p, "policy", m->policy);
    if (m->value > 0) memory_plan_add(p, "value model", m->value);
    memory_plan_add(p, m->name, m->phase);
}

static size_t total_of(const MemoryPlan *p)
{
    size_t total = 0;
    for (int i = 0; i < p->n; i++) total += p->part[i].bytes;
    return total;
}

const MemoryPlan *memory_plan_choose(const MemoryPlan *kept, const MemoryPlan *again,
                                     bool *recompute)
{
    const size_t free = mem_free() + mem_held();
    if (!*recompute && total_of(kept) > free) {
        *recompute = true;
        if (total_of(again) <= free)
            log_line(
                "memory: activations are made again in the backward, which takes a quarter more "
                "time and changes no number; kept, all would be %s",
                text_size((double)total_of(kept)));
    }
    return *recompute ? again : kept;
}

int memory_plan_check(const MemoryPlan *p, const char *hint, Error *err)
{
    const size_t free = mem_free() + mem_held(), total = total_of(p);
    Text parts = {0}, sizes = {0};
    for (int i = 0; i < p->n; i++)
        text_format(&parts, "%s%s %s", i ? ", " : "", p->part[i].what,
                    text_size((double)p->part[i].bytes));
    const bool fits = total <= free;
    text_format(&sizes, "%s%s%s", text_size((double)total), fits ? " of " : " are needed, and ",
                text_size((double)free));
    if (fits && (p->tell || total >= WORTH_TELLING) && !p->untold)
        log_line("memory: %s; %s free", parts.bytes, sizes.bytes);
    if (!fits) {
        error_set(err, "%s are free: %s", sizes.bytes, parts.bytes);
        error_hint(err, "%s",
                   p->part[0].bytes < free ? hint
                                           : "the weights alone are too many for this machine: "
                                             "take a smaller model");
    }
    text_free(&sizes);
    text_free(&parts);
    return fits ? 0 : -1;
}

/* Of one model. */
static int check_of(const MemoryPlan *p, const Loaded *l, const char *hint, Error *err)
{
    return memory_plan_check(p, hint, err) == 0 ? 0 : error_wrap(err, "%s", l->folder);
}

int memory_plan_weights(const Loaded *l, Error *err)
{
    MemoryPlan plan = {0};
    memory_plan_add(&plan, "weights", model_memory(&l->model->config, NULL));
    return check_of(&plan, l, "", err);
}

int memory_plan_scoring(const Loaded *l, int tokens, Error *err)
{
    MemoryPlan plan = {0};
    const PolicyOptions options = {
        .adapter = l->adapter, .heads = loaded_heads(l), .max_tokens = tokens};
    memory_plan_add_weights(&plan, l, &(ModelUse){.predicts = loaded_heads(l) == 0});
    memory_plan_add(&plan, "scoring", policy_memory(&l->model->config, &options));
    return check_of(&plan, l, "a shorter text or a smaller model takes less", err);
}

int memory_plan_decoding(const Loaded *l, int batch, int longest, Error *err)
{
    MemoryPlan plan = {0};
    memory_plan_add_weights(&plan, l, &(ModelUse){.predicts = true});
    memory_plan_add_sampling(&plan, l, batch, longest);
    return memory_plan_check(
        &plan, batch > 1 ? "a smaller --batch takes less" : "a smaller --max-new-tokens takes less",
        err);
}

/* Tokens that a micro-batch of so many has. */
static int micro_batch(const PolicyOptions *o, int64_t tokens)
{
    return tokens < o->max_tokens ? (int)tokens : o->max_tokens;
}

/* No gradient follows what is held out. */
static size_t passes(const ModelConfig *c, const PolicyOptions *o, PlanTokens tokens)
{
    const size_t learn = pass_memory(c, o, micro_batch(o, tokens.batch), true),
                 look = pass_memory(c, o, micro_batch(o, tokens.held_out), false);
    return learn > look ? learn : look;
}

int memory_plan_training(const Loaded *l, PolicyOptions options, PlanTokens tokens,
                         const LoraConfig *lora, const ModelUse *use, TrainingFlags *flags,
                         Error *err)
{
    const ModelConfig *c = &l->model->config;
    MemoryPlan plan[2] = {{.tell = flags->dry_run}, {.tell = flags->dry_run}};
    ModelUse changed = *use;
    options.adapter = loaded_planned_adapter(l, lora);
    changed.changed = !options.adapter;
    for (int again = 0; again < 2; again++) {
        options.recompute = again;
        memory_plan_add_weights(&plan[again], l, &changed);
        memory_plan_add(&plan[again], "training",
                        policy_weights_memory(c, &options) + passes(c, &options, tokens));
    }
    const int rc = check_of(memory_plan_choose(&plan[0], &plan[1], &flags->recompute), l,
                            options.adapter ? "a smaller max_tokens takes less"
                                            : "adapters take less: --set lora.rank=16",
                            err);
    adapter_free(options.adapter);
    return rc;
}
