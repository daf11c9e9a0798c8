#include "policy/hub_api.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/http.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

/* ---- the site ---- */

/* Files of which nobody says how large they are: without a bound, a server could fill the disk with one.
 * What lies in git is at most 10 MB, and of weights the hub always tells. */
static const int64_t UNTOLD_SIZE_MAX = 64 << 20;

static const char NO_TOKEN[] = "HF_HUB_DISABLE_IMPLICIT_TOKEN";

static bool is_set(const char *variable)
{
    static const char *const TRUE_WORDS[] = {"1", "ON", "YES", "TRUE"};
    const char *value = getenv(variable);
    for (size_t w = 0; value && w < sizeof TRUE_WORDS / sizeof *TRUE_WORDS; w++)
        if (strcasecmp(value, TRUE_WORDS[w]) == 0) return true;
    return false;
}

bool hub_is_offline(void)
{
    return is_set("HF_HUB_OFFLINE") || is_set("TRANSFORMERS_OFFLINE");
}

/* What HF_TOKEN or a file says: one word, since it becomes a line of a request. */
static int take_token(HubSite *site, const char *text, const char *source, Error *err)
{
    char *token = text_trim(mem_strdup(text));
    int rc = 0;
    for (const char *c = token; *c && rc == 0; c++)
        if (*c <= ' ' || *c >= 127) rc = error_set(err, "%s: holds no token", source);
    if (rc == 0 && strlen(token) >= sizeof site->token)
        rc = error_set(err, "%s: too long for a token", source);
    if (rc == 0) strcpy(site->token, token);
    free(token);
    return rc;
}

/* None when it is not to be sent unasked, for nothing here asks for one expressly. */
static int read_token(HubSite *site, Error *err)
{
    if (is_set(NO_TOKEN)) return 0;
    const char *given = getenv("HF_TOKEN"), *file = getenv("HF_TOKEN_PATH");
    if (given && given[0]) return take_token(site, given, "HF_TOKEN", err);
    char home[FILE_PATH_MAX], path[FILE_PATH_MAX], *text = NULL;
    if (file && file[0]) snprintf(path, sizeof path, "%s", file);
    else if (hub_home(home, err) != 0 || path_join(path, home, "token", err) != 0) return -1;
    if (!file_exists(path)) return 0;
    if (file_read(&text, NULL, path, HUB_TOKEN_MAX, err) != 0) return -1;
    const int rc = take_token(site, text, path, err);
    free(text);
    return rc;
}

int hub_site_read(HubSite *out, Error *err)
{
    const char *endpoint = getenv("HF_ENDPOINT");
    if (!endpoint || !endpoint[0]) endpoint = "https://huggingface.co";
    HubSite site = {0};
    size_t n = strlen(endpoint);
    while (n > 0 && endpoint[n - 1] == '/') n--;
    if (n >= sizeof site.endpoint) return error_set(err, "HF_ENDPOINT: too long");
    snprintf(site.endpoint, sizeof site.endpoint, "%.*s", (int)n, endpoint);
    if (read_token(&site, err) != 0) return -1;
    *out = site;
    return 0;
}

/* ---- addresses ---- */

/* Percent-encoded but for letters, digits, -._~ and what is in `keep` (RFC 3986, section 2.3). */
static void put_encoded(Text *url, const char *text, const char *keep)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        const bool plain = (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
                           (*c >= 'a' && *c <= 'z') || strchr("-._~", *c) || strchr(keep, *c);
        if (plain) text_append(url, (const char *)c, 1);
        else text_format(url, "%%%02X", *c);
    }
}

static char *api_url(const HubSite *site, const HubRepo *r)
{
    Text url = {0};
    text_format(&url, "%s/api/%s/%s", site->endpoint, r->dataset ? "datasets" : "models", r->id);
    return text_take(&url);
}

static char *file_url(const HubSite *site, const HubRepo *r, const char *commit, const char *name)
{
    Text url = {0};
    text_format(&url, "%s/%s%s/resolve/%s/", site->endpoint, r->dataset ? "datasets/" : "", r->id,
                commit);
    put_encoded(&url, name, "/");
    return text_take(&url);
}

/* ---- answers ---- */

enum { H_ERROR, H_COMMIT, H_LINKED_ETAG, H_ETAG, H_LINKED_SIZE, H_SIZE, N_HEADERS };

/* One question and what its headers said. */
typedef struct {
    HttpHeader header[N_HEADERS];
    HttpOptions options;
    HttpResult result;
} Ask;

static void ask_start(Ask *a, const HubSite *site)
{
    static const char *const NAMES[N_HEADERS] = {"x-error-code", "x-repo-commit", "x-linked-etag",
                                                 "etag",         "x-linked-size", "content-length"};
    *a = (Ask){.options = {.backoff = site->backoff, .n_headers = N_HEADERS}};
    a->options.header = a->header;
    a->options.bearer = site->token[0] ? site->token : NULL;
    for (int i = 0; i < N_HEADERS; i++) a->header[i].name = NAMES[i];
}

static int ask_json(cJSON **out, const char *url, Ask *a, Error *err)
{
    Text body = {0};
    int rc = http_get(&body, url, &a->options, &a->result, err);
    if (rc == 0 && json_parse(out, body.bytes ? body.bytes : "", body.n, err) != 0) {
        rc = error_set(err, "%s does not answer as the hub does", url);
        error_hint(err, "is HF_ENDPOINT right, and is nothing in between that wants a login?");
    }
    text_free(&body);
    return rc;
}

/* ---- what a refusal means ---- */

static int refused_access(const HubSite *site, const HubRepo *r, const char *code, Error *err)
{
    const char *kind = r->dataset ? "datasets/" : "";
    if (strcmp(code, "GatedRepo") == 0) {
        error_set(err, "%s: its licence has to be accepted first", r->id);
        return error_hint(err,
                          "accept it at %s/%s%s, then set HF_TOKEN to a token of that account%s",
                          site->endpoint, kind, r->id,
                          site->token[0] ? " (the one that was sent does not do)" : "");
    }
    if (site->token[0]) {
        error_set(err, "%s: no such repository, or none that this token may read", r->id);
        return error_hint(err, "check the name, and that HF_TOKEN (or the file it was saved in) is "
                               "still valid");
    }
    error_set(err, "%s: no such repository, or a private one", r->id);
    if (is_set(NO_TOKEN))
        return error_hint(err, "check the name; %s keeps a token from being sent", NO_TOKEN);
    return error_hint(err, "check the name; for a private one set HF_TOKEN to a token that may "
                           "read it");
}

static int no_repository(const HubRepo *r, Error *err)
{
    char near[HUB_ID_MAX];
    hub_cache_nearest(near, r);
    error_set(err, "the hub has no %s %s", r->dataset ? "data set" : "model", r->id);
    if (near[0]) return error_hint(err, "in the cache there is: %s", near);
    return error_hint(err, r->dataset ? "a model is pulled without --dataset"
                                      : "names look like org/name; data sets want --dataset");
}

/* Names of branches and tags, for a guess. */
static int no_revision(const HubSite *site, const HubRepo *r, Error *err)
{
    static const char *const KINDS[] = {"branches", "tags"};
    enum { NAMES = 512 };
    Ask a;
    Error ignored;
    cJSON *refs = NULL;
    const char *names[NAMES] = {0};
    int n = 0;
    char *api = api_url(site, r), *url = mem_format("%s/refs", api);
    ask_start(&a, site);
    if (ask_json(&refs, url, &a, &ignored) == 0)
        for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++) {
            const cJSON *ref, *list = cJSON_GetObjectItemCaseSensitive(refs, KINDS[k]);
            cJSON_ArrayForEach(ref, list) if (n < NAMES && json_text(ref, "name", NULL))
                names[n++] = json_text(ref, "name", "");
        }
    const char *near = text_nearest(r->revision, names, n);
    error_set(err, "%s has no revision '%s'%s%.100s", r->id, r->revision,
              near ? "; did you mean: " : "", near ? near : "");
    if (!near && n > 0) error_hint(err, "it has, among others: %.100s", names[0]);
    cJSON_Delete(refs);
    free(url);
    free(api);
    return -1;
}

/* The message of a failed question in the words of the hub; others stay as they are. */
static int explain(const Ask *a, const HubSite *site, const HubRepo *r, const char *name,
                   Error *err)
{
    const char *code = a->header[H_ERROR].value;
    const int status = a->result.status;
    if (err->stopped || a->result.elsewhere) return -1;
    if (strcmp(code, "RevisionNotFound") == 0) return no_revision(site, r, err);
    if (status == 401 || status == 403) return refused_access(site, r, code, err);
    if (strcmp(code, "RepoNotFound") == 0 || (status == 404 && !name)) return no_repository(r, err);
    if (status == 404)
        return error_set(err, "%s: the hub lists %s and does not have it", r->id, name);
    if (status == 429)
        return error_hint(err, "the hub limits how often one may ask; a token (HF_TOKEN) may more");
    return -1;
}

/* ---- listing ---- */

static int read_file(HubFile *f, const cJSON *sibling, Error *err)
{
    const char *name = json_text(sibling, "rfilename", "");
    if (hub_check_name(name, err) != 0) return -1;
    const cJSON *lfs = cJSON_GetObjectItemCaseSensitive(sibling, "lfs");
    const char *sha256 = json_text(lfs, "sha256", ""), *git = json_text(sibling, "blobId", "");
    const double size = json_number(sibling, "size", -1);
    f->name = mem_strdup(name);
    f->size = size >= 0 && size < 1e15 ? (int64_t)size : -1;
    const char *hash = cJSON_IsObject(lfs) ? sha256 : git;
    if (hub_is_hash(hash, cJSON_IsObject(lfs) ? 64 : 40)) strcpy(f->hash, hash);
    return 0;
}

static int read_listing(HubListing *l, const cJSON *answer, const HubRepo *r, Error *err)
{
    const char *commit = json_text(answer, "sha", "");
    const cJSON *sibling, *siblings = cJSON_GetObjectItemCaseSensitive(answer, "siblings");
    if (!hub_is_hash(commit, HUB_COMMIT_MAX - 1) || !cJSON_IsArray(siblings))
        return error_set(err, "%s: the answer of the hub names no commit and files", r->id);
    /* A commit that was asked for stays the one that is stored under its name. */
    if (hub_is_hash(r->revision, HUB_COMMIT_MAX - 1) && strcmp(r->revision, commit) != 0)
        return error_set(err, "%s: the hub answers with commit %s for %s", r->id, commit,
                         r->revision);
    strcpy(l->commit, commit);
    l->file = mem_calloc((size_t)cJSON_GetArraySize(siblings) + 1, sizeof *l->file);
    cJSON_ArrayForEach(sibling, siblings)
    {
        if (read_file(&l->file[l->n], sibling, err) != 0) return error_wrap(err, "%s", r->id);
        l->n++;
    }
    return 0;
}

int hub_list(HubListing *out, const HubSite *site, const HubRepo *r, Error *err)
{
    Text url = {0};
    Ask a;
    cJSON *answer = NULL;
    HubListing l = {0};
    char *api = api_url(site, r);
    text_format(&url, "%s/revision/", api);
    put_encoded(&url, r->revision, "");
    text_add(&url, "?blobs=true");
    ask_start(&a, site);
    int rc = ask_json(&answer, url.bytes, &a, err);
    if (rc != 0 && a.result.status != 200) explain(&a, site, r, NULL, err);
    if (rc == 0) rc = read_listing(&l, answer, r, err);
    if (rc == 0) *out = l;
    else hub_listing_free(&l);
    cJSON_Delete(answer);
    text_free(&url);
    free(api);
    return rc;
}

void hub_listing_free(HubListing *l)
{
    for (int i = 0; i < l->n; i++) free(l->file[i].name);
    free(l->file);
    *l = (HubListing){0};
}

/* ---- files ---- */

/* An entity tag without W/ and quotes. */
static void bare_etag(char *etag)
{
    if (strncmp(etag, "W/", 2) == 0) memmove(etag, etag + 2, strlen(etag + 2) + 1);
    const size_t n = strlen(etag);
    if (n < 2 || etag[0] != '"' || etag[n - 1] != '"') return;
    etag[n - 1] = 0;
    memmove(etag, etag + 1, n - 1);
}

int hub_ask_file(HubFile *f, const HubSite *site, const HubRepo *r, const char *commit, Error *err)
{
    Ask a;
    char *url = file_url(site, r, commit, f->name);
    ask_start(&a, site);
    int rc = http_head(url, &a.options, &a.result, err);
    free(url);
    if (rc != 0) return explain(&a, site, r, f->name, err);

    const bool linked = a.header[H_LINKED_ETAG].value[0];
    char *etag = a.header[linked ? H_LINKED_ETAG : H_ETAG].value;
    /* The length of a redirect is that of its page. */
    const int size_header = a.header[H_LINKED_SIZE].value[0] ? H_LINKED_SIZE : H_SIZE;
    const char *size = a.header[size_header].value;
    bare_etag(etag);
    if (strcmp(a.header[H_COMMIT].value, commit) != 0)
        return error_set(err, "%s: the server of %s is not a hub: no X-Repo-Commit", r->id,
                         f->name);
    if (!f->hash[0] && !hub_is_hash(etag, 40) && !hub_is_hash(etag, 64))
        return error_set(err, "%s: the server names no hash of %s, so it cannot be checked", r->id,
                         f->name);
    if (!f->hash[0]) strcpy(f->hash, etag);
    if (f->size < 0 && size[0] && (size_header == H_LINKED_SIZE || a.result.status == 200))
        f->size = strtoll(size, NULL, 10);
    return 0;
}

int hub_bring_file(const HubFile *f, const char *path, const char *part, const HubSite *site,
                   const HubRepo *r, const char *commit,
                   void (*on_progress)(void *context, int64_t bytes, int64_t total), void *context,
                   Error *err)
{
    Ask a;
    char *url = file_url(site, r, commit, f->name);
    ask_start(&a, site);
    const bool lfs = strlen(f->hash) == SHA256_HEX - 1;
    a.options.sha256 = lfs ? f->hash : NULL;
    a.options.git_hash = lfs ? NULL : f->hash;
    /* A size of 0 would be one that is not known. */
    a.options.size = f->size > 0 ? f->size : 0;
    a.options.size_limit = f->size < 0 ? UNTOLD_SIZE_MAX : 1;
    a.options.part = part;
    a.options.on_progress = on_progress;
    a.options.context = context;
    const int rc = http_download(url, path, &a.options, &a.result, err);
    free(url);
    return rc == 0 ? 0 : explain(&a, site, r, f->name, err);
}
