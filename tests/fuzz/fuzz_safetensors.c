#include <string.h>

#include "policy/safetensors.h"
#include "tests/fuzz/fuzz.h"

/* A header that is accepted has tensors inside the data, sorted by name, whose sizes add up to
 * it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    Error err = {0};
    SafetensorsEntry *entries = NULL;
    int count = 0;
    uint64_t length = 0, total = 0;
    if (n < 8) return 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | bytes[i];
    if (length > n - 8) return 0;
    const uint64_t data = n - 8 - length;
    if (safetensors_parse(&entries, &count, (const char *)bytes + 8, length, data, &err) != 0) {
        FUZZ_CLAIM(!entries && err.message[0] && !strchr(err.message, '\n'));
        return 0;
    }
    for (int i = 0; i < count; i++) {
        const SafetensorsEntry *e = &entries[i];
        FUZZ_CLAIM(e->begin <= e->end && e->end <= data && e->count >= 0);
        FUZZ_CLAIM(e->n_dims >= 0 && e->n_dims <= SAFETENSORS_DIMS_MAX);
        FUZZ_CLAIM(i == 0 || strcmp(entries[i - 1].name, e->name) < 0);
        total += e->end - e->begin;
    }
    FUZZ_CLAIM(total == data);
    safetensors_entries_free(entries, count);
    return 0;
}
