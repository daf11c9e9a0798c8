/* Settings that a resumed run may change: those marked live in their tables (base/config.h). */
#ifndef CLI_LIVE_SETTINGS_H
#define CLI_LIVE_SETTINGS_H

#include "base/config.h"

/* Whether a run with the settings.json `old` may go on with `new`, of the settings c: where they differ in live settings
 * alone, and in settings that `old` does not know and nobody has set now, since a default is what was always done.
 * `event` then gets the members of a record of what changed,
 * "event":"settings","settings":{"ppo.kl_coef":{"was":0.05,"is":0.1}}, and `said` the same for people: "ppo.kl_coef was
 * 0.05 and is 0.1"; both stay empty where nothing did. */
bool live_settings_allow(Text *event, Text *said, const char *old, const char *new,
                         const Config *c);

#endif
