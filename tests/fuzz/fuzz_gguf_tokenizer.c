#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "policy/gguf_tokenizer.h"
#include "tests/fuzz/fuzz.h"

/* In memory where that is possible. */
static char folder[32] = "/dev/shm/rlhf-fuzz-XXXXXX";

static void remove_folder(void)
{
    Error err;
    folder_remove(folder, &err);
}

static void put_file(const char *name, const void *bytes, size_t n)
{
    char path[FILE_PATH_MAX];
    Error err;
    FUZZ_CLAIM(path_join(path, folder, name, &err) == 0);
    FILE *f = fopen(path, "wb");
    FUZZ_CLAIM(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static void make_folder(void)
{
    if (access("/dev/shm", W_OK) != 0) strcpy(folder, "/tmp/rlhf-fuzz-XXXXXX");
    FUZZ_CLAIM(mkdtemp(folder));
    atexit(remove_folder);
}

/* What the other file is read beside. */
static const char TOKENIZER[] =
    "{\"added_tokens\":[{\"id\":3,\"content\":\"<end>\",\"special\":true}],"
    "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
    "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"]}}";
static const char CONFIG[] = "{\"eos_token\":\"<end>\"}";

/* A first byte 'c' means that the others are a tokenizer_config.json, 'g' a generation_config.json; else all
 * are a tokenizer.json.  What is taken has at least the tokens and the specials as keys, what is not is
 * refused in one line. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const ModelConfig MODEL = {.V = 300, .bos = -1, .eos = -1};
    static bool made;
    const char kind = n > 0 ? (char)bytes[0] : 0;
    const bool config = kind == 'c', generation = kind == 'g';
    GgufKeys keys = {0};
    Error err = {0};
    if (!made) make_folder();
    made = true;
    put_file("tokenizer.json", TOKENIZER, sizeof TOKENIZER - 1);
    put_file("tokenizer_config.json", CONFIG, sizeof CONFIG - 1);
    put_file("generation_config.json", "{}", 2);
    if (config) put_file("tokenizer_config.json", bytes + 1, n - 1);
    else if (generation) put_file("generation_config.json", bytes + 1, n - 1);
    else put_file("tokenizer.json", bytes, n);
    if (gguf_put_tokenizer(&keys, folder, &MODEL, &err) == 0) FUZZ_CLAIM(keys.n >= 9);
    else FUZZ_CLAIM(err.message[0] && !strchr(err.message, '\n'));
    gguf_keys_free(&keys);
    return 0;
}
