/* Writing on the screen without its terminal: keys in, demonstrations out, on a clock that the test moves. */
#include "tests/labeling/fixture.h"

#include "base/file.h"
#include "base/rng.h"
#include "labeling/writing_desk.h"

enum { MS = 1000, SECOND = 1000000, COLS = 80, ROWS = 24 };

typedef struct {
    char path[FIXTURE_PATH], draft[FIXTURE_PATH + 16];
    Store *store;
    WritingOptions options;
    WritingDesk desk;
    int64_t now;
} Bench;

static int64_t bench_now(void *context)
{
    return ((Bench *)context)->now;
}

static void begin(Bench *b)
{
    Error err = {0};
    const WritingDeskOptions o = {.store = b->store,
                                  .options = &b->options,
                                  .draft = b->draft,
                                  .now = bench_now,
                                  .context = b};
    b->now += SECOND;
    if (writing_desk_open(&b->desk, &o, ROWS, COLS, &err) != 0) fixture_fail(&err);
    b->now += SECOND;
}

static void bench_open(Bench *b, int prompts)
{
    Error err = {0};
    *b = (Bench){.now = SECOND, .options = {.writer = "ada", .form = {"Q: ", " A:", " "}}};
    b->store = fixture_open(b->path);
    snprintf(b->draft, sizeof b->draft, "%s.draft", b->path);
    fixture_fill(b->store, prompts);
    b->options.answers_only = prompts > 0;
    if (store_add_annotator(b->store, "ada", ANNOTATOR_HUMAN, &b->options.annotator_id, &err) !=
            0 ||
        store_begin_session(b->store,
                            &(StoreSession){.annotator_id = b->options.annotator_id, .ui = "tui"},
                            &b->options.session_id, &err) != 0)
        fixture_fail(&err);
    begin(b);
}

static void bench_close(Bench *b)
{
    writing_desk_close(&b->desk);
    unlink(b->draft);
    fixture_close(b->store, b->path);
}

/* At once after the key before it. */
static void hit(Bench *b, int key)
{
    Error err = {0};
    assert_int_equal(writing_desk_key(&b->desk, key, &err), 0);
}

static void press(Bench *b, int key)
{
    b->now += SECOND;
    hit(b, key);
}

static void type(Bench *b, const char *keys)
{
    for (; *keys; keys++) press(b, *keys);
}

static void paste(Bench *b, const char *text)
{
    press(b, KEY_PASTE_BEGIN);
    for (; *text; text++) hit(b, (unsigned char)*text);
    hit(b, KEY_PASTE_END);
}

static void assert_demonstrations(const Bench *b, size_t n, const char *prompt,
                                  const char *response)
{
    Error err = {0};
    StoreDemonstrationList list = {0};
    assert_int_equal(store_list_demonstrations(b->store, SPLIT_ANY, &list, &err), 0);
    assert_int_equal(list.n, n);
    if (n) assert_string_equal(list.row[n - 1].prompt, prompt);
    if (n) assert_string_equal(list.row[n - 1].response, response);
    store_demonstrations_free(&list);
}

static void a_prompt_and_its_answer_are_saved_by_a_key(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 0);
    type(&b, "Why?\t Scale.\r\rBoil it. ");
    assert_demonstrations(&b, 0, "", "");
    press(&b, KEY_CTRL_S);
    assert_demonstrations(&b, 1, "Q: Why? A:", " Scale.\n\nBoil it.");
    assert_non_null(strstr(b.desk.message, "saved #1: demonstration 1"));
    assert_false(writing_desk_is_unsaved(&b.desk));
    assert_int_equal(b.desk.focus, WRITING_PROMPT);
    bench_close(&b);
}

static void what_is_missing_is_said_and_nothing_saved(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 0);
    type(&b, "Why?");
    press(&b, KEY_CTRL_S);
    assert_string_equal(b.desk.message, "not saved: an answer is missing");
    assert_int_equal(b.desk.focus, WRITING_ANSWER);
    assert_demonstrations(&b, 0, "", "");
    bench_close(&b);
}

/* Ctrl-S, Ctrl-X, Esc, an arrow and y, d among what is pasted. */
static void pasted_text_is_never_a_command(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 0);
    type(&b, "Why?\t");
    paste(&b, "one\r\ntwo\x13\x18\x1b"
              "dsk\tx");
    press(&b, KEY_PASTE_BEGIN);
    hit(&b, KEY_UP_ARROW);
    hit(&b, KEY_PASTE_END);
    assert_demonstrations(&b, 0, "", "");
    assert_null(b.desk.reason);
    assert_ptr_equal(b.desk.mode, &WRITING_EDIT);
    assert_string_equal(b.desk.area[WRITING_ANSWER].text.bytes, "one\ntwodsk\tx");
    bench_close(&b);
}

/* A terminal that ends the paste too early would send the rest as keys. */
static void a_command_right_behind_a_paste_does_not_count(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 0);
    type(&b, "Why?\t");
    paste(&b, "Scale.");
    b.now += WRITING_GUARD_US - MS;
    hit(&b, KEY_CTRL_S);
    assert_demonstrations(&b, 0, "", "");
    b.now += MS;
    hit(&b, KEY_CTRL_S);
    assert_demonstrations(&b, 1, "Q: Why? A:", " Scale.");
    bench_close(&b);
}

static void a_paste_that_never_ends_is_over_after_a_while(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 0);
    press(&b, KEY_PASTE_BEGIN);
    hit(&b, 'x');
    b.now += WRITING_PASTE_US - MS;
    hit(&b, KEY_CTRL_X);
    assert_ptr_equal(b.desk.mode, &WRITING_EDIT); /* pasted, for all that is known */
    b.now += WRITING_PASTE_US;
    hit(&b, KEY_CTRL_X); /* too quick behind a paste that has just ended */
    assert_ptr_equal(b.desk.mode, &WRITING_EDIT);
    press(&b, KEY_CTRL_X);
    assert_ptr_equal(b.desk.mode, &WRITING_LEAVE);
    bench_close(&b);
}

static void leaving_asks_when_something_is_not_saved(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 0);
    type(&b, "Why?");
    press(&b, KEY_CTRL_X);
    assert_ptr_equal(b.desk.mode, &WRITING_LEAVE);
    hit(&b, 'd'); /* typed ahead of the question */
    assert_null(b.desk.reason);
    press(&b, KEY_ESCAPE);
    assert_ptr_equal(b.desk.mode, &WRITING_EDIT);
    press(&b, KEY_CTRL_X);
    press(&b, 'd');
    assert_string_equal(b.desk.reason, "quit");
    assert_false(file_exists(b.draft));
    bench_close(&b);
}

static void leaving_may_keep_or_save(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 0);
    press(&b, KEY_CTRL_X);
    assert_string_equal(b.desk.reason, "quit"); /* nothing is written: nothing is asked */
    b.desk.reason = NULL;
    type(&b, "Why?");
    press(&b, KEY_CTRL_X);
    press(&b, 'k');
    assert_string_equal(b.desk.reason, "quit");
    assert_true(file_exists(b.draft));
    writing_desk_close(&b.desk);
    begin(&b);
    assert_string_equal(b.desk.area[WRITING_PROMPT].text.bytes, "Why?");
    type(&b, "\tScale.");
    press(&b, KEY_CTRL_X);
    press(&b, 's');
    assert_string_equal(b.desk.reason, "quit");
    assert_demonstrations(&b, 1, "Q: Why? A:", " Scale.");
    assert_false(file_exists(b.draft));
    bench_close(&b);
}

static void the_next_start_shows_what_was_begun(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 0);
    type(&b, "Why?\tScale");
    press(&b, KEY_LEFT_ARROW);
    writing_desk_keep(&b.desk);
    type(&b, "!"); /* after the last keeping: lost with a killed program */
    writing_desk_close(&b.desk);
    begin(&b);
    assert_string_equal(b.desk.message, "here is what you had begun");
    assert_int_equal(b.desk.focus, WRITING_ANSWER);
    press(&b, 'x');
    assert_string_equal(b.desk.area[WRITING_ANSWER].text.bytes, "Scalxe");
    bench_close(&b);
}

static void a_draft_that_cannot_be_read_is_not_written_over(void **state)
{
    (void)state;
    Bench b;
    Error err = {0};
    bench_open(&b, 0);
    writing_desk_close(&b.desk);
    assert_int_equal(file_write(b.draft, "{", 1, &err), 0);
    begin(&b);
    type(&b, "Why?");
    writing_desk_keep(&b.desk);
    assert_int_equal(file_size(b.draft), 1);
    bench_close(&b);
}

/* The process that runs this test's shell is at work and another one. */
static void the_draft_of_another_program_at_work_is_left_alone(void **state)
{
    (void)state;
    Bench b;
    Error err = {0};
    char text[64], *after = NULL;
    size_t n = 0;
    const int length = snprintf(text, sizeof text, "{\"process\":\"%ld 0\"}", (long)getppid());
    bench_open(&b, 0);
    writing_desk_close(&b.desk);
    assert_int_equal(file_write(b.draft, text, (size_t)length, &err), 0);
    begin(&b);
    type(&b, "Why?");
    writing_desk_keep(&b.desk);
    assert_non_null(strstr(b.desk.message, "the draft is NOT kept: another rlhf write of yours"));
    press(&b, KEY_CTRL_X);
    press(&b, 'd');
    assert_int_equal(file_read(&after, &n, b.draft, sizeof text, &err), 0);
    assert_string_equal(after, text);
    free(after);
    bench_close(&b);
}

static void the_last_one_is_taken_back_to_be_mended(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 0);
    type(&b, "Why?\tScale.");
    press(&b, KEY_CTRL_S);
    press(&b, 'x');
    press(&b, KEY_CTRL_T);
    assert_demonstrations(&b, 1, "Q: Why? A:", " Scale."); /* x is not saved */
    press(&b, KEY_RUBOUT);
    press(&b, KEY_CTRL_T);
    assert_demonstrations(&b, 0, "", "");
    press(&b, '!');
    press(&b, KEY_CTRL_S);
    assert_demonstrations(&b, 1, "Q: Why? A:", " Scale.!");
    bench_close(&b);
}

static void prompts_of_the_store_are_answered_or_passed(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 3);
    assert_int_equal(b.desk.prompts.n, 3);
    press(&b, KEY_CTRL_N);
    type(&b, "yes");
    press(&b, KEY_CTRL_N); /* not with an answer that is not saved */
    assert_int_equal(b.desk.at, 1);
    press(&b, KEY_TAB);
    press(&b, 'z'); /* the prompt is given */
    press(&b, KEY_CTRL_S);
    assert_demonstrations(&b, 1, "prompt 2", " yes");
    press(&b, KEY_CTRL_N);
    assert_ptr_equal(b.desk.mode, &WRITING_END);
    press(&b, KEY_CTRL_T);
    assert_ptr_equal(b.desk.mode, &WRITING_EDIT);
    assert_int_equal(b.desk.at, 1);
    assert_string_equal(b.desk.area[WRITING_ANSWER].text.bytes, "yes");
    bench_close(&b);
}

static void a_draft_comes_back_to_its_prompt(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 3);
    press(&b, KEY_CTRL_N);
    type(&b, "yes");
    writing_desk_keep(&b.desk);
    writing_desk_close(&b.desk);
    begin(&b);
    assert_int_equal(b.desk.at, 1);
    press(&b, KEY_CTRL_S);
    assert_demonstrations(&b, 1, "prompt 2", " yes");
    bench_close(&b);
}

static void where_it_is_too_small_leaving_keeps(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 0);
    type(&b, "Why?");
    writing_desk_resize(&b.desk, 11, 80);
    type(&b, "unseen");
    press(&b, KEY_CTRL_X);
    assert_string_equal(b.desk.reason, "quit");
    writing_desk_close(&b.desk);
    begin(&b);
    assert_string_equal(b.desk.area[WRITING_PROMPT].text.bytes, "Why?");
    bench_close(&b);
}

/* 8,000 keys, pastes and sizes among them: the text stays UTF-8, the cursor in it and in sight, and nothing is saved
 * that nobody saved. */
static void random_keys_leave_the_text_whole(void **state)
{
    (void)state;
    enum { PRESSED = 8000 };
    static const int KEYS[] = {'a',
                               ' ',
                               'x',
                               '\t',
                               '\n',
                               '\r',
                               0x62b9,
                               0x301,
                               0x1f469,
                               0x200d,
                               0x1f4bb,
                               0xe9,
                               KEY_UP_ARROW,
                               KEY_DOWN_ARROW,
                               KEY_LEFT_ARROW,
                               KEY_RIGHT_ARROW,
                               KEY_WORD_LEFT,
                               KEY_WORD_RIGHT,
                               KEY_TO_BEGIN,
                               KEY_TO_END,
                               KEY_PAGE_UP,
                               KEY_PAGE_DOWN,
                               KEY_DELETE,
                               KEY_RUBOUT,
                               KEY_CTRL_W,
                               KEY_CTRL_Y,
                               KEY_CTRL_K,
                               KEY_CTRL_X,
                               KEY_ESCAPE,
                               KEY_PASTE_BEGIN,
                               KEY_PASTE_END,
                               KEY_HELP_F1,
                               KEY_TEXT_BEGIN,
                               KEY_TEXT_END,
                               'd'};
    enum { ALL = sizeof KEYS / sizeof *KEYS };
    Bench b;
    bench_open(&b, 0);
    for (int i = 0; i < PRESSED; i++) {
        const uint64_t r = rng_bits(11, RNG_TEST, (uint64_t)i, 0);
        if (r % 100 == 0) writing_desk_resize(&b.desk, ROWS, (int)(40 + (r >> 8) % 100));
        b.now += (int64_t)((r >> 16) % (400 * MS));
        hit(&b, KEYS[(r >> 32) % ALL]);
        b.desk.reason = NULL;
        for (int part = 0; part < WRITING_PARTS; part++) {
            TextArea *t = &b.desk.area[part];
            int row, col;
            textarea_resize(t, 7, t->cols);
            textarea_place(t, &row, &col);
            assert_true(row >= 0 && row < 7 && col >= 0 && col < t->cols);
            assert_true(t->cursor <= t->text.n);
            assert_true(text_is_utf8(t->text.bytes, t->text.n, NULL));
        }
    }
    assert_demonstrations(&b, 0, "", "");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prompt_and_its_answer_are_saved_by_a_key),
        cmocka_unit_test(what_is_missing_is_said_and_nothing_saved),
        cmocka_unit_test(pasted_text_is_never_a_command),
        cmocka_unit_test(a_command_right_behind_a_paste_does_not_count),
        cmocka_unit_test(a_paste_that_never_ends_is_over_after_a_while),
        cmocka_unit_test(leaving_asks_when_something_is_not_saved),
        cmocka_unit_test(leaving_may_keep_or_save),
        cmocka_unit_test(the_next_start_shows_what_was_begun),
        cmocka_unit_test(a_draft_that_cannot_be_read_is_not_written_over),
        cmocka_unit_test(the_draft_of_another_program_at_work_is_left_alone),
        cmocka_unit_test(the_last_one_is_taken_back_to_be_mended),
        cmocka_unit_test(prompts_of_the_store_are_answered_or_passed),
        cmocka_unit_test(a_draft_comes_back_to_its_prompt),
        cmocka_unit_test(where_it_is_too_small_leaving_keeps),
        cmocka_unit_test(random_keys_leave_the_text_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
