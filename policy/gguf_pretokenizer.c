#include "policy/gguf_pretokenizer.h"

#include <string.h>

/* As they are published.  ByteLevel's own is GPT-2's. */
#define GPT2 "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define LLAMA3                                                                \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|" \
    " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define QWEN2                                                            \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|" \
    " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define TEKKEN                                                    \
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*" \
    "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|"                             \
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+" \
    "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|"                             \
    "\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

/* A name stands for a pattern, for digits one by one before it, and for whole words that are tokens being
 * taken without a merge. */
typedef struct {
    const char *pattern;
    bool digits, ignore_merges;
    const char *name;
} Cut;

static const Cut CUTS[] = {
    {GPT2, false, false, "gpt-2"},      {GPT2, true, false, "smollm"},
    {LLAMA3, false, true, "llama-bpe"}, {LLAMA3, false, false, "smaug-bpe"},
    {QWEN2, false, false, "qwen2"},     {TEKKEN, false, true, "tekken"},
};

/* Matches are pieces and so is what lies between them: two ways to write it, since these patterns leave
 * nothing between. */
static int read_split(Cut *cut, const cJSON *step, Error *err)
{
    const cJSON *pattern = cJSON_GetObjectItemCaseSensitive(step, "pattern");
    const char *behavior = json_text(step, "behavior", "");
    const bool invert = json_bool(step, "invert", false);
    if (strcmp(behavior, invert ? "Removed" : "Isolated") != 0)
        return error_set(err, "pre_tokenizer: llama.cpp has no Split with behavior \"%.40s\"",
                         behavior);
    if (cut->pattern) return error_set(err, "pre_tokenizer: llama.cpp has no two Splits");
    cut->pattern = json_text(pattern, "Regex", "");
    return 0;
}

static int read_byte_level(Cut *cut, const cJSON *step, Error *err)
{
    if (json_bool(step, "add_prefix_space", true))
        return error_set(err, "pre_tokenizer: llama.cpp has no ByteLevel with add_prefix_space");
    if (!json_bool(step, "use_regex", true)) return 0;
    if (cut->pattern)
        return error_set(err, "pre_tokenizer: llama.cpp has no Split before ByteLevel's own");
    cut->pattern = GPT2;
    return 0;
}

static int read_step(Cut *cut, const cJSON *step, Error *err)
{
    const char *type = json_text(step, "type", "none");
    if (strcmp(type, "ByteLevel") == 0) return read_byte_level(cut, step, err);
    if (strcmp(type, "Split") == 0) return read_split(cut, step, err);
    if (strcmp(type, "Digits") != 0 || !json_bool(step, "individual_digits", false))
        return error_set(err, "pre_tokenizer: llama.cpp has no %.40s", type);
    cut->digits = true;
    return 0;
}

static int read_steps(Cut *cut, const cJSON *pre, Error *err)
{
    const cJSON *step, *steps = cJSON_GetObjectItemCaseSensitive(pre, "pretokenizers");
    if (!steps) return read_step(cut, pre, err);
    cJSON_ArrayForEach(step, steps)
    {
        if (read_step(cut, step, err) != 0) return -1;
    }
    return 0;
}

int gguf_pretokenizer_name(const char **out, const cJSON *tokenizer, Error *err)
{
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(tokenizer, "model");
    Cut cut = {.ignore_merges = json_bool(model, "ignore_merges", false)};
    if (read_steps(&cut, cJSON_GetObjectItemCaseSensitive(tokenizer, "pre_tokenizer"), err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof CUTS / sizeof *CUTS && cut.pattern; i++) {
        const Cut *c = &CUTS[i];
        if (c->digits != cut.digits || c->ignore_merges != cut.ignore_merges) continue;
        if (strcmp(c->pattern, cut.pattern) != 0) continue;
        *out = c->name;
        return 0;
    }
    return error_set(err, "pre_tokenizer: llama.cpp has no name for %.300s%s%s",
                     cut.pattern ? cut.pattern : "one without a pattern",
                     cut.digits ? " after Digits" : "",
                     cut.ignore_merges ? " with ignore_merges" : "");
}
