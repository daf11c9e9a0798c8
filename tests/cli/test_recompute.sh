#!/usr/bin/env bash
# Where memory would not do, activations are made again in the backward: the same weights, from less of it.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
tiny_project --set pretrain.steps=1

deep=(../corpus.jsonl --config "$tiny" --set model.layers=8 --set pretrain.steps=2 --set pretrain.max_tokens=40000)
weights() { sha256sum <"runs/$1/checkpoints/step-000002/model.safetensors"; } # RUN
planned() { sed -n 's/^memory: weights .*, training \([0-9]*\) MB.*/\1/p' err; }

must pretrain "${deep[@]}" --run kept
kept=$(planned)
must pretrain "${deep[@]}" --run again --recompute
[ "$(planned)" -lt $((kept / 2)) ] || fail "--recompute plans with less than half of $kept MB"
[ "$(weights again)" = "$(weights kept)" ] || fail "--recompute trains to the same bits"

RLHF_MEMORY_MB=$((kept - 50)) must pretrain "${deep[@]}" --run tight
says "memory: activations are made again in the backward, which takes a quarter more time and changes no number"
[ "$(weights tight)" = "$(weights kept)" ] || fail "a run that chose so by itself trains to the same bits"

RLHF_MEMORY_MB=20 run pretrain "${deep[@]}" --run none
exits 1 "too little memory even so"
says "20.0 MB are free"
[ ! -e runs/none ] || fail "nothing is begun"

RLHF_MEMORY_MB=8x run status
exits 2 "a limit that is no number"
says "RLHF_MEMORY_MB: '8x' is no number of megabytes"

[ $failed -eq 0 ]
