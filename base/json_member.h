/* Members of a JSON object that is being written as text: a comma comes first, unless they are the object's first. */
#ifndef BASE_JSON_MEMBER_H
#define BASE_JSON_MEMBER_H

#include "base/text.h"

/* text NULL is null. */
void json_member_text(Text *t, const char *name, const char *text);
/* As json_put_number. */
void json_member_number(Text *t, const char *name, double x);

#endif
