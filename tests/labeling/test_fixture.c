/* A database for the scripts of this folder, which have no model to sample with; and looks into any:
 *
 *     labeling_test_fixture make DIR N    DIR/rlhf.db with N pairs to label
 *     labeling_test_fixture text DIR      one pair of long and hostile texts
 *     labeling_test_fixture labels DIR    the labels that stand, a line each: comparison kind annotator chosen
 *     labeling_test_fixture pairs DIR CAMPAIGN    the same pairs once more, in another campaign
 *     labeling_test_fixture say DIR WHO PAIR CHOICE MS    WHO says a, b, tie or skip of a pair after MS milliseconds
 *     labeling_test_fixture models DIR    the models, a line each: name role run step
 *     labeling_test_fixture asked DIR    the pairs of `default`, a line each: prompt and, of both answers, model, number, text
 *     labeling_test_fixture evaluation DIR COMMAND JSON    what COMMAND is said to have found
 *
 * Without arguments it is a test of itself. */
#include "tests/labeling/fixture.h"

static const char LONG_PROMPT[] =
    "\n\nHuman: I bake twice a week.  My sourdough never rises after I move it to the fridge "
    "overnight.\n\nAssistant: How long is the bulk ferment before you shape, and how warm is your "
    "kitchen?\n\nHuman: About 3 hours, 19 C.  What am I doing wrong, and how do I save tomorrow's "
    "loaf?\n\nAssistant:";
static const char LONG_A[] =
    " Cold slows yeast, it does not kill it.  Your starter is probably weak at the moment you "
    "shape:\n\n  1. Feed 1:1:1 twice, 12 hours apart, and use it at its peak.\n  2. Wait for the "
    "float test.\n  3. Bulk until the dough has grown 50%, then chill.\n\nAt 19 C a 3 hour bulk is "
    "about half of what you need; expect 5 to 6 hours.  A warm spot of 24 C brings it back to "
    "roughly 4 hours.\n\nFor tomorrow's loaf, take it out 3 hours early and bake when a poked "
    "finger mark springs back slowly.\n\n| temp | bulk  |\n|------|-------|\n| 19 C | 5-6 h |\n| "
    "24 C | 4 h   |\n\nOne more thing: \xe7\x83\xa4\xe7\xae\xb1\xe9\xa2\x84\xe7\x83\xad means "
    "preheat the oven, caf\xc3\xa9 is caf\xc3\xa9, and this \x1b[31mis not red\x1b[0m, nor "
    "\xe2\x80\xaeturned round\xe2\x80\xac.\n\nLast line of A.";
static const char LONG_B[] =
    " The most common cause is an under-fermented bulk stage.  Before you refrigerate, the dough "
    "should have grown about 50% and jiggle when you move the bowl.\n\nFor tomorrow: leave it at "
    "room temperature for 2-3 hours before baking.  Do not add more yeast.\n\nNext time, start the "
    "bulk earlier, or use warmer water (30 C) so that the dough itself starts near 25 C.";

static Store *open_in(const char *folder, bool fresh)
{
    Error err = {0};
    Store *s = NULL;
    char path[FIXTURE_PATH];
    snprintf(path, sizeof path, "%s/rlhf.db", folder);
    if (fresh && store_create(path, 7, &err) != 0) fixture_fail(&err);
    if (store_open(&s, path, &err) != 0) fixture_fail(&err);
    return s;
}

static void print_labels(Store *s)
{
    Error err = {0};
    StorePreferenceList list = {0};
    if (store_list_preferences(s, NULL, &list, &err) != 0) fixture_fail(&err);
    for (size_t i = 0; i < list.n; i++)
        printf("%lld %s %s %s\n", (long long)list.row[i].comparison_id,
               annotator_kind_name(list.row[i].kind), list.row[i].annotator,
               list.row[i].tie ? "(tie)" : list.row[i].chosen);
    store_preferences_free(&list);
}

/* Answers come in order, two to a prompt. */
static void add_pairs(Store *s, const char *campaign)
{
    Error err = {0};
    StoreResponseList list = {0};
    if (store_use_campaign(s, campaign, &err) != 0 ||
        store_list_responses(s, &(StoreResponseFilter){0}, &list, &err) != 0)
        fixture_fail(&err);
    for (size_t i = 0; i + 1 < list.n; i += 2) {
        StoreComparison c = {.prompt_id = list.row[i].prompt_id,
                             .a_id = list.row[i].id,
                             .b_id = list.row[i + 1].id,
                             .origin = "random"};
        if (store_add_comparisons(s, &c, 1, NULL, &err) != 0) fixture_fail(&err);
    }
    store_responses_free(&list);
}

/* Sides are as stored, so that two people can be made to agree. */
static void say(Store *s, char **argv)
{
    Error err = {0};
    StoreClaim claim = {0};
    int64_t annotator = 0, session = 0;
    const char *choice = argv[5];
    if (store_add_annotator(s, argv[3], ANNOTATOR_HUMAN, &annotator, &err) != 0 ||
        store_begin_session(s, &(StoreSession){.annotator_id = annotator, .ui = "line"}, &session,
                            &err) != 0 ||
        store_hold_comparison(s, session, atoi(argv[4]), &claim, &err) != 0)
        fixture_fail(&err);
    StoreDecision d = {.assignment_id = claim.assignment_id,
                       .outcome = strcmp(choice, "tie") == 0    ? OUTCOME_TIE
                                  : strcmp(choice, "skip") == 0 ? OUTCOME_SKIP
                                                                : OUTCOME_PREF,
                       .shown_us = store_time_us(),
                       .active_ms = atoi(argv[6])};
    if (d.outcome == OUTCOME_PREF)
        d.preferred = (strcmp(choice, "b") == 0) != claim.swapped ? 1 : -1;
    store_make_uuid(d.uuid);
    if (store_save_label(s, &d, NULL, &err) != 0 ||
        store_end_session(s, session, "quit", &err) != 0)
        fixture_fail(&err);
    store_claim_free(&claim);
}

static void print_models(Store *s)
{
    Error err = {0};
    StoreModelList list = {0};
    if (store_list_models(s, &list, &err) != 0) fixture_fail(&err);
    for (size_t i = 0; i < list.n; i++)
        printf("%s %s %s %lld\n", list.row[i].name, list.row[i].role,
               list.row[i].run ? list.row[i].run : "-", (long long)list.row[i].step);
    store_models_free(&list);
}

static void print_answer(Store *s, const StorePair *pair, int64_t id)
{
    Error err = {0};
    StoreModelList models = {0};
    StoreResponseList list = {0};
    if (store_list_models(s, &models, &err) != 0 ||
        store_list_responses(s, &(StoreResponseFilter){.prompt_id = pair->prompt_id}, &list,
                             &err) != 0)
        fixture_fail(&err);
    for (size_t i = 0; i < list.n; i++) {
        const StoreResponse *r = &list.row[i];
        for (size_t m = 0; m < models.n && r->id == id; m++)
            if (models.row[m].id == r->model_id)
                printf("\t%s\t%d\t", models.row[m].name, r->sample_no);
        for (const char *c = r->text; *c && r->id == id; c++)
            putchar(*c < ' ' && *c > 0 ? ' ' : *c);
    }
    store_responses_free(&list);
    store_models_free(&models);
}

static void print_pairs(Store *s)
{
    Error err = {0};
    StorePairList list = {0};
    if (store_list_unlabeled(s, 0, 0, &list, &err) != 0) fixture_fail(&err);
    for (size_t i = 0; i < list.n; i++) {
        printf("%lld", (long long)list.row[i].prompt_id);
        print_answer(s, &list.row[i], list.row[i].a_id);
        print_answer(s, &list.row[i], list.row[i].b_id);
        putchar('\n');
    }
    store_pairs_free(&list);
}

static void add_evaluation(Store *s, const char *command, const char *json)
{
    Error err = {0};
    if (store_add_evaluation(s, command, NULL, json, &err) != 0) fixture_fail(&err);
}

static void a_fixture_has_the_pairs_asked_for(void **state)
{
    (void)state;
    char path[FIXTURE_PATH];
    Error err = {0};
    int64_t n = 0;
    Store *s = fixture_open(path);
    fixture_fill(s, 3);
    assert_int_equal(store_count_comparisons(s, &n, &err), 0);
    assert_int_equal(n, 3);
    fixture_close(s, path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_fixture_has_the_pairs_asked_for)};
    if (argc < 3) return cmocka_run_group_tests(tests, NULL, NULL);
    const bool makes = strcmp(argv[1], "make") == 0 || strcmp(argv[1], "text") == 0;
    Store *s = open_in(argv[2], makes);
    if (strcmp(argv[1], "make") == 0) fixture_fill(s, argc > 3 ? atoi(argv[3]) : 10);
    else if (strcmp(argv[1], "text") == 0) fixture_pair(s, LONG_PROMPT, LONG_A, LONG_B);
    else if (strcmp(argv[1], "models") == 0) print_models(s);
    else if (strcmp(argv[1], "asked") == 0) print_pairs(s);
    else if (strcmp(argv[1], "evaluation") == 0 && argc == 5) add_evaluation(s, argv[3], argv[4]);
    else if (strcmp(argv[1], "pairs") == 0 && argc == 4) add_pairs(s, argv[3]);
    else if (strcmp(argv[1], "say") == 0 && argc == 7) say(s, argv);
    else print_labels(s);
    store_close(s);
    return 0;
}
