#include "cli/corpus.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/duplicates.h"

enum { FOLDERS_DEEP = 32 };

/* ---- files ----------------------------------------------------------------------------------------- */

static void add(Corpus *c, char *text, char *name)
{
    c->text = mem_realloc(c->text, (size_t)c->n + 1, sizeof *c->text);
    c->name = mem_realloc(c->name, (size_t)c->n + 1, sizeof *c->name);
    c->text[c->n] = text;
    c->name[c->n++] = name;
}

static int add_line(Corpus *c, const char *line, size_t n, const char *path, long number,
                    Error *err)
{
    cJSON *row = NULL;
    if (json_parse_row(&row, line, n, err) != 0) return -1;
    const char *text = json_text(row, "text", NULL);
    int rc = 0;
    if (!text) rc = error_set(err, "no \"text\" in this row");
    else if (*text) add(c, mem_strdup(text), mem_format("%s:%ld", path, number));
    cJSON_Delete(row);
    return rc;
}

static int add_lines(Corpus *c, const char *bytes, size_t n, const char *path, Error *err)
{
    long number = 0;
    for (size_t at = 0; at < n;) {
        const char *end = memchr(bytes + at, '\n', n - at);
        const size_t length = end ? (size_t)(end - bytes) - at : n - at;
        number++;
        if (length > 0 && add_line(c, bytes + at, length, path, number, err) != 0)
            return error_wrap(err, "line %ld", number);
        at += length + 1;
    }
    return 0;
}

/* `of`: what the document repeats, or NULL. */
static void report(Corpus *c, const char *name, const char *why, const char *of, double similarity)
{
    Text *t = &c->left_out;
    text_add(t, "{\"document\": ");
    json_put_text(t, name, strlen(name));
    text_format(t, ", \"why\": \"%s\"", why);
    if (of) {
        text_add(t, ", \"of\": ");
        json_put_text(t, of, strlen(of));
        text_format(t, ", \"similarity\": %.3g", similarity);
    }
    text_add(t, "}\n");
}

static int add_file(Corpus *c, const char *path, bool in_folder, Text *hashes, Error *err)
{
    enum { CORPUS_LIMIT = 1 << 30 };
    char *bytes = NULL, hash[SHA256_HEX];
    size_t n, bad;
    if (file_read(&bytes, &n, path, CORPUS_LIMIT, err) != 0) return -1;
    int rc = 0;
    if (!text_is_utf8(bytes, n, &bad)) {
        if (in_folder) report(c, path, "not UTF-8", NULL, 0), c->not_text++;
        else rc = error_set(err, "%s: byte %zu is not UTF-8", path, bad + 1);
    } else if (text_ends(path, ".jsonl")) {
        rc = add_lines(c, bytes, n, path, err);
        if (rc != 0) error_wrap(err, "%s", path);
    } else if (n > 0) {
        add(c, mem_strndup(bytes, n), mem_strdup(path));
        c->plain++;
    }
    c->files++;
    sha256_hex(hash, bytes, n);
    text_add(hashes, hash);
    free(bytes);
    return rc;
}

static int add_folder(Corpus *c, const char *path, int deep, Text *hashes, Error *err)
{
    char **names = NULL, inside[FILE_PATH_MAX];
    int n = 0, rc = 0;
    if (deep > FOLDERS_DEEP)
        return error_set(err, "%s: more than %d folders deep", path, FOLDERS_DEEP);
    if (folder_list(&names, &n, path, err) != 0) return -1;
    for (int i = 0; i < n && rc == 0; i++) {
        if (names[i][0] == '.') continue;
        rc = path_join(inside, path, names[i], err);
        if (rc == 0)
            rc = file_is_folder(inside) ? add_folder(c, inside, deep + 1, hashes, err)
                                        : add_file(c, inside, true, hashes, err);
    }
    folder_list_free(names, n);
    return rc;
}

int corpus_read(Corpus *out, const char *const *paths, int n_paths, Error *err)
{
    Corpus c = {0};
    Text hashes = {0};
    int rc = 0;
    for (int i = 0; i < n_paths && rc == 0; i++) {
        const bool folder = file_is_folder(paths[i]);
        c.folders += folder;
        rc = folder ? add_folder(&c, paths[i], 0, &hashes, err)
                    : add_file(&c, paths[i], false, &hashes, err);
    }
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
    for (int i = 0; i < c->n; i++) free(c->text[i]), free(c->name[i]);
    free(c->text);
    free(c->name);
    free(c->held_out);
    text_free(&c->left_out);
    *c = (Corpus){0};
}

/* ---- duplicates and held-out documents -------------------------------------------------------------- */

static void drop_duplicates(Corpus *c)
{
    Duplicates *d = duplicates_new();
    Progress bar;
    int kept = 0;
    progress_begin(&bar, "duplicates", c->n, "document");
    for (int i = 0; i < c->n; i++) {
        double similarity;
        bool same;
        const int of = duplicates_add(d, c->text[i], &same, &similarity);
        progress_update(&bar, i + 1, NULL);
        if (of < 0) {
            c->text[kept] = c->text[i];
            c->name[kept++] = c->name[i];
            continue;
        }
        *(same ? &c->same : &c->alike) += 1;
        report(c, c->name[i], same ? "the same words" : "nearly the same", c->name[of], similarity);
        free(c->text[i]);
        free(c->name[i]);
    }
    progress_end(&bar);
    duplicates_free(d);
    c->n = kept;
}

typedef struct {
    uint64_t key;
    int document;
} Draw;

static int by_key(const void *a, const void *b)
{
    const Draw *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

void corpus_clean(Corpus *c, int every, size_t bytes)
{
    drop_duplicates(c);
    Draw *draw = mem_calloc((size_t)c->n + 1, sizeof *draw);
    size_t held = 0;
    for (int i = 0; i < c->n; i++) draw[i] = (Draw){duplicates_key(c->text[i]), i};
    qsort(draw, (size_t)c->n, sizeof *draw, by_key);
    c->held_out = mem_calloc((size_t)c->n + 1, sizeof *c->held_out);
    for (int i = 0; i < c->n / every && held < bytes; i++) {
        c->held_out[draw[i].document] = true;
        held += strlen(c->text[draw[i].document]);
    }
    free(draw);
}
