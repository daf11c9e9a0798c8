/* The cache of the Hugging Face hub on this machine in the layout of huggingface_hub, so
 * that both tools share one copy (its documentation, "Understand caching"; hub-docs, local-cache):
 *
 *     ROOT/models--org--name/blobs/HASH                    SHA-256 of large files, git's hash of others
 *                           /blobs/HASH.8 HEX.incomplete   what has come of one so far (policy/hub_part.h)
 *                           /refs/main                     the commit, 40 digits and no newline
 *                           /snapshots/COMMIT/config.json  -> ../../blobs/HASH
 *     ROOT/.locks/models--org--name/HASH.lock              flock of whoever downloads it
 *     ROOT/CACHEDIR.TAG                                    tells programs for backups to leave it out
 *
 * ROOT is HF_HUB_CACHE, else HUGGINGFACE_HUB_CACHE, else $HF_HOME/hub, else $XDG_CACHE_HOME/huggingface/hub, else
 * ~/.cache/huggingface/hub.  A data set's folder begins with datasets--.  Nothing here uses the network. */
#ifndef POLICY_HUB_CACHE_H
#define POLICY_HUB_CACHE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/file.h"
#include "policy/hub_repo.h"

enum { HUB_NAME_MAX = HUB_ID_MAX + HUB_COMMIT_MAX };

/* $HF_HOME or what stands for it, where the token lies; and ROOT. */
int hub_home(char out[FILE_PATH_MAX], Error *err);
int hub_cache_root(char out[FILE_PATH_MAX], Error *err);
int hub_cache_blob(char out[FILE_PATH_MAX], const HubRepo *r, const char *hash, Error *err);
int hub_cache_snapshot(char out[FILE_PATH_MAX], const HubRepo *r, const char *commit, Error *err);

/* The commit that the revision was when it was pulled, if its snapshot is there.  False without a message:
 * nothing is. */
bool hub_cache_find(char commit[HUB_COMMIT_MAX], const HubRepo *r);
/* ID@COMMIT, when `folder` is that snapshot of a model. */
bool hub_cache_name(char out[HUB_NAME_MAX], const char *folder);
/* A repository of the same kind that is there and whose name is near, or "". */
void hub_cache_nearest(char id[HUB_ID_MAX], const HubRepo *r);

/* The models that are there, by names that hub_repo_read takes: ID for its main revision, ID@REVISION, and
 * ID@COMMIT of a snapshot that no revision is; in order.  None is no error, nor is no
 * place for a cache.  folder_list_free frees them. */
int hub_cache_models(char ***names, int *n, Error *err);

/* Make the folders of blobs and of this blob's lock, and wait until no other process holds it; the caller
 * closes *lock.  It saves a second download and keeps nothing whole: where the file system has no locks, or
 * grants them to all, nobody waits, and the hash still decides. */
int hub_cache_lock(int *lock, const HubRepo *r, const char *hash, Error *err);
/* snapshots/COMMIT/NAME is that blob from now on. */
int hub_cache_link(const HubRepo *r, const char *commit, const char *name, const char *hash,
                   Error *err);
/* The revision is that commit from now on.  Last of all, so that it never names a snapshot without files. */
int hub_cache_set_commit(const HubRepo *r, const char *commit, Error *err);

#endif
