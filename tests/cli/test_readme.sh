#!/usr/bin/env bash
# The two ways that README.md prints, command by command as it prints them, and that what they write is read back.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
. "$SOURCE_DIR/tests/cli/hub.sh"
. "$SOURCE_DIR/tests/cli/walk.sh"
# The page takes the demo's settings; tiny ones stand in for them.
mkdir configs && cp "$SOURCE_DIR/configs/adapters.json" configs || exit 1
sed 's/"context": 64/"context": 128/; s/"steps": 60/"steps": 30/' "$tiny" >configs/demo.json

# walk PATTERN: the commands of the block in which a line matches, from the first to the last, here.
walk() {
    awk -v wanted="$1" '/^```/ { if (found) printf "%s", block; inside = !inside; block = ""; found = 0; next }
        inside { block = block $0 "\n"; if ($0 ~ wanted) found = 1 }' "$SOURCE_DIR/README.md" | sed 's/ *#.*//' >commands
    [ -s commands ] || fail "README.md has a way with $1"
    walked=''
    # shellcheck disable=SC1091
    . ./commands
}

awk 'BEGIN { split("lamp clock radio chair table kettle bicycle camera", thing, " ")
    split("red green blue white black pink gold", colour, " "); split("broken dirty", how, " ")
    for (i in colour) for (j in thing) for (k in how) {
        q = "the " colour[i] " " thing[j] " is " how[k] " .\\nA:"
        printf "{\"prompt\":\"%s\"}\n", q >"prompts.jsonl"
        printf "{\"text\":\"%s\",\"label\":\"%s\"}\n", q, how[k] >"texts.jsonl"
        printf "{\"text\":\"%s please bring the %s here .\"}\n", q, thing[j] >"my-domain.jsonl" } }'

# ---- a base of one's own ----
walk '^rlhf pretrain'
[ "$walked" = " init pretrain import sample label label reward ppo compare export chat" ] || fail "all of it: $walked"
[ "$(head -c 4 tone.gguf)" = GGUF ] && grep -q '</html>' report.html || fail "a file for llama.cpp and a report"
walk '^rlhf show pair'
[ "$walked" = "  models show inspect bench classify" ] || fail "all of it: $walked"
cp -r runs/pretrain-1/checkpoints/step-000030/. ../files
cd "$folder" && rm -r files/manifest.json files/optimizer.safetensors && mv tone first || exit 1

# ---- a model that others trained ----
listing models/HuggingFaceTB/SmolLM2-135M main "$(printf 'a%.0s' $(seq 40))" config.json model.safetensors tokenizer.json tokenizer_config.json
walk '^rlhf pull'
[ "$walked" = " pull init inspect generate import sample label reward ppo chat compare export export" ] || fail "all of it: $walked"
[ "$(head -c 4 ../calm.gguf)" = GGUF ] || fail "a file for llama.cpp"

# ---- what was exported is what was trained ----
logprobs() { # MODEL
    must logprobs --model "$1" --text "the red lamp is broken . please bring it here ." --json
    cp out "$folder/of-${1##*/}"
}
must export model aligned ../adapter
for model in aligned base ../adapter ../calm-aligned; do logprobs $model; done
cd "$folder" || exit 1
cmp -s of-aligned of-adapter || fail "an exported adapter gives the same bits"
near() { # FILE FILE: as far apart as merging rounds
    paste <(grep -oE -- '-?[0-9.]+(e-?[0-9]+)?' "$1") <(grep -oE -- '-?[0-9.]+(e-?[0-9]+)?' "$2") |
        awk '($1 - $2) ^ 2 > 1e-8 { exit 1 }'
}
near of-aligned of-calm-aligned || fail "a merged model gives the same: $(cat of-aligned of-calm-aligned)"
near of-aligned of-base && fail "the base gives others"
must inspect calm-aligned --json
prints '"adapter":null'
prints '"tokenizer":{"size":320'
must generate --model calm-aligned --prompt "the red lamp" --greedy
cp out merged
must --project calm generate --model aligned --prompt "the red lamp" --greedy
cmp -s out merged || fail "a merged model says the same: $(cat out merged)"
[ $failed -eq 0 ]
