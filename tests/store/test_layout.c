#include "store/layout.h"

#include <math.h>

#include "tests/store/import_test.h"

static const ImportOptions NONE = {0};

/* ---- published layouts ------------------------------------------------------------------------------ */

/* Token ids are letters: 0 is a. */
static int spell(void *reader, char **text, const int *token, int n, Error *e)
{
    (void)reader, (void)e;
    *text = calloc((size_t)n + 1, 1);
    for (int i = 0; i < n; i++) (*text)[i] = (char)('a' + token[i]);
    return 0;
}

static const ImportOptions SPELLED = {.decode = spell};

static void assert_same_text(const cJSON *want, const char *name, const char *got,
                             const char *file_name)
{
    const char *text = json_text(want, name, NULL);
    if (!text || !got || strcmp(text, got) != 0)
        fail_msg("%s: %s is '%s', not '%s'", file_name, name, got ? got : "", text ? text : "");
}

static void assert_same_dialogue(const cJSON *messages, const Dialogue *d, int turns)
{
    assert_int_equal(turns, cJSON_GetArraySize(messages));
    for (int i = 0; i < turns; i++) {
        const cJSON *want = cJSON_GetArrayItem(messages, i);
        assert_string_equal(d->message[i].role, json_text(want, "role", ""));
        assert_string_equal(d->message[i].content, json_text(want, "content", ""));
    }
}

/* summarize-from-feedback's prompt is made of a post and its title. */
static void assert_same_prompt(const cJSON *want, const ImportRow *row, const char *name)
{
    char prompt[512];
    const char *post = json_text(want, "post", NULL);
    const cJSON *messages = cJSON_GetObjectItem(want, "messages");
    snprintf(prompt, sizeof prompt,
             "SUBREDDIT: r/test\n\nTITLE: %s\n\nPOST: %s\n\nTL;DR:", json_text(want, "title", ""),
             post ? post : "");
    if (messages) assert_same_dialogue(messages, &row->dialogue, row->item[0].turns);
    else if (post) assert_string_equal(row->item[0].prompt, prompt);
    else assert_same_text(want, "prompt", row->item[0].prompt, name);
}

static void assert_row(const cJSON *want, const ImportRow *row, const char *name)
{
    const ImportItem *item = &row->item[0];
    assert_int_equal(row->n, 1);
    assert_same_prompt(want, row, name);
    if (cJSON_HasObjectItem(want, "completion")) {
        assert_int_equal(item->kind, DATA_JUDGEMENTS);
        assert_same_text(want, "completion", item->chosen, name);
        assert_int_equal(item->good, json_bool(want, "label", false));
        return;
    }
    const bool tie = json_bool(want, "tie", false);
    assert_int_equal(item->kind, DATA_PREFERENCES);
    assert_int_equal(item->outcome != OUTCOME_PREF, tie); /* both bad is a tie too */
    if (!tie) {
        assert_same_text(want, "chosen", item->chosen, name);
        assert_same_text(want, "rejected", item->rejected, name);
    }
    if (cJSON_HasObjectItem(want, "margin"))
        assert_float_equal(item->margin, json_number(want, "margin", NAN), 0);
    else assert_true(isnan(item->margin));
}

/* The rows of a file, an array or lines, as one array. */
static cJSON *rows_of(const char *path)
{
    char *bytes = NULL;
    size_t n = 0;
    cJSON *rows = NULL;
    OK(file_read(&bytes, &n, path, 1 << 20, &err));
    if (bytes[0] == '[') {
        OK(json_parse(&rows, bytes, n, &err));
    } else {
        rows = cJSON_CreateArray();
        for (char *line = strtok(bytes, "\n"); line; line = strtok(NULL, "\n")) {
            cJSON *row = NULL;
            OK(json_parse(&row, line, strlen(line), &err));
            cJSON_AddItemToArray(rows, row);
        }
    }
    free(bytes);
    return rows;
}

static void every_published_layout_is_understood_as_written_down(void **state)
{
    (void)state;
    static const struct {
        const char *file, *layout;
    } LAYOUT[] = {{"trl_standard.jsonl", "preference"},
                  {"trl_conversational.jsonl", "preference"},
                  {"trl_implicit_prompt.jsonl", "implicit"},
                  {"ultrafeedback_binarized.jsonl", "preference"},
                  {"summarize_from_feedback_comparisons.jsonl", "summarize-from-feedback"},
                  {"shp.jsonl", "shp"},
                  {"webgpt_comparisons.jsonl", "webgpt"},
                  {"chatbot_arena.json", "arena"},
                  {"kto.jsonl", "unpaired"},
                  {"sharegpt_pref.json", "sharegpt"},
                  {"hh_style.jsonl", "hh"}};
    static const char PREFS[] = RLHF_SOURCE_DIR "/tests/golden/prefs/";
    cJSON *expected = NULL;
    char path[FILE_PATH_MAX];
    int files = 0;
    snprintf(path, sizeof path, "%sexpected.json", PREFS);
    OK(json_read(&expected, path, 1 << 20, false, &err));
    const cJSON *of_file;
    cJSON_ArrayForEach(of_file, expected)
    {
        const size_t at = (size_t)files++;
        assert_string_equal(of_file->string, LAYOUT[at].file);
        snprintf(path, sizeof path, "%s%s", PREFS, of_file->string);
        cJSON *rows = rows_of(path);
        assert_int_equal(cJSON_GetArraySize(rows), 10);
        for (int i = 0; i < 10; i++) {
            ImportRow row = {0};
            OK(import_take(&row, cJSON_GetArrayItem(rows, i), &NONE, &err));
            assert_string_equal(row.layout->name, LAYOUT[at].layout);
            assert_row(cJSON_GetArrayItem(of_file, i), &row, of_file->string);
            import_row_free(&row);
        }
        cJSON_Delete(rows);
    }
    assert_int_equal(files, sizeof LAYOUT / sizeof *LAYOUT);
    cJSON_Delete(expected);
}

/* ---- one row of each other form ---------------------------------------------------------------------- */

/* What a row becomes, in one text: items in order, "kind|prompt|chosen|rejected"; of a dialogue the messages
 * stand in the prompt's place, "user:hi assistant:ho". */
static const char *understood(const char *json, const ImportOptions *options)
{
    static const char *const KIND[] = {"auto",       "prompt",    "demonstration",
                                       "preference", "judgement", "class"};
    static char out[2048];
    Text t = {0};
    ImportRow row = {0};
    text_add(&t, "");
    if (import_parse(&row, json, strlen(json), options, &err) != 0) {
        text_format(&t, "refused: %s", err.message);
    }
    for (int i = 0; i < row.n; i++) {
        const ImportItem *item = &row.item[i];
        text_format(&t, "%s%s|", i ? " / " : "", KIND[item->kind]);
        for (int k = 0; k < item->turns; k++)
            text_format(&t, "%s%s:%s", k ? " " : "", row.dialogue.message[k].role,
                        row.dialogue.message[k].content);
        if (item->prompt) text_add(&t, item->prompt);
        if (item->chosen) text_format(&t, "|%s", item->chosen);
        if (item->rejected) text_format(&t, "|%s", item->rejected);
        if (item->kind == DATA_JUDGEMENTS) text_format(&t, "|%s", item->good ? "good" : "bad");
        if (!isnan(item->margin)) text_format(&t, "|by %g", item->margin);
    }
    snprintf(out, sizeof out, "%s", t.bytes);
    text_free(&t);
    import_row_free(&row);
    return out;
}

static void rows_of_other_forms_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *row, *is;
    } CASE[] = {
        /* TRL */
        {"{\"chosen\":\"The sky is blue.\",\"rejected\":\"The sky is green.\"}",
         "preference|The sky is| blue.| green."},
        {"{\"chosen\":\"caf\xC3\xA9\",\"rejected\":\"caf\xC3\xA8\"}",
         "preference|caf|\xC3\xA9|\xC3\xA8"},
        {"{\"prompt\":[{\"role\":\"user\",\"content\":\"q\"}]}", "prompt|user:q"},
        {"{\"prompt\":[{\"role\":\"developer\",\"content\":\"s\"},{\"role\":\"user\",\"content\":"
         "\"q\"}],"
         "\"completion\":[{\"role\":\"assistant\",\"content\":\"a\"}]}",
         "demonstration|system:s user:q|a"},
        {"{\"prompt\":[{\"role\":\"user\",\"content\":\"q\"}],"
         "\"completion\":[{\"role\":\"assistant\",\"content\":\"a\"}],\"label\":false}",
         "judgement|user:q|a|bad"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":"
         "\"a\"},"
         "{\"role\":\"user\",\"content\":\"r\"},{\"role\":\"assistant\",\"content\":\"b\"}]}",
         "demonstration|user:q|a / demonstration|user:q assistant:a user:r|b"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"q\"}]}]}",
         "prompt|user:q"},
        {"{\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\"b\",\"margin\":0.5}",
         "preference|q|a|b|by 0.5"},
        {"{\"prompt\":\"q\",\"chosen\":[{\"role\":\"assistant\",\"content\":\"a\"}],"
         "\"rejected\":[{\"role\":\"assistant\",\"content\":\"b\"}]}",
         "preference|user:q|a|b"},
        /* LLaMA-Factory */
        {"{\"instruction\":\"add\",\"input\":\"1 2\",\"output\":\"3\"}",
         "demonstration|user:add\n1 2|3"},
        {"{\"instruction\":\"r\",\"system\":\"s\",\"history\":[[\"q\",\"a\"]],\"output\":\"b\"}",
         "demonstration|system:s user:q|a / demonstration|system:s user:q assistant:a user:r|b"},
        {"{\"instruction\":\"q\",\"input\":\"\",\"chosen\":\"a\",\"rejected\":\"b\"}",
         "preference|user:q|a|b"},
        {"{\"instruction\":\"q\",\"output\":\"a\",\"kto_tag\":true}", "judgement|user:q|a|good"},
        {"{\"conversations\":[{\"from\":\"human\",\"value\":\"q\"},{\"from\":\"gpt\",\"value\":"
         "\"a\"}],"
         "\"system\":\"s\"}",
         "demonstration|system:s user:q|a"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":"
         "\"a\"}],"
         "\"kto_tag\":false}",
         "judgement|user:q|a|bad"},
        /* UltraFeedback as published: the best against each that is scored lower */
        {"{\"instruction\":\"q\",\"completions\":[{\"response\":\"a\",\"overall_score\":6},"
         "{\"response\":\"b\",\"overall_score\":8.5},{\"response\":\"c\",\"overall_score\":8.5},"
         "{\"response\":\"d\",\"overall_score\":7}]}",
         "preference|user:q|b|a|by 2.5 / preference|user:q|b|d|by 1.5"},
        /* lm-human-preferences: 50259 fills up; equal samples are no pair */
        {"{\"query\":[50259,0,1],\"sample0\":[2],\"sample1\":[3,50259],\"sample2\":[4],\"sample3\":"
         "[3],"
         "\"best\":1}",
         "preference|ab|d|c / preference|ab|d|e"},
        /* classes: names, ClassLabel's numbers, truths */
        {"{\"text\":\"t\",\"label\":\"spam\"}", "class|t|spam"},
        {"{\"text\":\"t\",\"label\":-1}", "class|t|-1"},
        {"{\"text\":\"t\",\"label\":false}", "class|t|down"},
        {"{\"prompt\":\"p\",\"text\":\"t\",\"label\":1}", "prompt|p"},
        {"{\"info\":{\"article\":\"x\"},\"summaries\":[{\"text\":\" a\"},{\"text\":\" "
         "b\"}],\"choice\":0}",
         "preference|Article: x\n\nTL;DR:| a| b"},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++)
        assert_string_equal(understood(CASE[i].row, &SPELLED), CASE[i].is);
}

static void what_is_of_no_form_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *row, *reason;
    } CASE[] = {
        {"{\"messages\":[{\"role\":\"tool\",\"content\":\"q\"}]}",
         "message 1 is of the role \"tool\""},
        {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\"}]}]}",
         "message 1 is no text"},
        {"{\"messages\":[{\"content\":\"q\"}]}", "message 1 has no \"role\""},
        {"{\"messages\":[]}", "no prompt"},
        {"{\"messages\":\"q\"}", "\"messages\" is no list of messages"},
        {"{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"assistant\","
         "\"content\":\"a\"}]}",
         "the turn before an answer is of the system"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\" "
         "\"},{\"role\":\"assistant\",\"content\":\"a\"}]}",
         "prompt is empty"},
        {"{\"prompt\":\"q\",\"completion\":\"a\",\"label\":\"good\"}", "neither true nor false"},
        {"{\"chosen\":\"xa\",\"rejected\":\"yb\"}", "share no beginning"},
        {"{\"conversation_a\":[],\"conversation_b\":[],\"winner\":\"me\"}", "\"winner\" is \"me\""},
        {"{\"conversation_a\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":\"a\"},"
         "{\"role\":\"user\",\"content\":\"r\"},{\"role\":\"assistant\",\"content\":\"c\"}],"
         "\"conversation_b\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":\"b\"},"
         "{\"role\":\"user\",\"content\":\"r\"},{\"role\":\"assistant\",\"content\":\"c\"}],"
         "\"winner\":\"tie\"}",
         "differ in more than one answer"},
        {"{\"query\":[-1],\"sample0\":[0],\"sample1\":[1],\"best\":0}", "no token id"},
        {"{\"query\":[0],\"sample0\":[0],\"sample1\":[1],\"best\":2}", "none of the 2 samples"},
        {"{\"query\":[0],\"sample0\":[1],\"sample1\":[1],\"best\":0}", "all samples are equal"},
        {"{\"info\":{\"post\":\"p\"},\"summaries\":[{\"text\":\"a\"}],\"choice\":0}",
         "are not two"},
        {"{\"instruction\":\"q\",\"completions\":[{\"response\":\"a\",\"overall_score\":6}]}",
         "above another"},
        {"{\"text\":\"raw\"}", "rlhf pretrain"},
        {"{\"text\":\"t\",\"label\":0.5}", "\"label\" is neither a text nor a whole number"},
        {"{\"text\":\"t\",\"label\":\"\"}", "label is empty"},
        {"{\"text\":\" \",\"label\":\"spam\"}", "text is empty"},
        {"{\"text\":[],\"label\":\"spam\"}", "\"text\" is no text"},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        const char *is = understood(CASE[i].row, &SPELLED);
        if (strncmp(is, "refused: ", 9) != 0 || !strstr(is, CASE[i].reason))
            fail_msg("'%s' for %s", is, CASE[i].row);
    }
}

static void a_layout_may_be_named_and_then_holds_for_every_row(void **state)
{
    (void)state;
    const ImportOptions messages = {.layout = "messages"};
    static const char BOTH[] =
        "{\"prompt\":\"p\",\"messages\":[{\"role\":\"user\",\"content\":\"q\"}],"
        "\"completion\":\"c\"}";
    assert_string_equal(understood(BOTH, &NONE), "demonstration|p|c");
    assert_string_equal(understood(BOTH, &messages), "prompt|user:q");
    assert_string_equal(understood("{\"prompt\":\"p\"}", &messages),
                        "refused: no \"messages\", which layout messages has");
    assert_int_equal(store_layout_check("sharegpt", &err), 0);
    assert_int_equal(store_layout_check("parquet", &err), -1);
    assert_non_null(strstr(err.message, "one of summarize-from-feedback, shp, "));
}

static void less_is_made_of_a_row_when_asked_for(void **state)
{
    (void)state;
    static const char GOOD[] = "{\"prompt\":\"p\",\"completion\":\"c\",\"label\":true}",
                      BAD[] = "{\"prompt\":\"p\",\"completion\":\"c\",\"label\":false}";
    const ImportOptions demonstrations = {.kind = DATA_DEMONSTRATIONS},
                        judgements = {.kind = DATA_JUDGEMENTS};
    const ImportOptions prompts = {.kind = DATA_PROMPTS}, classes = {.kind = DATA_CLASSES};
    assert_string_equal(understood("{\"text\":\"t\",\"label\":1}", &prompts),
                        "refused: a text and its class, no prompt");
    assert_string_equal(understood(GOOD, &classes), "refused: no \"text\" and \"label\"");
    assert_string_equal(understood(GOOD, &demonstrations), "demonstration|p|c");
    assert_string_equal(understood(BAD, &demonstrations),
                        "refused: its answers are not said to be good");
    assert_string_equal(understood("{\"prompt\":\"p\"}", &judgements), "refused: no \"label\"");
}

static void names_of_classes_stand_for_whole_numbers(void **state)
{
    (void)state;
    char *names[] = {"neg", "pos"};
    const ImportOptions named = {.class_name = names, .n_classes = 2};
    assert_string_equal(understood("{\"text\":\"t\",\"label\":1}", &named), "class|t|pos");
    assert_string_equal(understood("{\"text\":\"t\",\"label\":\"1\"}", &named), "class|t|1");
    assert_string_equal(understood("{\"text\":\"t\",\"label\":2}", &named),
                        "refused: \"label\" is 2: there are names for 0 to 1");
    assert_string_equal(understood("{\"text\":\"t\",\"label\":-1}", &named),
                        "refused: \"label\" is -1: there are names for 0 to 1");
}

static void prompts_become_turns_when_asked_for(void **state)
{
    (void)state;
    const ImportOptions chat = {.chat = true}, system = {.chat = true, .system = "s"};
    static const struct {
        const char *row, *is;
    } CASE[] = {
        {"{\"prompt\":\"q\"}", "prompt|system:s user:q"},
        {"{\"prompt\":\"q\",\"completion\":\"a\"}", "demonstration|system:s user:q|a"},
        {"{\"prompt\":\"q\",\"completion\":\"a\",\"label\":true}",
         "judgement|system:s user:q|a|good"},
        {"{\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\"b\"}",
         "preference|system:s user:q|a|b"},
        {"{\"prompt\":\" \"}", "refused: prompt is empty"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}", "prompt|user:q"},
        {"{\"text\":\"t\",\"label\":1}", "class|t|1"},
        {"{\"chosen\":\"x a\",\"rejected\":\"x b\"}",
         "refused: layout implicit: its prompt goes over into the answer, and is no turn of a "
         "user"},
        {"{\"chosen\":\"\\n\\nHuman: q\\n\\nAssistant: a\",\"rejected\":\"\\n\\nHuman: "
         "q\\n\\nAssistant: b\"}",
         "refused: layout hh: its prompt goes over into the answer, and is no turn of a user"},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++)
        assert_string_equal(understood(CASE[i].row, &system), CASE[i].is);
    assert_string_equal(understood(CASE[0].row, &chat), "prompt|user:q");
}

/* ---- in the store ------------------------------------------------------------------------------------ */

/* A conversation as "<role>content" one after the other; a turn that says "no" cannot be written. */
static int render(void *reader, StoreConversation *c, Error *e)
{
    Text t = {0};
    (void)reader;
    for (int i = 0; i < c->n; i++) {
        if (strcmp(c->message[i].content, "no") == 0) {
            text_free(&t);
            return error_set(e, "it says no");
        }
        if (strcmp(c->message[i].content, "never") == 0) {
            text_free(&t);
            error_set(e, "there is no model");
            return IMPORT_CANNOT;
        }
        text_format(&t, "<%s>%s", c->message[i].role, c->message[i].content);
    }
    text_add(&t, "<assistant>");
    c->prompt = text_take(&t);
    c->template = "angles";
    for (int i = 0; i < 2; i++)
        if (c->answer[i]) {
            text_format(&t, " %s", c->answer[i]);
            c->said[i] = text_take(&t);
        }
    return 0;
}

static const ImportOptions RENDERED = {.render = render};

static void conversations_are_stored_as_rendered_with_their_template(void **state)
{
    (void)state;
    ImportResult r = {0};
    StoreDemonstrationList list = {0};
    OK(store_import(
        store,
        write_file(
            "m.jsonl",
            "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},"
            "{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"a\"},"
            "{\"role\":\"user\",\"content\":\"r\"},{\"role\":\"assistant\",\"content\":\"b\"}]}\n"
            "{\"messages\":[{\"role\":\"user\",\"content\":\"no\"}]}\n"),
        &RENDERED, &r, &err));
    assert_int_equal(r.taken, 1);
    assert_int_equal(r.demonstrations, 2);
    assert_int_equal(r.refused, 1);
    assert_string_equal(r.refusal[0].reason, "it says no");
    store_import_free(&r);
    OK(store_list_demonstrations(store, SPLIT_ANY, &list, &err));
    assert_int_equal(list.n, 2);
    assert_string_equal(list.row[0].prompt, "<system>s<user>q<assistant>");
    assert_string_equal(list.row[0].response, " a");
    assert_string_equal(list.row[0].template, "angles");
    assert_string_equal(list.row[1].prompt, "<system>s<user>q<assistant>a<user>r<assistant>");
    assert_string_equal(list.row[1].response, " b");
    assert_int_equal(list.row[0].split, list.row[1].split);
    store_demonstrations_free(&list);
}

/* Turns of one conversation differ, so each would be drawn for itself: of 40, two parted once in 40 times. */
static void the_turns_of_a_conversation_share_a_split(void **state)
{
    (void)state;
    Text t = {0};
    ImportResult r = {0};
    for (int i = 0; i < 40; i++)
        text_format(
            &t,
            "{\"messages\":[{\"role\":\"user\",\"content\":\"q%c%c\"},"
            "{\"role\":\"assistant\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"r\"},"
            "{\"role\":\"assistant\",\"content\":\"b\"}]}\n",
            'a' + i % 20, 'a' + i / 20);
    OK(store_import(store, write_file("m.jsonl", t.bytes), &RENDERED, &r, &err));
    assert_int_equal(r.demonstrations, 80);
    assert_true(r.by_split[SPLIT_TRAIN] < 40);
    store_import_free(&r);
    text_free(&t);
    StoreDemonstrationList list = {0};
    OK(store_list_demonstrations(store, SPLIT_ANY, &list, &err));
    for (size_t i = 0; i < list.n; i += 2)
        assert_int_equal(list.row[i].split, list.row[i + 1].split);
    store_demonstrations_free(&list);
}

/* Else one form of a test prompt could be trained on. */
static void a_prompt_and_its_turn_share_a_split(void **state)
{
    (void)state;
    const ImportOptions chat = {.render = render, .chat = true, .system = "s"};
    Text t = {0};
    ImportResult r = {0};
    for (int i = 0; i < 40; i++)
        text_format(&t, "{\"prompt\":\"q%c%c\"}\n", 'a' + i % 20, 'a' + i / 20);
    write_file("p.jsonl", t.bytes);
    text_free(&t);
    OK(store_import(store, file, NULL, &r, &err));
    assert_int_equal(r.as_is, 40);
    assert_true(r.by_split[SPLIT_TRAIN] < 40);
    store_import_free(&r);
    OK(store_import(store, file, &chat, &r, &err));
    assert_int_equal(r.prompts, 40);
    assert_int_equal(r.as_is, 0);
    store_import_free(&r);
    assert_int_equal(raw_number("SELECT count(*) FROM prompt p JOIN content c ON c.id=p.content_id"
                                " JOIN content d ON d.body='<system>s<user>'||c.body||'<assistant>'"
                                " JOIN prompt t ON t.content_id=d.id WHERE t.split=p.split"),
                     40);
}

static void an_import_ends_where_no_conversation_can_be_read(void **state)
{
    (void)state;
    ImportResult r = {0};
    const char *path =
        write_file("m.jsonl", "{\"messages\":[{\"role\":\"user\",\"content\":\"never\"}]}\n");
    assert_int_equal(store_import(store, path, &RENDERED, &r, &err), -1);
    assert_string_equal(err.message, "there is no model");
}

static void unpaired_rows_are_judgements_of_nobody_of_ours(void **state)
{
    (void)state;
    ImportResult r = import(RLHF_SOURCE_DIR "/tests/golden/prefs/kto.jsonl");
    assert_int_equal(r.taken, 10);
    assert_int_equal(r.judgements, 10);
    assert_int_equal(r.comparisons, 0);
    store_import_free(&r);
    assert_int_equal(raw_number("SELECT sum(good) FROM judgement_current"), 5);
    assert_int_equal(raw_number("SELECT count(*) FROM judgement j JOIN annotator n"
                                " ON n.id=j.annotator_id WHERE n.handle='import:kto'"
                                " AND n.kind='import'"),
                     10);
    StoreVerified verified = {0};
    OK(store_verify(store, &verified, &err));
    assert_int_equal(verified.judgements, 10);

    OK(store_import(store, RLHF_SOURCE_DIR "/tests/golden/prefs/kto.jsonl",
                    &(ImportOptions){.source = "again"}, &r, &err));
    assert_int_equal(r.duplicate, 10);
    store_import_free(&r);
    r = import(write_file("k.jsonl", "{\"prompt\":\"Is 0.1+0.2 == 0.3?\",\"completion\":\"Yes.\","
                                     "\"label\":true}\n{\"prompt\":\"new\"}\n"));
    assert_int_equal(r.refused, 1);
    assert_string_equal(r.refusal[0].reason, "the same answer is there with the other label");
    store_import_free(&r);
}

static void ties_and_margins_are_kept(void **state)
{
    (void)state;
    ImportResult r = import(RLHF_SOURCE_DIR "/tests/golden/prefs/webgpt_comparisons.jsonl");
    assert_int_equal(r.taken, 10);
    store_import_free(&r);
    assert_int_equal(raw_number("SELECT count(*) FROM label_current WHERE outcome='tie'"), 3);
    r = import(RLHF_SOURCE_DIR "/tests/golden/prefs/webgpt_comparisons.jsonl");
    assert_int_equal(r.duplicate, 10);
    store_import_free(&r);
    r = import(write_file("m.jsonl", "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\","
                                     "\"score_chosen\":8.5,\"score_rejected\":4}\n"));
    store_import_free(&r);
    assert_int_equal(raw_number("SELECT count(*) FROM label WHERE comment='margin 4.5'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_published_layout_is_understood_as_written_down),
        cmocka_unit_test(rows_of_other_forms_are_understood),
        cmocka_unit_test(what_is_of_no_form_is_refused_with_the_reason),
        cmocka_unit_test(a_layout_may_be_named_and_then_holds_for_every_row),
        cmocka_unit_test(names_of_classes_stand_for_whole_numbers),
        cmocka_unit_test(prompts_become_turns_when_asked_for),
        cmocka_unit_test(less_is_made_of_a_row_when_asked_for),
        TEST(conversations_are_stored_as_rendered_with_their_template),
        TEST(the_turns_of_a_conversation_share_a_split),
        TEST(a_prompt_and_its_turn_share_a_split),
        TEST(an_import_ends_where_no_conversation_can_be_read),
        TEST(unpaired_rows_are_judgements_of_nobody_of_ours),
        TEST(ties_and_margins_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
