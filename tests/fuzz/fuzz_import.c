#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "store/import.h"
#include "store/line_reader.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text)
{
    FUZZ_CLAIM(text_is_utf8(text, strlen(text), NULL));
}

/* An item taken has what its kind needs and nothing else. */
static void check_item(const ImportRow *row, const ImportItem *item, DataKind wanted)
{
    const bool pair = item->kind == DATA_PREFERENCES;
    FUZZ_CLAIM(wanted == DATA_AUTO || item->kind == wanted);
    FUZZ_CLAIM((item->prompt != NULL) == (item->turns == 0) && item->turns <= row->dialogue.n);
    FUZZ_CLAIM(!item->words || item->turns == 2);
    const char *prompt =
        item->prompt ? item->prompt : row->dialogue.message[item->turns - 1].content;
    FUZZ_CLAIM(prompt[strspn(prompt, " \t\r\n")]);
    FUZZ_CLAIM((item->chosen != NULL) == (item->kind != DATA_PROMPTS));
    FUZZ_CLAIM((item->rejected != NULL) == pair);
    check_text(prompt);
    if (item->chosen) check_text(item->chosen);
    if (pair) check_text(item->rejected);
    if (pair) FUZZ_CLAIM(strcmp(item->chosen, item->rejected) != 0);
}

static void check_line(const char *bytes, size_t n)
{
    static const DataKind KINDS[] = {DATA_AUTO,        DATA_PROMPTS,    DATA_DEMONSTRATIONS,
                                     DATA_PREFERENCES, DATA_JUDGEMENTS, DATA_CLASSES};
    for (size_t i = 0; i < 2 * sizeof KINDS / sizeof *KINDS; i++) {
        const ImportOptions options = {.kind = KINDS[i / 2], .chat = i % 2, .system = "s"};
        ImportRow row = {0};
        Error err = {0};
        if (import_parse(&row, bytes, n, &options, &err) == 0) {
            FUZZ_CLAIM(row.n > 0 && row.layout);
            for (int k = 0; k < row.n; k++) check_item(&row, &row.item[k], KINDS[i / 2]);
        } else {
            FUZZ_CLAIM(row.n == 0 && err.message[0] && !strchr(err.message, '\n'));
        }
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
