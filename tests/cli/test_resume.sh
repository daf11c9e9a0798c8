#!/usr/bin/env bash
# Every kind of training, stopped and resumed, comes to the bits of a run that was never stopped: weights and
# moments.  Two copies of one project, so that they differ in nothing but the stop.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

sentences
must init whole
must import --project whole demonstrations.jsonl

# The same bits at the end, with a stop after step $2 of $3.
stopped_is_whole() { # KIND STOP STEPS CHECKPOINT ARGUMENTS...
    local kind=$1 stop=$2 steps=$3 last
    shift 3
    last=runs/$kind-1/checkpoints/step-$(printf %06d "$steps")
    cp -r whole stopped
    must "$kind" --project whole --config "$tiny" "$@"
    must "$kind" --project stopped --config "$tiny" "$@" --stop-after "$stop"
    says "stopped after $stop of $steps"
    [ ! -e "stopped/$last" ] || fail "$kind stops before its last step"
    must "$kind" --project stopped --config "$tiny" "$@" --resume
    says_like "^$kind-1 is now the project's (base|reward model|aligned model)" "the model's new name"
    prints_like "^$kind-1: $steps (steps|iterations), (loss [0-9.]+|score by the reward model -?[0-9.]+, KL to the reference -?[0-9.]+ nats an answer)" "the last numbers"
    for copy in whole stopped; do
        (cd "$copy/$last" && find . -type f | LC_ALL=C sort | xargs sha256sum) >"$copy.sums"
    done
    [ "$(grep -c 'optimizer.safetensors\|model.safetensors' whole.sums)" -ge 2 ] || fail "$kind saves weights and moments"
    cmp -s whole.sums stopped.sums || fail "$kind: other bits after a stop: $(diff whole.sums stopped.sums)"
    rm -rf stopped
}
stopped_is_whole pretrain 3 5 corpus.jsonl --set pretrain.steps=5
stopped_is_whole sft 1 4

# ---- a run that has ended ----
refused 1 "run sft-1 is finished, 4 steps: nothing is left to resume" sft --project whole --config "$tiny" --resume
says "nothing is left to resume; changed since: the model it starts from"
says_like "^  its model: --model sft-1; another run with its settings, from what is there now: rlhf sft --config .*whole/runs/sft-1/settings.json$" "what to do"
must pretrain --project whole --config "$tiny" corpus.jsonl --set pretrain.steps=5 --resume --run pretrain-1
says "pretrain-1 is finished, 5 steps; for another run leave out --resume"
must init --project whole whole --base whole/runs/sft-1/checkpoints/step-000004

must sample --project whole --max-new-tokens 16
must judge --project whole --rule longer
stopped_is_whole reward 3 8 --set reward.batch_size=8 --set reward.epochs=2 --no-eval
stopped_is_whole ppo 2 3 --set ppo.iterations=3 --set ppo.batch_size=8 --set ppo.minibatch_size=4

# ---- other data of the same size ----
for thing in sofa fence; do
    for i in 1 2 3 4 5 6 7 8; do echo "{\"prompt\":\"the $thing number $i is broken .\\nA:\"}"; done >$thing.jsonl
    must import --project whole $thing.jsonl --source $thing --split train
done
small=(--set ppo.iterations=3 --set ppo.batch_size=8 --set ppo.minibatch_size=4 --run other)
must ppo --project whole --config "$tiny" "${small[@]}" --source sofa --stop-after 1
refused 1 "cannot go on; changed since: the prompts" ppo --project whole --config "$tiny" "${small[@]}" --source fence --resume
# its settings are those that it was started with
must ppo --project whole --run other --source sofa --resume
refused 1 "run other is finished, 3 steps: nothing is left to resume; changed since: the prompts" \
    ppo --project whole --run other --source fence --resume
[ $failed -eq 0 ]
