#!/usr/bin/env bash
# A model with a tokenizer of another kind than GPT-2's: what it reads begins with its beginning-of-text token,
# once, and its tokenizer goes along as it is.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
golden=$SOURCE_DIR/tests/golden/tokenizers

mkdir tokenizer
cp "$golden/llama-2/tokenizer.json" tokenizer
echo '{"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": true}' >tokenizer/tokenizer_config.json
for i in 1 2 3 4 5 6 7 8; do printf '{"text":"the cat sat on the mat number %d"}\n' $i; done >corpus.jsonl
must init project
cd project || exit 1
must pretrain ../corpus.jsonl --config "$SOURCE_DIR/configs/tiny.json" --tokenizer ../tokenizer --set pretrain.steps=2
base=runs/pretrain-1/checkpoints/step-000002
cmp -s ../tokenizer/tokenizer.json "$base/tokenizer.json" || fail "the base has the tokenizer as it was"
cmp -s ../tokenizer/tokenizer_config.json "$base/tokenizer_config.json" || fail "and its configuration"

# <s> is 1; the model reads it before a text, and not twice before one that spells it.
must logprobs --text 'the cat' --json
cp out plain
grep -q '"ids":\[1,[0-9]*,' plain || fail "a text is read after <s>: $(cat plain)"
must logprobs --text '<s>the cat' --special --json
cmp -s out plain || fail "<s> is not read twice"
must logprobs --ids "$(sed 's/.*"ids":\[\([0-9,]*\)\].*/\1/' plain)" --json
cmp -s out plain || fail "the ids are those of the text"

must generate --prompt 'the cat' --greedy --max-new-tokens 3 --json
grep -q '"finish_reason"' out || fail "it answers: $(cat out)"

must tokenize --json <<<'the cat'
grep -q '"ids":\[1,' out && fail "rlhf tokenize puts nothing in front: $(cat out)"
[ $failed -eq 0 ]
