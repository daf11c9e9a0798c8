/* rlhf inspect: what a model is, which tokens are near to each other, where a head looks. */
#include "cli/commands.h"
#include "cli/inspection.h"
#include "cli/model_facts.h"
#include "cli/options.h"
#include "cli/project.h"

enum { NEAR_DEFAULT = 10 };

static const Option OPTIONS[] = {
    {"near", OPTION_TEXT, offsetof(InspectOptions, near), 0, 0, "TEXT",
     "the tokens nearest to a token, spelled as `tokenize` shows it, or to those of a text"},
    {"near-id", OPTION_INT, offsetof(InspectOptions, near_id), 0, 1 << 30, "ID",
     "the same by its id; needs no tokenizer"},
    {"count", OPTION_INT, offsetof(InspectOptions, count), 1, 10000, "N", "so many of them (10)"},
    {"output", OPTION_SWITCH, offsetof(InspectOptions, output), 0, 0, NULL,
     "near in the output projection, not in the embedding"},
    {"attention", OPTION_TEXT, offsetof(InspectOptions, attention), 0, 0, "LAYER:HEAD",
     "where that head looks, both counted from 0"},
    {"layer", OPTION_INT, offsetof(InspectOptions, layer), 0, 1 << 20, "LAYER",
     "where all heads of a layer look"},
    GIVEN_TOKENS_OPTIONS(InspectOptions, given.ids, given.text, given.special),
    {0},
};

static int open_outline(Inspection *w, Error *err)
{
    Loaded *l = &w->loaded;
    char folder[FILE_PATH_MAX];
    Error ignored;
    if (project_model(w->ctx, folder, "model", w->name, err) != 0) return -1;
    if (loaded_outline_folder(l, w->ctx, folder, NULL, err) != 0) return -1;
    loaded_try_tokenizer(l, &ignored);
    return 0;
}

static int inspect_facts(const Inspection *w, Error *err)
{
    ModelFacts f;
    if (model_facts_read(&f, w->ctx, w->name, err) != 0) return -1;
    if (w->ctx->json) model_facts_print_json(&f);
    else model_facts_print(&f);
    model_facts_free(&f);
    return 0;
}

static int check_options(InspectOptions *o, Error *err)
{
    const bool near = o->near || o->near_id != NOT_GIVEN;
    const bool looks = o->attention || o->layer != NOT_GIVEN;
    if ((o->near && o->near_id != NOT_GIVEN) || (o->attention && o->layer != NOT_GIVEN) ||
        (near && looks))
        return error_usage(err, "one of --near, --near-id, --attention and --layer, not two");
    if (!near && (o->count || o->output))
        return error_usage(err, "--count and --output go with --near");
    if (!looks && (o->given.ids || o->given.text || o->given.special))
        return error_usage(err, "--text, --ids and --special go with --attention or --layer");
    if (o->given.ids && o->given.text) return error_usage(err, "--ids or --text, not both");
    if (!o->count) o->count = NEAR_DEFAULT;
    return 0;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    Inspection w = {.ctx = ctx, .options = {.near_id = NOT_GIVEN, .layer = NOT_GIVEN}};
    InspectOptions *o = &w.options;
    Words words = {0};
    int rc = -1;
    if (options_parse(ctx, OPTIONS, o, &words, 0, 1, argc, argv, err) != 0) return -1;
    if (check_options(o, err) != 0) return -1;
    w.name = words.n ? words.word[0] : "base";
    const bool near = o->near || o->near_id != NOT_GIVEN;
    if (!near && !o->attention && o->layer == NOT_GIVEN) return inspect_facts(&w, err);
    if (open_outline(&w, err) == 0)
        rc = near ? inspection_near(&w, err) : inspection_attention(&w, err);
    loaded_close(&w.loaded);
    return rc;
}

const Command cmd_inspect = {
    .name = "inspect",
    .heading = "models",
    .summary = "what a model is: shape, weights by part, memory for each job",
    .usage = "[MODEL] [--json]\n"
             "[MODEL] --near TEXT [--count N] [--output]\n"
             "[MODEL] --attention LAYER:HEAD [--text TEXT | --ids 1,2,3]\n"
             "[MODEL] --layer LAYER [--text TEXT | --ids 1,2,3]",
    .details = "MODEL is a name, a run, a folder or what was pulled: org/name (base).  The first "
               "form reads no "
               "weights.\n"
               "Tokens are near when their rows of the embedding point the same way (cosine).  The "
               "attention of a head is\n"
               "drawn as a triangle: each row is a token, its shades say how much of its attention "
               "falls on which earlier one.",
    .options = OPTIONS,
    .project = PROJECT_OPTIONAL,
    .filter = true,
    .run = run,
};
