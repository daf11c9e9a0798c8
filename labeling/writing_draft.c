#include "labeling/writing_draft.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/process.h"

enum { DRAFT_MAX = 1 << 20 /* bytes: two texts of 64 KiB, every byte escaped, are less */ };

/* The program that wrote it is at work, and is not this one. */
static bool is_anothers(const cJSON *draft)
{
    char own[PROCESS_NAME];
    const char *process = json_text(draft, "process", NULL);
    process_name(own);
    return process && strcmp(process, own) != 0 && !process_is_gone(process);
}

/* What cannot be read is nobody's. */
static bool file_is_anothers(const char *path)
{
    cJSON *tree = NULL;
    Error ignored = {0};
    if (!file_exists(path) || json_read(&tree, path, DRAFT_MAX, false, &ignored) != 0) return false;
    const bool anothers = is_anothers(tree);
    cJSON_Delete(tree);
    return anothers;
}

int writing_draft_keep(const char *path, const WritingDraft *d, Error *err)
{
    Text t = {0};
    char process[PROCESS_NAME];
    if (file_is_anothers(path))
        return error_set(err, "another rlhf write of yours has its draft there");
    process_name(process);
    text_format(&t, "{\"process\":\"%s\",", process);
    text_format(&t, "\"prompt_id\":%lld,\"prompt\":", (long long)d->prompt_id);
    json_put_text(&t, d->prompt, strlen(d->prompt));
    text_add(&t, ",\"answer\":");
    json_put_text(&t, d->answer, strlen(d->answer));
    text_format(&t, ",\"in_answer\":%s,\"cursor\":%lld}\n", d->in_answer ? "true" : "false",
                (long long)d->cursor);
    /* A shared project's files are its group's; this one is not. */
    const mode_t usual = umask(077);
    const int rc = file_write(path, t.bytes, t.n, err);
    umask(usual);
    text_free(&t);
    return rc;
}

int writing_draft_read(const char *path, WritingDraft *out, bool *found, Error *err)
{
    cJSON *tree = NULL;
    *found = file_exists(path);
    if (!*found) return 0;
    if (json_read(&tree, path, DRAFT_MAX, false, err) != 0) return -1;
    if (is_anothers(tree)) {
        *found = false;
        cJSON_Delete(tree);
        return 0;
    }
    *out = (WritingDraft){.prompt_id = (int64_t)json_number(tree, "prompt_id", 0),
                          .prompt = mem_strdup(json_text(tree, "prompt", "")),
                          .answer = mem_strdup(json_text(tree, "answer", "")),
                          .in_answer = json_bool(tree, "in_answer", true),
                          .cursor = (int64_t)json_number(tree, "cursor", 0)};
    cJSON_Delete(tree);
    return 0;
}

int writing_draft_remove(const char *path, Error *err)
{
    return file_exists(path) && !file_is_anothers(path) ? folder_remove(path, err) : 0;
}

void writing_draft_free(WritingDraft *draft)
{
    free(draft->prompt);
    free(draft->answer);
    *draft = (WritingDraft){0};
}
