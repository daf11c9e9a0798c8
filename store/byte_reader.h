/* Bytes of a file, unpacked where it is gzip.  What waits for a pipe ends its wait at a signal.  Private to store/. */
#ifndef STORE_BYTE_READER_H
#define STORE_BYTE_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <zlib.h>

#include "base/error.h"

typedef struct {
    int fd;
    const char *path; /* for messages; borrowed */
    int64_t offset;   /* in the file, of what has been read */
    bool stopped;     /* by a signal, while there was nothing to read */
    enum { BYTES_UNKNOWN, BYTES_PLAIN, BYTES_GZIP } kind;
    bool between; /* two members of a gzip file, where it may end */
    z_stream z;
    size_t n; /* bytes of `in`, the next one at z.next_in */
    unsigned char in[1 << 16];
} ByteReader;

/* "-" is standard input, which stays open. */
int byte_reader_open(ByteReader *r, const char *path, Error *err);
/* How many there are now, at most n: it waits for one; 0: the end, or stopped; -1: an error. */
ssize_t byte_reader_read(ByteReader *r, char *out, size_t n, Error *err);
void byte_reader_close(ByteReader *r);

#endif
