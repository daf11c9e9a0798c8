/* The layouts of TRL, HH-RLHF and LLaMA-Factory, and texts with classes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/layout.h"

/* What later turns of one row may hold of the turns before them, all together. */
enum { TURNS_BYTES_MAX = 64 << 20 };

/* ---- items ----------------------------------------------------------------------------------------- */

/* prompt NULL: the dialogue of the row. */
static ImportItem *add(ImportRow *row, DataKind kind, const char *prompt)
{
    row->item = mem_realloc(row->item, (size_t)row->n + 1, sizeof *row->item);
    ImportItem *item = &row->item[row->n++];
    *item = (ImportItem){.kind = kind,
                         .turns = prompt ? 0 : row->dialogue.n,
                         .prompt = prompt ? mem_strdup(prompt) : NULL,
                         .margin = NAN};
    return item;
}

void layout_add_pair(ImportRow *row, const char *prompt, const char *chosen, const char *rejected)
{
    ImportItem *item = add(row, DATA_PREFERENCES, prompt);
    item->chosen = mem_strdup(chosen);
    item->rejected = mem_strdup(rejected);
}

static bool is_messages(const cJSON *value)
{
    return cJSON_IsArray(value) || cJSON_IsObject(value);
}

static int wrong_type(const char *name, Error *err)
{
    return error_set(err, "\"%s\" is no text and no list of messages", name);
}

int layout_text(const char **out, const cJSON *object, const char *name, Error *err)
{
    const cJSON *member = layout_member(object, name);
    if (!cJSON_IsString(member)) return error_set(err, "\"%s\" is no text", name);
    *out = member->valuestring;
    return 0;
}

/* Texts and lists of messages alike, as `role` when a text; NULL adds nothing. */
static int read_either(Dialogue *d, const cJSON *value, const char *role, const char *name,
                       Error *err)
{
    if (!value) return 0;
    if (cJSON_IsString(value)) dialogue_say(d, role, value->valuestring);
    else if (!is_messages(value)) return wrong_type(name, err);
    else if (dialogue_read(d, value, err) != 0) return error_wrap(err, "\"%s\"", name);
    return 0;
}

static const char *last_role(const Dialogue *d)
{
    return d->n ? d->message[d->n - 1].role : "";
}

/* ---- pairs ----------------------------------------------------------------------------------------- */

/* HH-RLHF: the prompt is what both share, up to and including the last "\n\nAssistant:" in it.  0: none. */
static size_t shared_turns(const char *chosen, const char *rejected)
{
    static const char TURN[] = "\n\nAssistant:";
    const size_t turn = sizeof TURN - 1;
    size_t shared = 0, end = 0;
    while (chosen[shared] && chosen[shared] == rejected[shared]) shared++;
    for (size_t i = turn; i <= shared; i++)
        if (memcmp(chosen + i - turn, TURN, turn) == 0) end = i;
    return end;
}

/* TRL: the prompt is what both share, and a space before the first difference belongs to the answers. */
static size_t shared_text(const char *chosen, const char *rejected)
{
    size_t n = 0;
    while (chosen[n] && chosen[n] == rejected[n]) n++;
    while (n > 0 && (((chosen[n] & 0xC0) == 0x80) || ((rejected[n] & 0xC0) == 0x80))) n--;
    return n > 0 && chosen[n - 1] == ' ' ? n - 1 : n;
}

static int take_implicit(ImportRow *row, const char *chosen, const char *rejected, Error *err)
{
    const bool hh = strcmp(row->layout->name, "hh") == 0;
    if (strcmp(chosen, rejected) == 0) return error_set(err, "chosen is equal to rejected");
    const size_t n = hh ? shared_turns(chosen, rejected) : shared_text(chosen, rejected);
    if (n == 0)
        return error_set(err, hh ? "no prompt: the dialogues share no \"\\n\\nAssistant:\""
                                 : "no prompt: chosen and rejected share no beginning");
    char *prompt = mem_strndup(chosen, n);
    layout_add_pair(row, prompt, chosen + n, rejected + n);
    free(prompt);
    return 0;
}

/* One side of a pair as a whole conversation.  The prompt is put in front unless the side begins with it. */
static int read_side(Dialogue *d, const cJSON *prompt, const cJSON *side, const char *name,
                     Error *err)
{
    Dialogue said = {0};
    int rc = read_either(&said, side, STORE_ROLES[2], name, err);
    const bool answers = said.n > 0 && said.message[0].role == STORE_ROLES[2];
    if (rc == 0 && (answers || !cJSON_IsString(prompt)))
        rc = read_either(d, prompt, STORE_ROLES[1], "prompt", err);
    if (rc == 0 && dialogue_shared(d, &said) == d->n) dialogue_cut(d, 0);
    if (rc == 0) dialogue_append(d, &said);
    dialogue_free(&said);
    return rc;
}

int layout_add_dialogues(ImportRow *row, const cJSON *prompt, const cJSON *chosen,
                         const cJSON *rejected, Error *err)
{
    Dialogue a = {0}, b = {0};
    int rc = -1;
    if (read_side(&a, prompt, chosen, "chosen", err) != 0) goto done;
    if (read_side(&b, prompt, rejected, "rejected", err) != 0) goto done;
    const int shared = dialogue_shared(&a, &b);
    if (shared == a.n && shared == b.n) {
        error_set(err, "chosen is equal to rejected");
        goto done;
    }
    if (a.n - shared != 1 || b.n - shared != 1 || last_role(&a) != STORE_ROLES[2] ||
        last_role(&b) != STORE_ROLES[2]) {
        error_set(err, "the conversations differ in more than one answer of the assistant");
        goto done;
    }
    char *answer = mem_strdup(a.message[shared].content);
    dialogue_cut(&a, shared);
    dialogue_append(&row->dialogue, &a);
    layout_add_pair(row, NULL, answer, b.message[shared].content);
    free(answer);
    rc = 0;

done:
    dialogue_free(&a);
    dialogue_free(&b);
    return rc;
}

int take_preference(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err)
{
    (void)options;
    const cJSON *prompt = layout_member(object, "prompt"),
                *chosen = layout_member(object, "chosen"),
                *rejected = layout_member(object, "rejected");
    if (prompt && !cJSON_IsString(prompt) && !is_messages(prompt)) return wrong_type("prompt", err);
    if (!cJSON_IsString(chosen) || !cJSON_IsString(rejected) || is_messages(prompt))
        return layout_add_dialogues(row, prompt, chosen, rejected, err);
    if (!prompt) return take_implicit(row, chosen->valuestring, rejected->valuestring, err);
    layout_add_pair(row, prompt->valuestring, chosen->valuestring, rejected->valuestring);
    return 0;
}

/* ---- answers --------------------------------------------------------------------------------------- */

/* Every answer of the assistant from message `from` on is a demonstration, which follows all before it; a
 * conversation without one is a prompt. */
static int add_turns(ImportRow *row, int from, Error *err)
{
    const Dialogue *d = &row->dialogue;
    size_t bytes = 0, before = 0;
    for (int i = 0; i < d->n; i++) {
        if (i > 0 && i >= from && d->message[i].role == STORE_ROLES[2]) {
            ImportItem *item = add(row, DATA_DEMONSTRATIONS, NULL);
            item->turns = i;
            item->chosen = mem_strdup(d->message[i].content);
            bytes += before;
        }
        before += strlen(d->message[i].content);
    }
    if (bytes > TURNS_BYTES_MAX)
        return error_set(err, "the turns, each with all before it, are more than %d MiB",
                         TURNS_BYTES_MAX >> 20);
    if (row->n == 0) add(row, DATA_PROMPTS, NULL);
    return 0;
}

/* The last message, the assistant's, is what a label is of. */
static int add_judged(ImportRow *row, const cJSON *label, Error *err)
{
    Dialogue *d = &row->dialogue;
    if (!cJSON_IsBool(label)) return error_set(err, "the label is neither true nor false");
    if (d->n < 2 || last_role(d) != STORE_ROLES[2])
        return error_set(err, "a label, but no answer of the assistant at the end");
    char *answer = mem_strdup(d->message[d->n - 1].content);
    dialogue_cut(d, d->n - 1);
    ImportItem *item = add(row, DATA_JUDGEMENTS, NULL);
    item->chosen = answer;
    item->good = cJSON_IsTrue(label);
    return 0;
}

int take_prompt(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err)
{
    (void)options;
    const cJSON *prompt = layout_member(object, "prompt");
    if (cJSON_IsString(prompt)) {
        add(row, DATA_PROMPTS, prompt->valuestring);
        return 0;
    }
    if (read_either(&row->dialogue, prompt, "", "prompt", err) != 0) return -1;
    add(row, DATA_PROMPTS, NULL);
    return 0;
}

static const cJSON *completion_of(const cJSON *object)
{
    const cJSON *completion = layout_member(object, "completion");
    return completion ? completion : layout_member(object, "response");
}

/* Prompt and completion as messages; *turns is those of the prompt. */
static int read_both(ImportRow *row, const cJSON *object, int *turns, Error *err)
{
    Dialogue *d = &row->dialogue;
    if (read_either(d, layout_member(object, "prompt"), STORE_ROLES[1], "prompt", err) != 0)
        return -1;
    *turns = d->n;
    return read_either(d, completion_of(object), STORE_ROLES[2], "completion", err);
}

int take_demonstration(ImportRow *row, const cJSON *object, const ImportOptions *options,
                       Error *err)
{
    (void)options;
    const cJSON *prompt = layout_member(object, "prompt"), *completion = completion_of(object);
    int turns = 0;
    if (cJSON_IsString(prompt) && cJSON_IsString(completion)) {
        ImportItem *item = add(row, DATA_DEMONSTRATIONS, prompt->valuestring);
        item->chosen = mem_strdup(completion->valuestring);
        return 0;
    }
    if (read_both(row, object, &turns, err) != 0) return -1;
    if (last_role(&row->dialogue) != STORE_ROLES[2])
        return error_set(err, "the completion does not end with the assistant");
    return add_turns(row, turns, err);
}

int take_unpaired(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err)
{
    (void)options;
    const cJSON *prompt = layout_member(object, "prompt"), *completion = completion_of(object),
                *label = layout_member(object, "label");
    int turns = 0;
    if (!cJSON_IsString(prompt) || !cJSON_IsString(completion))
        return read_both(row, object, &turns, err) != 0 ? -1 : add_judged(row, label, err);
    if (!cJSON_IsBool(label)) return error_set(err, "\"label\" is neither true nor false");
    ImportItem *item = add(row, DATA_JUDGEMENTS, prompt->valuestring);
    item->chosen = mem_strdup(completion->valuestring);
    item->good = cJSON_IsTrue(label);
    return 0;
}

/* ---- texts with a class ---------------------------------------------------------------------------- */

int take_class(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err)
{
    const cJSON *label = layout_member(object, "label");
    const char *text = NULL;
    char *name = class_name_of(label);
    if (!name)
        return error_set(err, cJSON_IsString(label)
                                  ? "label is empty"
                                  : "\"label\" is neither a text nor a whole number");
    if (options->n_classes && cJSON_IsNumber(label)) {
        const int k = label->valueint;
        free(name);
        if (k < 0 || k >= options->n_classes)
            return error_set(err, "\"label\" is %d: there are names for 0 to %d", k,
                             options->n_classes - 1);
        name = mem_strdup(options->class_name[k]);
    }
    if (layout_text(&text, object, "text", err) == 0) add(row, DATA_CLASSES, text)->chosen = name;
    else free(name);
    return row->n ? 0 : -1;
}

/* ---- LLaMA-Factory --------------------------------------------------------------------------------- */

static const cJSON *label_of(const cJSON *object)
{
    const cJSON *label = layout_member(object, "kto_tag");
    return label ? label : layout_member(object, "label");
}

/* What the row's dialogue is followed by, of any kind. */
static int take_rest(ImportRow *row, const cJSON *object, int from, Error *err)
{
    const cJSON *label = label_of(object);
    return label ? add_judged(row, label, err) : add_turns(row, from, err);
}

int take_messages(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err)
{
    (void)options;
    const bool sharegpt = layout_member(object, "conversations");
    const char *name = sharegpt ? "conversations" : "messages";
    const cJSON *messages = layout_member(object, name), *chosen = layout_member(object, "chosen"),
                *rejected = layout_member(object, "rejected");
    if (!cJSON_IsArray(messages)) return error_set(err, "\"%s\" is no list of messages", name);
    if (chosen && rejected) return layout_add_dialogues(row, messages, chosen, rejected, err);
    if (read_either(&row->dialogue, layout_member(object, "system"), STORE_ROLES[0], "system",
                    err) != 0 ||
        read_either(&row->dialogue, messages, "", name, err) != 0)
        return -1;
    return take_rest(row, object, 0, err);
}

/* [[question, answer], ...] */
static int read_history(Dialogue *d, const cJSON *history, Error *err)
{
    const cJSON *turn;
    cJSON_ArrayForEach(turn, history)
    {
        const cJSON *question = cJSON_GetArrayItem(turn, 0), *answer = cJSON_GetArrayItem(turn, 1);
        if (!cJSON_IsString(question) || !cJSON_IsString(answer))
            return error_set(err, "\"history\" is no list of pairs of texts");
        if (d->n >= DIALOGUE_MAX) return error_set(err, "more than %d messages", DIALOGUE_MAX);
        dialogue_say(d, STORE_ROLES[1], question->valuestring);
        dialogue_say(d, STORE_ROLES[2], answer->valuestring);
    }
    return 0;
}

int take_alpaca(ImportRow *row, const cJSON *object, const ImportOptions *options, Error *err)
{
    (void)options;
    Dialogue *d = &row->dialogue;
    const char *instruction = NULL, *input = json_text(object, "input", ""),
               *system = json_text(object, "system", ""),
               *chosen = json_text(object, "chosen", NULL),
               *rejected = json_text(object, "rejected", NULL),
               *output = json_text(object, "output", NULL);
    if (layout_text(&instruction, object, "instruction", err) != 0) return -1;
    if (*system) dialogue_say(d, STORE_ROLES[0], system);
    if (read_history(d, layout_member(object, "history"), err) != 0) return -1;
    char *question = mem_format("%s%s%s", instruction, *input ? "\n" : "", input);
    dialogue_say(d, STORE_ROLES[1], question);
    free(question);
    if (chosen && rejected) {
        layout_add_pair(row, NULL, chosen, rejected);
        return 0;
    }
    if (output) dialogue_say(d, STORE_ROLES[2], output);
    return take_rest(row, object, 0, err);
}
