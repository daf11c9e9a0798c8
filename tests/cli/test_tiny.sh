#!/usr/bin/env bash
# configs/tiny.json through every stage: import, pretrain, sft, sample, judge, reward, ppo, compare.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

# Things and colours in fixed sentences: 200 documents, 90 prompts, 24 demonstrations.
awk 'BEGIN {
    split("lamp clock radio chair table kettle bicycle camera", thing, " ")
    split("red green blue white black", colour, " ")
    split("is broken|makes noise|has a crack|got wet|looks old", state, "|")
    for (i = 0; i < 200; i++) {
        t = thing[i % 8 + 1]; c = colour[int(i / 8) % 5 + 1]; s = state[int(i / 40) % 5 + 1]
        q = "the " c " " t " " s " .\\nA:"
        a = i % 3 ? " please dry the " t " ." : " bring the " t " here and we look at it ."
        printf "{\"text\":\"%s%s\"}\n", q, a > "corpus.jsonl"
        if (i < 90) printf "{\"prompt\":\"%s\"}\n", q > "prompts.jsonl"
        if (i % 8 == 0) printf "{\"prompt\":\"my %s\",\"completion\":\"%s\"}\n", q, a > "demonstrations.jsonl"
    }
}'

must init project
cd project || exit 1
must import ../prompts.jsonl
echo 'a text to train on' >../text.txt
refused 1 "no row could be taken of 1" import ../text.txt
says "to train a base on it: rlhf pretrain"
must pretrain ../corpus.jsonl --config "$tiny" --set model.context=8 --set pretrain.steps=1 --run short
printf 'the lamp is broken .\n\nthe clock is broken .\n' | tee ../one.txt >../two.txt
must pretrain ../one.txt ../two.txt --config "$tiny" --set pretrain.steps=1 --run plain
says "plain text: 2 files, each one document, cut every 64 tokens"
says "nothing is held out: that begins at 20 documents"
must pretrain ../corpus.jsonl --config "$tiny" --json
grep -q 'plain text\|nothing is held out' err && fail "documents of their own are not plain text"
prints_like '^\{"run":"pretrain-1","steps":60,"final":\{.*"loss":.*\},"checkpoint":".*"\}$' "pretrain"

# ---- supervised fine-tuning ----
refused 1 "no demonstrations to learn from yet" sft --config "$tiny"
must import ../demonstrations.jsonl
must sft --config "$tiny" --json
prints_like '^\{"run":"sft-1","steps":4,"final":\{.*"loss":.*\},"checkpoint":".*"\}$' "sft"
grep -q "sft-1 is now the project's base" err || fail "sft says that it is the base now"
refused 1 "demonstrations, all beyond the context of 8 tokens" sft --config "$tiny" --model short

# ---- equal bits in decoding ----
for batch in 1 3 64; do
    must generate --greedy --n 5 --batch $batch --max-new-tokens 20 --prompt "the red lamp is broken .
A:"
    [ "$(wc -l <out)" -eq 5 ] || fail "five answers at --batch $batch"
    [ "$(sort -u out | wc -l)" -eq 1 ] || fail "five equal answers at --batch $batch: $(cat out)"
    cp out "greedy-$batch"
done
cmp -s greedy-1 greedy-3 && cmp -s greedy-1 greedy-64 || fail "the same greedy answer at every --batch"

# ---- labels and the reward model ----
must sample --max-new-tokens 24
must judge --rule longer
must reward --config "$tiny" --json
prints_like '"run":"reward-1".*"accuracy":' "reward"
row='{"prompt":"the red lamp is broken .\nA:","response":" please dry the lamp ."}'
printf '%s\n%s\n' "$row" "$row" | "$RLHF" reward score >out 2>err || fail "reward score"
[ "$(sort -u out | wc -l)" -eq 1 ] && [ "$(wc -l <out)" -eq 2 ] || fail "equal rows have equal scores: $(cat out)"

# ---- PPO and the comparison ----
must ppo --config "$tiny" --json
prints_like '^\{"run":"ppo-1","steps":2,"final":\{.*"objective/kl":.*\},"checkpoint":".*"\}$' "ppo"
grep -q '"step":1,.*"objective/kl":0,' runs/ppo-1/metrics.jsonl || fail "KL is exactly 0 before the first update"
must compare --rule longer --best-of 2 --max-new-tokens 24 --report report.html --json
prints_like '^\{"n":[0-9]+,"wins":' "compare"
says "report: report.html"
prints_like '"best_of":\{"win_rate":' "compare against best of n"
for part in 'What was asked for' 'Who wins' 'The same prompt, three answers' 'How it learned' 'Where it comes from'; do
    grep -qF "$part" report.html || fail "the report has a part: $part"
done
must compare --rule longer --best-of 2 --n 4
prints "(best of 2: at most 0.2)" # ln 2 - 1/2
grep -q "picked" out && fail "what the rule judges is not cautioned against: $(grep picked out)"
must compare --best-of 2 --max-new-tokens 24 --n 4 --report judged.html
caution() { # LINE WORDS
    grep -A1 -E "^  $1 +[01]\.[0-9]+ \[" out | grep -qxF "      $2" || fail "below '$1' stands: $2"
    grep -qF "$2" judged.html || fail "the report says: $2"
}
caution "aligned beats base, by the reward model" "Judged by the model it was trained on: an upper bound, not evidence."
caution "aligned beats best of 2, by the reward model" "Judged by the model that one was trained on and that picked the other: not evidence."
caution "best of 2 beats base, by the reward model" "Judged by the model that picked it: an upper bound, not evidence."
prints_like '^  verdict: .*\), by the reward model$' "the verdict names its judge"
few=(compare --rule longer --best-of 0 --max-new-tokens 24 --n 8)
must "${few[@]}" --json
kl=$(sed -E 's/.*"kl":([^,]*),"kl_error":([^,]*),.*/\1 \2/' out)
must "${few[@]}"
shown=$(awk '{ e = 1.96 * $2; d = e < .095 ? 2 : 1; printf "KL %.*f ±%.*f nats an answer", d, $1, d, e }' <<<"$kl")
prints "$shown"
prints "verdict: cannot tell (win rate"
# ---- one engine: what was sampled with the cache is scored to the same digits ----
prompt='the red lamp is broken .'
must generate --prompt "$prompt" --max-new-tokens 20 --json
sampled=$(sed 's/.*"logprobs":\[\([^]]*\)\].*/\1/' out)
response=$(sed 's/.*"ids":\[\([^]]*\)\].*/\1/' out)
ids=$(printf %s "$prompt" | "$RLHF" tokenize --json 2>err | sed 's/.*"ids":\[\([^]]*\)\].*/\1/')
must logprobs --model aligned --ids "$ids,$response" --json
case $(cat out) in
*",$sampled],\"loss\":"*) ;;
*) fail "logprobs gives what generate gave: $sampled in $(cat out)" ;;
esac

# ---- answers longer than the context ----
must init ../long --base runs/pretrain-1/checkpoints/step-000060
awk 'BEGIN { for (i = 0; i < 60; i++) answer = answer " a long answer ."
    for (i = 0; i < 3; i++) printf "{\"prompt\":\"%d\",\"chosen\":\"%s\",\"rejected\":\" no .\"}\n", i, answer }' >../long.jsonl
must import --project ../long ../long.jsonl --split train
refused 1 "every label (3) is of a pair too long for the context of 64" reward --project ../long --config "$tiny"

# ---- a base that the aligned model does not come from ----
must runs
order=$(echo $(cut -d ' ' -f 1 out))
cp -r . ../other
must ppo --project ../other --model aligned --reference base --run round-2 --config "$tiny"
grep -q '"step":1,.*"objective/kl":0,' ../other/runs/round-2/metrics.jsonl && fail "a second round begins away from the base"
must compare --project ../other --rule longer --best-of 0 --max-new-tokens 24 --n 4 --report ../other/report.html
grep -qF 'run ppo-1, step 2' ../other/report.html || fail "the report follows the rounds between base and aligned model"
# a copy's files are as old as the copy
touch -d 2001-01-01 ../other/runs/ppo-1/settings.json
touch -d 2002-01-01 ../other/runs/sft-1/settings.json
must runs --project ../other
[ "$(cut -d ' ' -f 1 out | tr '\n' ' ')" = "$order round-2 " ] || fail "runs stand in the order they began: $(cat out)"
printf '{"text":"other words for another tokenizer, %d"}\n' 1 2 3 4 5 6 7 8 >../other.jsonl
must pretrain ../other.jsonl --project ../other --config "$tiny" --set pretrain.steps=2 --set model.vocabulary=280 --run others
must init ../other --base others
refused 1 "aligned has another tokenizer than base: it does not come from this base" compare --project ../other
refused 1 "nothing to compare: base and base are the same model" compare base base --best-of 0 --project ../other

# ---- a pair that two label is one pair; what was learned is measured before it is shrunk to nothing ----
must reward --config "$tiny" --json
pairs=$(grep -oE '"n":[0-9]+' out)
learned=$(grep -oE '[0-9]+ labels to learn from' err)
[ -n "$learned" ] || fail "reward counts the labels that it learns from"
must judge --rule longer --coin
must reward --config "$tiny" --json
says "$((2 * 10#0${learned%% *})) labels to learn from" # of as many pairs
prints "$pairs," # however many labels
accuracy=$(grep -oE '"accuracy":[0-9.]+,"n":[0-9]+,"ci":[^]]*' out)
must reward --config "$tiny" --set reward.shrink=true
says "its scores are now all 0"
prints_like "right on [0-9.]+ of ${pairs#*:} held-out pairs \([0-9]+ labels\) before shrinking: 0\.[0-9]+ \[" "shrinking says what was learned"
must reward --config "$tiny" --set reward.shrink=true --json
prints "$accuracy"
must reward --resume --config "$tiny" --set reward.shrink=true --json
prints "$accuracy"
must reward eval
prints "all its scores are equal: PPO would have nothing to follow"
pair='{"prompt":"p","chosen":" dry","rejected":" wet"}'
turned='{"prompt":"p","chosen":" wet","rejected":" dry"}'
other='{"prompt":"q","chosen":" dry","rejected":" wet"}'
printf '%s\n' "$pair" "$other" "$turned" "$pair" >../pairs.jsonl
must reward eval --data ../pairs.jsonl
prints "of 2 pairs of ../pairs.jsonl (4 labels):"
printf '%s\n' "$pair" '{"prompt":"p","chosen":" wet","rejected":" wet"}' >../equal.jsonl
refused 1 "equal.jsonl: line 2: chosen is equal to rejected" reward eval --data ../equal.jsonl
must compare --rule longer --best-of 2 --max-new-tokens 24 --n 4
prints "(best of 2: 0, for scores that are all equal choose nothing)"
prints "It gives every pair of answers equal scores, and so says nothing."

# ---- rows and files that are not what they should be ----
printf '{"prompt":"a","response":" b"}\nx\n' | "$RLHF" reward score >out 2>err
[ $? -eq 1 ] || fail "a row that is no JSON"
grep -qF "reward score: line 2: not JSON: expected a value" err || fail "one line number: $(tail -n 1 err)"
must verify
must status
cp -r runs/pretrain-1/checkpoints/step-000060 nan
printf '\000\000\300\177' | dd of=nan/model.safetensors bs=1 conv=notrunc 2>/dev/null \
    seek=$(($(od -An -tu8 -N8 nan/model.safetensors) + 8 + 400))
refused 1 "nan: a weight is not a number" generate --model nan --prompt "$prompt"
refused 1 "nan: a weight is not a number" sample --model nan --limit 2
cp project.json kept.json
echo '{"models"' >project.json
refused 1 "project.json:" status
says "mend it by hand; or move it away, and name the base again: rlhf init --base RUN"
mv kept.json project.json
dd if=/dev/zero of=rlhf.db bs=4096 seek=20 count=8 conv=notrunc 2>/dev/null
refused 1 "rlhf.db" verify
[ "$(grep -c . err)" -le 2 ] || fail "a damaged database is one line and what to do: $(cat err)"
: >rlhf.db
refused 1 "put a backup in its place" status
[ $failed -eq 0 ]
