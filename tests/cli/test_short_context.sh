#!/usr/bin/env bash
# A base with a context of 64 tokens, and nobody who says how long answers may be: half of it, everywhere.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
sentences
prompts 0 49 >train.jsonl
prompts 50 63 >valid.jsonl
must init project
cd project || exit 1
must import ../train.jsonl --split train
must import ../valid.jsonl --split valid
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=40
cp -r . ../looped
must sample --max-new-tokens 12
must judge --rule longer
must reward --config "$tiny" --no-eval --set reward.epochs=1
small=(--set ppo.iterations=2 --set ppo.batch_size=8 --set ppo.minibatch_size=8)

# ---- PPO ----
must ppo "${small[@]}" --stop-after 1
grep -q '"max_new_tokens": 32' runs/ppo-1/settings.json || fail "half of the context of 64 is recorded: $(grep max_new runs/ppo-1/settings.json)"
must ppo --resume
prints_like '^ppo-1: 2 iterations' "and a run that is resumed goes on with it"
refused 1 "answers of 128 tokens leave no room for a prompt in the context of 64" ppo "${small[@]}" --max-new-tokens 128
must ppo "${small[@]}" --max-new-tokens 40 --stop-after 1
grep -q '"max_new_tokens": 40' runs/ppo-2/settings.json || fail "what is given is taken: $(grep max_new runs/ppo-2/settings.json)"

# ---- answers that a reward model is normalized on ----
must reward --no-eval --set reward.epochs=0.01 --set reward.normalize_samples=2 --run normal
grep -q '"normalize_tokens": 32' runs/normal/settings.json || fail "they too: $(grep normalize_tokens runs/normal/settings.json)"

# ---- the loop ----
cd ../looped || exit 1
refused 1 "answers of 128 tokens leave no room" loop --judge longer --max-new-tokens 128
[ ! -e loop ] || fail "what is refused leaves nothing behind: $(ls loop)"
refused 1 "every prompt (50) is too long: answers of 63 tokens in a context of 64" loop --judge longer --max-new-tokens 63
must loop --judge longer --steps 2
prints ' --max-new-tokens 32 '
prints "round 1 goes on with reward: rlhf loop; to give it up: rlhf loop --give-up"
must status
prints_like '^next: rlhf loop +# round 1 goes on with reward; to give it up: rlhf loop --give-up$' "the hint names the way out"

# ---- given up ----
must loop --give-up
says "round 1 is given up in step reward; its answers, labels and runs stay, and aligned as it is"
prints "no round yet"
must status
grep -q 'next: rlhf loop' out && fail "a loop that was given up is not proposed: $(tail -n 1 out)"
refused 1 "no round is under way" loop --give-up
[ ! -e loop/settings.json ] || fail "the next loop begins with settings of its own"

# ---- labels enough: no round waits ----
must loop --when 30 --steps 1
prints "round 1 goes on with label: rlhf loop" # 64 labels of the rule, of 30

# ---- a first step that fails leaves no round ----
must loop --give-up
mkdir hidden
mv runs/pretrain-1/checkpoints/*/model.safetensors hidden/
run loop --judge longer
exits 1 "a base without weights"
[ ! -e loop/state.json ] || fail "a round that made nothing is not left behind: $(cat loop/state.json)"
[ $failed -eq 0 ]
