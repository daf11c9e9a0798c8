#include "cli/memory_plan.h"

#include "base/log.h"
#include "base/mem.h"

/* What a small model takes is no news. */
static const size_t WORTH_TELLING = (size_t)256 << 20;

void memory_plan_add(MemoryPlan *p, const char *what, size_t bytes)
{
    text_format(&p->parts, "%s%s %s", p->parts.n ? ", " : "", what, text_size((double)bytes));
    p->total += bytes;
}

int memory_plan_check(MemoryPlan *p, const char *hint, Error *err)
{
    const size_t free = mem_free() + mem_held();
    const bool fits = p->total <= free;
    Text sizes = {0};
    text_format(&sizes, "%s%s%s", text_size((double)p->total), fits ? " of " : " are needed, and ",
                text_size((double)free));
    if (fits && (p->tell || p->total >= WORTH_TELLING))
        log_line("memory: %s; %s free", p->parts.bytes, sizes.bytes);
    if (!fits) {
        error_set(err, "%s are free: %s", sizes.bytes, p->parts.bytes);
        error_hint(err, "%s", hint);
    }
    text_free(&sizes);
    text_free(&p->parts);
    return fits ? 0 : -1;
}

size_t scoring_memory(const Loaded *l)
{
    return policy_memory(&l->model->config, &(PolicyOptions){.adapter = l->adapter,
                                                             .heads = loaded_heads(l),
                                                             .max_tokens = SCORING_TOKENS});
}

int memory_plan_training(const ModelConfig *c, const PolicyOptions *options, const ModelUse *use,
                         bool tell, Error *err)
{
    MemoryPlan plan = {.tell = tell};
    memory_plan_add(&plan, "weights", model_memory(c, use));
    memory_plan_add(&plan, "training", policy_memory(c, options));
    return memory_plan_check(&plan,
                             options->adapter ? "a smaller max_tokens takes less"
                                              : "adapters take less: --set lora.rank=16",
                             err);
}

int memory_plan_decoding(const Loaded *l, int batch, int longest, Error *err)
{
    MemoryPlan plan = {0};
    const int low = l->adapter ? l->adapter->low : 0, context = l->model->config.max_T;
    if (longest > context) longest = context;
    memory_plan_add(&plan, "weights",
                    model_memory(&l->model->config, &(ModelUse){.predicts = true}));
    memory_plan_add(&plan, "sampling", decoding_memory(&l->model->config, low, batch, longest));
    return memory_plan_check(&plan, "a smaller --batch takes less", err);
}
