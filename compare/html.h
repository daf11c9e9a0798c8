/* HTML by hand: escaped text, numbers, and the frame of a page with its style sheet. */
#ifndef COMPARE_HTML_H
#define COMPARE_HTML_H

#include "base/text.h"

/* Append text so that nothing in it is markup, in an element and in a quoted attribute alike.  Bytes that
 * are not UTF-8 become U+FFFD, control characters but newline and tab are dropped.  NULL adds nothing. */
void html_text(Text *out, const char *text);
/* <tag class="...">text</tag>, escaped; class_name may be NULL. */
void html_element(Text *out, const char *tag, const char *class_name, const char *text);
/* A part of the page under its heading, with a sentence below that or NULL; to be ended. */
void html_section(Text *out, const char *title, const char *below);
void html_section_end(Text *out);
/* A number for people: three significant digits, no exponent between 1e-4 and 1e6. */
void html_number(Text *out, double x);

/* Stands near the beginning of every page made here: what tells an earlier report from any other file. */
#define HTML_GENERATOR "<meta name=\"generator\" content=\"rlhf\">"
/* The page around a body.  Everything is in it: no script, font or image from elsewhere. */
void html_begin(Text *out, const char *title);
void html_end(Text *out);

#endif
