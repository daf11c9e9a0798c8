#include "cli/annotator.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

const char *annotator_name(const char *as)
{
    const char *name = as ? as : getenv("RLHF_ANNOTATOR");
    if (name && *name) return name;
    const struct passwd *user = getpwuid(geteuid());
    return user && *user->pw_name ? user->pw_name : "annotator";
}
