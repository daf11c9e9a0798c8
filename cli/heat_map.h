/* Attention of heads as a picture of characters: rows are tokens, columns the tokens they look at. */
#ifndef CLI_HEAT_MAP_H
#define CLI_HEAT_MAP_H

#include <stdbool.h>

#include "policy/attention_map.h"
#include "policy/tokenizer.h"

typedef struct {
    int columns; /* of the terminal */
    bool colors; /* of 256; otherwise shades are characters */
} HeatMapStyle;

/* Colours where standard output is a terminal of 256 and NO_COLOR is not set; columns as wrap_columns says. */
HeatMapStyle heat_map_style(void);

/* One head, a row for each of a->T tokens with its number and label, in cells of two columns where they fit, else
 * of one; where even those do not, cells stand for several tokens: the share of their attention, on the average,
 * that falls on those of the column. */
void heat_map_print(const AttentionMap *a, int head, const int *token, const Tokenizer *t,
                    const HeatMapStyle *style);
/* All heads side by side, some twenty cells wide. */
void heat_map_print_all(const AttentionMap *a, const HeatMapStyle *style);
/* What the shades mean: one line. */
void heat_map_legend(const HeatMapStyle *style);

/* p (T,T) in cells of `step` tokens: out (n,n), n = ceil(T / step); the mean over the rows of a cell of the sum
 * over its columns, so that rows go on to sum to 1. */
void heat_map_pool(double *out, const double *p, int T, int step);
/* The shade of a probability: 0 to 9, by its square root, since most are small. */
int heat_map_shade(double p);

#endif
