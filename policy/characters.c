#include "policy/characters.h"

#include <ctype.h>
#include <utf8proc.h>

int character_at(const char *text, int *length)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80) {
        *length = 1;
        return p[0];
    }
    *length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    int c = p[0] & (0x7f >> *length);
    for (int i = 1; i < *length; i++) c = c << 6 | (p[i] & 0x3f);
    return c;
}

int character_length_before(const char *text, size_t at)
{
    int length = 1;
    while ((text[at - (size_t)length] & 0xc0) == 0x80) length++;
    return length;
}

void character_add(Text *out, int c)
{
    utf8proc_uint8_t bytes[4];
    text_append(out, (const char *)bytes, (size_t)utf8proc_encode_char(c, bytes));
}

int character_only(const char *string)
{
    int length;
    if (!*string) return -1;
    const int c = character_at(string, &length);
    return string[length] ? -1 : c;
}

bool character_is_space(int c)
{
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

bool character_is_number(int c)
{
    if (c < 0x80) return c >= '0' && c <= '9';
    const utf8proc_category_t category = utf8proc_category(c);
    return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool character_is_punctuation(int c)
{
    if (c < 0x80) return ispunct(c);
    const utf8proc_category_t category = utf8proc_category(c);
    return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}
