#!/usr/bin/env bash
# bench/two_rounds.sh with models too small to be of use: a table of its arms, and the same one after a kill in the middle.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
set -o pipefail
export ARMS="one two"
export PRETRAIN="--set model.layers=2 --set model.width=32 --set model.mlp=64 --set pretrain.epochs=0.2"
export LOOP="--set reward.epochs=1 --set reward.shrink=false --set ppo.batch_size=32 --set ppo.minibatch_size=32"
two_rounds() { "$SOURCE_DIR/bench/two_rounds.sh" "$RLHF" 2 200 6 2>>err; }

mkdir whole killed
(cd whole && two_rounds | sed 's/[^|]*|$//' >../table) || fail "a first run"
[ "$(grep -c '^| 2 | ' table)" -ge 2 ] || fail "a row for each arm: $(cat table)"
cd killed || exit 1
setsid "$SOURCE_DIR/bench/two_rounds.sh" "$RLHF" 2 200 6 >/dev/null 2>&1 &
pid=$!
until [ -d two-rounds/seed-2/two/runs/round-2-reward ] || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
kill -9 -- -$pid 2>/dev/null
wait $pid 2>/dev/null
two_rounds | sed 's/[^|]*|$//' >../again || fail "a second run"
cd .. && cmp -s table again || fail "killed and started again it ends alike: $(cat table again)"
[ $failed -eq 0 ]
