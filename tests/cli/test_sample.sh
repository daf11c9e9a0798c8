#!/usr/bin/env bash
# rlhf sample: which prompts are asked, and who is said to have answered.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
sampled() { # PAIRS ARGUMENTS...
    must sample --max-new-tokens 8 --json "${@:2}"
    prints_like "^\{\"prompts\":$1," "sample ${*:2} asks $1 prompts"
}

must init project
cd project || exit 1
prompts 0 55 | sed 's/prompt/text/' >../corpus.jsonl
prompts 0 19 >../train.jsonl
prompts 20 29 >../valid.jsonl
awk 'BEGIN { for (i = 0; i < 3; i++) { printf "{\"prompt\":\"%d", i; for (k = 0; k < 90; k++) printf " wobbles" k; print "\"}" } }' >../long.jsonl
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=2
refused 1 "no prompts yet; bring some in with: rlhf import FILE" sample
must import ../train.jsonl --split train
must import ../valid.jsonl --split valid

# ---- a limit goes to prompts without answers ----
sampled 9 --limit 9 # 6 of 20 train prompts, 3 of 10 valid ones
must status --json
prints '"comparisons":9,'
sampled 14 --split train
sampled 5 --limit 5 # all of them valid: train is done
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    TERM=xterm script -qec "'$RLHF' sample --max-new-tokens 8" typed >out 2>err </dev/null
    grep -qE 'sample +[0-9]+/2 prompt' typed || fail "the bar counts prompts without answers: $(tr '\r' '\n' <typed | head -n 3)"
else
    echo "skipped: script(1) cannot make a terminal here"
    must sample --max-new-tokens 8
fi
sampled 0
must sample --max-new-tokens 8
prints "nothing to sample: base has answered all 30 prompts already"
prints "for more pairs: rlhf import FILE, then sample; or another --model"
must sample --max-new-tokens 8 --split valid
prints "nothing to sample: base has answered all 10 valid prompts already"
prints "for more pairs: rlhf import FILE, then sample; or without --split; or another --model"

# ---- one source ----
must import ../long.jsonl --source long --split train
refused 1 "every prompt (3) is too long: answers of 32 tokens in a context of 64" sample --source long
refused 1 "answers of 64 tokens leave no room for a prompt in the context of 64; give a smaller --max-new-tokens" sample --source long --max-new-tokens 64
refused 1 "every prompt (3) is too long: answers of 8 tokens in a context of 64" sample --source long --max-new-tokens 8
refused 1 "no train or valid prompts of source nowhere" sample --source nowhere
refused 1 "no valid prompts of source long" sample --source long --split valid

# ---- another campaign ----
prompts 30 33 >../more.jsonl
must import ../more.jsonl --split train
must campaign new eval-1 --purpose evaluate
refused 1 "there is no campaign 'eval'; there is default, eval-1" sample --campaign eval --max-new-tokens 8
sampled 4 --source more --campaign eval-1
must campaign --json
prints_like '"campaign":"eval-1".*"comparisons":[34],' "the pairs are of that campaign"
must campaign close eval-1
refused 1 "campaign eval-1 is closed" sample --campaign eval-1 --max-new-tokens 8

# ---- who answered ----
must judge --rule longer
must reward --config "$tiny" --set reward.epochs=1
must ppo --config "$tiny" --set ppo.iterations=2
must sample --model aligned --limit 2 --max-new-tokens 8
cp -r runs/pretrain-1/checkpoints/step-000002 ../elsewhere
must sample --model ../elsewhere --limit 2 --max-new-tokens 8
if [ -x "$fixture" ]; then
    printf '%s\n' 'base base pretrain-1 2' 'aligned policy ppo-1 2' '../elsewhere external - 0' >wanted
    "$fixture" models . | diff wanted - || fail "each model is stored with its role, run and step"
else
    echo "skipped: no $fixture"
fi
[ $failed -eq 0 ]
