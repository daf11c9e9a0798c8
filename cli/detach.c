#include "cli/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "cli/project.h"

enum { COMMAND_MAX = RUN_NAME_MAX + 32 };
/* What the child tells, once: it left the terminal, or came to an end before. */
typedef struct {
    enum { LEFT, FAILED, ENDED } what;
    int pid;
    char run[RUN_NAME_MAX], output[FILE_PATH_MAX];
    char watch[COMMAND_MAX], stop[COMMAND_MAX];
    Error err;
} Message;

bool detach_asked(const Command *c, int argc, char **argv)
{
    bool has = false;
    for (const Option *o = c->options; o && o->name; o++) has |= strcmp(o->name, "detach") == 0;
    for (int i = 0; has && i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--detach") == 0) return true;
    return false;
}

/* A pipe may take a message in pieces. */
static bool write_all(int fd, const void *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        const ssize_t more = write(fd, (const char *)bytes + done, n - done);
        if (more <= 0 && errno != EINTR) return false;
        if (more > 0) done += (size_t)more;
    }
    return true;
}

static bool read_all(int fd, void *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        const ssize_t more = read(fd, (char *)bytes + done, n - done);
        if (more == 0 || (more < 0 && errno != EINTR)) return false;
        if (more > 0) done += (size_t)more;
    }
    return true;
}

static void say_where(const Context *ctx, const Message *m)
{
    if (ctx->json) {
        printf("{\"run\":\"%s\",\"pid\":%d,\"output\":\"%s\"}\n", m->run, m->pid, m->output);
        return;
    }
    printf("%s goes on by itself; what it says: %s\n", m->run, m->output);
    printf("watch it: %s   save and end it: %s\n", m->watch, m->stop);
}

static int parent(const Context *ctx, pid_t child, int from, Error *err)
{
    Message m;
    int status = 0;
    const bool told = read_all(from, &m, sizeof m);
    close(from);
    if (told && m.what == LEFT) {
        say_where(ctx, &m);
        return 0;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (told && m.what == ENDED) return 0;
    if (told) {
        *err = m.err;
        return -1;
    }
    return error_set(err, "the detached process ended before it was ready (signal %d)",
                     WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static int child(Context *ctx, int argc, char **argv, int to, Error *err)
{
    /* not among the three that the output takes the place of, should one of them have been closed */
    ctx->detach = fcntl(to, F_DUPFD, STDERR_FILENO + 1);
    close(to);
    if (ctx->detach < 0) return error_set(err, "--detach: %s", strerror(errno));
    Message m = {.what = FAILED};
    if (ctx->command->run(ctx, argc, argv, err) == 0) m.what = ENDED;
    else m.err = *err;
    if (ctx->detach == 0) return m.what == ENDED ? 0 : -1; /* told long ago */
    fflush(stdout);
    write_all(ctx->detach, &m, sizeof m);
    /* the parent says it again, with the name of the command before it */
    _exit(0);
}

int detach_run(Context *ctx, int argc, char **argv, Error *err)
{
    int ends[2];
    fflush(NULL);
    if (pipe(ends) != 0) return error_set(err, "--detach: %s", strerror(errno));
    const pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]), close(ends[1]);
        return error_set(err, "--detach: %s", strerror(errno));
    }
    close(ends[pid == 0 ? 0 : 1]);
    return pid == 0 ? child(ctx, argc, argv, ends[1], err) : parent(ctx, pid, ends[0], err);
}

/* Standard input is empty, both outputs are the file. */
static int leave_terminal(const char *output, Error *err)
{
    const int log = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    const int none = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const bool left = log >= 0 && none >= 0 && dup2(none, STDIN_FILENO) >= 0 &&
                      dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0;
    if (!left) error_set(err, "%s: %s", output, strerror(errno));
    if (log >= 0) close(log);
    if (none >= 0) close(none);
    if (left) setsid();
    return left ? 0 : -1;
}

int detach_ready(Context *ctx, const Detached *what, Error *err)
{
    Message m = {.what = LEFT, .pid = (int)getpid()};
    snprintf(m.run, sizeof m.run, "%s", what->name);
    snprintf(m.watch, sizeof m.watch, "%s", what->watch);
    snprintf(m.stop, sizeof m.stop, "%s", what->stop);
    if (path_join(m.output, what->folder, "output.log", err) != 0) return -1;
    fflush(stdout);
    if (leave_terminal(m.output, err) != 0) return -1;
    write_all(ctx->detach, &m, sizeof m);
    close(ctx->detach);
    ctx->detach = 0;
    return 0;
}
