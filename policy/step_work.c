#include "policy/step_work.h"

#include "policy/parameter_count.h"

/* Multiply-adds that all but the products of a layer is worth, for each unit of the width.  From docs/results.md, two
 * threads that reach 172e9 multiply-adds a second: scoring the demo's model (4 layers of 128, 0.96e6 multiply-adds a
 * token) takes 11.6 us a token, of which its products, at 77% of that speed, take 7.2; the 4.3 us left over would
 * have been 574,000 multiply-adds, 1,120 for each of 4 x 128 units.  A training step likewise: 47 us a token, 25.5 of
 * products at 66%; sampling 20.3 us a token, those of prompts counted too, 8.4 of products at 65%. */
static const double REST[WORK_KINDS] = {1120, 4740, 2590};

/* Against products of the forward, how fast those were that REST is counted in. */
static const double PACE[WORK_KINDS] = {1, .66 / .77, .65 / .77};

/* How often each weight of a product is gone over: backward, the gradient of its input and of itself. */
static double passes(const StepWork *w, WorkKind kind)
{
    return kind != WORK_TRAINED ? 1 : w->adapter ? 2 : 3;
}

/* With the weights. */
static double products_of(const StepWork *w, WorkKind kind, const ModelConfig *c)
{
    ParameterCount count;
    parameter_count(&count, c, 0);
    const double blocks = (double)(count.all[PART_ATTENTION] + count.all[PART_MLP]);
    const double output = (double)c->V * c->C;
    return (w->trunk[kind] * blocks + w->head[kind] * output) * passes(w, kind);
}

/* In floats, however those are computed. */
static double others_of(const StepWork *w, WorkKind kind, const ModelConfig *c)
{
    /* two products of a query's head with half of the sequence, in every layer */
    const double attention = (double)c->n_layer * c->NH * c->HD * w->length;
    const double rest = REST[kind] * c->n_layer * c->C;
    return w->trunk[kind] * (attention * passes(w, kind) + rest);
}

double step_work_of(const StepWork *w, WorkKind kind, const ModelConfig *c)
{
    return products_of(w, kind, c) + others_of(w, kind, c);
}

double step_work_all(const StepWork *w, const ModelConfig *c)
{
    double sum = 0;
    for (int kind = 0; kind < WORK_KINDS; kind++) sum += step_work_of(w, (WorkKind)kind, c);
    return sum;
}

double step_work_seconds(const StepWork *w, const ModelConfig *c, const MachineSpeed *speed)
{
    const double at[WORK_KINDS] = {speed->forward, speed->training, speed->decoding};
    double seconds = 0;
    for (int kind = 0; kind < WORK_KINDS; kind++)
        if (w->trunk[kind] > 0)
            seconds += products_of(w, (WorkKind)kind, c) / at[kind] +
                       others_of(w, (WorkKind)kind, c) /
                           (speed->floats > 0 ? speed->floats * PACE[kind] : at[kind]);
    return seconds;
}
