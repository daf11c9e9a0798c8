#include "policy/rope.h"

#include <math.h>
#include <string.h>

static const char *const KIND[] = {"default", "linear", "llama3"};
enum { KINDS = sizeof KIND / sizeof *KIND, ORIGINAL_MAX = 1 << 24 };

/* A member of another type would be passed over, and other positions computed.  `where` is the object's name. */
static int check_members(const cJSON *rope, const char *where, Error *err)
{
    static const char *const TEXTS[] = {"rope_type", "type"};
    static const char *const NUMBERS[] = {"rope_theta",       "partial_rotary_factor",
                                          "factor",           "low_freq_factor",
                                          "high_freq_factor", "original_max_position_embeddings"};
    const cJSON *item;
    cJSON_ArrayForEach(item, rope)
    {
        /* Of one kind of layer each, as in models whose layers differ. */
        if (cJSON_IsObject(item))
            return error_set(err, "%s: positions of \"%.40s\" alone are not supported", where,
                             item->string);
        if (cJSON_IsNull(item)) continue;
        for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
            if (strcmp(item->string, TEXTS[i]) == 0 && !cJSON_IsString(item))
                return error_set(err, "%s: %s is not text", where, TEXTS[i]);
        for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++)
            if (strcmp(item->string, NUMBERS[i]) == 0 && !cJSON_IsNumber(item))
                return error_set(err, "%s: %s is not a number", where, NUMBERS[i]);
    }
    if (json_number(rope, "partial_rotary_factor", 1) != 1)
        return error_set(err, "partial_rotary_factor other than 1 is not supported");
    return 0;
}

static int read_kind(RopeKind *out, const cJSON *rope, const char *where, Error *err)
{
    const char *kind = json_text(rope, "rope_type", json_text(rope, "type", NULL));
    if (!kind && !isnan(json_number(rope, "factor", NAN)))
        return error_set(err, "%s: a factor without rope_type", where);
    if (!kind) kind = KIND[0]; /* rope_theta alone, as transformers 5 may have it */
    for (int i = 0; i < KINDS; i++)
        if (strcmp(kind, KIND[i]) == 0) {
            *out = (RopeKind)i;
            return 0;
        }
    return error_set(err, "%s \"%s\" is not supported (default, linear, llama3)", where, kind);
}

static int read_number(double *out, const cJSON *rope, const char *name, const char *where,
                       Error *err)
{
    *out = json_number(rope, name, NAN);
    return isnan(*out) ? error_set(err, "%s: %s is missing", where, name) : 0;
}

/* *theta stays where the object has none. */
static int read_object(double *theta, RopeScaling *scaling, const cJSON *rope, const char *where,
                       Error *err)
{
    RopeScaling s = {0};
    double original_T = 0;
    if (check_members(rope, where, err) != 0 || read_kind(&s.kind, rope, where, err) != 0)
        return -1;
    if (s.kind != ROPE_DEFAULT && read_number(&s.factor, rope, "factor", where, err) != 0)
        return -1;
    if (s.kind == ROPE_LLAMA3) {
        if (read_number(&s.low_turns, rope, "low_freq_factor", where, err) != 0 ||
            read_number(&s.high_turns, rope, "high_freq_factor", where, err) != 0 ||
            read_number(&original_T, rope, "original_max_position_embeddings", where, err) != 0)
            return -1;
        if (!(original_T >= 1 && original_T <= ORIGINAL_MAX) || original_T != floor(original_T))
            return error_set(
                err, "%s: original_max_position_embeddings is no whole number from 1 on", where);
        s.original_T = (int)original_T;
    }
    *theta = json_number(rope, "rope_theta", *theta);
    *scaling = s;
    return 0;
}

static bool is_same(const RopeScaling *a, const RopeScaling *b)
{
    return a->kind == b->kind && a->factor == b->factor && a->low_turns == b->low_turns &&
           a->high_turns == b->high_turns && a->original_T == b->original_T;
}

int rope_read(double *theta, RopeScaling *scaling, const cJSON *config, Error *err)
{
    static const char *const NAME[] = {"rope_parameters", "rope_scaling"};
    const double told = json_number(config, "rope_theta", 10000);
    double base[2] = {told, told};
    RopeScaling read[2] = {{0}};
    bool there[2];
    for (int i = 0; i < 2; i++) {
        const cJSON *rope = cJSON_GetObjectItemCaseSensitive(config, NAME[i]);
        there[i] = cJSON_IsObject(rope);
        if (there[i] && read_object(&base[i], &read[i], rope, NAME[i], err) != 0) return -1;
    }
    /* Versions of transformers do not agree on which of the two holds.  A theta is in the newer one alone. */
    if (there[0] && there[1] && !is_same(&read[0], &read[1]))
        return error_set(err, "%s and %s differ; remove the one that does not hold", NAME[0],
                         NAME[1]);
    *theta = base[there[0] ? 0 : 1];
    *scaling = read[there[0] ? 0 : 1];
    return 0;
}

void rope_write(Text *t, double theta, const RopeScaling *s)
{
    text_add(t, "  \"rope_theta\": ");
    json_put_number(t, theta);
    if (s->kind == ROPE_DEFAULT) {
        text_add(t, ",\n  \"rope_scaling\": null,\n");
        return;
    }
    text_format(t, ",\n  \"rope_scaling\": {\"rope_type\": \"%s\", \"factor\": ", KIND[s->kind]);
    json_put_number(t, s->factor);
    if (s->kind == ROPE_LLAMA3) {
        text_add(t, ", \"low_freq_factor\": ");
        json_put_number(t, s->low_turns);
        text_add(t, ", \"high_freq_factor\": ");
        json_put_number(t, s->high_turns);
        text_format(t, ", \"original_max_position_embeddings\": %d", s->original_T);
    }
    text_add(t, "},\n");
}

int rope_check(double theta, const RopeScaling *s, Error *err)
{
    if (!(theta > 0) || isinf(theta)) return error_set(err, "rope_theta must be positive");
    if (s->kind != ROPE_DEFAULT && (!(s->factor >= 1) || isinf(s->factor)))
        return error_set(err, "rope_scaling: factor must be a number from 1 on");
    if (s->kind == ROPE_LLAMA3 &&
        (!(s->low_turns > 0 && s->high_turns > s->low_turns) || isinf(s->high_turns)))
        return error_set(err, "rope_scaling: low_freq_factor must be positive and "
                              "high_freq_factor greater");
    return 0;
}

/* Turns of a pair in the original context: t = original_T / wavelength.  Its frequency f becomes f / factor
 * where t < low, f where t > high, and between them, with m = (t - low) / (high - low),
 *
 *   (1 - m) f / factor + m f                                                    Llama 3.1 */
static double llama3_frequency(double f, const RopeScaling *s)
{
    const double pi = 3.14159265358979323846;
    const double turns = s->original_T * f / (2 * pi);
    if (turns < s->low_turns) return f / s->factor;
    if (turns > s->high_turns) return f;
    const double mix = (turns - s->low_turns) / (s->high_turns - s->low_turns);
    return (1 - mix) * f / s->factor + mix * f;
}

void rope_frequencies(double *inv_freq, double theta, const RopeScaling *scaling, int HD)
{
    for (int i = 0; i < HD / 2; i++) {
        const double f = pow(theta, -2.0 * i / HD);
        inv_freq[i] = scaling->kind == ROPE_LLAMA3   ? llama3_frequency(f, scaling)
                      : scaling->kind == ROPE_LINEAR ? f / scaling->factor
                                                     : f;
    }
}
