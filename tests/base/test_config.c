#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/file.h"

/*    type    name           default   min         max          source          meaning */
#define PPO_CONFIG(X)                                                 \
    X(double, kl_coef, 0.05, 0, 10, "Ziegler 2019", "reward per nat") \
    X(double, clip_range, 0.2, 0, 1, "", "of the ratio")              \
    X(int_live, epochs, 2, 1, 100, "", "over a rollout")              \
    X(double, learning_rate, 1e-5, 0, 1, "", "step size")
#define SFT_CONFIG(X)                                                             \
    X(double, learning_rate, 1e-3, 0, 1, "", "step size")                         \
    X(bool, packed, true, 0, 1, "", "end to end")                                 \
    X(choice, schedule, "cosine", "constant|linear|cosine", 0, "", "of the rate") \
    X(text, data, "", 0, 0, "", "a file")

typedef struct {
    PPO_CONFIG(CONFIG_MEMBER)
} PpoSettings;
typedef struct {
    SFT_CONFIG(CONFIG_MEMBER)
} SftSettings;

#define PPO_ENTRY(...) CONFIG_ENTRY_OF(PpoSettings, __VA_ARGS__)
#define SFT_ENTRY(...) CONFIG_ENTRY_OF(SftSettings, __VA_ARGS__)
static const ConfigField PPO_FIELDS[] = {PPO_CONFIG(PPO_ENTRY)};
static const ConfigField SFT_FIELDS[] = {SFT_CONFIG(SFT_ENTRY)};
static const ConfigTable PPO = {"ppo", PPO_FIELDS, 4, sizeof(PpoSettings)};
static const ConfigTable SFT = {"sft", SFT_FIELDS, 4, sizeof(SftSettings)};

static PpoSettings ppo;
static SftSettings sft;
static Config config;
static Error err;

static int fresh(void **state)
{
    (void)state;
    config = (Config){0};
    config_bind(&config, &PPO, &ppo);
    config_bind(&config, &SFT, &sft);
    return 0;
}

static void assert_refused(const char *assignment, const char *message)
{
    assert_int_equal(config_assign(&config, assignment, CONFIG_FROM_SET, &err), -1);
    assert_string_equal(err.message, message);
    assert_true(err.usage);
}

static void assert_taken(const char *assignment)
{
    assert_int_equal(config_assign(&config, assignment, CONFIG_FROM_SET, &err), 0);
}

static void a_bound_section_has_its_defaults(void **state)
{
    (void)state;
    assert_true(ppo.kl_coef == 0.05 && ppo.epochs == 2 && sft.packed);
    assert_int_equal(sft.schedule, 2);
    assert_string_equal(sft.data, "");
}

static void each_type_is_set_from_text(void **state)
{
    (void)state;
    assert_taken("ppo.kl_coef=1e-2");
    assert_taken("ppo.epochs=4");
    assert_taken("sft.packed=false");
    assert_taken("sft.schedule=linear");
    assert_taken("sft.data=a=b");
    assert_true(ppo.kl_coef == 0.01 && ppo.epochs == 4 && !sft.packed);
    assert_int_equal(sft.schedule, 1);
    assert_string_equal(sft.data, "a=b");
}

static void hyphens_are_underscores(void **state)
{
    (void)state;
    assert_taken("ppo.clip-range=0.5");
    assert_true(ppo.clip_range == 0.5);
}

static void a_bare_name_works_when_one_section_has_it(void **state)
{
    (void)state;
    assert_taken("kl-coef=1");
    assert_true(ppo.kl_coef == 1);
}

static void a_bare_name_in_two_sections_is_refused(void **state)
{
    (void)state;
    assert_refused(
        "learning_rate=1",
        "learning_rate is in several sections; write ppo.learning_rate or sft.learning_rate");
}

static void a_near_miss_is_guessed_with_default_and_range(void **state)
{
    (void)state;
    assert_refused("ppo.kl_coeff=1",
                   "ppo.kl_coeff is no setting; did you mean ppo.kl_coef (0.05, from 0 to 10)");
}

static void a_setting_of_another_section_is_guessed_with_its_section(void **state)
{
    (void)state;
    assert_refused("sft.kl_coef=1",
                   "sft.kl_coef is no setting; did you mean ppo.kl_coef (0.05, from 0 to 10)");
}

static void a_name_like_no_other_is_refused_without_a_guess(void **state)
{
    (void)state;
    assert_refused("ppo.zzzzzz=1", "ppo.zzzzzz is no setting");
}

static void a_value_outside_its_range_says_the_range(void **state)
{
    (void)state;
    assert_refused("clip_range=3", "clip_range: 3 is outside [0, 1]");
    assert_refused("clip_range=-0.1", "clip_range: -0.1 is outside [0, 1]");
    assert_true(ppo.clip_range == 0.2);
}

static void junk_is_no_number(void **state)
{
    (void)state;
    assert_refused("kl_coef=1x", "kl_coef: '1x' is not a number");
    assert_refused("kl_coef=", "kl_coef: '' is not a number");
    assert_refused("kl_coef=nan", "kl_coef: 'nan' is not a number");
    assert_refused("kl_coef=0x1", "kl_coef: '0x1' is not a number");
}

static void a_fraction_is_no_whole_number(void **state)
{
    (void)state;
    assert_refused("epochs=1.5", "epochs: 1.5 is not a whole number");
}

static void a_choice_outside_its_words_lists_them(void **state)
{
    (void)state;
    assert_refused("schedule=cosinus", "schedule: 'cosinus' is none of constant, linear, cosine");
    assert_refused("schedule=", "schedule: '' is none of constant, linear, cosine");
}

static void text_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    char assignment[400] = "data=";
    memset(assignment + 5, 'x', CONFIG_TEXT_MAX);
    assert_refused(assignment, "data: text of more than 255 bytes");
}

static void an_assignment_needs_an_equals_sign(void **state)
{
    (void)state;
    assert_refused("kl_coef", "expected section.name=value, not 'kl_coef'");
}

static char path[64];

static int read_text(const char *text, const ConfigTable *const *known)
{
    snprintf(path, sizeof path, "/tmp/rlhf-config-XXXXXX");
    close(mkstemp(path));
    assert_int_equal(file_write(path, text, strlen(text), &err), 0);
    const int rc = config_read(&config, path, CONFIG_FROM_FILE, known, &err);
    unlink(path);
    return rc;
}

static void assert_file_refused(const char *text, const char *message)
{
    char expected[200];
    assert_int_equal(read_text(text, NULL), -1);
    snprintf(expected, sizeof expected, "%s:%s", path, message);
    assert_string_equal(err.message, expected);
    assert_false(err.usage);
}

static void a_file_sets_what_it_names_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("// a run\n{\"ppo\": {\"kl-coef\": 0.1}, \"sft\": {\"packed\": false, "
                  "\"schedule\": \"constant\", \"data\": \"x\"}}",
                  NULL),
        0);
    assert_true(ppo.kl_coef == 0.1 && ppo.epochs == 2 && !sft.packed && sft.schedule == 0);
    assert_string_equal(sft.data, "x");
    assert_int_equal(config.origin[0][0], CONFIG_FROM_FILE);
    assert_int_equal(config.origin[0][2], CONFIG_FROM_DEFAULT);
}

static void an_unknown_setting_in_a_file_names_file_and_line(void **state)
{
    (void)state;
    assert_file_refused(
        "{\n\"sft\": {\"packed\": true},\n\"ppo\": {\n  \"epochs\": 1,\n  \"kl_coeff\": 1}}",
        "5: ppo.kl_coeff is no setting; did you mean ppo.kl_coef (0.05, from 0 to 10)");
}

static void a_value_out_of_range_in_a_file_names_file_and_line(void **state)
{
    (void)state;
    assert_file_refused("{\"ppo\":\n{\"clip_range\": 3}}",
                        "2: ppo.clip_range: 3 is outside [0, 1]");
}

static void a_value_of_another_type_in_a_file_is_refused(void **state)
{
    (void)state;
    assert_file_refused("{\"ppo\": {\"kl_coef\": \"0.1\"}}", "1: ppo.kl_coef: expected a number");
    assert_file_refused("{\"sft\": {\"packed\": 1}}", "1: sft.packed: expected true or false");
}

static void a_section_nobody_knows_is_refused_with_a_guess(void **state)
{
    (void)state;
    assert_file_refused("{\n\"pop\": {}}", "2: pop is no section; did you mean ppo");
}

static const ConfigTable REWARD = {"reward", PPO_FIELDS, 4, sizeof(PpoSettings)};

static void a_section_of_another_command_is_skipped(void **state)
{
    (void)state;
    const ConfigTable *known[] = {&PPO, &SFT, &REWARD, NULL};
    assert_int_equal(
        read_text("{\"reward\": {\"a\": {\"b\": 1}}, \"ppo\": {\"epochs\": 9}}", known), 0);
    assert_int_equal(ppo.epochs, 9);
}

static void lines_are_right_after_a_skipped_section(void **state)
{
    (void)state;
    const ConfigTable *known[] = {&REWARD, NULL};
    assert_int_equal(
        read_text("{\"reward\": {\"a\": [{\"b\": 1}]},\n\"ppo\": {\n\"no_such\": 9}}", known), -1);
    assert_non_null(strstr(err.message, ":3: ppo.no_such is no setting"));
}

static void effective_settings_read_back_to_the_same(void **state)
{
    (void)state;
    Text first = {0}, second = {0};
    assert_taken("kl_coef=0.1234567890123456789");
    assert_taken("sft.data=a \"quoted\" path");
    config_json(&config, &first);
    fresh(NULL);
    assert_int_equal(read_text(first.bytes, NULL), 0);
    config_json(&config, &second);
    assert_string_equal(first.bytes, second.bytes);
    text_free(&first);
    text_free(&second);
}

static void a_later_source_wins_and_is_remembered(void **state)
{
    (void)state;
    assert_int_equal(config_set(&config, "kl_coef", "1", CONFIG_FROM_FILE, &err), 0);
    assert_int_equal(config_set(&config, "kl_coef", "2", CONFIG_FROM_FLAG, &err), 0);
    assert_true(ppo.kl_coef == 2);
    assert_int_equal(config.origin[0][0], CONFIG_FROM_FLAG);
}

/* ---- what a resumed run may change ---- */

static void live_settings_are_those_that_their_table_marks(void **state)
{
    (void)state;
    assert_true(config_is_live(&config, "ppo.epochs"));
    assert_false(config_is_live(&config, "ppo.kl_coef"));
    assert_false(config_is_live(&config, "ppo.nothing"));
    assert_taken("ppo.epochs=3"); /* a number like any other */
    assert_int_equal(ppo.epochs, 3);
}

static void a_default_is_what_nobody_has_set(void **state)
{
    (void)state;
    assert_true(config_is_default(&config, "ppo.kl_coef"));
    assert_taken("ppo.kl_coef=0.05"); /* also to the same */
    assert_false(config_is_default(&config, "ppo.kl_coef"));
    assert_false(config_is_default(&config, "ppo.nothing"));
}

#define FRESH(f) cmocka_unit_test_setup(f, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_bound_section_has_its_defaults),
        FRESH(each_type_is_set_from_text),
        FRESH(live_settings_are_those_that_their_table_marks),
        FRESH(a_default_is_what_nobody_has_set),
        FRESH(hyphens_are_underscores),
        FRESH(a_bare_name_works_when_one_section_has_it),
        FRESH(a_bare_name_in_two_sections_is_refused),
        FRESH(a_near_miss_is_guessed_with_default_and_range),
        FRESH(a_setting_of_another_section_is_guessed_with_its_section),
        FRESH(a_name_like_no_other_is_refused_without_a_guess),
        FRESH(a_value_outside_its_range_says_the_range),
        FRESH(junk_is_no_number),
        FRESH(a_fraction_is_no_whole_number),
        FRESH(a_choice_outside_its_words_lists_them),
        FRESH(text_that_does_not_fit_is_refused),
        FRESH(an_assignment_needs_an_equals_sign),
        FRESH(a_file_sets_what_it_names_and_nothing_else),
        FRESH(an_unknown_setting_in_a_file_names_file_and_line),
        FRESH(a_value_out_of_range_in_a_file_names_file_and_line),
        FRESH(a_value_of_another_type_in_a_file_is_refused),
        FRESH(a_section_nobody_knows_is_refused_with_a_guess),
        FRESH(a_section_of_another_command_is_skipped),
        FRESH(lines_are_right_after_a_skipped_section),
        FRESH(effective_settings_read_back_to_the_same),
        FRESH(a_later_source_wins_and_is_remembered),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
