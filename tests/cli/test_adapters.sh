#!/usr/bin/env bash
# The whole chain over one frozen base: adapters trained by sft, reward and PPO, taken up again, moved, exported.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
sentences
must init project
cd project || exit 1
must import ../demonstrations.jsonl
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=40
lora=(--config "$tiny" --set lora.rank=4)
files() { # RUN: names in its last checkpoint
    (cd runs/"$1"/checkpoints/step-* && echo *)
}

# ---- every kind of training leaves adapters, never a copy of the base ----
must sft "${lora[@]}" --set sft.learning_rate=0.01
says "sft-1 is now the project's base"
says "the base was pretrain-1@40; back to it: rlhf init --base pretrain-1@40"
[ "$(files sft-1)" = "adapter_config.json adapter_model.safetensors base.sha256 manifest.json optimizer.safetensors tokenizer.json tokenizer_config.json" ] ||
    fail "an adapter's files: $(files sft-1)"
must sample --max-new-tokens 16
must judge --rule longer
must reward "${lora[@]}" --no-eval
cp -r ../project ../stopped
ppo=("${lora[@]}" --set ppo.iterations=3 --set ppo.batch_size=8 --set ppo.minibatch_size=4)
must ppo "${ppo[@]}" --answers
[ -z "$(find runs/ppo-1 runs/reward-1 -name model.safetensors)" ] || fail "PPO and reward save no base"
must compare --rule longer --max-new-tokens 16
must verify

# ---- the score inside PPO is the one `reward score` prints ----
grep -o '"score":[^,]*' runs/ppo-1/answers.jsonl | sed 's/.*/{&}/' >inside
"$RLHF" reward score <runs/ppo-1/answers.jsonl >outside 2>err || fail "reward score: $(cat err)"
cmp -s inside outside || fail "the same scores to the last digit: $(diff inside outside | head -n 4)"

# ---- what scores is not there to answer ----
refused 1 "reward is a reward model: it scores, and is not there to answer" generate --model reward --prompt "the red lamp"
refused 1 "--base reward: a reward model" init --base reward
refused 1 "--aligned reward: a reward model" init --aligned reward
refused 1 "--reward base: a language model: it answers, and does not score" init --reward base

# ---- a stop changes no bit ----
must ppo "${ppo[@]}" --answers --project ../stopped --stop-after 2
must ppo "${ppo[@]}" --project ../stopped --resume
for copy in . ../stopped; do
    (cd $copy/runs/ppo-1/checkpoints/step-000003 && sha256sum ./*.safetensors value/*.safetensors) >$copy/sums
done
[ "$(wc -l <sums)" -eq 4 ] || fail "weights and moments of two adapters: $(cat sums)"
cmp -s sums ../stopped/sums || fail "other bits after a stop: $(diff sums ../stopped/sums)"

# ---- training goes on in the adapter that is there ----
refused 1 "base is an adapter of rank 4, and training goes on in it, not in one of rank 0" reward --config "$tiny" --no-eval
says "go on with: --set lora.rank=4"
refused 1 "is an adapter; pretraining changes all weights of a whole model" pretrain ../corpus.jsonl --model base --config "$tiny"

# ---- out: an adapter, a whole model, and both say the same ----
say() { # ARGUMENTS...: log-probabilities, five digits each
    must logprobs --text "the red lamp is broken ." --json "$@"
    grep -o '"logprobs":[^]]*' out | grep -oE -- '-?[0-9]+\.[0-9]{5}'
}
must export model aligned ../adapter
prints "an adapter, as PEFT has them"
must export model aligned ../whole --merged --json
prints '{"folder":"../whole","adapter":false,"heads":0}'
[ -s ../whole/config.json ] && [ -s ../whole/model.safetensors ] || fail "a whole model's files: $(echo ../whole/*)"
refused 1 "../whole is there already" export model aligned ../whole
says "choose another folder, or add --force to replace the model in it"
must export model aligned ../whole --force
[ -e ../whole/adapter_config.json ] && [ ! -e ../whole/config.json ] || fail "what was there is gone: $(ls ../whole)"
must export model aligned ../whole --merged --force
echo mine >../whole/notes.txt
refused 1 "../whole holds notes.txt, which would be lost; choose another folder" export model aligned ../whole --force
rm ../whole/notes.txt
mkdir ../empty ../others && echo mine >../others/notes.txt
must export model aligned ../empty
refused 1 "../others holds no model to replace" export model aligned ../others --force
refused 1 "../corpus.jsonl is no folder" export model aligned ../corpus.jsonl --force
refused 1 "runs/new belongs to the project" export model aligned runs/new --force
refused 1 ". belongs to the project" export model aligned . --force
cp -r ../adapter ../of-adapter
refused 1 "../adapter is the model itself, or its base" export model ../adapter ../adapter --force
cp -r runs/pretrain-1/checkpoints/step-000040 ../base && rm -f ../base/manifest.json ../base/optimizer.safetensors
sed -i "s|\"base_model_name_or_path\":.*|\"base_model_name_or_path\": \"$(cd .. && pwd)/base\",|" ../of-adapter/adapter_config.json
refused 1 "../base is the model itself, or its base" export model ../of-adapter ../base --force
refused 1 "pretrain-1 is no adapter: there is nothing to merge" export model pretrain-1 ../other --merged
[ "$(say --model aligned)" = "$(say --model pretrain-1 --adapter ../adapter)" ] || fail "the model through --adapter"
[ "$(say --model aligned)" != "$(say --model base)" ] || fail "PPO has moved it"
say --model aligned >unmerged
say --model ../whole >merged
far=$(paste unmerged merged | awk '{ d = $1 - $2; if (d * d > m) m = d * d } END { print (m > 1e-8) }')
[ "$far" = 0 ] || fail "merged and unmerged agree to a ten-thousandth"

# ---- an adapter of the hub has PEFT's two files and no tokenizer: its base's goes along ----
mkdir ../two && cp ../adapter/adapter_* ../two
must generate --model ../two --prompt "the red lamp" --max-new-tokens 4
must export model ../two ../joined --merged
must generate --model ../joined --prompt "the red lamp" --max-new-tokens 4

# ---- settings that an adapter has already are recorded as they are ----
must reward "${lora[@]}" --no-eval --set lora.alpha=99 --set lora.targets=attention --run again
says "keeps its own alpha 32 and targets"
grep -q '"alpha": 32' runs/again/settings.json || fail "the run's settings say the adapter's alpha"

# ---- an adapter over a reward model of whole weights begins with that one's head ----
must reward --model pretrain-1 --config "$tiny" --no-eval --run whole
must ppo --model pretrain-1 --reward whole "${lora[@]}" --set ppo.iterations=1 --set ppo.batch_size=4 --set ppo.minibatch_size=4 \
    --set ppo.critic_warmup=0 --set ppo.learning_rate=1e-9 --set ppo.value_learning_rate=1e-9 --run over
head_of() { # FILE NAME: its numbers, as they lie in the file
    local length header from to
    length=$(head -c 8 "$1" | od -An -tu8 | tr -d ' ')
    header=$(head -c $((8 + length)) "$1" | tail -c "$length")
    from=$(grep -o "\"$2\":{[^}]*" <<<"$header" | grep -oE '"data_offsets":\[[0-9]+' | grep -oE '[0-9]+$')
    to=$(grep -o "\"$2\":{[^}]*" <<<"$header" | grep -oE '[0-9]+\]$' | tr -d ']')
    tail -c +$((9 + length + from)) "$1" | head -c $((to - from)) | od -An -tf4 -v | tr -s ' ' '\n' | awk 'NF { printf "%.5f ", $1 }'
}
reward_head=$(head_of runs/whole/checkpoints/*/model.safetensors score.weight)
value_head=$(head_of runs/over/checkpoints/*/value/adapter_model.safetensors base_model.model.score.weight)
[ -n "$reward_head" ] && [ "$reward_head" = "$value_head" ] || fail "the value head begins as the reward model's: $reward_head; $value_head"

# ---- an adapter over other weights is refused however it is named ----
refused 1 "are not those that this adapter was trained over" logprobs --model whole --adapter ../adapter --ids 1,2,3

# ---- a project that was moved finds its base again; a base that is another is noticed ----
before=$(say --model aligned)
cd .. && mv project moved && cd moved || exit 1
[ "$(say --model aligned)" = "$before" ] || fail "a moved project: $(cat err)"
refused 1 "the model that this adapter is of is not there: " generate --model ../adapter --prompt "the red lamp"
says "name where it is now as base_model_name_or_path in its adapter_config.json"
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=3 --run other
rm -r runs/pretrain-1/checkpoints/step-000040
cp -r runs/other/checkpoints/step-000003 runs/pretrain-1/checkpoints/step-000040
refused 1 "are not those that this adapter was trained over" generate --model aligned --prompt "the red lamp"

# ---- what no machine has is refused before it is taken ----
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=1 --set model.layers=400 --run deep
refused 1 " are needed, and " sft --config "$tiny" --set sft.max_tokens=1048576 --set sft.batch_size=65536
says "adapters take less: --set lora.rank=16"

[ $failed -eq 0 ]
