/* Tokenizers as keys of GGUF files. */
#include "policy/gguf_tokenizer.h"

#include "tests/gguf_reader.h"

static Error err;
static const ModelConfig ROWS = {.V = 12, .bos = -1, .eos = -1};

#define BYTE_LEVEL \
    "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":true}"
#define VOCAB "\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"\xc4\xa0\":3}"
#define ADDED                                                              \
    "\"added_tokens\":[{\"id\":4,\"content\":\"<end>\",\"special\":true}," \
    "{\"id\":5,\"content\":\"<tool>\",\"special\":false},"                 \
    "{\"id\":6,\"content\":\"<|mark|>\",\"special\":false}]"
#define PLAIN \
    "{" ADDED "," BYTE_LEVEL ",\"model\":{\"type\":\"BPE\"," VOCAB ",\"merges\":[\"a b\"]}}"
#define CONFIG "{\"eos_token\":\"<end>\"}"

static int put(GgufKeys *keys, const char *tokenizer, const char *config, const ModelConfig *c)
{
    const char *dir = scratch_folder("model", true);
    scratch_write(scratch_path("model/tokenizer.json"), tokenizer);
    if (config) scratch_write(scratch_path("model/tokenizer_config.json"), config);
    return gguf_put_tokenizer(keys, dir, c, &err);
}

static ReadGguf written(const GgufKeys *keys)
{
    assert_worked(gguf_write(scratch_path("keys.gguf"), keys, NULL, 0, &err), &err);
    return gguf_read(scratch_path("keys.gguf"));
}

static ReadGguf read_back(const char *tokenizer, const char *config, const ModelConfig *c)
{
    GgufKeys keys = {0};
    assert_worked(put(&keys, tokenizer, config, c), &err);
    ReadGguf g = written(&keys);
    gguf_keys_free(&keys);
    return g;
}

static void refused(const char *tokenizer, const char *config, const char *words)
{
    GgufKeys keys = {0};
    assert_int_equal(put(&keys, tokenizer, config, &ROWS), -1);
    assert_says(&err, words);
    assert_says(&err, "tokenizer.json: ");
    gguf_keys_free(&keys);
}

static int type_of(const ReadGguf *g, int id)
{
    const ReadKey *k = read_key_of(g, "tokenizer.ggml.token_type", READ_ARRAY);
    assert_true((uint64_t)id < k->count);
    return (int)read_number(k->value + 4 * id, 4);
}

/* Twelve rows and seven tokens: what looks like markup is markup, and rows without a token have a name. */
static void every_row_has_a_token_and_its_type(void **state)
{
    (void)state;
    ReadGguf g = read_back(PLAIN, CONFIG, &ROWS);
    static const char *const TOKENS[] = {"a",      "b",        "ab",     "\xc4\xa0", "<end>",
                                         "<tool>", "<|mark|>", "[PAD7]", "[PAD8]"};
    static const int TYPES[] = {1, 1, 1, 1, 3, 4, 3, 5, 5};
    assert_string_equal(read_text(&g, "tokenizer.ggml.model"), "gpt2");
    assert_int_equal(read_key(&g, "tokenizer.ggml.tokens")->count, 12);
    for (int i = 0; i < 9; i++) {
        assert_string_equal(read_text_of(&g, "tokenizer.ggml.tokens", i), TOKENS[i]);
        assert_int_equal(type_of(&g, i), TYPES[i]);
    }
    gguf_read_free(&g);
}

static void merges_are_written_with_a_space_between(void **state)
{
    (void)state;
    ReadGguf g = read_back("{" ADDED "," BYTE_LEVEL ",\"model\":{\"type\":\"BPE\"," VOCAB
                           ",\"merges\":[[\"a\",\"b\"],\"b a\"]}}",
                           CONFIG, &ROWS);
    assert_int_equal(read_key(&g, "tokenizer.ggml.merges")->count, 2);
    assert_string_equal(read_text_of(&g, "tokenizer.ggml.merges", 0), "a b");
    assert_string_equal(read_text_of(&g, "tokenizer.ggml.merges", 1), "b a");
    gguf_read_free(&g);
}

/* The keys are those of a tokenizer.json that says the same; <|endoftext|> is GPT-2's own and is added. */
static void vocab_and_merges_are_a_tokenizer_too(void **state)
{
    (void)state;
    const char *dir = scratch_folder("model", true);
    GgufKeys keys = {0};
    scratch_write(scratch_path("model/vocab.json"), "{\"a\":0,\"b\":1,\"ab\":2,\"\xc4\xa0\":3}");
    scratch_write(scratch_path("model/merges.txt"), "#version: 0.2\na b\n");
    scratch_write(scratch_path("model/tokenizer_config.json"), "{\"eos_token\":\"<|endoftext|>\"}");
    assert_worked(gguf_put_tokenizer(&keys, dir, &ROWS, &err), &err);
    ReadGguf g = written(&keys);
    assert_string_equal(read_text(&g, "tokenizer.ggml.model"), "gpt2");
    assert_string_equal(read_text(&g, "tokenizer.ggml.pre"), "gpt-2");
    assert_string_equal(read_text_of(&g, "tokenizer.ggml.tokens", 2), "ab");
    assert_string_equal(read_text_of(&g, "tokenizer.ggml.tokens", 4), "<|endoftext|>");
    assert_string_equal(read_text_of(&g, "tokenizer.ggml.merges", 0), "a b");
    gguf_read_free(&g);
    gguf_keys_free(&keys);
}

static void a_folder_without_a_tokenizer_is_refused(void **state)
{
    (void)state;
    GgufKeys keys = {0};
    assert_int_equal(gguf_put_tokenizer(&keys, scratch_folder("model", true), &ROWS, &err), -1);
    assert_says(&err, "model: there is no tokenizer.json");
    gguf_keys_free(&keys);
}

/* ---- pre-tokenizers ------------------------------------------------------------------------------- */

#define CUT(pre, ignore)                                                                \
    "{" ADDED ",\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[" pre "]}," \
    "\"model\":{\"type\":\"BPE\",\"ignore_merges\":" ignore "," VOCAB ",\"merges\":[\"a b\"]}}"
#define SPLIT(pattern)                                      \
    "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" pattern \
    "\"},\"behavior\":\"Isolated\",\"invert\":false},"      \
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}"
#define DIGITS                                          \
    "{\"type\":\"Digits\",\"individual_digits\":true}," \
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":true}"
/* As Llama 3 and Qwen 2 publish them, in JSON's escapes. */
#define TAIL "| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"
#define HEAD "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|"

static void is_called(const char *tokenizer, const char *name)
{
    ReadGguf g = read_back(tokenizer, CONFIG, &ROWS);
    assert_string_equal(read_text(&g, "tokenizer.ggml.pre"), name);
    gguf_read_free(&g);
}

static void pre_tokenizers_have_llama_cpp_s_names(void **state)
{
    (void)state;
    is_called(PLAIN, "gpt-2");
    is_called(CUT(DIGITS, "false"), "smollm");
    is_called(CUT(SPLIT(HEAD "\\\\p{N}{1,3}" TAIL), "true"), "llama-bpe");
    is_called(CUT(SPLIT(HEAD "\\\\p{N}{1,3}" TAIL), "false"), "smaug-bpe");
    is_called(CUT(SPLIT(HEAD "\\\\p{N}" TAIL), "false"), "qwen2");
}

static void an_unknown_pre_tokenizer_is_refused_by_name(void **state)
{
    (void)state;
    refused(CUT(SPLIT("[a-z]+"), "false"), CONFIG, "llama.cpp has no name for [a-z]+");
    refused(CUT(DIGITS, "true"), CONFIG, "after Digits with ignore_merges");
    refused(CUT("{\"type\":\"Whitespace\"}", "false"), CONFIG,
            "pre_tokenizer: llama.cpp has no Whitespace");
    refused("{" ADDED
            ",\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\"," VOCAB
            ",\"merges\":[]}}",
            CONFIG, "llama.cpp has no ByteLevel with add_prefix_space");
}

/* ---- special tokens ------------------------------------------------------------------------------- */

static void special_tokens_are_named_by_their_ids(void **state)
{
    (void)state;
    ReadGguf g = read_back(PLAIN,
                           "{\"bos_token\":\"<|mark|>\",\"eos_token\":{\"content\":\"<end>\"},"
                           "\"pad_token\":\"<tool>\",\"unk_token\":\"a\",\"add_bos_token\":true,"
                           "\"chat_template\":[{\"name\":\"rag\",\"template\":\"no\"},"
                           "{\"name\":\"default\",\"template\":\"{{ yes }}\"}]}",
                           &ROWS);
    assert_int_equal(read_u32(&g, "tokenizer.ggml.bos_token_id"), 6);
    assert_int_equal(read_u32(&g, "tokenizer.ggml.eos_token_id"), 4);
    assert_int_equal(read_u32(&g, "tokenizer.ggml.padding_token_id"), 5);
    assert_int_equal(read_u32(&g, "tokenizer.ggml.unknown_token_id"), 0);
    assert_true(read_bool(&g, "tokenizer.ggml.add_bos_token"));
    assert_false(read_bool(&g, "tokenizer.ggml.add_eos_token"));
    assert_string_equal(read_text(&g, "tokenizer.chat_template"), "{{ yes }}");
    gguf_read_free(&g);
}

/* tokenizer_config.json first, then config.json, then generation_config.json: three places there are. */
static void tokens_that_end_an_answer_fill_three_places(void **state)
{
    (void)state;
    ModelConfig c = ROWS;
    GgufKeys keys = {0};
    const char *dir = scratch_folder("model", true);
    c.eos = 4, c.n_eos_more = 1, c.eos_more[0] = 6;
    scratch_write(scratch_path("model/tokenizer.json"), PLAIN);
    scratch_write(scratch_path("model/generation_config.json"), "{\"eos_token_id\":[6,5,3]}");
    assert_worked(gguf_put_tokenizer(&keys, dir, &c, &err), &err);
    ReadGguf g = written(&keys);
    assert_int_equal(read_u32(&g, "tokenizer.ggml.eos_token_id"), 4);
    assert_int_equal(read_u32(&g, "tokenizer.ggml.eot_token_id"), 6);
    assert_int_equal(read_u32(&g, "tokenizer.ggml.eom_token_id"), 5);
    assert_int_equal(read_u32(&g, "tokenizer.ggml.bos_token_id"),
                     4); /* there is none: as in GPT-2 */
    assert_false(read_bool(&g, "tokenizer.ggml.add_bos_token"));
    gguf_read_free(&g);
    gguf_keys_free(&keys);
}

static void an_end_that_is_no_token_is_refused(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"[]",
                                        "{\"eos_token_id\":\"4\"}",
                                        "{\"eos_token_id\":-1}",
                                        "{\"eos_token_id\":[4,1e300]}",
                                        "{\"eos_token_id\":[4,0.5]}",
                                        "{\"eos_token_id\":[99999]}"};
    scratch_folder("model", true);
    scratch_write(scratch_path("model/tokenizer.json"), PLAIN);
    scratch_write(scratch_path("model/tokenizer_config.json"), "{\"eos_token\":\"<end>\"}");
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        GgufKeys keys = {0};
        scratch_write(scratch_path("model/generation_config.json"), WRONG[i]);
        assert_int_equal(gguf_put_tokenizer(&keys, scratch_path("model"), &ROWS, &err), -1);
        assert_says(&err, i == 0 ? "generation_config.json: not a JSON object"
                                 : "generation_config.json: eos_token_id names no token from 0 to");
        gguf_keys_free(&keys);
    }
}

/* As everywhere here, and before what config.json says. */
static void an_unnamed_end_is_endoftext(void **state)
{
    (void)state;
    ModelConfig c = ROWS;
    c.eos = 0;
    ReadGguf g = read_back(
        "{\"added_tokens\":[{\"id\":4,\"content\":\"<|endoftext|>\",\"special\":true}]," BYTE_LEVEL
        ",\"model\":{\"type\":\"BPE\"," VOCAB ",\"merges\":[]}}",
        "{}", &c);
    assert_int_equal(read_u32(&g, "tokenizer.ggml.eos_token_id"), 4);
    assert_int_equal(read_u32(&g, "tokenizer.ggml.eot_token_id"), 0);
    gguf_read_free(&g);
}

static void a_template_of_its_own_file_comes_first(void **state)
{
    (void)state;
    GgufKeys keys = {0};
    const char *dir = scratch_folder("model", true);
    scratch_write(scratch_path("model/tokenizer.json"), PLAIN);
    scratch_write(scratch_path("model/tokenizer_config.json"),
                  "{\"eos_token\":\"<end>\",\"chat_template\":\"old\"}");
    scratch_write(scratch_path("model/chat_template.jinja"), "new");
    assert_worked(gguf_put_tokenizer(&keys, dir, &ROWS, &err), &err);
    ReadGguf g = written(&keys);
    assert_string_equal(read_text(&g, "tokenizer.chat_template"), "new");
    gguf_read_free(&g);
    gguf_keys_free(&keys);
}

#define FRAMED(single)                                                                      \
    "{" ADDED "," BYTE_LEVEL ",\"post_processor\":{\"type\":\"Sequence\",\"processors\":["  \
    "{\"type\":\"ByteLevel\"},{\"type\":\"TemplateProcessing\",\"single\":[" single "]}]}," \
    "\"model\":{\"type\":\"BPE\"," VOCAB ",\"merges\":[\"a b\"]}}"
#define TEXT "{\"Sequence\":{\"id\":\"A\"}}"
#define MARK "{\"SpecialToken\":{\"id\":\"<|mark|>\"}}"

static void a_post_processor_says_what_stands_around_a_text(void **state)
{
    (void)state;
    ReadGguf g =
        read_back(FRAMED(MARK "," TEXT ",{\"SpecialToken\":{\"id\":\"<end>\"}}"), CONFIG, &ROWS);
    assert_int_equal(read_u32(&g, "tokenizer.ggml.bos_token_id"), 6);
    assert_true(read_bool(&g, "tokenizer.ggml.add_bos_token"));
    assert_true(read_bool(&g, "tokenizer.ggml.add_eos_token"));
    gguf_read_free(&g);
    refused(FRAMED(MARK "," MARK "," TEXT), CONFIG, "llama.cpp puts one token on a side");
    refused(FRAMED(TEXT "," MARK), CONFIG, "puts <|mark|> behind, and that is not eos_token");
    refused(FRAMED(MARK "," TEXT), "{\"eos_token\":\"<end>\",\"bos_token\":\"<tool>\"}",
            "puts <|mark|> in front, and that is not bos_token");
}

static void tokenizers_that_would_not_work_are_refused(void **state)
{
    (void)state;
    refused(PLAIN, NULL, "no token ends a text");
    refused("{\"model\":{\"type\":\"Unigram\",\"vocab\":{}}}", CONFIG,
            "model: Unigram is not exported");
    refused("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":12}}}", CONFIG,
            "token 'a' has the id 12, and the model has 12 rows");
    refused("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":1,\"b\":1}}}", CONFIG,
            "tokens 'a' and 'b' have one id, 1");
    refused("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":1}},\"added_tokens\":"
            "[{\"id\":2,\"content\":\"a\"}]}",
            CONFIG, "token 'a' has two ids, 1 and 2");
    refused("{" ADDED "," BYTE_LEVEL ",\"normalizer\":{\"type\":\"Lowercase\"},\"model\":{\"type\":"
            "\"BPE\"," VOCAB ",\"merges\":[]}}",
            CONFIG, "normalizer: llama.cpp has no Lowercase");
}

/* ---- byte_fallback -------------------------------------------------------------------------------- */

#define S "\xe2\x96\x81"
#define SENTENCEPIECE(merges)                                                                   \
    "{\"added_tokens\":[{\"id\":1,\"content\":\"<s>\",\"special\":true},"                       \
    "{\"id\":2,\"content\":\"</s>\",\"special\":true}],"                                        \
    "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":" \
    "\"" S "\"},{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"" S "\"}]}," \
    "\"pre_tokenizer\":null,\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\","               \
    "\"byte_fallback\":true,\"vocab\":{\"<unk>\":0,\"<s>\":1,\"</s>\":2,\"<0x0A>\":3,"          \
    "\"" S "\":4,\"a\":5,\"b\":6,\"ab\":7,\"" S "a\":8,\"" S "ab\":9},\"merges\":[" merges "]}}"

/* "ab" comes first, then both merges of "_ab", then "_a": scores fall so. */
static void merges_become_scores(void **state)
{
    (void)state;
    ReadGguf g =
        read_back(SENTENCEPIECE("\"a b\",\"" S " ab\",\"" S "a b\",\"" S " a\""),
                  "{\"bos_token\":\"<s>\",\"eos_token\":\"</s>\",\"add_bos_token\":true}", &ROWS);
    static const float SCORES[] = {-12, -12, -12, -12, -12, -12, -12, 0, -2, -1, -12, -12};
    static const int TYPES[] = {2, 3, 3, 6, 1, 1, 1, 1, 1, 1, 5, 5};
    const ReadKey *scores = read_key_of(&g, "tokenizer.ggml.scores", READ_ARRAY);
    assert_string_equal(read_text(&g, "tokenizer.ggml.model"), "llama");
    assert_string_equal(read_text(&g, "tokenizer.ggml.pre"), "default");
    assert_int_equal(scores->count, 12);
    for (int i = 0; i < 12; i++) {
        assert_true(read_float(scores->value + 4 * i) == SCORES[i]);
        assert_int_equal(type_of(&g, i), TYPES[i]);
    }
    assert_true(read_bool(&g, "tokenizer.ggml.add_space_prefix"));
    assert_int_equal(read_u32(&g, "tokenizer.ggml.unknown_token_id"), 0);
    assert_null(read_key(&g, "tokenizer.ggml.merges"));
    gguf_read_free(&g);
}

/* Between the two merges of "_ab" stands another token's: one score cannot say it. */
static void merges_that_scores_cannot_order_are_refused(void **state)
{
    (void)state;
    refused(SENTENCEPIECE("\"" S " ab\",\"a b\",\"" S "a b\""), "{\"eos_token\":\"</s>\"}",
            "model.merges: those of '" S "ab' do not stand together");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_a_token_and_its_type),
        cmocka_unit_test(merges_are_written_with_a_space_between),
        cmocka_unit_test(vocab_and_merges_are_a_tokenizer_too),
        cmocka_unit_test(a_folder_without_a_tokenizer_is_refused),
        cmocka_unit_test(pre_tokenizers_have_llama_cpp_s_names),
        cmocka_unit_test(an_unknown_pre_tokenizer_is_refused_by_name),
        cmocka_unit_test(special_tokens_are_named_by_their_ids),
        cmocka_unit_test(tokens_that_end_an_answer_fill_three_places),
        cmocka_unit_test(an_end_that_is_no_token_is_refused),
        cmocka_unit_test(an_unnamed_end_is_endoftext),
        cmocka_unit_test(a_template_of_its_own_file_comes_first),
        cmocka_unit_test(a_post_processor_says_what_stands_around_a_text),
        cmocka_unit_test(tokenizers_that_would_not_work_are_refused),
        cmocka_unit_test(merges_become_scores),
        cmocka_unit_test(merges_that_scores_cannot_order_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
