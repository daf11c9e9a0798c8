/* Settings of the optimizer that every kind of training shares, and their use. */
#ifndef POLICY_OPTIMIZER_CONFIG_H
#define POLICY_OPTIMIZER_CONFIG_H

#include "base/config.h"
#include "policy/policy.h"
#include "policy/schedule.h"

/* Rows for a section's own table: defaults differ between stages.
 *    type    name           default    min   max    source                meaning */
/* clang-format off */
#define OPTIMIZER_CONFIG(X, rate, decay_to, b2, epsilon, decay) \
    X(double_live, learning_rate, rate,      0,    1,     "Kingma & Ba 2015",   "step size at its highest") \
    X(choice, schedule, "cosine", "constant|linear|cosine", 0, "Loshchilov & Hutter 2017", "how the rate falls after the warm-up") \
    X(double, warmup,        0.03,      0,    1,     "Goyal et al. 2017",  "share of the steps in which the rate rises") \
    X(double, final_rate,    decay_to,  0,    1,     "Loshchilov & Hutter 2017", "rate at the end, as a share of the highest") \
    X(double, beta1,         0.9,       0,    0.9999, "Kingma & Ba 2015",  "decay of the gradient's mean") \
    X(double, beta2,         b2,        0,    0.99999, "Kingma & Ba 2015", "decay of its square") \
    X(double, eps,           epsilon,   0,    1,     "Kingma & Ba 2015",   "added to the root of the square") \
    X(choice, adam, "pytorch", "pytorch|tensorflow", 0, "Huang et al. 2024", "where eps enters: inside or outside the bias correction") \
    X(double, weight_decay,  decay,     0,    1,     "Loshchilov & Hutter 2019", "of matrices; norms and biases have none") \
    X(double_live, max_grad_norm, 1.0,       0,    1e6,   "Pascanu et al. 2013", "longer gradients are shortened to this; 0: never")

/* Copies the rows above from any section struct that has them. */
#define OPTIMIZER_OPTIONS(c) \
    .beta1 = (c)->beta1, .beta2 = (c)->beta2, .eps = (c)->eps, .weight_decay = (c)->weight_decay, \
    .tensorflow_adam = (c)->adam == 1

/* The rate of step `step` (0 is the first) of `total`, by the schedule of section c with this highest rate. */
#define OPTIMIZER_RATE(c, highest, step, total) \
    ((highest) * schedule_share((Schedule)(c)->schedule, (step), \
                                         (int64_t)((c)->warmup * (double)(total)), (total), \
                                         (c)->final_rate))
/* clang-format on */

#endif
