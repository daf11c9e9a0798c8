/* rlhf backup: a checked copy of the database. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/project.h"
#include "store/store.h"

typedef struct {
    bool force;
} BackupOptions;

static const Option OPTIONS[] = {
    {"force", OPTION_SWITCH, offsetof(BackupOptions, force), 0, 0, NULL,
     "replace FILE if it is there"},
    {0},
};

/* backups/rlhf-20260131-174502.db in the project */
static int default_path(char out[FILE_PATH_MAX], const Context *ctx, Error *err)
{
    char folder[FILE_PATH_MAX], name[64];
    const time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(name, sizeof name, "rlhf-%Y%m%d-%H%M%S.db", &utc);
    if (project_path(ctx, folder, "backups", err) != 0 || folder_make(folder, err) != 0) return -1;
    return path_join(out, folder, name, err);
}

static int backup(Context *ctx, int argc, char **argv, Error *err)
{
    BackupOptions options = {0};
    Store *store = NULL;
    Words words;
    char path[FILE_PATH_MAX], target[FILE_PATH_MAX];
    int rc = -1;
    if (options_parse(ctx, OPTIONS, &options, &words, 0, 1, argc, argv, err) != 0) return -1;
    if (words.n == 0 && default_path(target, ctx, err) != 0) return -1;
    if (words.n == 1) {
        snprintf(target, sizeof target, "%s", words.word[0]);
        if (output_check(ctx, target, NULL, options.force, err) != 0) return -1;
    }
    if (project_path(ctx, path, "rlhf.db", err) != 0 || store_open_to_read(&store, path, err) != 0)
        return -1;
    if (store_backup(store, target, err) != 0) goto done;
    if (ctx->json) {
        Text t = {0};
        json_put_text(&t, target, strlen(target));
        printf("{\"file\":%s,\"bytes\":%" PRId64 "}\n", t.bytes, file_size(target));
        text_free(&t);
    } else {
        printf("%s: %.1f MB, checked\n", target, (double)file_size(target) / 1e6);
    }
    rc = 0;

done:
    store_close(store);
    return rc;
}

const Command cmd_backup = {
    .name = "backup",
    .heading = "data",
    .summary = "copy the database, checked, while others go on working",
    .usage = "[FILE [--force]]",
    .details =
        "Without FILE it goes to backups/ in the project, named by the time (UTC). To take one up, "
        "put it in the\nplace of rlhf.db while nothing runs. Runs and models are ordinary folders: "
        "copy them as such.",
    .options = OPTIONS,
    .project = PROJECT_NEEDED,
    .run = backup,
};
