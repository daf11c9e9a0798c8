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

[ $failed -eq 0 ]
