/* A file's bytes where the system keeps them, without a copy of ours.
 *
 * Whoever reads a mapped byte that the file no longer has is sent SIGBUS, and so are readers of a disk that
 * fails.  So bytes are seen through mapped_file_use alone, which comes back and says so.  The signal's handler is
 * ours while a file is mapped, and then what it was. */
#ifndef BASE_MAPPED_FILE_H
#define BASE_MAPPED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct MappedFile MappedFile;

/* The first `size` bytes of what is open as fd, and stays open meanwhile, to be read; NULL where it cannot be mapped: on some file
 * systems, or for want of addresses. */
MappedFile *mapped_file_open(int fd, uint64_t size);
void mapped_file_close(MappedFile *m);

/* Calls use(context, bytes) with the n bytes from `at` on, and gives their pages back after: true; false when the
 * file no longer has them, or they could not be had: `use` may have been left in the middle, so it takes no memory and no lock.  Bytes have no alignment.  Any number of
 * threads at a time. */
bool mapped_file_use(const MappedFile *m, uint64_t at, size_t n,
                     void (*use)(void *context, const unsigned char *bytes), void *context);

#endif
