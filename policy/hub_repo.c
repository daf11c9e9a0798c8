#include "policy/hub_repo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- names ---- */

static const char WORD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

bool hub_is_hash(const char *text, size_t digits)
{
    return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

/* The hub's own rule for either half: "--" is what parts them in the cache. */
static bool is_id_part(const char *part, size_t n)
{
    char copy[HUB_ID_MAX];
    if (n == 0 || n > 96) return false;
    snprintf(copy, sizeof copy, "%.*s", (int)n, part);
    if (strspn(copy, WORD) != n || strstr(copy, "--") || strstr(copy, "..")) return false;
    if (strchr("-.", copy[0]) || strchr("-.", copy[n - 1])) return false;
    return !text_ends(copy, ".git");
}

/* A path in refs/, and git's rules for what it would not take either; a second @ would be a slip. */
static bool is_revision(const char *revision)
{
    if (!revision[0] || strlen(revision) >= HUB_REVISION_MAX) return false;
    for (const char *c = revision; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 127 || strchr("\\~^:?*[@", *c))
            return false;
    Error ignored;
    return hub_check_name(revision, &ignored) == 0;
}

int hub_check_name(const char *name, Error *err)
{
    bool bad = !name[0] || strlen(name) > 1024 || name[strlen(name) - 1] == '/';
    for (const char *c = name; *c && !bad; c++)
        bad = (unsigned char)*c < ' ' || *c == 127 || *c == '\\';
    for (const char *part = name; !bad; part++) {
        const size_t n = strcspn(part, "/");
        bad = n == 0 || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.');
        part += n;
        if (!*part) break;
    }
    if (!bad) return 0;
    Text shown = {0};
    for (const char *c = name; *c && shown.n < 80; c++)
        text_append(&shown, (unsigned char)*c < ' ' || *c == 127 ? "?" : c, 1);
    error_set(err, "a file called '%s' would not stay in its folder; it is not taken",
              shown.bytes ? shown.bytes : "");
    text_free(&shown);
    return -1;
}

static int read_word(HubRepo *out, const char *word, bool dataset, Error *err)
{
    const size_t n = strcspn(word, "@"), org = strcspn(word, "/@");
    const char *revision = word[n] ? word + n + 1 : "main";
    const bool whole = org == n;
    if (!is_id_part(word, org) || (!whole && !is_id_part(word + org + 1, n - org - 1))) {
        error_usage(err, "'%.200s' is no name of a repository", word);
        return error_hint(err, "names look like org/name, or org/name@revision");
    }
    if (!is_revision(revision))
        return error_usage(err, "'%.200s': what follows @ is no revision", word);
    *out = (HubRepo){.dataset = dataset};
    snprintf(out->id, sizeof out->id, "%.*s", (int)n, word);
    snprintf(out->revision, sizeof out->revision, "%s", revision);
    return 0;
}

/* ---- addresses ---- */

/* What comes behind the hub's own address, or that of the mirror; NULL: it is of another site. */
static const char *behind_host(const char *url)
{
    static const char *const HOSTS[] = {"https://huggingface.co", "https://www.huggingface.co",
                                        "https://hf.co"};
    const char *mirror = getenv("HF_ENDPOINT");
    size_t n = mirror ? strlen(mirror) : 0;
    while (n > 0 && mirror[n - 1] == '/') n--;
    if (n > 0 && strncmp(url, mirror, n) == 0 && url[n] == '/') return url + n + 1;
    for (size_t i = 0; i < sizeof HOSTS / sizeof *HOSTS; i++) {
        n = strlen(HOSTS[i]);
        if (strncmp(url, HOSTS[i], n) == 0 && url[n] == '/') return url + n + 1;
    }
    return NULL;
}

/* The next part of a path, percent-decoded; "" at its end, or when it is too long for any name. */
static const char *next_part(char out[HUB_REVISION_MAX], const char *path)
{
    const size_t n = strcspn(path, "/?#");
    size_t to = 0;
    for (size_t i = 0; i < n && to + 1 < HUB_REVISION_MAX; i++) {
        char hex[3] = {path[i], 0, 0}, *end = hex;
        long code = 0;
        if (path[i] == '%' && i + 2 < n) {
            memcpy(hex, path + i + 1, 2);
            code = strtol(hex, &end, 16);
        }
        const bool coded = end == hex + 2 && code > 0;
        out[to++] = coded ? (char)code : path[i];
        if (coded) i += 2;
    }
    out[n < HUB_REVISION_MAX ? to : 0] = 0;
    return path + n + (path[n] == '/');
}

/* ORG/NAME, ORG/NAME/tree/REVISION, and what the browser puts behind (?not-for-all-audiences=true). */
static int read_address(HubRepo *out, const char *url, bool dataset, Error *err)
{
    char org[HUB_REVISION_MAX], name[HUB_REVISION_MAX], kind[HUB_REVISION_MAX],
        revision[HUB_REVISION_MAX], more[HUB_REVISION_MAX];
    char word[4 * HUB_REVISION_MAX];
    const char *path = behind_host(url);
    if (!path) {
        error_usage(err, "'%.200s' is no address of the hub", url);
        return error_hint(err, "a mirror of the hub is named by HF_ENDPOINT");
    }
    if (strncmp(path, "datasets/", 9) == 0) path += 9, dataset = true;
    const char *repo = next_part(name, next_part(org, path));
    path = next_part(revision, next_part(kind, repo));
    next_part(more, path);
    snprintf(word, sizeof word, "%s/%s%s%s", org, name, *revision ? "@" : "", revision);
    if (!*kind || (strcmp(kind, "tree") == 0 && *revision && !*more))
        return read_word(out, word, dataset, err);
    error_usage(err, "'%.200s' is not the address of a whole repository", url);
    return error_hint(err, "that is %.*s, and --file PATTERN takes some of its files",
                      (int)(repo - url) - (repo > url && repo[-1] == '/'), url);
}

int hub_repo_read(HubRepo *out, const char *word, bool dataset, Error *err)
{
    const bool address = strncmp(word, "https://", 8) == 0 || strncmp(word, "http://", 7) == 0;
    return address ? read_address(out, word, dataset, err) : read_word(out, word, dataset, err);
}
