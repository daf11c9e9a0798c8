/* Settings that a resumed run may change: those marked live in their tables (base/config.h). */
#ifndef CLI_LIVE_SETTINGS_H
#define CLI_LIVE_SETTINGS_H

#include "base/config.h"

/* Whether two settings.json of a run differ in live settings alone, and do differ.  `event` then gets the members of
 * a record that says so, "event":"settings","settings":{"ppo.kl_coef":{"was":0.05,"is":0.1}}, and `said` the same
 * for people: "ppo.kl_coef was 0.05 and is 0.1". */
bool live_settings_differ(Text *event, Text *said, const char *old, const char *new,
                          const Config *c);

#endif
