/* A model's facts as one JSON object. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/job_memory.h"
#include "cli/model_facts.h"

static void put_text(Text *t, const char *name, const char *value)
{
    text_format(t, "\"%s\":", name);
    json_put_text(t, value, strlen(value));
}

static void put_shape(Text *t, const ModelConfig *c)
{
    static const char *const SCALING[] = {"default", "linear", "llama3"};
    text_format(t, ",\"family\":\"%s\",\"layers\":%d,\"width\":%d,\"heads\":%d,",
                model_config_family(c->family), c->n_layer, c->C, c->NH);
    text_format(t, "\"key_value_heads\":%d,\"head_width\":%d,\"mlp_width\":%d,", c->NKV, c->HD,
                c->F);
    text_format(t, "\"vocabulary\":%d,\"context\":%d,\"mlp\":\"%s\",\"norm\":\"%s\",", c->V,
                c->max_T, c->gated_mlp ? "swiglu" : "gelu", c->rms_norm ? "rms" : "layer");
    text_format(t, "\"compute\":\"%s\",\"head_norms\":%s,\"tied\":%s,\"rope\":",
                kernels_compute_name(c->compute), c->qk_norm ? "true" : "false",
                c->tied ? "true" : "false");
    if (c->learned_positions) {
        text_add(t, "null");
        return;
    }
    text_add(t, "{\"theta\":");
    json_put_number(t, c->rope_theta);
    text_format(t, ",\"scaling\":\"%s\",\"factor\":", SCALING[c->rope_scaling.kind]);
    json_put_number(t, c->rope_scaling.kind == ROPE_DEFAULT ? 1 : c->rope_scaling.factor);
    text_add(t, "}");
}

static void put_types(Text *t, const ModelFacts *f)
{
    bool first = true;
    text_add(t, ",\"bytes\":{");
    for (int i = 0; i <= DTYPE_OTHER; i++) {
        if (!f->bytes[i]) continue;
        text_format(t, "%s\"%s\":%llu", first ? "" : ",", i < DTYPE_OTHER ? dtype_name(i) : "other",
                    (unsigned long long)f->bytes[i]);
        first = false;
    }
    text_add(t, "}");
}

static void put_tokenizer(Text *t, const ModelFacts *f)
{
    const Tokenizer *k = f->model.tokenizer;
    bool first = true;
    text_add(t, ",\"tokenizer\":");
    if (!k) {
        text_add(t, "null,");
        put_text(t, "no_tokenizer", f->no_tokenizer.message);
        return;
    }
    text_format(t, "{\"size\":%d,\"stop\":", tokenizer_size(k));
    if (tokenizer_eos(k) < 0) text_add(t, "null");
    else text_format(t, "%d", tokenizer_eos(k));
    text_add(t, ",\"special\":[");
    for (int i = 0; i < tokenizer_size(k); i++) {
        if (!tokenizer_is_special(k, i)) continue;
        text_format(t, "%s{\"id\":%d,", first ? "" : ",", i);
        put_text(t, "token", tokenizer_token(k, i));
        text_add(t, "}");
        first = false;
    }
    text_add(t, "]}");
}

static void put_adapter(Text *t, const ModelFacts *f)
{
    const Adapter *a = f->model.adapter;
    unsigned said = 0;
    text_add(t, ",\"adapter\":");
    if (!a) {
        text_add(t, "null");
        return;
    }
    text_format(t, "{\"rank\":%d,\"scale\":", a->config.rank);
    json_put_number(t, a->scale);
    text_add(t, ",\"targets\":[");
    for (int i = 0; i < a->n_updates; i++) {
        const unsigned target = adapter_target(a->update[i].tensor);
        const char *name = adapter_target_name(a->update[i].tensor);
        if (!(said & target))
            text_format(t, "%s\"%.*s\"", said ? "," : "", (int)strcspn(name, "."), name);
        said |= target;
    }
    text_format(t, "],\"parameters\":%lld,", (long long)parameter_count_adapter(a));
    put_text(t, "base", f->model.model_folder);
    text_add(t, "}");
}

static void put_parts(Text *t, const char *name, const int64_t *part)
{
    text_format(t, "\"%s\":{", name);
    for (int i = 0; i < MODEL_PARTS; i++)
        text_format(t, "%s\"%s\":%lld", i ? "," : "", parameter_count_part((ModelPart)i),
                    (long long)part[i]);
    text_add(t, "}");
}

static void put_memory(Text *t, const ModelFacts *f)
{
    JobModel of = {.model = f->model.model, .adapter = f->model.adapter, .heads = f->heads};
    Adapter *drawn = f->model.adapter ? NULL : job_adapter(f->model.model);
    Adapter *trained = f->model.adapter ? f->model.adapter : drawn;
    text_format(t, ",\"memory\":{\"free\":%zu,\"rank\":%d", mem_free(), trained->config.rank);
    for (Job job = 0; job < JOBS; job++) {
        if (!job_done_with(job, f->heads)) continue;
        of.trained = NULL;
        text_format(t, ",\"%s\":", job_name(job));
        if (!job_trains(job)) {
            text_format(t, "%zu", job_memory(job, &of));
            continue;
        }
        if (f->model.adapter) text_add(t, "{\"all\":null");
        else text_format(t, "{\"all\":%zu", job_memory(job, &of));
        of.trained = trained;
        text_format(t, ",\"adapter\":%zu}", job_memory(job, &of));
    }
    text_add(t, "}");
    adapter_free(drawn);
}

void model_facts_print_json(const ModelFacts *f)
{
    Text t = {0};
    text_add(&t, "{");
    put_text(&t, "model", f->model.name);
    text_add(&t, ",");
    put_text(&t, "folder", f->model.folder);
    put_shape(&t, &f->model.model->config);
    text_format(&t, ",\"score_heads\":%d", f->heads);
    put_types(&t, f);
    put_tokenizer(&t, f);
    put_adapter(&t, f);
    text_format(&t, ",\"parameters\":{\"total\":%lld,", (long long)f->weights.total);
    put_parts(&t, "layer", f->weights.layer);
    text_add(&t, ",");
    put_parts(&t, "all", f->weights.all);
    text_add(&t, "}");
    put_memory(&t, f);
    text_add(&t, "}");
    puts(t.bytes);
    text_free(&t);
}
