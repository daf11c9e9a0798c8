#include "policy/bytelevel.h"

/* The others, in order U+0100 and up, are 0x00-0x20, 0x7f-0xa0 and 0xad. */
static bool stands_for_itself(int byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

void bytelevel_order(unsigned char *order)
{
    int n = 0;
    for (int pass = 1; pass >= 0; pass--)
        for (int byte = 0; byte < 256; byte++)
            if (stands_for_itself(byte) == pass) order[n++] = (unsigned char)byte;
}

/* The character that stands for the byte. */
static int shifted(int byte)
{
    if (stands_for_itself(byte)) return byte;
    if (byte <= 0x20) return byte + 0x100;
    return byte == 0xad ? 0x143 : byte - 0x7f + 0x121;
}

/* All characters of the alphabet are below U+0800: one or two bytes of UTF-8. */
void bytelevel_spell(Text *out, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int c = shifted((unsigned char)bytes[i]);
        const char utf8[2] = {(char)(c < 0x80 ? c : 0xc0 | c >> 6), (char)(0x80 | (c & 0x3f))};
        text_append(out, utf8, c < 0x80 ? 1 : 2);
    }
}

/* The byte that character c stands for, or -1. */
static int byte_of(int c)
{
    if (c < 0x100) return stands_for_itself(c) ? c : -1;
    if (c <= 0x120) return c - 0x100;
    if (c <= 0x142) return c - 0x121 + 0x7f;
    return c == 0x143 ? 0xad : -1;
}

void bytelevel_read(Text *out, const char *token, size_t n)
{
    const size_t before = out->n;
    const unsigned char *at = (const unsigned char *)token, *end = at + n;
    while (at < end) {
        const bool two = (at[0] & 0xe0) == 0xc0 && end - at > 1;
        const int c = at[0] < 0x80 ? at[0] : two ? (at[0] & 31) << 6 | (at[1] & 63) : -1;
        const int byte = c < 0 ? -1 : byte_of(c);
        if (byte < 0) {
            out->n = before;
            text_append(out, token, n);
            return;
        }
        const char as_char = (char)byte;
        text_append(out, &as_char, 1);
        at += c < 0x80 ? 1 : 2;
    }
}

int utf8_step(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text, c = p[0];
    int more;
    unsigned low = 0x80, high = 0xbf;
    if (c < 0x80) return 1;
    if (c >= 0xc2 && c <= 0xdf) more = 1;
    else if (c >= 0xe0 && c <= 0xef) more = 2;
    else if (c >= 0xf0 && c <= 0xf4) more = 3;
    else return -1;
    /* No overlong forms, no surrogates, nothing beyond U+10FFFF. */
    if (c == 0xe0) low = 0xa0;
    if (c == 0xed) high = 0x9f;
    if (c == 0xf0) low = 0x90;
    if (c == 0xf4) high = 0x8f;
    for (int i = 1; i <= more; i++) {
        if ((size_t)i == n) return 0;
        if (p[i] < low || p[i] > high) return -i;
        low = 0x80;
        high = 0xbf;
    }
    return more + 1;
}

size_t utf8_repair(Text *out, const char *text, size_t n, bool final)
{
    size_t at = 0, clean = 0; /* text[clean..at) is well-formed and not appended yet */
    if (n == 0) return 0;
    while (at < n) {
        const int step = utf8_step(text + at, n - at);
        if (step > 0) {
            at += (size_t)step;
            continue;
        }
        text_append(out, text + clean, at - clean);
        clean = at;
        if (step == 0 && !final) return at;
        text_add(out, "\xef\xbf\xbd");
        at = clean = step == 0 ? n : at + (size_t)-step;
    }
    text_append(out, text + clean, at - clean);
    return n;
}
