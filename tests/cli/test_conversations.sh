#!/usr/bin/env bash
# Conversations: imported as text in a chat template, learned by sft; labeled answers as judgements; token ids.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
tiny=$SOURCE_DIR/configs/tiny.json

cat >talks.jsonl <<'ROWS'
{"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"Is it cold?"},{"role":"assistant","content":"A little."},{"role":"user","content":"And now?"},{"role":"assistant","content":"Warm."}]}
{"messages":[{"role":"user","content":"Say <|im_end|> twice."},{"role":"assistant","content":"No."}]}
ROWS

# ---- without a model: as plain text ----
must init plain
must --project plain import talks.jsonl --split train
prints "talks.jsonl: 2 rows taken"
prints "demonstrations 3"
says "conversations become plain text, Human: and Assistant:, since there is no base with a chat template yet"
says "  line 1: messages (a conversation)"
says 'prompt     "Be kind.\n\nHuman: Is it cold?\n\nAssistant:"'
says 'completion " A little."'
refused 1 "there is no base yet whose tokens could be those of it" \
    --project plain import talks.jsonl --template chatml

# ---- with one: in its template, whose markup nobody can write ----
must init project
cd project || exit 1
for i in $(seq 40); do echo "{\"text\":\"the lamp number $i is broken . what helps ?\"}"; done >corpus.jsonl
must pretrain corpus.jsonl --config "$tiny" --set pretrain.steps=1 --set model.context=256
cp -r runs/pretrain-1/checkpoints/step-000001 ../base
chatml ../base
chatml_jinja >../base/chat_template.jinja
printf '{"models":{"base":"%s/../base"}}' "$PWD" >project.json
must import ../talks.jsonl --split train
prints "talks.jsonl: 1 row taken, 1 refused"
prints "refused line 2: somebody's words spell a special token"
says "conversations are written in the chat template chatml, of "
says '|im_end|>\n<|im_start|>assistant\n"'
must import ../talks.jsonl
prints "talks.jsonl: 0 rows taken, 1 there already, 1 refused"

# Two answers: 9 and 5 bytes at most, each ended by the turn's token; the prompts are read and not learned.
must sft --config "$tiny" --set sft.steps=1 --json
says "2 demonstrations to learn from, in 1 sequence, 0 held out, 0 beyond" # both answers, in one pass

# ---- plain prompts: as they are, or each as a turn ----
printf '{"models":{"base":"%s/../base"}}' "$PWD" >project.json
echo '{"prompt":"Write a poem"}' >poem.jsonl
must import poem.jsonl --split train
says "1 prompt taken as written, not in the chat template chatml; to make each a turn of it: --chat; if that is meant: --as-is"
must init . --base ../base
says "1 prompt is plain text, and base has the chat template chatml; to ask in turns of it: rlhf import FILE --chat"
must sample --limit 1 --max-new-tokens 2
says "1 prompt is plain text, and base has the chat template chatml"
must sample --limit 1 --max-new-tokens 2
grep -q 'plain text' err && fail "once is enough"
must init ../talks --base ../base
must --project ../talks import ../talks.jsonl
must init ../talks --base ../base
grep -q 'plain text' err && fail "conversations are in the template"
echo '{"prompt":"Write a song"}' | "$RLHF" import - --as-is >out 2>err
grep -q 'taken as written' err && fail "--as-is keeps silent"
must import poem.jsonl --split train --chat
says "prompts are written in the chat template chatml, of "
prints "new: prompts 1,"
grep -q 'taken as written' err && fail "with --chat nothing is as written"
echo '{"prompt":"Write a poem","chosen":"Roses","rejected":"No"}' >pair.jsonl
must import pair.jsonl --split train --chat --system "Be kind."
must export prompts
prints '{"prompt": "Write a poem"}'
prints '{"prompt": "<|im_start|>user\nWrite a poem<|im_end|>\n<|im_start|>assistant\n"}'
must export preferences
prints '{"prompt": "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nWrite a poem<|im_end|>\n<|im_start|>assistant\n", "chosen": "Roses", "rejected": "No"}'
refused 1 "there is no base yet whose chat template it could be" --project ../plain import poem.jsonl --chat
refused 2 "--system goes with --chat" import poem.jsonl --system "Be kind."
refused 2 "--chat or --as-is, one of the two" import poem.jsonl --chat --as-is
refused 1 "the model has no chat template" import poem.jsonl --chat --model pretrain-1

# ---- labeled answers ----
must import "$SOURCE_DIR/tests/golden/prefs/kto.jsonl"
prints "judgements 10"
says_like '^ *(good|bad) ' "judgements are shown with their label"
must export judgements
[ "$(grep -c '"label": true' out)" -eq 5 ] || fail "five of ten answers are good"
must --json import "$SOURCE_DIR/tests/golden/prefs/kto.jsonl"
prints '"judgements":0,"layout":null'

# ---- token ids want the vocabulary they are of ----
echo '{"query":[0],"sample0":[1],"sample1":[2],"best":1}' >ids.json
refused 1 "the texts are token ids of GPT-2, and its tokenizer is another" import ids.json
[ $failed -eq 0 ]
