/* Looking through a comparison without a terminal: which item, in which order, which two answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "labeling/key.h"
#include "labeling/pager.h"

enum { ITEMS = 4, ROWS = 24, COLS = 80 };

static void read_item(PagerItem *out, int i, void *context)
{
    static const char *const TEXT[] = {"zero", "one", "two", "three"};
    (void)context;
    *out = (PagerItem){.prompt_id = i,
                       .prompt = TEXT[i],
                       .answer = {{.text = "of the base", .finished = true},
                                  {.text = "of the aligned", .finished = true},
                                  {.text = "the best of many", .finished = true}}};
}

/* worst 3 2 1 0, best 1 0 2 3, the k-th draw turns by k */
static void order_items(int *item, PagerOrder order, int draw, void *context)
{
    static const int BEST[ITEMS] = {1, 0, 2, 3};
    (void)context;
    for (int i = 0; i < ITEMS; i++)
        item[i] = order == PAGER_WORST        ? ITEMS - 1 - i
                  : order == PAGER_BEST_FIRST ? BEST[i]
                  : order == PAGER_RANDOM     ? (i + draw) % ITEMS
                                              : i;
}

static PagerSource source_of(const char *best)
{
    return (PagerSource){.title = "test",
                         .name = {"base", "aligned", best},
                         .n = ITEMS,
                         .read = read_item,
                         .order = order_items};
}

static void assert_shown(Pager *p, const char *keys, int prompt)
{
    for (; *keys; keys++) pager_key(p, *keys);
    assert_int_equal(p->item.prompt_id, prompt);
}

static void next_and_previous_stop_at_the_ends(void **state)
{
    (void)state;
    Pager p;
    const PagerSource source = source_of(NULL);
    pager_open(&p, &source, PAGER_FIRST, ROWS, COLS);
    assert_shown(&p, "p", 0);
    assert_shown(&p, "nn", 2);
    assert_shown(&p, "nn", 3);
    assert_shown(&p, "p", 2);
    pager_close(&p);
}

static void each_order_begins_with_its_first(void **state)
{
    (void)state;
    Pager p;
    const PagerSource source = source_of(NULL);
    pager_open(&p, &source, PAGER_WORST, ROWS, COLS);
    assert_shown(&p, "", 3);
    assert_shown(&p, "nb", 1);
    assert_shown(&p, "nw", 3);
    assert_shown(&p, "f", 0);
    assert_shown(&p, "r", 1);
    assert_shown(&p, "r", 2); /* drawn anew */
    pager_close(&p);
}

static void the_best_of_n_takes_the_place_of_the_base(void **state)
{
    (void)state;
    Pager p;
    const PagerSource two = source_of(NULL), three = source_of("best of 4");
    pager_open(&p, &three, PAGER_FIRST, ROWS, COLS);
    assert_string_equal(p.view.answer[0].text, "of the base");
    assert_shown(&p, "nc", 1);
    assert_string_equal(p.view.answer[0].text, "the best of many");
    assert_string_equal(p.view.name[0], "best of 4");
    pager_key(&p, 'c');
    assert_string_equal(p.view.answer[0].text, "of the base");
    pager_close(&p);
    pager_open(&p, &two, PAGER_FIRST, ROWS, COLS);
    pager_key(&p, 'c');
    assert_string_equal(p.view.answer[0].text, "of the base");
    pager_close(&p);
}

/* "of the" is in both. */
static void differences_are_marked_until_d(void **state)
{
    (void)state;
    Pager p;
    const PagerSource source = source_of(NULL);
    pager_open(&p, &source, PAGER_FIRST, ROWS, COLS);
    assert_int_equal(p.view.answer[0].part[0], LAYOUT_PLAIN);
    assert_int_equal(p.view.answer[0].part[7], LAYOUT_ONLY);
    pager_key(&p, 'd');
    assert_int_equal(p.view.answer[0].part[7], LAYOUT_PLAIN);
    assert_shown(&p, "n", 1);
    assert_int_equal(p.view.answer[0].part[7], LAYOUT_PLAIN); /* and stay so */
    pager_close(&p);
}

static void q_ends_it_even_where_it_is_too_small(void **state)
{
    (void)state;
    Pager p;
    const PagerSource source = source_of(NULL);
    pager_open(&p, &source, PAGER_FIRST, ROWS, COLS);
    pager_key(&p, 'x');
    assert_null(p.reason);
    pager_resize(&p, 5, 20);
    pager_key(&p, 'n');
    assert_int_equal(p.at, 0);
    pager_key(&p, 'q');
    assert_string_equal(p.reason, "quit");
    pager_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_and_previous_stop_at_the_ends),
        cmocka_unit_test(each_order_begins_with_its_first),
        cmocka_unit_test(the_best_of_n_takes_the_place_of_the_base),
        cmocka_unit_test(differences_are_marked_until_d),
        cmocka_unit_test(q_ends_it_even_where_it_is_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
