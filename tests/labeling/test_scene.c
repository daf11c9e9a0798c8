/* A project as annotators meet one, for scripts that look at the screen:
 *
 *     labeling_test_scene DIR SCALE GOAL    DIR/rlhf.db: three prompts, four pairs, guidelines, two gold pairs
 *     labeling_test_scene DIR disputed      ada, ben and eve on all four pairs: they differ on three
 *     labeling_test_scene pages RULE|REWARD    three prompts with two models' answers, looked through
 *     labeling_test_scene DIR show          every standing label of ada: outcome, side as shown, reasons, note
 *
 * Without arguments it is a test of itself. */
#include "tests/labeling/fixture.h"

#include "labeling/pager.h"

static const char GUIDELINES[] =
    "Which answer would you rather get if you had asked this?\n"
    "\n"
    "1. Right before helpful: a wrong answer loses, however friendly.\n"
    "2. Helpful before brief: it says what to do, in an order that works.\n"
    "3. Length alone is no reason. An answer that admits not to know is better than a wrong one "
    "and "
    "worse than a right one.\n"
    "\n"
    "Flag what names a private person or tells how to do harm.";

static const char BREAD[] =
    "<|im_start|>user\nI bake twice a week. My sourdough never rises after I move it to the fridge "
    "overnight.<|im_end|>\n<|im_start|>assistant\nHow long is the bulk ferment before you shape, "
    "and "
    "how warm is your kitchen?<|im_end|>\n<|im_start|>user\nAbout 3 hours, 19 C. What am I doing "
    "wrong, and how do I save tomorrow's loaf?<|im_end|>\n<|im_start|>assistant\n";
static const char *const BREAD_ANSWERS[] = {
    "Cold slows yeast, it does not kill it. At 19 C a bulk ferment of 3 hours is about half of "
    "what "
    "you need; expect 5 to 6 hours.\n\n  1. Feed the starter 1:1:1 twice, 12 hours apart.\n  2. "
    "Wait "
    "for the float test.\n  3. Chill when the dough has grown by half.\n\nFor tomorrow's loaf, "
    "take "
    "it out 3 hours early and bake when a poked finger mark springs back slowly.",
    "Cold slows yeast, it does not kill it. At 19 C a bulk ferment of 3 hours is plenty, so the "
    "yeast must be dead; buy new yeast.\n\n  1. Add a spoon of sugar.\n  2. Wait for the float "
    "test.\n"
    "  3. Chill when the dough has grown by half.\n\nTomorrow's loaf cannot be saved.",
    "I am not sure; it may be the flour."};

static const char TEA[] = "\n\nHuman: \xe6\x8a\xb9\xe8\x8c\xb6 (matcha): how hot should the water "
                          "be?\n\nAssistant:";
static const char *const TEA_ANSWERS[] = {
    " About 75 to 80 C. \xe7\x86\xb1\xe6\xb9\xaf (boiling water) makes it bitter.",
    " Boiling, 100 C \xf0\x9f\x94\xa5."};

static const char LOOP[] =
    "Why does this never end?\n\n    for (unsigned i = 9; i >= 0; i--) f(i);";
static const char *const LOOP_ANSWERS[] = {"i is unsigned, so i >= 0 is always true: below 0 it "
                                           "wraps to the largest value. Make it an int.",
                                           "The loop is fine; f must be slow."};

typedef struct {
    const char *prompt, *template;
    const char *const *answer;
    int n; /* answers: each is paired with the first */
} Scene;

static const Scene SCENES[] = {{BREAD, "chatml", BREAD_ANSWERS, 3},
                               {TEA, NULL, TEA_ANSWERS, 2},
                               {LOOP, NULL, LOOP_ANSWERS, 2}};

static void add_scene(Store *s, const Scene *scene, int64_t model, Error *err)
{
    StorePrompt p = {.text = scene->prompt,
                     .source = "scene",
                     .split = SPLIT_TRAIN,
                     .template = scene->template};
    StoreResponse r[3] = {{0}};
    if (store_add_prompts(s, &p, 1, NULL, err) != 0) fixture_fail(err);
    for (int i = 0; i < scene->n; i++)
        r[i] = (StoreResponse){.prompt_id = p.id,
                               .model_id = model,
                               .text = scene->answer[i],
                               .finish = "stop",
                               .sample_no = i};
    if (store_add_responses(s, r, (size_t)scene->n, NULL, err) != 0) fixture_fail(err);
    for (int i = 1; i < scene->n; i++) {
        StoreComparison c = {
            .prompt_id = p.id, .a_id = r[0].id, .b_id = r[i].id, .origin = "random"};
        if (store_add_comparisons(s, &c, 1, NULL, err) != 0) fixture_fail(err);
    }
}

static void make(Store *s, int scale, int goal)
{
    Error err = {0};
    StoreCampaign campaign = {0};
    StoreModel m = {.name = "base", .role = "base", .path = "none"};
    if (store_add_model(s, &m, &err) != 0) fixture_fail(&err);
    for (size_t i = 0; i < sizeof SCENES / sizeof *SCENES; i++)
        add_scene(s, &SCENES[i], m.id, &err);
    const StoreGold gold[] = {
        {1, OUTCOME_PREF, -1, "B's cause is wrong, and it gives up on the loaf."},
        {3, OUTCOME_PREF, -1, "Boiling water makes matcha bitter: right before anything else."}};
    for (size_t i = 0; i < sizeof gold / sizeof *gold; i++)
        if (store_put_gold(s, &gold[i], &err) != 0) fixture_fail(&err);
    if (store_get_campaign(s, NULL, &campaign, &err) != 0) fixture_fail(&err);
    StoreCampaign edited = campaign;
    edited.scale = scale, edited.goal = goal, edited.guidelines = GUIDELINES;
    if (store_edit_campaign(s, &edited, &err) != 0) fixture_fail(&err);
    store_campaign_free(&campaign);
}

/* Sides as stored, so that they are known here. */
static void say(Store *s, const char *who, int64_t pair, Outcome outcome, int preferred,
                const char *comment)
{
    Error err = {0};
    StoreClaim claim = {0};
    int64_t annotator = 0, session = 0;
    if (store_add_annotator(s, who, ANNOTATOR_HUMAN, &annotator, &err) != 0 ||
        store_begin_session(s, &(StoreSession){.annotator_id = annotator, .ui = "line"}, &session,
                            &err) != 0 ||
        store_hold_comparison(s, session, pair, &claim, &err) != 0)
        fixture_fail(&err);
    StoreDecision d = {.assignment_id = claim.assignment_id,
                       .outcome = outcome,
                       .preferred = claim.swapped ? -preferred : preferred,
                       .comment = comment,
                       .reasons = outcome == OUTCOME_SKIP ? "subject" : NULL,
                       .shown_us = store_time_us(),
                       .active_ms = 9000};
    store_make_uuid(d.uuid);
    if (store_save_label(s, &d, NULL, &err) != 0 ||
        store_end_session(s, session, "quit", &err) != 0)
        fixture_fail(&err);
    store_claim_free(&claim);
}

static void dispute(Store *s)
{
    say(s, "ada", 1, OUTCOME_PREF, -3, "The yeast is not dead: only the first gives a cure.");
    say(s, "ben", 1, OUTCOME_PREF, 1, NULL);
    say(s, "eve", 1, OUTCOME_SKIP, 0, "I never baked.");
    say(s, "ada", 2, OUTCOME_PREF, -2, NULL);
    say(s, "ben", 2, OUTCOME_TIE, 0, "\xe6\x8a\xb9\xe8\x8c\xb6: both say nothing of it");
    say(s, "ada", 3, OUTCOME_PREF, -1, NULL);
    say(s, "ben", 3, OUTCOME_PREF, -3, NULL);
    say(s, "ada", 4, OUTCOME_PREF, -1, NULL);
    say(s, "ben", 4, OUTCOME_PREF, 2, NULL);
}

/* Bread, tea and the loop as three prompts of a comparison; `context` is not NULL where a rule says why. */
static void read_page(PagerItem *out, int i, void *context)
{
    static const double SCORE[][PAGER_ANSWERS] = {{1, 3.5, 2}, {2, 0.5, 2}, {4, 2, 4}};
    static const char *const WHY[] = {"right first step +2, ramble -1", "kind +1.5, right cause +2",
                                      "right first step +2"};
    const Scene *s = &SCENES[i];
    *out = (PagerItem){.prompt_id = 11 + i, .prompt = s->prompt};
    for (int k = 0; k < PAGER_ANSWERS; k++)
        out->answer[k] = (PagerAnswer){.text = s->answer[k < s->n ? k : 0],
                                       .finished = i != 1 || k != PAGER_ALIGNED,
                                       .score = SCORE[i][k],
                                       .why = context ? WHY[k] : NULL};
}

/* By what the aligned answer gains: +2.5, -1.5, -2. */
static void order_pages(int *item, PagerOrder order, int draw, void *context)
{
    (void)draw;
    (void)context;
    for (int i = 0; i < 3; i++) item[i] = order == PAGER_WORST ? 2 - i : i;
}

static int pages(char *rule)
{
    Error err = {0};
    const PagerSource source = {
        .title = "ppo-1 against base",
        .name = {"base", "aligned", "best of 16"},
        .note = "Judged by the model it was trained on: an upper bound, not evidence.",
        .n = 3,
        .read = read_page,
        .order = order_pages,
        .context = strcmp(rule, "RULE") == 0 ? rule : NULL};
    if (pager_run(&source, PAGER_WORST, &err) == 0) return 0;
    fprintf(stderr, "%s\n", err.message);
    return 1;
}

static void show(Store *s)
{
    Error err = {0};
    int64_t ada = 0;
    StoreOwnLabelList list = {0};
    if (store_add_annotator(s, "ada", ANNOTATOR_HUMAN, &ada, &err) != 0) fixture_fail(&err);
    if (store_list_own_labels(s, ada, 0, 0, &list, &err) != 0) fixture_fail(&err);
    for (size_t i = list.n; i-- > 0;)
        printf("%lld %s %d %s [%s]\n", (long long)list.row[i].comparison_id,
               outcome_name(list.row[i].outcome), list.row[i].preferred,
               list.row[i].reasons ? list.row[i].reasons : "-",
               list.row[i].comment ? list.row[i].comment : "");
    store_own_labels_free(&list);
}

static void a_scene_has_what_the_screens_show(void **state)
{
    (void)state;
    char path[FIXTURE_PATH];
    Error err = {0};
    StoreGoldList gold = {0};
    StoreCampaign campaign = {0};
    int64_t n = 0;
    Store *s = fixture_open(path);
    make(s, 3, 300);
    assert_int_equal(store_count_comparisons(s, &n, &err), 0);
    assert_int_equal(n, 4);
    assert_int_equal(store_list_gold(s, &gold, &err), 0);
    assert_int_equal(gold.n, 2);
    assert_string_equal(gold.row[1].why, "Boiling water makes matcha bitter: right before anything "
                                         "else.");
    assert_int_equal(store_get_campaign(s, NULL, &campaign, &err), 0);
    assert_int_equal(campaign.scale, 3);
    store_campaign_free(&campaign);
    store_gold_list_free(&gold);
    fixture_close(s, path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_scene_has_what_the_screens_show)};
    if (argc < 3) return cmocka_run_group_tests(tests, NULL, NULL);
    if (strcmp(argv[1], "pages") == 0) return pages(argv[2]);
    char path[FIXTURE_PATH];
    Error err = {0};
    Store *s = NULL;
    snprintf(path, sizeof path, "%s/rlhf.db", argv[1]);
    if (argc == 4 && store_create(path, 7, &err) != 0) fixture_fail(&err);
    if (store_open(&s, path, &err) != 0) fixture_fail(&err);
    if (argc == 4) make(s, atoi(argv[2]), atoi(argv[3]));
    else if (strcmp(argv[2], "disputed") == 0) dispute(s);
    else show(s);
    store_close(s);
    return 0;
}
