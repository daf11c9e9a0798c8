#include "labeling/shown.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

enum { SPEAKER_MAX = 12 };

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

const char *shown_answer(const char *answer, size_t *n)
{
    while (is_space(*answer)) answer++;
    *n = strlen(answer);
    while (*n > 0 && is_space(answer[*n - 1])) --*n;
    return answer;
}

int shown_words(const char *answer)
{
    size_t n;
    const char *shown = shown_answer(answer, &n);
    return text_words(shown, n);
}

const char *shown_prompt(const char *prompt, size_t *n)
{
    prompt = shown_answer(prompt, n);
    if (*n == 0 || prompt[*n - 1] != ':') return prompt;
    size_t at = *n - 1;
    while (at > 0 && isalpha((unsigned char)prompt[at - 1]) && *n - at <= SPEAKER_MAX) at--;
    const size_t letters = *n - 1 - at;
    if (letters == 0 || at == 0 || prompt[at - 1] != '\n') return prompt;
    while (at > 0 && is_space(prompt[at - 1])) at--;
    *n = at;
    return prompt;
}
