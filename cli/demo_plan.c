#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/demo.h"

static void differs(char out[256], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void differs(char out[256], const char *format, ...)
{
    va_list args;
    if (out[0]) return;
    va_start(args, format);
    vsnprintf(out, 256, format, args);
    va_end(args);
}

static void compare_number(char out[256], const char *name, int asked, int there)
{
    if (asked > 0 && asked != there) differs(out, "--%s %d, not %d", name, there, asked);
}

/* In what the demo in d->dir, which d->state holds, is another one than is asked for; "" when in nothing. */
static int compare_demos(char out[256], Demo *d, const DemoOptions *o, Error *err)
{
    const DemoState *s = &d->state;
    char hash[SHA256_HEX], settings[FILE_PATH_MAX];
    bool differ;
    out[0] = 0;
    if (d->ctx->seed_given && d->ctx->seed != s->seed)
        differs(out, "--seed %llu, not %llu", (unsigned long long)s->seed,
                (unsigned long long)d->ctx->seed);
    if (o->taste && (s->label || strcmp(o->taste, s->taste) != 0))
        differs(out, "%s%s, not --taste %s", s->label ? "--label" : "--taste ",
                s->label ? "" : s->taste, o->taste);
    if (o->placebo && !s->placebo) differs(out, "labels by a rule, not --placebo");
    if (o->label && !s->label) differs(out, "labels by a rule, not --label");
    compare_number(out, "conversations", o->sizes.conversations, s->sizes.conversations);
    compare_number(out, "prompts", o->sizes.prompts, s->sizes.prompts);
    compare_number(out, "pairs", o->sizes.pairs, s->sizes.pairs);
    compare_number(out, "n", o->sizes.n, s->sizes.n);
    if (demo_settings_hash(hash, d->dir, err) != 0) return -1;
    if (strcmp(hash, s->settings_sha256) != 0)
        differs(out, "other settings than demo.json has now: the file was changed");
    if (path_join(settings, d->dir, "demo.json", err) != 0) return -1;
    if (!out[0] && demo_compare_settings(&differ, d->ctx, settings, err) != 0) return -1;
    if (!out[0] && differ) differs(out, "other settings: see its demo.json");
    return 0;
}

/* "kind, seed 1; done: corpus, pretrain; next: sample" */
static void describe(Text *t, const DemoState *s)
{
    const int next = demo_state_next(s);
    text_format(t, "%s%s, seed %llu; ", s->taste, s->placebo ? " by coin toss" : "",
                (unsigned long long)s->seed);
    if (next == DEMO_STAGES) {
        text_add(t, "finished");
        return;
    }
    for (int i = 0; i < next; i++) text_format(t, "%s%s", i ? ", " : "done: ", DEMO_STAGE[i]);
    text_format(t, "%snext: %s", next ? "; " : "", DEMO_STAGE[next]);
}

static int cannot_go_on(const Demo *d, const char *difference, Error *err)
{
    error_set(err, "%s was started with %s", d->dir, difference);
    return error_hint(err, "start again with --again, or choose another --dir");
}

static int ask_plan(DemoPlan *plan, const Demo *d, const char *state, const char *difference)
{
    const bool may_go_on = !difference[0];
    const bool finished = demo_state_next(&d->state) == DEMO_STAGES;
    printf("%s holds a demo: %s\n", d->dir, state);
    if (difference[0]) printf("It was started with %s.\n", difference);
    if (may_go_on && !finished) printf("  g  go on\n");
    printf("  s  start again: %s\n  l  look at the result\n  q  leave it\n",
           demo_is_kept(d->dir) ? "what is there is moved aside, for its labels by people"
                                : "removes what is there");
    for (;;) {
        switch (demo_ask("> ")) {
        case 'g':
            if (may_go_on && !finished) return *plan = DEMO_PLAN_GO_ON, 0;
            break;
        case 's': return *plan = DEMO_PLAN_NEW, 0;
        case 'l': return *plan = DEMO_PLAN_LOOK, 0;
        case 'q':
        case 0: return *plan = DEMO_PLAN_LEAVE, 0;
        }
    }
}

int demo_choose_plan(DemoPlan *plan, Demo *d, const DemoOptions *o, bool terminal, Error *err)
{
    char path[FILE_PATH_MAX], difference[256];
    Text state = {0};
    int rc = 0;
    if (path_join(path, d->dir, "demo.json", err) != 0) return -1;
    if (!file_exists(path)) return error_set(err, "%s is no demo; nothing was changed", d->dir);
    *plan = DEMO_PLAN_NEW;
    if (o->again) return 0;
    if (demo_state_read(&d->state, d->dir, err) != 0)
        return error_hint(err, "start again with --again, or choose another --dir");
    if (compare_demos(difference, d, o, err) != 0) return -1;
    describe(&state, &d->state);
    if (o->go_on) {
        *plan = demo_state_next(&d->state) == DEMO_STAGES ? DEMO_PLAN_LOOK : DEMO_PLAN_GO_ON;
        rc = difference[0] ? cannot_go_on(d, difference, err) : 0;
    } else if (terminal) {
        rc = ask_plan(plan, d, state.bytes, difference);
    } else {
        error_set(err, "%s holds a demo: %s", d->dir, state.bytes);
        rc = error_hint(err,
                        "go on with --go-on, start again with --again, or choose another --dir");
    }
    text_free(&state);
    return rc;
}
