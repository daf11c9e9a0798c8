/* What a pull takes of a repository. */
#include "tests/scratch.h"

#include "base/mem.h"
#include "base/text.h"
#include "policy/hub_choice.h"

/* Choose among `names` (parted by blanks); the chosen ones come back the same way, or NULL and a message. */
static const char *chosen(const char *names, bool dataset, const char *pattern, Error *err)
{
    static char out[1024];
    HubRepo r = {.id = "org/name", .dataset = dataset};
    HubListing l = {0};
    char *copy = mem_strdup(names);
    for (char *name = strtok(copy, " "); name; name = strtok(NULL, " ")) {
        l.file = mem_realloc(l.file, (size_t)l.n + 1, sizeof *l.file);
        l.file[l.n++] = (HubFile){.name = mem_strdup(name)};
    }
    const int rc = hub_choose(&l, &r, pattern, err);
    out[0] = 0;
    for (int i = 0; i < l.n; i++)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", i ? " " : "", l.file[i].name);
    hub_listing_free(&l);
    free(copy);
    return rc == 0 ? out : NULL;
}

static void assert_chosen(const char *names, bool dataset, const char *pattern,
                          const char *expected)
{
    Error err;
    const char *got = chosen(names, dataset, pattern, &err);
    if (!got) fail_msg("%s: %s", names, err.message);
    assert_string_equal(got, expected);
}

static void assert_refused(const char *names, bool dataset, const char *pattern, const char *words)
{
    Error err;
    assert_null(chosen(names, dataset, pattern, &err));
    assert_says(&err, words);
}

static void model_is_taken_once(void **state)
{
    (void)state;
    assert_chosen("model.safetensors README.md config.json LICENSE.txt tokenizer.json "
                  "pytorch_model.bin tf_model.h5 onnx/model.onnx onnx/config.json "
                  "consolidated.safetensors .gitattributes",
                  false, NULL,
                  "LICENSE.txt README.md config.json model.safetensors tokenizer.json");
}

static void shards_come_with_their_index(void **state)
{
    (void)state;
    static const char SHARDS[] = "config.json model-00001-of-00002.safetensors "
                                 "model-00002-of-00002.safetensors model.safetensors.index.json";
    char names[512];
    assert_chosen(SHARDS, false, NULL, SHARDS);
    snprintf(names, sizeof names, "%s model.safetensors", SHARDS);
    assert_chosen(names, false, NULL, "config.json model.safetensors");
}

static void model_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    assert_refused("config.json pytorch_model.bin", false, NULL, "pytorch_model.bin alone");
    assert_refused("config.json pytorch_model-00001-of-00002.bin", false, NULL,
                   "pytorch_model.bin alone");
    assert_refused("config.json model-q4.gguf", false, NULL, "has no model.safetensors");
    assert_refused("", false, NULL, "has no config.json");
}

static void adapter_needs_no_other_weights(void **state)
{
    (void)state;
    static const char FILES[] = "README.md adapter_config.json adapter_model.safetensors "
                                "tokenizer.json";
    char names[256];
    snprintf(names, sizeof names, "%s adapter_model.bin training_args.bin optimizer.pt", FILES);
    assert_chosen(names, false, NULL, FILES);
    assert_refused("adapter_config.json adapter_model.bin", false, NULL, "adapter_model.bin alone");
    assert_refused("adapter_config.json", false, NULL, "has no adapter_model.safetensors");
}

/* As a folder with both is opened: its config.json decides. */
static void model_beside_an_adapter_is_a_model(void **state)
{
    (void)state;
    assert_chosen("adapter_config.json adapter_model.safetensors config.json model.safetensors",
                  false, NULL, "config.json model.safetensors");
    assert_refused("adapter_config.json adapter_model.safetensors config.json", false, NULL,
                   "has no model.safetensors");
}

static void pattern_takes_what_it_matches(void **state)
{
    (void)state;
    assert_chosen("b/x.bin a/y.bin c.txt", false, "*.bin", "a/y.bin b/x.bin");
    assert_chosen("pytorch_model.bin config.json", false, "*", "config.json pytorch_model.bin");
    assert_chosen("a b", false, "a", "a");
    assert_refused("config.json", false, "confg.json", "did you mean: config.json");
    assert_refused("a b", false, "*.bin", "no file of org/name matches '*.bin'");
}

static void data_set_is_what_import_reads(void **state)
{
    (void)state;
    assert_chosen("README.md dataset_infos.json helpful/train.jsonl.gz harmless/test.jsonl x.json",
                  true, NULL, "harmless/test.jsonl helpful/train.jsonl.gz x.json");
    assert_refused("README.md data/train.parquet", true, NULL, "no .jsonl or .json file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(model_is_taken_once),
        cmocka_unit_test(shards_come_with_their_index),
        cmocka_unit_test(model_that_cannot_be_read_is_refused),
        cmocka_unit_test(adapter_needs_no_other_weights),
        cmocka_unit_test(model_beside_an_adapter_is_a_model),
        cmocka_unit_test(pattern_takes_what_it_matches),
        cmocka_unit_test(data_set_is_what_import_reads),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
