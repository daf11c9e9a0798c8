#!/usr/bin/env bash
# Texts with classes in the store: imported, refused, counted, learned, measured, written out, redacted.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
tiny=$SOURCE_DIR/configs/tiny.json

# Words of praise and of blame: 120 texts of as many families.
awk 'BEGIN {
    split("good awful fine poor", word, " "); n = split("lamp clock radio chair table kettle", thing, " ")
    split("red green blue white black", colour, " ")
    for (i = 0; i < 120; i++)
        printf "{\"text\":\"the %s %s is %s\",\"label\":%d}\n", colour[int(i / 24) + 1], thing[int(i / 4) % n + 1], word[i % 4 + 1], i % 2
}' >texts.jsonl
printf '%s\n' praise blame >names
must init project
cd project || exit 1

# ---- in ----
must import ../texts.jsonl --names ../names
prints "texts.jsonl: 120 rows taken"
prints "  new: texts with a class 120; rows: train "
says "  line 1: class (a text and its class)"
says '    text       "the red lamp is good"'
says '    class      "praise"'
[ "$(grep -c '^  line ' err)" -eq 3 ] || fail "three rows are shown"
must import ../texts.jsonl --names ../names
prints "0 rows taken, 120 there already"
printf '{"text":"the red lamp is good","label":"blame"}\n{"text":"one more","label":"praise"}\n' >../odd.jsonl
refused 1 'line 1: the same text is there with the class "praise"; nothing was imported' import ../odd.jsonl --strict
must --json import ../odd.jsonl --rejects ../rejects.jsonl
prints '"taken":1,"duplicate":0,"refused":1'
prints '"classes":1,"judgements":0,"layout":"class"'
[ "$(cat ../rejects.jsonl)" = '{"text":"the red lamp is good","label":"blame"}' ] || fail "what is refused is in the rejects"
printf 'a\n\n' >../bad-names
refused 1 "bad-names: line 2: it is empty" import ../texts.jsonl --names ../bad-names

# ---- counted ----
run status
prints_like '^  texts +121   2 classes: [0-9]+ train, [0-9]+ valid, [0-9]+ test; rlhf classify learns from them$' "status counts them"
prints "next: rlhf init --base DIR"
must --json status
prints '"classes":2}'

# ---- learned and measured ----
sed 's/,"label".*/}/' ../texts.jsonl >../corpus.jsonl
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=10
must status
prints "next: rlhf classify"
valid=$("$RLHF" export classes --split valid | wc -l) test=$("$RLHF" export classes --split test | wc -l)
must classify --config "$tiny" --set classify.learning_rate=1e-2 --set classify.batch_size=8 --set classify.epochs=3
says_like "^[0-9]+ texts of 2 classes to learn from, $valid held out, 0 beyond" "the valid split is held out"
must --json classify eval
prints "\"n\":$test,"
prints '"classes":["blame","praise"]'

# ---- out ----
must export classes
[ "$(head -n 1 out)" = '{"text": "the red lamp is good", "label": "praise"}' ] || fail "as they came: $(head -n 1 out)"
[ "$(wc -l <out)" -eq 121 ] || fail "all of them"
must redact text --find "one more"
prints ' 121  "one more"'
must redact text 121 --as eve --yes
prints "text 121 is redacted"
grep -q 'one more' rlhf.db* && fail "no byte of it is left in the database"
must verify
must export classes
[ "$(wc -l <out)" -eq 120 ] || fail "what is redacted is no text any more"
refused 1 "there is no text 999" redact text 999

# ---- classes that near-duplicates keep out of what is learned ----
must init ../apart --base "$(echo "$PWD"/runs/pretrain-1/checkpoints/step-*)"
cd ../apart || exit 1
awk 'BEGIN { for (i = 0; i < 40; i++) printf "{\"text\":\"the %s is %s\",\"label\":\"%s\"}\n", substr("abcdefghijklmnopqrstuvwxyz", i % 20 + 1, 3), i % 2 ? "good" : "poor", i % 2 ? "praise" : "blame" }' >train.jsonl
for n in 1 2 3; do echo "{\"text\":\"held $n\",\"label\":\"held\"}"; done >valid.jsonl
for n in 1 2 3; do echo "{\"text\":\"last $n\",\"label\":\"last\"}"; done >test.jsonl
for split in train valid test; do must import $split.jsonl --split $split; done
must classify --config "$tiny" --set classify.epochs=0.1 --no-eval
says "warning: the class held is not learned: all of its texts are held out"
says "warning: the class last is not learned: all of its texts are in the test split"
[ "$(grep -c '^warning: the class' err)" -eq 2 ] || fail "of the others nothing is said: $(cat err)"
[ $failed -eq 0 ]
