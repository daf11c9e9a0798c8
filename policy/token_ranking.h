/* The few highest of many tokens, offered one after the other. */
#ifndef POLICY_TOKEN_RANKING_H
#define POLICY_TOKEN_RANKING_H

typedef struct {
    int token;
    double value;
} RankedToken;

/* best (room) holds the *n highest so far, highest first; of equal ones those offered earlier. */
void token_ranking_offer(RankedToken *best, int *n, int room, int token, double value);

#endif
