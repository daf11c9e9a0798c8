#include "cli/rejects.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/interrupt.h"

int rejects_check(const char *option, const char *path, const char *done, const char *const *input,
                  int n, Error *err)
{
    struct stat there, in;
    if (stat(path, &there) != 0) return 0;
    if (!S_ISREG(there.st_mode))
        return error_usage(err, "--%s %s is no plain file; name one", option, path);
    for (int i = 0; i < n; i++) {
        const int rc = strcmp(input[i], "-") == 0 ? fstat(STDIN_FILENO, &in) : stat(input[i], &in);
        if (rc == 0 && in.st_dev == there.st_dev && in.st_ino == there.st_ino)
            return error_usage(err, "--%s %s is what is %s; name another file", option, path, done);
    }
    return 0;
}

int rejects_end(FileWriter *rejects, int rc, Error *err)
{
    if (rc == 0 && !interrupt_pending()) return file_commit(rejects, err);
    file_abandon(rejects);
    return rc;
}
