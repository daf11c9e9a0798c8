#include "ppo/gae.h"

void gae(double *advantage, double *ret, const double *reward, const double *value, int T,
         double gamma, double lambda)
{
    double next_value = 0, next_advantage = 0;
    for (int t = T - 1; t >= 0; t--) {
        const double delta = reward[t] + gamma * next_value - value[t];
        advantage[t] = delta + gamma * lambda * next_advantage;
        ret[t] = advantage[t] + value[t];
        next_value = value[t];
        next_advantage = advantage[t];
    }
}
