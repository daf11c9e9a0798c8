/* The style sheet of the report. */
#ifndef COMPARE_HTML_STYLE_H
#define COMPARE_HTML_STYLE_H

extern const char HTML_STYLE[];

#endif
