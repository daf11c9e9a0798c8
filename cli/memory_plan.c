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

int memory_plan_check(const MemoryPlan *p, const char *hint, Error *err)
{
    const size_t free = mem_free() + mem_held();
    size_t total = 0;
    Text parts = {0}, sizes = {0};
    for (int i = 0; i < p->n; i++) {
        text_format(&parts, "%s%s %s", i ? ", " : "", p->part[i].what,
                    text_size((double)p->part[i].bytes));
        total += p->part[i].bytes;
    }
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

int memory_plan_training(const Loaded *l, PolicyOptions options, const LoraConfig *lora,
                         const ModelUse *use, bool tell, Error *err)
{
    MemoryPlan plan = {.tell = tell};
    ModelUse changed = *use;
    options.adapter = loaded_planned_adapter(l, lora);
    changed.changed = !options.adapter;
    memory_plan_add_weights(&plan, l, &changed);
    memory_plan_add(&plan, "training", policy_memory(&l->model->config, &options));
    const int rc = check_of(&plan, l,
                            options.adapter ? "a smaller max_tokens takes less"
                                            : "adapters take less: --set lora.rank=16",
                            err);
    adapter_free(options.adapter);
    return rc;
}
