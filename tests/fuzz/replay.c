/* Feeds a fuzz target every file of the folders named, every file cut short at each of 16 places, and every
 * file with a few bytes changed in many ways, the same at each run.  What breaks it is kept in ./broken-input. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "tests/fuzz/fuzz.h"
#include "tests/long.h"

enum { CUTS = 16, CHANGES_QUICK = 60, CHANGES_FULL = 6000, ROOM = 64 };

static const uint8_t *fed;
static size_t fed_n;

/* Sanitizers end the program without a signal; they call what they were given here. */
extern void __sanitizer_set_death_callback(void (*call)(void)) __attribute__((weak));

static void keep_input(void)
{
    FILE *f = fed ? fopen("broken-input", "wb") : NULL;
    if (!f) return;
    fwrite(fed, 1, fed_n, f);
    fclose(f);
}

static void on_signal(int number)
{
    keep_input();
    signal(number, SIG_DFL);
    raise(number);
}

static void feed(const char *bytes, size_t n)
{
    /* An exact copy, so that a sanitizer sees a read beyond the end. */
    uint8_t *copy = mem_calloc(n, 1);
    if (n > 0) memcpy(copy, bytes, n);
    fed = copy, fed_n = n;
    LLVMFuzzerTestOneInput(copy, n);
    fed = NULL;
    free(copy);
}

/* One of: another byte, a byte that means something, a bit turned over, a stretch left out, a stretch twice. */
static size_t change(char *bytes, size_t n, uint64_t item, uint64_t position)
{
    static const char SYNTAX[] = "{}[]\":,\\0129-.eu\n \t\r\xff";
    int draw[4];
    for (uint64_t i = 0; i < 4; i++)
        draw[i] = rng_below(1 << 24, 1, RNG_TEST, item, 8 * position + i);
    if (n == 0) return 0;
    const size_t at = (size_t)draw[1] % n, left = n - at;
    const size_t length = 1 + (size_t)draw[2] % (left < ROOM ? left : ROOM);
    switch (draw[0] % 5) {
    case 0: bytes[at] = (char)draw[2]; return n;
    case 1: bytes[at] = SYNTAX[(size_t)draw[2] % (sizeof SYNTAX - 1)]; return n;
    case 2: bytes[at] = (char)(bytes[at] ^ 1 << draw[2] % 8); return n;
    case 3: memmove(bytes + at, bytes + at + length, left - length); return n - length;
    default: memmove(bytes + at + length, bytes + at, left); return n + length;
    }
}

static void feed_changed(const char *bytes, size_t n, uint64_t file)
{
    enum { MOST = 4 };
    char *copy = mem_calloc(n + MOST * ROOM, 1);
    const uint64_t count = (uint64_t)at_length(CHANGES_QUICK, CHANGES_FULL);
    for (uint64_t i = 0; i < count; i++) {
        size_t length = n;
        memcpy(copy, bytes, n);
        for (uint64_t k = 0; k <= i % MOST; k++) length = change(copy, length, file << 32 | i, k);
        feed(copy, length);
    }
    free(copy);
}

static int replay(const char *folder, Error *err)
{
    char **names = NULL, path[FILE_PATH_MAX];
    int n = 0, rc = folder_list(&names, &n, folder, err);
    for (int i = 0; i < n && rc == 0; i++) {
        char *bytes = NULL;
        size_t size;
        if (path_join(path, folder, names[i], err) != 0 ||
            file_read(&bytes, &size, path, 1 << 26, err) != 0) {
            rc = -1;
            break;
        }
        feed(bytes, size);
        for (size_t cut = 0; cut < CUTS; cut++) feed(bytes, size * cut / CUTS);
        feed_changed(bytes, size, (uint64_t)i);
        free(bytes);
    }
    if (rc == 0) printf("%s: %d files\n", folder, n);
    folder_list_free(names, n);
    return rc == 0 && n == 0 ? error_set(err, "%s: no files", folder) : rc;
}

int main(int argc, char **argv)
{
    Error err = {0};
    log_quiet(true);
    signal(SIGABRT, on_signal);
    if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(keep_input);
    else signal(SIGSEGV, on_signal);
    for (int i = 1; i < argc; i++)
        if (replay(argv[i], &err) != 0) {
            fprintf(stderr, "%s\n", err.message);
            return EXIT_FAILURE;
        }
    return EXIT_SUCCESS;
}
