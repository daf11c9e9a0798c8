#include "policy/hub_verify.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/git_hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "policy/hub_choice.h"

static void note(HubVerified *v, const char *name, const char *path, char *reason)
{
    v->damage = mem_realloc(v->damage, (size_t)v->n_damaged + 1, sizeof *v->damage);
    v->damage[v->n_damaged++] = (HubDamage){mem_strdup(name), mem_strdup(path), reason};
}

/* What the link of a snapshot points to, and the hash that is its name; "" when it is no link to a blob. */
static int blob_of(char blob[FILE_PATH_MAX], char hash[HUB_HASH_MAX], const HubRepo *r,
                   const char *path, Error *err)
{
    char target[FILE_PATH_MAX];
    const ssize_t n = readlink(path, target, sizeof target - 1);
    target[n < 0 ? 0 : n] = 0;
    const char *slash = strrchr(target, '/'), *name = slash ? slash + 1 : "";
    hash[0] = 0;
    snprintf(blob, FILE_PATH_MAX, "%s", path);
    if (!hub_is_hash(name, GIT_HASH_HEX - 1) && !hub_is_hash(name, SHA256_HEX - 1)) return 0;
    strcpy(hash, name);
    return hub_cache_blob(blob, r, hash, err);
}

static int hash_of(char out[HUB_HASH_MAX], const char *path, bool large, Error *err)
{
    char git[GIT_HASH_HEX], sha256[SHA256_HEX];
    const int rc = large ? sha256_file(sha256, path, err) : git_hash_file(git, path, err);
    if (rc == 0) strcpy(out, large ? sha256 : git);
    return rc;
}

static int verify_file(HubVerified *v, const HubRepo *r, const char *folder, const char *name,
                       Error *err)
{
    char path[FILE_PATH_MAX], blob[FILE_PATH_MAX], hash[HUB_HASH_MAX], has[HUB_HASH_MAX];
    Error unread;
    if (path_join(path, folder, name, err) != 0 || blob_of(blob, hash, r, path, err) != 0)
        return -1;
    const bool large = strlen(hash) == SHA256_HEX - 1;
    const int64_t size = file_size(blob);
    if (!hash[0]) note(v, name, path, mem_strdup("is no link to a blob, so its hash is not known"));
    else if (size < 0) note(v, name, blob, mem_strdup("is not there"));
    else if (hash_of(has, blob, large, &unread) != 0)
        note(v, name, blob, mem_format("cannot be read: %s", unread.message));
    else if (strcmp(has, hash) != 0)
        note(v, name, blob, mem_format("has %s %s", large ? "SHA-256" : "the git hash", has));
    v->files++;
    if (size > 0) v->bytes += size;
    return 0;
}

int hub_verify(HubVerified *out, const HubRepo *r, const char *pattern, Error *err)
{
    char folder[FILE_PATH_MAX];
    HubVerified v = {0};
    HubListing files = {0};
    Progress bar;
    if (hub_cached_list(&files, r, err) != 0) return -1;
    int rc = hub_choose(&files, r, pattern ? pattern : "*", err);
    if (rc == 0) rc = hub_cache_snapshot(folder, r, files.commit, err);
    if (rc == 0) {
        progress_begin(&bar, "verify", files.n, "file");
        for (int i = 0; i < files.n && rc == 0; i++) {
            progress_update(&bar, i, "%.60s", files.file[i].name);
            rc = interrupt_pending() ? error_stopped(err, "stopped at %s", files.file[i].name)
                                     : verify_file(&v, r, folder, files.file[i].name, err);
        }
        progress_end(&bar);
    }
    strcpy(v.commit, files.commit);
    hub_listing_free(&files);
    if (rc == 0) *out = v;
    else hub_verified_free(&v);
    return rc;
}

void hub_verified_free(HubVerified *v)
{
    for (int i = 0; i < v->n_damaged; i++) {
        free(v->damage[i].name);
        free(v->damage[i].path);
        free(v->damage[i].reason);
    }
    free(v->damage);
    *v = (HubVerified){0};
}
