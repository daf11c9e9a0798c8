#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/demo.h"
#include "cli/wrap.h"
#include "labeling/repair_counter.h"

static int put_line(FileWriter *w, const char *key, const char *text, Error *err)
{
    Text line = {0};
    text_format(&line, "{\"%s\":", key);
    json_put_text(&line, text, strlen(text));
    text_add(&line, "}\n");
    const int rc = file_put(w, line.bytes, line.n, err);
    text_free(&line);
    return rc;
}

static int write_corpus(int n, uint64_t seed, Error *err)
{
    FileWriter w;
    Text prompt = {0}, response = {0};
    if (file_begin(&w, "corpus.jsonl", err) != 0) return -1;
    int rc = 0;
    for (int i = 0; i < n && rc == 0; i++) {
        text_clear(&prompt), text_clear(&response);
        repair_conversation(&prompt, &response, seed, i);
        text_add(&prompt, response.bytes);
        rc = put_line(&w, "text", prompt.bytes, err);
    }
    text_free(&prompt), text_free(&response);
    if (rc == 0) return file_commit(&w, err);
    file_abandon(&w);
    return -1;
}

static int write_prompts(const char *path, int n, uint64_t seed, bool unseen, Error *err)
{
    FileWriter w;
    Text prompt = {0};
    if (file_begin(&w, path, err) != 0) return -1;
    int rc = 0;
    for (int i = 0; i < n && rc == 0; i++) {
        text_clear(&prompt);
        repair_request(&prompt, seed, i, unseen);
        rc = put_line(&w, "prompt", prompt.bytes, err);
    }
    text_free(&prompt);
    if (rc == 0) return file_commit(&w, err);
    file_abandon(&w);
    return -1;
}

int demo_write_data(const DemoSizes *sizes, uint64_t seed, Error *err)
{
    if (write_corpus(sizes->conversations, seed, err) != 0) return -1;
    if (write_prompts("prompts.jsonl", sizes->prompts, seed, false, err) != 0) return -1;
    return write_prompts("unseen.jsonl", sizes->n, seed, true, err);
}

int demo_useless_percent(uint64_t seed)
{
    enum { LOOKED_AT = 1000 };
    Text prompt = {0}, response = {0};
    int useless = 0;
    for (int i = 0; i < LOOKED_AT; i++) {
        RepairFacts f;
        text_clear(&prompt), text_clear(&response);
        repair_conversation(&prompt, &response, seed, i);
        repair_facts(&f, prompt.bytes, response.bytes);
        useless += f.rude || f.pitch || f.ramble || f.wrong;
    }
    text_free(&prompt), text_free(&response);
    return (100 * useless + LOOKED_AT / 2) / LOOKED_AT;
}

static long count_words(const char *text)
{
    long n = 0;
    for (const char *c = text; *c; c++)
        n += (*c != ' ' && *c != '\n') && (c == text || c[-1] == ' ' || c[-1] == '\n');
    return n;
}

void demo_show_corpus(const DemoSizes *sizes, uint64_t seed)
{
    enum { SHOWN = 3 };
    Text prompt = {0}, response = {0};
    long words = 0;
    for (int i = 0; i < sizes->conversations; i++) {
        text_clear(&prompt), text_clear(&response);
        repair_conversation(&prompt, &response, seed, i);
        if (i < SHOWN)
            wrap_print(2, "\n  %.*s\n  A:%s\n", (int)(prompt.n - 3), prompt.bytes, response.bytes);
        words += count_words(prompt.bytes) + count_words(response.bytes);
    }
    wrap_print(
        2,
        "\n  ... and %s more: %s words.  Useless answers among them are what alignment is for.\n",
        text_thousands(sizes->conversations - SHOWN), text_thousands(words));
    text_free(&prompt), text_free(&response);
}
