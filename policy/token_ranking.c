#include "policy/token_ranking.h"

void token_ranking_offer(RankedToken *best, int *n, int room, int token, double value)
{
    if (*n == room && (room == 0 || !(value > best[room - 1].value))) return;
    int at = *n < room ? (*n)++ : room - 1;
    for (; at > 0 && value > best[at - 1].value; at--) best[at] = best[at - 1];
    best[at] = (RankedToken){token, value};
}
