/* rlhf runs: what was trained here, and what is training now. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/project.h"

static void print_run(bool json, bool first, const char *name, const char *state, int64_t step)
{
    if (!json) {
        printf("%-16s %-10s", name, state);
        if (step >= 0) printf(" %s", text_count(step, "step"));
        printf("\n");
        return;
    }
    Text t = {0};
    text_format(&t, "%s{\"run\":", first ? "" : ",");
    json_put_text(&t, name, strlen(name));
    text_add(&t, ",\"state\":");
    json_put_text(&t, state, strlen(state));
    if (step >= 0) text_format(&t, ",\"steps\":%" PRId64, step);
    fputs(t.bytes, stdout);
    fputs("}", stdout);
    text_free(&t);
}

static int runs(Context *ctx, int argc, char **argv, Error *err)
{
    char **names = NULL, root[FILE_PATH_MAX];
    int n = 0, rc = 0;
    if (options_parse(ctx, NULL, NULL, NULL, 0, 0, argc, argv, err) != 0) return -1;
    if (project_path(ctx, root, "runs", err) != 0) return -1;
    if (project_list_runs(ctx, &names, &n, err) != 0) return -1;
    if (ctx->json) printf("{\"runs\":[");
    else if (n == 0) printf("no runs yet\n");
    for (int i = 0; i < n && rc == 0; i++) {
        char folder[FILE_PATH_MAX], state[RUN_STATE_MAX];
        int64_t step;
        rc = path_join(folder, root, names[i], err);
        if (rc != 0) break;
        project_run_state(state, &step, folder);
        print_run(ctx->json, i == 0, names[i], state, step);
    }
    if (ctx->json) printf("]}\n");
    folder_list_free(names, n);
    return rc;
}

const Command cmd_runs = {
    .name = "runs",
    .heading = "watch",
    .summary = "what was trained here, and what is training now",
    .usage = "[--json]",
    .details = "running: a process works on it.  stopped: saved, and can go on with --resume.  "
               "died: ended\n"
               "without saving; its steps are those of its last checkpoint, from which --resume "
               "goes on.  failed,\n"
               "finished: as they say.\n"
               "empty: ended before its first step; its folder may be deleted.  damaged: its "
               "state.json cannot be read.\n",
    .project = PROJECT_NEEDED,
    .run = runs,
};
