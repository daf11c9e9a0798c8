/* rlhf pull: models and data sets of the Hugging Face hub, into the cache that huggingface_hub uses too. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "policy/hub_verify.h"

typedef struct {
    const char *pattern;
    bool dataset, verify;
} PullOptions;

static const Option OPTIONS[] = {
    {"file", OPTION_TEXT, offsetof(PullOptions, pattern), 0, 0, "PATTERN",
     "take the files whose path matches, as they are (* takes a slash too)"},
    {"dataset", OPTION_SWITCH, offsetof(PullOptions, dataset), 0, 0, NULL,
     "REPO is a data set; prints the paths that import takes"},
    {"verify", OPTION_SWITCH, offsetof(PullOptions, verify), 0, 0, NULL,
     "hash what was pulled, without the network, and name the files that changed"},
    {0},
};

static void put_json(Text *t, const HubRepo *r, const HubSnapshot *s)
{
    const struct {
        const char *name, *value;
    } texts[] = {{"{\"repo\":", r->id},
                 {",\"revision\":", r->revision},
                 {",\"commit\":", s->files.commit},
                 {",\"path\":", s->folder}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        text_add(t, texts[i].name);
        json_put_text(t, texts[i].value, strlen(texts[i].value));
    }
    text_add(t, ",\"files\":[");
    for (int i = 0; i < s->files.n; i++) {
        if (i) text_add(t, ",");
        json_put_text(t, s->files.file[i].name, strlen(s->files.file[i].name));
    }
    text_format(t, "],\"bytes\":%" PRId64 ",\"brought\":%" PRId64 "}", s->bytes, s->brought);
}

static void report(const Context *ctx, const HubRepo *r, const HubSnapshot *s)
{
    log_line("%s@%s is %.12s: %s, %s; %s brought", r->id, r->revision, s->files.commit,
             text_count(s->files.n, "file"), text_count(s->bytes, "byte"),
             text_thousands(s->brought));
    if (ctx->json) {
        Text t = {0};
        put_json(&t, r, s);
        printf("%s\n", t.bytes);
        text_free(&t);
    } else if (r->dataset) {
        for (int i = 0; i < s->files.n; i++) printf("%s/%s\n", s->folder, s->files.file[i].name);
    } else {
        printf("%s\n", s->folder);
    }
}

/* ---- what was pulled before ---- */

static void put_damage(Text *t, const HubRepo *r, const HubVerified *v)
{
    text_add(t, "{\"repo\":");
    json_put_text(t, r->id, strlen(r->id));
    text_add(t, ",\"revision\":");
    json_put_text(t, r->revision, strlen(r->revision));
    text_format(t, ",\"commit\":\"%s\",\"files\":%d,\"bytes\":%" PRId64 ",\"damaged\":[", v->commit,
                v->files, v->bytes);
    for (int i = 0; i < v->n_damaged; i++) {
        const HubDamage *d = &v->damage[i];
        text_add(t, i ? ",{\"file\":" : "{\"file\":");
        json_put_text(t, d->name, strlen(d->name));
        text_add(t, ",\"path\":");
        json_put_text(t, d->path, strlen(d->path));
        text_add(t, ",\"reason\":");
        json_put_text(t, d->reason, strlen(d->reason));
        text_add(t, "}");
    }
    text_add(t, "]}");
}

static int verify(const Context *ctx, const HubRepo *r, const char *pattern, Error *err)
{
    HubVerified v;
    if (hub_verify(&v, r, pattern, err) != 0) return -1;
    if (ctx->json) {
        Text t = {0};
        put_damage(&t, r, &v);
        printf("%s\n", t.bytes);
        text_free(&t);
    } else if (v.n_damaged == 0) {
        printf("sound: %s, %s of %s@%s\n", text_count(v.files, "file"), text_count(v.bytes, "byte"),
               r->id, r->revision);
    }
    for (int i = 0; i < v.n_damaged && !ctx->json; i++)
        log_line("%s: %s %s", v.damage[i].name, v.damage[i].path, v.damage[i].reason);
    const int wrong = v.n_damaged, all = v.files;
    hub_verified_free(&v);
    if (wrong == 0) return 0;
    error_set(err, "%d of %s of %s@%s %s not what the hub gave", wrong, text_count(all, "file"),
              r->id, r->revision, wrong == 1 ? "is" : "are");
    return error_hint(err, "remove those paths, then: rlhf pull %s%s@%s",
                      r->dataset ? "--dataset " : "", r->id, r->revision);
}

static int from_cache(HubSnapshot *out, const HubRepo *r, const char *pattern, const char *forbids,
                      Error *err)
{
    if (hub_cached(out, r, pattern, err) == 0) return 0;
    error_hint(err, "%s forbids to pull it", forbids);
    return -1;
}

static int pull(Context *ctx, int argc, char **argv, Error *err)
{
    PullOptions options = {0};
    Words words;
    HubRepo repo;
    HubSite site;
    HubSnapshot s;
    if (options_parse(ctx, OPTIONS, &options, &words, 1, 1, argc, argv, err) != 0) return -1;
    if (hub_repo_read(&repo, words.word[0], options.dataset, err) != 0) return -1;
    if (options.verify) return verify(ctx, &repo, options.pattern, err);
    int rc;
    if (ctx->offline || hub_is_offline())
        rc = from_cache(&s, &repo, options.pattern, ctx->offline ? "--offline" : "HF_HUB_OFFLINE",
                        err);
    else
        rc = hub_site_read(&site, err) == 0 ? hub_pull(&s, &site, &repo, options.pattern, err) : -1;
    if (rc != 0) return -1;
    report(ctx, &repo, &s);
    hub_snapshot_free(&s);
    return 0;
}

const Command cmd_pull = {
    .name = "pull",
    .heading = "models",
    .summary = "bring a model or a data set from the Hugging Face hub",
    .usage = "REPO[@REVISION] [--file PATTERN]\n"
             "--dataset REPO[@REVISION] [--file PATTERN]\n"
             "--verify [--dataset] REPO[@REVISION] [--file PATTERN]",
    .details =
        "REPO is org/name, or its address in a browser: "
        "https://huggingface.co/org/name[/tree/REVISION].\n"
        "Prints the folder where it lies.  --model and --base take the name itself from then on: "
        "org/name.\n"
        "Of a model it takes configuration, tokenizer, weights in safetensors, licence and card; "
        "of a data set\n"
        "the .jsonl and .json files, also .gz.  What was cut off goes on; every file is checked "
        "by its hash.\n"
        "--verify hashes the files that lie there once more; exit status 1 when one changed.\n"
        "\n"
        "The cache is the one of huggingface_hub, and both share one copy:\n"
        "  HF_HUB_CACHE, or hub/ in HF_HOME    where it is (~/.cache/huggingface/hub)\n"
        "  HF_TOKEN, or the file HF_TOKEN_PATH  for private repositories and accepted licences;\n"
        "                                      sent to the hub and to no other host\n"
        "  HF_HUB_DISABLE_IMPLICIT_TOKEN=1     no token is sent\n"
        "  HF_ENDPOINT                         a mirror (https://huggingface.co)\n"
        "  HF_HUB_OFFLINE=1                    as --offline: only what is in the cache\n"
        "  https_proxy, no_proxy, CURL_CA_BUNDLE   as curl has them\n",
    .options = OPTIONS,
    .project = PROJECT_IGNORED,
    .run = pull,
};
