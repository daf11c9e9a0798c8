#include "policy/chat_template.h"

#include <string.h>

#include "base/file.h"
#include "policy/chat_thought.h"

enum { HASHES_MAX = 3, TOKENS_MAX = 3 };

typedef enum {
    SYSTEM_TURN,       /* a turn of its own, anywhere */
    SYSTEM_TEXT,       /* bare text, first of all */
    SYSTEM_FIRST_USER, /* in the first user turn, before its text */
    SYSTEM_LAST_USER, /* in the user turn that the conversation ends with; nowhere when it ends otherwise */
    SYSTEM_REFUSED
} SystemPlace;

typedef enum { TRIM_NOTHING, TRIM_ANSWERS, TRIM_ALL } Trim;

/* In the strings of a row: the model's eos token. */
#define EOS "\1"

struct ChatTemplate {
    const char *name;
    const char *sha256[HASHES_MAX]; /* of published templates that render so */
    const char *mark;               /* what templates of the kind hold */
    const char *bos, *eos;          /* of the family; without bos none is written */
    const char *control[TOKENS_MAX], *ends[TOKENS_MAX], *end_text;
    bool alternates; /* user and assistant by turns, the user first */
    bool dated;      /* a system turn always, which begins with the dates below */
    bool thinks;     /* an answer may begin with a thought, which only the newest keep */
    Trim trim;
    SystemPlace system;
    const char *default_system; /* where a conversation begins with none */
    struct {
        const char *open, *close;
    } system_turn, user;
    struct {
        const char *open, *lead, *end, *close; /* lead and end are learned */
    } answer;
};

static const char THOUGHT_OPEN[] = "<think>\n", THOUGHT_CLOSE[] = "\n</think>\n\n";

static const char CUTOFF[] = "Cutting Knowledge Date: December 2023\nToday Date: ";
static const char DATE[] = "26 Jul 2024"; /* the templates' own, where nobody gives another */

#define CHATML                                                                              \
    .mark = "<|im_start|>", .eos = "<|im_end|>", .control = {"<|im_start|>", "<|im_end|>"}, \
    .ends = {"<|im_end|>", "<|endoftext|>"},                                                \
    .system_turn = {"<|im_start|>system\n", "<|im_end|>\n"},                                \
    .user = {"<|im_start|>user\n", "<|im_end|>\n"},                                         \
    .answer = {"<|im_start|>assistant\n", "", "<|im_end|>", "\n"}

#define LLAMA3                                                                       \
    .mark = "<|start_header_id|>", .bos = "<|begin_of_text|>", .eos = "<|eot_id|>",  \
    .control = {"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"},           \
    .ends = {"<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"}, .trim = TRIM_ALL,       \
    .system_turn = {"<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"}, \
    .user = {"<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"},          \
    .answer = {"<|start_header_id|>assistant<|end_header_id|>\n\n", "", "<|eot_id|>", ""}

#define MISTRAL .mark = "[INST]", .bos = "<s>", .eos = "</s>", .alternates = true

#define GEMMA                                                                                   \
    .mark = "<start_of_turn>", .bos = "<bos>", .eos = "<eos>",                                  \
    .control = {"<start_of_turn>", "<end_of_turn>"}, .ends = {"<end_of_turn>"},                 \
    .alternates = true, .trim = TRIM_ALL, .user = {"<start_of_turn>user\n", "<end_of_turn>\n"}, \
    .answer = {"<start_of_turn>model\n", "", "<end_of_turn>", "\n"}

static const ChatTemplate TABLE[] = {
    {.name = "chatml",
     /* ChatML without a system prompt of its own */
     .sha256 = {"153280e3ff55d19da1398bdb3914ee2a51b80429bfaedde11d7d216c39db80f3",
                "58c1a1f04baa7adaeaba1f90267c3d57d9396f0c1f0129bdde9e76d3c6784af7",
                "aa39eed4cbfdd57aeaab518e83d06945f00df6afefba6eb985b6b85060cade95"},
     CHATML},
    {.name = "qwen2",
     /* Qwen2-Instruct, Qwen2.5 bases: ChatML */
     .sha256 = {"793202280c0910ab26bc6eb57c8212c2417324c6d8c4efd0d10d59092ab3e3eb",
                "7d6302983e64f35c4ad9459413ee827d5dcfa23ba5373f58cde030c9f724f7e8"},
     .default_system = "You are a helpful assistant.",
     CHATML},
    {.name = "qwen2.5",
     /* Qwen2.5-Instruct: ChatML */
     .sha256 = {"a18cc698dd45623eb707279d08e66f7bb8d76afc89ead84016b88487b395b5cc",
                "907045448bf38e251749a0b64cecff7ef420d9cae58533a6ca120b7f35d4742e"},
     .default_system = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
     CHATML},
    {.name = "qwen3",
     /* Qwen3 that may think: ChatML, with <think> */
     .sha256 = {"edcd73b0e30a780c1d6f3e060c07396def3c3fa55a2c55197b10f99d1dde83e1",
                "2df317a15cbc983d9602cc391d33be17237d47ec7eb11ead80fae277143958aa"},
     .thinks = true,
     CHATML},
    {.name = "smollm2",
     /* SmolLM2-Instruct: ChatML */
     .sha256 = {"872be49dbb638044ad01b60388f48d469ff2980e5f0dccdc22ec907db54d0788"},
     .default_system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
     CHATML},
    {.name = "llama3",
     /* Llama 3 Instruct */
     .sha256 = {"ba03a121d097859c7b5b9cd03af99aafe95275210d2876f642ad9929a150f122"},
     LLAMA3},
    {.name = "llama3.2",
     /* Llama 3.1 to 3.3 Instruct: with a date */
     .sha256 = {"0cac23ffd2b33ff7b039e17ee143a080053318146fdc788f1d49ed4745aa8683",
                "99799a835a31e1d33c4a9c7ee8a0de3923b291a95155ed6dc8efcbd0fe1d0238"},
     .dated = true,
     LLAMA3},
    {.name = "zephyr",
     /* Zephyr, TinyLlama-Chat */
     .sha256 = {"66291cf0045c2425a3a667cf3cbb7af2b11f09e025c02f97245323ab79119362"},
     .mark = "<|assistant|>",
     .eos = "</s>",
     .system_turn = {"<|system|>\n", EOS "\n"},
     .user = {"<|user|>\n", EOS "\n"},
     .answer = {"<|assistant|>\n", "", EOS, "\n"}},
    {.name = "mistral-v0.1",
     /* Mistral-7B-Instruct-v0.1 */
     .sha256 = {"7e995b379ec01747807246483647cd99030abf331653f1119e16d7ac041a3495"},
     MISTRAL,
     .system = SYSTEM_REFUSED,
     .user = {"[INST] ", " [/INST]"},
     .answer = {"", "", EOS, " "}},
    {.name = "mistral-v0.2",
     /* Mistral-7B-Instruct-v0.2 as first published */
     .sha256 = {"26a59556925c987317ce5291811ba3b7f32ec4c647c400c6cc7e3a9993007ba7"},
     MISTRAL,
     .system = SYSTEM_REFUSED,
     .user = {"[INST] ", " [/INST]"},
     .answer = {"", "", EOS, ""}},
    {.name = "mistral-v1",
     /* Mistral-7B-Instruct-v0.2 as published later */
     .sha256 = {"1c6594f8393552ef16bbf3ddecb67d8258fb8d66339a1a092a8f8496061f02d3"},
     MISTRAL,
     .system = SYSTEM_FIRST_USER,
     .user = {" [INST] ", " [/INST]"},
     .answer = {"", " ", EOS, ""}},
    {.name = "mistral-v3",
     /* Mistral-7B-Instruct-v0.3, Mistral-Large-2407 */
     .sha256 = {"9074ed36d7503f0f63bd70ef4a0db1e12ec90718aef446404917f5ee3216e2f3"},
     MISTRAL,
     .control = {"[INST]", "[/INST]"},
     .trim = TRIM_ANSWERS,
     .system = SYSTEM_LAST_USER,
     .user = {"[INST] ", "[/INST]"},
     .answer = {"", " ", EOS, ""}},
    {.name = "mistral-nemo",
     /* Mistral-Nemo-Instruct-2407 */
     .sha256 = {"1127255163dd25a2fd472f9901035aa9e78dc77ca33efdd010f5c8ea87e5d436",
                "962c60d6f78274641b82606abbb59b4c5b1163fc7b9b8c5a0e2dcf70a55a79df"},
     MISTRAL,
     .control = {"[INST]", "[/INST]"},
     .system = SYSTEM_LAST_USER,
     .user = {"[INST]", "[/INST]"},
     .answer = {"", "", EOS, ""}},
    {.name = "gemma",
     /* Gemma and Gemma 2, instruction tuned */
     .sha256 = {"ecd6ae513fe103f0eb62e8ab5bfa8d0fe45c1074fa398b089c93a7e70c15cfd6"},
     GEMMA,
     .system = SYSTEM_REFUSED},
    {.name = "gemma-3",
     /* Gemma 3 and 3n, instruction tuned */
     .sha256 = {"8d9e3a3c114fb2053ec500184677af4f7e5f8ec2582443cd535834e68b3ade29",
                "9cae32b35b45454e9bd3673b4011701b77d38843622ab9b6e3f930bc503cf28a"},
     GEMMA,
     .system = SYSTEM_FIRST_USER},
    {.name = "qa",
     /* Q: and A: as the demo's conversations have them, for base models */
     .end_text = "\nQ:",
     .system = SYSTEM_TEXT,
     .system_turn = {"", "\n"},
     .user = {"Q: ", ""},
     .answer = {"\nA:", " ", "", "\n"}},
    {.name = "plain",
     /* Human: and Assistant: as in HH-RLHF, for base models */
     .end_text = "\n\nHuman:",
     .system = SYSTEM_TEXT,
     .system_turn = {"", ""},
     .user = {"\n\nHuman: ", ""},
     .answer = {"\n\nAssistant:", " ", "", ""}},
};
enum { N_TEMPLATES = sizeof TABLE / sizeof *TABLE };

/* ---- the table ------------------------------------------------------------------------------------- */

const char *chat_role_name(ChatRole role)
{
    static const char *const NAME[] = {"system", "user", "assistant"};
    return NAME[role];
}

const ChatTemplate *chat_template_at(int i)
{
    return i < N_TEMPLATES ? &TABLE[i] : NULL;
}

const char *chat_template_name(const ChatTemplate *t)
{
    return t->name;
}

/* The names of the rows whose mark the source holds; of all, without a source. */
static void list_names(Text *out, const char *source)
{
    for (int i = 0; i < N_TEMPLATES; i++) {
        const char *mark = TABLE[i].mark;
        if (source && (!mark || !strstr(source, mark))) continue;
        text_format(out, "%s%s", out->n ? ", " : "", TABLE[i].name);
    }
}

int chat_template_find(const ChatTemplate **out, const char *name, Error *err)
{
    Text names = {0};
    for (int i = 0; i < N_TEMPLATES; i++)
        if (strcmp(TABLE[i].name, name) == 0) {
            *out = &TABLE[i];
            return 0;
        }
    list_names(&names, NULL);
    error_usage(err, "there is no chat template '%.40s'; there are: %s", name, names.bytes);
    text_free(&names);
    return -1;
}

/* Editors and JSON change how a line ends, not what a template does. */
static void normalise(Text *out, const char *source, size_t n)
{
    static const char SPACE[] = " \t\r\n";
    while (n > 0 && strchr(SPACE, source[n - 1])) n--;
    for (size_t i = 0; i < n; i++) {
        const bool two = i + 1 < n;
        if (out->n == 0 && strchr(SPACE, source[i])) continue;
        if (two && source[i] == '\r' && source[i + 1] == '\n') continue;
        if (two && source[i] == '\\' && source[i + 1] == 'n') text_add(out, "\n"), i++;
        else text_append(out, source + i, 1);
    }
}

static int unknown(const char *source, Error *err)
{
    Text names = {0};
    list_names(&names, source);
    const bool alike = names.n > 0;
    if (!alike) list_names(&names, NULL);
    error_set(err, "the model's chat template is none of those known here");
    error_hint(err, "choose the one that fits with --template%s: %s",
               alike ? "; it has the marks of" : "", names.bytes);
    text_free(&names);
    return -1;
}

int chat_template_recognise(const ChatTemplate **out, const char *source, size_t n, Error *err)
{
    char hash[SHA256_HEX];
    Text normal = {0};
    normalise(&normal, source, n);
    sha256_hex(hash, normal.bytes, normal.n);
    int rc = -1;
    for (int i = 0; i < N_TEMPLATES && rc != 0; i++)
        for (int k = 0; k < HASHES_MAX && TABLE[i].sha256[k]; k++)
            if (strcmp(TABLE[i].sha256[k], hash) == 0) *out = &TABLE[i], rc = 0;
    if (rc != 0) unknown(normal.n ? normal.bytes : "", err);
    text_free(&normal);
    return rc;
}

static const char *eos_of(const ChatTemplate *t, const ChatVariables *v)
{
    return v && v->eos ? v->eos : t->eos;
}

static const char *bos_of(const ChatTemplate *t, const ChatVariables *v)
{
    return t->bos && v && v->bos ? v->bos : t->bos;
}

/* Token i of a list, with others behind it: those that are NULL are passed over. */
static const char *token_at(const char *const *list, const char *a, const char *b, int i)
{
    const char *all[TOKENS_MAX + 2] = {0};
    int n = 0;
    for (int k = 0; k < TOKENS_MAX && list[k]; k++) all[n++] = list[k];
    if (a) all[n++] = a;
    if (b) all[n++] = b;
    return i < n ? all[i] : NULL;
}

const char *chat_template_control(const ChatTemplate *t, const ChatVariables *v, int i)
{
    const bool writes_eos = strcmp(t->answer.end, EOS) == 0;
    return token_at(t->control, bos_of(t, v), writes_eos ? eos_of(t, v) : NULL, i);
}

const char *chat_template_end(const ChatTemplate *t, const ChatVariables *v, int i)
{
    return token_at(t->ends, eos_of(t, v), NULL, i);
}

const char *chat_template_end_text(const ChatTemplate *t)
{
    return t->end_text;
}

/* ---- rendering ------------------------------------------------------------------------------------- */

static void put_markup(ChatText *out, const char *markup, const char *eos, bool learned)
{
    const char *at = strchr(markup, *EOS);
    const size_t n = at ? (size_t)(at - markup) : strlen(markup);
    chat_text_put(out, markup, n, true, learned);
    if (!at) return;
    chat_text_put(out, eos, strlen(eos), true, learned);
    put_markup(out, at + 1, eos, learned);
}

static void put_content(ChatText *out, const char *text, bool trimmed, bool learned)
{
    size_t n = strlen(text);
    if (trimmed) chat_text_trim(&text, &n);
    chat_text_put(out, text, n, false, learned);
}

/* A system turn; `first` is the one that the conversation begins with, whose text is NULL when the template has
 * its own. */
static void put_system(ChatText *out, const ChatTemplate *t, const ChatVariables *v,
                       const char *text, bool first)
{
    const char *eos = eos_of(t, v), *date = v && v->date ? v->date : DATE;
    put_markup(out, t->system_turn.open, eos, false);
    if (first && t->dated) {
        put_markup(out, CUTOFF, eos, false);
        put_markup(out, date, eos, false);
        put_markup(out, "\n\n", eos, false);
    }
    if (text) put_content(out, text, t->trim == TRIM_ALL, false);
    else if (t->default_system) put_markup(out, t->default_system, eos, false);
    put_markup(out, t->system_turn.close, eos, false);
}

/* What the template, or the model behind it, has no place for. */
static int check(const ChatTemplate *t, const ChatMessage *message, int n, Error *err)
{
    if (n == 0) return error_set(err, "a conversation has one message at least");
    const int first = message[0].role == CHAT_SYSTEM;
    if (first && t->system == SYSTEM_REFUSED)
        return error_set(
            err, "chat template %s has no place for a system prompt; say it in the first turn",
            t->name);
    for (int i = first; i < n; i++) {
        const ChatRole role = message[i].role, due = (i - first) % 2 ? CHAT_ASSISTANT : CHAT_USER;
        if (role == CHAT_SYSTEM && t->system != SYSTEM_TURN)
            return error_set(
                err, "chat template %s takes a system prompt only as the first message", t->name);
        if (t->alternates && role != due)
            return error_set(
                err, "chat template %s wants user and assistant by turns: message %d is of the %s",
                t->name, i + 1, chat_role_name(role));
    }
    return 0;
}

/* ---- turns ----------------------------------------------------------------------------------------- */

/* The user's message that the last answers are to.  One that is all a tool's response is none. */
static int last_question(const ChatMessage *message, int n)
{
    static const char OPEN[] = "<tool_response>", CLOSE[] = "</tool_response>";
    for (int i = n - 1; i >= 0; i--) {
        const char *text = message[i].content;
        const bool tool = strncmp(text, OPEN, strlen(OPEN)) == 0 && text_ends(text, CLOSE);
        if (message[i].role == CHAT_USER && !tool) return i;
    }
    return n - 1;
}

/* Answers to the last question keep their thoughts, and the last message has one, be it empty. */
static void put_thinking(ChatText *out, const char *content, bool recent, bool last)
{
    const ChatThought a = chat_thought_apart(content);
    if (recent && (last || a.n > 0)) {
        put_markup(out, THOUGHT_OPEN, "", true);
        chat_text_put(out, a.text, a.n, false, true);
        put_markup(out, THOUGHT_CLOSE, "", true);
        content = a.said + strspn(a.said, "\n");
    } else {
        content = a.said;
    }
    chat_text_put(out, content, strlen(content), false, true);
}

/* `recent`: behind the last question; `last`: of the conversation. */
static void put_turn(ChatText *out, const ChatTemplate *t, const ChatVariables *v,
                     const ChatMessage *m, bool recent, bool last, const char *system)
{
    const char *eos = eos_of(t, v);
    if (m->role == CHAT_SYSTEM) {
        put_system(out, t, v, m->content, false);
    } else if (m->role == CHAT_USER) {
        put_markup(out, t->user.open, eos, false);
        if (system) {
            put_content(out, system, false, false);
            put_markup(out, "\n\n", eos, false);
        }
        put_content(out, m->content, t->trim == TRIM_ALL, false);
        put_markup(out, t->user.close, eos, false);
    } else {
        put_markup(out, t->answer.open, eos, false);
        put_markup(out, t->answer.lead, eos, true);
        if (t->thinks) put_thinking(out, m->content, recent, last);
        else put_content(out, m->content, t->trim != TRIM_NOTHING, true);
        put_markup(out, t->answer.end, eos, true);
        put_markup(out, t->answer.close, eos, false);
    }
}

int chat_template_render(ChatText *out, const ChatTemplate *t, const ChatVariables *v,
                         const ChatMessage *message, int n, bool prompt, Error *err)
{
    if (check(t, message, n, err) != 0) return -1;
    ChatText text = {0};
    const int first = message[0].role == CHAT_SYSTEM;
    const char *system = first ? message[0].content : NULL;
    const bool inside = t->system == SYSTEM_FIRST_USER || t->system == SYSTEM_LAST_USER;
    const int question = t->thinks ? last_question(message, n) : 0;
    const char *bos = bos_of(t, v);

    text_add(&text.text, "");
    if (bos) chat_text_put(&text, bos, strlen(bos), true, false);
    if (!inside && (system || t->dated || t->default_system)) put_system(&text, t, v, system, true);
    for (int i = first; i < n; i++) {
        const bool here = t->system == SYSTEM_FIRST_USER ? i == first : i == n - 1;
        put_turn(&text, t, v, &message[i], i > question, i == n - 1,
                 inside && here ? system : NULL);
    }
    if (prompt) put_markup(&text, t->answer.open, eos_of(t, v), false);
    *out = text;
    return 0;
}

char *chat_template_say(const ChatTemplate *t, const ChatVariables *v, const char *content)
{
    ChatText said = {0};
    text_add(&said.text, "");
    put_markup(&said, t->answer.lead, eos_of(t, v), true);
    put_content(&said, content, t->trim != TRIM_NOTHING, true);
    char *text = text_take(&said.text);
    chat_text_free(&said);
    return text;
}
