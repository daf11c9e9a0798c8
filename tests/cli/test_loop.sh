#!/usr/bin/env bash
# rlhf loop: rounds by a rule, stopped and killed in a step, a win rate that falls, people waited for, back.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
aligned() { sed -n 's/.*"aligned":[[:space:]]*"\(.*\)".*/\1/p' project.json; }

sentences
prompts 0 49 >train.jsonl
prompts 50 63 >valid.jsonl
must init project
cd project || exit 1
must import ../train.jsonl --split train
must import ../valid.jsonl --split valid
refused 1 "no base model yet" loop --config "$tiny" --judge longer
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=40
for copy in stopped killed people fallen silent; do cp -r . ../$copy; done
policy=runs/round-2-ppo/checkpoints/step-000002/model.safetensors
round=(--config "$tiny" --judge longer --pairs 64 --max-new-tokens 12 --set ppo.show_every=0 --set ppo.eval_every=0)

# ---- two rounds ----
refused 2 "loop.errors are a rule's" loop --config "$tiny" --errors 0.1
refused 2 "no rule 'langer'" loop --judge langer
# what would stop it later is refused before anything is made
refused 1 "no prompts of the train split from nobody, which a round asks" loop --judge longer --source nobody
refused 2 "--wait is for people, and the rule longer labels" loop --judge longer --wait
refused 2 "--restart: no training run was left" loop --judge longer --restart
refused 1 "round 1 would have 16 labels of the train split; a reward model needs 20" loop --judge longer --pairs 20 # 20 50/64
says "ask for more: --pairs N"
refused 1 "round 1 would wait for 200 labels, and its pairs bring 64" loop --when 200
says "wait for fewer: --when N"
must campaign close default
refused 1 "campaign default is closed" loop --when 30
must campaign open default
# ---- what it would do ----
find . -type f | LC_ALL=C sort | xargs sha256sum >../before
must loop "${round[@]}" --rounds 2 --dry-run
prints "2 rounds to come, 1 to 2; the next one in full:"
prints "  sample   two answers to each of 50 train and 14 valid prompts, of at most 12 tokens"
prints "  label    by the rule longer"
prints "  reward   13 steps, from at most 50 labels" # two passes in batches of 8: 100 / 8, and a last one
prints "  ppo      2 iterations of 16 answers, from aligned"
prints "  compare  with the base on 14 valid prompts, by the rule longer;"
prints "  loop.judge=longer (flag)"
prints "  ppo.iterations=2 (file)"
grep -q 'loop.held_out' out && fail "defaults are not listed: $(grep held_out out)"
says_like '^memory: ppo [0-9.]+ MB; ' "the memory of the largest step"
find . -type f ! -name out ! -name err | LC_ALL=C sort | xargs sha256sum | cmp -s - <(grep -v ' ./\(out\|err\)$' ../before) ||
    fail "--dry-run changes nothing"
must loop "${round[@]}" --dry-run --json
prints_like '^\{"dry_run":true,"from":1,"to":3,"step":"sample","asked":\{"train":50,"valid":14\},.*"reward":\{"steps":13,' "the same as JSON"
refused 2 "--back, --status, --stop, --give-up and --dry-run: which one?" loop --status --dry-run
refused 2 "--dry-run changes nothing; leave out --detach" loop --detach --dry-run
[ ! -e loop ] || fail "a refusal leaves nothing behind: $(ls loop)"
must loop "${round[@]}" --rounds 2
prints '$ rlhf sample --model base --split train --limit 50 --max-new-tokens 12 --seed 1'
prints '$ rlhf sample --model base --split valid --limit 14 --max-new-tokens 12 --seed 1'
prints '$ rlhf reward --run round-1-reward --config loop/settings.json --seed 1'
prints '$ rlhf sample --model round-1-ppo@2 --split train --limit 50' # its own answers, fresh
prints "2 rounds done; one more: rlhf loop --rounds 3"
run loop --dry-run
exits 1 "with no round to come"
says "all 2 rounds are over"
must loop --rounds 3 --dry-run
prints "1 round to come, 3 to 3;"
prints "  loop.judge=longer (loop/settings.json)"
grep -q "test prompts" out && fail "without test prompts none are compared on"
must loop --status --json
cp out ../whole
prints_like '^\{"rounds":\[\{"round":1,"step":"done",.*"labels":64,.*"sampled":null,.*\},\{"round":2,"step":"done",.*"labels":64,.*"sampled":"round-1-ppo@2"' "the rounds"
prints_like '"win_rates":\[[0-9.]+,[0-9.]+\],"picture":"[^"]+"\}$' "a picture of two rounds"
# aligned follows from the rates alone
awk -v RS='{"round"' 'NR > 1 {
    match($0, /"win_rate":[0-9.]+/); rate = substr($0, RSTART + 11, RLENGTH - 11)
    match($0, /"standing":[0-9.]+/); standing = substr($0, RSTART + 11, RLENGTH - 11)
    if (($0 ~ /"outcome":"moved"/) != (rate + 0 >= standing + 0)) exit 1 }' out || fail "moved means not below what stood"
"$RLHF" runs >runs.txt
must loop
"$RLHF" runs | cmp -s - runs.txt || fail "rounds that are over are not done again"
rm runs.txt

# ---- its runs are its own ----
refused 1 "no ppo run yet but those of rlhf loop, the newest round-2-ppo" ppo --resume
says "the loop goes on with its own: rlhf loop"

# ---- the same in steps of their own, and killed in the middle of one ----
cd ../stopped || exit 1
for step in 1 2 3 4 5 6 7 8 9 10; do must loop "${round[@]}" --rounds 2 --steps 1; done
must loop --status --json
cmp -s out ../whole || fail "ten calls of one step end as one call: $(cat out)"
cmp -s $policy ../project/$policy || fail "the same weights"

# killed_in STEP SIGNAL: the loop gets it in that step of round 2, or the next where that was over at once.
killed_in() {
    cp -r ../killed ../killed-in && cd ../killed-in || exit 1
    "$RLHF" loop "${round[@]}" --rounds 2 >log 2>&1 &
    local pid=$!
    until grep -o '"step": "[a-z]*"' loop/state.json 2>/dev/null | sed -n 2p | grep -q "$1" || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
    kill -s "$2" $pid 2>/dev/null
    wait $pid 2>/dev/null
    grep -q -- --resume log && fail "one goes on by rlhf loop alone: $(grep -- --resume log)"
    must loop --rounds 2 # with the settings that it began with
    must loop --status --json
    cmp -s out ../whole || fail "a loop that got $2 in step $1 ends as one that did not: $(cat out)"
    cmp -s $policy ../project/$policy || fail "the same weights after $2 in step $1"
    cd ../killed && rm -r ../killed-in || exit 1
}
cd ../killed || exit 1
killed_in reward KILL
[ -z "${RLHF_LONG:-}" ] || for step in sample label reward ppo compare; do killed_in $step KILL && killed_in $step TERM; done

# ---- labels by coin: scores that say nothing move nothing ----
cd ../silent || exit 1
must loop "${round[@]}" --rounds 1 --errors 0.5 --set reward.shrink=true
says "round 1: the reward model's scores are all 0, so PPO was left out; aligned stays"
prints "the reward model's scores are all 0: no PPO"
[ ! -e runs/round-1-ppo ] && [ -z "$(aligned)" ] || fail "no policy follows no scores"

# ---- back ----
cd ../project || exit 1
after() { grep -oE '"aligned":[^,]*' ../whole | sed -n "$1p"; } # ROUND
for back in 1 2; do
    must loop --back $back --json
    says "aligned is again what it was after round $back"
    prints "$(after $back),\"win_rates\""
done
must loop --back 0
[ -z "$(aligned)" ] || fail "none was aligned before round 1: $(aligned)"
run loop --rounds 3 # the base again, which has answered every prompt
exits 1 "a round without new labels"
says "round 3 has no new labels: every prompt is answered and judged"
echo '{"prompt":"the old door is stuck .\nA:"}' >../more.jsonl
must import ../more.jsonl --split train
must loop --steps 2
prints '--split train --limit 1 '
prints "round 3 goes on with reward"
refused 2 "'3' is no round from 0 to 2" loop --back 3
refused 2 "unexpected '1'" loop 1

# ---- every label turned round: the policy learns the contrary, and what stands stays ----
cd ../fallen || exit 1
sed -i 's/"settings":.*{/&"reward": {"epochs": 1}/' project.json # what is given comes before what the project says
must loop "${round[@]}" --rounds 1 --errors 1 --set reward.epochs=4 --set ppo.iterations=6 \
    --set ppo.learning_rate=5e-3 --set ppo.kl_coef=0 --set ppo.kl_target=0
prints "held back: round-1-ppo@6"
prints '--config loop/settings.json --set reward.epochs=4 --seed 1'
must loop --status --json
prints '"outcome":"held"'
prints '"standing":0.5}'
prints_like '"win_rate":0\.[0-4]' "the win rate fell below that of the base against itself"
[ -z "$(aligned)" ] || fail "aligned does not move: $(aligned)"
refused 1 "no round has moved aligned" loop --back
must loop --rounds 2 --steps 1
prints '--model round-1-ppo@6 --split train' # what went wrong is labeled next

# ---- people ----
cd ../people || exit 1
must loop --config "$tiny" --pairs 64 --max-new-tokens 12 --when 3
prints "round 1 waits for people: 0 of 3 new labels, 64 pairs without any"
prints "choose the better answers: rlhf label"
must status
prints "next: rlhf loop"
printf 'a\nb\n' | "$RLHF" label --line --as ada >/dev/null 2>&1
must loop --json
prints_like '"step":"label","running":false,"waiting":true,"labels":2,"when":3,"to_label":62' "two of three"
"$RLHF" loop --wait --steps 1 >waited 2>&1 &
pid=$!
until grep -q "waiting for labels: 2 of 3" waited || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
must status
prints_like '^next: rlhf loop --status +# rlhf loop is at work: round 1 is at label$' "a loop that waits is looked at, not begun again"
refused 1 "another rlhf loop is at work in" loop
says "look at it: rlhf loop --status; end it: kill $pid"
refused 1 "another rlhf loop is at work in" loop --back 0
must loop --status
prints "a process waits for people in round 1: "
printf 'a\n' | "$RLHF" label --line --as ada >/dev/null 2>&1
wait $pid || fail "--wait goes on once there are enough: $(cat waited)"
must loop --status --json
prints '"step":"reward","running":false,"waiting":false,"labels":3'
refused_at=$(aligned)
run loop
exits 1 "too few labels for a reward model"
says "3 labels of the train split, too few to learn from"
[ "$(aligned)" = "$refused_at" ] || fail "nothing is lost"

# ---- the picture reaches from the lowest end of an interval to the highest: 7 (rate - 0.2) / (0.9 - 0.2), rounded ----
cd ../project || exit 1
round() { # RATE LOW HIGH [JUDGE]
    printf '{"step":"done","outcome":"moved","answered":[0,0],"judge":"%s","rate":{"n":9,"win_rate":%s,"ci":[%s,%s]}}' "${4:-kind}" "$1" "$2" "$3"
}
echo "{\"seed\":\"1\",\"rounds\":[$(round 0.5 0.2 0.8),$(round 0.56 0.3 0.8),$(round 0.8 0.7 0.9)]}" >loop/state.json
must loop --status --json
prints '"picture":"▄▅▇"' # 3, 3.6, 6
must loop --status
prints "from 0.50 to 0.80, on held-out prompts, by kind"
echo "{\"seed\":\"1\",\"rounds\":[$(round 0.5 0.2 0.8),$(round 0.6 0.3 0.8 reward)]}" >loop/state.json
must loop --status
prints "by different judges"
echo '{"seed":"1"}' >loop/state.json
refused 1 "loop/state.json: not what a loop of this version writes" loop --status
[ $failed -eq 0 ]
