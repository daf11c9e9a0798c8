/* The name git gives to the content of a file: SHA-1 of "blob SIZE", a NUL, and the bytes.
 *
 * It is here to find damage: hubs name small files by it.  SHA-1 (FIPS 180-4, section 6.1) keeps nobody out
 * who means harm, and nothing else in the program uses it. */
#ifndef BASE_GIT_HASH_H
#define BASE_GIT_HASH_H

#include "base/error.h"

/* 40 lower-case hex digits and a terminator. */
enum { GIT_HASH_HEX = 41 };
int git_hash_file(char out[GIT_HASH_HEX], const char *path, Error *err);

#endif
