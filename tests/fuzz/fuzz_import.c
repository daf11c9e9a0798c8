#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "store/import.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text)
{
    FUZZ_CLAIM(text_is_utf8(text, strlen(text), NULL));
}

/* A row taken has what its kind needs and nothing else. */
static void check_row(const ImportRow *row, DataKind wanted)
{
    FUZZ_CLAIM(wanted == DATA_AUTO || row->kind == wanted);
    FUZZ_CLAIM(row->prompt && row->prompt[strspn(row->prompt, " \t\r\n")]);
    FUZZ_CLAIM((row->chosen != NULL) == (row->kind != DATA_PROMPTS));
    FUZZ_CLAIM((row->rejected != NULL) == (row->kind == DATA_PREFERENCES));
    check_text(row->prompt);
    if (row->chosen) check_text(row->chosen);
    if (row->rejected) check_text(row->rejected);
    if (row->rejected) FUZZ_CLAIM(strcmp(row->chosen, row->rejected) != 0);
}

static void check_line(const char *bytes, size_t n)
{
    static const DataKind KINDS[] = {DATA_AUTO, DATA_PROMPTS, DATA_DEMONSTRATIONS,
                                     DATA_PREFERENCES};
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        ImportRow row = {0};
        Error err = {0};
        if (import_parse(&row, bytes, n, KINDS[i], &err) == 0) check_row(&row, KINDS[i]);
        else FUZZ_CLAIM(!row.prompt && err.message[0] && !strchr(err.message, '\n'));
        import_row_free(&row);
    }
}

/* The bytes are a file, plain or gzip: its lines come one by one, without their ends, each a row or refused. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static LineReader lines;
    char path[] = "/tmp/rlhf-fuzz-XXXXXX";
    Error err = {0};
    const int file = mkstemp(path);
    FUZZ_CLAIM(file >= 0 && write(file, bytes, n) == (ssize_t)n);
    close(file);
    FUZZ_CLAIM(line_reader_open(&lines, path, &err) == 0);
    int more;
    for (int64_t number = 1; (more = line_reader_next(&lines, &err)) == 1; number++) {
        FUZZ_CLAIM(lines.number == number && lines.line.n <= IMPORT_LINE_MAX);
        const char *line = lines.line.bytes ? lines.line.bytes : "";
        FUZZ_CLAIM(!memchr(line, '\n', lines.line.n));
        check_line(line, lines.line.n);
    }
    if (more < 0) FUZZ_CLAIM(strstr(err.message, path) && !strchr(err.message, '\n'));
    line_reader_close(&lines);
    unlink(path);
    return 0;
}
