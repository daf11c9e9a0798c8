#!/usr/bin/env bash
# What no machine holds is refused by its shape, before any weights are read, by every command that opens a model.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
tiny_project --set pretrain.steps=1
grep -q "memory: " err && fail "half a megabyte is no news"
must import ../prompts.jsonl --split test
awk 'BEGIN { for (i = 0; i < 30; i++) printf "{\"prompt\":\"lamp %c%c .\",\"chosen\":\"good\",\"rejected\":\"bad\"}\n", 97 + i % 26, 97 + i }' >../pairs.jsonl
must import ../pairs.jsonl --split train

# ---- what fits is told in one line where it is much, and not where it is little ----
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=1 --set pretrain.max_tokens=40000 --run wide
says_like '^memory: weights [0-9]+ kB, training 3[0-9]{2} MB; 3[0-9]{2} MB of [0-9.]+ [MGT]B free$' "a plan is told"

# ---- PPO takes what it says: the weights, and the fullest phase of an iteration ----
member() { grep -oE "\"$1\":[-0-9.e]+" out | head -n 1 | cut -d: -f2; } # NAME
# as_planned SETTING...: of models of 12 million weights each, beside the 16 MB that the program holds anyway
as_planned() {
    must bench ppo --layers 4 --width 384 --heads 6 --mlp 1536 --vocabulary 12000 --batch-size 16 --minibatch-size 8 --epochs 1 \
        --max-new-tokens 40 --prompt-tokens 24 --measured 1 "$@" --json
    awk -v is="$(member peak_rss_mb)" -v said="$(member planned_mb)" \
        'BEGIN { print is " MB held, " said " planned"; exit !(is > 0.9 * said && is < 1.1 * said + 16) }' || fail "a plan for PPO ($*)"
}
if ! grep -q __asan_init "$RLHF"; then # whose memory is not its own
    as_planned
    as_planned --compute bf16
    as_planned --value shared
    as_planned --rank 8
    as_planned --rank 8 --compute bf16
    as_planned --rank 8 --value shared
    as_planned --rank 8 --value shared --compute bf16
fi

# hollow FOLDER CONFIG TENSOR:SHAPE...: a Llama whose file has the right header, and a hole for its BF16 numbers.
hollow() {
    local folder=../$1 at=0 header='' tensor name n
    mkdir "$folder" && cp runs/pretrain-1/checkpoints/step-000001/tokenizer* "$folder"
    printf '{"model_type":"llama","hidden_act":"silu","rms_norm_eps":1e-5,"tie_word_embeddings":true,"vocab_size":320,%s}' "$2" >"$folder/config.json"
    shift 2
    for tensor; do
        name=${tensor%:*} n=$((2 * $(tr , '*' <<<"${tensor#*:}")))
        header="$header\"$name\":{\"dtype\":\"BF16\",\"shape\":[${tensor#*:}],\"data_offsets\":[$at,$((at + n))]}," at=$((at + n))
    done
    header="{${header%,}}"
    n=${#header}
    printf "\\x$(printf %02x $((n % 256)))\\x$(printf %02x $((n / 256)))\\0\\0\\0\\0\\0\\0%s" "$header" >"$folder/model.safetensors"
    truncate -s $((8 + n + at)) "$folder/model.safetensors" || { echo "no file system with holes of that size" && exit 77; }
}
# layers N C WIDTH F: the tensors of so many layers, whose heads are WIDTH wide together.
layers() {
    local l
    for ((l = 0; l < $1; l++)); do
        printf "model.layers.$l.%s " input_layernorm.weight:$2 post_attention_layernorm.weight:$2 self_attn.{q,k,v}_proj.weight:$3,$2 \
            self_attn.o_proj.weight:$2,$3 mlp.{gate,up}_proj.weight:$4,$2 mlp.down_proj.weight:$2,$4
    done
}
# huge FOLDER HEADS: 446 GB.
huge() {
    local C=65536 F=1048576 head=() kind='"LlamaForCausalLM"]'
    [ "$2" = 0 ] || head=(score.weight:1,$C) kind='"LlamaForSequenceClassification"],"num_labels":1'
    # shellcheck disable=SC2046
    hollow "$1" "\"architectures\":[$kind,\"num_hidden_layers\":1,\"num_attention_heads\":1024,\"hidden_size\":$C,\"intermediate_size\":$F,\"max_position_embeddings\":64" \
        model.embed_tokens.weight:320,$C model.norm.weight:$C $(layers 1 $C $C $F) "${head[@]}"
}
huge huge 0
huge judge 1
must inspect ../huge
prints "llama language model of 223,"

too_large="are free: weights "
refused 1 "$too_large" generate --model ../huge --prompt lamp
says "take a smaller model"
refused 1 "$too_large" chat --model ../huge --template plain
refused 1 "$too_large" logprobs --model ../huge --ids 1,2,3
refused 1 "$too_large" inspect ../huge --near-id 1
refused 1 "$too_large" inspect ../huge --layer 0 --ids 1
refused 1 "$too_large" export model ../huge ../made
refused 1 "$too_large" export gguf ../huge ../made.gguf
refused 1 "$too_large" sample --model ../huge --max-new-tokens 8
refused 1 "$too_large" sft --model ../huge
refused 1 "$too_large" sft --model ../huge --set lora.rank=1
refused 1 "$too_large" reward --model ../huge --no-eval --force
refused 1 "$too_large" reward eval --model ../judge --data ../pairs.jsonl
refused 1 "$too_large" reward score --model ../judge
refused 1 "$too_large" ppo --model ../huge --reward ../judge --set ppo.max_new_tokens=8
refused 1 "$too_large" compare base ../huge --rule longer --best-of 0 --max-new-tokens 8
refused 1 "$too_large" pretrain ../corpus.jsonl --model ../huge
refused 1 "$too_large" pretrain ../corpus.jsonl --set model.width=65536 --set model.heads=1024 --set model.mlp=1048576
[ ! -e ../made ] && [ ! -e ../made.gguf ] && [ "$(ls runs | tr "\n" " ")" = "pretrain-1 wide " ] || fail "nothing is begun"

# ---- a long prompt of the second split is refused before the first one is answered ----
# shellcheck disable=SC2046
hollow wordy '"architectures":["LlamaForCausalLM"],"num_hidden_layers":8,"num_attention_heads":512,"num_key_value_heads":512,"head_dim":64,"hidden_size":8,"intermediate_size":8,"max_position_embeddings":4096' \
    model.embed_tokens.weight:320,8 model.norm.weight:8 $(layers 8 8 32768 8)
awk 'BEGIN { for (i = 0; i < 10; i++) { printf "{\"prompt\":\"lamp"; for (k = 0; k < 1300; k++) printf " %c%d", 97 + i, k % 10; print "\"}" } }' >../wordy.jsonl
must import ../wordy.jsonl --split valid --source wordy
echo '{"prompt":"a short one"}' >../short.jsonl
must import ../short.jsonl --split train --source wordy
refused 1 "are needed, and " sample --model ../wordy --max-new-tokens 1 --answers 16 --batch 4096 --source wordy
says "a smaller --batch takes less"
must status --json
prints '"comparisons":30,'

# ---- what can be wrong in what was asked is said first ----
refused 1 "the prompt is empty" generate --model ../huge --prompt ""
refused 1 "leaves no room to answer" generate --model ../huge --prompt "$(printf 'lamp %.0s' $(seq 80))"
refused 2 "there is no chat template 'nope'" generate --model ../huge --prompt a --chat --template nope
refused 2 "--system goes with --chat" generate --model ../nowhere --prompt a --system b
refused 2 "there is no chat template 'nope'" chat --model ../huge --template nope
refused 1 "is outside [0, 319]" logprobs --model ../huge --ids 320
refused 1 "no token 320" inspect ../huge --near-id 320
refused 1 "no layer 1" inspect ../huge --layer 1 --ids 1
mkdir ../mute && ln -s ../huge/config.json ../huge/model.safetensors ../mute
refused 1 "there is no tokenizer.json" export gguf ../mute ../made.gguf
refused 1 "is no adapter" export model ../huge ../made --merged
refused 1 "test prompts are for compare alone" sample --model ../huge --split test
refused 1 "no test prompts of source none" compare base ../huge --rule longer --best-of 0 --max-new-tokens 8 --source none
refused 1 "nowhere.txt" compare base ../huge --rule longer --best-of 0 --corpus ../nowhere.txt
refused 1 "does not divide" pretrain ../corpus.jsonl --set model.heads=7
[ $failed -eq 0 ]
