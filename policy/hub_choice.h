/* Which files of a repository a pull takes. */
#ifndef POLICY_HUB_CHOICE_H
#define POLICY_HUB_CHOICE_H

#include "policy/hub_api.h"

/* Leave in `l` the files that hub_pull (policy/hub.h) takes, sorted by name.  None that can be used is an
 * error that says what is there instead. */
int hub_choose(HubListing *l, const HubRepo *r, const char *pattern, Error *err);

#endif
