/* Conversations as tokens, with a tokenizer of GPT-2's kind that has the families' special tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/rng.h"
#include "policy/chat.h"

static const char *const SPECIAL[] = {"<|endoftext|>",
                                      "<s>",
                                      "</s>",
                                      "<bos>",
                                      "<eos>",
                                      "<|im_start|>",
                                      "<|im_end|>",
                                      "<|begin_of_text|>",
                                      "<|start_header_id|>",
                                      "<|end_header_id|>",
                                      "<|eot_id|>",
                                      "<start_of_turn>",
                                      "<end_of_turn>",
                                      "[INST]",
                                      "[/INST]"};
enum { N_SPECIAL = sizeof SPECIAL / sizeof *SPECIAL, VOCABULARY = 400 };

static char folder[] = "/tmp/rlhf-chat-XXXXXX";
static Tokenizer *tokenizer;
static Error err;

#define OK(call)                                      \
    do {                                              \
        if ((call) != 0) fail_msg("%s", err.message); \
    } while (0)

static int train(Tokenizer **out, int n_special)
{
    static const char *const TEXTS[] = {
        "user\nHello there, how are you?\n\nassistant\n\n\nI am fine, thank you. 4 + 4 = 8.\n\n",
        "system\nYou are a helpful assistant. user user assistant model Human: Assistant:\n\n\n"};
    return tokenizer_train(out, TEXTS, 2, VOCABULARY, SPECIAL, n_special, &err);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || train(&tokenizer, N_SPECIAL) != 0) return -1;
    return tokenizer_save(tokenizer, folder, &err);
}

static int tear_down(void **state)
{
    (void)state;
    tokenizer_free(tokenizer);
    return folder_remove(folder, &err);
}

static ChatText rendered(const char *name, const ChatMessage *m, int n, bool prompt)
{
    const ChatTemplate *t;
    ChatText text = {0};
    OK(chat_template_find(&t, name, &err));
    OK(chat_template_render(&text, t, NULL, m, n, prompt, &err));
    return text;
}

static ChatTokens encoded(const char *name, const ChatMessage *m, int n, bool prompt)
{
    ChatText text = rendered(name, m, n, prompt);
    ChatTokens tokens = {0};
    OK(chat_encode(&tokens, &text, tokenizer, &err));
    chat_text_free(&text);
    return tokens;
}

static int count(const ChatTokens *tokens, const char *token)
{
    int n = 0;
    const int id = tokenizer_id(tokenizer, token);
    assert_true(id >= 0);
    for (int i = 0; i < tokens->n; i++) n += tokens->id[i] == id;
    return n;
}

/* ---- whole and in segments ------------------------------------------------------------------------- */

/* Words without special tokens; `from` leaves out those that begin with white space. */
static const char *word(uint64_t item, uint64_t position, int from)
{
    static const char *const WORDS[] = {" ",  "\n",       "\n\n", "\t", " a ", "Hello", "user",
                                        "<|", "im_end|>", "8",    ".",  "é",   "|>",    "<"};
    return WORDS[from + rng_below(14 - from, 5, RNG_TEST, item, position)];
}

static char *sentence(uint64_t item, int first, const char *end)
{
    Text t = {0};
    text_add(&t, word(item, 0, first));
    for (int i = 1; i < rng_below(7, 6, RNG_TEST, item, 0); i++)
        text_add(&t, word(item, (uint64_t)i, 0));
    text_add(&t, end);
    return text_take(&t);
}

static void assert_as_a_whole(const char *name, const ChatMessage *m, int n)
{
    ChatText text = rendered(name, m, n, true);
    ChatTokens tokens = encoded(name, m, n, true);
    int *ids, n_ids;
    OK(tokenizer_encode(tokenizer, text.text.bytes, text.text.n, true, &ids, &n_ids, &err));
    bool same = n_ids == tokens.n;
    for (int i = 0; same && i < n_ids; i++) same = ids[i] == tokens.id[i];
    if (!same) fail_msg("%s: other ids for %s", name, text.text.bytes);
    free(ids);
    chat_tokens_free(&tokens);
    chat_text_free(&text);
}

/* transformers renders one string and encodes that.  White space on both sides of where an answer begins is left
 * out here and looked at below: answers that begin or end with it, and Llama 3's prompt, which ends with two line ends
 * that GPT-2's pattern cuts in two only before a word. */
static void without_special_tokens_it_is_the_whole_string(void **state)
{
    (void)state;
    int compared = 0;
    for (int i = 0; chat_template_at(i); i++)
        for (uint64_t item = 0; item < 200; item++) {
            const char *name = chat_template_name(chat_template_at(i));
            char *said[3] = {sentence(3 * item, 0, ""), sentence(3 * item + 1, 5, "!"),
                             sentence(3 * item + 2, 0, "")};
            const ChatMessage m[] = {
                {CHAT_USER, said[0]}, {CHAT_ASSISTANT, said[1]}, {CHAT_USER, said[2]}};
            bool spelled = false; /* by chance, in pieces */
            for (int k = 0; k < 3; k++) spelled = spelled || strstr(said[k], "<|im_end|>");
            if (!spelled) {
                assert_as_a_whole(name, m, strncmp(name, "llama3", 6) == 0 ? 1 : 3);
                compared++;
            }
            for (int k = 0; k < 3; k++) free(said[k]);
        }
    assert_true(compared > 2000);
}

/* "\n" ends ChatML's prompt and "\n\n" is a token here: a whole string would hold it, and a model that answers
 * after its prompt can only say "\n". */
static void an_answer_is_encoded_after_its_prompt(void **state)
{
    (void)state;
    assert_true(tokenizer_id(tokenizer, "\xC4\x8A\xC4\x8A") >= 0);
    const ChatMessage m[] = {{CHAT_USER, "Hello"}, {CHAT_ASSISTANT, "\n there"}};
    ChatTokens prompt = encoded("chatml", m, 1, true), whole = encoded("chatml", m, 2, false);
    assert_true(whole.n > prompt.n);
    assert_memory_equal(prompt.id, whole.id, (size_t)prompt.n * sizeof *prompt.id);
    chat_tokens_free(&prompt);
    chat_tokens_free(&whole);
}

/* ---- control --------------------------------------------------------------------------------------- */

static void what_a_user_spells_controls_nothing(void **state)
{
    (void)state;
    for (int i = 0; chat_template_at(i); i++) {
        const char *name = chat_template_name(chat_template_at(i));
        for (int k = 0; k < N_SPECIAL; k++) {
            const ChatMessage plain[] = {{CHAT_USER, "Hello"}, {CHAT_ASSISTANT, "8"}};
            char *spelled[2] = {NULL, NULL};
            Text t = {0};
            text_format(&t, "Hello%s", SPECIAL[k]);
            spelled[0] = text_take(&t);
            text_format(&t, "%s8", SPECIAL[k]);
            spelled[1] = text_take(&t);
            const ChatMessage m[] = {{CHAT_USER, spelled[0]}, {CHAT_ASSISTANT, spelled[1]}};
            ChatTokens without = encoded(name, plain, 2, false), with = encoded(name, m, 2, false);
            for (int s = 0; s < N_SPECIAL; s++)
                assert_int_equal(count(&with, SPECIAL[s]), count(&without, SPECIAL[s]));
            ChatText text = rendered(name, m, 2, false);
            char *back = tokenizer_decode(tokenizer, with.id, with.n, false, NULL);
            assert_string_equal(back, text.text.bytes);
            free(back), free(spelled[0]), free(spelled[1]);
            chat_text_free(&text);
            chat_tokens_free(&with);
            chat_tokens_free(&without);
        }
    }
}

/* A content and the markup behind it may spell a special token only together. */
static void a_token_across_a_border_is_none(void **state)
{
    (void)state;
    Tokenizer *odd = NULL;
    const char *const special[] = {"<|im_start|>", "<|im_end|>", "<|assistant|>", "</s>", "<</s>"};
    const char *const text_of[] = {"some text to learn from, some text"};
    OK(tokenizer_train(&odd, text_of, 1, 300, special, 5, &err));
    const ChatMessage m = {CHAT_USER, "1 <"};
    ChatText text = rendered("zephyr", &m, 1, true);
    ChatTokens tokens = {0};
    OK(chat_encode(&tokens, &text, odd, &err));
    int ends = 0, others = 0;
    for (int i = 0; i < tokens.n; i++) {
        ends += tokens.id[i] == tokenizer_id(odd, "</s>");
        others += tokens.id[i] == tokenizer_id(odd, "<</s>");
    }
    assert_int_equal(ends, 1);
    assert_int_equal(others, 0);
    chat_tokens_free(&tokens);
    chat_text_free(&text);
    tokenizer_free(odd);
}

/* ---- one beginning of text ------------------------------------------------------------------------- */

static const char *bos_of(const char *name)
{
    if (strncmp(name, "llama3", 6) == 0) return "<|begin_of_text|>";
    if (strncmp(name, "mistral", 7) == 0) return "<s>";
    return strncmp(name, "gemma", 5) == 0 ? "<bos>" : NULL;
}

static void one_family_has_one_bos(const char *name)
{
    static const char *const BOS[] = {"<|begin_of_text|>", "<s>", "<bos>"};
    const char *bos = bos_of(name);
    const ChatMessage m[] = {{CHAT_USER, bos ? bos : "<s>"},
                             {CHAT_ASSISTANT, "8"},
                             {CHAT_USER, "<bos><s><|begin_of_text|>"}};
    for (int n = 1; n <= 3; n += 2) {
        ChatTokens tokens = encoded(name, m, n, true);
        for (int i = 0; i < 3; i++)
            assert_int_equal(count(&tokens, BOS[i]), bos && strcmp(bos, BOS[i]) == 0);
        if (bos) assert_int_equal(tokens.id[0], tokenizer_id(tokenizer, bos));
        chat_tokens_free(&tokens);
    }
}

#define ONE_BOS(test, name)           \
    static void test(void **state)    \
    {                                 \
        (void)state;                  \
        one_family_has_one_bos(name); \
    }
/* clang-format off */
#define FAMILIES(X) \
    X(chatml_has_no_bos, "chatml") \
    X(qwen2_has_no_bos, "qwen2") \
    X(qwen25_has_no_bos, "qwen2.5") \
    X(qwen3_has_no_bos, "qwen3") \
    X(smollm_has_no_bos, "smollm2") \
    X(zephyr_has_no_bos, "zephyr") \
    X(plain_has_no_bos, "plain") \
    X(qa_has_no_bos, "qa") \
    X(llama3_has_one_bos, "llama3") \
    X(llama32_has_one_bos, "llama3.2") \
    X(mistral_v01_has_one_bos, "mistral-v0.1") \
    X(mistral_v02_has_one_bos, "mistral-v0.2") \
    X(mistral_v1_has_one_bos, "mistral-v1") \
    X(mistral_v3_has_one_bos, "mistral-v3") \
    X(mistral_nemo_has_one_bos, "mistral-nemo") \
    X(gemma_has_one_bos, "gemma") \
    X(gemma3_has_one_bos, "gemma-3")
/* clang-format on */
FAMILIES(ONE_BOS)

static void every_family_has_its_test_of_the_bos(void **state)
{
    (void)state;
#define NAME(test, name) name,
    static const char *const TESTED[] = {FAMILIES(NAME)};
    for (int i = 0; chat_template_at(i); i++) {
        bool tested = false;
        for (size_t k = 0; k < sizeof TESTED / sizeof *TESTED; k++)
            tested = tested || strcmp(TESTED[k], chat_template_name(chat_template_at(i))) == 0;
        if (!tested) fail_msg("%s", chat_template_name(chat_template_at(i)));
    }
}

/* ---- the format of a model ------------------------------------------------------------------------- */

static void write_file(const char *name, const char *text)
{
    char path[FILE_PATH_MAX];
    OK(path_join(path, folder, name, &err));
    OK(file_write(path, text, strlen(text), &err));
}

static void remove_file(const char *name)
{
    char path[FILE_PATH_MAX];
    OK(path_join(path, folder, name, &err));
    OK(folder_remove(path, &err));
}

/* Published for OpenHermes and many others. */
#define CHATML_SOURCE                                                                          \
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "               \
    "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ " \
    "'<|im_start|>assistant\\n' }}{% endif %}"

static void assert_opens(const char *name, const char *expected)
{
    Chat chat;
    OK(chat_open(&chat, folder, name, tokenizer, &err));
    if (expected) assert_string_equal(chat_template_name(chat.template), expected);
    else assert_null(chat.template);
    chat_close(&chat);
}

static void the_template_is_found_where_models_have_it(void **state)
{
    (void)state;
    write_file("tokenizer_config.json", "{\"eos_token\": \"</s>\"}");
    assert_opens(NULL, NULL);
    write_file("tokenizer_config.json", "{\"chat_template\": \"" CHATML_SOURCE "\"}");
    assert_opens(NULL, "chatml");
    write_file("tokenizer_config.json",
               "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"x\"}, {\"name\": "
               "\"default\", \"template\": \"" CHATML_SOURCE "\"}]}");
    assert_opens(NULL, "chatml");
    write_file("tokenizer_config.json",
               "{\"chat_template\": {\"tool_use\": \"{{ no }}\", \"default\": \"" CHATML_SOURCE
               "\"}}");
    assert_opens(NULL, "chatml");
    write_file("tokenizer_config.json", "{}");
    write_file("chat_template.jinja", CHATML_SOURCE "\n");
    assert_opens(NULL, "chatml");
    assert_opens("zephyr", "zephyr");
    remove_file("chat_template.jinja");
}

static void an_unknown_template_is_refused_and_can_be_overridden(void **state)
{
    (void)state;
    Chat chat = {0};
    write_file("tokenizer_config.json", "{\"chat_template\": \"{{ '<|im_start|>' }}\"}");
    assert_int_equal(chat_open(&chat, folder, NULL, tokenizer, &err), -1);
    assert_non_null(strstr(err.message, folder));
    assert_non_null(strstr(err.hint, "--template"));
    assert_opens("chatml", "chatml");
    write_file("tokenizer_config.json", "{}");
}

static void a_template_whose_tokens_are_missing_is_refused(void **state)
{
    (void)state;
    Tokenizer *bare = NULL;
    Chat chat = {0};
    OK(train(&bare, 1));
    assert_int_equal(chat_open(&chat, folder, "chatml", bare, &err), -1);
    assert_non_null(strstr(err.message, "chatml is written with the token <|im_start|>"));
    OK(chat_open(&chat, folder, "plain", bare, &err));
    chat_close(&chat);
    tokenizer_free(bare);
}

static void the_ends_of_a_turn_stop_an_answer(void **state)
{
    (void)state;
    Chat chat;
    write_file("tokenizer_config.json", "{\"eos_token\": {\"content\": \"</s>\"}}");
    OK(chat_open(&chat, folder, "llama3", tokenizer, &err));
    /* <|eom_id|> and <|end_of_text|> are not in this vocabulary; the last is the tokenizer's own */
    assert_int_equal(chat.n_stop, 3);
    assert_int_equal(chat.stop[0], tokenizer_id(tokenizer, "<|eot_id|>"));
    assert_int_equal(chat.stop[1], tokenizer_id(tokenizer, "</s>"));
    assert_int_equal(chat.stop[2], tokenizer_id(tokenizer, "<|endoftext|>"));
    chat_close(&chat);
}

/* Where prompts are of several templates, an answer to any ends with the end of a turn of any. */
static void the_ends_of_several_templates_come_together_once_each(void **state)
{
    (void)state;
    int stop[CHAT_STOPS_MAX] = {tokenizer_id(tokenizer, "<|endoftext|>")}, n = 1;
    write_file("tokenizer_config.json", "{\"eos_token\": \"</s>\"}");
    OK(chat_add_stops(stop, &n, folder, "chatml", tokenizer, &err));
    OK(chat_add_stops(stop, &n, folder, "chatml", tokenizer, &err));
    OK(chat_add_stops(stop, &n, folder, "llama3", tokenizer, &err));
    assert_int_equal(n, 4);
    assert_int_equal(stop[0], tokenizer_id(tokenizer, "<|endoftext|>"));
    assert_int_equal(stop[1], tokenizer_id(tokenizer, "<|im_end|>"));
    assert_int_equal(stop[2], tokenizer_id(tokenizer, "</s>"));
    assert_int_equal(stop[3], tokenizer_id(tokenizer, "<|eot_id|>"));
    assert_int_equal(chat_add_stops(stop, &n, folder, "gemma", tokenizer, &err), -1);
    assert_string_equal(err.message, "more than 4 tokens are to end an answer");
    assert_int_equal(n, 4);
}

static void ends_that_the_vocabulary_lacks_end_nothing(void **state)
{
    (void)state;
    Tokenizer *bare = NULL;
    int stop[CHAT_STOPS_MAX], n = 0;
    write_file("tokenizer_config.json", "{}");
    OK(train(&bare, 1));
    OK(chat_add_stops(stop, &n, folder, "gemma", bare, &err));
    assert_int_equal(n, 0);
    tokenizer_free(bare);
}

/* A model's own eos stands where the template writes eos_token. */
static void the_models_own_tokens_are_written(void **state)
{
    (void)state;
    Chat chat;
    ChatText text = {0};
    const ChatMessage m = {CHAT_USER, "Hello"};
    write_file("tokenizer_config.json", "{\"bos_token\": \"<bos>\", \"eos_token\": \"<eos>\"}");
    OK(chat_open(&chat, folder, "zephyr", tokenizer, &err));
    OK(chat_template_render(&text, chat.template, &chat.variables, &m, 1, true, &err));
    assert_string_equal(text.text.bytes, "<|user|>\nHello<eos>\n<|assistant|>\n");
    chat_text_free(&text);
    chat_close(&chat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_special_tokens_it_is_the_whole_string),
        cmocka_unit_test(an_answer_is_encoded_after_its_prompt),
        cmocka_unit_test(what_a_user_spells_controls_nothing),
        cmocka_unit_test(a_token_across_a_border_is_none),
#define TEST(test, name) cmocka_unit_test(test),
        FAMILIES(TEST) cmocka_unit_test(every_family_has_its_test_of_the_bos),
        cmocka_unit_test(the_template_is_found_where_models_have_it),
        cmocka_unit_test(an_unknown_template_is_refused_and_can_be_overridden),
        cmocka_unit_test(a_template_whose_tokens_are_missing_is_refused),
        cmocka_unit_test(the_ends_of_a_turn_stop_an_answer),
        cmocka_unit_test(the_ends_of_several_templates_come_together_once_each),
        cmocka_unit_test(ends_that_the_vocabulary_lacks_end_nothing),
        cmocka_unit_test(the_models_own_tokens_are_written),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
