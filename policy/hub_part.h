/* Where a blob's bytes gather before they are whole: HASH.8 HEX DIGITS.incomplete beside it, a file of one process
 * each.  Locks of shared file systems may be granted to all who ask; files that nobody else knows keep two
 * processes from writing one even then, and the rename at the end is whole either way. */
#ifndef POLICY_HUB_PART_H
#define POLICY_HUB_PART_H

#include <stdint.h>

#include "base/error.h"
#include "base/file.h"

/* Bytes of the largest part that is there of this blob, as by a pull that was cut off; 0: none. */
int64_t hub_part_size(const char *blob);
/* A part of our own that begins with what the largest has. */
int hub_part_take(char out[FILE_PATH_MAX], const char *blob, Error *err);
/* The blob is whole: no part of it is of use. */
void hub_part_remove(const char *blob);

#endif
