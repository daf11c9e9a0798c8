/* Models and data sets of the Hugging Face hub, brought into the cache on this machine (policy/hub_cache.h).
 *
 * A file is in a snapshot only after its bytes had the hash that the hub names, and a revision names a
 * snapshot only after all files that were asked for are in it. */
#ifndef POLICY_HUB_H
#define POLICY_HUB_H

#include "policy/hub_api.h"

/* Files of a snapshot in the cache. */
typedef struct {
    char folder[FILE_PATH_MAX];
    /* those that were asked for, in the order of their names; hash and size when known */
    HubListing files;
    int64_t bytes;   /* of these files */
    int64_t brought; /* of these bytes, how many came over the network now */
} HubSnapshot;

/* Bring what matches `pattern`, as fnmatch reads it (* also takes a slash), or for NULL what a run needs:
 * of a model configuration, tokenizer, weights in safetensors, licence and card; of a data set all that
 * `import` reads.  A model without weights that can be read, or of an architecture that is not known, is
 * refused before its weights come, unless there is a pattern. */
int hub_pull(HubSnapshot *out, const HubSite *site, const HubRepo *r, const char *pattern,
             Error *err);
/* The same of what is in the cache already, without the network. */
int hub_cached(HubSnapshot *out, const HubRepo *r, const char *pattern, Error *err);
/* All files that the revision's snapshot in the cache names, without hashes; the size is -1 where the blob is gone.
 * The caller frees the listing. */
int hub_cached_list(HubListing *out, const HubRepo *r, Error *err);
void hub_snapshot_free(HubSnapshot *s);

#endif
