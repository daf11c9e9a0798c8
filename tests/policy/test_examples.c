/* Examples: which of them become part of others, and that nothing else is learned then. */
#include "policy/examples.h"

#include "policy/supervised.h"
#include "tests/golden.h"
#include "tests/job.h"

static ExampleSet set;

/* "12.34": tokens 1 and 2 are read, 3 and 4 learned. */
static void add(const char *text)
{
    int token[32], n = 0, prompt = 0;
    for (; *text; text++) {
        if (*text == '.') prompt = n;
        else token[n++] = *text - '0';
    }
    example_set_add(&set, token, n, prompt);
}

/* Likewise, a dot at each end of what is read and of what is learned: "12.34.5.6 1.2". */
static const char *left(void)
{
    static char out[256];
    const Examples e = example_set_examples(&set);
    char *at = out;
    for (int i = 0; i < e.n; i++) {
        if (i) *at++ = ' ';
        for (int t = e.start[i]; t < e.start[i + 1]; t++) {
            if (t > e.start[i] && e.learned[t] != e.learned[t - 1]) *at++ = '.';
            *at++ = (char)('0' + e.token[t]);
        }
    }
    *at = 0;
    example_set_free(&set);
    return out;
}

static void the_answers_of_a_conversation_become_one_example(void **state)
{
    (void)state;
    add("12.34");
    add("7.8");
    add("12345.67");
    add("12345678.9");
    assert_int_equal(example_set_fold(&set), 2);
    assert_string_equal(left(), "7.8 12.34.5.67.8.9");
}

static void what_nothing_follows_stays_as_it_is(void **state)
{
    (void)state;
    static const char *const CASE[][2] = {
        {"12.3", "12.4"},    /* two answers to one prompt */
        {"12.34", "12.3"},   /* one answer that goes on where another ends */
        {"12.3", "12.3"},    /* the same twice */
        {"12.34", "1235.6"}, /* another answer stands in the later prompt */
        {"12.34", "2.1234"},
        {"12.345", "1234.56"} /* cut elsewhere: what is read must hold all of it */
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        char both[64];
        snprintf(both, sizeof both, "%s %s", CASE[i][0], CASE[i][1]);
        add(CASE[i][0]);
        add(CASE[i][1]);
        assert_int_equal(example_set_fold(&set), 0);
        assert_string_equal(left(), both);
    }
    assert_int_equal(example_set_fold(&set), 0);
    example_set_free(&set);
}

/* Two conversations with the same first turn, which came once: it is learned once. */
static void what_two_begin_with_is_learned_in_one(void **state)
{
    (void)state;
    add("12.34");
    add("12346.7");
    add("12345.6");
    assert_int_equal(example_set_fold(&set), 1);
    assert_string_equal(left(), "12346.7 12.34.5.6");
}

/* Random conversations of four turns each, one example for each answer. */
enum { TALKS = 5, TURNS = 4 };
static void add_talks(int V)
{
    for (int i = 0; i < TALKS; i++) {
        int token[64], n = 0;
        for (int k = 0; k < TURNS; k++) {
            const int prompt = n + 2 + (i + k) % 3, end = prompt + 1 + (3 * i + k) % 4;
            for (; n < end; n++) token[n] = rng_below(V, 1, RNG_TEST, (uint64_t)i, (uint64_t)n);
            example_set_add(&set, token, end, prompt);
        }
    }
}

static Job job_new(const ModelConfig *config, const Examples *e)
{
    SupervisedConfig c;
    Config all = {0};
    config_bind(&all, &SFT_TABLE, &c);
    c.steps = 1, c.batch_size = e->n, c.max_tokens = 1000, c.max_grad_norm = 0;
    const PolicyOptions o = supervised_options(&c);
    Job j = job_open(config, &o);
    j.trainer = supervised_trainer(supervised_new(j.policy, e, e, &c, 9));
    return j;
}

/* In fewer passes: the same tokens after the same tokens, so the same log-probabilities, to the bit, and the same
 * loss and gradient but for the order of their sums. */
static void folding_changes_neither_loss_nor_gradient(void **state)
{
    (void)state;
    static const ModelConfig *const CONFIG[] = {&TINY_GPT2, &TINY_LLAMA};
    for (int k = 0; k < 2; k++) {
        add_talks(CONFIG[k]->V);
        ExampleSet apart = set;
        set = (ExampleSet){0};
        add_talks(CONFIG[k]->V);
        assert_int_equal(example_set_fold(&set), TALKS * (TURNS - 1));
        const Examples e = example_set_examples(&apart), folded = example_set_examples(&set);
        int counted = 0, in_folded = 0;
        for (int i = 0; i < e.n; i++) counted += examples_count(&e, i);
        for (int i = 0; i < folded.n; i++) in_folded += examples_count(&folded, i);
        assert_int_equal(in_folded, counted);
        assert_true(folded.start[folded.n] < e.start[e.n] / 2);

        Job a = job_new(CONFIG[k], &e), b = job_new(CONFIG[k], &folded);
        assert_near(supervised_loss(b.policy, &folded), supervised_loss(a.policy, &e), 1e-12);
        assert_near(job_step(&b, 0), job_step(&a, 0), 1e-8);
        assert_same_gradient(&a, &b);
        supervised_free(a.trainer.self), supervised_free(b.trainer.self);
        job_close(&a), job_close(&b);
        example_set_free(&apart), example_set_free(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answers_of_a_conversation_become_one_example),
        cmocka_unit_test(what_nothing_follows_stays_as_it_is),
        cmocka_unit_test(what_two_begin_with_is_learned_in_one),
        cmocka_unit_test(folding_changes_neither_loss_nor_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
