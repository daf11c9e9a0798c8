#include "store/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Ticks after boot at which a process started, field 22 of proc(5)'s stat; 0 where there is no such file.  Numbers
 * of processes are given again, but hardly at the same tick. */
static unsigned long long started(long pid)
{
    char path[64], line[1024];
    unsigned long long ticks = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    const char *at = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    /* behind the name, which may hold spaces: field 3 and on */
    for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
    if (at) ticks = strtoull(at, NULL, 10);
    fclose(f);
    return ticks;
}

void process_name(char out[PROCESS_NAME])
{
    snprintf(out, PROCESS_NAME, "%ld %llu", (long)getpid(), started((long)getpid()));
}

bool process_is_gone(const char *name)
{
    long pid = 0;
    unsigned long long ticks = 0;
    if (!name || sscanf(name, "%ld %llu", &pid, &ticks) != 2 || pid <= 0) return false;
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH) return true;
    const unsigned long long now = started(pid);
    return ticks != 0 && now != 0 && now != ticks;
}
