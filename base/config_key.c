#include "base/config_key.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { CANDIDATES = CONFIG_SECTIONS_MAX * CONFIG_FIELDS_MAX };

void config_plain_key(char out[CONFIG_KEY_MAX], const char *key)
{
    snprintf(out, CONFIG_KEY_MAX, "%s", key);
    for (char *c = out; *c; c++)
        if (*c == '-') *c = '_';
}

bool config_key_is(const ConfigTable *t, int field, const char *plain)
{
    const char *dot = strchr(plain, '.'), *name = dot ? dot + 1 : plain;
    const size_t n = dot ? (size_t)(dot - plain) : 0;
    if (dot && (strlen(t->name) != n || strncmp(t->name, plain, n) != 0)) return false;
    return strcmp(t->fields[field].name, name) == 0;
}

/* How many settings the key names; the last one is in *section and *field. */
static int count(const Config *c, const char *key, int *section, int *field)
{
    char plain[CONFIG_KEY_MAX];
    int found = 0;
    config_plain_key(plain, key);
    for (int s = 0; s < c->n; s++)
        for (int i = 0; i < c->table[s]->n; i++)
            if (config_key_is(c->table[s], i, plain)) *section = s, *field = i, found++;
    return found;
}

/* "0.05, from 0 to 10" */
static void describe_field(Text *out, const ConfigField *f)
{
    if (f->type == CONFIG_choice || f->type == CONFIG_text)
        text_add(out, f->word[0] ? f->word : "empty");
    else if (f->type == CONFIG_bool) text_add(out, f->fallback != 0 ? "true" : "false");
    else text_format(out, "%.10g", f->fallback);
    text_add(out, ", ");
    config_range(out, f);
}

int config_section(const Config *c, const char *name)
{
    for (int s = 0; s < c->n; s++)
        if (strcmp(c->table[s]->name, name) == 0) return s;
    return -1;
}

const char *config_full_name(const char *name)
{
    static const struct {
        const char *brief, *full;
    } NAMES[] = {{"lr", "learning_rate"},
                 {"value_lr", "value_learning_rate"},
                 {"bs", "batch_size"},
                 {"batch", "batch_size"},
                 {"mini_batch_size", "minibatch_size"},
                 {"num_train_epochs", "epochs"},
                 {"ppo_epochs", "epochs"},
                 {"num_ppo_epochs", "epochs"},
                 {"wd", "weight_decay"},
                 {"grad_clip", "max_grad_norm"},
                 {"clip_grad", "max_grad_norm"},
                 {"lr_scheduler", "schedule"},
                 {"warmup_ratio", "warmup"},
                 {"temp", "temperature"},
                 {"response_length", "max_new_tokens"},
                 {"kl", "kl_coef"},
                 {"beta", "kl_coef"},
                 {"clip", "clip_range"},
                 {"vf_coef", "value_coef"},
                 {"gae_lambda", "lambda"},
                 {"lam", "lambda"},
                 {"n_layer", "layers"},
                 {"num_layers", "layers"},
                 {"n_head", "heads"},
                 {"hidden_size", "width"},
                 {"vocab_size", "vocabulary"},
                 {"context_length", "context"}};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strcmp(name, NAMES[i].brief) == 0) return NAMES[i].full;
    return name;
}

/* The setting that a mistyped key was meant for, in its own section first. */
static bool guess(const Config *c, const char *key, int *section, int *field)
{
    char plain[CONFIG_KEY_MAX];
    const char *names[CANDIDATES];
    config_plain_key(plain, key);
    char *name = strchr(plain, '.');
    if (name) *name++ = 0;
    else name = plain;
    const int own = name == plain ? -1 : config_section(c, plain);
    for (int pass = own >= 0 ? 0 : 1; pass < 2; pass++) {
        int n = 0, where[CANDIDATES][2];
        for (int s = 0; s < c->n; s++)
            for (int i = 0; (pass == 1 || s == own) && i < c->table[s]->n; i++, n++)
                names[n] = c->table[s]->fields[i].name, where[n][0] = s, where[n][1] = i;
        /* The short name wins over a near one: lr is no misspelling of lambda. */
        const char *nearest = text_nearest(config_full_name(name), names, n);
        for (int k = 0; nearest && k < n; k++) {
            if (names[k] != nearest) continue;
            *section = where[k][0], *field = where[k][1];
            return true;
        }
    }
    return false;
}

static int unknown(const Config *c, const char *key, Error *err)
{
    int s, i;
    error_usage(err, "%.60s is no setting", key);
    if (!guess(c, key, &s, &i)) return -1;

    /* With its section where one was written, so that it can be written so. */
    const ConfigTable *table = c->table[s];
    const bool sectioned = strchr(key, '.') != NULL;
    Text about = {0};
    describe_field(&about, &table->fields[i]);
    error_usage(err, "%.60s is no setting; did you mean %s%s%s (%s)", key,
                sectioned ? table->name : "", sectioned ? "." : "", table->fields[i].name,
                about.bytes);
    text_free(&about);
    return -1;
}

static int ambiguous(const Config *c, const char *key, Error *err)
{
    char plain[CONFIG_KEY_MAX], list[256] = "";
    config_plain_key(plain, key);
    for (int s = 0; s < c->n; s++)
        for (int i = 0; i < c->table[s]->n; i++) {
            if (strcmp(c->table[s]->fields[i].name, plain) != 0) continue;
            const size_t used = strlen(list);
            snprintf(list + used, sizeof list - used, "%s%s.%s", used ? " or " : "",
                     c->table[s]->name, plain);
        }
    return error_usage(err, "%s is in several sections; write %s", key, list);
}

int config_find(int *section, int *field, const Config *c, const char *key, Error *err)
{
    const int found = strlen(key) < CONFIG_KEY_MAX ? count(c, key, section, field) : 0;
    if (found == 0) return unknown(c, key, err);
    return found == 1 ? 0 : ambiguous(c, key, err);
}
