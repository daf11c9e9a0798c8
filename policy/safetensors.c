#include "policy/safetensors.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "base/mem.h"

/* Numbers are stored little-endian and copied as they are. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "a big-endian machine needs byte swaps here");

enum {
    HEADER_MAX = 100000000, /* bytes, the format's own limit */
    INDEX_MAX = 64 << 20,   /* bytes of model.safetensors.index.json */
    PIECE = 1 << 16,        /* bytes read at a time */
};

typedef struct {
    char *path;
    int fd;
    uint64_t size;
    uint64_t data;   /* where the numbers begin */
    MappedFile *map; /* or NULL */
} File;

struct Safetensors {
    File *files;
    int n_files;
    SafetensorsEntry *entries;
    int n;
};

static int read_at(const File *f, void *out, size_t n, uint64_t at, Error *err)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(f->fd, (char *)out + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_set(err, "cannot read: %s", strerror(errno));
        if (got == 0) return error_set(err, "the file has become shorter while it was read");
        done += (size_t)got;
    }
    return 0;
}

/* Why a file whose first eight bytes are no possible header length was refused.  Pickle is a
 * program, not data: it is recognised and never read. */
static int refuse_length(const unsigned char first[8], uint64_t length, Error *err)
{
    const bool zip = memcmp(first, "PK\3\4", 4) == 0;
    if (zip || (first[0] == 0x80 && first[1] >= 2 && first[1] <= 5)) {
        error_set(err, "this is a PyTorch pickle file, which can run code, and is never read");
        return error_hint(
            err,
            "convert it where it comes from: model.save_pretrained(dir, safe_serialization=True)");
    }
    return error_set(
        err, "the header's length %" PRIu64 " is beyond %s; cut off, or not a safetensors file",
        length, length > HEADER_MAX ? "100,000,000 bytes" : "the end of the file");
}

static int open_file(File *f, SafetensorsEntry **entries, int *n, Error *err)
{
    char *header = NULL;
    int rc = -1;
    struct stat st;
    /* O_NONBLOCK: opening a FIFO must not wait for a writer. */
    f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (f->fd < 0 || fstat(f->fd, &st) != 0) {
        error_set(err, "cannot open: %s", strerror(errno));
        goto done;
    }
    if (!S_ISREG(st.st_mode)) {
        error_set(err, "not a regular file");
        goto done;
    }
    const uint64_t size = f->size = (uint64_t)st.st_size;
    unsigned char first[8];
    if (size < sizeof first) {
        error_set(err, "%" PRIu64 " bytes are too few for a safetensors file", size);
        goto done;
    }
    if (read_at(f, first, sizeof first, 0, err) != 0) goto done;
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | first[i];
    if (length > HEADER_MAX || length > size - sizeof first) {
        refuse_length(first, length, err);
        goto done;
    }
    header = mem_calloc(length + 1, 1);
    if (read_at(f, header, length, sizeof first, err) != 0) goto done;
    f->data = sizeof first + length;
    rc = safetensors_parse(entries, n, header, length, size - f->data, err);
done:
    free(header);
    return rc == 0 ? 0 : error_wrap(err, "%s", f->path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const SafetensorsEntry *)a)->name, ((const SafetensorsEntry *)b)->name);
}

/* Opens one more file and takes its tensors into the list. */
static int add_file(Safetensors *s, const char *path, Error *err)
{
    SafetensorsEntry *more = NULL;
    int n = 0;
    s->files = mem_realloc(s->files, (size_t)s->n_files + 1, sizeof *s->files);
    File *f = &s->files[s->n_files++];
    *f = (File){.path = mem_strdup(path), .fd = -1};
    if (open_file(f, &more, &n, err) != 0) return -1;

    s->entries = mem_realloc(s->entries, (size_t)(s->n + n), sizeof *s->entries);
    for (int i = 0; i < n; i++) {
        more[i].file = s->n_files - 1;
        s->entries[s->n++] = more[i];
    }
    free(more); /* the names have moved */
    return 0;
}

int safetensors_open(Safetensors **out, const char *path, Error *err)
{
    Safetensors *s = mem_calloc(1, sizeof *s);
    if (add_file(s, path, err) != 0) {
        safetensors_close(s);
        return -1;
    }
    *out = s;
    return 0;
}

static bool is_plain_name(const char *name)
{
    static const char LETTERS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return *name && *name != '.' && name[strspn(name, LETTERS)] == 0;
}

static const File *file_named(const Safetensors *s, const char *path)
{
    for (int i = 0; i < s->n_files; i++)
        if (strcmp(s->files[i].path, path) == 0) return &s->files[i];
    return NULL;
}

/* The map and the shards have to name the same tensors, each in the same place. */
static int check_map(const Safetensors *s, const cJSON *map, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    int listed = 0;
    for (const cJSON *item = map->child; item; item = item->next, listed++) {
        const int i = safetensors_find(s, item->string);
        if (path_join(path, dir, item->valuestring, err) != 0) return -1;
        if (i < 0 || strcmp(s->files[s->entries[i].file].path, path) != 0)
            return error_set(err, "%s has no tensor \"%.80s\"", item->valuestring, item->string);
    }
    if (listed != s->n)
        return error_set(err, "weight_map lists %d tensors, the shards hold %d", listed, s->n);
    return 0;
}

static int add_shards(Safetensors *s, const char *dir, const cJSON *index, Error *err)
{
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(index, "weight_map");
    if (!cJSON_IsObject(map) || !map->child)
        return error_set(err, "weight_map is missing or empty");
    for (const cJSON *item = map->child; item; item = item->next) {
        char path[FILE_PATH_MAX];
        if (!cJSON_IsString(item))
            return error_set(err, "weight_map: %.80s is not a file name", item->string);
        if (!is_plain_name(item->valuestring))
            return error_set(err,
                             "weight_map: \"%.80s\" is not a plain file name (A-Z a-z 0-9 . _ -)",
                             item->valuestring);
        if (path_join(path, dir, item->valuestring, err) != 0) return -1;
        if (!file_named(s, path) && add_file(s, path, err) != 0) return -1;
    }
    qsort(s->entries, (size_t)s->n, sizeof *s->entries, by_name);
    for (int i = 1; i < s->n; i++)
        if (strcmp(s->entries[i - 1].name, s->entries[i].name) == 0)
            return error_set(err, "tensor \"%.80s\" is in two shards", s->entries[i].name);
    return check_map(s, map, dir, err);
}

int safetensors_open_folder(Safetensors **out, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    if (path_join(path, dir, "model.safetensors", err) != 0) return -1;
    if (file_exists(path)) return safetensors_open(out, path, err);

    if (path_join(path, dir, "model.safetensors.index.json", err) != 0) return -1;
    if (!file_exists(path)) {
        error_set(err, "%s: no model.safetensors (nor model.safetensors.index.json) there", dir);
        return error_hint(
            err, "a model is a folder with config.json, model.safetensors and tokenizer.json");
    }
    cJSON *index = NULL;
    Safetensors *s = mem_calloc(1, sizeof *s);
    int rc = json_read(&index, path, INDEX_MAX, false, err);
    if (rc == 0 && add_shards(s, dir, index, err) != 0) rc = error_wrap(err, "%s", path);
    cJSON_Delete(index);
    if (rc == 0) *out = s;
    else safetensors_close(s);
    return rc;
}

void safetensors_close(Safetensors *s)
{
    if (!s) return;
    for (int i = 0; i < s->n_files; i++) {
        mapped_file_close(s->files[i].map);
        if (s->files[i].fd >= 0) close(s->files[i].fd);
        free(s->files[i].path);
    }
    free(s->files);
    safetensors_entries_free(s->entries, s->n);
    free(s);
}

int safetensors_count(const Safetensors *s)
{
    return s->n;
}

const SafetensorsEntry *safetensors_entry(const Safetensors *s, int index)
{
    assert(index >= 0 && index < s->n);
    return &s->entries[index];
}

int safetensors_find(const Safetensors *s, const char *name)
{
    int low = 0, high = s->n;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        const int order = strcmp(s->entries[middle].name, name);
        if (order == 0) return middle;
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return -1;
}

static int refuse_type(const SafetensorsEntry *e, Error *err)
{
    return error_set(err, "it is %s; only F32, F16, BF16 and F64 are read as numbers", e->dtype);
}

/* `count` numbers from `first` on, into single or wide, whichever is not NULL. */
static int read_numbers(const Safetensors *s, int index, int64_t first, int64_t count,
                        float *single, double *wide, Error *err)
{
    const SafetensorsEntry *e = safetensors_entry(s, index);
    const File *f = &s->files[e->file];
    const Dtype type = dtype_named(e->dtype);
    assert(first >= 0 && count >= 0 && first <= e->count - count);
    if (type == DTYPE_OTHER) return refuse_type(e, err);
    const size_t size = dtype_size(type);
    const uint64_t begin = f->data + e->begin + (uint64_t)first * size;
    if (type == DTYPE_F32 && single)
        return read_at(f, single, (size_t)count * sizeof *single, begin, err);

    unsigned char raw[PIECE];
    for (int64_t at = 0; at < count;) {
        const size_t most = PIECE / size, left = (size_t)(count - at);
        const size_t n = left < most ? left : most;
        if (read_at(f, raw, n * size, begin + (uint64_t)at * size, err) != 0) return -1;
        if (single) dtype_read_floats(single + at, raw, n, type);
        for (size_t i = 0; i < n && wide; i++) wide[at + (int64_t)i] = dtype_read(raw, i, type);
        at += (int64_t)n;
    }
    return 0;
}

static int name_tensor(const Safetensors *s, int index, Error *err)
{
    const SafetensorsEntry *e = &s->entries[index];
    return error_wrap(err, "%s: tensor \"%.80s\"", s->files[e->file].path, e->name);
}

int safetensors_read_part(const Safetensors *s, int index, int64_t first, int64_t n, float *out,
                          Error *err)
{
    return read_numbers(s, index, first, n, out, NULL, err) == 0 ? 0 : name_tensor(s, index, err);
}

int safetensors_read(const Safetensors *s, int index, float *out, Error *err)
{
    return safetensors_read_part(s, index, 0, safetensors_entry(s, index)->count, out, err);
}

int safetensors_read_double(const Safetensors *s, int index, double *out, Error *err)
{
    const int64_t n = safetensors_entry(s, index)->count;
    return read_numbers(s, index, 0, n, NULL, out, err) == 0 ? 0 : name_tensor(s, index, err);
}

void safetensors_map(Safetensors *s)
{
    for (int i = 0; i < s->n_files; i++) {
        File *f = &s->files[i];
        if (!f->map) f->map = mapped_file_open(f->fd, f->size);
    }
}

int safetensors_use(const Safetensors *s, int index, int64_t first, int64_t n,
                    void (*use)(void *context, const unsigned char *bytes), void *context,
                    Error *err)
{
    const SafetensorsEntry *e = safetensors_entry(s, index);
    const File *f = &s->files[e->file];
    const Dtype type = dtype_named(e->dtype);
    assert(first >= 0 && n >= 0 && first <= e->count - n);
    if (type == DTYPE_OTHER) {
        refuse_type(e, err);
        return name_tensor(s, index, err);
    }
    const size_t bytes = (size_t)n * dtype_size(type);
    const uint64_t begin = f->data + e->begin + (uint64_t)first * dtype_size(type);
    if (f->map && mapped_file_use(f->map, begin, bytes, use, context)) return 0;
    /* Not mapped, or gone from there: reading says why. */
    unsigned char *raw = mem_calloc(bytes, 1);
    const int rc = read_at(f, raw, bytes, begin, err);
    if (rc == 0) use(context, raw);
    free(raw);
    return rc == 0 ? 0 : name_tensor(s, index, err);
}

static bool is_finite(const Safetensors *s, int index)
{
    const int64_t all = s->entries[index].count;
    float *values = mem_calloc(PIECE, sizeof *values);
    Error unread;
    bool finite = true, read = true;
    for (int64_t at = 0; at < all && finite && read; at += PIECE) {
        const int64_t n = all - at < PIECE ? all - at : PIECE;
        read = safetensors_read_part(s, index, at, n, values, &unread) == 0;
        for (int64_t i = 0; i < n && read && finite; i++) finite = isfinite(values[i]);
    }
    free(values);
    return finite;
}

int safetensors_find_not_finite(const Safetensors *s)
{
    for (int i = 0; i < s->n; i++)
        if (!is_finite(s, i)) return i;
    return -1;
}

const char *safetensors_path(const Safetensors *s, int index)
{
    assert(index >= 0 && index < s->n);
    return s->files[s->entries[index].file].path;
}
