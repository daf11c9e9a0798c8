/* rlhf verify: recompute everything that carries a hash. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checkpoint.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/project.h"
#include "store/store.h"

static int verify_run(const char *run, int64_t *checkpoints, Error *err)
{
    char root[FILE_PATH_MAX], folder[FILE_PATH_MAX], **names = NULL;
    int n = 0, rc = 0;
    if (path_join(root, run, "checkpoints", err) != 0) return -1;
    if (!file_is_folder(root)) return 0;
    if (folder_list(&names, &n, root, err) != 0) return -1;
    for (int i = 0; i < n && rc == 0; i++) {
        /* Others are on their way in or out. */
        if (strncmp(names[i], "step-", 5) != 0 || strchr(names[i], '.')) continue;
        rc = path_join(folder, root, names[i], err);
        if (rc == 0) rc = checkpoint_verify(folder, err);
        if (rc == 0) *checkpoints += 1;
    }
    folder_list_free(names, n);
    return rc;
}

static int verify_runs(const Context *ctx, int64_t *checkpoints, Error *err)
{
    char root[FILE_PATH_MAX], folder[FILE_PATH_MAX], **names = NULL;
    int n = 0, rc = 0;
    if (project_path(ctx, root, "runs", err) != 0) return -1;
    if (project_list_runs(ctx, &names, &n, err) != 0) return -1;
    for (int i = 0; i < n && rc == 0; i++) {
        rc = path_join(folder, root, names[i], err);
        if (rc == 0) rc = verify_run(folder, checkpoints, err);
    }
    folder_list_free(names, n);
    return rc;
}

static int verify(Context *ctx, int argc, char **argv, Error *err)
{
    Store *store = NULL;
    StoreVerified done = {0};
    char path[FILE_PATH_MAX];
    int64_t checkpoints = 0;
    int rc = -1;
    if (options_parse(ctx, NULL, NULL, NULL, 0, 0, argc, argv, err) != 0) return -1;
    if (project_path(ctx, path, "rlhf.db", err) != 0 || store_open_to_read(&store, path, err) != 0)
        return -1;
    if (store_verify(store, &done, err) != 0) goto done;
    if (verify_runs(ctx, &checkpoints, err) != 0) goto done;
    if (ctx->json)
        printf("{\"texts\":%" PRId64 ",\"labels\":%" PRId64 ",\"judgements\":%" PRId64
               ",\"checkpoints\":%" PRId64 "}\n",
               done.contents, done.labels, done.judgements, checkpoints);
    else
        printf("sound: the database, %s, %s%s%s in an unbroken chain, %s\n",
               text_count(done.contents, "text"), text_count(done.labels, "label"),
               done.judgements ? " and " : "",
               done.judgements ? text_count(done.judgements, "judgement") : "",
               text_count(checkpoints, "checkpoint"));
    rc = 0;

done:
    store_close(store);
    return rc;
}

const Command cmd_verify = {
    .name = "verify",
    .heading = "data",
    .summary = "recompute every hash: texts, the chain of labels, checkpoints; check the database",
    .usage = "[--json]",
    .details = "The first thing that is wrong is named, and the exit status is 1.",
    .project = PROJECT_NEEDED,
    .run = verify,
};
