#!/usr/bin/env bash
# rlhf bench: what is counted, not how fast it is.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

small=(--layers 1 --width 32 --heads 2 --mlp 64 --vocabulary 300 --seconds 0.001)
member() { grep -oE "\"$1\":[-0-9.e]+" out | head -n 1 | cut -d: -f2; } # NAME
product() { awk -v a="$(member "$1")" -v b="$(member "$2")" -v by="$3" 'BEGIN { printf "%.0f", a * b * by }'; }
is() { [ "$1" = "$2" ] || fail "$3: $1, not $2"; } # VALUE EXPECTED CLAIM

# 2 x 8 tokens: 16 in tokens/s times s.  Multiply-adds of a token: query, key, value and out 32 x 128, MLP 3 x 32 x 64,
# head 32 x 300 for 7 of 8: 18,640, three times 8 of them; attention 32 x 8 x 9, three and a half times; two sequences.
must bench train "${small[@]}" --sequences 2 --length 8 --recompute
must bench train "${small[@]}" --sequences 2 --length 8 --json
is "$(product tokens_per_second seconds 1)" 16 "tokens of a step"
is "$(product gflops seconds 5e8)" 910848 "multiply-adds of a step"

# GPT-2's four matrices, one row: the line `all` is of 85,000,000 / 12 multiply-adds (768 x 9,216).
must bench matmul --shape gpt2 --rows 1 --seconds 0.001 --json
prints '"in":768,"out":2304,'
prints '"in":3072,"out":768,'
prints '"in":0,"out":0,'

# Each step reads 10,240 + 9,600 floats: 3 steps for 3 new tokens.
must bench generate "${small[@]}" --batch 2 --prompt-tokens 4 --new-tokens 3 --json
is "$(product tokens_per_second seconds 1)" 6 "new tokens of two answers"
is "$(product weights_read_gbps seconds 1e9)" 238080 "bytes of weights read"
must bench generate "${small[@]}" --type bf16 --batch 2 --prompt-tokens 4 --new-tokens 3 --json
is "$(product weights_read_gbps seconds 1e9)" 119040 "bytes of bfloat16 weights, half as many"
refused 2 "--type f16: f32 or bf16" bench generate --type f16

# 4 answers of 3 tokens after prompts of 2, also with adapters and one trunk.
ppo=(bench ppo --layers 1 --width 32 --batch-size 4 --minibatch-size 2 --max-new-tokens 3 --prompt-tokens 2 --measured 1)
must "${ppo[@]}" --json
is "$(product tokens_per_second seconds 1)" 20 "tokens of an iteration"
must "${ppo[@]}" --rank 2 --value shared
prints_like '^[0-9.e-]+ s an iteration \(median of 1\): sampling' "phases of an iteration with adapters and one trunk"
prints_like '^limits: [0-9]+ GFLOP/s of f32 in registers, [0-9.]+ GB/s from memory; .*; peak memory [0-9]+ MB$' "the limits"

refused 2 "a second word is missing, one of: matmul, train, generate, ppo" bench
refused 2 "no shape 'gtp2'; did you mean: gpt2" bench train --shape gtp2
refused 2 "--shape and --model both name a shape; give one" bench train --shape gpt2 --model x
refused 2 "--length 999: the model's context has 256 tokens" bench train --length 999
refused 2 "--rows: '1,' is not up to 16 numbers from 1 to 65536, such as 1,8,64" bench matmul --rows 1,
refused 1 "are needed, and " bench train --shape llama-3.2-1b --sequences 4096 --length 4096

[ $failed -eq 0 ]
