#include "base/json_member.h"

#include <string.h>

#include "base/json.h"

static void put_name(Text *t, const char *name)
{
    const bool first = t->n > 0 && t->bytes[t->n - 1] == '{';
    text_format(t, "%s\"%s\":", first ? "" : ",", name);
}

void json_member_text(Text *t, const char *name, const char *text)
{
    put_name(t, name);
    if (text) json_put_text(t, text, strlen(text));
    else text_add(t, "null");
}

void json_member_number(Text *t, const char *name, double x)
{
    put_name(t, name);
    json_put_number(t, x);
}
