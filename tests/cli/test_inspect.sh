#!/usr/bin/env bash
# rlhf inspect: facts, neighbours, attention, layers; of a base, an adapter, a reward model, and of models without tokenizer.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
golden=$SOURCE_DIR/tests/golden
tiny_project --set pretrain.steps=20

# ---- facts: configs/tiny.json, whose Llama is tied and 96 wide in the MLP ----
must inspect
prints "base: llama language model of 37,024 weights"
prints "2 layers of width 32"
prints "2 heads, 16 wide"
prints "64 tokens"
prints "320 tokens; special: <|endoftext|> 0 (stops an answer)"
prints_like '^  embedding +10,240 +27\.7%$' "320 times 32 weights of 37,024"
prints_like '^  attention +4,096 +8,192 ' "four times 32 times 32 in a layer"
prints_like '^  mlp +9,216 +18,432 ' "three times 32 times 96 in a layer"
prints_like '^  ppo( +[0-9.]+ [kMG]B){2}$' "memory for PPO, with all weights and with adapters"
must inspect base --json
prints '"family":"llama","layers":2,"width":32,"heads":2,"key_value_heads":2,"head_width":16,"mlp_width":96,'
prints '"vocabulary":320,"context":64,"mlp":"swiglu","norm":"rms","compute":"f32","head_norms":false,"tied":true,'
prints '"bytes":{"F32":148096},"tokenizer":{"size":320,"stop":0,"special":[{"id":0,"token":"<|endoftext|>"}]},"adapter":null'
prints '"parameters":{"total":37024,"layer":{"embedding":0,"attention":4096,"mlp":9216,"norms":64,"output":0,"score":0},'
prints_like '"memory":\{"free":[0-9]+,"rank":16,"score":[0-9]+,"sample":[0-9]+,"sft":\{"all":[0-9]+,"adapter":[0-9]+\},"reward"' "bytes for each job"
must inspect "$golden/llama3-tiny-ropescale-bf16"
prints "BF16 53.0 kB; F32 in memory"
prints "stretched up to 8 times from 128 tokens on (llama3)"
prints "sharing 2 key and value heads, 2 each"
prints "none: "
refused 1 "no such folder" inspect /nowhere

# ---- near ----
must inspect --near " lamp" --count 3
[ "$(wc -l <out)" -ge 4 ] || fail "a token and its neighbours: $(cat out)"
token=$(awk 'NR == 1 { print $1 }' out)
must inspect --near-id "$token" --count 3 --json
prints_like "^\{\"model\":\"base\",\"rows\":\"embedding\",\"near\":\[\{\"id\":$token,\"token\":\"[^\"]*\",\"nearest\":\[(\{\"id\":[0-9]+,\"token\":\"[^\"]*\",\"cosine\":[-0-9.e]+\},?){3}\]\}\]\}$" "neighbours as JSON"
cp out by-id
spelling=$(sed 's/.*"near":\[{"id":[0-9]*,"token":"\([^"]*\)".*/\1/' out)
must inspect --near "$spelling" --count 3 --json
cmp -s out by-id || fail "a token as tokenize spells it: $spelling"
must inspect --near-id 11 --count 1000 --json
[ "$(grep -o '"cosine"' out | wc -l)" -eq 319 ] || fail "no more neighbours than other tokens"
must inspect "$golden/llama-tiny-gqa" --near-id 5 --output --count 1 --json
prints '"rows":"output"'
refused 1 "no token 320; they go from 0 to 319" inspect --near-id 320
refused 1 "no token is given" inspect --near ""
refused 1 "tokenizer.json" inspect "$golden/gpt2-tiny" --near a
refused 1 "the output projection is the embedding; leave --output out" inspect --near a --output
refused 2 "--count goes with --near, --lens and --units" inspect --count 3
refused 2 "--output goes with --near" inspect --output
refused 2 "one of --near, --near-id, --attention, --layer, --lens, --units and --word, not two" inspect --near a --layer 0

# ---- attention ----
text="the red lamp is broken ."
# The triangle of `out` as shades, by the square root of each probability; two columns to a token.
shades() {
    sed 's/.*"attention":\[\[//; s/\]\].*//; s/\],\[/\n/g' out | awk -F, '{ line = ""
        for (i = 1; i <= NF; i++) { c = substr(" .:-=+*#%@", int(sqrt($i) * 9 + 0.5) + 1, 1); line = line c c }
        print line }'
}
must inspect --attention 1:0 --text "$text" --json
prints_like '^\{"model":"base","layer":1,"tokens":\[\{"id":[0-9]+,"token":"[^"]*"\},.*\],"heads":\[\{"head":0,"key_head":0,"attention":\[\[1\],\[' "attention as JSON"
sed 's/.*"attention":\[\[//; s/\]\].*//; s/\],\[/\n/g' out |
    awk -F, '{ sum = 0; for (i = 1; i <= NF; i++) sum += $i } NF != NR || (sum - 1)^2 > 1e-20 { exit 1 }' ||
    fail "row n has n shares, which sum to 1: $(cat out)"
shades >expected
tokens=$(wc -l <expected)
must inspect --attention 1:0 --text "$text"
awk 'NR == FNR { want[NR] = $0; n = NR; next } { at = length($0) - length(want[FNR]) + 1
    if (substr($0, at) != want[FNR]) exit 1 }' expected <(sed 1d out | head -n "$tokens") ||
    fail "what is drawn is what JSON says: $(cat out; cat expected)"
grep -q "$(printf '\033')" out && fail "no colours but on a terminal"
prints "shade from . 0.3% : 3%"
must inspect --layer 0 --text "$text" --json
[ "$(grep -o '"key_head"' out | wc -l)" -eq 2 ] || fail "all heads of a layer"
must inspect --layer 0 --text "$text"
prints_like '^head 0 +head 1 *$' "heads side by side"
long=$(for i in 1 2 3 4 5 6; do echo "the red lamp is broken ."; done)
echo "$long" >long && input=long
COLUMNS=40 must inspect --attention 0:0
input=/dev/null
prints_like '^each cell stands for [23] tokens$' "a long text is drawn in coarser cells"
sed 's/\xe2\x90\xa3/_/g' out | awk 'length($0) > 40 { exit 1 }' || fail "the picture keeps to 40 columns: $(cat out)"
printf 'a\033[2J\nb' >nasty && input=nasty
must inspect --attention 0:0
input=/dev/null
prints "<U+001B>"
prints "<U+000A>"
must inspect "$golden/llama-tiny-gqa" --layer 0 --ids 1,2,3 --json
prints '"tokens":[{"id":1,"token":null},'
prints '{"head":3,"key_head":1,'
refused 1 "no layer 2; they go from 0 to 1" inspect --attention 2:0 --text "$text"
refused 1 "no head 2; they go from 0 to 1" inspect --attention 0:2 --text "$text"
refused 1 "no layer 2; they go from 0 to 1" inspect --layer 2 --text "$text"
refused 2 "'1' is no LAYER:HEAD, such as 0:3" inspect --attention 1 --text "$text"
refused 2 "'0:-1' is no LAYER:HEAD" inspect --attention 0:-1 --text "$text"
refused 1 "are beyond the context of 64" inspect --attention 0:0 --text "$long $long"
refused 1 "no token was given" inspect --attention 0:0 --text ""
refused 2 "--text, --ids and --special go with --attention, --layer" inspect --text a
refused 1 "320 is outside [0, 319]" inspect --layer 0 --ids 320

# ---- what each layer would say next ----
# The last level says what `logprobs --top` says next, number for number, with these ARGUMENTS.
last_level_is_the_model() {
    must logprobs "$@" --top 4 --json
    sed 's/.*"next"://; s/}$//' out >expected
    must inspect --lens --count 4 "$@" --json
    sed 's/.*"next"://; s/}\]}$//' out >last
    cmp -s expected last || fail "the last level is what the model says: $(cat expected last)"
}
last_level_is_the_model --text "$text"
prints_like '^\{"model":"base","tokens":\[.*\],"at":6,"levels":\[\{"level":0,"next":\[(\{"id":[0-9]+,"token":"[^"]*","logprob":-[0-9.e-]+\},?){4}\]\},\{"level":1,' "levels as JSON"
[ "$(grep -o '"level":' out | wc -l)" -eq 3 ] || fail "the embedding and two layers"
must inspect --lens --text "$text"
[ "$(wc -l <out)" -eq 4 ] || fail "a line and three levels: $(cat out)"
prints "after token 6, ␣."
prints_like '^  embedding +[<>]?[01]\.[0-9]{3} ' "the first level"
prints_like '^  layer 1 ( +[<>]?[01]\.[0-9]{3} [^ ]+){5}$' "five tokens each"
COLUMNS=40 must inspect --lens --count 9 --text "$text"
sed 's/\xe2\x90\xa3/_/g' out | awk 'length($0) > 40 { exit 1 }' || fail "what does not fit 40 columns is left out: $(cat out)"
must inspect --lens --at 0 --text "$text"
prints "after token 0, the"
must inspect "$golden/llama-tiny-gqa" --lens --at 1 --count 2 --ids 1,2,3 --json
prints '"tokens":[{"id":1,"token":null},'
prints '"at":1,'
refused 1 "--at: no token 7; they go from 0 to 6" inspect --lens --at 7 --text "$text"
refused 2 "--at goes with --lens" inspect --units --at 1 --text "$text"

# ---- units ----
must inspect --units --count 96 --text "$text" --json
prints_like '"layers":\[\{"layer":0,"units":\[\{"unit":[0-9]+,"at":[0-6],"value":-?[0-9.e-]+,"mean":[0-9.e-]+\},' "units as JSON"
[ "$(grep -o '"unit":' out | wc -l)" -eq 192 ] || fail "96 units in each of two layers"
grep -o '"value":[^,]*' out | head -96 | sed 's/"value":-\{0,1\}//' | sort -rgc 2>unsorted || fail "by the size of the peak: $(cat unsorted)"
peak=$(sed 's/.*{"layer":1,"units":\[{"unit":\([0-9]*\),"at":\([0-9]*\).*/1 \1 \2/' out)
must inspect --units --count 1 --layer 1 --text "$text"
[ "$(wc -l <out)" -eq 2 ] || fail "a heading and one unit: $(cat out)"
[ "$(awk 'NR == 2 { print $1, $2, $5 }' out)" = "$peak" ] || fail "as in JSON, $peak: $(cat out)"
refused 1 "no layer 2; they go from 0 to 1" inspect --units --layer 2 --text "$text"

# ---- one word in two texts ----
must inspect --word lamp --text "$text" --beside "my blue lamp and the radio ." --json
prints_like '"texts":\[\{"at":[0-9]+,"tokens":\[.*\]\},\{"at":[0-9]+,.*\],"levels":\[\{"level":0,"cosine":(1|0\.99999[0-9]+),"mean":' "with rotary positions they begin as one"
[ "$(grep -o '"level":' out | wc -l)" -eq 3 ] || fail "the embedding and two layers"
must inspect --word lamp --text "$text" --beside "$text it is . the lamp"
prints_like '^--text: token [0-9]+, ' "where the word ends"
prints_like '^  layer 1 +-?[01]\.[0-9]{4} +-?[01]\.[0-9]{4}$' "both cosines"
must inspect --word lamp --text "$text" --beside "$text and more"
[ "$(awk '/^  (embedding|layer [01]) / { print $(NF - 1) }' out | sort -u)" = 1.0000 ] ||
    fail "after the same words it is the same vector: $(cat out)"
refused 1 "--word: 'lamp' does not occur in --beside" inspect --word lamp --text "$text" --beside "a radio"
refused 2 "--word: no word is given" inspect --word "" --text a --beside a
refused 2 "--word and --beside go together" inspect --word lamp --text "$text"
refused 2 "--word needs --text, not --ids" inspect --word lamp --ids 1 --beside lamp

# ---- a reward model, which scores and does nothing else ----
must inspect "$golden/gpt2-tiny-reward"
prints "gpt2 reward model of 29,633 weights"
prints "1 score head: a reward model"
prints_like '^  score +33 +0\.1%$' "a head of 32 weights and a bias"
grep -q "^  sft" out && fail "no training is planned for a reward model"
must inspect "$golden/gpt2-tiny-reward" --attention 0:0 --ids 1,2,3

# ---- an adapter, seen through and over its base ----
must inspect --attention 1:1 --text "$text" --json
cp out of-base
must sft --config "$tiny" --set lora.rank=4 --set sft.learning_rate=0.05
must inspect
prints "rank 4, updates times 8, of q_proj, k_proj, v_proj, o_proj,"
prints "5,120 weights"
prints "runs/pretrain-1/checkpoints/step-000020"
prints_like '^  sft +[0-9.]+ [kMG]B$' "training goes on in the adapter alone"
must inspect --json
prints '"adapter":{"rank":4,"scale":8,"targets":["q_proj","k_proj",'
prints_like '"sft":\{"all":null,"adapter":[0-9]+\}' "bytes for the adapter alone"
must inspect --attention 1:1 --text "$text" --json
cmp -s out of-base && fail "an adapter looks elsewhere than its base"
last_level_is_the_model --text "$text"
[ $failed -eq 0 ]
