/* rlhf show run: what was asked for, what it read, how it ended, and what is left of it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checkpoint.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/model_files.h"
#include "cli/project.h"
#include "cli/show.h"

enum { SETTINGS_MAX = 1 << 22 };

typedef struct {
    const Context *ctx;
    char name[RUN_NAME_MAX], folder[FILE_PATH_MAX], state[RUN_STATE_MAX];
    int64_t step;
    cJSON *settings; /* settings.json; NULL where it cannot be read */
    StoreRunList runs;
    const StoreRun *row; /* of the store; NULL: it is not noted there */
    StoreModelList models;
    int64_t *checkpoint; /* (n) steps */
    int n;
} Shown;

/* ---- reading --------------------------------------------------------------------------------------- */

static void read_settings(Shown *r)
{
    char path[FILE_PATH_MAX];
    Error ignored;
    if (path_join(path, r->folder, "settings.json", &ignored) != 0 ||
        json_read(&r->settings, path, SETTINGS_MAX, false, &ignored) != 0)
        r->settings = NULL;
}

static int read_run(Shown *r, const Context *ctx, Store *store, const char *name, Error *err)
{
    if (project_run(ctx, r->name, r->folder, name, NULL, err) != 0) return -1;
    project_run_state(r->state, &r->step, r->folder);
    read_settings(r);
    if (store_list_runs(store, NULL, &r->runs, err) != 0) return -1;
    for (size_t i = 0; i < r->runs.n; i++)
        if (strcmp(r->runs.row[i].name, r->name) == 0) r->row = &r->runs.row[i];
    if (store_list_models(store, &r->models, err) != 0) return -1;
    return checkpoint_steps(&r->checkpoint, &r->n, r->folder, err);
}

static void free_run(Shown *r)
{
    cJSON_Delete(r->settings);
    store_runs_free(&r->runs);
    store_models_free(&r->models);
    free(r->checkpoint);
}

/* ---- settings -------------------------------------------------------------------------------------- */

static const ConfigField *find_field(const char *section, const char *name)
{
    for (const Command *const *c = COMMANDS; *c; c++)
        for (const ConfigTable *const *t = (*c)->sections; t && *t; t++)
            for (int i = 0; strcmp((*t)->name, section) == 0 && i < (*t)->n; i++)
                if (strcmp((*t)->fields[i].name, name) == 0) return &(*t)->fields[i];
    return NULL;
}

static bool is_default(const ConfigField *f, const cJSON *value)
{
    if (f->type == CONFIG_bool) return cJSON_IsTrue(value) == (f->fallback != 0);
    if (f->type == CONFIG_choice || f->type == CONFIG_text)
        return cJSON_IsString(value) && strcmp(value->valuestring, f->word) == 0;
    return cJSON_IsNumber(value) && value->valuedouble == f->fallback;
}

static cJSON *default_of(const ConfigField *f)
{
    if (f->type == CONFIG_bool) return cJSON_CreateBool(f->fallback != 0);
    if (f->type == CONFIG_choice || f->type == CONFIG_text) return cJSON_CreateString(f->word);
    return cJSON_CreateNumber(f->fallback);
}

/* Those that are not what they would be untold: {"ppo.kl_target": {"is": 8, "default": 6}}. */
static cJSON *changed_settings(const Shown *r)
{
    cJSON *out = cJSON_CreateObject();
    const cJSON *sections = cJSON_GetObjectItemCaseSensitive(r->settings, "settings");
    const cJSON *section, *value;
    cJSON_ArrayForEach(section, sections)
    {
        cJSON_ArrayForEach(value, section)
        {
            const ConfigField *f = find_field(section->string, value->string);
            if (f && is_default(f, value)) continue;
            char *key = mem_format("%s.%s", section->string, value->string);
            cJSON *both = cJSON_AddObjectToObject(out, key);
            cJSON_AddItemToObject(both, "is", cJSON_Duplicate(value, true));
            cJSON_AddItemToObject(both, "default", f ? default_of(f) : cJSON_CreateNull());
            free(key);
        }
    }
    return out;
}

/* ---- as an object ---------------------------------------------------------------------------------- */

static cJSON *parsed(const char *json)
{
    cJSON *tree = NULL;
    Error ignored;
    if (json && json_parse(&tree, json, strlen(json), &ignored) == 0) return tree;
    return cJSON_CreateNull();
}

static cJSON *copy_of(const cJSON *tree, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(tree, name);
    return member ? cJSON_Duplicate(member, true) : cJSON_CreateNull();
}

/* As they stand in settings.json: a seed may be larger than a double holds. */
static void add_seed(cJSON *o, const Shown *r)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, r->row ? r->row->seed : 0);
    if (r->row) cJSON_AddRawToObject(o, "seed", digits);
    else cJSON_AddItemToObject(o, "seed", copy_of(r->settings, "seed"));
}

static int checkpoint_model(char out[FILE_PATH_MAX], const Shown *r, int i)
{
    char folder[FILE_PATH_MAX];
    Error ignored;
    if (checkpoint_path(folder, r->folder, r->checkpoint[i], &ignored) != 0) return -1;
    return project_model_inside(out, folder) ? 0 : -1;
}

/* What the project calls that folder, in an array. */
static cJSON *project_names(const Shown *r, const char *model)
{
    cJSON *out = cJSON_CreateArray();
    for (int i = 0; i < PROJECT_MODELS; i++) {
        char folder[FILE_PATH_MAX];
        Error ignored;
        if (project_has_model(r->ctx, PROJECT_MODEL[i]) &&
            project_model(r->ctx, folder, NULL, PROJECT_MODEL[i], &ignored) == 0 &&
            folder_same(folder, model))
            cJSON_AddItemToArray(out, cJSON_CreateString(PROJECT_MODEL[i]));
    }
    return out;
}

static void print_json(const Shown *r)
{
    cJSON *o = cJSON_CreateObject();
    facts_json_text(o, "run", r->name);
    facts_json_text(o, "state", r->state);
    if (r->step >= 0) facts_json_number(o, "steps", r->step);
    else cJSON_AddNullToObject(o, "steps");
    facts_json_text(o, "kind", r->row ? r->row->kind : NULL);
    facts_json_text(o, "folder", r->folder);
    facts_json_id(o, "started_us", r->row ? r->row->started_us : 0);
    facts_json_id(o, "ended_us", r->row ? r->row->ended_us : 0);
    cJSON_AddItemToObject(o, "version", copy_of(r->settings, "version"));
    add_seed(o, r);
    cJSON_AddItemToObject(o, "arithmetic", copy_of(r->settings, "arithmetic"));
    if (cJSON_HasObjectItem(r->settings, "compute"))
        cJSON_AddItemToObject(o, "compute", copy_of(r->settings, "compute"));
    cJSON_AddItemToObject(o, "changed", changed_settings(r));
    cJSON_AddItemToObject(o, "inputs", copy_of(r->settings, "inputs"));
    cJSON_AddItemToObject(o, "result", parsed(r->row ? r->row->result_json : NULL));
    cJSON *list = cJSON_AddArrayToObject(o, "checkpoints");
    for (int i = 0; i < r->n; i++) {
        cJSON *row = cJSON_CreateObject();
        char model[FILE_PATH_MAX];
        const bool there = checkpoint_model(model, r, i) == 0;
        facts_json_number(row, "step", r->checkpoint[i]);
        facts_json_number(row, "bytes", there ? model_files_bytes(model) : 0);
        cJSON_AddItemToObject(row, "names", there ? project_names(r, model) : cJSON_CreateArray());
        cJSON_AddItemToArray(list, row);
    }
    facts_json_print(o);
}

/* ---- for people ------------------------------------------------------------------------------------ */

static void print_times(const Shown *r)
{
    char began[FACTS_TIME], ended[FACTS_TIME], took[32];
    if (!r->row) return;
    facts_print("began", "%s", facts_time(began, r->row->started_us));
    if (r->row->ended_us)
        facts_print("ended", "%s, %s after it first began", facts_time(ended, r->row->ended_us),
                    log_duration(took, (double)(r->row->ended_us - r->row->started_us) / 1e6));
}

static void print_value(const char *name, const char *key, const cJSON *value, const char *after)
{
    char *text = cJSON_PrintUnformatted(value);
    facts_print(name, "%s %s%s", key, text, after);
    cJSON_free(text);
}

static void print_changed(const Shown *r)
{
    cJSON *changed = changed_settings(r);
    const cJSON *row;
    const char *name = "settings";
    if (!r->settings) facts_print(name, "settings.json cannot be read");
    else if (!changed->child) facts_print(name, "the defaults, all of them");
    cJSON_ArrayForEach(row, changed)
    {
        const cJSON *fallback = cJSON_GetObjectItemCaseSensitive(row, "default");
        char *told = cJSON_IsNull(fallback) ? NULL : cJSON_PrintUnformatted(fallback);
        Text after = {0};
        if (told) text_format(&after, "  (%s unless told otherwise)", told);
        print_value(name, row->string, cJSON_GetObjectItemCaseSensitive(row, "is"),
                    after.n ? after.bytes : "");
        name = "";
        cJSON_free(told);
        text_free(&after);
    }
    cJSON_Delete(changed);
}

/* What of the project has these very weights. */
static const char *model_of(const Shown *r, const char *hash)
{
    for (size_t i = 0; i < r->models.n; i++)
        if (r->models.row[i].weights_sha256 && strcmp(r->models.row[i].weights_sha256, hash) == 0)
            return r->models.row[i].name;
    return NULL;
}

static void print_inputs(const Shown *r)
{
    const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(r->settings, "inputs"), *input;
    const char *name = "read";
    cJSON_ArrayForEach(input, inputs)
    {
        const char *model = cJSON_IsString(input) ? model_of(r, input->valuestring) : NULL;
        char *text = cJSON_IsString(input) ? NULL : cJSON_PrintUnformatted(input);
        facts_print(name, "%s %s%s%s", input->string, text ? text : input->valuestring,
                    model ? " = " : "", model ? model : "");
        name = "";
        cJSON_free(text);
    }
}

static void print_result(const Shown *r)
{
    cJSON *result = parsed(r->row ? r->row->result_json : NULL);
    const cJSON *value;
    const char *name = "last step";
    cJSON_ArrayForEach(value, result)
    {
        /* all digits are in --json */
        if (cJSON_IsNumber(value) && value->valuedouble != floor(value->valuedouble))
            facts_print(name, "%s %.6g", value->string, value->valuedouble);
        else print_value(name, value->string, value, "");
        name = "";
    }
    cJSON_Delete(result);
}

static void print_checkpoint(const Shown *r, int i)
{
    char model[FILE_PATH_MAX];
    Text line = {0};
    text_format(&line, "%s@%" PRId64, r->name, r->checkpoint[i]);
    if (checkpoint_model(model, r, i) != 0) {
        text_add(&line, ": no model in it");
    } else {
        cJSON *names = project_names(r, model);
        const cJSON *name;
        text_format(&line, ", %s", text_size((double)model_files_bytes(model)));
        cJSON_ArrayForEach(name, names) text_format(&line, ", the project's %s", name->valuestring);
        cJSON_Delete(names);
    }
    facts_print(i == 0 ? "checkpoints" : "", "%s", line.bytes);
    text_free(&line);
}

static void print_checkpoints(const Shown *r)
{
    if (r->n == 0) facts_print("checkpoints", "none");
    for (int i = 0; i < r->n; i++) print_checkpoint(r, i);
}

static void print_run(const Shown *r)
{
    char steps[48] = "";
    if (r->step >= 0) snprintf(steps, sizeof steps, ", %s", text_count(r->step, "step"));
    facts_line("%s: %s%s%s%s", r->name, r->row ? r->row->kind : "not noted in the project",
               r->row ? ", " : "; ", r->state, steps);
    facts_print("folder", "%s", r->folder);
    print_times(r);
    const char *compute = json_text(r->settings, "compute", NULL);
    facts_print("program", "%s, %s arithmetic%s%s", json_text(r->settings, "version", "unknown"),
                json_text(r->settings, "arithmetic", "unknown"), compute ? ", products in " : "",
                compute ? compute : "");
    if (r->row) facts_print("seed", "%" PRIu64, r->row->seed);
    print_changed(r);
    print_inputs(r);
    print_result(r);
    print_checkpoints(r);
}

int show_run(const Context *ctx, Store *store, const char *name, Error *err)
{
    Shown r = {.ctx = ctx};
    const int rc = read_run(&r, ctx, store, name, err);
    if (rc == 0 && ctx->json) print_json(&r);
    else if (rc == 0) print_run(&r);
    free_run(&r);
    return rc;
}
