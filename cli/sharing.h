/* A project that several Unix users write: its folder gives what is made in it to a group (setgid), and the group
 * may write all of it.  Who gets which rights is the system's business alone. */
#ifndef CLI_SHARING_H
#define CLI_SHARING_H

#include "base/error.h"
#include "base/text.h"

/* Let the group write `folder`, its rlhf.db and what SQLite keeps beside it, project.json and runs/.  `group` is a
 * name or a number; NULL or "" is the group of the folder.  Only who owns a file may do that. */
int sharing_make(const char *folder, const char *group, Error *err);
/* In a shared project this process makes files that the group may write, whatever the umask. */
void sharing_join(const char *folder);
/* "shared with group lab", "not shared", or what keeps the group from writing. */
void sharing_report(Text *out, const char *folder);

#endif
