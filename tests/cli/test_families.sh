#!/usr/bin/env bash
# rlhf logprobs and rlhf init take checkpoints of every family, as PyTorch gave their numbers in float64.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
golden=$SOURCE_DIR/tests/golden

# The first sequence of input_ids, or of token_logprobs, of a golden.json.
first() { grep -o "\"$2\":\[\[[^]]*" "$golden/$1/golden.json" | head -n 1 | sed 's/.*\[//'; }

for model in llama-tiny-gqa-sharded llama3-tiny-ropescale-bf16 qwen2-tiny qwen3-tiny; do
    "$RLHF" logprobs --model "$golden/$model" --ids "$(first $model input_ids)" --json --quiet >out 2>err ||
        fail "logprobs of $model: $(cat err)"
    sed 's/.*"logprobs":\[null,\([^]]*\)\].*/\1/' out >got
    first $model token_logprobs >expected
    awk -F, 'NR == FNR { n = split($0, x); next }
             { if (NF != n) exit 1
               for (i = 1; i <= n; i++) if ((x[i] - $i) ^ 2 > (2e-5 * (x[i] < -1 ? x[i] : 1)) ^ 2) exit 1 }' expected got ||
        fail "$model: expected $(cat expected), got $(cat got)"
done

"$RLHF" init project --base "$golden/qwen3-tiny" --quiet >out 2>err || fail "init with a qwen3 base: $(cat err)"

# A window shorter than the positions: as Llama up to its end, and something else behind.
mkdir mistral
cp "$golden/llama-tiny-gqa/model.safetensors" mistral
sed -e 's/"model_type": "llama"/"model_type": "mistral"/' -e 's/"max_position/"sliding_window": 16,\n  &/' \
    "$golden/llama-tiny-gqa/config.json" >mistral/config.json
for model in mistral "$golden/llama-tiny-gqa"; do
    must logprobs --model "$model" --ids "$(seq -s, 20)" --json
    grep -o '"logprobs":[^]]*' out | tr ',' '\n' >"said-$(basename "$model")"
done
[ "$(head -n 17 said-mistral)" = "$(head -n 17 said-llama-tiny-gqa)" ] || fail "16 tokens see each other, and give the 17th"
[ "$(sed -n 18p said-mistral)" != "$(sed -n 18p said-llama-tiny-gqa)" ] || fail "the 17th does not see the first"
[ $failed -eq 0 ]
