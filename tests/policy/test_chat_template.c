/* Expected texts are Jinja2's, of the published templates: tests/golden/chat/renderings.json, and families.json and
 * later.json, made by tests/golden/make/chat_families.py. */
#include "tests/golden.h"

#include <string.h>

#include "base/file.h"
#include "policy/chat_template.h"

static Error err;

/* What the golden files call the templates. */
static const struct {
    const char *published, *name;
} NAMES[] = {
    {"chatml", "chatml"},
    {"chatml-defined", "chatml"},
    {"qwen2.5-instruct", "qwen2.5"},
    {"smollm2-instruct", "smollm2"},
    {"tinyllama-chat", "zephyr"},
    {"llama-3", "llama3"},
    {"llama-3.1", "llama3.2"},
    {"llama-3.2", "llama3.2"},
    {"llama-3.2-instruct", "llama3.2"},
    {"mistral-v0.1", "mistral-v0.1"},
    {"mistral-v0.2", "mistral-v0.2"},
    {"mistral-v1", "mistral-v1"},
    {"mistral-v3", "mistral-v3"},
    {"mistral-nemo", "mistral-nemo"},
    {"gemma-2", "gemma"},
    {"gemma-3", "gemma-3"},
    {"gemma-3n", "gemma-3"},
    {"mistral-nemo-first", "mistral-nemo"},
    {"qwen2-instruct", "qwen2"},
    {"qwen2.5-base", "qwen2"},
    {"qwen2.5-instruct-first", "qwen2.5"},
    {"qwen3", "qwen3"},
    {"qwen3-first", "qwen3"},
    {"qwen3-instruct-2507", "chatml"},
};

static const ChatTemplate *named(const char *name)
{
    const ChatTemplate *t = NULL;
    if (chat_template_find(&t, name, &err) != 0) fail_msg("%s", err.message);
    return t;
}

static const ChatTemplate *published(const char *name)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strcmp(NAMES[i].published, name) == 0) return named(NAMES[i].name);
    fail_msg("the golden file has a template %s", name);
    return NULL;
}

/* ---- golden renderings ----------------------------------------------------------------------------- */

enum { MESSAGES_MAX = 16 };

static ChatRole role_of(const char *name)
{
    for (int role = CHAT_SYSTEM; role <= CHAT_ASSISTANT; role++)
        if (strcmp(chat_role_name((ChatRole)role), name) == 0) return (ChatRole)role;
    fail_msg("the golden file has a role %s", name);
    return CHAT_USER;
}

static int read_messages(ChatMessage *out, const cJSON *item)
{
    int n = 0;
    const cJSON *m;
    cJSON_ArrayForEach(m, golden_at(item, "messages"))
    {
        assert_true(n < MESSAGES_MAX);
        out[n++] = (ChatMessage){role_of(golden_at(m, "role")->valuestring),
                                 golden_at(m, "content")->valuestring};
    }
    return n;
}

static const char *variable(const cJSON *item, const char *name)
{
    return cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(golden_at(item, "variables"), name));
}

/* The segments lie end to end over the text, none empty and no two neighbours alike. */
static void assert_covered(const ChatText *text)
{
    size_t at = 0;
    for (int i = 0; i < text->n; i++) {
        const ChatSegment *s = &text->segment[i];
        assert_int_equal(s->begin, at);
        assert_true(s->end > s->begin);
        if (i > 0) assert_true(s->markup != s[-1].markup || s->learned != s[-1].learned);
        at = s->end;
    }
    assert_int_equal(at, text->text.n);
}

/* Gemma's templates write a system turn that stands between others, which the model was never shown. */
static bool refused_here_alone(const cJSON *item, const ChatMessage *m, int n)
{
    bool system = false;
    for (int i = 1; i < n; i++) system = system || m[i].role == CHAT_SYSTEM;
    return system && strncmp(golden_at(item, "template")->valuestring, "gemma-", 6) == 0;
}

static void check_case(const cJSON *item)
{
    const char *name = golden_at(item, "template")->valuestring;
    const char *expected = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "expected"));
    const ChatVariables v = {.bos = variable(item, "bos_token"),
                             .eos = variable(item, "eos_token"),
                             .date = variable(item, "date_string")};
    ChatMessage m[MESSAGES_MAX];
    const int n = read_messages(m, item);
    const bool prompt = cJSON_IsTrue(golden_at(item, "add_generation_prompt"));
    ChatText text = {0};
    const int rc = chat_template_render(&text, published(name), &v, m, n, prompt, &err);
    if (!expected || refused_here_alone(item, m, n)) {
        if (rc == 0) fail_msg("%s is to refuse, and says %s", name, text.text.bytes);
        assert_null(strchr(err.message, '\n'));
        return;
    }
    if (rc != 0) fail_msg("%s: %s", name, err.message);
    if (strcmp(text.text.bytes, expected) != 0)
        fail_msg("%s:\n%s\nis not\n%s", name, text.text.bytes, expected);
    assert_covered(&text);
    chat_text_free(&text);
}

static void check_file(const char *name, int cases)
{
    cJSON *golden = golden_read(name);
    const cJSON *item;
    int n = 0;
    cJSON_ArrayForEach(item, golden_at(golden, "cases"))
    {
        check_case(item);
        n++;
    }
    assert_int_equal(n, cases);
    cJSON_Delete(golden);
}

static void renderings_are_those_of_jinja(void **state)
{
    (void)state;
    check_file("chat/renderings.json", 90);
}

static void renderings_of_the_other_families_are_those_of_jinja(void **state)
{
    (void)state;
    check_file("chat/families.json", 240);
}

static void renderings_of_later_templates_are_those_of_jinja(void **state)
{
    (void)state;
    check_file("chat/later.json", 268);
}

/* ---- what has no Jinja to compare with ------------------------------------------------------------- */

static ChatText rendered(const char *name, const ChatMessage *m, int n, bool prompt)
{
    ChatText text = {0};
    if (chat_template_render(&text, named(name), NULL, m, n, prompt, &err) != 0)
        fail_msg("%s: %s", name, err.message);
    return text;
}

/* As in HH-RLHF, whose dialogues begin with two line ends. */
static void plain_is_the_form_of_hh(void **state)
{
    (void)state;
    const ChatMessage m[] = {
        {CHAT_SYSTEM, "Be brief."}, {CHAT_USER, "Hi"}, {CHAT_ASSISTANT, "Ho"}, {CHAT_USER, "So?"}};
    ChatText text = rendered("plain", m + 1, 3, true);
    assert_string_equal(text.text.bytes,
                        "\n\nHuman: Hi\n\nAssistant: Ho\n\nHuman: So?\n\nAssistant:");
    chat_text_free(&text);
    text = rendered("plain", m, 2, true);
    assert_string_equal(text.text.bytes, "Be brief.\n\nHuman: Hi\n\nAssistant:");
    chat_text_free(&text);
    assert_string_equal(chat_template_end_text(named("plain")), "\n\nHuman:");
}

/* As the demo's prompts and texts are: "Q: ...\nA: ...". */
static void qa_is_the_form_of_the_demo(void **state)
{
    (void)state;
    const ChatMessage m[] = {
        {CHAT_SYSTEM, "Be brief."}, {CHAT_USER, "Hi"}, {CHAT_ASSISTANT, "Ho"}, {CHAT_USER, "So?"}};
    ChatText text = rendered("qa", m + 1, 3, true);
    assert_string_equal(text.text.bytes, "Q: Hi\nA: Ho\nQ: So?\nA:");
    chat_text_free(&text);
    text = rendered("qa", m, 2, true);
    assert_string_equal(text.text.bytes, "Be brief.\nQ: Hi\nA:");
    chat_text_free(&text);
    assert_string_equal(chat_template_end_text(named("qa")), "\nQ:");
}

static void dates_are_fixed_unless_given(void **state)
{
    (void)state;
    const ChatMessage m = {CHAT_USER, "Hi"};
    ChatText text = rendered("llama3.2", &m, 1, true);
    assert_non_null(strstr(text.text.bytes, "Today Date: 26 Jul 2024\n\n<|eot_id|>"));
    chat_text_free(&text);
}

static void no_message_is_refused(void **state)
{
    (void)state;
    ChatText text;
    assert_int_equal(chat_template_render(&text, named("chatml"), NULL, NULL, 0, true, &err), -1);
    assert_string_equal(err.message, "a conversation has one message at least");
}

static void refusals_say_what_is_wrong(void **state)
{
    (void)state;
    const ChatMessage system[] = {{CHAT_SYSTEM, "Be brief."}, {CHAT_USER, "Hi"}};
    const ChatMessage twice[] = {{CHAT_USER, "Hi"}, {CHAT_USER, "Hello?"}};
    ChatText text;
    assert_int_equal(chat_template_render(&text, named("gemma"), NULL, system, 2, true, &err), -1);
    assert_string_equal(
        err.message,
        "chat template gemma has no place for a system prompt; say it in the first turn");
    assert_int_equal(chat_template_render(&text, named("mistral-v1"), NULL, twice, 2, true, &err),
                     -1);
    assert_string_equal(err.message, "chat template mistral-v1 wants user and assistant by turns: "
                                     "message 2 is of the user");
}

/* ---- what is learned ------------------------------------------------------------------------------- */

static char *learned_part(const ChatText *text)
{
    Text part = {0};
    for (int i = 0; i < text->n; i++)
        if (text->segment[i].learned)
            text_append(&part, text->text.bytes + text->segment[i].begin,
                        text->segment[i].end - text->segment[i].begin);
    return text_take(&part);
}

static void what_is_learned_is_the_answer_and_the_end_of_its_turn(void **state)
{
    (void)state;
    static const char *const EXPECTED[][2] = {{"chatml", "Ho<|im_end|>"},
                                              {"qwen2", "Ho<|im_end|>"},
                                              {"qwen2.5", "Ho<|im_end|>"},
                                              {"qwen3", "Ho<|im_end|>"},
                                              {"smollm2", "Ho<|im_end|>"},
                                              {"llama3", "Ho<|eot_id|>"},
                                              {"llama3.2", "Ho<|eot_id|>"},
                                              {"zephyr", "Ho</s>"},
                                              {"mistral-v0.1", "Ho</s>"},
                                              {"mistral-v0.2", "Ho</s>"},
                                              {"mistral-v1", " Ho</s>"},
                                              {"mistral-v3", " Ho</s>"},
                                              {"mistral-nemo", "Ho</s>"},
                                              {"gemma", "Ho<end_of_turn>"},
                                              {"gemma-3", "Ho<end_of_turn>"},
                                              {"qa", " Ho"},
                                              {"plain", " Ho"}};
    const ChatMessage m[] = {{CHAT_USER, "Hi"}, {CHAT_ASSISTANT, "Ho"}, {CHAT_USER, "So?"}};
    int n = 0;
    for (; chat_template_at(n); n++) {
        assert_string_equal(chat_template_name(chat_template_at(n)), EXPECTED[n][0]);
        ChatText text = rendered(EXPECTED[n][0], m, 3, true);
        char *part = learned_part(&text);
        assert_string_equal(part, EXPECTED[n][1]);
        free(part);
        chat_text_free(&text);
    }
    assert_int_equal(n, sizeof EXPECTED / sizeof *EXPECTED);
}

/* The model writes its thought after the prompt, and so it does an empty one. */
static void a_thought_is_learned_with_the_answer(void **state)
{
    (void)state;
    const ChatMessage m[] = {{CHAT_USER, "Hi"}, {CHAT_ASSISTANT, "<think>A greeting.</think>Ho"}};
    const ChatMessage none[] = {{CHAT_USER, "Hi"}, {CHAT_ASSISTANT, "Ho"}};
    ChatText text = rendered("qwen3", m, 2, false);
    char *part = learned_part(&text);
    assert_string_equal(part, "<think>\nA greeting.\n</think>\n\nHo<|im_end|>");
    free(part);
    chat_text_free(&text);
    text = rendered("qwen3", none, 2, false);
    part = learned_part(&text);
    assert_string_equal(part, "<think>\n\n</think>\n\nHo<|im_end|>");
    free(part);
    chat_text_free(&text);
}

/* So the tokens of a prompt are those before a learned answer, in every template. */
static void an_answer_is_learned_from_where_its_prompt_ends(void **state)
{
    (void)state;
    const ChatMessage m[] = {{CHAT_USER, "Hi"}, {CHAT_ASSISTANT, "Ho"}};
    for (int i = 0; chat_template_at(i); i++) {
        const char *name = chat_template_name(chat_template_at(i));
        ChatText prompt = rendered(name, m, 1, true), whole = rendered(name, m, 2, false);
        int k = 0;
        while (!whole.segment[k].learned) k++;
        assert_int_equal(whole.segment[k].begin, prompt.text.n);
        assert_memory_equal(whole.text.bytes, prompt.text.bytes, prompt.text.n);
        chat_text_free(&prompt);
        chat_text_free(&whole);
    }
}

/* What a person or a model says is never markup, whatever it is. */
static void what_somebody_says_is_no_markup(void **state)
{
    (void)state;
    const ChatMessage m[] = {{CHAT_USER, "<|im_end|><s>\1"}, {CHAT_ASSISTANT, "</s><|im_start|>"}};
    for (int i = 0; chat_template_at(i); i++) {
        ChatText text = rendered(chat_template_name(chat_template_at(i)), m, 2, false);
        int said = 0;
        for (int k = 0; k < text.n; k++) {
            const ChatSegment *s = &text.segment[k];
            if (s->markup) continue;
            assert_int_equal(s->end - s->begin, strlen(m[said].content));
            assert_memory_equal(text.text.bytes + s->begin, m[said].content, s->end - s->begin);
            said++;
        }
        assert_int_equal(said, 2);
        chat_text_free(&text);
    }
}

/* ---- recognising ----------------------------------------------------------------------------------- */

/* data/chat/NAME of the folder of shared test data, which need not be there. */
static bool read_shared(char **text, size_t *n, const char *name)
{
    const char *root = getenv("RLHF_SHARED");
    char path[FILE_PATH_MAX];
    snprintf(path, sizeof path, "%s/data/chat/%s.jinja", root ? root : RLHF_SOURCE_DIR "/../shared",
             name);
    if (!file_exists(path)) {
        print_message("skipped: there is no %s\n", path);
        return false;
    }
    if (file_read(text, n, path, 1 << 20, &err) != 0) fail_msg("%s", err.message);
    return true;
}

static char *replaced(const char *text, const char *from, const char *to)
{
    Text out = {0};
    const char *at;
    for (; (at = strstr(text, from)); text = at + strlen(from)) {
        text_append(&out, text, (size_t)(at - text));
        text_add(&out, to);
    }
    text_add(&out, text);
    return text_take(&out);
}

static void recognised(const char *source, const char *name)
{
    const ChatTemplate *t = NULL;
    if (chat_template_recognise(&t, source, strlen(source), &err) != 0)
        fail_msg("%s: %s", name, err.message);
    assert_string_equal(chat_template_name(t), name);
}

static void refused(const char *source)
{
    const ChatTemplate *t = NULL;
    assert_int_equal(chat_template_recognise(&t, source, strlen(source), &err), -1);
    assert_null(t);
    assert_null(strchr(err.message, '\n'));
    assert_non_null(strstr(err.hint, "--template"));
}

static const char *const SHARED[] = {"chatml", "qwen2.5-instruct", "smollm2-instruct",
                                     "tinyllama-chat"};

static void published_templates_are_recognised(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SHARED / sizeof *SHARED; i++) {
        char *source;
        size_t n;
        if (!read_shared(&source, &n, SHARED[i])) skip();
        const char *name = chat_template_name(published(SHARED[i]));
        recognised(source, name);
        free(source);
    }
}

static void line_ends_do_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SHARED / sizeof *SHARED; i++) {
        char *source;
        size_t n;
        if (!read_shared(&source, &n, SHARED[i])) skip();
        const char *name = chat_template_name(published(SHARED[i]));
        char *windows = replaced(source, "\n", "\r\n");
        recognised(windows, name);
        Text framed = {0};
        text_format(&framed, "\n  %s\n\n", source);
        recognised(framed.bytes, name);
        text_free(&framed);
        free(source), free(windows);
    }
}

/* Qwen2.5's bases have the instruct model's program with another default prompt. */
static void a_base_is_told_from_its_instruct_model(void **state)
{
    (void)state;
    char *source;
    size_t n;
    if (!read_shared(&source, &n, "qwen2.5-instruct")) skip();
    char *base = replaced(source, "You are Qwen, created by Alibaba Cloud. ", "");
    recognised(base, "qwen2");
    free(source), free(base);
}

/* What differs by anything that could show is another template. */
static void variants_are_not_mistaken(void **state)
{
    (void)state;
    static const char *const CHANGE[][3] = {
        {"chatml", "message['content']", "message['content'] | trim"},
        {"qwen2.5-instruct", "created by Alibaba Cloud", "created by me"},
        {"smollm2-instruct", "trained by Hugging Face", "trained at home"},
        {"tinyllama-chat", "'<|user|>\n'", "'<|user|> '"},
    };
    for (size_t i = 0; i < sizeof CHANGE / sizeof *CHANGE; i++) {
        char *source;
        size_t n;
        if (!read_shared(&source, &n, CHANGE[i][0])) skip();
        char *other = replaced(source, CHANGE[i][1], CHANGE[i][2]);
        assert_string_not_equal(source, other);
        refused(other);
        free(source), free(other);
    }
}

static void an_unknown_template_says_how_to_choose(void **state)
{
    (void)state;
    refused("{{ '<|im_start|>' }}{{ messages }}");
    assert_string_equal(err.hint, "choose the one that fits with --template; it has the marks of: "
                                  "chatml, qwen2, qwen2.5, qwen3, smollm2");
    refused("");
    assert_non_null(strstr(err.hint, "zephyr, mistral-v0.1"));
    const ChatTemplate *t;
    assert_int_equal(chat_template_find(&t, "chatlm", &err), -1);
    assert_true(err.usage);
    assert_non_null(strstr(err.message, "there are: chatml, qwen2, qwen2.5, qwen3,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renderings_are_those_of_jinja),
        cmocka_unit_test(renderings_of_the_other_families_are_those_of_jinja),
        cmocka_unit_test(renderings_of_later_templates_are_those_of_jinja),
        cmocka_unit_test(plain_is_the_form_of_hh),
        cmocka_unit_test(qa_is_the_form_of_the_demo),
        cmocka_unit_test(dates_are_fixed_unless_given),
        cmocka_unit_test(no_message_is_refused),
        cmocka_unit_test(refusals_say_what_is_wrong),
        cmocka_unit_test(what_is_learned_is_the_answer_and_the_end_of_its_turn),
        cmocka_unit_test(a_thought_is_learned_with_the_answer),
        cmocka_unit_test(an_answer_is_learned_from_where_its_prompt_ends),
        cmocka_unit_test(what_somebody_says_is_no_markup),
        cmocka_unit_test(published_templates_are_recognised),
        cmocka_unit_test(line_ends_do_not_matter),
        cmocka_unit_test(a_base_is_told_from_its_instruct_model),
        cmocka_unit_test(variants_are_not_mistaken),
        cmocka_unit_test(an_unknown_template_says_how_to_choose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
