/* What a key that somebody wrote names: section.name, or a name that is unique over the sections; and what
 * it may have been meant for. */
#ifndef BASE_CONFIG_KEY_H
#define BASE_CONFIG_KEY_H

#include "base/config.h"

enum { CONFIG_KEY_MAX = 64 };

/* As the tables write it: underscores. */
void config_plain_key(char out[CONFIG_KEY_MAX], const char *key);
/* Whether such a key, KEY or SECTION.KEY, names that field of the table. */
bool config_key_is(const ConfigTable *t, int field, const char *plain);
/* The section of that name, or -1. */
int config_section(const Config *c, const char *name);
/* The one setting that the key names.  An unknown one guesses a near miss and says its default and range. */
int config_find(int *section, int *field, const Config *c, const char *key, Error *err);

#endif
