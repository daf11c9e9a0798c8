#include "policy/hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/hub_choice.h"
#include "policy/hub_part.h"
#include "policy/model_config.h"

typedef struct {
    const HubSite *site;
    const HubRepo *repo;
    HubSnapshot *out;
    Progress bar;
    int64_t done; /* bytes of the files that are whole */
    char note[96];
} Pull;

/* ---- one file ---- */

static bool is_there(const char *blob, const HubFile *f)
{
    const int64_t size = file_size(blob);
    return size >= 0 && (f->size < 0 || size == f->size);
}

static void show(void *context, int64_t bytes, int64_t total)
{
    (void)total;
    Pull *p = context;
    progress_update(&p->bar, p->done + bytes, "%s", p->note);
}

static int bring(Pull *p, const HubFile *f, Error *err)
{
    char blob[FILE_PATH_MAX], part[FILE_PATH_MAX];
    int lock, rc = -1;
    if (hub_cache_blob(blob, p->repo, f->hash, err) != 0) return -1;
    if (is_there(blob, f)) return 0;
    if (hub_cache_lock(&lock, p->repo, f->hash, err) != 0) return -1;
    /* Whoever held the lock may have brought it. */
    if (is_there(blob, f)) rc = 0;
    else if (hub_part_take(part, blob, err) == 0) {
        const int64_t before = file_size(part);
        rc = hub_bring_file(f, blob, part, p->site, p->repo, p->out->files.commit, show, p, err);
        if (rc == 0) {
            p->out->brought += file_size(blob) - (before > 0 ? before : 0);
            p->done += file_size(blob);
            hub_part_remove(blob);
        } else {
            /* An empty one would be taken up for nothing. */
            if (file_size(part) == 0) unlink(part);
            /* Where locks do not hold, another process may have been faster and swept ours away. */
            if (!err->stopped && is_there(blob, f)) rc = 0;
        }
    }
    close(lock);
    return rc;
}

static int take(Pull *p, HubFile *f, Error *err)
{
    const HubListing *all = &p->out->files;
    char blob[FILE_PATH_MAX];
    snprintf(p->note, sizeof p->note, "%.60s (%d of %d)", f->name, (int)(f - all->file) + 1,
             all->n);
    if (bring(p, f, err) != 0) return -1;
    if (hub_cache_blob(blob, p->repo, f->hash, err) != 0) return -1;
    f->size = file_size(blob);
    p->out->bytes += f->size;
    return hub_cache_link(p->repo, all->commit, f->name, f->hash, err);
}

/* ---- all files ---- */

static int check_room(const char *blobs, int64_t bytes, Error *err)
{
    struct statvfs v;
    if (statvfs(blobs, &v) != 0) return 0;
    const double free_bytes = (double)v.f_bavail * (double)v.f_frsize;
    if ((double)bytes <= free_bytes) return 0;
    error_set(err, "%.1f GB are to come, and %s has %.1f GB free", (double)bytes / 1e9, blobs,
              free_bytes / 1e9);
    return error_hint(err, "make room, or set HF_HUB_CACHE to a folder with more");
}

/* Hashes of all files, and the bar over the bytes that are to come. */
static int prepare(Pull *p, Error *err)
{
    HubListing *l = &p->out->files;
    char blobs[FILE_PATH_MAX];
    int64_t to_come = 0, before = 0;
    for (int i = 0; i < l->n; i++) {
        HubFile *f = &l->file[i];
        char blob[FILE_PATH_MAX];
        if ((!f->hash[0] || f->size < 0) && hub_ask_file(f, p->site, p->repo, l->commit, err) != 0)
            return -1;
        if (hub_cache_blob(blob, p->repo, f->hash, err) != 0) return -1;
        if (is_there(blob, f) || f->size < 0) continue;
        const int64_t have = hub_part_size(blob);
        to_come += f->size;
        if (have > 0 && have <= f->size) before += have;
    }
    if (hub_cache_blob(blobs, p->repo, "", err) != 0 || folder_make(blobs, err) != 0) return -1;
    if (check_room(blobs, to_come - before, err) != 0) return -1;
    progress_begin(&p->bar, "pull", to_come, "byte");
    p->bar.before = before;
    return 0;
}

/* What cannot be run is told before its weights come. */
static int check_family(const Pull *p, Error *err)
{
    ModelConfig config;
    if (model_config_read(&config, p->out->folder, err) == 0) return 0;
    return error_hint(err, "rlhf cannot run this model; --file '*' takes it all the same");
}

static HubFile *find(HubListing *l, const char *name)
{
    for (int i = 0; i < l->n; i++)
        if (strcmp(l->file[i].name, name) == 0) return &l->file[i];
    return NULL;
}

static int take_all(Pull *p, bool check, Error *err)
{
    HubListing *l = &p->out->files;
    HubFile *config = check ? find(l, "config.json") : NULL;
    if (config && (take(p, config, err) != 0 || check_family(p, err) != 0)) return -1;
    for (int i = 0; i < l->n; i++)
        if (&l->file[i] != config && take(p, &l->file[i], err) != 0) return -1;
    return hub_cache_set_commit(p->repo, l->commit, err);
}

int hub_pull(HubSnapshot *out, const HubSite *site, const HubRepo *r, const char *pattern,
             Error *err)
{
    HubSnapshot s = {0};
    Pull p = {.site = site, .repo = r, .out = &s};
    int rc = hub_list(&s.files, site, r, err);
    if (rc == 0) rc = hub_choose(&s.files, r, pattern, err);
    if (rc == 0) rc = hub_cache_snapshot(s.folder, r, s.files.commit, err);
    if (rc == 0) rc = prepare(&p, err);
    if (rc == 0) {
        rc = take_all(&p, !pattern && !r->dataset, err);
        progress_end(&p.bar);
    }
    if (rc == 0) *out = s;
    else hub_snapshot_free(&s);
    return rc;
}

/* ---- what is there already ---- */

static int list_folder(HubListing *l, const char *folder, const char *inside, Error *err)
{
    char path[FILE_PATH_MAX], name[FILE_PATH_MAX], **names = NULL;
    int n = 0, rc = path_join(path, folder, inside, err);
    if (rc == 0) rc = folder_list(&names, &n, path, err);
    for (int i = 0; i < n && rc == 0; i++) {
        rc = inside[0] ? path_join(name, inside, names[i], err)
                       : (snprintf(name, sizeof name, "%s", names[i]), 0);
        if (rc == 0) rc = path_join(path, folder, name, err);
        if (rc == 0 && file_is_folder(path)) rc = list_folder(l, folder, name, err);
        else if (rc == 0) {
            l->file = mem_realloc(l->file, (size_t)l->n + 1, sizeof *l->file);
            l->file[l->n++] = (HubFile){.name = mem_strdup(name), .size = file_size(path)};
        }
    }
    folder_list_free(names, n);
    return rc;
}

int hub_cached_list(HubListing *out, const HubRepo *r, Error *err)
{
    HubListing l = {0};
    char folder[FILE_PATH_MAX];
    if (!hub_cache_find(l.commit, r))
        return error_set(err, "%s at revision %s is not in the cache", r->id, r->revision);
    int rc = hub_cache_snapshot(folder, r, l.commit, err);
    if (rc == 0) rc = list_folder(&l, folder, "", err);
    if (rc == 0) *out = l;
    else hub_listing_free(&l);
    return rc;
}

static int check_there(const HubListing *l, Error *err)
{
    for (int i = 0; i < l->n; i++)
        if (l->file[i].size < 0)
            return error_set(err, "the blob of %s is not there any more", l->file[i].name);
    return 0;
}

int hub_cached(HubSnapshot *out, const HubRepo *r, const char *pattern, Error *err)
{
    HubSnapshot s = {0};
    if (hub_cached_list(&s.files, r, err) != 0) return -1;
    int rc = hub_cache_snapshot(s.folder, r, s.files.commit, err);
    if (rc == 0) rc = hub_choose(&s.files, r, pattern, err);
    if (rc == 0) rc = check_there(&s.files, err);
    if (rc != 0) {
        hub_snapshot_free(&s);
        return error_wrap(err, "in the cache");
    }
    for (int i = 0; i < s.files.n; i++) s.bytes += s.files.file[i].size;
    *out = s;
    return 0;
}

void hub_snapshot_free(HubSnapshot *s)
{
    hub_listing_free(&s->files);
}
