#include "compare/html.h"

#include <math.h>
#include <string.h>

#include "compare/html_script.h"
#include "compare/html_style.h"

/* Bytes of the well-formed character at the start, or 0. */
static size_t character_length(const char *text, size_t left)
{
    for (size_t n = 1; n <= 4 && n <= left; n++)
        if (text_is_utf8(text, n, NULL)) return n;
    return 0;
}

void html_text(Text *out, const char *text)
{
    if (text == NULL) return;
    const size_t n = strlen(text);
    for (size_t i = 0; i < n;) {
        const unsigned char c = (unsigned char)text[i];
        const size_t step = c < 0x80 ? 1 : character_length(text + i, n - i);
        if (step == 0) text_add(out, "\xEF\xBF\xBD");
        else if (c == '&') text_add(out, "&amp;");
        else if (c == '<') text_add(out, "&lt;");
        else if (c == '>') text_add(out, "&gt;");
        else if (c == '"') text_add(out, "&quot;");
        else if (c == '\'') text_add(out, "&#39;");
        else if (c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7F))
            text_append(out, text + i, step);
        i += step ? step : 1;
    }
}

void html_element(Text *out, const char *tag, const char *class_name, const char *text)
{
    text_format(out, "<%s", tag);
    if (class_name) text_format(out, " class=\"%s\"", class_name);
    text_add(out, ">");
    html_text(out, text);
    text_format(out, "</%s>", tag);
}

void html_section(Text *out, const char *title, const char *below)
{
    text_add(out, "<section>\n");
    html_element(out, "h2", NULL, title);
    if (below) html_element(out, "p", "sub", below);
    text_add(out, "\n");
}

void html_section_end(Text *out)
{
    text_add(out, "</section>\n");
}

void html_number(Text *out, double x)
{
    const double size = fabs(x);
    if (!isfinite(x)) text_add(out, "not a number");
    else if (x == 0) text_add(out, "0");
    else if (size >= 1e6 || size < 1e-4) text_format(out, "%.2e", x);
    else if (size >= 1000) text_add(out, text_thousands(llround(x)));
    else text_format(out, "%.3g", x);
}

void html_begin(Text *out, const char *title)
{
    text_add(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" HTML_GENERATOR
        "\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n");
    html_element(out, "title", NULL, title);
    text_add(out, "\n<style>\n");
    text_add(out, HTML_STYLE);
    text_add(out, "</style>\n</head>\n<body>\n<main>\n");
}

void html_end(Text *out)
{
    text_add(out, "</main>\n<script>\n");
    text_add(out, HTML_SCRIPT);
    text_add(out, "</script>\n</body>\n</html>\n");
}
