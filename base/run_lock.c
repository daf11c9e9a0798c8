#include "base/run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

/* Who asks whether a run is held by a lock of his own has it for an instant. */
enum { TAKE_TRIES = 10, TAKE_PAUSE_US = 5000 };

/* The process that has the second lock, or 0. */
static pid_t lock_owner(int fd)
{
    struct flock who = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_GETLK, &who) != 0 || who.l_type == F_UNLCK || who.l_pid < 0) return 0;
    return who.l_pid;
}

static bool take(int fd)
{
    for (int i = 0; i < TAKE_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
        if (lock_owner(fd) > 0) return false;
        usleep(TAKE_PAUSE_US);
    }
    return false;
}

int run_lock_take(int *lock, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, dir, "lock", err) != 0) return -1;
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*lock < 0) return error_set(err, "%s: %s", path, strerror(errno));
    if (!take(*lock)) return error_set(err, "%s: another process is working on this run", dir);
    /* flock decides; this one beside it is asked for the process that has it, and where a file system has
     * no place for both, that is not known. */
    fcntl(*lock, F_SETLK, &(struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET});
    return 0;
}

static bool is_held(int fd, pid_t *holder)
{
    *holder = lock_owner(fd);
    if (*holder > 0) return true;
    return flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

static int open_lock(const char *dir)
{
    char path[FILE_PATH_MAX];
    Error ignored;
    return path_join(path, dir, "lock", &ignored) == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

bool run_lock_is_held(const char *dir, pid_t *holder)
{
    pid_t pid = 0;
    const int fd = open_lock(dir);
    const bool held = fd >= 0 && is_held(fd, &pid);
    if (fd >= 0) close(fd);
    if (holder) *holder = pid;
    return held;
}

/* A descriptor names one process for good, its number only while it lives; -1 where there are none. */
static int process_descriptor(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    return -1;
#endif
}

static int process_signal(int process, pid_t pid, int signal_number)
{
#ifdef SYS_pidfd_send_signal
    if (process >= 0) return (int)syscall(SYS_pidfd_send_signal, process, signal_number, NULL, 0);
#endif
    (void)process;
    return kill(pid, signal_number);
}

/* The descriptor is taken first and the lock asked again after: whoever has it then is who is meant. */
static int signal_holder(int lock, const char *dir, int signal_number, Error *err)
{
    pid_t pid = 0, again = 0;
    if (!is_held(lock, &pid)) return 0;
    if (pid == 0)
        return error_set(err, "%s: the process that works on it is of another machine or container",
                         dir);
    const int process = process_descriptor(pid);
    int rc = 1;
    if (!is_held(lock, &again) || again != pid) rc = 0;
    else if (process_signal(process, pid, signal_number) != 0)
        rc = errno == ESRCH ? 0
                            : error_set(err, "%s: process %d: %s", dir, (int)pid, strerror(errno));
    if (process >= 0) close(process);
    return rc;
}

int run_lock_signal(const char *dir, int signal_number, Error *err)
{
    const int lock = open_lock(dir);
    if (lock < 0) return 0;
    const int rc = signal_holder(lock, dir, signal_number, err);
    close(lock);
    return rc;
}
