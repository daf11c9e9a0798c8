#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "policy/adapter.h"
#include "tests/fuzz/fuzz.h"

static const ModelConfig BASE = {.family = FAMILY_LLAMA,
                                 .n_layer = 1,
                                 .NH = 1,
                                 .NKV = 1,
                                 .HD = 2,
                                 .C = 2,
                                 .F = 2,
                                 .V = 3,
                                 .max_T = 4,
                                 .norm_eps = 1e-5,
                                 .rope_theta = 10000,
                                 .init_std = 0.02,
                                 .tied = true,
                                 .rms_norm = true,
                                 .gated_mlp = true,
                                 .bos = -1,
                                 .eos = -1};
static const AdapterConfig CONFIG = {.rank = 2, .alpha = 4, .targets = TARGET_QUERY};

static char folder[32] = "/dev/shm/rlhf-fuzz-XXXXXX";
static Model *base;

static void remove_all(void)
{
    Error err;
    folder_remove(folder, &err);
    model_free(base);
}

/* An adapter that opens, for one of its two files to be replaced. */
static void make_adapter(const char *at)
{
    Error err;
    Adapter *a = adapter_new(base, &CONFIG, 1);
    strcpy(a->base, "base");
    FUZZ_CLAIM(folder_make(at, &err) == 0);
    FUZZ_CLAIM(adapter_save(a, base, at, 0, NULL, NULL, &err) == 0);
    adapter_free(a);
}

static const char *in_folder(const char *name)
{
    static char path[FILE_PATH_MAX];
    Error err;
    FUZZ_CLAIM(path_join(path, folder, name, &err) == 0);
    return path;
}

static void make_folder(void)
{
    if (access("/dev/shm", W_OK) != 0) strcpy(folder, "/tmp/rlhf-fuzz-XXXXXX");
    FUZZ_CLAIM(mkdtemp(folder));
    base = model_new(&BASE, 1);
    atexit(remove_all);
    make_adapter(in_folder("config"));
    make_adapter(in_folder("weights"));
}

static void put_file(const char *name, const uint8_t *bytes, size_t n)
{
    FILE *f = fopen(in_folder(name), "wb");
    FUZZ_CLAIM(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

/* What is accepted fits the base, and has no more updates than the base has linear layers. */
static void check_open(const char *name)
{
    Adapter *a = NULL;
    Error err = {0};
    char path[FILE_PATH_MAX], named[4096];
    strcpy(path, in_folder(name));
    FUZZ_CLAIM(adapter_base(named, path, &err) != 0 || named[0]);
    if (adapter_open(&a, base, path, &err) != 0) {
        FUZZ_CLAIM(!a && strstr(err.message, path) && !strchr(err.message, '\n'));
        return;
    }
    FUZZ_CLAIM(a->n_updates >= 1 && a->n_updates <= 7 && a->config.rank >= 1);
    FUZZ_CLAIM(a->config.alpha > 0 && a->scale > 0 && a->score.n_labels >= 0);
    FUZZ_CLAIM((a->score.n_labels > 0) == (a->score.weight != NULL));
    adapter_free(a);
}

/* A first byte 'w' means that the others are an adapter_model.safetensors; else all are an
 * adapter_config.json. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static bool made;
    if (!made) make_folder();
    made = true;
    const bool weights = n > 0 && bytes[0] == 'w';
    if (weights) put_file("weights/adapter_model.safetensors", bytes + 1, n - 1);
    else put_file("config/adapter_config.json", bytes, n);
    check_open(weights ? "weights" : "config");
    return 0;
}
