#!/usr/bin/env bash
# rlhf classify: classes of a file's rows and of thumbs, what is saved, and a class as a reward.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
tiny=$SOURCE_DIR/configs/tiny.json
fast=(--config "$tiny" --set classify.learning_rate=1e-2 --set classify.batch_size=8)

# Words of praise and of blame, and what is neither.
awk 'BEGIN {
    split("good awful round fine poor flat", word, " "); split("praise blame neither", class, " ")
    split("lamp clock radio chair table kettle bicycle", thing, " ")
    for (i = 0; i < 126; i++)
        printf "{\"text\":\"%s %d is %s\",\"label\":\"%s\"}\n", thing[int(i / 6) % 7 + 1], i, word[i % 6 + 1], class[i % 3 + 1]
}' >texts.jsonl
must init project
cd project || exit 1
prompts 0 55 | tee ../prompts.jsonl | sed 's/prompt/text/' >../corpus.jsonl
must import ../prompts.jsonl
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=10

# ---- classes of a file ----
must classify --data ../texts.jsonl "${fast[@]}" --set classify.epochs=6
prints_like '^classify-1: right on [0-9]+ of [0-9]+ held-out texts: (0\.[89][0-9]|1\.00) \[.*\]; always the commonest class 0\.[0-9]+$' "the words are learned"
prints_like '^calibration error 0\.[0-9]+$' "how sure it is"
prints_like '^ +blame +neither +praise$' "the classes in order"
at=runs/classify-1/checkpoints/step-$(printf %06d "$(grep -c . runs/classify-1/metrics.jsonl)")
tail -n 1 runs/classify-1/metrics.jsonl | grep -q '"eval_accuracy":' || fail "the record ends with the held-out accuracy"
tr -d ' \t\n' <"$at/config.json" >../config
grep -qF '"architectures":["LlamaForSequenceClassification"]' ../config || fail "a classifier: $(cat ../config)"
grep -qF '"id2label":{"0":"blame","1":"neither","2":"praise"},"label2id":{"blame":0,"neither":1,"praise":2}' ../config ||
    fail "the names of the classes: $(cat ../config)"
must classify eval --data ../texts.jsonl --json
prints '"classes":["blame","neither","praise"],"confusion":[[4'
printf '{"text":"chair 3 is good"}\n{"text":"chair 3 is poor"}\n' >../rows.jsonl
input=../rows.jsonl
must classify predict
input=/dev/null
[ "$(cut -d , -f 1 out | tr '\n' ' ')" = '{"label":"praise" {"label":"blame" ' ] || fail "a class for each row: $(cat out)"
must export model classify-1 ../exported
grep -q praise ../exported/config.json || fail "what is exported names its classes"
must classify predict --model ../exported

# ---- adapters; stopped and gone on with ----
lora=(--data ../texts.jsonl "${fast[@]}" --set lora.rank=4 --set classify.epochs=1)
must classify "${lora[@]}" --run whole
must classify "${lora[@]}" --run stopped --stop-after 5
must classify --data ../texts.jsonl --resume --run stopped
for run in whole stopped; do
    sha256sum <"$(ls -d runs/$run/checkpoints/* | tail -n 1)/adapter_model.safetensors" >../$run
done
cmp -s ../whole ../stopped || fail "stopped and resumed, the bits are the same"
must classify eval --model stopped --data ../texts.jsonl --json
prints '"classes":["blame","neither","praise"]'

# ---- thumbs ----
awk 'BEGIN { for (i = 0; i < 90; i++) printf "lamp%d\n/%s\n/reset\n", i * i, i % 2 ? "good" : "bad" }' >../typed
input=../typed
must chat --template plain --max-new-tokens 4
input=/dev/null
must classify --thumbs --no-eval "${fast[@]}" --set classify.epochs=0.1 --run thumbs
says_like '^[0-9]+ texts of 2 classes to learn from, ' "judgements are texts"
must export judgements
cp out ../judged.jsonl
must classify eval --model thumbs --data ../judged.jsonl --json
prints '"classes":["down","up"]'

# ---- a class as the reward ----
must ppo --config "$tiny" --set ppo.iterations=1 --reward thumbs --reward-class up --answers
grep -o '"score":[^,]*' runs/ppo-1/answers.jsonl >../ppo-scores
input=runs/ppo-1/answers.jsonl
must reward score --model thumbs --class up
input=/dev/null
tr -d '{}' <out | cmp -s - ../ppo-scores || fail "reward score says what PPO saw: $(head -n 2 out)"
must compare --reward thumbs --reward-class up --best-of 2 --n 2 --max-new-tokens 4
prints "aligned beats base, by the reward model"
refused 1 "is a classifier: which class? It has: down, up" compare --reward thumbs --n 2
refused 1 "is a classifier: which class? It has: down, up" ppo --config "$tiny" --reward thumbs
refused 1 "there is no class 'best'; it has: down, up" reward score --model thumbs --class best
refused 1 "no classifier (it has no heads for classes)" classify predict --model base

# ---- what cannot be learned from ----
refused 2 "which texts? --data FILE or --thumbs" classify --data ../texts.jsonl --thumbs
refused 1 "no texts with classes to learn from yet" classify
sed 's/"label":.*/"label":"same"}/' ../texts.jsonl >../same.jsonl
refused 1 "are of the class 'same'; nothing tells classes apart" classify --data ../same.jsonl
head -n 24 ../texts.jsonl >../few.jsonl
run classify --data ../few.jsonl
says_like 'texts? (held out, at least 10 are needed|are too few to learn from)' "few texts are refused"
printf '{"text":"a","label":1.5}\n' >../odd.jsonl
refused 1 "odd.jsonl: line 1: a row needs a label" classify --data ../odd.jsonl
printf '{"text":"a","label":"new"}\n' >../new.jsonl
refused 1 "of the class 'new', which the model has not got" classify eval --model classify-1 --data ../new.jsonl
[ $failed -eq 0 ]
