/* What the looks at layers share. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/inspection.h"
#include "cli/memory_plan.h"

enum { INSPECTED_TOKENS = 2048 };

int inspection_check_length(const Sequences *s, Error *err)
{
    if (s->tokens <= INSPECTED_TOKENS) return 0;
    return error_set(err, "%d tokens are too many to look at; %d are taken", s->tokens,
                     INSPECTED_TOKENS);
}

int inspection_read_to_trace(Inspection *w, unsigned parts, int tokens, Error *err)
{
    const Loaded *l = &w->loaded;
    MemoryPlan plan = {0};
    memory_plan_add_weights(&plan, l, &(ModelUse){.predicts = w->options.lens});
    memory_plan_add(&plan, "layers",
                    layer_trace_bytes(&l->model->config, l->adapter, parts, tokens));
    if (memory_plan_check(&plan, "a shorter text or a smaller model takes less", err) != 0)
        return error_wrap(err, "%s", l->folder);
    return loaded_read_unnamed(&w->loaded, err);
}

const char *inspection_level_name(int level)
{
    static char name[24];
    if (level == 0) return "embedding";
    snprintf(name, sizeof name, "layer %d", level - 1);
    return name;
}

void inspection_begin_json(Text *t, const Inspection *w)
{
    text_add(t, "{\"model\":");
    json_put_text(t, w->name, strlen(w->name));
}
