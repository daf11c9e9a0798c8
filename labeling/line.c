#include "labeling/line.h"

#include <ctype.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "labeling/typed.h"
#include "labeling/shown.h"
#include "labeling/visible.h"

static void print_part(FILE *out, const char *name, const char *bytes, size_t n)
{
    Text safe = {0};
    visible_append(&safe, bytes, n);
    const int words = safe.n ? visible_words(safe.bytes, safe.n) : 0;
    fprintf(out, "%s (%s):\n%s\n\n", name, text_count(words, "word"),
            safe.n ? safe.bytes : "(nothing)");
    text_free(&safe);
}

static void print_pair(Session *s, int in, FILE *out)
{
    const SessionPair *pair = session_pair(s);
    const SessionCounts c = session_counts(s);
    size_t n;
    fprintf(out, "\n%s; %s labeled, %s left\n\n", pair->again ? "The same pair again" : "Next pair",
            text_thousands(c.done), text_thousands(c.left));
    const char *prompt = shown_prompt(pair->prompt, &n);
    print_part(out, pair->same_prompt ? "Prompt, the same as before" : "Prompt", prompt, n);
    const char *left = shown_answer(pair->left, &n);
    print_part(out, "Answer A", left, n);
    const char *right = shown_answer(pair->right, &n);
    print_part(out, "Answer B", right, n);
    fputs("Better: a, b, t (tie), s (skip); u (undo), r (repeat), q (quit): ", out);
    fflush(out);
    if (isatty(in)) tcflush(in, TCIFLUSH);
    session_shown(s, "line");
}

static bool parse_choice(const char *word, Choice *choice)
{
    static const struct {
        const char *word;
        Choice choice;
    } WORDS[] = {{"a", CHOICE_LEFT},  {"1", CHOICE_LEFT}, {"b", CHOICE_RIGHT},
                 {"2", CHOICE_RIGHT}, {"t", CHOICE_TIE},  {"=", CHOICE_TIE},
                 {"tie", CHOICE_TIE}, {"s", CHOICE_SKIP}, {"skip", CHOICE_SKIP}};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (strcmp(word, WORDS[i].word) != 0) continue;
        *choice = WORDS[i].choice;
        return true;
    }
    return false;
}

static int decide(Session *s, Choice choice, FILE *out, Error *err)
{
    int64_t label = 0;
    if (session_decide(s, choice, &label, err) != 0) return -1;
    if (label == 0) fputs("That came before the pair could be read; once more: ", out);
    else if (choice == CHOICE_SKIP) fputs("saved: skipped\n", out);
    else
        fprintf(out, "saved #%lld: %s (label %lld)\n", (long long)session_counts(s).done,
                choice_words(choice), (long long)label);
    fflush(out);
    return 0;
}

static int undo(Session *s, FILE *out, Error *err)
{
    bool undone = false;
    if (session_undo(s, &undone, err) != 0) return -1;
    fputs(undone ? "taken back\n" : "Nothing to take back; choose: ", out);
    return 0;
}

/* One line of input.  *quit ends the session. */
static int obey(Session *s, char *word, int in, FILE *out, bool *quit, Error *err)
{
    Choice choice;
    for (char *p = text_trim(word); *p; p++) *p = (char)tolower((unsigned char)*p);
    if (parse_choice(word, &choice)) return decide(s, choice, out, err);
    if (strcmp(word, "u") == 0 || strcmp(word, "undo") == 0) return undo(s, out, err);
    if (strcmp(word, "q") == 0 || strcmp(word, "quit") == 0) {
        *quit = true;
    } else if (strcmp(word, "r") == 0) {
        print_pair(s, in, out);
    } else {
        fprintf(out, "%s", *word ? "Not understood. " : "");
        fputs(
            "a: A is better, b: B is better, t: equally good, s: skip, u: take the last one back,\n"
            "r: print the pair again, q: quit. Everything is saved at once. Choose: ",
            out);
        fflush(out);
    }
    return 0;
}

int line_run(Session *s, int in, FILE *out, const char **reason, Error *err)
{
    TypedLines reader = {.fd = in, .terminal = isatty(in)};
    Text line = {0};
    int64_t printed = -1; /* decisions and undos so far, when the pair in hand was printed */
    int64_t moves = 0;
    bool quit = false;
    int rc = -1;
    for (*reason = NULL; !*reason;) {
        if (session_next(s, err) != 0) goto done;
        const SessionPair *pair = session_pair(s);
        if (!pair) {
            *reason = session_at_limit(s) ? "limit" : "done";
            break;
        }
        if (printed != moves) print_pair(s, in, out);
        printed = moves;
        const int64_t before = pair->comparison_id;
        switch (typed_next(&reader, &line)) {
        case TYPED_END: *reason = "input ended"; break;
        case TYPED_SIGNAL: *reason = "signal"; break;
        case TYPED_HANG_UP: *reason = STORE_HANG_UP; break;
        case TYPED_LINE:
            if (obey(s, line.bytes, in, out, &quit, err) != 0) goto done;
            if (quit) *reason = "quit";
            pair = session_pair(s);
            moves += !pair || pair->comparison_id != before;
        }
    }
    fputs("\n", out);
    rc = 0;

done:
    typed_free(&reader);
    text_free(&line);
    return rc;
}
