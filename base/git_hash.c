#include "base/git_hash.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK = 64, WORDS = 5, ROUNDS = 80 };

typedef struct {
    uint32_t h[WORDS];
    unsigned char block[BLOCK];
    uint64_t bytes; /* taken so far */
} Sha1;

static uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

/* The message schedule W of section 6.1.2, step 1. */
static void schedule(uint32_t w[ROUNDS], const unsigned char block[BLOCK])
{
    for (int t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
               (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (int t = 16; t < ROUNDS; t++) w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
}

/* f of section 4.1.1 with K of section 4.2.1 added. */
static uint32_t mix(int t, uint32_t x, uint32_t y, uint32_t z)
{
    if (t < 20) return ((x & y) ^ (~x & z)) + 0x5a827999;
    if (t < 40) return (x ^ y ^ z) + 0x6ed9eba1;
    if (t < 60) return ((x & y) ^ (x & z) ^ (y & z)) + 0x8f1bbcdc;
    return (x ^ y ^ z) + 0xca62c1d6;
}

static void take_block(Sha1 *s)
{
    uint32_t w[ROUNDS], v[WORDS];
    schedule(w, s->block);
    memcpy(v, s->h, sizeof v);
    for (int t = 0; t < ROUNDS; t++) {
        const uint32_t next = rotate(v[0], 5) + mix(t, v[1], v[2], v[3]) + v[4] + w[t];
        v[4] = v[3], v[3] = v[2], v[2] = rotate(v[1], 30), v[1] = v[0], v[0] = next;
    }
    for (int i = 0; i < WORDS; i++) s->h[i] += v[i];
}

static void take(Sha1 *s, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    while (n > 0) {
        const size_t used = s->bytes % BLOCK, room = BLOCK - used, some = n < room ? n : room;
        memcpy(s->block + used, at, some);
        s->bytes += some, at += some, n -= some;
        if (some == room) take_block(s);
    }
}

static void finish(char out[GIT_HASH_HEX], Sha1 *s)
{
    const uint64_t bits = s->bytes * 8;
    unsigned char length[8];
    for (int i = 0; i < 8; i++) length[i] = (unsigned char)(bits >> (56 - 8 * i));
    take(s, "\x80", 1);
    while (s->bytes % BLOCK != BLOCK - sizeof length) take(s, "", 1);
    take(s, length, sizeof length);
    for (int i = 0; i < WORDS; i++) snprintf(out + 8 * i, 9, "%08x", (unsigned)s->h[i]);
}

int git_hash_file(char out[GIT_HASH_HEX], const char *path, Error *err)
{
    Sha1 s = {.h = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
    struct stat st;
    FILE *f = fopen(path, "rbe");
    if (!f || fstat(fileno(f), &st) != 0) {
        error_set(err, "cannot read %s: %s", path, strerror(errno));
        if (f) fclose(f);
        return -1;
    }
    char header[32], bytes[1 << 14];
    const int length = snprintf(header, sizeof header, "blob %lld", (long long)st.st_size);
    take(&s, header, (size_t)length + 1);
    size_t n;
    while ((n = fread(bytes, 1, sizeof bytes, f)) > 0) take(&s, bytes, n);
    const int rc = ferror(f) ? error_set(err, "cannot read %s: %s", path, strerror(errno)) : 0;
    fclose(f);
    finish(out, &s);
    return rc;
}
