#!/usr/bin/env bash
# What is known of a run: how far it came when it was killed, and whose arithmetic it goes on with.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
unset RLHF_KERNELS

for i in $(seq 40); do printf '{"text":"the %d green lamps are not broken ."}\n' "$i"; done >corpus.jsonl
must init .
tiny=(corpus.jsonl --config "$SOURCE_DIR/configs/tiny.json")

# ---- killed ----
"$RLHF" pretrain "${tiny[@]}" --run killed --set pretrain.steps=1000000 --set pretrain.save_every=1 >/dev/null 2>&1 &
process=$!
for _ in $(seq 1200); do
    [ -e runs/killed/checkpoints/step-000003 ] && break
    sleep 0.05
done
run runs
prints_like '^killed +running +[1-9][0-9,]* steps$' "a run that works says how far it has come"
kill -9 $process
wait $process 2>/dev/null
last=$(ls runs/killed/checkpoints | sed -n 's/^step-0*\([0-9]*\)$/\1/p' | sort -n | tail -n 1)
grep -q '"step": 0}' runs/killed/state.json || fail "state.json is of the run's begin: $(cat runs/killed/state.json)"
run --json runs
prints "{\"run\":\"killed\",\"state\":\"died\",\"steps\":$last}"

# ---- whose arithmetic ----
must pretrain "${tiny[@]}" --run vector --set pretrain.steps=4 --stop-after 2
grep -q '"arithmetic": "vector"' runs/vector/settings.json || fail "settings.json tells the arithmetic"
RLHF_KERNELS=reference run pretrain "${tiny[@]}" --run vector --set pretrain.steps=4 --resume
exits 1 "a resume with other arithmetic"
says 'arithmetic was "vector" and is "reference" now'
RLHF_KERNELS=plain run pretrain "${tiny[@]}" --run vector --set pretrain.steps=4 --resume
exits 0 "a resume with kernels of the same bits"
RLHF_KERNELS=reference must pretrain "${tiny[@]}" --run plainly --set pretrain.steps=4 --stop-after 2
run pretrain "${tiny[@]}" --run plainly --set pretrain.steps=4 --resume
exits 1 "a resume of a reference run with vectors"
says 'arithmetic was "reference" and is "vector" now'

# ---- rows that are not what they should be ----
printf '{"text":"a"}\nx\n' >bad.jsonl
refused 1 "rlhf pretrain: bad.jsonl: line 2: not JSON: expected a value" pretrain bad.jsonl
[ $failed -eq 0 ]
