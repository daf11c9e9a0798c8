/* Whether the files of a snapshot in the cache still are what the hub gave.
 *
 * The name of a blob is the hash of its bytes (policy/hub_cache.h), so the network is not asked. */
#ifndef POLICY_HUB_VERIFY_H
#define POLICY_HUB_VERIFY_H

#include "policy/hub.h"

typedef struct {
    char *name; /* in the snapshot */
    char *path; /* of the blob; of the file itself where that is no link to one */
    char *reason;
} HubDamage;

typedef struct {
    char commit[HUB_COMMIT_MAX];
    int files;
    int64_t bytes;
    HubDamage *damage;
    int n_damaged;
} HubVerified;

/* Hash every file of the snapshot that the revision names, or those that match `pattern` as in hub_pull.  0 also
 * when some are damaged; -1 when there is nothing to hash. */
int hub_verify(HubVerified *out, const HubRepo *r, const char *pattern, Error *err);
void hub_verified_free(HubVerified *v);

#endif
