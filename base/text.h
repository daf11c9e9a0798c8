/* Growing strings, UTF-8, and near misses. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A growing byte string, always terminated.  Zero-initialised is empty; free(t.bytes) or text_free. */
typedef struct {
    char *bytes;
    size_t n, room;
} Text;

void text_append(Text *t, const char *bytes, size_t n);
void text_add(Text *t, const char *string);
void text_format(Text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As one word of a shell: plain names as they are, others in single quotes. */
void text_add_word(Text *t, const char *string);
void text_clear(Text *t);
void text_free(Text *t);
/* Hands the string over (never NULL) and empties t. */
char *text_take(Text *t);

/* True when the bytes are well-formed UTF-8 without NUL (Unicode 15, table 3-7); else *at is the first
 * bad byte.  at may be NULL. */
bool text_is_utf8(const char *bytes, size_t n, size_t *at);
/* In place, for a message: names out of files are part of it, and none of them may break its line or reach a terminal
 * as a command; one that was cut may end in half a character.  What is no letter becomes '?'. */
void text_keep_to_one_line(char *text);
bool text_ends(const char *text, const char *end);
/* The nearest of n candidates by edit distance, or NULL when none is near (more than a third of the
 * letters differ). */
const char *text_nearest(const char *word, const char *const *candidates, int n);
enum { TEXT_LINE_MAX = 16 << 20 }; /* bytes: a row of JSON is no longer */
/* The next line of a stream, without its end ("\n" or "\r\n"): 1, or 0 at the end of the stream, or -1 when it
 * is longer than `limit` bytes. */
int text_read_line(Text *out, FILE *in, size_t limit);
/* Remove white space at both ends, in place; returns s. */
char *text_trim(char *s);
/* 12345 -> "12,345" in one of a few rotating static buffers. */
const char *text_thousands(long long n);
/* 1 -> "1 step", 2000 -> "2,000 steps", for nouns whose plural adds an s; in the same buffers. */
const char *text_count(long long n, const char *noun);
/* Bytes, in thousands as disks and networks are sold: 999 -> "999 bytes", 1.5e6 -> "1.5 MB", 2e8 -> "200 MB";
 * in the same buffers. */
const char *text_size(double bytes);
/* The next word from *at on, of text that ends at `end`: *at moves behind it; its bytes in *n; NULL: none is left.  Words are
 * parted by what a screen shows as white space: spaces, tabs and line ends (\n, \r\n).  Any other control character is
 * spelled out there, and is part of a word. */
const char *text_next_word(const char **at, const char *end, size_t *n);
int text_words(const char *bytes, size_t n);
/* Columns of a terminal that the UTF-8 text takes (utf8proc widths; control characters count 0). */
int text_width(const char *text, size_t n);

#endif
