#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "policy/model_config.h"
#include "policy/safetensors.h"
#include "tests/fuzz/fuzz.h"

/* In memory where that is possible: every write of a config waits for the disk. */
static char folder[32] = "/dev/shm/rlhf-fuzz-XXXXXX";

static void remove_folder(void)
{
    Error err;
    folder_remove(folder, &err);
}

static const char *in_folder(const char *name)
{
    static char path[FILE_PATH_MAX];
    Error err;
    FUZZ_CLAIM(path_join(path, folder, name, &err) == 0);
    return path;
}

/* Two shards, for an index to name: a and b in s1, c in s2. */
static void make_folder(void)
{
    static const float VALUES[] = {1, 2, 3, 4, 5, 6};
    static const SafetensorsTensor TENSORS[] = {
        {.name = "a", .n_dims = 2, .shape = {2, 3}, .values = VALUES},
        {.name = "b", .n_dims = 1, .shape = {4}, .values = VALUES},
        {.name = "c", .n_dims = 1, .shape = {6}, .values = VALUES}};
    Error err;
    if (access("/dev/shm", W_OK) != 0) strcpy(folder, "/tmp/rlhf-fuzz-XXXXXX");
    FUZZ_CLAIM(mkdtemp(folder));
    atexit(remove_folder);
    FUZZ_CLAIM(safetensors_write(in_folder("s1.safetensors"), TENSORS, 2, &err) == 0);
    FUZZ_CLAIM(safetensors_write(in_folder("s2.safetensors"), TENSORS + 2, 1, &err) == 0);
}

static void put_file(const char *name, const uint8_t *bytes, size_t n)
{
    FILE *f = fopen(in_folder(name), "wb");
    FUZZ_CLAIM(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static void check_refusal(const Error *err)
{
    FUZZ_CLAIM(err->message[0] && !strchr(err->message, '\n'));
}

/* A config that is accepted fits itself, and reads back the same when it is written. */
static void check_config(const uint8_t *bytes, size_t n)
{
    ModelConfig c = {0}, again = {0};
    Error err = {0};
    put_file("config.json", bytes, n);
    if (model_config_read(&c, folder, &err) != 0) {
        check_refusal(&err);
        return;
    }
    FUZZ_CLAIM(model_config_check(&c, &err) == 0);
    FUZZ_CLAIM(model_config_write(&c, folder, &err) == 0);
    FUZZ_CLAIM(model_config_read(&again, folder, &err) == 0);
    FUZZ_CLAIM(c.family == again.family && c.n_layer == again.n_layer && c.NH == again.NH);
    FUZZ_CLAIM(c.NKV == again.NKV && c.HD == again.HD && c.C == again.C && c.F == again.F);
    FUZZ_CLAIM(c.V == again.V && c.max_T == again.max_T && c.tied == again.tied);
    FUZZ_CLAIM(c.norm_eps == again.norm_eps && c.rope_theta == again.rope_theta);
    FUZZ_CLAIM(c.attention_bias == again.attention_bias && c.mlp_bias == again.mlp_bias);
    const RopeScaling *r = &c.rope_scaling, *s = &again.rope_scaling;
    FUZZ_CLAIM(r->kind == s->kind && r->factor == s->factor && r->original_T == s->original_T);
    FUZZ_CLAIM(r->low_turns == s->low_turns && r->high_turns == s->high_turns);
    FUZZ_CLAIM(c.eos < 0 || c.n_eos_more == again.n_eos_more);
    FUZZ_CLAIM(c.window == again.window);
    FUZZ_CLAIM(c.out_bias == again.out_bias && c.qk_norm == again.qk_norm);
    FUZZ_CLAIM(c.bos == again.bos && c.eos == again.eos && c.init_std == again.init_std);
    FUZZ_CLAIM(c.n_labels == again.n_labels);
}

/* An index that is accepted leads to tensors that can be read, and to no file outside its folder. */
static void check_index(const uint8_t *bytes, size_t n)
{
    Safetensors *s = NULL;
    Error err = {0};
    float values[6];
    put_file("model.safetensors.index.json", bytes, n);
    if (safetensors_open_folder(&s, folder, &err) != 0) {
        FUZZ_CLAIM(!s);
        check_refusal(&err);
        return;
    }
    for (int i = 0; i < safetensors_count(s); i++) {
        FUZZ_CLAIM(safetensors_entry(s, i)->count <= 6);
        FUZZ_CLAIM(safetensors_read(s, i, values, &err) == 0 && values[0] == 1);
        FUZZ_CLAIM(safetensors_find(s, safetensors_entry(s, i)->name) == i);
    }
    safetensors_close(s);
}

/* A first byte 'i' means that the others are a model.safetensors.index.json; else all are a config.json. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static bool made;
    if (!made) make_folder();
    made = true;
    if (n > 0 && bytes[0] == 'i') check_index(bytes + 1, n - 1);
    else check_config(bytes, n);
    return 0;
}
