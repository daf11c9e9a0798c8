/* Text to be read, broken at words to the width of the terminal: a terminal itself breaks in mid-word. */
#ifndef CLI_WRAP_H
#define CLI_WRAP_H

/* COLUMNS, else the width of the terminal that is standard output; 100 when it is none. */
int wrap_columns(void);
/* Print text.  What is broken goes on behind the spaces that its line began with and `hang` more. */
void wrap_text(int hang, const char *text);
void wrap_print(int hang, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Print a command so that it can be copied: a line that is broken ends in a backslash. */
void wrap_command(const char *line);

#endif
