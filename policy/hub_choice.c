#include "policy/hub_choice.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static bool has(const HubListing *l, const char *pattern)
{
    for (int i = 0; i < l->n; i++)
        if (fnmatch(pattern, l->file[i].name, FNM_PATHNAME) == 0) return true;
    return false;
}

/* ---- what a run needs ---- */

/* As policy/adapter_file.c tells an adapter from a model. */
static bool is_adapter(const HubListing *l)
{
    return has(l, "adapter_config.json") && !has(l, "config.json");
}

/* The same weights often lie there twice or more: other formats in folders, and all in one file beside
 * shards.  As policy/safetensors.c opens them, one file comes before shards. */
static bool is_needed_of_model(const HubListing *l, const char *name)
{
    static const char *const NEEDED[] = {
        "config.json",         "generation_config.json",
        "tokenizer.json",      "tokenizer_config.json",
        "vocab.json",          "merges.txt",
        "added_tokens.json",   "special_tokens_map.json",
        "README.md",           "LICENSE*",
        "chat_template.jinja",
    };
    static const char *const SHARDS[] = {"model.safetensors.index.json", "model-*.safetensors"};
    for (size_t i = 0; i < sizeof NEEDED / sizeof *NEEDED; i++)
        if (fnmatch(NEEDED[i], name, FNM_PATHNAME) == 0) return true;
    if (is_adapter(l))
        return strcmp(name, "adapter_config.json") == 0 ||
               strcmp(name, "adapter_model.safetensors") == 0;
    if (has(l, "model.safetensors")) return strcmp(name, "model.safetensors") == 0;
    for (size_t i = 0; i < sizeof SHARDS / sizeof *SHARDS; i++)
        if (fnmatch(SHARDS[i], name, FNM_PATHNAME) == 0) return true;
    return false;
}

static bool is_needed_of_dataset(const char *name)
{
    static const char *const ENDS[] = {".jsonl", ".jsonl.gz", ".json", ".json.gz"};
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
        if (text_ends(name, ENDS[i])) return strcmp(name, "dataset_infos.json") != 0;
    return false;
}

static bool is_wanted(const HubListing *l, const HubRepo *r, const char *pattern, const char *name)
{
    if (pattern) return fnmatch(pattern, name, 0) == 0;
    return r->dataset ? is_needed_of_dataset(name) : is_needed_of_model(l, name);
}

/* ---- what is lacking ---- */

static int none_matches(const HubListing *l, const HubRepo *r, const char *pattern, Error *err)
{
    const char **names = mem_calloc((size_t)l->n + 1, sizeof *names);
    for (int i = 0; i < l->n; i++) names[i] = l->file[i].name;
    const char *near = text_nearest(pattern, names, l->n);
    error_set(err, "no file of %s matches '%.200s'%s%.200s", r->id, pattern,
              near ? "; did you mean: " : "", near ? near : "");
    if (!near && l->n > 0) {
        Text some = {0};
        enum { SHOWN = 8 };
        for (int i = 0; i < l->n && i < SHOWN; i++)
            text_format(&some, "%s%.60s", i ? ", " : "", names[i]);
        error_hint(err, "it has %s%s", some.bytes, l->n > SHOWN ? ", ..." : "");
        text_free(&some);
    }
    free(names);
    return -1;
}

static const char AS_IT_IS[] = "--file PATTERN takes files as they are";

static int check_adapter(const HubListing *l, const HubRepo *r, Error *err)
{
    if (has(l, "adapter_model.safetensors")) return 0;
    if (!has(l, "adapter_model.bin")) {
        error_set(err, "%s has no adapter_model.safetensors", r->id);
        return error_hint(err, AS_IT_IS);
    }
    error_set(err,
              "%s has its weights as adapter_model.bin alone, which may hold a program and is not "
              "read",
              r->id);
    return error_hint(err, "convert them (save_pretrained of PEFT) and name that folder");
}

static int check_model(const HubListing *l, const HubRepo *r, Error *err)
{
    if (is_adapter(l)) return check_adapter(l, r, err);
    if (!has(l, "config.json")) {
        error_set(err, "%s has no config.json: it is no model that can be run here", r->id);
        return error_hint(err, AS_IT_IS);
    }
    if (has(l, "model.safetensors") || has(l, "model.safetensors.index.json")) return 0;
    if (has(l, "pytorch_model*.bin")) {
        error_set(err,
                  "%s has its weights as pytorch_model.bin alone, which may hold a program and "
                  "is not read",
                  r->id);
        return error_hint(err,
                          "the hub often has them converted as %s@refs/pr/1; or convert them "
                          "(save_pretrained of transformers) and name that folder",
                          r->id);
    }
    error_set(err, "%s has no model.safetensors", r->id);
    return error_hint(err, AS_IT_IS);
}

static int check_dataset(const HubListing *l, const HubRepo *r, Error *err)
{
    for (int i = 0; i < l->n; i++)
        if (is_needed_of_dataset(l->file[i].name)) return 0;
    error_set(err, "%s has no .jsonl or .json file, which is what import reads", r->id);
    return error_hint(err, AS_IT_IS);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const HubFile *)a)->name, ((const HubFile *)b)->name);
}

int hub_choose(HubListing *l, const HubRepo *r, const char *pattern, Error *err)
{
    if (!pattern && !r->dataset && check_model(l, r, err) != 0) return -1;
    if (!pattern && r->dataset && check_dataset(l, r, err) != 0) return -1;
    bool *wanted = mem_calloc((size_t)l->n + 1, sizeof *wanted);
    int kept = 0;
    for (int i = 0; i < l->n; i++) kept += wanted[i] = is_wanted(l, r, pattern, l->file[i].name);
    if (kept == 0) {
        free(wanted);
        return none_matches(l, r, pattern ? pattern : "*", err);
    }
    kept = 0;
    for (int i = 0; i < l->n; i++) {
        if (wanted[i]) l->file[kept++] = l->file[i];
        else free(l->file[i].name);
    }
    l->n = kept;
    free(wanted);
    qsort(l->file, (size_t)l->n, sizeof *l->file, by_name);
    return 0;
}
