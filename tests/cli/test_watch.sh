#!/usr/bin/env bash
# A run from another terminal: rlhf watch, rlhf stop, --detach; and --dry-run, which is no run at all.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
trap '"$RLHF" stop >/dev/null 2>&1; rm -rf "$folder"' EXIT
tiny=$SOURCE_DIR/configs/tiny.json
until_there() { # FILE: it comes while the run is alive; who waits for it waits no longer than a minute
    for _ in $(seq 1200); do
        [ -s "$1" ] && return
        sleep 0.05
    done
    fail "$1 comes"
}
state() { "$RLHF" runs | sed -n "s/^$1 *\([a-z]*\).*/\1/p"; }

sentences
must init other
must pretrain corpus.jsonl --project other --config "$tiny" --set pretrain.steps=100000000 --stop-after 1
says_like '^100,000,000 steps: about [0-9]+ h [0-9]+ min, by how fast this machine multiplies matrices just now' "without an earlier run a product is measured"
rm -r other
must init .
must import demonstrations.jsonl
must pretrain corpus.jsonl --config "$tiny" --set pretrain.steps=12

# ---- dry run ----
digest() { find . -type f ! -name out ! -name err ! -name '*.sum' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; }
dry() { # KIND ARGUMENTS...
    digest >before.sum
    must "$@" --config "$tiny" --dry-run
    prints_like "^$1: [0-9]+ (steps|iterations) of [0-9.e-]+ s: about [0-9:]+; memory held .*; nothing was changed$" "$1 says what it would take"
    says_like '^memory: .* free$' "$1 says its memory plan"
    digest >after.sum
    cmp -s before.sum after.sum || fail "$1 --dry-run changes nothing: $(diff before.sum after.sum)"
}
dry pretrain corpus.jsonl
dry sft
says "to learn from"
must sample --max-new-tokens 16
must judge --rule longer
dry reward --no-eval
must reward --config "$tiny" --no-eval --set reward.epochs=1
dry ppo
says_like 'train prompts to answer, 0 left out, 32 episodes: each' "PPO says what it would learn from"
run pretrain corpus.jsonl --config "$tiny" --dry-run --json
prints_like '^\{"dry_run":true,"steps":60,"seconds_per_step":[0-9.]+,"seconds":[0-9.]+,"memory":[0-9]+,"step":\{"loss":' "dry run as JSON"
refused 2 "--dry-run is of a new run; leave out --resume" pretrain corpus.jsonl --dry-run --resume --run pretrain-1

# ---- detached ----
long=(--config "$tiny" --set pretrain.steps=1000000000)
must pretrain corpus.jsonl "${long[@]}" --detach --run far
prints "far goes on by itself; what it says: "
prints "rlhf watch far"
until_there runs/far/metrics.jsonl
[ "$(state far)" = running ] || fail "a detached run works: $(state far)"
grep -q "37,024 weights" err || fail "what it says before its first step is on the terminal: $(cat err)"
says_like '^1,000,000,000 steps: about [0-9]+ h [0-9]+ min, by the speed of pretrain-1; a step measured: --dry-run' "what takes long says so before its first step"
must status
prints_like '^next: rlhf watch far +# far is running$' "what is at work is watched, and not begun again"
must watch --once
prints_like '^far   running   step [0-9,]+/1,000,000,000  0%' "the newest that works is watched"
# ---- a run without a checkpoint yet: its record says how far it came, to runs and watch alike ----
must runs
prints_like '^far +running +[1-9][0-9,]* steps?$' "runs counts the steps that watch shows"
refused 1 "far is running: another process is working on this run" pretrain corpus.jsonl --resume --run far --learning-rate 0.01
says "to change a live setting: rlhf stop far, then this command again"
! grep -q "from here on" err || fail "settings that a running run does not take are not told: $(cat err)"
"$RLHF" watch far >followed 2>&1 &
watcher=$!
until_there followed
must stop far
says "far: asked to stop"
prints_like '^far stopped and is saved, [0-9,]+ steps?; go on with: rlhf pretrain FILE\.\.\. --resume --run far$' "it is saved when stop returns"
[ "$(state far)" = stopped ] || fail "it has ended when stop returns: $(state far)"
wait $watcher || fail "watch ends well"
tail -n 1 followed | grep -qE '^far   stopped   step ' || fail "watch ends with the run: $(tail -n 1 followed)"
grep -q "stopped after" runs/far/output.log || fail "its output is in the folder of the run"
refused 1 "far is not running: stopped, " stop far
refused 1 "no run is running" stop
steps=$(sed -n 's/.*"step": \([0-9]*\)}/\1/p' runs/far/state.json)
must pretrain corpus.jsonl --run far --resume --set pretrain.steps=$((steps + 2))
says "from here on: pretrain.steps was 1000000000 and is $((steps + 2))"
grep -qF "\"total\": $((steps + 2)), \"step\": $((steps + 2))}" runs/far/state.json || fail "it may be given another end: $(cat runs/far/state.json)"
refused 1 "far is not running: finished, " stop far
run pretrain nowhere.jsonl --detach
exits 1 "a detached command that fails before its first step"
says_like '^rlhf pretrain: .*nowhere.jsonl' "its error is on the terminal"
[ ! -e runs/pretrain-2 ] || fail "and leaves no run"

# A number in a file is not believed: only who has the lock is meant.
sleep 1000 &
bystander=$!
echo "$bystander" >runs/far/lock
refused 1 "far is not running" stop far
kill -0 $bystander || fail "nobody else is signalled"
kill $bystander

# ---- a run that has ended ----
run watch pretrain-1
exits 0 "watch of a run that has ended"
prints_like '^pretrain-1   finished   step 12/12  100%   [0-9.]+ s each   loss [0-9.]+   held out [0-9.]+$' "its last numbers"
LANG=C.UTF-8 LC_ALL='' LC_CTYPE='' run watch --once pretrain-1
prints_like '^  loss +[0-9.]+  [▁▂▃▄▅▆▇█]+$' "a sparkline of the loss"
LC_ALL=C run watch --once pretrain-1
prints_like '^  loss +[0-9.]+  [-_.:=+*#]+$' "in signs where the terminal has no blocks"
run watch --json pretrain-1
prints_like '^\{"run":"pretrain-1","state":"finished","step":12,"total":12,"last":\{"step":12,"loss":' "as JSON"
refused 1 "no model, run or folder 'pretrain-7'; did you mean: pretrain-1" watch pretrain-7

# ---- what is shown, of a record made by hand: eight steps, one of them slow, and a line half written ----
mkdir -p runs/made
echo '{"inputs":{},"settings":{"ppo":{}}}' >runs/made/settings.json
echo '{"state":"stopped","total":16,"step":8}' >runs/made/state.json
for i in 1 2 3 4 5 6 7 8; do
    echo "{\"step\":$i,\"objective/scores\":$i,\"time/sampling\":1.5,\"seconds\":$((i == 5 ? 90 : 2))}"
done >runs/made/metrics.jsonl
printf '{"step":9,"objective/sc' >>runs/made/metrics.jsonl
for i in 1 8; do
    echo "{\"step\":$i,\"prompt\":\"the lamp\\nA:\",\"response\":\" answer $i\",\"score\":0.$i,\"finished\":true}"
done >runs/made/samples.jsonl
LC_ALL=C.UTF-8 run watch --once made
printf '%s\n' 'made   stopped   iteration 8/16  50%   2.00 s each' '  reward             8.00  ▁▂▃▄▅▆▇█' '  sampling 1.5 s' \
    '  after 8: the lamp A: | answer 8  (0.80)' >expected
cmp -s out expected || fail "a view of it: $(cat out)"

# ---- TensorBoard ----
events=runs/pretrain-1/events.out.tfevents.rlhf
head -c 40 $events | grep -qa 'brain.Event:2' || fail "every run has a file for TensorBoard"
[ "$(grep -ao 'grad_norm' $events | wc -l)" -eq 12 ] || fail "with a record a step"
[ $failed -eq 0 ]
