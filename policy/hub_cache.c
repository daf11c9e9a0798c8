#include "policy/hub_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

/* ---- where ---- */

/* The variable with a leading ~ read as the shell reads it; "" when unset. */
static void path_variable(char out[FILE_PATH_MAX], const char *name)
{
    const char *value = getenv(name), *home = getenv("HOME");
    const bool tilde = value && value[0] == '~' && (value[1] == '/' || !value[1]) && home;
    snprintf(out, FILE_PATH_MAX, "%s%s", tilde ? home : "", value ? value + tilde : "");
}

int hub_home(char out[FILE_PATH_MAX], Error *err)
{
    char folder[FILE_PATH_MAX];
    path_variable(out, "HF_HOME");
    if (out[0]) return 0;
    path_variable(folder, "XDG_CACHE_HOME");
    if (folder[0]) return path_join(out, folder, "huggingface", err);
    path_variable(folder, "HOME");
    if (folder[0]) return path_join(out, folder, ".cache/huggingface", err);
    return error_set(err, "no folder to keep models in: set HF_HOME");
}

int hub_cache_root(char out[FILE_PATH_MAX], Error *err)
{
    char home[FILE_PATH_MAX];
    path_variable(out, "HF_HUB_CACHE");
    if (!out[0]) path_variable(out, "HUGGINGFACE_HUB_CACHE"); /* its older name, read by both */
    if (out[0]) return 0;
    return hub_home(home, err) == 0 ? path_join(out, home, "hub", err) : -1;
}

static const char *prefix(const HubRepo *r)
{
    return r->dataset ? "datasets--" : "models--";
}

/* "models--org--name" */
static void folder_name(char out[FILE_PATH_MAX], const HubRepo *r)
{
    const size_t org = strcspn(r->id, "/");
    snprintf(out, FILE_PATH_MAX, "%s%.*s%s%s", prefix(r), (int)org, r->id, r->id[org] ? "--" : "",
             r->id[org] ? r->id + org + 1 : "");
}

/* ROOT/models--org--name/KIND/NAME */
static int path_in(char out[FILE_PATH_MAX], const HubRepo *r, const char *kind, const char *name,
                   Error *err)
{
    char root[FILE_PATH_MAX], repo[FILE_PATH_MAX], folder[FILE_PATH_MAX];
    if (hub_cache_root(root, err) != 0) return -1;
    folder_name(folder, r);
    if (path_join(repo, root, folder, err) != 0 || path_join(folder, repo, kind, err) != 0)
        return -1;
    return path_join(out, folder, name, err);
}

int hub_cache_blob(char out[FILE_PATH_MAX], const HubRepo *r, const char *hash, Error *err)
{
    return path_in(out, r, "blobs", hash, err);
}

int hub_cache_snapshot(char out[FILE_PATH_MAX], const HubRepo *r, const char *commit, Error *err)
{
    return path_in(out, r, "snapshots", commit, err);
}

/* ---- what is there ---- */

bool hub_cache_find(char commit[HUB_COMMIT_MAX], const HubRepo *r)
{
    char path[FILE_PATH_MAX], *text = NULL;
    Error ignored;
    if (hub_is_hash(r->revision, HUB_COMMIT_MAX - 1)) text = mem_strdup(r->revision);
    else if (path_in(path, r, "refs", r->revision, &ignored) != 0 ||
             file_read(&text, NULL, path, 256, &ignored) != 0)
        return false;
    text_trim(text);
    const bool found = hub_is_hash(text, HUB_COMMIT_MAX - 1) &&
                       hub_cache_snapshot(path, r, text, &ignored) == 0 && file_is_folder(path);
    if (found) strcpy(commit, text);
    free(text);
    return found;
}

/* "org/name" of "org--name" */
static void id_of(char out[HUB_ID_MAX], const char *folder, size_t n)
{
    const char *parted = strstr(folder, "--");
    const size_t org = parted && parted < folder + n ? (size_t)(parted - folder) : n;
    const size_t rest = org < n ? org + 2 : n;
    snprintf(out, HUB_ID_MAX, "%.*s%s%.*s", (int)org, folder, org < n ? "/" : "", (int)(n - rest),
             folder + rest);
}

bool hub_cache_name(char out[HUB_NAME_MAX], const char *folder)
{
    static const char SNAPSHOTS[] = "/snapshots/";
    char root[FILE_PATH_MAX], id[HUB_ID_MAX];
    const HubRepo model = {0};
    Error ignored;
    if (hub_cache_root(root, &ignored) != 0) return false;
    char *whole_root = realpath(root, NULL), *whole = realpath(folder, NULL);
    const size_t above = whole_root ? strlen(whole_root) : 0, skip = strlen(prefix(&model));
    bool found = whole_root && whole && strncmp(whole, whole_root, above) == 0 &&
                 whole[above] == '/' && strncmp(whole + above + 1, prefix(&model), skip) == 0;
    if (found) {
        const char *name = whole + above + 1 + skip, *commit = strstr(name, SNAPSHOTS);
        found = commit && hub_is_hash(commit + strlen(SNAPSHOTS), HUB_COMMIT_MAX - 1);
        if (found) {
            id_of(id, name, (size_t)(commit - name));
            snprintf(out, HUB_NAME_MAX, "%s@%s", id, commit + strlen(SNAPSHOTS));
        }
    }
    free(whole_root);
    free(whole);
    return found;
}

void hub_cache_nearest(char id[HUB_ID_MAX], const HubRepo *r)
{
    char root[FILE_PATH_MAX], wanted[FILE_PATH_MAX], **names = NULL;
    int n = 0;
    Error ignored;
    id[0] = 0;
    if (hub_cache_root(root, &ignored) != 0 || folder_list(&names, &n, root, &ignored) != 0) return;
    const size_t skip = strlen(prefix(r));
    int n_same = 0;
    const char **same = mem_calloc((size_t)n + 1, sizeof *same);
    for (int i = 0; i < n; i++)
        if (strncmp(names[i], prefix(r), skip) == 0) same[n_same++] = names[i] + skip;
    folder_name(wanted, r);
    const char *near = text_nearest(wanted + skip, same, n_same);
    if (near) id_of(id, near, strlen(near));
    free(same);
    folder_list_free(names, n);
}

/* ---- all that is there ---- */

typedef struct {
    char **name;
    int n, room;
    char id[HUB_ID_MAX];
    char repo[FILE_PATH_MAX]; /* ROOT/models--org--name */
} Models;

/* ID@REVISION, if it is there under that name. */
static void add_model(Models *m, const char *revision)
{
    HubRepo r;
    char commit[HUB_COMMIT_MAX];
    Error ignored;
    const bool main = strcmp(revision, "main") == 0;
    char *name = mem_format("%s%s%s", m->id, main ? "" : "@", main ? "" : revision);
    if (hub_repo_read(&r, name, false, &ignored) != 0 || !hub_cache_find(commit, &r)) {
        free(name);
        return;
    }
    if (m->n == m->room)
        m->name = mem_realloc(m->name, (size_t)(m->room = 2 * m->room + 16), sizeof *m->name);
    m->name[m->n++] = name;
}

/* Revisions lie in folders where their names have slashes (refs/pr/1). */
static int add_revisions(Models *m, const char *folder, const char *above, Error *err)
{
    char **names = NULL, path[FILE_PATH_MAX];
    int n = 0, rc = 0;
    if (!file_is_folder(folder)) return 0;
    if (folder_list(&names, &n, folder, err) != 0) return -1;
    for (int i = 0; i < n && rc == 0; i++) {
        char *revision = mem_format("%s%s", above, names[i]), *below = mem_format("%s/", revision);
        rc = path_join(path, folder, names[i], err);
        if (rc == 0 && file_is_folder(path)) rc = add_revisions(m, path, below, err);
        else if (rc == 0) add_model(m, revision);
        free(revision);
        free(below);
    }
    folder_list_free(names, n);
    return rc;
}

static bool is_named(const Models *m, int first, const char *snapshot)
{
    for (int i = first; i < m->n; i++) {
        HubRepo r;
        char commit[HUB_COMMIT_MAX];
        Error ignored;
        if (hub_repo_read(&r, m->name[i], false, &ignored) == 0 && hub_cache_find(commit, &r) &&
            strcmp(commit, snapshot) == 0)
            return true;
    }
    return false;
}

static int add_repository(Models *m, Error *err)
{
    char folder[FILE_PATH_MAX], **names = NULL;
    int n = 0;
    const int first = m->n;
    if (path_join(folder, m->repo, "refs", err) != 0 || add_revisions(m, folder, "", err) != 0)
        return -1;
    if (path_join(folder, m->repo, "snapshots", err) != 0) return -1;
    if (!file_is_folder(folder)) return 0;
    if (folder_list(&names, &n, folder, err) != 0) return -1;
    for (int i = 0; i < n; i++)
        if (!is_named(m, first, names[i])) add_model(m, names[i]);
    folder_list_free(names, n);
    return 0;
}

int hub_cache_models(char ***names, int *n, Error *err)
{
    const HubRepo model = {0};
    const size_t skip = strlen(prefix(&model));
    Models m = {0};
    char root[FILE_PATH_MAX], **folders = NULL;
    int n_folders = 0, rc = 0;
    *names = NULL;
    *n = 0;
    Error ignored;
    if (hub_cache_root(root, &ignored) != 0 || !file_is_folder(root)) return 0;
    if (folder_list(&folders, &n_folders, root, err) != 0) return -1;
    for (int i = 0; i < n_folders && rc == 0; i++) {
        if (strncmp(folders[i], prefix(&model), skip) != 0) continue;
        id_of(m.id, folders[i] + skip, strlen(folders[i] + skip));
        rc = path_join(m.repo, root, folders[i], err);
        if (rc == 0) rc = add_repository(&m, err);
    }
    folder_list_free(folders, n_folders);
    if (rc != 0) {
        folder_list_free(m.name, m.n);
        return -1;
    }
    *names = m.name;
    *n = m.n;
    return 0;
}

/* ---- what is put there ---- */

static int make_parent(const char *path, Error *err)
{
    char *copy = mem_strdup(path);
    const int rc = folder_make(dirname(copy), err);
    free(copy);
    return rc;
}

/* In short pieces, so that an interrupt is noticed. */
static int wait_for(int fd, const char *path, Error *err)
{
    const struct timespec piece = {.tv_nsec = 50 * 1000 * 1000};
    for (bool said = false; flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
         said = true) {
        if (!said) log_line("waiting for another process that downloads this (%s)", path);
        if (interrupt_pending()) return error_stopped(err, "stopped while waiting for %s", path);
        nanosleep(&piece, NULL);
    }
    return 0;
}

/* https://bford.info/cachedir/: the signature is the MD5 of ".IsCacheDirectory".  Without it nothing is lost. */
static void put_tag(const char *root)
{
    static const char TAG[] =
        "Signature: 8a477f597d28d172789f06886806bc55\n"
        "# Models and data sets of the Hugging Face hub; they can be pulled again.\n";
    char path[FILE_PATH_MAX];
    Error ignored;
    if (path_join(path, root, "CACHEDIR.TAG", &ignored) == 0 && !file_exists(path))
        (void)file_write(path, TAG, sizeof TAG - 1, &ignored);
}

int hub_cache_lock(int *lock, const HubRepo *r, const char *hash, Error *err)
{
    char root[FILE_PATH_MAX], folder[FILE_PATH_MAX], path[FILE_PATH_MAX], blob[FILE_PATH_MAX];
    if (hub_cache_root(root, err) != 0 || hub_cache_blob(blob, r, hash, err) != 0) return -1;
    folder_name(folder, r);
    char *relative = mem_format(".locks/%s/%s.lock", folder, hash);
    int rc = path_join(path, root, relative, err);
    free(relative);
    if (rc != 0 || make_parent(path, err) != 0 || make_parent(blob, err) != 0) return -1;
    put_tag(root);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) return error_set(err, "cannot write %s: %s", path, strerror(errno));
    rc = wait_for(fd, path, err);
    if (rc == 0) *lock = fd;
    else close(fd);
    return rc;
}

/* Links are relative, so that the cache can be moved: ../ for each folder between a file and blobs/. */
static char *link_target(const char *name, const char *hash)
{
    Text target = {0};
    for (const char *c = name; *c; c++)
        if (*c == '/') text_add(&target, "../");
    text_format(&target, "../../blobs/%s", hash);
    return text_take(&target);
}

static bool is_link_to(const char *path, const char *target)
{
    char there[FILE_PATH_MAX];
    const ssize_t n = readlink(path, there, sizeof there);
    return n == (ssize_t)strlen(target) && memcmp(there, target, (size_t)n) == 0;
}

/* Made aside and renamed over what may be there. */
static int put_link(const char *path, const char *target, Error *err)
{
    if (is_link_to(path, target)) return 0;
    char *made = mem_format("%s.tmp-%ld", path, (long)getpid());
    int rc = 0;
    unlink(made);
    if (symlink(target, made) != 0 || rename(made, path) != 0) {
        rc = error_set(err, "cannot link %s to %s: %s", path, target, strerror(errno));
        unlink(made);
        error_hint(err, "the cache needs a file system with symbolic links: HF_HUB_CACHE=DIR puts "
                        "it elsewhere");
    }
    free(made);
    return rc;
}

int hub_cache_link(const HubRepo *r, const char *commit, const char *name, const char *hash,
                   Error *err)
{
    char folder[FILE_PATH_MAX], path[FILE_PATH_MAX];
    if (hub_check_name(name, err) != 0) return -1;
    if (hub_cache_snapshot(folder, r, commit, err) != 0 || path_join(path, folder, name, err) != 0)
        return -1;
    if (make_parent(path, err) != 0) return -1;
    char *target = link_target(name, hash);
    const int rc = put_link(path, target, err);
    free(target);
    return rc;
}

int hub_cache_set_commit(const HubRepo *r, const char *commit, Error *err)
{
    char path[FILE_PATH_MAX];
    if (strcmp(r->revision, commit) == 0) return 0;
    if (path_in(path, r, "refs", r->revision, err) != 0 || make_parent(path, err) != 0) return -1;
    return file_write(path, commit, strlen(commit), err);
}
