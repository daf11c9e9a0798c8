#!/usr/bin/env bash
# rlhf logprobs gives what PyTorch gave in float64 (tests/golden/gpt2-tiny, which has no tokenizer).
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
model=$SOURCE_DIR/tests/golden/gpt2-tiny

# near CLAIM EXPECTED GOT: numbers between commas, each within 1e-5.
near() {
    awk -v e="$2" -v g="$3" 'BEGIN {
        n = split(e, x, ","); m = split(g, y, ",")
        if (n != m) exit 1
        for (i = 1; i <= n; i++) if (x[i] == "null" ? y[i] != "null" : (x[i] - y[i]) ^ 2 > 1e-10) exit 1
    }' || fail "$1: expected $2, got $3"
}
# The numbers of an array of `out` by name.
numbers() { sed "s/.*\"$1\":\\[*\\([^]]*\\)\\].*/\\1/" out; }

# golden.json: input_ids[0], token_logprobs[0], logits_first_row_last_pos
ids=37,74,92,39,3,50,3,2,85,28,41,21,58,75,59,91,79,27,31,7
expected=null,-5.22713910767,-3.69646865801,-7.805642841,-9.32265377533,-5.17640598936,-7.06682542918
expected=$expected,-2.67245102754,-1.85746194452,-7.68525537507,-2.26148338872,-9.32677570475,-4.93280033719
expected=$expected,-8.29774893238,-3.89513064205,-3.91332835046,-5.80829341033,-8.48464814654,-8.40853089283
expected=$expected,-2.45423446558

"$RLHF" logprobs --model "$model" --ids $ids --json --quiet >out 2>err || fail "logprobs without a tokenizer: $(cat err)"
[ "$(numbers ids)" = "$ids" ] || fail "the ids come back: $(numbers ids)"
near "log-probabilities" "$expected" "$(numbers logprobs)"
near "the loss is their mean" 5.69964625 "$(sed 's/.*"loss":\([0-9.]*\)}/\1/' out)"
[ ! -s err ] || fail "--quiet is quiet"

"$RLHF" logprobs --model "$model" --ids $ids --json --logits --quiet >out || fail "logprobs --logits"
last=$(sed 's/.*,\[\([^]]*\)\]\]}$/\1/' out)
near "logits after the last token" -0.744378201594,1.41874083167,-2.07769222788,0.879841392944 \
    "$(echo "$last" | cut -d, -f1-4)"
[ "$(echo "$last" | tr , '\n' | wc -l)" -eq 97 ] || fail "as many logits as tokens in the vocabulary"

"$RLHF" logprobs --model "$model" --ids 37 --json --quiet >out || fail "logprobs of one token"
[ "$(cat out)" = '{"ids":[37],"logprobs":[null],"loss":null}' ] || fail "one token has no log-probability: $(cat out)"
"$RLHF" logprobs --model "$model" --ids "[37, 74]" --quiet >out || fail "ids in brackets"
near "a line per token" "37,74,-5.227139" "$(awk 'NR == 1 { a = $1 } NR == 2 { print a "," $1 "," $2 }' out)"

# golden.json: argmax[0], what PyTorch holds likeliest after each token
"$RLHF" logprobs --model "$model" --ids $ids --json --quiet --top 1 >out || fail "logprobs --top"
said=$(grep -o '{"id":[0-9]*' out | grep -o '[0-9]*' | tr '\n' ,)
[ "$said" = "7,22,92,69,89,50,89,85,85,85,41,15,66,29,90,86,86,66,69,7," ] || fail "the likeliest tokens: $said"
prints '"top":[null,[{"id":'
"$RLHF" logprobs --model "$model" --ids $ids --json --quiet --top 97 >out || fail "logprobs --top 97"
sed 's/.*"next"://' out | grep -o '"logprob":[^}]*' | cut -d: -f2 |
    awk '{ n++; sum += exp($1) } NR > 1 && $1 > last { exit 1 } { last = $1 } END { exit !(n == 97 && (sum - 1)^2 < 1e-8) }' ||
    fail "all tokens, the likeliest first, share a probability of 1"
"$RLHF" logprobs --model "$model" --ids 37,74 --quiet --top 2 >out || fail "logprobs --top of two tokens"
grep -qE '^ +74 +-5\.227139(  0\.[0-9]{3} [0-9]+){2}$' out || fail "beside a token what was likelier: $(cat out)"
grep -qE '^next(  +0\.[0-9]{3} [0-9]+){2}$' out || fail "what would come next: $(cat out)"

# What three digits do not show is not shown as nothing.
"$RLHF" logprobs --model "$model" --ids 37 --quiet --top 97 --temperature 0.05 >out || fail "logprobs --top, cold"
grep -qF " 0.000 " out && fail "a small probability is no 0.000: $(cat out)"
grep -qE '  <0\.001 [0-9]+' out || fail "a small probability is below something: $(cat out)"

refused 2 "'3x' is not an id" logprobs --model "$model" --ids 1,3x
refused 2 "--ids: an id is missing before ','" logprobs --model "$model" --ids 1,,2
refused 1 "97 is outside [0, 96]" logprobs --model "$model" --ids 97
refused 1 "no token was given" logprobs --model "$model" --ids '[]'
refused 1 "33 tokens are beyond the context of 32" logprobs --model "$model" --ids "$(seq -s, 33)"
refused 1 "tokenizer.json" logprobs --model "$model" --text "a b"
refused 2 "--ids or --text, not both" logprobs --model "$model" --ids 1 --text a
refused 2 "--logits needs --json" logprobs --model "$model" --ids 1,2 --logits
refused 1 "/nowhere" logprobs --model /nowhere --ids 1
# A token that the vocabulary does not have is no error, and is told once.
cp -r "$model" odd
sed -i 's/"eos_token_id": 96/"eos_token_id": [96, 5000]/' odd/config.json
run logprobs --model odd --ids 1,2
exits 0 "an end outside the vocabulary"
[ "$(grep -c 'odd/config.json: eos_token_id 5000 is none of 97 tokens' err)" -eq 1 ] || fail "an end outside the vocabulary is told once: $(cat err)"
[ $failed -eq 0 ]
