/* What the Hugging Face hub, or a mirror that HF_ENDPOINT names, says of a repository over HTTP. */
#ifndef POLICY_HUB_API_H
#define POLICY_HUB_API_H

#include <stdint.h>

#include "policy/hub_cache.h"

/* Where the hub is and who asks.  The token goes to this host alone. */
enum { HUB_ENDPOINT_MAX = 512, HUB_TOKEN_MAX = 512 };
typedef struct {
    char endpoint[HUB_ENDPOINT_MAX]; /* without a slash at its end */
    char token[HUB_TOKEN_MAX];       /* "" when there is none */
    double backoff;                  /* as in HttpOptions; 0: its default */
} HubSite;

typedef struct {
    char *name;
    int64_t size;            /* bytes, -1 when not known */
    char hash[HUB_HASH_MAX]; /* SHA-256 (64 digits) or git's hash (40); "" when not known */
} HubFile;

typedef struct {
    char commit[HUB_COMMIT_MAX];
    HubFile *file;
    int n;
} HubListing;

/* HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is 1, ON, YES or TRUE. */
bool hub_is_offline(void);
/* From HF_ENDPOINT, and HF_TOKEN or the file HF_TOKEN_PATH or the file token in hub_home; without a token
 * when HF_HUB_DISABLE_IMPLICIT_TOKEN is one of those words. */
int hub_site_read(HubSite *out, Error *err);

/* The commit that the revision is now and its files, all names checked. */
int hub_list(HubListing *out, const HubSite *site, const HubRepo *r, Error *err);
void hub_listing_free(HubListing *l);
/* Ask for the size and the hash of a file whose listing lacks one of them.  A size may still be unknown. */
int hub_ask_file(HubFile *f, const HubSite *site, const HubRepo *r, const char *commit, Error *err);
/* Bring f, whose hash is known, and of which 64 MiB may come when its size is not, to `path` by way of `part`.  on_progress as in HttpOptions. */
int hub_bring_file(const HubFile *f, const char *path, const char *part, const HubSite *site,
                   const HubRepo *r, const char *commit,
                   void (*on_progress)(void *context, int64_t bytes, int64_t total), void *context,
                   Error *err);

#endif
