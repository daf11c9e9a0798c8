#include "cli/corpus.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

static void add(Corpus *c, char *text)
{
    c->text = mem_realloc(c->text, (size_t)c->n + 1, sizeof *c->text);
    c->text[c->n++] = text;
}

static int add_line(Corpus *c, const char *line, size_t n, Error *err)
{
    cJSON *row = NULL;
    if (json_parse_row(&row, line, n, err) != 0) return -1;
    const char *text = json_text(row, "text", NULL);
    int rc = 0;
    if (!text) rc = error_set(err, "no \"text\" in this row");
    else if (*text) add(c, mem_strdup(text));
    cJSON_Delete(row);
    return rc;
}

static int add_lines(Corpus *c, const char *bytes, size_t n, Error *err)
{
    long number = 0;
    for (size_t at = 0; at < n;) {
        const char *end = memchr(bytes + at, '\n', n - at);
        const size_t length = end ? (size_t)(end - bytes) - at : n - at;
        number++;
        if (length > 0 && add_line(c, bytes + at, length, err) != 0)
            return error_wrap(err, "line %ld", number);
        at += length + 1;
    }
    return 0;
}

static int add_file(Corpus *c, const char *path, Text *hashes, Error *err)
{
    enum { CORPUS_LIMIT = 1 << 30 };
    char *bytes = NULL, hash[SHA256_HEX];
    size_t n, bad;
    if (file_read(&bytes, &n, path, CORPUS_LIMIT, err) != 0) return -1;
    const size_t length = strlen(path);
    int rc = 0;
    if (!text_is_utf8(bytes, n, &bad))
        rc = error_set(err, "%s: byte %zu is not UTF-8", path, bad + 1);
    else if (length > 6 && strcmp(path + length - 6, ".jsonl") == 0) {
        rc = add_lines(c, bytes, n, err);
        if (rc != 0) error_wrap(err, "%s", path);
    } else if (n > 0) {
        add(c, mem_strndup(bytes, n));
        c->plain++;
    }
    sha256_hex(hash, bytes, n);
    text_add(hashes, hash);
    free(bytes);
    return rc;
}

int corpus_read(Corpus *out, const char *const *paths, int n_paths, Error *err)
{
    Corpus c = {0};
    Text hashes = {0};
    int rc = 0;
    for (int i = 0; i < n_paths && rc == 0; i++) rc = add_file(&c, paths[i], &hashes, err);
    if (rc == 0 && c.n == 0) rc = error_set(err, "%s: no text there to train on", paths[0]);
    if (rc == 0) {
        sha256_hex(c.sha256, hashes.bytes, hashes.n);
        *out = c;
    } else {
        corpus_free(&c);
    }
    text_free(&hashes);
    return rc;
}

void corpus_free(Corpus *c)
{
    for (int i = 0; i < c->n; i++) free(c->text[i]);
    free(c->text);
    *c = (Corpus){0};
}
