#!/usr/bin/env bash
# rlhf status after a run that was stopped or died: going on with it comes next.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
next() { # PATTERN CLAIM
    must status
    grep -qE "^next: $1" out || fail "$2: $(grep '^next' out)"
}
for i in $(seq 40); do printf '{"text":"the %d green lamps are not broken ."}\n' "$i"; done >corpus.jsonl
for thing in lamp clock radio chair table; do
    for colour in red green blue white black pink gold grey; do
        echo "{\"prompt\":\"the $colour $thing is broken .\\nA:\"}"
    done
done >prompts.jsonl

must init project
cd project || exit 1
head -n 25 ../prompts.jsonl >../train.jsonl
tail -n 15 ../prompts.jsonl >../valid.jsonl
must import ../train.jsonl --split train
must import ../valid.jsonl --split valid
pretrain=(pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=4)
must "${pretrain[@]}" --stop-after 2
next 'rlhf pretrain FILE\.\.\. --resume --run pretrain-1 +# pretrain-1 stopped after 2 steps; FILE: the same files as before$' "a stopped base is gone on with"
sed -i 's/"stopped"/"running"/' runs/pretrain-1/state.json
next 'rlhf pretrain FILE\.\.\. --resume --run pretrain-1 +# pretrain-1 died after 2 steps; ' "so is one that died"
must status --json
prints '"next":"rlhf pretrain FILE... --resume --run pretrain-1"'
must pretrain ../corpus.jsonl --resume
next 'rlhf sample ' "once it has finished, the chain goes on"
must "${pretrain[@]}" --stop-after 2 --run mine
next 'rlhf pretrain FILE\.\.\. --resume --run mine +# mine stopped' "the newest run needs no name, whatever it is called"
must "${pretrain[@]}"
next 'rlhf sample ' "a later run that finished takes its place"
must pretrain ../corpus.jsonl --resume --run mine --stop-after 1
next 'rlhf sample ' "also from one that was stopped once more after it"

must sample --max-new-tokens 8
must judge --rule longer
must reward --config "$tiny" --set reward.epochs=1 --no-eval --stop-after 1
next 'rlhf reward --resume --run reward-1 +# reward-1 stopped after 1 step; give --model' "a stopped reward model is gone on with"
must reward --resume --no-eval
ppo=(ppo --config "$tiny" --set ppo.batch_size=8 --set ppo.minibatch_size=4)
must "${ppo[@]}" --set ppo.iterations=2 --stop-after 1
next 'rlhf ppo --resume --run ppo-1 +# ppo-1 stopped after 1 step' "stopped PPO is gone on with"
must ppo --resume
must "${ppo[@]}" --set ppo.iterations=2 --stop-after 1 --model aligned --reference base
next 'rlhf ppo --model aligned --reference base --resume --run ppo-2 +# ppo-2 stopped' "a second round with the models that it had"
must ppo --model aligned --reference base --resume

must "${ppo[@]}" --set ppo.iterations=2 --stop-after 1
must reward --config "$tiny" --set reward.epochs=1 --no-eval --stop-after 1
must sample --model aligned --max-new-tokens 8
must judge --rule longer
must status
! grep -q '^next: rlhf reward --resume' out || fail "labels have come since, and the run would refuse: $(grep '^next' out)"
[ $failed -eq 0 ]
