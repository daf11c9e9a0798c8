#include "policy/pretokenize.h"

#include <assert.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"

/* \s as the published engine has it, Unicode's White_Space.  PCRE2's own \s is either ASCII or,
 * with PCRE2_UCP, holds U+180E too, which is no white space since Unicode 6.3. */
#define SPACE        \
    "\\x{9}-\\x{d} " \
    "\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
#define PATTERN                                                                \
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" SPACE "\\p{L}\\p{N}]+|" \
    "[" SPACE "]+(?![^" SPACE "])|[" SPACE "]+"

struct Pretokenizer {
    pcre2_code *code;
    pcre2_match_data *match;
};

Pretokenizer *pretokenizer_new(void)
{
    Pretokenizer *p = mem_calloc(1, sizeof *p);
    int why;
    PCRE2_SIZE where;
    p->code = pcre2_compile((PCRE2_SPTR)PATTERN, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_ANCHORED,
                            &why, &where, NULL);
    assert(p->code);
    /* Where no memory may be made executable this fails, and the interpreter gives the same matches. */
    pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
    p->match = pcre2_match_data_create(1, NULL);
    assert(p->match);
    return p;
}

void pretokenizer_free(Pretokenizer *p)
{
    if (!p) return;
    pcre2_match_data_free(p->match);
    pcre2_code_free(p->code);
    free(p);
}

size_t pretokenizer_next(Pretokenizer *p, const char *text, size_t n, size_t at)
{
    assert(at < n);
    int rc = pcre2_match(p->code, (PCRE2_SPTR)text, n, at, PCRE2_NO_UTF_CHECK, p->match, NULL);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(p->code, (PCRE2_SPTR)text, n, at, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
                         p->match, NULL);
    /* Every character is a letter, a number, white space or none of these, so something matches. */
    assert(rc == 1);
    return pcre2_get_ovector_pointer(p->match)[1];
}
