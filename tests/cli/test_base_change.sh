#!/usr/bin/env bash
# A second base in a project whose reward and aligned models come from the first; and runs whose inputs changed.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
tiny_project --set pretrain.steps=40
prompts 50 63 >../valid.jsonl
must import ../valid.jsonl --split valid
must import ../valid.jsonl --split test
must sample --max-new-tokens 12
must judge --rule longer
must reward --config "$tiny" --no-eval --set reward.epochs=1
ppo=(ppo --config "$tiny" --set ppo.iterations=2 --set ppo.batch_size=8 --set ppo.minibatch_size=4 --max-new-tokens 12)
must "${ppo[@]}" --run first

# ---- a base of other words is not taken over ----
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=1 --set model.vocabulary=300 --run words
says "words has another tokenizer than the project's aligned model, and so does not become its base; all the same: rlhf init --base words"
grep -q '"base":.*pretrain-1/' project.json || fail "the base stays: $(cat project.json)"
must init --base words
must status
prints "next: rlhf init --base pretrain-1"
prints "the base was changed: aligned has another tokenizer"
refused 1 "aligned has another tokenizer than base: it does not come from this base" compare --max-new-tokens 8
says "the project's base was changed since aligned was made; back to it: rlhf init --base pretrain-1"
refused 1 "aligned has another tokenizer than base" chat --compare "the lamp" --template plain --max-new-tokens 4
refused 1 "aligned has another tokenizer than the base" loop --judge longer --max-new-tokens 12 --pairs 60 --dry-run
refused 1 "run first is finished, 2 steps: nothing is left to resume; nor can it go on: the reward model " ppo --resume
must init --base pretrain-1
must status
grep -q "rlhf init --base" out && fail "back again, nothing is left of it: $(tail -n 1 out)"

# ---- a reward model that is another by now ----
must "${ppo[@]}" --set ppo.iterations=3 --run second --stop-after 1
must reward --config "$tiny" --no-eval --set reward.epochs=0.1
refused 1 "run second cannot go on; changed since: the reward model" ppo --resume
says "with the reward model that it began with: --reward reward-1; or a new run: leave out --resume"
must status
grep -qE 'next: rlhf ppo --resume' out && fail "a resume that cannot work is not proposed: $(tail -n 1 out)"
must ppo --resume --reward reward-1 --stop-after 1
must status
grep -qE "next: rlhf ppo --resume" out && fail "nor is it proposed bare when it went on after that: $(tail -n 1 out)"
must ppo --resume --reward reward-1
prints_like '^second: 3 iterations' "with it the run goes on"

# ---- a setting that stands by itself, and a model that is given as elsewhere ----
echo '{"kl_coef": 0.1}' >bare.json
refused 1 'kl_coef: expected { settings }; did you mean "ppo": {"kl_coef": ...}' ppo --config bare.json
must inspect --model pretrain-1 --json
cp out ../by-option
must inspect pretrain-1 --json
cmp -s out ../by-option || fail "inspect --model MODEL is inspect MODEL"
[ $failed -eq 0 ]
