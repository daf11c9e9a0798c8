/* tokenizer.json and tokenizer_config.json as they are written. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "policy/tokenizer_parts.h"

static const char BYTE_LEVEL[] = "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, "
                                 "\"trim_offsets\": true, \"use_regex\": true}";

static void put_text(Text *out, const char *text)
{
    json_put_text(out, text, strlen(text));
}

static const char *yes_or_no(bool value)
{
    return value ? "true" : "false";
}

static int by_id(const void *a, const void *b)
{
    const AddedToken *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* In the order of the ids, as transformers expects. */
static void put_added(const Tokenizer *t, Text *out)
{
    int n;
    const AddedToken *list = added_tokens_list(t->added, &n);
    AddedToken *sorted = mem_calloc((size_t)n, sizeof *sorted);
    if (n) memcpy(sorted, list, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_id);
    for (int i = 0; i < n; i++) {
        const AddedToken *a = &sorted[i];
        text_format(out, "%s    {\"id\": %d, \"content\": ", i ? ",\n" : "\n", a->id);
        put_text(out, tokenizer_token(t, a->id));
        text_format(out,
                    ", \"single_word\": %s, \"lstrip\": %s, \"rstrip\": %s, "
                    "\"normalized\": %s, \"special\": %s}",
                    yes_or_no(a->single_word), yes_or_no(a->lstrip), yes_or_no(a->rstrip),
                    yes_or_no(a->normalized), yes_or_no(a->special));
    }
    free(sorted);
}

static void put_options(const Tokenizer *t, Text *out)
{
    const WordOptions *o = word_encoder_options(t->words);
    text_add(out, "    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": ");
    if (o->unk >= 0) put_text(out, tokenizer_token(t, o->unk));
    else text_add(out, "null");
    text_format(out,
                ",\n    \"continuing_subword_prefix\": null,\n    \"end_of_word_suffix\": null,\n"
                "    \"fuse_unk\": %s,\n    \"byte_fallback\": %s,\n    \"ignore_merges\": %s,\n",
                yes_or_no(o->fuse_unk), yes_or_no(o->byte_fallback), yes_or_no(o->ignore_merges));
}

/* Where only bytes and merges are looked up, added tokens may stand among the others, as transformers
 * writes those of GPT-2. */
static void put_vocabulary(const Tokenizer *t, Text *out)
{
    const WordOptions *o = word_encoder_options(t->words);
    const bool all = o->bytes && !o->ignore_merges;
    const char *comma = "\n      ";
    text_add(out, "    \"vocab\": {");
    for (int id = 0; id < tokenizer_size(t); id++) {
        if (!all && !t->vocabulary->in_model[id]) continue;
        text_add(out, comma);
        put_text(out, tokenizer_token(t, id));
        text_format(out, ": %d", id);
        comma = ",\n      ";
    }
    text_add(out, "\n    },\n    \"merges\": [");
    int n;
    const Merge *merges = word_encoder_merges(t->words, &n);
    for (int i = 0; i < n; i++) {
        text_add(out, i ? ",\n      [" : "\n      [");
        put_text(out, tokenizer_token(t, merges[i].left));
        text_add(out, ", ");
        put_text(out, tokenizer_token(t, merges[i].right));
        text_add(out, "]");
    }
    text_add(out, "\n    ]\n");
}

void tokenizer_put_json(const Tokenizer *t, Text *out)
{
    text_add(out, "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n"
                  "  \"added_tokens\": [");
    put_added(t, out);
    text_add(out, "\n  ],\n");
    for (int i = 0; i < N_PARTS; i++) {
        const char *gpt2 = i == PART_NORMALIZER ? "null" : BYTE_LEVEL;
        text_format(out, "  \"%s\": %s,\n", TOKENIZER_PART[i], t->part[i] ? t->part[i] : gpt2);
    }
    text_add(out, "  \"model\": {\n");
    put_options(t, out);
    put_vocabulary(t, out);
    text_add(out, "  }\n}\n");
}

/* PreTrainedTokenizerFast takes everything from tokenizer.json; without the last member older
 * versions of transformers remove spaces before punctuation when they decode. */
static void put_config(const Tokenizer *t, Text *out)
{
    static const char *const ROLES[] = {"bos_token", "eos_token", "unk_token"};
    text_add(out, "{\n  \"tokenizer_class\": \"PreTrainedTokenizerFast\",\n");
    for (int i = 0; i < 3 && t->eos >= 0; i++) {
        if (t->json && i != 1) continue; /* what else it is for, the file does not say */
        text_format(out, "  \"%s\": ", ROLES[i]);
        put_text(out, tokenizer_token(t, t->eos));
        text_add(out, ",\n");
    }
    text_add(out, "  \"clean_up_tokenization_spaces\": false\n}\n");
}

int tokenizer_save(const Tokenizer *t, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    Text out = {0};
    int rc = -1;
    if (path_join(path, dir, "tokenizer.json", err) != 0) goto done;
    if (t->json) text_add(&out, t->json);
    else tokenizer_put_json(t, &out);
    if (file_write(path, out.bytes, out.n, err) != 0) goto done;
    text_clear(&out);
    if (t->config) text_add(&out, t->config);
    else put_config(t, &out);
    if (path_join(path, dir, "tokenizer_config.json", err) != 0) goto done;
    rc = file_write(path, out.bytes, out.n, err);
done:
    text_free(&out);
    return rc;
}
