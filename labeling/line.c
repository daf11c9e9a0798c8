#include "labeling/line.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "labeling/shown.h"
#include "labeling/typed.h"
#include "labeling/visible.h"

typedef struct {
    Session *session;
    int in;
    FILE *out;
    char *note; /* that goes with the next decision; NULL: none */
    bool quit;
    bool side_given; /* a or b on a graded scale: by how much is asked next */
    Choice side;
    int64_t moves; /* pairs decided or taken back: another one is to be printed */
} Lines;

static void print_safe(FILE *out, const char *bytes, size_t n)
{
    Text safe = {0};
    visible_append(&safe, bytes, n);
    fputs(safe.n ? safe.bytes : "", out);
    text_free(&safe);
}

static void print_part(FILE *out, const char *name, const char *bytes, size_t n)
{
    Text safe = {0};
    visible_append(&safe, bytes, n);
    const int words = safe.n ? text_words(safe.bytes, safe.n) : 0;
    fprintf(out, "%s (%s):\n%s\n\n", name, text_count(words, "word"),
            safe.n ? safe.bytes : "(nothing)");
    text_free(&safe);
}

/* "B is better; by how much? 5 slightly, 6 clearly, 7 much": the digits of the whole row, no others. */
static void print_degrees(const Lines *l)
{
    const Offer o = session_offer(l->session);
    const char *lead = "";
    fprintf(l->out, "%c is better; by how much? ", l->side == CHOICE_LEFT ? 'A' : 'B');
    for (char digit = '1'; digit <= '9'; digit++) {
        Decision d;
        if (!decision_of_digit(&d, digit, &o) || d.choice != l->side) continue;
        fprintf(l->out, "%s%c %s", lead, digit, decision_degree(d.strength, o.scale));
        lead = ", ";
    }
    fputs("; Enter: all choices: ", l->out);
    fflush(l->out);
}

static void print_question(Lines *l)
{
    const Offer o = session_offer(l->session);
    l->side_given = false;
    if (o.scale == 1) fprintf(l->out, "Better: a, b");
    else fprintf(l->out, "Better: 1 (A by far) to %d (B by far), a, b", 2 * o.scale + 1);
    fprintf(l->out,
            "%s%s, s (skip); u (undo), r (repeat), ? (help), q (quit): ", o.tie ? ", t (tie)" : "",
            o.both_bad ? ", 0 (both bad)" : "");
    fflush(l->out);
}

static void print_pair(Lines *l)
{
    const SessionPair *pair = session_pair(l->session);
    const SessionCounts c = session_counts(l->session);
    size_t n;
    fprintf(l->out, "\n%s; %s labeled, %s left\n\n",
            pair->again ? "A pair that you saw before" : "Next pair", text_thousands(c.done),
            text_thousands(c.left));
    const char *prompt = shown_prompt(pair->prompt, &n);
    print_part(l->out, pair->same_prompt ? "Prompt, the same as before" : "Prompt", prompt, n);
    const char *left = shown_answer(pair->left, &n);
    print_part(l->out, "Answer A", left, n);
    const char *right = shown_answer(pair->right, &n);
    print_part(l->out, "Answer B", right, n);
    if (l->note) {
        fputs("Your note: ", l->out);
        print_safe(l->out, l->note, strlen(l->note));
        fputs("\n\n", l->out);
    }
    print_question(l);
    if (isatty(l->in)) tcflush(l->in, TCIFLUSH);
    session_shown(l->session, "line");
}

/* As it is seen: what is typed may be anything. */
static void set_note(Lines *l, const char *text)
{
    Text seen = {0};
    if (text) visible_append(&seen, text, strlen(text));
    free(l->note);
    l->note = seen.n ? text_take(&seen) : NULL;
    text_free(&seen);
}

/* ---- decisions ------------------------------------------------------------------------------------- */

static bool word_is(const char *word, const char *one, const char *other)
{
    return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

/* "s broken", "f 2": the reason by word or by number; none is a reason too, another word is not. */
static bool parse_reason(const char *word, Decision *d)
{
    int n;
    const Reason *reason = decision_reasons(d->choice, &n);
    if (!*word) return true;
    for (int i = 0; i < n; i++) {
        const char number[] = {(char)('1' + i), 0};
        if (!word_is(word, reason[i].word, number)) continue;
        d->reasons = reason[i].word;
        return true;
    }
    return false;
}

/* On a scale of 1 the sides are letters. */
static bool parse_digit(const char *word, const Offer *o, Decision *d)
{
    if (!word[0] || word[1] || !decision_of_digit(d, *word, o)) return false;
    return o->scale > 1 || d->choice > CHOICE_RIGHT;
}

static bool parse_choice(const char *word, const char *rest, const Offer *o, Decision *d)
{
    if (parse_digit(word, o, d)) return true;
    if (o->scale == 1 && word_is(word, "a", "b"))
        *d = (Decision){.choice = *word == 'a' ? CHOICE_LEFT : CHOICE_RIGHT, .strength = 1};
    else if (word_is(word, "t", "tie") || strcmp(word, "=") == 0)
        *d = (Decision){.choice = CHOICE_TIE};
    else if (word_is(word, "bad", "both")) *d = (Decision){.choice = CHOICE_BOTH_BAD};
    else if (word_is(word, "s", "skip")) *d = (Decision){.choice = CHOICE_SKIP};
    else if (word_is(word, "f", "flag")) *d = (Decision){.choice = CHOICE_FLAG};
    else return false;
    if (d->choice >= CHOICE_SKIP) return parse_reason(rest, d);
    return decision_offered(d, o);
}

static void print_lesson(const Lines *l)
{
    const SessionLesson *lesson = session_lesson(l->session);
    const int scale = session_offer(l->session).scale;
    char words[DECISION_WORDS];
    Decision wanted = lesson->expected;
    if (wanted.strength > scale) wanted.strength = scale;
    fprintf(l->out, "%s; expected: %s. ", lesson->agreed ? "As expected" : "Otherwise",
            decision_words(words, &wanted, scale));
    if (lesson->why) print_safe(l->out, lesson->why, strlen(lesson->why));
    fprintf(l->out, "\n%d of %d as expected\n", lesson->right, lesson->of);
}

static int decide(Lines *l, Decision d, Error *err)
{
    int64_t label = 0;
    char words[DECISION_WORDS];
    d.note = l->note;
    if (session_decide(l->session, &d, &label, err) != 0) return -1;
    decision_words(words, &d, session_offer(l->session).scale);
    if (label == 0) {
        fputs("That came before the pair could be read; once more: ", l->out);
    } else {
        set_note(l, NULL);
        l->moves++;
        if (session_is_practice(l->session)) print_lesson(l);
        else if (d.choice == CHOICE_SKIP) fprintf(l->out, "saved: %s\n", words);
        else
            fprintf(l->out, "saved #%lld: %s (label %lld)\n",
                    (long long)session_counts(l->session).done, words, (long long)label);
    }
    fflush(l->out);
    return 0;
}

/* ---- other words ----------------------------------------------------------------------------------- */

static int undo(Lines *l, Error *err)
{
    bool undone = false;
    if (session_undo(l->session, &undone, err) != 0) return -1;
    l->moves += undone;
    if (undone) set_note(l, NULL);
    fputs(undone ? "taken back\n" : "Nothing to take back; choose: ", l->out);
    return 0;
}

static void print_reasons(FILE *out, Choice choice)
{
    int n;
    const Reason *reason = decision_reasons(choice, &n);
    for (int i = 0; i < n; i++)
        fprintf(out, "   %d or %s: %s\n", i + 1, reason[i].word, reason[i].about);
}

static void print_help(const Lines *l)
{
    const Offer o = session_offer(l->session);
    char words[DECISION_WORDS];
    if (o.scale == 1) fputs("a: A is better, b: B is better\n", l->out);
    for (char digit = '0'; digit <= '9'; digit++) {
        const char word[] = {digit, 0};
        Decision d;
        if (parse_digit(word, &o, &d))
            fprintf(l->out, "%c: %s\n", digit, decision_words(words, &d, o.scale));
    }
    if (o.scale > 1) fputs("a: A is better, b: B is better, and you are asked how much\n", l->out);
    if (o.tie) fputs("t: equally good\n", l->out);
    fputs("s: skip, or s and why:\n", l->out);
    print_reasons(l->out, CHOICE_SKIP);
    fputs("f: flag, somebody should look at it, or f and why:\n", l->out);
    print_reasons(l->out, CHOICE_FLAG);
    fputs("n TEXT: a note that goes with your choice, g: the guidelines\n"
          "u: take the last one back, r: print the pair again, q: quit\n"
          "Everything is saved at once. Choose: ",
          l->out);
}

static void print_guidelines(const Lines *l)
{
    const char *text = session_guidelines(l->session);
    if (text) print_safe(l->out, text, strlen(text));
    fputs(text ? "\nChoose: " : "There are no guidelines. Choose: ", l->out);
}

static void tell_guidelines(const Lines *l)
{
    const char *text = session_guidelines(l->session);
    const SessionCounts c = session_counts(l->session);
    if (!session_guidelines_new(l->session)) return;
    if (c.done + c.passed == 0) fputs("Guidelines (g prints them again):\n", l->out);
    else
        fprintf(l->out, "\nThe guidelines are now version %d (g prints them again):\n",
                session_guidelines_version(l->session));
    print_safe(l->out, text, strlen(text));
    if (!text_ends(text, "\n")) fputs("\n", l->out);
}

/* Short, or the pair would be out of sight, and read out in full to who listens. */
static void explain(Lines *l, const char *word, const char *rest)
{
    fputs("Not understood: ", l->out);
    print_safe(l->out, word, strlen(word));
    if (*rest) fputs(" ", l->out);
    print_safe(l->out, rest, strlen(rest));
    fputs("\n", l->out);
    if (l->side_given) print_degrees(l);
    else print_question(l);
}

/* The first word in lower case; what follows it, as it was typed. */
static const char *split(char *line)
{
    char *rest = line + strcspn(line, " \t");
    if (*rest) *rest++ = 0;
    for (char *p = line; *p; p++) *p = (char)tolower((unsigned char)*p);
    return rest + strspn(rest, " \t");
}

/* A choice, or the side that one begins with.  Where a side is given only its grades are choices. */
static int choose(Lines *l, const char *word, const char *rest, bool *understood, Error *err)
{
    const Offer offer = session_offer(l->session);
    Decision d;
    if (offer.scale > 1 && word_is(word, "a", "b")) {
        l->side_given = true;
        l->side = *word == 'a' ? CHOICE_LEFT : CHOICE_RIGHT;
        print_degrees(l);
        return 0;
    }
    *understood = parse_choice(word, rest, &offer, &d);
    if (!*understood) return 0;
    if (!l->side_given || d.choice == l->side) return decide(l, d, err);
    print_degrees(l);
    return 0;
}

/* One line of input. */
static int obey(Lines *l, char *line, Error *err)
{
    char *word = text_trim(line);
    const char *rest = split(word);
    bool understood = true;
    if (choose(l, word, rest, &understood, err) != 0) return -1;
    if (understood) return 0;
    if (word_is(word, "u", "undo")) return undo(l, err);
    if (word_is(word, "q", "quit")) l->quit = true;
    else if (word_is(word, "r", "repeat")) print_pair(l);
    else if (word_is(word, "g", "guidelines")) print_guidelines(l);
    else if (word_is(word, "n", "note")) {
        set_note(l, rest);
        fputs(l->note ? "noted; choose: " : "no note (n TEXT makes one); choose: ", l->out);
    } else if (!*word) print_question(l);
    else if (word_is(word, "?", "h") || strcmp(word, "help") == 0) print_help(l);
    else explain(l, word, rest);
    fflush(l->out);
    return 0;
}

/* Nothing is left; but for these reasons something would be. */
static void print_end(const Lines *l)
{
    if (session_is_disabled(l->session)) fputs("You were disabled here.\n", l->out);
    else if (session_is_closed(l->session)) fputs("The campaign was closed.\n", l->out);
}

static int keep(const Lines *l, Error *err)
{
    session_touch(l->session);
    return session_keep(l->session, l->note, &(SessionPlace){0}, err);
}

static int loop(Lines *l, TypedLines *reader, Text *line, const char **reason, Error *err)
{
    int64_t printed = -1;
    for (*reason = NULL; !*reason;) {
        if (session_next(l->session, err) != 0) return -1;
        const SessionPair *pair = session_pair(l->session);
        if (!pair) {
            *reason = session_at_limit(l->session) ? "limit" : "done";
            break;
        }
        if (printed != l->moves) {
            tell_guidelines(l);
            set_note(l, pair->note);
            print_pair(l);
        }
        printed = l->moves;
        switch (typed_next(reader, line)) {
        case TYPED_END: *reason = "input ended"; break;
        case TYPED_SIGNAL: *reason = STORE_SIGNAL; break;
        case TYPED_HANG_UP: *reason = STORE_HANG_UP; break;
        case TYPED_LINE:
            if (obey(l, line->bytes, err) != 0) return -1;
            if (l->quit) *reason = "quit";
        }
    }
    const bool left = strcmp(*reason, STORE_SIGNAL) == 0 || strcmp(*reason, STORE_HANG_UP) == 0;
    return left ? keep(l, err) : 0;
}

int line_run(Session *s, int in, FILE *out, const char **reason, Error *err)
{
    Lines l = {.session = s, .in = in, .out = out};
    TypedLines reader = {.fd = in, .terminal = isatty(in)};
    Text line = {0};
    const int rc = loop(&l, &reader, &line, reason, err);
    if (rc == 0) fputs("\n", out);
    if (rc == 0 && strcmp(*reason, "done") == 0) print_end(&l);
    typed_free(&reader);
    text_free(&line);
    free(l.note);
    return rc;
}
