/* A model as one file for llama.cpp: export gguf, and export model --gguf. */
#ifndef CLI_EXPORT_GGUF_H
#define CLI_EXPORT_GGUF_H

#include <stdbool.h>

#include "cli/command.h"

/* The model of that name, an adapter merged into its base, written to `path` in a type that policy/gguf.h names,
 * and reported on stdout.  With `force` a file that is there is replaced. */
int export_gguf_file(const Context *ctx, const char *name, const char *path, const char *type_name,
                     bool force, Error *err);

#endif
