#!/usr/bin/env bash
# What is known of a run: how far it came when it was killed, and whose arithmetic it goes on with.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
unset RLHF_KERNELS

for i in $(seq 40); do printf '{"text":"the %d green lamps are not broken ."}\n' "$i"; done >corpus.jsonl
must init .
tiny_settings=$SOURCE_DIR/configs/tiny.json
tiny=(corpus.jsonl --config "$tiny_settings")

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

must pretrain "${tiny[@]}" --model vector --run onward --set pretrain.steps=1
refused 2 "model.width is of a new model, and --model vector has its own" pretrain "${tiny[@]}" --model vector --width 64

# ---- settings that are refused leave nothing behind ----
run pretrain "${tiny[@]}" --heads 3
exits 1 "a width that the heads do not divide"
says "model.heads 3 does not divide model.width 32"
[ ! -e runs/pretrain-1 ] || fail "no run is left of refused settings: $(ls runs/pretrain-1)"
run pretrain "${tiny[@]}" --heads 3 --run vector
exits 1 "a run of that name"
[ -e runs/vector/settings.json ] || fail "a run that was there before stays"

# ---- what a run says at its end ----
must pretrain "${tiny[@]}" --set pretrain.steps=3
prints_like '^pretrain-1: 3 steps, loss [0-9]+\.[0-9]{3}, held out [0-9]+\.[0-9]{3}, /' "the last numbers"
says "pretrain-1 is now the project's base"
says "that is very little text for so many weights"
yes '{"text":"the lamps are not broken , and neither are the clocks , which nobody asked about ."}' | head -n 400 >more.jsonl
must pretrain more.jsonl "${tiny[@]:1}" --set pretrain.steps=1
! grep -q "very little text" err || fail "no warning of enough text: $(cat err)"

# ---- the settings of a run, taken up ----
must pretrain "${tiny[@]}" --run asked --seed 18446744073709551615 --set pretrain.steps=5 --stop-after 2
says "stopped after 2 of 5"
must pretrain corpus.jsonl --run asked --resume --stop-after 2
says "stopped after 4 of 5"
run pretrain corpus.jsonl --run asked --resume --batch-size 4
exits 1 "a resume with another setting"
says "pretrain.batch_size was 8 and is 4 now"
must pretrain corpus.jsonl --run asked --resume
prints "asked: 5 steps"
must pretrain corpus.jsonl --config runs/asked/settings.json --run again --stop-after 1
diff <(sed 1,2d runs/asked/settings.json) <(sed 1,2d runs/again/settings.json) >/dev/null ||
    fail "settings.json of a run is a settings file"
sed 's/"batch_size": 8/"batch_size": 0/' runs/asked/settings.json >wrong.json
line=$(grep -n '"batch_size": 0' wrong.json | cut -d: -f1)
refused 1 "wrong.json:$line: pretrain.batch_size" pretrain corpus.jsonl --config wrong.json

# ---- a name that another run has is refused before anything is read ----
for command in "pretrain nowhere.txt" "sft --model nowhere" "reward --model nowhere" "ppo --model nowhere" \
    "classify --data nowhere.jsonl"; do
    # shellcheck disable=SC2086
    refused 1 "runs/again: this run exists; go on with --resume, or choose another name" $command --run again
done
refused 1 "this run exists" sft --model nowhere --run again --dry-run
refused 2 "--run: 'a/b' is no name for a run" sft --model nowhere --run a/b

# ---- a stopped run is what to go on with until another has done its work ----
next_is() { must status && grep -qE "^next: rlhf $1" out || fail "$2: $(grep '^next' out)"; } # PATTERN CLAIM
must pretrain "${tiny[@]}" --run early --set pretrain.steps=3 --stop-after 1
must pretrain "${tiny[@]}" --run late --set pretrain.steps=3 --stop-after 1
next_is "pretrain FILE... --resume --run late +# late stopped" "the newest one that was stopped, whatever it is called"
must pretrain corpus.jsonl --run early --resume
next_is "import FILE" "one that was begun before and has finished since does its work too"
must pretrain corpus.jsonl --resume
prints_like "^late: 3 steps" "--resume alone goes on with the newest of the kind, not with the highest number"
must pretrain corpus.jsonl --resume --run late
says "late is finished, 3 steps"
! grep -q "resumed from" err || fail "what has ended is not said to be resumed: $(cat err)"
! grep -q "back to it" err || fail "the base that stays the base is not told as another: $(cat err)"
refused 1 "run late is finished, 3 steps: with these settings none is left" pretrain corpus.jsonl --resume --run late --steps 2
! grep -q "from here on" err || fail "what is refused is not said to be so: $(cat err)"
for name in base aligned x@3 'a b' a/b .a -a ''; do
    refused 2 "--run: '$name' is " pretrain corpus.jsonl --config "$tiny_settings" --run="$name" --dry-run
done

# ---- one demonstration ----
echo '{"prompt":"the lamp","completion":" is broken ."}' >one.jsonl
must import one.jsonl --split train
must sft --set sft.steps=2
says "1 demonstration is too few to hold any out"
says "sft-1 has learned from 1 demonstration in 2 steps"
says "sft-1 is now the project's base"

# ---- models by name ----
input=corpus.jsonl
refused 1 "base@3: a step is one of a run, and base is no run" tokenize --model base@3
input=/dev/null
refused 1 "no model, run or folder 'nope'" init --base nope
says "what was trained here: rlhf runs"
must init --base vector
grep -q '"base":.*runs/vector' project.json || fail "init --base takes a run of the project: $(cat project.json)"
refused 1 "--base: nope: no such folder" init other --base nope
[ ! -e other ] || fail "a mistyped base makes no project"

# ---- rows that are not what they should be ----
printf '{"text":"a"}\nx\n' >bad.jsonl
refused 1 "rlhf pretrain: bad.jsonl: line 2: not JSON: expected a value" pretrain bad.jsonl
[ $failed -eq 0 ]
