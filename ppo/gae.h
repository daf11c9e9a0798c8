/* Generalized advantage estimation over one response.  Schulman et al. 2016, eq. 16
 *
 *   delta[t] = reward[t] + gamma * value[t+1] - value[t],    value[T] = 0
 *   advantage[t] = delta[t] + gamma * lambda * advantage[t+1]
 *   ret[t] = advantage[t] + value[t], the target of the value function: taken before any whitening */
#ifndef PPO_GAE_H
#define PPO_GAE_H

/* All arrays are (T).  The response is a whole episode: nothing follows its last token. */
void gae(double *advantage, double *ret, const double *reward, const double *value, int T,
         double gamma, double lambda);

#endif
