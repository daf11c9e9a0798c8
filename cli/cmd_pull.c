/* rlhf pull: models and data sets of the Hugging Face hub, into the cache that huggingface_hub uses too. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "policy/hub.h"

typedef struct {
    const char *pattern;
    bool dataset;
} PullOptions;

static const Option OPTIONS[] = {
    {"file", OPTION_TEXT, offsetof(PullOptions, pattern), 0, 0, "PATTERN",
     "take the files whose path matches, as they are (* takes a slash too)"},
    {"dataset", OPTION_SWITCH, offsetof(PullOptions, dataset), 0, 0, NULL,
     "REPO is a data set; prints the paths that import takes"},
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
             "--dataset REPO[@REVISION] [--file PATTERN]",
    .details =
        "REPO is org/name, or its address in a browser: "
        "https://huggingface.co/org/name[/tree/REVISION].\n"
        "Prints the folder where it lies.  --model and --base take the name itself from then on: "
        "org/name.\n"
        "Of a model it takes configuration, tokenizer, weights in safetensors, licence and card; "
        "of a data set\n"
        "the .jsonl and .json files, also .gz.  What was cut off goes on; every file is checked "
        "by its hash.\n"
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
