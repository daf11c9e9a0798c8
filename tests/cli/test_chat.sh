#!/usr/bin/env bash
# rlhf chat and generate --chat: what the model reads, what a line does, what of it is saved.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

# model NAME ARGUMENTS...: one that has learned nothing, in ../NAME.
model() {
    must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=1 --set model.context=128 "${@:2}"
    cp -r "$(ls -d runs/pretrain-*/checkpoints/step-000001 | tail -n 1)" "../$1"
}
# chat LINES ARGUMENTS...: the lines typed, over a pipe.
chat() {
    printf '%b' "$1" >typed
    input=typed
    run chat --max-new-tokens 8 "${@:2}"
    input=/dev/null
}
models() { printf '{"models":{"base":"%s/../base","aligned":"%s/../aligned"}}' "$PWD" "$PWD" >project.json; }

must init project
cd project || exit 1
for i in $(seq 40); do
    echo "{\"text\":\"the lamp number $i is broken . fix the cable of the lamp . what helps ?\"}"
done >../corpus.jsonl
model base
model aligned --seed 2
chatml ../base
chatml ../aligned
models

# ---- a model without a template ----
refused 1 "the model has no chat template" chat
says "with --template plain, as Q: and A: with --template qa"
refused 1 "the model has no chat template" generate --chat --prompt Hi
refused 2 "there is no chat template 'chatlm'; there are: chatml, qwen2, qwen2.5," chat --template chatlm
cp err unknown
refused 2 "--system goes with --chat" generate --system Hi
refused 2 "chat has no --json" chat --json
refused 1 "gemma is written with the token <start_of_turn>, which the model's tokenizer does not have" \
    chat --template gemma
for name in $(sed -n 's/.*there are: //p' unknown | tr -d ,); do
    must help chat
    prints "$name"
    grep -q "^| .*\`$name\`" "$SOURCE_DIR/docs/formats.md" || fail "docs/formats.md has $name"
done
[ "$name" = plain ] || fail "the last of the names is plain"
chat 'Hi\n' --template plain
exits 0 "a base model with --template plain"
says "aligned answers, in the chat template plain"

# ---- a model with one that is known, and one that is not ----
chatml_jinja >../chatml.jinja
echo "{{ '<|im_start|>' + messages }}" >../base/chat_template.jinja
refused 1 "the model's chat template is none of those known here" chat --model base
says "choose the one that fits with --template; it has the marks of: chatml, qwen2, qwen2.5, qwen3, smollm2"
cp ../chatml.jinja ../base/chat_template.jinja
cp ../chatml.jinja ../aligned/chat_template.jinja
chat 'Hi\n' --model base
exits 0 "chat"
says "base answers, in the chat template chatml"
chat 'Hi\nSo?\n' --model base --template qwen3
exits 0 "chat in the template of models that think"
says "base answers, in the chat template qwen3"

# ---- answers go to stdout, turn by turn; the same seed, the same conversation ----
chat 'Hi\nwhy ?\n'
[ "$(wc -l <out)" -ge 2 ] || fail "two turns have two answers"
cp out first
chat 'Hi\nwhy ?\n'
cmp -s out first || fail "the same seed gives the same conversation"
chat 'Hi\nwhy ?\n' --seed 7
cmp -s out first && fail "another seed gives another"
chat 'Hi\r\n' --greedy --model base
cp out chatted
must generate --model base --chat --prompt Hi --greedy --max-new-tokens 8
cmp -s out chatted || fail "generate --chat says what chat says"
must generate --model base --prompt $'<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n' --greedy --max-new-tokens 8
cmp -s out chatted && fail "special tokens spelled out in a plain prompt are text"

# ---- thumbs ----
chat 'Hi\n/good\n/bad\nwhy ?\n/good\n/system Be brief.\nso ?\n/bad\n' --as ada
exits 0 "thumbs"
says "saved: good (judgement 1)"
says "saved: bad (judgement 4)"
must export judgements
[ "$(wc -l <out)" -eq 3 ] || fail "three answers have a judgement that stands"
prints '{"prompt": "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", "completion": '
prints_like '"label": false, "annotator": "ada", "model": "aligned", "split": "(train|valid|test)"' "a judgement"
prints '{"prompt": "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n'
must verify
prints "0 labels and 4 judgements in an unbroken chain"
must status
prints_like "^  judgements +3 *$" "status counts the judgements that stand"
must status --json
prints '"judgements":3,'

# ---- two answers, and a choice ----
chat '/compare Hi there\n/a\n/compare\n/b\n/compare you ?\n/tie\n/compare\n' --as ada
exits 0 "choices"
says_like 'saved: A is better \(label 1\); A was (base, B aligned|aligned, B base)' "a choice"
says_like 'saved: B is better \(label 2\)' "another"
says_like 'saved: tie \(label 3\)' "a tie"
[ "$(grep -cx 'A:' out)" -eq 4 ] || fail "four pairs are shown"
must export labels
[ "$(grep -c '"annotator": "ada", "kind": "human"' out)" -eq 3 ] || fail "three labels of ada"
# The first shown is a unless swapped: label 1 chose it, label 2 the other.
[ "$(sed -n 's/.*"id": 1,.*"pref": \(-*1\),.*"swapped": \([01]\).*/\1 \2/p' out | grep -cE '^(-1 0|1 1)$')" -eq 1 ] ||
    fail "A is what was shown first: $(head -n 1 out)"
[ "$(sed -n 's/.*"id": 2,.*"pref": \(-*1\),.*"swapped": \([01]\).*/\1 \2/p' out | grep -cE '^(1 0|-1 1)$')" -eq 1 ] ||
    fail "B is what was shown second: $(sed -n 2p out)"
must status --json
prints '"comparisons":4,"labeled":3,' # the last pair was not decided
printf 's\n' >keys
input=keys
must label --line --as ada
input=/dev/null
prints "Next pair; 3 labeled, 1 left"

# ---- a pair that nobody chose from is told ----
chat '/compare Who ?\nso ?\n' --as ada
says_like '^nobody chose from pair [0-9]+: rlhf label offers it$' "a pair left undecided"

# ---- one prompt, both models, and nothing kept ----
must status --json
cp out before
run chat --compare "Hi there" --max-new-tokens 8
exits 0 "chat --compare"
[ "$(sed -n '1p' out)" = base: ] || fail "the base's answer comes first, by name: $(cat out)"
grep -qx 'aligned:' out || fail "the aligned model's follows, by name: $(cat out)"
grep -q 'which is better' err && fail "without a terminal nobody is asked to choose"
must status --json
cmp -s out before || fail "chat --compare over a pipe stores nothing: $(diff before out)"
refused 2 "--compare asks base and aligned: without --model" chat --compare Hi --model base
refused 2 "--compare: a prompt is missing" chat --compare " "
printf '{"models":{"base":"%s/../base"}}' "$PWD" >project.json
refused 1 "no aligned model yet" chat --compare Hi
models

# ---- the chosen answer is what the conversation goes on with ----
chat '/compare Hi there\n/a\nso ?\n/good\n' --as ben
chosen=$(sed -n '2p' out)
must export judgements
tail -n 1 out >last
grep -qF "Hi there<|im_end|>\\n<|im_start|>assistant\\n" last || fail "the turn before is in the prompt: $(cat last)"
[ -n "$chosen" ] || fail "A has a text"

# ---- what training would read otherwise is not saved ----
chat 'say <|im_end|>\n/good\n'
says "not saved: somebody's words spell a special token"
must verify
prints "judgements in an unbroken chain"

# ---- training reads the prompts as the model did ----
# Hi: 13 bytes and 3 tokens of markup in 24 tokens at most, where the markup as text alone has 34 bytes.
must sample --max-new-tokens 100 --source chat --limit 1 --json
prints '"left_out":0,'
says ", special ones <|im_start|> <|im_end|>"
says_like '^  <\|im_start\|>user⏎$' "the first prompt is shown with its special tokens"
mkdir ../other && must init ../other
printf '%s\n' '{"prompt":"<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"}' >../plain.jsonl
(cd ../other && models && "$RLHF" import ../plain.jsonl --split train >out 2>&1 &&
    "$RLHF" sample --max-new-tokens 100 >out 2>err) && fail "the same text, imported, is text: $(cat ../other/out)"
grep -q "too long" ../other/err || fail "as text it is too long: $(cat ../other/err)"

# The same holds for pairs: 30 bytes of question and answers of 60 tokens fit into a context of 128 as the model
# read them, and not when the markup is text.
mkdir ../labels && must init ../labels
(cd ../labels && models)
for a in a b c d e f; do
    for b in k l m n o p q; do
        choice=$([[ $b < n ]] && echo a || echo b)
        printf '/compare %s%sqzxqzxqzxqzxqzxqzxqzxqzxqzxq\n/%s\n/reset\n' $a $b "$choice"
    done
done >typed
input=typed
must chat --project ../labels --max-new-tokens 60
must reward --project ../labels --config "$tiny" --no-eval
says_like "[23][0-9] labels to learn from .* 0 beyond the context of 128 left out" "reward reads conversations"
input=/dev/null

# ---- so does `reward score`, given what PPO keeps ----
must ppo --project ../labels --config "$tiny" --set ppo.iterations=1 --set ppo.max_new_tokens=60 --answers
answers=../labels/runs/ppo-1/answers.jsonl
grep -o '"score":[^,]*' $answers | sed 's/.*/{&}/' >inside
input=$answers
must reward score --project ../labels
input=/dev/null
[ "$(sort -u inside | wc -l)" -gt 8 ] || fail "answers to conversations have scores of their own: $(cat inside)"
cmp -s inside out || fail "the scores inside PPO are those of reward score: $(diff inside out | head -n 4)"

# ---- an answer to a conversation ends with the turn, in training as in chat ----
end=$(sed -n 's/.*"<|im_end|>": \([0-9]*\).*/\1/p' ../base/tokenizer.json)
grep -q "\"ids\":\[[0-9,]*,$end\],.*\"finished\":true" $answers || fail "an answer that ends with <|im_end|> is finished"
grep -qE "\"ids\":\[([0-9]+,)*$end," $answers && fail "nothing is said after <|im_end|>"
grep -q '"response":".*<|im_end|>.*","ids"' $answers && fail "the end of a turn is no part of the text"

# Two models of the same weights, of whose tokenizers one calls <|im_end|> eos and the other <|endoftext|>: either
# ends an answer to a conversation in chatml, so both say the same.
model first --seed 3
models
chatml ../first
cp -r ../first ../second
sed -i 's/"eos_token": *"[^"]*"/"eos_token": "<|im_end|>"/' ../second/tokenizer_config.json
grep -qF '<|im_end|>' ../second/tokenizer_config.json || fail "the second has another eos"
for name in first second; do
    cp -r ../labels ../$name-project
    cp -r ../aligned ../$name-aligned && cp ../$name/tokenizer* ../$name-aligned
    must sample --project ../$name-project --model ../$name --max-new-tokens 60
    for seed in 1 2 3 4 5 6 7 8; do
        must compare ../$name ../$name-aligned --project ../$name-project --rule longer --best-of 0 \
            --max-new-tokens 60 --seed $seed
    done
    must export responses --project ../$name-project
    grep -F "\"model\": \"../$name" out | grep -o '"finish": .*"max_new_tokens":60.*' >../$name-said
done
for purpose in '60,"stop":[^"]*}' '"purpose":"compare"'; do
    for name in first second; do
        grep "$purpose" ../$name-said | sed 's/"stop":[^]]*]//' >../$name-part
    done
    grep -q '"finish": "stop"' ../first-part || fail "some answers end: $(head -n 3 ../first-said)"
    cmp -s ../first-part ../second-part ||
        fail "sample and compare end where the turn ends: $(diff ../first-part ../second-part | head -n 6)"
done
for name in first second; do
    grep -o '"stop":\[[0-9,]*\]' ../$name-said | sort -u
done >stops
[ "$(cat stops)" = "\"stop\":[0,$end]"$'\n'"\"stop\":[$end,0]" ] || fail "what ended an answer is stored with it: $(cat stops)"
must report --project ../first-project --out page.html
grep -q '</td><td>User: ' page.html || fail "the report shows conversations as turns"
grep -q 'im_start' page.html && fail "and no marks of the template"

# ---- a plain prompt ends at eos, and beside conversations with their turns too ----
echo '{"prompt":"the lamp"}' >../plain.jsonl
must init ../alone
must import ../plain.jsonl --project ../alone --split train
must import ../plain.jsonl --project ../first-project --split train
for project in alone first-project; do
    must sample --project ../$project --model ../second --max-new-tokens 8
    must export responses --project ../$project
    grep '"prompt": "the lamp"' out | grep -o '"sampling".*' | sort -u
done >stops
[ "$(cut -d, -f2- stops)" = '"max_new_tokens":8}}'$'\n'"\"max_new_tokens\":8,\"stop\":[$end,0]}}" ] ||
    fail "the ends of an answer to a plain prompt: $(cat stops)"

# ---- mistakes change nothing ----
chat '/good\n/a\n/undo\n/compare\n/qiut\n/nonsense\n/undo now\n\nHi\xff\n   \n//etc is a folder\n/undo\n/quit\nnot said\n'
exits 0 "mistakes"
says "there is no answer to judge"
says "there is no pair to choose from"
says "there is no turn to take back"
says "there is no turn to compare answers to"
says "there is no /qiut; did you mean /quit"
says "there is no /nonsense; /help lists what there is"
says "/undo takes nothing after it"
says "byte 3 of that is not UTF-8; nothing was said"
says "the last turn is taken back; 0 turns left"
[ "$(wc -l <err)" -eq 12 ] || fail "each is told in one line"
chat '/nonsense\n' --quiet
says "there is no /nonsense"
[ "$(wc -l <err)" -eq 1 ] || fail "quiet tells mistakes and nothing else"
chat '/help\n'
for word in base aligned compare a b tie good bad system undo reset help quit; do
    says_like "^  /$word " "help lists /$word"
done

# ---- models ----
chat 'Hi\n/base\nHi\n/aligned\n'
says "base answers, in the chat template chatml"
cp project.json project.kept
printf '{"models":{"base":"%s/../base"}}' "$PWD" >project.json
chat 'Hi\n/aligned\nso ?\n'
exits 0 "a model that is not there"
says "base answers"
[ "$(wc -l <out)" -ge 2 ] || fail "the conversation goes on with the one in hand"
mv project.kept project.json
(cd .. && "$RLHF" chat --model ./base --max-new-tokens 4 >out 2>err <<<$'Hi\n/good' && grep -q "there is no project to save it in" err) ||
    fail "without a project nothing can be saved: $(cat ../err)"

# ---- the context ----
long=$(printf 'z%.0s' $(seq 40))
chat "first $long\n$long\n$long\n$long\n"
exits 0 "a long conversation"
says 'the context of 128 tokens is full: left out from here on: turn 1 ("first zzzz'
chat "$long$long$long\nHi\n"
exits 0 "a turn that is too long"
says_like "that has 1[0-9][0-9] tokens; the context of 128 leaves no room to answer" "too long"
[ "$(wc -l <out)" -ge 1 ] || fail "the next turn is answered"

# ---- a system prompt where there is no place for one ----
chat '/system Be brief.\nHi\n/good\n/system\n' --template mistral-v0.1 --as cat
says "chat template mistral-v0.1 has no place for a system prompt; say it in the first turn"
says "saved: good"
says "no system prompt"
refused 1 "mistral-v0.1 has no place for a system prompt" chat --template mistral-v0.1 --system "Be brief."
must export judgements
prints '{"prompt": "<|endoftext|>[INST] Hi [/INST]", ' # bos and eos are those of the model

# ---- text that ends an answer ----
for i in $(seq 40); do
    printf '{"text":"\\n\\nHuman: Hi\\n\\nAssistant: Ho ho\\n\\nHuman: So\\n\\nAssistant: Oh"}\n'
done >../dialogues.jsonl
must pretrain ../dialogues.jsonl --config "$tiny" --set pretrain.steps=160 --run talker
must init --base talker
printf 'Hi\n/good\nSo\n' >typed
input=typed
must chat --model base --template plain --greedy --max-new-tokens 40
input=/dev/null
[ "$(cat out)" = $'Ho ho\nOh' ] || fail "an answer ends before Human: $(cat out)"
must export judgements
prints '{"prompt": "\n\nHuman: Hi\n\nAssistant:", "completion": " Ho ho", "label": true,'

# ---- Ctrl-C stops an answer, and at the prompt leaves ----
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=1 --set model.context=65536 --run long
mkfifo keys.pipe answer.pipe
rm -f out # what an earlier command said is no answer
"$RLHF" chat --model long --template plain --greedy --max-new-tokens 60000 <keys.pipe >answer.pipe 2>err &
chatting=$!
exec 3>keys.pipe 4<answer.pipe
cat <&4 >out &
reading=$!
wait_for() { # FILE WORDS
    for _ in $(seq 600); do
        grep -qF -- "$2" "$1" && return
        sleep 0.1
    done
    fail "chat says: $2"
}
printf 'Hi\n' >&3
for _ in $(seq 600); do [ -s out ] && break || sleep 0.1; done
kill -INT $chatting
wait_for err "stopped"
printf '/good\n/undo\n' >&3
wait_for err "0 turns left"
says "not saved: the answer was stopped"
kill -INT $chatting
wait $chatting
status=$?
exits 130 "Ctrl-C at the prompt"
exec 3>&- 4<&-
wait $reading

# ---- a terminal ----
models
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    printf 'Hi\n/quit\n' | TERM=xterm script -qec "'$RLHF' chat --max-new-tokens 40" seen >/dev/null 2>&1
    printf '/a\n/quit\n' | TERM=xterm script -qec "'$RLHF' chat --compare 'Hi there' --max-new-tokens 8" both >/dev/null 2>&1
    grep -q 'which is better? /a, /b or /tie' both || fail "on a terminal chat --compare asks which is better: $(cat both)"
    grep -q 'saved: A is better' both || fail "and takes the choice: $(cat both)"
    grep -q '^> ' seen || fail "a terminal is asked for each turn: $(cat seen)"
    sed '1d;$d' seen | tr -d '\r' >shown
    [ "$(LC_ALL=C tr -d '\n -\377' <shown | wc -c)" -eq 0 ] || fail "control characters on a terminal: $(od -c shown)"
else
    echo "skipped: script(1) cannot make a terminal here"
fi
[ $failed -eq 0 ]
