/* Repositories of the Hugging Face hub by their names: what a person writes, and what a server may call a file. */
#ifndef POLICY_HUB_REPO_H
#define POLICY_HUB_REPO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { HUB_ID_MAX = 200, HUB_REVISION_MAX = 256, HUB_HASH_MAX = 65, HUB_COMMIT_MAX = 41 };

typedef struct {
    char id[HUB_ID_MAX];             /* org/name; some old ones have no org */
    char revision[HUB_REVISION_MAX]; /* a branch, tag, refs/pr/N or commit; "main" unless given */
    bool dataset;
} HubRepo;

/* `word` is ID or ID@REVISION, or the address of its page, https://huggingface.co/ID or .../ID/tree/REVISION, of
 * the hub or of the mirror that HF_ENDPOINT names; that of a data set makes it one. */
int hub_repo_read(HubRepo *out, const char *word, bool dataset, Error *err);
/* Names of files come from a server: relative, without . and .. and empty parts, backslashes and control
 * characters, or refused. */
int hub_check_name(const char *name, Error *err);
/* 40 (a commit, git's hash) or 64 (SHA-256) lower-case hex digits. */
bool hub_is_hash(const char *text, size_t digits);

#endif
