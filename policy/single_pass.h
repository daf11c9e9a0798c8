/* One whole sequence through the trunk, by itself, for looking at what it leaves behind. */
#ifndef POLICY_SINGLE_PASS_H
#define POLICY_SINGLE_PASS_H

#include "policy/trunk.h"

/* T tokens from position 0; `a` has room for them and is not kept, so that layers share memory: of a layer's
 * rows only those stay that lie in memory of their own. */
void single_pass_forward(Model *m, Adapter *adapter, Activations *a, const int *token, int T);

#endif
