/* Files: whole reads, and writes that are complete or absent.
 *
 * A file is replaced by: write PATH.tmp-PID, fsync it, rename over PATH, fsync the folder.  A folder
 * (a checkpoint) appears by: make DIR.tmp-PID, write and fsync the files, fsync it, rename, fsync the
 * parent.  A crash or a full disk at any point leaves the old state. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

enum { FILE_PATH_MAX = 4096 };

/* The whole file, terminated; the caller frees.  Fails above `limit` bytes. */
int file_read(char **out, size_t *n, const char *path, size_t limit, Error *err);
/* Replace or create by rename. */
int file_write(const char *path, const void *bytes, size_t n, Error *err);

/* For writing in pieces: file_begin opens PATH.tmp-PID, file_commit makes it PATH.  After any failure,
 * or instead of the commit, file_abandon removes it; both close the stream. */
typedef struct {
    FILE *stream;
    char path[FILE_PATH_MAX], temporary[FILE_PATH_MAX];
} FileWriter;
int file_begin(FileWriter *w, const char *path, Error *err);
int file_put(FileWriter *w, const void *bytes, size_t n, Error *err);
int file_commit(FileWriter *w, Error *err);
void file_abandon(FileWriter *w);

bool file_exists(const char *path);
bool file_is_folder(const char *path);
int64_t file_size(const char *path); /* -1 when absent */
/* Make the folder and its parents. */
int folder_make(const char *path, Error *err);
/* Write a folder aside: *temporary (FILE_PATH_MAX) is made empty; fill it, then folder_commit. */
int folder_begin(char *temporary, const char *path, Error *err);
/* fsync every file and the folder, rename to `path` (an old one there is exchanged in one step where the
 * system can, and removed after), fsync the parent.  After a failure `temporary` is gone. */
int folder_commit(const char *temporary, const char *path, Error *err);
/* Remove a file or a folder with all that is in it; absent already is no error. */
int folder_remove(const char *path, Error *err);
/* Names in a folder, sorted, without . and ..; the caller frees each and the array. */
int folder_list(char ***names, int *n, const char *path, Error *err);
void folder_list_free(char **names, int n);
/* Both are there and are one, through whatever names and links they are known. */
bool folder_same(const char *a, const char *b);
int file_sync_folder(const char *path, Error *err);
/* Make the bytes of an open descriptor durable. */
int file_sync(int fd, const char *path, Error *err);
/* Join with one slash into out (FILE_PATH_MAX); a path too long is an error. */
int path_join(char *out, const char *folder, const char *name, Error *err);

/* SHA-256 as 64 lower-case hex digits and a terminator. */
enum { SHA256_HEX = 65 };
void sha256_hex(char out[SHA256_HEX], const void *bytes, size_t n);
/* The same of bytes that come in pieces: begin, add, add, ..., end. */
typedef struct {
    _Alignas(16) unsigned char state[128];
} Sha256;
void sha256_begin(Sha256 *s);
void sha256_add(Sha256 *s, const void *bytes, size_t n);
void sha256_end(Sha256 *s, char out[SHA256_HEX]);
/* Of parts, each after its length in bytes, so that what moves from one to the next is another hash. */
typedef struct {
    const void *bytes;
    size_t n;
} HashPart;
void sha256_parts(char out[SHA256_HEX], const HashPart *part, int n);
int sha256_file(char out[SHA256_HEX], const char *path, Error *err);
/* crypto_generichash keyed with `key`: for splits and swaps that must not follow from the text alone. */
uint64_t keyed_hash(const void *bytes, size_t n, const char *key);

#endif
