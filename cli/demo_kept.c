#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/demo.h"
#include "store/store.h"

/* Standing labels by people in the demo of `folder`. */
static int count_labels(int64_t *labels, const char *folder, Error *err)
{
    char path[FILE_PATH_MAX];
    Store *store = NULL;
    StoreStatus status = {0};
    *labels = 0;
    if (path_join(path, folder, "rlhf.db", err) != 0) return -1;
    if (!file_exists(path)) return 0;
    if (store_open(&store, path, err) != 0) return -1;
    const int rc = store_status(store, &status, err);
    *labels = status.labels_by_kind[ANNOTATOR_HUMAN];
    store_status_free(&status);
    store_close(store);
    return rc;
}

bool demo_is_kept(const char *folder)
{
    int64_t labels;
    Error why;
    return count_labels(&labels, folder, &why) != 0 || labels > 0;
}

/* FOLDER-2026-11-22-101500 */
static int kept_name(char out[FILE_PATH_MAX], const char *folder, Error *err)
{
    char date[32] = "";
    struct tm t;
    const time_t now = time(NULL);
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/') n--;
    if (localtime_r(&now, &t)) strftime(date, sizeof date, "%Y-%m-%d-%H%M%S", &t);
    if (n + 1 + strlen(date) >= FILE_PATH_MAX)
        return error_set(err, "%.200s...: path too long", folder);
    snprintf(out, FILE_PATH_MAX, "%.*s-%s", (int)n, folder, date);
    if (file_exists(out)) return error_set(err, "%s is there already; give the command again", out);
    return 0;
}

static int move_aside(char kept[FILE_PATH_MAX], const char *folder, Error *err)
{
    char parent[FILE_PATH_MAX];
    if (kept_name(kept, folder, err) != 0) return -1;
    if (rename(folder, kept) != 0) {
        error_set(err,
                  "%s holds labels by people and cannot be moved aside: %s; nothing was changed",
                  folder, strerror(errno));
        return error_hint(err, "choose another --dir");
    }
    return path_join(parent, kept, "..", err) == 0 ? file_sync_folder(parent, err) : -1;
}

int demo_clear(const char *folder, Error *err)
{
    char kept[FILE_PATH_MAX];
    int64_t labels;
    Error why;
    const bool readable = count_labels(&labels, folder, &why) == 0;
    if (readable && labels == 0) return folder_remove(folder, err);
    if (move_aside(kept, folder, err) != 0) return -1;
    if (readable) {
        log_line("%s by people %s kept: the demo that was here is now %s",
                 text_count(labels, "label"), labels == 1 ? "is" : "are", kept);
        log_line("  to write them out: rlhf export labels --project %s --out labels.jsonl", kept);
    } else {
        log_line("the database cannot be read (%s); it may hold labels by people and is kept: the "
                 "demo that was here is now %s",
                 why.message, kept);
    }
    return 0;
}
