/* The script of the report: under the pointer each plot says what all its curves are at that place.  The page is whole
 * without it. */
#ifndef COMPARE_HTML_SCRIPT_H
#define COMPARE_HTML_SCRIPT_H

extern const char HTML_SCRIPT[];

#endif
