/* Which settings a project trains with.
 *
 *     project.json    {..., "config": {"pretrain": "settings.json", "reward": "runs/reward-2/settings.json"}}
 *
 * A training with --config notes the file for every section that stands in it; one with settings of its own on the command
 * line notes its run, whose settings.json has them all, until the next training of its kind.  What is noted is advice alone:
 * no command reads settings by it. */
#ifndef CLI_PROJECT_CONFIG_H
#define CLI_PROJECT_CONFIG_H

#include "cli/command.h"

/* Of the run in `run_folder`, which is about to begin. */
int project_config_note(const Context *ctx, const char *kind, const char *run_folder, Error *err);
/* What --config is to be for another run of that kind, as it is typed here; false: nothing is noted, or it is gone. */
bool project_config_find(const Context *ctx, char file[FILE_PATH_MAX], const char *kind);
/* A file that project.json names as `stored`, as it is typed here: from the project's folder as it stands, from elsewhere
 * whole; false when it is gone. */
bool project_config_type(const Context *ctx, char file[FILE_PATH_MAX], const char *stored);

#endif
