#include "cli/project_config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/project.h"

enum { FILE_LIMIT = 1 << 24 };
static const char RUNS[] = "runs/";

typedef struct {
    const char *kind; /* of the run */
    cJSON *config;    /* section: file */
} Noted;

static void put(cJSON *config, const char *section, const char *file)
{
    cJSON_DeleteItemFromObjectCaseSensitive(config, section);
    cJSON_AddStringToObject(config, section, file);
}

/* project.json's "config" and what is new in it. */
static void merge(cJSON *project, void *what)
{
    const Noted *noted = what;
    const cJSON *member;
    cJSON *config = cJSON_GetObjectItemCaseSensitive(project, "config");
    if (!cJSON_IsObject(config)) {
        cJSON_DeleteItemFromObjectCaseSensitive(project, "config");
        config = cJSON_AddObjectToObject(project, "config");
    }
    cJSON_ArrayForEach(member, noted->config)
    {
        /* what a run of another kind was told by hand, no file that it has nothing to do with takes back */
        const bool by_hand =
            strncmp(json_text(config, member->string, ""), RUNS, strlen(RUNS)) == 0;
        if (!by_hand || strcmp(member->string, noted->kind) == 0)
            put(config, member->string, member->valuestring);
    }
}

/* It has been read once, as settings; a run's settings.json has them below. */
static int put_sections(cJSON *config, const Context *ctx, Error *err)
{
    char stored[FILE_PATH_MAX];
    cJSON *file = NULL;
    if (json_read(&file, ctx->config_file, FILE_LIMIT, true, err) != 0) return -1;
    const cJSON *run = cJSON_GetObjectItemCaseSensitive(file, "settings"),
                *sections = run ? run : file, *section;
    project_shorten(ctx, stored, ctx->config_file);
    cJSON_ArrayForEach(section, sections)
    {
        if (cJSON_IsObject(section)) put(config, section->string, stored);
    }
    cJSON_Delete(file);
    return 0;
}

int project_config_note(const Context *ctx, const char *kind, const char *run_folder, Error *err)
{
    char settings[FILE_PATH_MAX], stored[FILE_PATH_MAX];
    const bool own = ctx->n_set + ctx->n_flag > 0;
    int rc = 0;
    if (!ctx->project[0] || ctx->led || (!own && !ctx->config_file)) return 0;
    Noted noted = {.kind = kind, .config = cJSON_CreateObject()};
    if (ctx->config_file) rc = put_sections(noted.config, ctx, err);
    if (rc == 0 && own) rc = path_join(settings, run_folder, "settings.json", err);
    if (rc == 0 && own) {
        project_shorten(ctx, stored, settings);
        put(noted.config, kind, stored);
    }
    if (rc == 0) rc = project_change(ctx, merge, &noted, err);
    cJSON_Delete(noted.config);
    return rc;
}

bool project_config_type(const Context *ctx, char file[FILE_PATH_MAX], const char *stored)
{
    char here[FILE_PATH_MAX], full[FILE_PATH_MAX];
    Error ignored;
    if (project_path(ctx, full, stored, &ignored) != 0 || !file_exists(full)) return false;
    const bool inside = getcwd(here, sizeof here) && strcmp(here, ctx->project) == 0;
    snprintf(file, FILE_PATH_MAX, "%s", inside ? stored : full);
    return true;
}

bool project_config_find(const Context *ctx, char file[FILE_PATH_MAX], const char *kind)
{
    cJSON *project = NULL;
    Error ignored;
    if (!ctx->project[0] || project_read(ctx, &project, &ignored) != 0) return false;
    const char *noted = json_text(cJSON_GetObjectItemCaseSensitive(project, "config"), kind, "");
    const bool there = noted[0] && project_config_type(ctx, file, noted);
    cJSON_Delete(project);
    return there;
}
