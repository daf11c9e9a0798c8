#!/usr/bin/env bash
# Products in bfloat16: the same bits on every instruction set and after a stop, kept with the model, and asked for by
# an option or by the project.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

# The instruction sets that are tried beside the fastest one.
sets=
for set in avx512 avx2; do
    RLHF_KERNELS=$set "$RLHF" version >/dev/null 2>&1 && sets+=" $set"
done
weights() { sha256sum <"$1/checkpoints/step-$2/model.safetensors"; } # RUN STEP
arithmetic() { sed -n 's/.*"rlhf_compute": "\([a-z0-9]*\)".*/\1/p' "$1/checkpoints/step-$2/config.json"; }

sentences
must init p
must import --project p demonstrations.jsonl
pretrain=(pretrain --project p --config "$tiny" corpus.jsonl --set pretrain.steps=4)

# ---- the same bits ----
must "${pretrain[@]}" --compute bf16
for set in $sets; do
    RLHF_KERNELS=$set must "${pretrain[@]}" --compute bf16 --run "on-$set"
    [ "$(weights p/runs/pretrain-1 000004)" = "$(weights "p/runs/on-$set" 000004)" ] || fail "$set gives the same bits"
done
must "${pretrain[@]}" --compute bf16 --run stopped --stop-after 2
must pretrain --project p corpus.jsonl --run stopped --resume
[ "$(weights p/runs/pretrain-1 000004)" = "$(weights p/runs/stopped 000004)" ] || fail "the same bits after a stop"
must "${pretrain[@]}" --compute bf16 --run once --stop-after 2
refused 1 'compute was "bf16"' pretrain --project p corpus.jsonl --run once --resume --compute f32
must "${pretrain[@]}" --run floats
[ "$(weights p/runs/pretrain-1 000004)" != "$(weights p/runs/floats 000004)" ] || fail "floats give other bits"

# ---- what a model keeps ----
[ "$(arithmetic p/runs/pretrain-1 000004)" = bf16 ] || fail "config.json says how it is computed"
[ -z "$(arithmetic p/runs/floats 000004)" ] || fail "config.json says nothing of floats"
must inspect pretrain-1 --project p
prints "in bfloat16, sums in floats"
must show run pretrain-1 --project p
prints "vector arithmetic, products in bf16"
must logprobs --project p --model pretrain-1 --text "the lamp is broken" --json
cp out kept
must logprobs --project p --model pretrain-1 --text "the lamp is broken" --json --compute bf16
cmp -s out kept || fail "a model computes as it was trained"
must logprobs --project p --model pretrain-1 --text "the lamp is broken" --json --compute f32
! cmp -s out kept || fail "--compute f32 overrules the model"

# ---- what a project says ----
says_bf16() { # PROJECT BASE: its base, and how its models are computed
    printf '{"models": {"base": "%s"}, "settings": {"model": {"compute": "bf16"}}}\n' "$2" >"$1/project.json"
}
must init q
says_bf16 q "$PWD/p/runs/floats/checkpoints/step-000004"
must import --project q demonstrations.jsonl
must sft --project q --config "$tiny" --set sft.epochs=1
sft=$(ls -d q/runs/sft-1/checkpoints/step-* | tail -1)
[ "$(arithmetic q/runs/sft-1 "${sft##*step-}")" = bf16 ] || fail "the project says how its models are computed"
grep -q '"compute": "bf16"' q/runs/sft-1/settings.json || fail "settings.json says it"
must pretrain --project q --config "$tiny" corpus.jsonl --set pretrain.steps=4 --run chosen --set model.compute=f32
[ "$(weights q/runs/chosen 000004)" = "$(weights p/runs/floats 000004)" ] || fail "--set goes before the project"
sed -i 's/bf16/f16/' q/project.json
refused 1 "project.json: settings: model.compute is neither" generate --project q --prompt "the lamp"
must runs --project q

# ---- a run goes on as it began ----
must init r
must import --project r demonstrations.jsonl
must pretrain --project r --config "$tiny" corpus.jsonl --set pretrain.steps=4 --stop-after 2
says_bf16 r none
must pretrain --project r corpus.jsonl --resume
[ "$(weights r/runs/pretrain-1 000004)" = "$(weights p/runs/floats 000004)" ] || fail "whatever the project says by now"

# ---- every model of PPO ----
must init s --base p/runs/floats/checkpoints/step-000004
must import --project s demonstrations.jsonl
must sample --project s --max-new-tokens 16
must judge --project s --rule longer
must reward --project s --config "$tiny" --set reward.batch_size=8 --no-eval
small=(--config "$tiny" --set ppo.iterations=1 --set ppo.batch_size=8 --set ppo.minibatch_size=4)
must ppo --project s "${small[@]}" --compute bf16
[ "$(arithmetic s/runs/ppo-1 000001)" = bf16 ] || fail "the policy is computed as the reference is"
must ppo --project s "${small[@]}" --compute bf16 --set lora.rank=2 --run adapters
says "an adapter's files do not say how it is computed"

# ---- what is no arithmetic ----
refused 2 "--compute: 'int8' is neither f32 nor bf16" generate --project p --prompt "the lamp" --compute int8
cp -r p/runs/stopped/checkpoints/step-000004 odd && rm odd/manifest.json
sed -i 's/"rlhf_compute": "bf16"/"rlhf_compute": "fp8"/' odd/config.json
refused 1 'rlhf_compute is neither "f32" nor "bf16"' generate --model ./odd --prompt "the lamp"
[ $failed -eq 0 ]
