/* A model's facts as people read them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/job_memory.h"
#include "cli/model_facts.h"
#include "cli/token_label.h"
#include "cli/wrap.h"

enum { LABEL = 14, SPECIAL_SHOWN = 8 };

/* A fact, broken under its beginning where it is long; empties t. */
static void say(const char *what, Text *t)
{
    char label[LABEL + 1];
    snprintf(label, sizeof label, "  %-*s", LABEL - 2, what);
    wrap_print(LABEL - 2, "%s%s\n", label, t->bytes);
    text_clear(t);
}

/* ---- shape ---------------------------------------------------------------------------------------- */

static void say_attention(const ModelConfig *c, Text *t)
{
    text_format(t, "%d heads, %d wide", c->NH, c->HD);
    if (c->NKV == 1) text_add(t, ", all sharing one key and value head");
    else if (c->NKV < c->NH)
        text_format(t, ", sharing %d key and value heads, %d each", c->NKV, c->NH / c->NKV);
    if (c->attention_bias) text_add(t, "; biases of query, key and value");
    if (c->out_bias) text_add(t, ", and of the projection after it");
    if (c->qk_norm) text_add(t, "; query and key heads are normed");
    say("attention", t);
}

static void say_positions(const ModelConfig *c, Text *t)
{
    const RopeScaling *s = &c->rope_scaling;
    if (c->learned_positions) text_add(t, "learned");
    else text_format(t, "rotary, base %s", text_thousands(llround(c->rope_theta)));
    if (!c->learned_positions && s->kind == ROPE_LINEAR)
        text_format(t, ", stretched %g times", s->factor);
    if (!c->learned_positions && s->kind == ROPE_LLAMA3)
        text_format(t, ", stretched up to %g times from %s on (llama3)", s->factor,
                    text_count(s->original_T, "token"));
    say("positions", t);
    text_add(t, text_count(c->max_T, "token"));
    if (c->window > 0 && c->window < c->max_T)
        text_format(t, ", of which a token sees the last %s", text_thousands(c->window));
    say("context", t);
}

static void say_shape(const ModelFacts *f, Text *t)
{
    const ModelConfig *c = &f->model.model->config;
    text_format(t, "%s of width %d", text_count(c->n_layer, "layer"), c->C);
    say("layers", t);
    say_attention(c, t);
    text_format(t, "%s, %s wide%s", c->gated_mlp ? "SwiGLU" : "GELU", text_thousands(c->F),
                c->mlp_bias ? "; biases" : "");
    say("mlp", t);
    text_format(t, "%s, epsilon %g", c->rms_norm ? "RMSNorm" : "LayerNorm", c->norm_eps);
    say("norms", t);
    say_positions(c, t);
    if (f->heads)
        text_format(t, "%s: a reward model%s", text_count(f->heads, "score head"),
                    c->tied ? "" : ", which cannot predict tokens");
    else
        text_format(t, "to %s tokens, %s", text_thousands(c->V),
                    c->tied ? "by the embedding itself (tied)" : "by weights of its own (untied)");
    say("output", t);
    if (c->compute == COMPUTE_BF16) {
        text_add(t, "in bfloat16, sums in floats; all else in floats");
        say("products", t);
    }
}

/* ---- files ---------------------------------------------------------------------------------------- */

static void say_types(const ModelFacts *f, Text *t)
{
    bool wider = false;
    for (int i = 0; i <= DTYPE_OTHER; i++) {
        if (!f->bytes[i]) continue;
        wider |= i != DTYPE_F32 && i != DTYPE_OTHER;
        text_format(t, "%s%s %s", t->n ? ", " : "", i == DTYPE_OTHER ? "other" : dtype_name(i),
                    text_size((double)f->bytes[i]));
    }
    text_add(t, wider ? "; F32 in memory" : "");
    say("on disk", t);
}

static void say_tokenizer(const ModelFacts *f, Text *t)
{
    const Tokenizer *k = f->model.tokenizer;
    int special = 0;
    if (!k) {
        text_format(t, "none: %s", f->no_tokenizer.message);
        say("tokenizer", t);
        return;
    }
    text_format(t, "%s tokens", text_thousands(tokenizer_size(k)));
    for (int i = 0; i < tokenizer_size(k); i++) {
        if (!tokenizer_is_special(k, i) || special++ >= SPECIAL_SHOWN) continue;
        text_add(t, special == 1 ? "; special: " : ", ");
        token_label(t, k, i);
        text_format(t, " %d%s", i, i == tokenizer_eos(k) ? " (stops an answer)" : "");
    }
    if (special > SPECIAL_SHOWN) text_format(t, " and %d more", special - SPECIAL_SHOWN);
    say("tokenizer", t);
}

static void say_adapter(const ModelFacts *f, Text *t)
{
    const Adapter *a = f->model.adapter;
    unsigned said = 0;
    if (!a) return;
    text_format(t, "rank %d, updates times %g, of ", a->config.rank, a->scale);
    for (int i = 0; i < a->n_updates; i++) {
        const unsigned target = adapter_target(a->update[i].tensor);
        const char *name = adapter_target_name(a->update[i].tensor);
        if (!(said & target))
            text_format(t, "%s%.*s", said ? ", " : "", (int)strcspn(name, "."), name);
        said |= target;
    }
    text_format(t, "; %s weights", text_thousands(parameter_count_adapter(a)));
    say("adapter", t);
    text_add(t, f->model.model_folder);
    say("over", t);
}

/* ---- tables --------------------------------------------------------------------------------------- */

static void print_weights(const ModelFacts *f)
{
    const ParameterCount *w = &f->weights;
    printf("\n  %-12s%16s%16s%9s\n", "weights", "one layer", "all", "share");
    for (int i = 0; i < MODEL_PARTS; i++) {
        if (!w->all[i]) continue;
        printf("  %-12s%16s%16s%8.1f%%\n", parameter_count_part((ModelPart)i),
               w->layer[i] ? text_thousands(w->layer[i]) : "", text_thousands(w->all[i]),
               100 * (double)w->all[i] / (double)w->total);
    }
    printf("  %-12s%16s%16s\n", "together", "", text_thousands(w->total));
}

/* A size, marked when it is more than is free. */
static void print_bytes(double bytes)
{
    char marked[40];
    snprintf(marked, sizeof marked, "%s%s", bytes > (double)mem_free() ? "* " : "",
             text_size(bytes));
    printf("%16s", marked);
}

static void print_job(Job job, const JobModel *frozen, Adapter *trained)
{
    JobModel of = *frozen;
    printf("  %-12s", job_name(job));
    if (job_trains(job)) {
        printf("%16s", "");
        if (of.adapter) printf("%16s", ""); /* training goes on in it */
        else print_bytes((double)job_memory(job, &of));
        of.trained = trained;
    }
    print_bytes((double)job_memory(job, &of));
    putchar('\n');
}

static void print_memory(const ModelFacts *f)
{
    const JobModel of = {.model = f->model.model, .adapter = f->model.adapter, .heads = f->heads};
    Adapter *drawn = f->model.adapter ? NULL : job_adapter(f->model.model);
    Adapter *trained = f->model.adapter ? f->model.adapter : drawn;
    char rank[32];
    snprintf(rank, sizeof rank, "rank %d", trained->config.rank);
    printf("\n  %-12s%16s", "memory", "frozen");
    if (!f->heads) printf("%16s%16s", f->model.adapter ? "" : "all weights", rank);
    putchar('\n');
    for (int job = 0; job < JOBS; job++)
        if (job_done_with((Job)job, f->heads)) print_job((Job)job, &of, trained);
    printf("  %-12s%16s  (* is more than that)\n", "free here", text_size((double)mem_free()));
    adapter_free(drawn);
}

void model_facts_print(const ModelFacts *f)
{
    const ModelConfig *c = &f->model.model->config;
    Text t = {0};
    text_format(&t, "%s: %s %s of %s weights", f->model.name, model_config_family(c->family),
                f->heads ? "reward model" : "language model", text_thousands(f->weights.total));
    wrap_print(2, "%s\n", t.bytes);
    text_clear(&t);
    if (strcmp(f->model.name, f->model.folder) != 0)
        text_add(&t, f->model.folder), say("folder", &t);
    say_adapter(f, &t);
    say_shape(f, &t);
    say_types(f, &t);
    say_tokenizer(f, &t);
    print_weights(f);
    print_memory(f);
    text_free(&t);
}
