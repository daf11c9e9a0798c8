/* A fuzz target is one function; it must neither crash nor leak, whatever the bytes.
 *
 * With clang and -DRLHF_FUZZ=ON it is linked with libFuzzer:
 *     fuzz_json -max_total_time=60 tests/fuzz/corpus/json
 * Elsewhere replay.c feeds it the corpus, as a test. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Stops the program; unlike assert, says which claim of the target broke. */
#define FUZZ_CLAIM(claim) ((claim) ? (void)0 : fuzz_broken(#claim, __FILE__, __LINE__))
_Noreturn void fuzz_broken(const char *claim, const char *file, int line);

#endif
