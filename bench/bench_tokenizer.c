/* Megabytes of text that one core turns into ids in a second:  bench_tokenizer FOLDER [FILE]
 *
 * FOLDER is a model's or holds a tokenizer alone; FILE is UTF-8, standard input without it.  The text is
 * repeated to a few megabytes and encoded in documents of 64 KiB, cut after a newline where they have one;
 * the figure is the median of several runs over all of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "policy/tokenizer.h"

enum { RUNS = 7, TEXT_MIN = 4 << 20, DOCUMENT = 64 << 10 };
static const size_t FILE_LIMIT = (size_t)1 << 30;

/* The first bytes of `text`, up to the last newline of a document, or to a character's end. */
static size_t document_length(const char *text, size_t n)
{
    if (n <= DOCUMENT) return n;
    size_t end = DOCUMENT;
    while (end > 0 && text[end - 1] != '\n') end--;
    if (end > 0) return end;
    end = DOCUMENT;
    while (end > 1 && ((unsigned char)text[end] & 0xC0) == 0x80) end--;
    return end;
}

/* Seconds, and the number of ids; negative when the text cannot be encoded. */
static double encode_all(const Tokenizer *t, const Text *text, size_t *n_ids, Error *err)
{
    const double began = log_clock();
    *n_ids = 0;
    for (size_t at = 0; at < text->n;) {
        const size_t n = document_length(text->bytes + at, text->n - at);
        int *ids, count;
        if (tokenizer_encode(t, text->bytes + at, n, false, &ids, &count, err) != 0) return -1;
        free(ids);
        *n_ids += (size_t)count;
        at += n;
    }
    return log_clock() - began;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int bench(const Tokenizer *t, const char *folder, const Text *text, Error *err)
{
    double seconds[RUNS];
    size_t n_ids;
    if (encode_all(t, text, &n_ids, err) < 0) return -1;
    for (int i = 0; i < RUNS; i++) seconds[i] = encode_all(t, text, &n_ids, err);
    qsort(seconds, RUNS, sizeof *seconds, by_size);
    const double mb = (double)text->n / 1e6;
    printf("%s: %.2f MB/s (slowest %.2f, fastest %.2f), %d tokens, %.2f bytes each\n", folder,
           mb / seconds[RUNS / 2], mb / seconds[RUNS - 1], mb / seconds[0], tokenizer_size(t),
           (double)text->n / (double)n_ids);
    return 0;
}

int main(int argc, char **argv)
{
    Tokenizer *t = NULL;
    Text text = {0};
    Error err;
    char *bytes = NULL;
    size_t n = 0;
    int rc = -1;
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: bench_tokenizer FOLDER [FILE]\n");
        return 2;
    }
    if (tokenizer_open(&t, argv[1], &err) != 0) goto done;
    if (file_read(&bytes, &n, argc > 2 ? argv[2] : "/dev/stdin", FILE_LIMIT, &err) != 0) goto done;
    if (n == 0) {
        error_set(&err, "no text to encode");
        goto done;
    }
    while (text.n < TEXT_MIN) text_append(&text, bytes, n);
    rc = bench(t, argv[1], &text, &err);

done:
    if (rc != 0) fprintf(stderr, "bench_tokenizer: %s\n", err.message);
    text_free(&text);
    free(bytes);
    tokenizer_free(t);
    return rc == 0 ? 0 : 1;
}
