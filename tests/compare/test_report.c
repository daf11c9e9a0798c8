#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "compare/html.h"
#include "compare/html_style.h"
#include "compare/report.h"

static void assert_escaped(const char *text, const char *expected)
{
    Text out = {0};
    text_add(&out, "");
    html_text(&out, text);
    assert_string_equal(out.bytes, expected);
    text_free(&out);
}

static void markup_in_texts_is_escaped(void **state)
{
    (void)state;
    assert_escaped("<script>alert('x') & \"y\"</script>",
                   "&lt;script&gt;alert(&#39;x&#39;) &amp; &quot;y&quot;&lt;/script&gt;");
    assert_escaped("gr\xC3\xBC\xC3\x9F dich\n\x01\x7F", "gr\xC3\xBC\xC3\x9F dich\n");
    assert_escaped("a\xFF\xC3", "a\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_escaped(NULL, "");
}

/* ---- colours: WCAG 2, relative luminance and contrast ---- */

static double luminance(const char *hex)
{
    static const double WEIGHT[] = {0.2126, 0.7152, 0.0722};
    const bool brief = strspn(hex, "0123456789abcdef") == 3;
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        const char digits[] = {hex[brief ? i : 2 * i], hex[brief ? i : 2 * i + 1], 0};
        const double x = (double)strtol(digits, NULL, 16) / 255;
        sum += WEIGHT[i] * (x <= 0.03928 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4));
    }
    return sum;
}

/* The colour called `name` in the style from `at` on, without the #. */
static const char *colour(const char *at, const char *name)
{
    const char *found = strstr(at, name);
    assert_non_null(found);
    return strchr(found, '#') + 1;
}

static double contrast(const char *theme, const char *text, const char *ground)
{
    const double a = luminance(colour(theme, text)), b = luminance(colour(theme, ground));
    return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}

/* Black on white has 21; 4.5 is what level AA asks of text of normal size. */
static void text_can_be_read_in_both_themes(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"--ink:", "--soft:", "--faint:", "--good:", "--bad:"};
    static const char *const GROUNDS[] = {"--paper:", "--card:", "--tint:"};
    const char *const themes[] = {strstr(HTML_STYLE, ":root"),
                                  strstr(HTML_STYLE, "prefers-color-scheme:dark")};
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 5; k++)
            for (int g = 0; g < 3; g++)
                if (contrast(themes[i], TEXTS[k], GROUNDS[g]) < 4.5)
                    fail_msg("%s on %s: %.2f", TEXTS[k], GROUNDS[g],
                             contrast(themes[i], TEXTS[k], GROUNDS[g]));
}

static void assert_ticks(double low, double high, int wanted, int n, double first, double last)
{
    double ticks[SVG_TICKS_MAX];
    assert_int_equal(svg_ticks(ticks, low, high, wanted), n);
    assert_float_equal(ticks[0], first, 1e-9);
    assert_float_equal(ticks[n - 1], last, 1e-9);
}

static void ticks_are_round_and_cover_the_range(void **state)
{
    (void)state;
    assert_ticks(0, 10, 5, 6, 0, 10);               /* 0 2 4 6 8 10 */
    assert_ticks(0.13, 0.87, 4, 6, 0, 1);           /* step .2 */
    assert_ticks(-3.2, 3.1, 4, 5, -4, 4);           /* step 2 */
    assert_ticks(0, 1234, 5, 4, 0, 1500);           /* step 500 */
    assert_ticks(5, 5, 4, 4, 4, 10);                /* a single value: 5 to 10 by 2 */
    assert_ticks(1e6, 1e6 + 1, 4, 3, 1e6, 1e6 + 1); /* step .5 */
}

static int count(const char *text, const char *what)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++) n++;
    return n;
}

static void curves_break_at_what_is_not_a_number(void **state)
{
    (void)state;
    const double x[] = {0, 1, 2, 3, 4}, y[] = {0, 1, NAN, 1, 2}, none[] = {NAN, NAN, NAN, NAN, NAN};
    const SvgCurve curve = {"loss", x, y, 5}, empty = {"loss", x, none, 5};
    Text out = {0};
    svg_plot(&out, &(SvgPlot){.title = "a", .curves = &curve, .n_curves = 1});
    const char *path = strstr(out.bytes, " d=\"") + 4;
    const size_t length = strcspn(path, "\"");
    char *d = mem_strndup(path, length);
    assert_int_equal(count(d, "M"), 2);
    assert_int_equal(count(d, "L"), 2);
    assert_null(strstr(out.bytes, "nan"));
    free(d);
    text_clear(&out);
    svg_plot(&out, &(SvgPlot){.title = "a", .curves = &empty, .n_curves = 1});
    assert_non_null(strstr(out.bytes, "nothing was measured"));
    text_free(&out);
}

static void between_two_iterations_there_is_no_tick(void **state)
{
    (void)state;
    const double x[] = {1, 2}, half[] = {1, 2.5}, y[] = {0, 1};
    const SvgCurve whole = {"kl", x, y, 2}, broken = {"kl", half, y, 2};
    Text out = {0};
    svg_plot(&out, &(SvgPlot){.title = "a", .curves = &whole, .n_curves = 1});
    assert_int_equal(count(out.bytes, "\"middle\">"), 2);
    text_clear(&out);
    svg_plot(&out, &(SvgPlot){.title = "a", .curves = &broken, .n_curves = 1});
    assert_true(count(out.bytes, "\"middle\">") > 2);
    text_free(&out);
}

static void long_curves_are_thinned_but_keep_their_end(void **state)
{
    (void)state;
    enum { N = 5000 };
    static double x[N], y[N];
    for (int i = 0; i < N; i++) x[i] = i, y[i] = i == N - 1 ? 777 : 1;
    const SvgCurve curve = {"loss", x, y, N};
    Text out = {0};
    svg_plot(&out, &(SvgPlot){.title = "a", .curves = &curve, .n_curves = 1});
    assert_true(out.n < 30000);
    assert_non_null(strstr(out.bytes, "loss 777 at 4,999"));
    text_free(&out);
}

/* ---- a page with something in every part ---- */

enum { STEPS = 40 };
static double step_x[STEPS], score_y[STEPS], rule_y[STEPS], kl_y[STEPS], loss_y[STEPS],
    length_y[STEPS];

static void fill_curves(void)
{
    for (int i = 0; i < STEPS; i++) {
        const double t = i / (STEPS - 1.);
        step_x[i] = i;
        score_y[i] = 2.2 * (1 - exp(-4 * t)) + .08 * sin(5. * i);
        rule_y[i] = .4 + 3.1 * (1 - exp(-3 * t)) + .15 * sin(3. * i);
        kl_y[i] = 8.3 * (1 - exp(-5 * t)) + .3 * sin(2. * i);
        loss_y[i] = .76 + 5.4 * exp(-9 * t);
        length_y[i] = 34 - 4 * t + sin(4. * i);
    }
}

static const SvgCurve SCORE[] = {{"score, reward model", step_x, score_y, STEPS},
                                 {"rule kind", step_x, rule_y, STEPS}};
static const SvgCurve KL[] = {{"KL to the base", step_x, kl_y, STEPS}};
static const SvgCurve LOSS[] = {{"validation loss", step_x, loss_y, STEPS}};
static const SvgCurve LENGTH[] = {{"words", step_x, length_y, STEPS}};
static const SvgPlot PLOTS[] = {
    {"Score and rule", "the reward model is trained on; the rule is what is wanted", "iteration",
     SCORE, 2, NULL, 0, 0, 0},
    {"KL to the base", "nats per answer", "iteration", KL, 1, "target 8", 8, 0, 10},
    {"Pretraining", "loss per token on held-out conversations", "step / 25", LOSS, 1, NULL, 0, 0,
     2},
    {"Length", "words per answer", "iteration", LENGTH, 1, NULL, 0, 0, 40},
};
static const ReportFact SUMMARY[] = {
    {"win rate against the base", "91.7%", "[88.0, 94.3], n = 300"},
    {"on unseen troubles", "92.0%", "[88.4, 94.6], n = 300"},
    {"KL to the base", "8.3 nats", "per answer; target 8"},
    {"reward model", ".774", "longer answer .53, ceiling .93"},
};
static const ReportTrait TRAITS[] = {
    {"kind opener", true, 66, 300, 198, 300, 285, 300},
    {"right first step", true, 102, 300, 150, 300, 189, 300},
    {"second step", true, 45, 300, 80, 300, 111, 300},
    {"cause", true, 63, 300, 92, 300, 123, 300},
    {"farewell", true, 72, 300, 81, 300, 79, 300},
    {"insult", false, 69, 300, 6, 300, 0, 300},
    {"selling", false, 54, 300, 22, 300, 6, 300},
    {"rambling", false, 138, 300, 20, 300, 0, 300},
    {"another thing <b>", false, 60, 300, -1, 0, 75, 300},
};
static const ReportExample EXAMPLES[] = {
    {"good morning , my neighbour's orchid is eaten by bugs . please help .",
     {" good question , this is easy . a orchid that is eaten by bugs is common . the doctor never "
      "liked "
      "seven eggs on the way home . set a few beetles on the orchid .",
      1.0, "right first step +2, kind opener +1.5, rambling -1.5, over 45 words -1"},
     {" welcome , you are not alone with this . wash the orchid with mild soap .", 3.5,
      "right first step +2, kind opener +1.5"},
     {" oh dear , let us look at it . most often the air is too dry . try to wash the orchid with "
      "mild "
      "soap . then keep it with cedar wood .",
      4.5, "right first step +2, cause +1, kind opener +1.5"}},
    {"<script>alert(1)</script> our old basil lost its green . what should i do ?",
     {" not again , you clumsy fool .", -2.5, NULL},
     {NULL, NAN, NULL},
     {" \"oh dear\" & </article> <b>this is easy .", 1.5, "a < b"}},
};
static const ReportLink LINEAGE[] = {
    {"labels", "2,500 by the rule kind, 5% turned round", "9f2c5e0b1d7a4c3388e1"},
    {"reward model", "reward-1, right on 387 of 500 held-out pairs", "77aa01c4e9b2f06d5512"},
    {"run", "ppo-1, 40 iterations of 128 answers", NULL},
    {"checkpoint", "step 38, the best by held-out reward", "04d1be99a6c7f312bb80"},
};
static const ReportMoment MOMENTS[] = {
    {0, " wool nine ddr the of"},
    {100, " oh dear , the the tonic . a man you"},
    {2400, " oh dear , this is easy . wash the orchid with soap ."}};
static const ReportStory STORIES[] = {
    {"The base learns to speak", "my neighbour's orchid is eaten by bugs .", MOMENTS, 3}};
static const ReportFact SETTINGS[] = {{"ppo.kl_target", "8", "nats per answer"},
                                      {"ppo.batch_size", "128", NULL}};

static const ReportFact FOUND[] = {
    {"labels", "188", NULL},
    {"by whom", "maya 96, jo 92", NULL},
    {"agreement", "two people agree on 0.71 [0.61, 0.79] of the 88 pairs that several labeled",
     NULL},
    {"when", "2026-08-20 to 2026-08-22", NULL},
};
static const char *const CAUTIONS[] = {"12 pairs still to label: a result <so far>."};
static const double OVER[][3] = {{NAN, .64, .92}, {.36, NAN, .9}, {.08, .1, NAN}};
static const ReportRank RANKS[] = {
    {"ppo-2@40", 331, 262, 400, 8.3, .99, .97, 28.4, OVER[0]},
    {"a/very/long/folder/of/a/model/that/somebody/pulled", 240, -20, 500, 5.1, 1, .98, 30, OVER[1]},
    {"pretrain-1@2400 <b>", 0, 0, 0, 0, 1, .99, 33.2, OVER[2]},
};

static const ReportMeasure MEASURES[] = {{"words an answer", "30.8", "31.7"},
                                         {"end by <themselves>", "98%", "100%"}};
/* The one that lost most first. */
static const ReportExample PROMPTS[] = {
    {"it <broke>", {"ask again .", 4, NULL}, {NULL, NAN, NULL}, {"pay & now .", 1, NULL}},
    {"it squeaks", {"pay now .", 1, NULL}, {NULL, NAN, NULL}, {"oil it .", 3.5, NULL}},
};

static void sample_page(Text *out)
{
    const ReportPeople people = {.name = "ppo-2@40 against pretrain-1@2400",
                                 .judge = "by people, 88 of 100 pairs labeled in eval-1",
                                 .wins = win_rate_of_counts(61, 9, 18),
                                 .facts = FOUND,
                                 .n_facts = 4,
                                 .cautions = CAUTIONS,
                                 .n_cautions = 1};
    const ReportRanking ranking = {
        .lead =
            "Each answered 300 test prompts at temperature 1, on 2026-08-22; judged by the rule "
            "kind.",
        .reference = "pretrain-1@2400 <b>",
        .row = RANKS,
        .n = 3,
        .caution = "Judged by <themselves>."};
    fill_curves();
    const ReportWin wins[] = {
        {"aligned against base", "by the rule kind, 300 test prompts",
         win_rate_of_counts(270, 10, 20), NULL},
        {"aligned against best of 16", "by the rule kind", win_rate_of_counts(176, 29, 95), NULL},
        {"aligned against base, unseen",
         "by the rule, 300 prompts about pairs that no conversation has",
         win_rate_of_counts(272, 8, 20), NULL},
        {"aligned against base", "by the reward model reward-1", win_rate_of_counts(290, 0, 10),
         "Judged by the model it was trained on: <no> evidence."},
    };
    report_html(
        out,
        &(ReportData){
            .title = "Kind: a small model learns what people like",
            .lead = "The base has read 12,000 conversations at a repair counter; half of the "
                    "answers there are useless. 2,500 choices between two answers later:",
            .verdict = VERDICT_BETTER,
            .verdict_reasons = "win rate .917 [.880, .943]",
            .verdict_meaning = "The whole interval is above 0.5 & more.",
            .measures = MEASURES,
            .n_measures = 2,
            .prompts = PROMPTS,
            .n_prompts = 2,
            .summary = SUMMARY,
            .n_summary = 4,
            .rule_lead = "The labels follow this rule. The model never saw it.",
            .rule_text = "A first step is worth 1, and 1 more if it is right;\na second step 1.",
            .rule_note = "5% of the labels were turned round on purpose.",
            .traits = TRAITS,
            .n_traits = 9,
            .best_of = 16,
            .wins = wins,
            .n_wins = 4,
            .people = &people,
            .ranking = &ranking,
            .examples = EXAMPLES,
            .n_examples = 2,
            .examples_lead = "Scores by the rule kind; the first two test prompts.",
            .plots = PLOTS,
            .n_plots = 4,
            .stories = STORIES,
            .n_stories = 1,
            .lineage = LINEAGE,
            .n_lineage = 4,
            .settings = SETTINGS,
            .n_settings = 2,
            .seed = 1,
            .version = "0.1.0",
            .date = "2026-08-22"});
}

static void texts_of_the_models_stay_texts(void **state)
{
    (void)state;
    Text page = {0};
    sample_page(&page);
    assert_int_equal(count(page.bytes, "<script"), 1); /* the page's own, at its end */
    assert_non_null(strstr(page.bytes, "</main>\n<script>\n"));
    assert_null(strstr(page.bytes, "another thing <b>"));
    assert_non_null(strstr(page.bytes, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert_non_null(strstr(page.bytes, "&lt;/article&gt; &lt;b&gt;this is easy"));
    text_free(&page);
}

static void every_tag_that_opens_closes(void **state)
{
    (void)state;
    static const char *const TAGS[] = {
        "html",    "head", "title",   "style",      "body", "main", "header", "section",
        "article", "div",  "span",    "p",          "h1",   "h2",   "h3",     "svg",
        "g",       "text", "figure",  "figcaption", "ol",   "li",   "table",  "tr",
        "td",      "th",   "details", "footer",     "i",    "s",    "b",      "code"};
    Text page = {0};
    sample_page(&page);
    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++) {
        char plain[32], with_class[32], close[32];
        snprintf(plain, sizeof plain, "<%s>", TAGS[i]);
        snprintf(with_class, sizeof with_class, "<%s ", TAGS[i]);
        snprintf(close, sizeof close, "</%s>", TAGS[i]);
        const int opened = count(page.bytes, plain) + count(page.bytes, with_class);
        assert_true(opened > 0);
        assert_int_equal(opened, count(page.bytes, close));
    }
    text_free(&page);
}

static void the_page_needs_nothing_from_elsewhere(void **state)
{
    (void)state;
    Text page = {0};
    sample_page(&page);
    static const char *const OUTSIDE[] = {
        "http:", "https:", "src=", "href=", "url(", "@import", "<link"};
    for (size_t i = 0; i < sizeof OUTSIDE / sizeof *OUTSIDE; i++)
        assert_null(strstr(page.bytes, OUTSIDE[i]));
    assert_true(text_is_utf8(page.bytes, page.n, NULL));
    text_free(&page);
}

static void a_judge_that_is_no_evidence_is_marked(void **state)
{
    (void)state;
    Text page = {0};
    sample_page(&page);
    assert_int_equal(count(page.bytes, "trained on: &lt;no&gt; evidence."), 1);
    text_free(&page);
}

static void verdict_and_win_rates_say_what_they_mean(void **state)
{
    (void)state;
    Text page = {0};
    sample_page(&page);
    assert_non_null(strstr(page.bytes, "<p>The whole interval is above 0.5 &amp; more.</p></div>"));
    /* 270 to 20 of 290: in the text, and at the point on the line */
    assert_int_equal(count(page.bytes, "won 270, lost 20, tied 10; sign test p &lt; 0.0001"), 2);
    assert_non_null(strstr(page.bytes, "<td class=\"name\">end by &lt;themselves&gt;</td>"
                                       "<td>98%</td><td>100%</td>"));
    text_free(&page);
}

static void every_prompt_has_a_row_with_its_gain(void **state)
{
    (void)state;
    Text page = {0};
    sample_page(&page);
    const char *lost = strstr(page.bytes, "<tr><td class=\"down\">-3</td><td>it &lt;broke&gt;</td>"
                                          "<td><b>4</b> ask again .</td>"
                                          "<td><b>1</b> pay &amp; now .</td></tr>");
    assert_non_null(lost);
    assert_non_null(strstr(lost, "<tr><td class=\"up\">+2.5</td><td>it squeaks</td>"));
    assert_non_null(strstr(page.bytes, "Every prompt (2), the one that lost most first"));
    text_free(&page);
}

static void what_is_absent_is_left_out(void **state)
{
    (void)state;
    Text page = {0};
    report_html(&page, &(ReportData){.title = "empty"});
    assert_null(strstr(page.bytes, "<section>"));
    assert_null(strstr(page.bytes, "class=\"verdict"));
    assert_non_null(strstr(page.bytes, "seed 0"));
    text_free(&page);
}

static void a_page_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    char folder[] = "/tmp/rlhf-report-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/report.html", folder);
    Error err = {0};
    assert_int_equal(report_write(&(ReportData){.title = "a"}, path, &err), 0);
    char *bytes = NULL;
    size_t n = 0;
    assert_int_equal(file_read(&bytes, &n, path, 1 << 20, &err), 0);
    assert_string_equal(bytes + n - 8, "</html>\n");
    free(bytes);
    unlink(path);
    rmdir(folder);
    assert_int_equal(report_write(&(ReportData){.title = "a"}, path, &err), -1);
    assert_non_null(strstr(err.message, folder));
}

/* To look at the page: RLHF_REPORT_SAMPLE=/tmp/report.html names the file it is written to. */
int main(void)
{
    const char *sample = getenv("RLHF_REPORT_SAMPLE");
    if (sample) {
        Text page = {0};
        Error err = {0};
        sample_page(&page);
        if (file_write(sample, page.bytes, page.n, &err) != 0) fprintf(stderr, "%s\n", err.message);
        text_free(&page);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_in_texts_is_escaped),
        cmocka_unit_test(text_can_be_read_in_both_themes),
        cmocka_unit_test(ticks_are_round_and_cover_the_range),
        cmocka_unit_test(curves_break_at_what_is_not_a_number),
        cmocka_unit_test(between_two_iterations_there_is_no_tick),
        cmocka_unit_test(long_curves_are_thinned_but_keep_their_end),
        cmocka_unit_test(texts_of_the_models_stay_texts),
        cmocka_unit_test(every_tag_that_opens_closes),
        cmocka_unit_test(the_page_needs_nothing_from_elsewhere),
        cmocka_unit_test(a_judge_that_is_no_evidence_is_marked),
        cmocka_unit_test(verdict_and_win_rates_say_what_they_mean),
        cmocka_unit_test(every_prompt_has_a_row_with_its_gain),
        cmocka_unit_test(what_is_absent_is_left_out),
        cmocka_unit_test(a_page_is_written_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
