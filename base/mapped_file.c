#include "base/mapped_file.h"

#include <assert.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

struct MappedFile {
    int fd; /* borrowed */
    unsigned char *bytes;
    uint64_t size;
};

/* ---- the signal --------------------------------------------------------------------------------- */

/* Where a thread that reads mapped bytes goes on when they are gone. */
typedef struct {
    const unsigned char *from, *to;
    sigjmp_buf back;
} Guard;

static _Thread_local Guard *volatile guard; /* NULL: this thread reads none */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int n_mapped; /* files */
static struct sigaction before;

/* One that is not ours goes where it went before: the read comes again, without us. */
static void on_bus(int number, siginfo_t *info, void *context)
{
    (void)context;
    Guard *g = guard;
    const unsigned char *at = info->si_addr;
    const bool sent = info->si_code <= 0; /* by a process, not by a read */
    if (!sent && g && at >= g->from && at < g->to) siglongjmp(g->back, 1);
    sigaction(number, &before, NULL);
    if (sent) raise(number);
}

static void watch(void)
{
    struct sigaction ours = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
    sigemptyset(&ours.sa_mask);
    pthread_mutex_lock(&lock);
    if (n_mapped++ == 0) sigaction(SIGBUS, &ours, &before);
    pthread_mutex_unlock(&lock);
}

static void watch_no_more(void)
{
    pthread_mutex_lock(&lock);
    if (--n_mapped == 0) sigaction(SIGBUS, &before, NULL);
    pthread_mutex_unlock(&lock);
}

/* ---- files -------------------------------------------------------------------------------------- */

MappedFile *mapped_file_open(int fd, uint64_t size)
{
    if (size == 0 || size > SIZE_MAX) return NULL;
    void *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) return NULL;
    madvise(bytes, (size_t)size, MADV_SEQUENTIAL);
    MappedFile *m = mem_calloc(1, sizeof *m);
    *m = (MappedFile){fd, bytes, size};
    watch();
    return m;
}

void mapped_file_close(MappedFile *m)
{
    if (!m) return;
    watch_no_more();
    munmap(m->bytes, (size_t)m->size);
    free(m);
}

/* Whole pages inside the range alone: its ends may be in use by another thread. */
static void give_back(const MappedFile *m, uint64_t at, size_t n)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    const uint64_t from = (at + page - 1) / page * page, to = (at + n) / page * page;
    if (from < to) madvise(m->bytes + from, (size_t)(to - from), MADV_DONTNEED);
}

/* The rest of the last page of a file that was cut short is zeros, without a signal. */
static bool reaches(const MappedFile *m, uint64_t end)
{
    struct stat st;
    return fstat(m->fd, &st) == 0 && (uint64_t)st.st_size >= end;
}

bool mapped_file_use(const MappedFile *m, uint64_t at, size_t n,
                     void (*use)(void *context, const unsigned char *bytes), void *context)
{
    assert(at <= m->size && n <= m->size - at);
    assert(!guard);
    const unsigned char *bytes = m->bytes + at;
    Guard mine = {.from = bytes, .to = bytes + n};
    volatile bool whole = false;
    if (sigsetjmp(mine.back, 1) ==
        0) { /* with the mask of signals: we come back out of a handler */
        guard = &mine;
        use(context, bytes);
        whole = true;
    }
    guard = NULL;
    give_back(m, at, n);
    return whole && reaches(m, at + n);
}
