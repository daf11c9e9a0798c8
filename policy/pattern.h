/* Patterns of a tokenizer.json: regular expressions as Oniguruma reads them, which is what the
 * published files are written for, run by PCRE2; and plain strings.
 *
 * The two engines give some spellings different meanings.  Those are translated (\s \w \d $ ^), and
 * what has no translation is refused by name: nothing is matched approximately. */
#ifndef POLICY_PATTERN_H
#define POLICY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct Pattern Pattern;

int pattern_new_regex(Pattern **out, const char *regex, Error *err);
/* Matches the string itself, which is not empty. */
Pattern *pattern_new_string(const char *string);
void pattern_free(Pattern *p);
/* The most bytes that the result can have for one of the text when every match becomes n bytes. */
size_t pattern_growth(const Pattern *p, size_t n);

/* Where a search stands.  Zero-initialised is the beginning of the text. */
typedef struct {
    size_t at, last_end;
    bool matched;
} PatternCursor;
/* The next match, text[*begin..*end): 1, 0 when there is none, or -1 when the search takes more steps
 * than any published pattern needs.  The text is well-formed UTF-8.  An empty match does not stand
 * where the match before it ended.  One thread at a time. */
int pattern_next(Pattern *p, PatternCursor *c, const char *text, size_t n, size_t *begin,
                 size_t *end, Error *err);

#endif
