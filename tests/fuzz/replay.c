/* Feeds a fuzz target every file of the folders named, and every file cut short at each of 16
 * places. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "tests/fuzz/fuzz.h"

static void feed(const char *bytes, size_t n)
{
    /* An exact copy, so that a sanitizer sees a read beyond the end. */
    uint8_t *copy = mem_calloc(n, 1);
    if (n > 0) memcpy(copy, bytes, n);
    LLVMFuzzerTestOneInput(copy, n);
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
        for (size_t cut = 0; cut < 16; cut++) feed(bytes, size * cut / 16);
        free(bytes);
    }
    if (rc == 0) printf("%s: %d files\n", folder, n);
    folder_list_free(names, n);
    return rc == 0 && n == 0 ? error_set(err, "%s: no files", folder) : rc;
}

int main(int argc, char **argv)
{
    Error err = {0};
    for (int i = 1; i < argc; i++)
        if (replay(argv[i], &err) != 0) {
            fprintf(stderr, "%s\n", err.message);
            return EXIT_FAILURE;
        }
    return EXIT_SUCCESS;
}
