#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "cli/demo.h"
#include "cli/wrap.h"

enum { SUGGESTED = 10 };
static const char *const TASTE[] = {"kind", "brief", "salesman"};
enum { TASTES = sizeof TASTE / sizeof *TASTE };

char demo_ask(const char *question)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char line[256];
    printf("%s", question);
    fflush(stdout);
    /* a signal ends the wait, which a read would go on with */
    if (poll(&input, 1, -1) <= 0 || interrupt_pending()) return 0;
    const ssize_t n = read(STDIN_FILENO, line, sizeof line - 1);
    if (n <= 0) return 0;
    line[n] = 0;
    const char first = line[strspn(line, " \t")];
    return first >= 'A' && first <= 'Z' ? (char)(first + 'a' - 'A') : first;
}

/* What a person's decided pairs say about each taste; a pair that a taste finds even is half a yes. */
typedef struct {
    int decided;
    double agreed[TASTES];
} Agreement;

static int measure(Agreement *a, Store *store, Error *err)
{
    const StorePreferenceFilter people = {.kind = ANNOTATOR_HUMAN};
    const RuleNoise none = {0};
    StorePreferenceList list = {0};
    if (store_list_preferences(store, &people, &list, err) != 0) return -1;
    for (size_t i = 0; i < list.n; i++) {
        const StorePreference *p = &list.row[i];
        if (p->tie) continue;
        a->decided++;
        for (int t = 0; t < TASTES; t++) {
            const RuleChoice choice = rule_judge(rule_find(TASTE[t]), p->prompt, p->chosen,
                                                 p->rejected, &none, p->comparison_id, NULL);
            a->agreed[t] += choice == RULE_A ? 1 : choice == RULE_TIE ? 0.5 : 0;
        }
    }
    store_preferences_free(&list);
    return 0;
}

static void take_nearest(Demo *d, const Agreement *a)
{
    int nearest = 0;
    for (int t = 1; t < TASTES; t++)
        if (a->agreed[t] > a->agreed[nearest]) nearest = t;
    if (a->decided == 0) {
        printf("\n  You chose between no pair: the demo goes on with the taste %s.\n", TASTE[0]);
    } else {
        printf("\n");
        for (int t = 0; t < TASTES; t++)
            printf("  you agreed with the customer of taste %-8s on %g of %d%s\n", TASTE[t],
                   a->agreed[t], a->decided, t == nearest ? "   <- nearest to yours" : "");
        wrap_print(2,
                   "  The demo goes on with the taste %s; your own labels are added with weight "
                   "%d.\n",
                   TASTE[nearest], DEMO_PEOPLE_WEIGHT);
    }
    snprintf(d->state.taste, sizeof d->state.taste, "%s", TASTE[nearest]);
    d->rule = d->story.rule = rule_find(d->state.taste);
    d->state.turn_taken = true;
}

static int label(Demo *d, Error *err)
{
    wrap_print(
        0,
        "\n4b Your turn: choose for yourself\n\n"
        "  %s pairs cannot be asked of a newcomer, and 40 labels do not train a reward model "
        "of this size.  So label as many as you like (%d are suggested), see how often you "
        "agree with each of the three tastes, and the demo goes on with the taste nearest "
        "to yours, your own labels added with weight %d.\n",
        text_thousands(d->state.sizes.pairs), SUGGESTED, DEMO_PEOPLE_WEIGHT);
    if (demo_ask("\n  Enter opens the labeling tool; there, q ends your turn. ") == 0) return 0;
    return demo_command(d, err, "label");
}

int demo_take_turn(Demo *d, Error *err)
{
    Store *store = NULL;
    Agreement a = {0};
    const double began = log_clock();
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_usage(err, "your turn to label comes next; that needs a terminal");
    int rc = label(d, err);
    d->persons_seconds += log_clock() - began;
    if (rc != 0 || interrupt_pending()) return rc;
    if (open_store(&store, &d->inner, err) != 0) return -1;
    rc = measure(&a, store, err);
    store_close(store);
    if (rc == 0) take_nearest(d, &a);
    return rc == 0 ? demo_state_write(&d->state, ".", err) : -1;
}
