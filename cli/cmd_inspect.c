/* rlhf inspect: what a model is, and what its parts make of tokens and texts. */
#include "cli/commands.h"
#include "cli/inspection.h"
#include "cli/model_facts.h"
#include "cli/options.h"
#include "cli/project.h"

enum { NEAR_DEFAULT = 10, LAYER_DEFAULT = 5 /* tokens or units of a layer */ };

static const Option OPTIONS[] = {
    {"model", OPTION_TEXT, offsetof(InspectOptions, model), 0, 0, "MODEL",
     "the same as MODEL alone"},
    {"near", OPTION_TEXT, offsetof(InspectOptions, near), 0, 0, "TEXT",
     "the tokens nearest to a token, spelled as `tokenize` shows it, or to those of a text"},
    {"near-id", OPTION_INT, offsetof(InspectOptions, near_id), 0, 1 << 30, "ID",
     "the same by its id; needs no tokenizer"},
    {"count", OPTION_INT, offsetof(InspectOptions, count), 1, 10000, "N",
     "so many of what is listed (10 tokens near to one, 5 of each layer)"},
    {"output", OPTION_SWITCH, offsetof(InspectOptions, output), 0, 0, NULL,
     "near in the output projection, not in the embedding"},
    {"attention", OPTION_TEXT, offsetof(InspectOptions, attention), 0, 0, "LAYER:HEAD",
     "where that head looks, both counted from 0"},
    {"layer", OPTION_INT, offsetof(InspectOptions, layer), 0, 1 << 20, "LAYER",
     "where all heads of a layer look; with --units, that layer alone"},
    {"lens", OPTION_SWITCH, offsetof(InspectOptions, lens), 0, 0, NULL,
     "what each layer would say next, were it the last one"},
    {"at", OPTION_INT, offsetof(InspectOptions, at), 0, 1 << 30, "N",
     "with --lens: after token N of the text, counted from 0 (the last)"},
    {"units", OPTION_SWITCH, offsetof(InspectOptions, units), 0, 0, NULL,
     "the units of each layer's MLP that the text moves most, and at which token"},
    {"word", OPTION_TEXT, offsetof(InspectOptions, word), 0, 0, "WORD",
     "how near, layer by layer, the vectors of a word are in the text and in another, --beside"},
    {"beside", OPTION_TEXT, offsetof(InspectOptions, beside), 0, 0, "TEXT", "that other text"},
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

typedef int Look(Inspection *w, Error *err);

/* What the options ask to look at: NULL for the facts.  More than one thing is refused. */
static int choose_look(Look **out, const InspectOptions *o, Error *err)
{
    const struct {
        bool given;
        Look *look;
    } asked[] = {
        {o->near != NULL, inspection_near},
        {o->near_id != NOT_GIVEN, inspection_near},
        {o->attention != NULL, inspection_attention},
        {o->layer != NOT_GIVEN && !o->units, inspection_attention},
        {o->lens, inspection_lens},
        {o->units, inspection_units},
        {o->word != NULL, inspection_word},
    };
    *out = NULL;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        if (!asked[i].given) continue;
        if (*out)
            return error_usage(err, "one of --near, --near-id, --attention, --layer, --lens, "
                                    "--units and --word, not two");
        *out = asked[i].look;
    }
    return 0;
}

static int check_options(InspectOptions *o, Look *look, Error *err)
{
    const bool near = look == inspection_near;
    if (o->output && !near) return error_usage(err, "--output goes with --near");
    if (o->count && (!look || look == inspection_attention || look == inspection_word))
        return error_usage(err, "--count goes with --near, --lens and --units");
    if (o->at != NOT_GIVEN && !o->lens) return error_usage(err, "--at goes with --lens");
    if ((o->beside != NULL) != (o->word != NULL))
        return error_usage(err, "--word and --beside go together: a word, and another text");
    if (o->word && o->given.ids) return error_usage(err, "--word needs --text, not --ids");
    if ((!look || near) && (o->given.ids || o->given.text || o->given.special))
        return error_usage(err, "--text, --ids and --special go with --attention, --layer, --lens "
                                "and --units, --text and --special with --word");
    if (o->given.ids && o->given.text) return error_usage(err, "--ids or --text, not both");
    if (!o->count) o->count = near ? NEAR_DEFAULT : LAYER_DEFAULT;
    return 0;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    Inspection w = {.ctx = ctx,
                    .options = {.near_id = NOT_GIVEN, .layer = NOT_GIVEN, .at = NOT_GIVEN}};
    Words words = {0};
    Look *look;
    int rc = -1;
    if (options_parse(ctx, OPTIONS, &w.options, &words, 0, 1, argc, argv, err) != 0) return -1;
    if (choose_look(&look, &w.options, err) != 0) return -1;
    if (check_options(&w.options, look, err) != 0) return -1;
    if (words.n && w.options.model) return error_usage(err, "MODEL or --model, not both");
    w.name = words.n ? words.word[0] : w.options.model ? w.options.model : "base";
    if (!look) return inspect_facts(&w, err);
    if (open_outline(&w, err) == 0) rc = look(&w, err);
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
             "[MODEL] --layer LAYER [--text TEXT | --ids 1,2,3]\n"
             "[MODEL] --lens [--at N] [--count N] [--text TEXT | --ids 1,2,3]\n"
             "[MODEL] --units [--layer LAYER] [--count N] [--text TEXT | --ids 1,2,3]\n"
             "[MODEL] --word WORD --text TEXT --beside TEXT",
    .details = "MODEL is a name, a run, a folder or what was pulled: org/name (base).  The first "
               "form reads no "
               "weights.\n"
               "Tokens are near when their rows of the embedding point the same way (cosine).  The "
               "attention of a head is\n"
               "drawn as a triangle: each row is a token, its shades say how much of its attention "
               "falls on which earlier one.\n"
               "--lens puts the final norm and the output projection on what each layer leaves; "
               "the last row is what the model\n"
               "itself says next.  --units lists by the size of the peak; a gated MLP's go both "
               "ways.  --word takes the last\n"
               "place of the word in each text, at the token that ends it.",
    .options = OPTIONS,
    .project = PROJECT_OPTIONAL,
    .filter = true,
    .run = run,
};
