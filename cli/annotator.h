/* Who sits there. */
#ifndef CLI_ANNOTATOR_H
#define CLI_ANNOTATOR_H

/* `as` (of --as), else RLHF_ANNOTATOR, else the name of this login. */
const char *annotator_name(const char *as);

#endif
